"""The one question of the mailing list, and what the mail log can be narrowed to."""

from django import forms

from notifications.models import CONFIRM, KNOWN, Message

KINDS = {
    CONFIRM: "Mailing list: please confirm",
    KNOWN: "Mailing list: known already",
    "release_notice": "New version, to the mailing list",
    "release_dcc": "New version, to the DCC",
    "key_notice": "New release key",
    "health_trouble": "Not in order, to the staff",
}


class SubscribeForm(forms.Form):
    """An e-mail address."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address such as name@company.example.",
        },
    )


class MailLogFilter(forms.Form):
    """Kind, state, and a text to look for in address, subject and reference."""

    q = forms.CharField(label="Address or subject", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "All"), *Message.State.choices])

    def __init__(self, *args: object, kinds: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = [("", "All"), *((kind, kind_label(kind)) for kind in kinds)]  # type: ignore[attr-defined]


def kind_label(kind: str) -> str:
    """The kind of a mail for people."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())
