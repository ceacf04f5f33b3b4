"""What has happened on the demo site so far: a list taken over, a release, and cases in every state.

Each step looks whether it was done already, so that an interrupted start goes on where it stopped. Once all of it has been
told, nothing is told again: the cases then belong to whoever tries the demo.
"""

import datetime
from collections.abc import Sequence

from django.utils import timezone

from accounts.models import User
from core import outbox, working_time
from cpl.dictionary import load
from cpl.domain.entry import ListedEntry
from cpl.domain.findings import Severity
from cpl.models import Release
from cpl.services.importing import import_cpl
from cpl.services.publishing import publish
from submissions import selectors
from submissions.demo import papers as make
from submissions.demo import signed
from submissions.domain.lifecycle import State
from submissions.models import Receipt, Submission
from submissions.services import deciding, receiving
from tests.builders.values import GAS_METER, HUB, PPMID, SINGLE_ELEMENT, TWIN_ELEMENT, valid_values
from tests.builders.workbooks import list_workbook, sample_entries

LISTED = 58
HISTORY = (
    ("2.000", "04/11/2021", "First version of principal version 2."),
    ("2.001", "15/03/2023", "CPL entries 000001 to 000040 added."),
    ("2.002", "02/09/2024", "CPL entries 000041 to 000058 added."),
)
LAST = "Display, sent too early"  # subject of the last mail of the story
MODELS = {SINGLE_ELEMENT: "Single Phase Meter 1.0", HUB: "Dual Band Comms Hub 1.0", PPMID: "Home Display 1.0"}
REASON = "Seen in Excel: signed by the maker, organisation as in the form, certificate in date."


def tell(cast: dict[str, User]) -> None:
    """Everything, in its order, once."""
    if Submission.objects.filter(receipt__subject=LAST, state=State.WITHDRAWN).exists():
        return
    import_list()
    first_release(cast)
    waiting_for_people(cast)
    with_faults(cast)
    with_signatures(cast)
    over(cast)


def import_list() -> None:
    """The list as it was before this site."""
    if Release.objects.exists():
        return
    items = {item.key for item in load(2).list_items}
    entries = [
        ListedEntry(entry.number, entry.status, {key: value for key, value in entry.values.items() if key in items})
        for entry in sample_entries(LISTED)
    ]
    report = import_cpl(list_workbook(entries, (2, 2), history=HISTORY), None)
    if report.refusals:
        raise RuntimeError(report.refusals[0].message)
    outbox.drain()


def first_release(cast: dict[str, User]) -> None:
    """Two Device Models in one mail, published as 3.000."""
    meter, hub = valid_values(SINGLE_ELEMENT, number=101, maker=make.maker(0)), valid_values(HUB, number=102, maker=make.maker(0))
    files = [make.workbook(meter), make.workbook(hub), *make.papers(meter)]
    for case in _arrive(0, files, days_ago=9):
        if case.state != State.PUBLISHED:
            _to_approval(case, cast)
    if not Release.objects.filter(origin=Release.Origin.PUBLISHED).exists():
        publish(cast["grace"])
        outbox.drain()


def waiting_for_people(cast: dict[str, User]) -> None:
    """Cases without faults: approved, to be approved, to be recommended, to be decided."""
    for case in _arrive(1, _complete(PPMID, 111, 1), days_ago=1):
        _to_approval(case, cast)
    for case in _arrive(2, _complete(SINGLE_ELEMENT, 112, 2), days_ago=1):
        _decide_everything(case, cast["asha"])
        deciding.assign(cast["asha"], case, cast["asha"])
        deciding.recommend(cast["asha"], case, "Everything is in order.")
    _arrive(3, _complete(GAS_METER, 113, 3), days_ago=0)
    unknown = make.maker(2)
    values = valid_values(TWIN_ELEMENT, number=114, maker=unknown) | {"Device_Model.manufacturer_identifier": "7A:0F"}
    _arrive(2, [make.workbook(values), *make.papers(values)], days_ago=0, subject="First Device Model under our new identifier")


