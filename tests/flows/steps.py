"""What people do in a flow, by the services behind their buttons; also as a program, for a site that runs elsewhere."""

import json
import sys
from typing import Any

from tests.builders import mails, pdfs
from tests.builders.values import HUB, MAKERS, SINGLE_ELEMENT, valid_values
from tests.builders.workbooks import form_workbook, list_workbook, sample_entries

CANARY_VENDOR, CANARY_VERSION = "Zanzibar Radio Works", "R99.canary.7"
MAKER = MAKERS[0]
RED = {
    "Device_ZigBee_Information_Repository.Stack_Vendor": CANARY_VENDOR,
    "Device_ZigBee_Information_Repository.Stack_Version": CANARY_VERSION,
}
GOOD = valid_values(SINGLE_ELEMENT, number=201, maker=MAKER) | RED
MENDED = valid_values(HUB, number=202, maker=MAKER) | RED
BROKEN = MENDED | {
    "Device_Model.firmware_version": "03:00:7G:10",
    "CPA_Certificate.expiry_date": "31/06/2031",
    "GBCS Version.version_number": "GBCS Version 9.9",
}
SUBJECT = "Two Device Models for the list"
SENDER = f"Certification <certification@{MAKER.domain}>"


def papers(values: dict[str, str]) -> list[tuple[str, bytes]]:
    """Every paper of a meter."""
    return [
        ("CPA certificate.pdf", pdfs.cpa_certificate(values)),
        ("NCSC letter.pdf", pdfs.ncsc_letter(values)),
        ("ZigBee certificate.pdf", pdfs.zse_certificate(values)),
        ("DLMS certificate.pdf", pdfs.dlms_certificate(values)),
        ("Release notes.pdf", pdfs.release_notes(values)),
    ]


def submission() -> bytes:
    """One mail with a good workbook, one with three errors, and the papers."""
    files = [("meter.xlsm", form_workbook(GOOD)), ("hub.xlsm", form_workbook(BROKEN)), *papers(GOOD)]
    return mails.mail(files, sender=SENDER, subject=SUBJECT)


def correction(in_reply_to: str) -> bytes:
    """The submitter's answer to a question, with the corrected workbook."""
    files = [("hub corrected.xlsm", form_workbook(MENDED))]
    return mails.mail(files, sender=SENDER, subject="Re: your question", in_reply_to=in_reply_to)


def people() -> None:
    """The cast of the flow."""
    from django.utils import timezone

    from accounts.models import MailDomain, Organisation, Role, User
    from notifications.models import Subscription

    for name, role in (("analyst", Role.ANALYST), ("approver", Role.APPROVER)):
        User.objects.create_user(f"{name}@secas.example", "a quiet river under stones", name=name.title(), roles=[role])
    MailDomain.objects.create(organisation=Organisation.objects.create(name=MAKER.name), name=MAKER.domain)
    Subscription.objects.create(email="reader@elsewhere.example", confirmed_at=timezone.now())


def take_over_list() -> None:
    """58 entries of principal version 2."""
    from cpl.dictionary import load
    from cpl.domain.entry import ListedEntry
    from cpl.services.importing import import_cpl

    items = {item.key for item in load(2).list_items}
    entries = [
        ListedEntry(entry.number, entry.status, {key: value for key, value in entry.values.items() if key in items})
        for entry in sample_entries(58)
    ]
    report = import_cpl(list_workbook(entries, (2, 51), history=[("2.051", "21/09/2022", "Entries 000001 to 000058.")]), None)
    assert not report.refusals, report.refusals


def ask(reference: str) -> None:
    """The analyst sends the submitter everything that stands in the way."""
    from submissions.models import Submission
    from submissions.services import deciding

    case = Submission.objects.get(reference=reference)
    deciding.ask(_user("analyst"), case, deciding.question_draft(case))


def agree(reference: str) -> None:
    """The analyst recommends, the approver approves."""
    from submissions.models import Submission
    from submissions.services import deciding

    case = Submission.objects.get(reference=reference)
    deciding.recommend(_user("analyst"), case)
    deciding.approve(_user("approver"), case)


def publish() -> None:
    """The approver publishes."""
    from cpl.services.publishing import publish as service

    service(_user("approver"))


def outline() -> dict[str, Any]:
    """Where everything stands."""
    from core.models.outbox import OutboxEvent
    from cpl.models import Release
    from notifications.models import Message
    from repositories.models import Export
    from submissions.models import CheckFinding, Submission

    return {
        "states": dict(Submission.objects.order_by("id").values_list("reference", "state")),
        "errors": {
            case.reference: CheckFinding.objects.filter(run__submission=case, run=case.runs.first(), severity="error").count()
            for case in Submission.objects.all()
        },
        "versions": [str(release.version) for release in Release.objects.order_by("serial")],
        "exports": [list(pair) for pair in Export.objects.order_by("kind").values_list("kind", "rows")],
        "mails": sorted(Message.objects.filter(state="sent").values_list("kind", "recipient")),
        "questions": list(Message.objects.filter(kind="submission_question").values_list("message_id", flat=True)),
        "waiting": OutboxEvent.objects.undelivered().count(),
    }


def _user(name: str) -> Any:
    from accounts.models import User

    return User.objects.get(email=f"{name}@secas.example")


STEPS = {"people": people, "take_over_list": take_over_list, "ask": ask, "agree": agree, "publish": publish, "outline": outline}

if __name__ == "__main__":
    import django

    django.setup()
    answer = STEPS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer))
