"""Trust records in the records pages: proposing, agreeing and retiring go through the services; nothing is edited or deleted."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header

from accounts import access
from accounts.access import Action
from accounts.models import User
from core import audit, vault
from core.admin_tools import ReadOnlyAdmin
from submissions.models import Authorisation, CrlSource, Intermediate, RevocationList, TrustAnchor
from submissions.models.trust import AuthorityCertificate, Vouched
from submissions.services import revocation, trust
from submissions.services.trust import TrustRefused

LARGEST_CERTIFICATE = 64 << 10  # bytes
LARGEST_DOCUMENT = 10 << 20


class TrustReaders:
    """Whoever works with cases sees whom the site trusts; administrators change it, two of them for every step."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.may(request.user, Action.READ_CASE) or access.may(request.user, Action.MANAGE_REFERENCE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access.may(request.user, Action.MANAGE_REFERENCE)


class ServiceForm(forms.ModelForm):
    """Asks the service while it is being checked, so that a refusal stands on the form. `made`: what the service gave.

    Each form has its own `ask`, which takes what was said, does it, and raises TrustRefused.
    """

    actor: ClassVar[User]
    ask: Callable[..., Any]
    made: Any = None

    def clean(self) -> dict[str, Any]:
        """Nothing is left for the model to check: it is the service that makes the row."""
        if not self.errors:
            try:
                self.made = self.ask(self.cleaned_data)
            except TrustRefused as refused:
                self.add_error(None, str(refused))
        return self.cleaned_data


class ProposalForm(ServiceForm):
    """What every proposal needs."""

    evidence = forms.CharField(widget=forms.Textarea, help_text=Vouched._meta.get_field("evidence").help_text)
    document = forms.FileField(required=False, help_text="For example the minutes of a call; kept in the vault.")
    valid_from = forms.DateField(initial=timezone.localdate)
    valid_to = forms.DateField(required=False, help_text="The last day; empty: until it is retired.")

    def more(self) -> dict[str, Any]:
        """Document and days, as the services take them."""
        said = self.cleaned_data
        document = _bytes(said["document"], LARGEST_DOCUMENT) if said["document"] else b""
        return {"document": document, "valid_from": said["valid_from"], "valid_to": said["valid_to"]}


class AuthorityForm(ProposalForm):
    """The certificate of an authority as a file."""

    certificate = forms.FileField(help_text="PEM or DER.")
    field_order = ("certificate",)

    def ask(self, said: dict[str, Any]) -> Any:
        """Propose it as what this page is for."""
        propose = trust.propose_anchor if self._meta.model is TrustAnchor else trust.propose_intermediate
        return propose(self.actor, _bytes(said["certificate"], LARGEST_CERTIFICATE), said["evidence"], **self.more())


class AuthorisationForm(ProposalForm):
    """Two names, each to the letter."""

    creator = forms.CharField(max_length=200, strip=False)
    organisation = forms.CharField(max_length=200, strip=False)
    field_order = ("creator", "organisation")

    def ask(self, said: dict[str, Any]) -> Any:
        """Propose it."""
        return trust.propose_authorisation(self.actor, said["creator"], said["organisation"], said["evidence"], **self.more())