def with_faults(cast: dict[str, User]) -> None:
    """What can be wrong: cells, papers, the signature, a twin on the list, a file that is no form."""
    broken = valid_values(SINGLE_ELEMENT, number=121, maker=make.maker(1)) | {
        "Device_Model.firmware_version": "03:00:7G:10",
        "CPA_Certificate.expiry_date": "31/06/2031",
        "GBCS Version.version_number": "GBCS Version 9.9",
    }
    _arrive(1, [make.workbook(broken), *make.papers(broken)], days_ago=1, subject="New meter, three slips of the pen")
    time_cell = valid_values(GAS_METER, number=122, maker=make.maker(3))
    cells = {"Device_Model.firmware_version": datetime.time(10, 20)}
    for case in _arrive(3, [make.workbook(time_cell, cells=cells), *make.papers(time_cell)], days_ago=3):
        if not case.holds.exists():
            deciding.ask(cast["tom"], case, deciding.question_draft(case))
            deciding.assign(cast["tom"], case, cast["tom"])
    bare = valid_values(SINGLE_ELEMENT, number=123, maker=make.maker(0))
    _arrive(
        0, [make.workbook(bare), *make.papers(bare, without=["ZigBee certificate.pdf"])], days_ago=0, subject="One paper short"
    )
    unsigned = valid_values(SINGLE_ELEMENT, number=124, maker=make.maker(2), with_hash=True)
    _arrive(2, [make.workbook(unsigned), *make.papers(unsigned)], days_ago=4, subject="Image without a signature")
    twin = valid_values(SINGLE_ELEMENT, number=7, maker=make.maker(3))
    _arrive(3, [make.workbook(twin), *make.papers(twin)], days_ago=0, subject="On the list already?")
    _arrive(0, [], days_ago=1, subject="When will our meter be listed?", body="Dear SECAS,\n\nwhen will it be?\n\nRobin\n")


def with_signatures(cast: dict[str, User]) -> None:
    """A signature that is good, one in another name, and one by a certificate that was revoked."""
    if not Receipt.objects.filter(subject=signed.CASES[-1].subject).exists():
        signed.arrive_signed(cast, _arrive, _morning(1))


def over(cast: dict[str, User]) -> None:
    """Cases that are closed."""
    for case in _arrive(1, _complete(HUB, 131, 1), days_ago=6, subject="Hub with withdrawn certificate"):
        if case.is_open:
            deciding.reject(cast["asha"], case, "The CPA certificate was withdrawn by its issuer on the day before submission.")
    for case in _arrive(2, _complete(PPMID, 132, 2), days_ago=5, subject=LAST):
        if case.is_open:
            deciding.withdraw(cast["tom"], case, "The maker wrote that the firmware will change again before release.")
    outbox.drain()


def _arrive(
    maker: int, files: Sequence[make.Paper], *, days_ago: int, subject: str = "", body: str = ""
) -> tuple[Submission, ...]:
    """Send a mail of the demo, let the gates run, and give its cases as they are then; again later, the same cases."""
    sent_at = _morning(days_ago)
    subject = subject or f"CPL submission: {files[0][0]}"
    receipt = Receipt.objects.filter(sender__endswith=make.maker(maker).domain, subject=subject).first()
    if receipt is None:
        raw = make.mail(make.maker(maker), files, sent_at, subject, body)
        receipt = receiving.receive_mail(raw, Receipt.Source.FOLDER, received_at=sent_at).receipt
    outbox.drain()
    return tuple(Submission.objects.filter(receipt=receipt).order_by("id"))


def _morning(days_ago: int) -> datetime.datetime:
    """A quarter past nine, so many Working Days ago."""
    day = timezone.localdate()
    while days_ago or not working_time.is_working_day(day):
        day -= datetime.timedelta(days=1)
        days_ago -= working_time.is_working_day(day) and days_ago > 0
    at = datetime.datetime.combine(day, datetime.time(9, 15), tzinfo=timezone.get_current_timezone())
    return min(at, timezone.now())


def _complete(device_type: str, number: int, maker: int) -> list[make.Paper]:
    values = valid_values(device_type, number=number, maker=make.maker(maker))
    return [make.workbook(values), *make.papers(values)]


def _decide_everything(case: Submission, analyst: User) -> None:
    """Say what papers are and accept every warning, gate by gate, as an analyst would."""
    for _ in range(8):
        case = Submission.objects.get(pk=case.pk)
        waiting = [view for gate in selectors.gates_of(case) for view in gate.open_findings]
        if not waiting or case.state == State.DUPLICATE_CHECKED:
            return
        for view in waiting:
            if view.finding.severity == Severity.WARNING:
                deciding.decide(analyst, case, view.finding, "accepted", REASON)
        outbox.drain()


def _to_approval(case: Submission, cast: dict[str, User]) -> None:
    _decide_everything(case, cast["asha"])
    case = Submission.objects.get(pk=case.pk)
    if case.state == State.DUPLICATE_CHECKED:
        deciding.name(cast["asha"], case, f"{case.organisation} {MODELS[case.device_type]}")
        deciding.recommend(cast["asha"], case, "Checked against the certificates by hand.")
        deciding.approve(cast["grace"], case)
