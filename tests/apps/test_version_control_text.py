"""From the changes to the Version Control tab: drafted, edited by a person, and then what everybody reads."""

import csv
import io
from xml.etree import ElementTree

import pytest
from django.test import Client

from core import outbox, vault
from cpl import selectors
from cpl.models import Release
from cpl.services import planning
from cpl.workbook.read_list import read_cpl
from notifications.models import Message
from tests.builders.listing import FIRMWARE, amended, approved, small_list, two_people
from tests.people import sign_in

pytestmark = pytest.mark.django_db
HASH = "Manufacturer_Image.hash"
CPA = "CPA_Certificate.identification_number"
NEW_HASH = "AB:" * 31 + "AB"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def approver() -> Client:
    return sign_in(Client(), two_people()[1])


def drafted(approver: Client) -> tuple[str, str]:
    """The text as the form offers it, and the seal of what it is about."""
    initial = approver.get("/publications/").context["form"].initial
    return initial["text"], initial["seen"]


def published_with(approver: Client, text: str, seen: str) -> Release:
    approver.post("/publications/publish/", {"text": text.replace("\n", "\r\n"), "seen": seen})
    outbox.drain(strict=True)
    release = selectors.head()
    assert release is not None
    return release


def everything_changes() -> dict[str, dict[str, str]]:
    """Every kind of change, approved; answers what the entries say before."""
    small_list()
    old = {number: dict(entry.values) for number, entry in selectors.listed(["000002", "000003", "000005", "000006"]).items()}
    approved("add", model=901, designation="Alder Single Band Comms Hub 1.2")
    approved("add", model=902, designation="Alder Single Band Comms Hub 1.3")
    for number in ("000002", "000003"):
        approved("amend", number, values=amended(number, **{CPA: "[R] NCSC-1433053936-3917"}), designation="Hub")
    approved("correct", "000005", values=amended("000005", **{HASH: NEW_HASH}), designation="Meter", reason="INC000000619565")
    approved("remove", "000006", reason="SSC of 23/05/2026", designation="Old meter")
    approved("reinstate", "000020", designation="Good meter")
    return old


def test_the_draft_is_written_as_the_history_is(approver: Client) -> None:
    old = everything_changes()
    firmware = {number: selectors.listed([number])[number].values[FIRMWARE] for number in (*old, "000020")}
    renewed = {number: old[number][CPA] for number in ("000002", "000003")}
    assert drafted(approver)[0] == (
        "Two new SMETS2 device models added:\n"
        "000025 - Alder Single Band Comms Hub 1.2 03:03:85:10\n"
        "000026 - Alder Single Band Comms Hub 1.3 03:03:86:10\n"
        "\n"
        "One SMETS2 device model removed:\n"
        f"000006 - Old meter {firmware['000006']} (SSC of 23/05/2026)\n"
        "\n"
        "One SMETS2 device model, status changed to 'Current':\n"
        f"000020 - Good meter {firmware['000020']}\n"
        "\n"
        "One SMETS2 device model corrected:\n"
        f"000005 - Meter {firmware['000005']} (INC000000619565)\n"
        f"{HASH} changed from {old['000005'][HASH]} to {NEW_HASH}.\n"
        "\n"
        "Two SMETS2 device models amended:\n"
        f"000002 - Hub {firmware['000002']}\n"
        f"The new certificate, [R] NCSC-1433053936-3917, replaces {renewed['000002']}.\n"
        f"000003 - Hub {firmware['000003']}\n"
        f"The new certificate, [R] NCSC-1433053936-3917, replaces {renewed['000003']}."
    )


def test_the_draft_leaves_out_nothing_that_differs(approver: Client) -> None:
    everything_changes()
    text, seen = drafted(approver)
    release = published_with(approver, text, seen)
    assert release.changes_text == text
    assert release.previous is not None
    address = f"/cpl/versions/{release.previous.version}/differences/{release.version}/"
    address += f"CPL_v{release.previous.version}_to_v{release.version}.csv"
    rows = list(csv.DictReader(io.StringIO(approver.get(address).content.decode("utf-8-sig"), newline="")))
    assert {row["change"] for row in rows} == {"added", "removed", "reinstated", "amended"}
    for row in rows:
        assert row["entry"] in text
        if row["change"] == "amended":
            assert row["after"] in text
            assert row["before"] in text


def test_a_reason_of_several_lines_stays_on_the_line_of_its_entry() -> None:
    """A browser sends CR LF; nobody edits the text where `publish` is called by hand."""
    small_list()
    approved("remove", "000006", reason="Asked for by its maker.\r\n\r\nSSC of 23/05/2026. \r\n", designation="Old meter")
    lines = planning.preview().changes_text.splitlines()
    assert lines[1:] == ["000006 - Old meter 03:00:06:10 (Asked for by its maker. SSC of 23/05/2026)"]


def test_what_a_person_wrote_stands_everywhere(approver: Client, client: Client) -> None:
    everything_changes()
    text, seen = drafted(approver)
    edited = text.replace("Two new SMETS2 device models", "Two new hubs <both bands> & “dual”") + "\n\nChecked by hand. _x000D_"
    release = published_with(approver, edited, seen)
    assert release.changes_text == edited
    tab = read_cpl(vault.read(release.workbook_sha256)).history[-1]
    assert (tab.version, tab.changes) == ("3.002", edited)
    (first, *_) = ElementTree.fromstring(client.get("/cpl/feed.atom").content).iter(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}summary") == edited
    assert "Two new hubs &lt;both bands&gt; &amp; “dual”" in client.get("/cpl/versions/3.002/").content.decode()
    assert any("Two new hubs <both bands> & “dual”" in message.body for message in Message.objects.all())


def test_an_empty_text_is_the_draft(approver: Client) -> None:
    small_list()
    approved("remove", "000006", reason="SSC of 23/05/2026")
    text, seen = drafted(approver)
    assert published_with(approver, "  \n", seen).changes_text == text
