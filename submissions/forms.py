"""Forms of the staff pages and the self-check. They say what was typed wrongly; whether a step may be taken, the services say."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts import access
from accounts.models import User
from certificates.domain.requirements import DocumentKind
from submissions.domain.lifecycle import OPEN, State
from submissions.models import Decision, Submission

NamedBytes = tuple[str, bytes]
MIB = 1 << 20
KINDS = [(kind.value, kind.label) for kind in DocumentKind]
REASON_HELP = "Kept with the case, under your name."
NO_FILE = {"required": "Choose a file."}
NO_REASON = {"required": "Write a reason."}


class SeveralFilesInput(forms.ClearableFileInput):
    """A file input that lets several be chosen."""

    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Several files as a list; one that is required asks for at least one."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Every chosen file, each checked by itself."""
        chosen = data if isinstance(data, list | tuple) else [data] if data else []
        if not chosen:
            return [super().clean(None, initial)] if self.required else []
        return [super(SeveralFilesField, self).clean(file, initial) for file in chosen]


class UploadForm(forms.Form):
    """What forms with files share: all of them together stay within the limit of one mail."""

    def clean(self) -> dict[str, Any]:
        """Refuses more than CPL_UPLOAD_LIMIT bytes."""
        cleaned = super().clean() or {}
        size = sum(file.size or 0 for name in self.files for file in self.files.getlist(name))
        if size > settings.CPL_UPLOAD_LIMIT:
            raise forms.ValidationError(
                f"The files have {size / MIB:.1f} MiB together; {settings.CPL_UPLOAD_LIMIT // MIB} MiB is the most that is taken."
            )
        return cleaned

    def named(self, field: str) -> list[NamedBytes]:
        """(name, bytes) of every file of a field."""
        chosen = self.cleaned_data[field]
        files: Sequence[UploadedFile] = chosen if isinstance(chosen, list) else [chosen]
        return [(file.name or "file", file.read()) for file in files if file]


