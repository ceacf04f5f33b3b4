"""Every role before every artefact of a published list; and nobody meets a RED value but in the DZIR and the sealed store."""

import io
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import MailDomain, Organisation, Role, SscMembership
from core import outbox, vault
from cpl.models import Release
from notifications.models import Message
from submissions.models import Receipt, Submission
from submissions.services import receiving
from tests.flows import steps
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

CANARIES = (steps.CANARY_VENDOR, steps.CANARY_VERSION)
ANYBODY = "anonymous"
STAFF = {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.AUDITOR}
EVERYBODY = {ANYBODY, "superuser", "own organisation", *Role}
CASE_READERS = {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR}
WHO = [ANYBODY, "superuser", "own organisation", *Role]
# What, where, and who gets it; whoever is not named is refused.
ARTEFACTS: dict[str, tuple[str, set[str]]] = {
    "list": ("/cpl/", EVERYBODY),
    "entry": ("/cpl/entries/000059/", EVERYBODY),
    "version": ("/cpl/versions/3.000/", EVERYBODY),
    "workbook": ("/cpl/latest.xlsm", EVERYBODY),
    "CSV": ("/cpl/latest.csv", EVERYBODY),
    "manifest": ("/cpl/versions/3.000/CPL_v3.000.manifest.json", EVERYBODY),
    "proof": ("/cpl/versions/3.000/entries/000059/proof.json", EVERYBODY),
    "differences": ("/cpl/versions/2.051/differences/3.000/", EVERYBODY),
    "differences as CSV": ("/cpl/versions/2.051/differences/3.000/CPL_v2.051_to_v3.000.csv", EVERYBODY),
    "differences as JSON": ("/cpl/versions/2.051/differences/3.000/CPL_v2.051_to_v3.000.json", EVERYBODY),
    "FIR page": ("/repositories/fir/", {*STAFF, Role.SEC_PARTY, Role.DCC}),
    "FIR file": ("/repositories/fir/download/", {*STAFF, Role.SEC_PARTY, Role.DCC}),
    "DZIR page": ("/repositories/dzir/", {Role.SSC_MEMBER}),
    "DZIR file": ("/repositories/dzir/download/", {Role.SSC_MEMBER}),
    "queue": ("/cases/", CASE_READERS),
    "case": ("/cases/{case}/", CASE_READERS | {"own organisation"}),
    "paper": ("/cases/{case}/papers/{paper}/", CASE_READERS | {"own organisation"}),
    "receipts": ("/cases/receipts/", CASE_READERS),
    "workbench": ("/publications/", {Role.APPROVER}),
    "templates": ("/publications/templates/", STAFF),
    "import": ("/publications/import/", {Role.ADMINISTRATOR}),
    "mail log": ("/subscribe/mail-log/", {Role.ANALYST, Role.APPROVER, Role.AUDITOR}),
    "certificates": ("/certificates/", CASE_READERS),
    "health": ("/health/", {Role.ADMINISTRATOR, "superuser"}),
    "self-check": ("/check/", EVERYBODY),
}


