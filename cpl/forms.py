"""Forms of the staff pages: proposing a change to an entry, publishing, importing."""

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from cpl import selectors
from cpl.dictionary import PRINCIPALS
from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.findings import Finding, Severity
from cpl.domain.validate import validate_values
from cpl.models import Change, EntryRow

LONGEST_TEXT = 32_000  # characters: what a cell of a workbook can hold, with room to spare
LONGEST_VALUE = 4_000
EVIDENCE = ("dcc_incident", "dsp_change", "ssc_date")


class ReasonForm(forms.Form):
    """Why, and what it rests on. Enough for removing and reinstating."""

    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Goes into the Version Control text of the next version, so write it for everybody.",
    )
    dcc_incident = forms.CharField(label="DCC incident number", max_length=60, required=False)
    dsp_change = forms.CharField(label="DSP change number", max_length=60, required=False)
    ssc_date = forms.DateField(
        label="Date of the Security Sub-Committee's decision",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, row: EntryRow, kind: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.row, self.kind = row, kind
        self.items: dict[str, DataItem] = {}

    def clean(self) -> dict[str, Any]:
        """One open change of a kind for an entry, and only what its status allows."""
        wrong = {"remove": "Removed", "reinstate": "Current"}.get(self.kind)
        if wrong == self.row.status:
            raise forms.ValidationError(f"Entry {self.row.number} is {wrong} already.")
        if Change.objects.filter(number=self.row.number, status__in=["proposed", "approved"]).exists():
            raise forms.ValidationError(
                f"Entry {self.row.number} has an open change already. Withdraw it, or wait until it is published."
            )
        return self.cleaned_data

    @property
    def item_fields(self) -> list[forms.BoundField]:
        """Those of data items."""
        return [self[name] for name in self.items]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        """The reason and what it rests on."""
        return [self[name] for name in self.fields if name not in self.items]

    @property
    def change(self) -> dict[str, Any]:
        """What `services.changes.propose` needs beside kind and number."""
        given = {name: self.cleaned_data[name] for name in EVIDENCE if self.cleaned_data.get(name)}
        evidence = {name: f"{value:%d/%m/%Y}" if isinstance(value, datetime.date) else value for name, value in given.items()}
        return {"values": {}, "reason": self.cleaned_data["reason"], "evidence": evidence}


class ValuesForm(ReasonForm):
    """The data items of an entry, filled in as they stand; what is not touched stays as it is, byte for byte."""

    designation = forms.CharField(label="Plain-English name", max_length=200, required=False)

    def __init__(self, *args: Any, rules: RuleSet, **more: Any) -> None:
        super().__init__(*args, **more)
        self.rules = rules
        self.items = {f"item{place}": item for place, item in enumerate(rules.list_items) if item.kind is not Kind.ALLOCATED}
        for name, item in self.items.items():
            self.fields[name] = _field(item, self.row.values.get(item.key, ""), rules)
        self.fields["designation"].initial = self.row.designation
        self.order_fields([*self.items, "designation", "reason", *EVIDENCE])
        self.values: dict[str, str] = {}

    def clean(self) -> dict[str, Any]:
        """Something is changed, and nothing becomes wrong that was not wrong before (guidance 7.2)."""
        cleaned = super().clean()
        old = self.row.values
        touched = {item.key: cleaned.get(name, "") for name, item in self.items.items() if name in cleaned}
        touched = {key: value for key, value in touched.items() if not _same(value, old.get(key, ""))}
        if not touched:
            if not self.errors:
                raise forms.ValidationError("Nothing is changed. Change at least one data item.")
            return cleaned
        today = timezone.localdate()
        after = validate_values({**old, **touched}, self.rules, today, self.row.status)
        known = {(found.rule, found.message) for found in validate_values(old, self.rules, today, self.row.status).findings}
        self.values = {**old, **{key: after.values.get(key, value) for key, value in touched.items()}}
        for found in after.findings:
            if found.severity is Severity.ERROR and (found.rule, found.message) not in known:
                self.add_error(self._name_of(found), found.message)
        return cleaned

    @property
    def change(self) -> dict[str, Any]:
        """As above, with the values after the change; a real date stays one, anything else that is new is text."""
        kinds = {
            key: kind
            for key, kind in self.row.kinds.items()
            if self.values[key] == self.row.values.get(key) or (kind == "date" and self.values[key])
        }
        return super().change | {"values": self.values, "kinds": kinds, "designation": self.cleaned_data["designation"]}

    def _name_of(self, found: Finding) -> str | None:
        key = f"{found.group}.{found.attribute}"
        return next((name for name, item in self.items.items() if item.key == key), None)


class PublishForm(forms.Form):
    """The Version Control text, and what exactly was looked at."""

    text = forms.CharField(
        label="Changes incorporated", max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 10}), required=False
    )
    seen = forms.CharField(widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """Why a change is taken back."""

    reason = forms.CharField(label="Reason for withdrawing", max_length=500)


class UploadForm(forms.Form):
    """A published workbook."""

    file = forms.FileField(
        label="CPL workbook",
        help_text="The published .xlsm or .xlsx with its four tabs. You see a report before anything is taken over.",
    )

    def clean_file(self) -> Any:
        """Not larger than the site takes."""
        file = self.cleaned_data["file"]
        if file.size > settings.CPL_UPLOAD_LIMIT:
            raise forms.ValidationError(f"The file is larger than {settings.CPL_UPLOAD_LIMIT // 2**20} MB.")
        return file


class TemplateForm(UploadForm):
    """A template for the workbook, from when on it is used, and what is new in it."""

    principal = forms.TypedChoiceField(
        label="For versions", coerce=int, choices=[(principal, f"{principal}.YYY") for principal in PRINCIPALS]
    )
    valid_from = forms.DateField(
        label="Used from",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="The first day on which a version issued is written with it, once another person has approved it.",
    )
    note = forms.CharField(
        label="What is new",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="What is new in it, and where it comes from; for the person who approves it.",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["file"].label, self.fields["file"].help_text = "Template (.xlsm)", "It is checked before anything is kept."
        self.fields["principal"].initial = settings.CPL_PRINCIPAL
        self.fields["valid_from"].initial = timezone.localdate

    def clean_valid_from(self) -> datetime.date:
        """Not a day that is over: no version can be issued then."""
        day: datetime.date = self.cleaned_data["valid_from"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over. Take today or a later day.")
        return day


def form_for(kind: str, row: EntryRow, data: Any = None) -> ReasonForm:
    """The form for a kind of change to this entry."""
    if kind in {Change.Kind.REMOVE, Change.Kind.REINSTATE}:
        return ReasonForm(data, row=row, kind=kind)
    return ValuesForm(data, row=row, kind=kind, rules=selectors.current_rules(timezone.localdate()))


def _field(item: DataItem, value: str, rules: RuleSet) -> forms.Field:
    shape: dict[str, Any] = {"label": item.label, "required": False, "initial": value, "help_text": item.key}
    choices = rules.choices(item)
    if choices:
        known = [("", ""), *((choice, choice) for choice in choices)]
        if value not in {"", *choices}:
            known.insert(1, (value, f"{value} (as it stands)"))
        return forms.ChoiceField(choices=known, **shape)
    lines = "\n" in value or item.multiline
    widget = forms.Textarea({"rows": 3}) if lines else forms.TextInput({"class": "mono", "autocomplete": "off"})
    return forms.CharField(max_length=LONGEST_VALUE, strip=False, widget=widget, **shape)


def _same(sent: str, stored: str) -> bool:
    """Browsers send line breaks in their own way; that alone is no change."""
    return sent.splitlines() == stored.splitlines()