class StepForm(ServiceForm):
    """The step that is possible on a record now."""

    step = forms.ChoiceField()
    reason = forms.CharField(widget=forms.Textarea, required=False, help_text="For turning down and asking to retire.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].choices = [("", "Choose a step"), *trust.steps_of(self.instance)]  # type: ignore[attr-defined]

    def ask(self, said: dict[str, Any]) -> Any:
        """Take it."""
        return trust.STEPS[said["step"]](self.actor, self.instance, said["reason"])


class VouchedAdmin(TrustReaders, ReadOnlyAdmin):
    """A record of two people; `proposal` is the form for a new one, `own` the fields of its kind."""

    proposal: type[ProposalForm]
    own: tuple[str, ...] = ()
    signed_off = (
        "status",
        "valid_from",
        "valid_to",
        "evidence",
        "document_file",
        "proposed_by",
        "proposed_at",
        "approved_by",
        "approved_at",
        "end_asked_by",
        "end_reason",
        "retired_by",
        "retired_at",
        "team_of_one",
    )
    list_filter = ("status",)
    list_select_related = ("proposed_by", "approved_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To take a step; no field can be changed, and nothing is left to do once it is retired."""
        return access.may(request.user, Action.MANAGE_REFERENCE) and (obj is None or bool(trust.steps_of(obj)))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The proposal, or the possible step above everything that is on record."""
        if obj is None:
            first = self.proposal.field_order or ()
            return [*first, *(name for name in self.proposal.base_fields if name not in first)]
        steps = ["step", "reason"] if self.has_change_permission(request, obj) else []
        return [*steps, *self.own, *self.signed_off]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything that is on record."""
        return () if obj is None else (*self.own, *self.signed_off)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of this moment, which knows who fills it in."""
        writes = obj is None or self.has_change_permission(request, obj)
        base = (self.proposal if obj is None else StepForm) if writes else forms.ModelForm
        made: Any = super().get_form(request, obj, change=change, form=base, **kwargs)
        made.actor = access.person(request)
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has done it."""
        obj.__dict__.update(form.made.__dict__)

    def get_urls(self) -> list[Any]:
        """One address more: the document of a record."""
        name = f"submissions_{self.model._meta.model_name}_document"
        return [path("<int:key>/document/", self.admin_site.admin_view(self.document), name=name), *super().get_urls()]

    def document(self, request: HttpRequest, key: int) -> HttpResponse:
        """The evidence as it was handed over."""
        record = get_object_or_404(self.model, pk=key)
        if not self.has_view_permission(request, record) or not record.document_sha256:
            raise Http404
        data = vault.read(record.document_sha256)
        name = f"evidence {record.document_sha256[:12]}{'.pdf' if data.startswith(b'%PDF') else ''}"
        headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment", "Cache-Control": "no-store"}
        return HttpResponse(data, content_type="application/octet-stream", headers=headers)

    @admin.display(description="Document")
    def document_file(self, record: Vouched) -> str:
        """A link to it, with its hash."""
        if not record.document_sha256:
            return "none"
        address = reverse(f"admin:submissions_{self.model._meta.model_name}_document", args=[record.pk])
        return format_html('<a href="{}">Download</a> SHA-256 {}', address, record.document_sha256)


class AuthorityAdmin(VouchedAdmin):
    """Certificates of authorities, and how it stands with their revocation lists."""

    proposal = AuthorityForm
    own = ("subject", "issuer", "not_before", "not_after", "sha256", "pem", "revocation_list")
    list_display = ("subject", "status", "not_after", "revocation_list", "proposed_by", "approved_by")
    search_fields = ("subject", "=sha256")

    @admin.display(description="Revocation list")
    def revocation_list(self, authority: AuthorityCertificate) -> str:
        """Until when it is good, or what is wrong."""
        state = revocation.state_of(authority)
        if state.newest is None:
            return "MISSING"
        until = f"{timezone.localtime(state.newest.next_update):%d/%m/%Y %H:%M}"
        return {"good": f"good until {until}", "soon": f"RUNS OUT {until}"}.get(state.state, f"OUT OF DATE since {until}")


@admin.register(TrustAnchor)
class TrustAnchorAdmin(AuthorityAdmin):
    """Roots that the site trusts."""


@admin.register(Intermediate)
class IntermediateAdmin(AuthorityAdmin):
    """Authorities below them."""


@admin.register(Authorisation)
class AuthorisationAdmin(VouchedAdmin):
    """Who may sign for whom."""

    proposal = AuthorisationForm
    own = ("creator", "organisation")
    list_display = ("creator", "organisation", "status", "valid_from", "valid_to", "proposed_by", "approved_by")
    search_fields = ("creator", "organisation")


@admin.register(CrlSource)
class CrlSourceAdmin(TrustReaders, ReadOnlyAdmin):
    """Places of revocation lists. One person enters them: what comes from there must be signed by a trusted authority."""

    list_display = ("url", "active", "last_asked_at", "last_fetched_at", "last_error")
    fields = ("url", "active", "last_asked_at", "last_fetched_at", "last_error")
    actions = ("ask_now",)
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """To stop asking a place, and to ask it again."""
        return access.may(request.user, Action.MANAGE_REFERENCE)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """An address never turns into another, so that what came from where stays true."""
        return ("last_asked_at", "last_fetched_at", "last_error", *(("url",) if obj else ()))

    def save_model(self, request: HttpRequest, obj: CrlSource, form: Any, change: bool) -> None:
        """Save the place and say who did."""
        super().save_model(request, obj, form, change)
        audit.record(access.person(request), "trust.source_kept", obj, url=obj.url, active=obj.active)

    @admin.action(description="Ask these places now", permissions=["change"])
    def ask_now(self, request: HttpRequest, queryset: QuerySet[CrlSource]) -> None:
        """The worker does it, so that nobody waits for a slow server."""
        for source in queryset:
            revocation.ask_soon(source)
        self.message_user(request, "They are being asked. Load this page again in a moment.", messages.SUCCESS)


class ListForm(ServiceForm):
    """A revocation list as a file."""

    file = forms.FileField(help_text="PEM or DER, signed by an authority in force.")

    def ask(self, said: dict[str, Any]) -> Any:
        """Take it in."""
        return revocation.load_crl(_bytes(said["file"], revocation.LARGEST_LIST), actor=self.actor)


@admin.register(RevocationList)
class RevocationListAdmin(TrustReaders, ReadOnlyAdmin):
    """Every list that was ever taken in."""

    list_display = ("issuer", "this_update", "next_update", "size", "source", "loaded_by", "loaded_at")
    list_select_related = ("source", "loaded_by")
    search_fields = ("issuer", "=sha256")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A file for a new one."""
        if obj is not None:
            return super().get_form(request, obj, change=change, **kwargs)
        made: Any = super().get_form(request, obj, change=change, form=ListForm, **kwargs)
        made.actor = access.person(request)
        return made

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of one that is there, everything."""
        return ("file",) if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has done it."""
        obj.__dict__.update(form.made.__dict__)


def _bytes(file: Any, most: int) -> bytes:
    if file.size > most:
        raise TrustRefused(f"The file {file.name} is larger than {most >> 10} KiB.")
    data: bytes = file.read()
    return data