@pytest.fixture
def published(caplog: pytest.LogCaptureFixture) -> Submission:
    """A site after its first release, with everything that follows from it; returns the case of entry 000059."""
    caplog.set_level(logging.DEBUG)
    steps.people()
    steps.take_over_list()
    receiving.receive_mail(steps.submission(), Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    case = Submission.objects.order_by("id")[0]
    steps.agree(case.reference)
    steps.publish()
    outbox.drain(strict=True)
    return Submission.objects.get(pk=case.pk)


def client_of(who: str) -> Client:
    if who == ANYBODY:
        return Client()
    if who == "superuser":
        return sign_in(Client(), person(is_superuser=True, is_staff=True))
    if who == "own organisation":
        return sign_in(Client(), person(organisation=MailDomain.objects.get(name=steps.MAKER.domain).organisation))
    return sign_in(Client(), person(who, organisation=Organisation.objects.get_or_create(name="Elsewhere plc")[0]))


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("who", WHO)
def test_who_gets_what(published: Submission, who: str) -> None:
    client = client_of(who)
    address = {"case": published.reference, "paper": published.documents.order_by("id")[0].pk}
    got, expected = {}, {}
    for name, (place, allowed) in ARTEFACTS.items():
        response = client.get(place.format(**address))
        got[name] = response.status_code
        refused = 302 if who == ANYBODY else 404  # a stranger is asked to sign in, everybody else finds nothing
        expected[name] = 200 if who in allowed else refused
        if who not in allowed and response.status_code == 302:
            assert response["Location"].startswith("/accounts/login/"), name
    stranger_on_a_case = {name for name in ("case", "paper") if who == ANYBODY}  # these ask about the case itself
    for name in stranger_on_a_case:
        assert got.pop(name) in {302, 404}
        expected.pop(name)
    assert got == expected


def test_without_second_factor_or_declaration_or_seat_there_is_no_dzir(published: Submission) -> None:
    member = person(Role.SSC_MEMBER)
    assert sign_in(Client(), member, second_factor=False).get("/repositories/dzir/").status_code != 200
    undeclared = person(Role.SSC_MEMBER, declared=False)
    assert sign_in(Client(), undeclared).get("/repositories/dzir/").status_code != 200
    SscMembership.objects.filter(user=member).update(valid_to="2021-01-01")
    assert sign_in(Client(), member).get("/repositories/dzir/").status_code == 404


LINK = re.compile(r'href="(/[^"#]*)')
LEAVE_OUT = ("/accounts/logout", "/static/", "/repositories/dzir")
OF_A_KIND = 8  # pages that differ only in numbers and sums
NUMBERS = re.compile(r"[0-9a-f]{64}|[0-9]+")


def pages_of(client: Client) -> Iterator[tuple[str, bytes]]:
    """The pages and files this person reaches by links from the start page, the records pages and the admin's lists.

    Of those that differ only in their number, as the records of one kind do, the first few.
    """
    waiting, seen = ["/", "/cases/", "/admin/", "/cpl/", "/repositories/fir/", "/publications/"], set()
    kinds: Counter[str] = Counter()
    while waiting:
        place = waiting.pop(0)
        kind = NUMBERS.sub("#", place)
        if place in seen or place.startswith(LEAVE_OUT) or kinds[kind] == OF_A_KIND:
            continue
        seen.add(place)
        kinds[kind] += 1
        response = client.get(place)
        content = body_of(response)
        yield place, content
        if response.headers.get("Content-Type", "").startswith("text/html"):
            found = [link.replace("&amp;", "&") for link in LINK.findall(content.decode())]
            waiting += [link for link in found if link not in seen and "?" not in link]


def holds_canary(content: bytes) -> bool:
    """Looks into zip files, too."""
    if any(canary.encode() in content for canary in CANARIES):
        return True
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return any(canary.encode() in package.read(name) for name in package.namelist() for canary in CANARIES)


def test_nobody_meets_the_metrics_without_their_token(published: Submission, settings: Any) -> None:
    for who in WHO:
        client = client_of(who)
        for token in ("", "a-token-of-the-test"):
            settings.CPL_METRICS_TOKEN = token
            assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("who", WHO)
def test_no_page_of_any_role_shows_a_red_value(published: Submission, who: str) -> None:
    count = 0
    for place, content in pages_of(client_of(who)):
        assert not holds_canary(content), place
        count += 1
    assert count > 10


def test_no_sink_holds_a_red_value_in_the_clear(published: Submission, caplog: pytest.LogCaptureFixture) -> None:
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                line = b" ".join(bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row)
                assert not any(canary.encode() in line for canary in CANARIES), table
    for sha256 in vault.names():
        assert not holds_canary(vault.read(sha256)), sha256
    assert not any(canary in caplog.text for canary in CANARIES)
    assert Message.objects.count() > 2
    sealed = [sha256 for sha256 in vault.names(red=True) if holds_canary(vault.read(sha256, red=True))]
    assert len(sealed) >= 3  # the two workbooks and the DZIR; the mail carries them in base64
    assert Release.objects.get(principal=3).exports.get(kind="DZIR").sha256 in sealed


def test_red_files_on_disk_are_unreadable(published: Submission, settings: Any) -> None:
    files = [path for path in settings.CPL_RED_DIR.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not any(canary.encode() in content for canary in CANARIES)
        assert content[:2] != b"PK"