class QueueFilter(forms.Form):
    """What the queue shows. Nonsense in the address is ignored, not an error."""

    state = forms.ChoiceField(label="State", required=False)
    who = forms.ChoiceField(
        label="Assigned to",
        required=False,
        choices=[("", "Anybody"), ("me", "Me"), ("nobody", "Nobody"), ("mine", "Me or nobody")],
    )
    device_type = forms.ChoiceField(label="Device type", required=False)
    search = forms.CharField(label="Search", required=False, max_length=100)

    def __init__(self, *args: Any, device_types: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(state.value, state.label) for state in [*OPEN, *(state for state in State if state not in OPEN)]]
        self.fields["state"] = forms.ChoiceField(
            label="State", required=False, choices=[("", "All open"), *states, ("all", "All, open and closed")]
        )
        names = [("", "All"), *((name, name) for name in device_types)]
        self.fields["device_type"] = forms.ChoiceField(label="Device type", required=False, choices=names)
        self.order_fields(["state", "who", "device_type", "search"])

    def chosen(self) -> dict[str, str]:
        """What was asked for, as far as it makes sense."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") or "" for name in self.fields}


class StepForm(forms.Form):
    """A step on a case. `stand` is what the page showed, so that nobody acts on what has changed meanwhile."""

    stand = forms.CharField(widget=forms.HiddenInput, required=False)


class ReasonForm(StepForm):
    """A step with a written reason."""

    reason = forms.CharField(label="Reason", widget=forms.Textarea({"rows": 3}), help_text=REASON_HELP, error_messages=NO_REASON)


class RecommendForm(StepForm):
    """A step with a remark, if there is one."""

    remark = forms.CharField(label="Remark", widget=forms.Textarea({"rows": 2}), required=False)


class QuestionForm(StepForm):
    """A question to the submitter."""

    question = forms.CharField(
        label="Your question",
        widget=forms.Textarea({"rows": 10}),
        help_text="Goes out by mail as it stands. The clock stops until the answer comes.",
        error_messages={"required": "Write your question."},
    )


class RemarkForm(StepForm):
    """An internal remark."""

    text = forms.CharField(
        label="Remark",
        widget=forms.Textarea({"rows": 3}),
        help_text="Seen by SECAS only.",
        error_messages={"required": "Write a remark."},
    )


class NameForm(StepForm):
    """What people call the Device Model."""

    name = forms.CharField(
        label="Plain-English name",
        max_length=Submission._meta.get_field("designation").max_length,
        required=False,
        help_text="Maker and model as people call them, such as “Alder Metering Single Band Comms Hub 1.0”. The Version Control "
        "text names the entry so. Leave it empty to have its identifiers stand there.",
    )


class AssignForm(StepForm):
    """Who works on the case."""

    person = forms.ModelChoiceField(label="Assigned to", queryset=User.objects.none(), required=False, empty_label="Nobody")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = access.ROLES[access.Action.WORK_CASES]
        people = User.objects.filter(is_active=True, groups__name__in=roles).distinct()
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """Accept or refuse one warning. `before` is the decision the page showed."""

    before = forms.CharField(widget=forms.HiddenInput, required=False)
    verdict = forms.ChoiceField(
        label="Decision",
        choices=[(Decision.Verdict.ACCEPTED.value, "Accept it"), (Decision.Verdict.REFUSED.value, "Do not accept it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    reason = forms.CharField(label="Reason", widget=forms.Textarea({"rows": 2}), help_text=REASON_HELP, error_messages=NO_REASON)


class ClassifyForm(forms.Form):
    """What a paper is."""

    kind = forms.ChoiceField(label="Kind", choices=KINDS)


class AttachForm(UploadForm):
    """Papers for a case."""

    uploads = SeveralFilesField(label="Files", error_messages=NO_FILE)
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("", "Suggest it from the file"), *KINDS],
        required=False,
        help_text="For all of these files; it can be changed for each afterwards.",
    )


class ReceiveForm(UploadForm):
    """A submission that did not come by mail."""

    submitter = forms.EmailField(
        label="E-mail address of the submitter",
        required=False,
        help_text="Answers go to this address. A saved mail brings it along.",
    )
    submitter_name = forms.CharField(label="Name of the submitter", required=False, max_length=200)
    subject = forms.CharField(label="Subject", required=False, max_length=200)
    uploads = SeveralFilesField(
        label="Files",
        help_text="The New Entry workbooks and all papers; or one saved mail (.eml) with all that came with it.",
        error_messages=NO_FILE,
    )

    @property
    def is_saved_mail(self) -> bool:
        """Whether a mail was chosen and nothing else, so that sender and subject stand in it."""
        chosen = self.files.getlist("uploads")
        return len(chosen) == 1 and (chosen[0].name or "").lower().endswith(".eml")

    def clean(self) -> dict[str, Any]:
        """Asks for the address where no mail names it."""
        cleaned = super().clean()
        if not (cleaned.get("submitter") or "submitter" in self.errors or self.is_saved_mail):
            self.add_error("submitter", "Write the address.")
        return cleaned


class ReviseForm(UploadForm):
    """A corrected workbook."""

    workbook = forms.FileField(
        label="Corrected workbook", help_text="An .xlsm or .xlsx file with the New Entry tab.", error_messages=NO_FILE
    )


class HandleForm(forms.Form):
    """What was done about a mail that no case took over."""

    remark = forms.CharField(
        label="What was done about it",
        widget=forms.Textarea({"rows": 3}),
        help_text="Kept with the receipt.",
        error_messages={"required": "Write what was done."},
    )


class RedForm(forms.Form):
    """Why something RED is opened."""

    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea({"rows": 2}),
        help_text="Recorded with your name before anything is shown.",
        error_messages=NO_REASON,
    )


class SelfCheckForm(UploadForm):
    """A workbook that somebody wants to try before sending it."""

    workbook = forms.FileField(
        label="Workbook", help_text="The .xlsm file with the New Entry tab filled in.", error_messages=NO_FILE
    )
    papers = SeveralFilesField(
        label="Papers",
        required=False,
        help_text="Certificates, letters and release notes. Their kind is taken from name and text; what they say is not judged.",
    )
