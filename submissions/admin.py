"""Cases in the records pages, for whoever may read cases; what changes goes through the services, never by saving a row."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts import access
from accounts.access import Action
from core.admin_tools import CappedPaginator, ReadOnlyAdmin
from submissions.domain.intake import suggest_kind
from submissions.forms import KINDS
from submissions.models import CheckFinding, CheckRun, Decision, Document, Receipt, Revision, Submission
from submissions.services import deciding, papers, revising
from submissions.services.refusals import REFUSALS
from submissions.trust_admin import TrustAnchorAdmin  # noqa: F401 - registers the trust records


def _may(request: HttpRequest, action: Action) -> bool:
    """Asked once a request for each action: the admin asks some hundred times for one page."""
    known: dict[Action, bool] = request.__dict__.setdefault("_may_with_cases", {})
    if action not in known:
        known[action] = access.may(request.user, action)
    return known[action]


class CaseReaders:
    """Cases are AMBER: a superuser without a role does not see them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _may(request, Action.READ_CASE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, Action.READ_CASE)


class CaseRecords(CaseReaders, ReadOnlyAdmin):
    """Looked at, never changed."""


class KindForm(forms.ModelForm):
    """Of a paper that is there, only its kind can change."""

    kind = forms.ChoiceField(choices=KINDS)

    class Meta:
        model = Document
        fields = ("kind",)


class PaperForm(forms.ModelForm):
    """A new paper is a file and what it is."""

    file = forms.FileField()
    kind = forms.ChoiceField(choices=[("", "Suggest it from the file"), *KINDS], required=False)

    class Meta:
        model = Document
        fields = ("kind",)


class DocumentInline(CaseReaders, admin.StackedInline):
    """The papers of a case."""

    model = Document
    form = KindForm
    extra = 0
    can_delete = False
    readonly_fields = ("filename", "size", "sha256", "added_at", "added_by", "classified_by")
    fields = ("filename", "kind", *readonly_fields[1:])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are added below."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever works on cases, while the case is open."""
        return obj is not None and obj.is_open and _may(request, Action.WORK_CASES)


class NewDocumentInline(admin.StackedInline):
    """Room for one more paper."""

    model = Document
    form = PaperForm
    verbose_name = "paper to attach"
    extra = max_num = 1
    can_delete = False
    fields = ("file", "kind")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """None of those that are there."""
        return super().get_queryset(request).none()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever works on cases, while the case is open."""
        return obj is not None and obj.is_open and _may(request, Action.WORK_CASES)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is nothing to see but the room for a file."""
        return self.has_add_permission(request, obj)

    has_change_permission = has_view_permission


class RevisionInline(CaseReaders, admin.TabularInline):
    """The workbooks of a case."""

    model = Revision
    extra = 0
    can_delete = False
    fields = ("number", "filename", "form_version", "signed", "created_at")
    show_change_link = True
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are taken in on the case page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are never edited."""
        return False


@admin.register(Submission)
class SubmissionAdmin(CaseReaders, admin.ModelAdmin):
    """Cases. Their own fields are for reading; papers are attached and classified here, as on the case page."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ("reference", "state", "designation", "firmware", "organisation", "submitter", "received_at", "assigned_to")
    list_filter = ("state", "device_type")
    list_select_related = ("organisation", "assigned_to")
    search_fields = ("reference", "submitter", "designation", "firmware")
    ordering = ("-received_at",)
    inlines = (DocumentInline, NewDocumentInline, RevisionInline)
    actions = ("take", "run_again")
    fields = (
        "reference",
        "case_page",
        "state",
        "submitter",
        "submitter_name",
        "organisation",
        "received_at",
        "designation",
        "device_type",
        "manufacturer",
        "model",
        "firmware",
        "assigned_to",
        "last_worked_on_by",
        "revision_number",
        "closed_at",
        "closing_reason",
    )
    readonly_fields = fields

    @admin.display(description="Everything else")
    def case_page(self, case: Submission) -> str:
        """The way to checks, decisions and evidence."""
        return format_html('<a href="{}">Open the case</a>', reverse("cases:case", args=[case.reference]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Cases come about by what arrives."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Cases stay."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To send the page with its papers, or to press a button; no field of the case can be changed."""
        return _may(request, Action.WORK_CASES)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Not in one transaction as elsewhere in the admin: the services make their own and let nobody wrap them."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Submission, form: Any, change: bool) -> None:
        """Nothing of the case itself is saved."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Papers go through the same door as on the case page."""
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        if formset.model is not Document:
            return
        for each in formset.forms:
            if each.has_changed():
                self._keep(request, form.instance, each)

    def _keep(self, request: HttpRequest, case: Submission, form: forms.ModelForm) -> None:
        actor = access.person(request)
        try:
            if form.instance.pk:
                papers.classify(actor, Document.objects.get(pk=form.instance.pk), form.cleaned_data["kind"])
            else:
                file = form.cleaned_data["file"]
                data = file.read()
                papers.attach(actor, case, [(file.name, data, form.cleaned_data["kind"] or suggest_kind(file.name, data))])
        except REFUSALS as refused:
            messages.error(request, str(refused))

    @admin.action(description="Take these cases", permissions=["change"])
    def take(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        """Assign them to whoever asks."""
        actor = access.person(request)
        for case in queryset:
            deciding.assign(actor, case, actor)
        self.message_user(request, "They are yours now.", messages.SUCCESS)

    @admin.action(description="Run the checks again", permissions=["change"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        """From the first check on; says of each case that is over that it is."""
        for case in queryset:
            try:
                revising.run_again(access.person(request), case)
            except REFUSALS as refused:
                self.message_user(request, str(refused), messages.ERROR)
            else:
                self.message_user(request, f"The checks of {case.reference} run again.", messages.SUCCESS)


@admin.register(Revision)
class RevisionAdmin(CaseRecords):
    """Workbooks as they were read, RED values masked."""

    list_display = ("submission", "number", "filename", "form_version", "signed", "created_at")
    list_select_related = ("submission",)
    search_fields = ("submission__reference", "=workbook_sha256", "=seal")
    exclude = ("stack",)
    ordering = ("-created_at",)


@admin.register(Receipt)
class ReceiptAdmin(CaseRecords):
    """Mails and uploads; what they carried is opened on the site's own pages, with a reason."""

    list_display = ("received_at", "subject", "sender", "source", "outcome", "handled_at")
    list_filter = ("outcome", "source")
    search_fields = ("subject", "sender", "=raw_sha256", "=message_id")
    ordering = ("-received_at",)


class FindingInline(CaseReaders, admin.TabularInline):
    """What a run found."""

    model = CheckFinding
    extra = 0
    can_delete = False
    fields = ("rule", "severity", "group", "attribute", "cell", "message", "guidance")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Findings come from checks."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are never edited."""
        return False


@admin.register(CheckRun)
class CheckRunAdmin(CaseRecords):
    """Runs of the checks with their findings."""

    list_display = ("submission", "gate", "result", "revision", "ran_at")
    list_filter = ("gate", "result")
    list_select_related = ("submission", "revision")
    search_fields = ("submission__reference", "=seal")
    ordering = ("-ran_at",)
    inlines = (FindingInline,)


@admin.register(Decision)
class DecisionAdmin(CaseRecords):
    """What people decided on warnings, and why."""

    list_display = ("submission", "gate", "rule", "verdict", "made_by", "made_at")
    list_filter = ("gate", "verdict")
    list_select_related = ("submission", "made_by")
    search_fields = ("submission__reference", "rule", "reason")
    ordering = ("-made_at",)
