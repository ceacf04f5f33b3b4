"""The staff pages of the list: proposing, approving, publishing and importing, and who may do none of it."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Role
from core import audit, outbox
from cpl import selectors
from cpl.models import Change, EntryRow, Release
from tests.builders.listing import FIRMWARE, HISTORY, amended, approved, list_values, proposed, published, small_list, two_people
from tests.builders.workbooks import list_workbook, sample_entries
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db
DLMS = "DLMS_Certificate.identification_number"
WORKBENCH, PUBLISH = "/publications/", "/publications/publish/"
IMPORT, CONFIRM = "/publications/import/", "/publications/import/confirm/"


@pytest.fixture
def analyst(client: Client) -> Client:
    return sign_in(Client(), two_people()[0])


@pytest.fixture
def approver(client: Client) -> Client:
    return sign_in(Client(), two_people()[1])


@pytest.fixture
def administrator() -> Client:
    return sign_in(Client(), person(Role.ADMINISTRATOR))


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


# --- Who may ---------------------------------------------------------------------------------------------------------

PAGES = {
    "get": {
        WORKBENCH: {Role.APPROVER},
        "/publications/versions/3.001/": {Role.APPROVER},
        "/publications/changes/{pk}/": {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR},
        "/cpl/entries/000001/amend/": {Role.ANALYST, Role.APPROVER},
        "/cpl/entries/000001/remove/": {Role.ANALYST, Role.APPROVER},
        IMPORT: {Role.ADMINISTRATOR},
    },
    "post": {
        PUBLISH: {Role.APPROVER},
        "/publications/changes/{pk}/approve/": {Role.APPROVER},
        "/publications/changes/{pk}/withdraw/": {Role.ANALYST, Role.APPROVER},
        CONFIRM: {Role.ADMINISTRATOR},
    },
}


@pytest.fixture
def pages() -> list[tuple[str, str, set[Role]]]:
    """Method, address and roles of every staff page, about a list with one proposed change."""
    small_list(2)
    change = proposed("remove", "000002")
    return [(method, path.format(pk=change.pk), roles) for method, paths in PAGES.items() for path, roles in paths.items()]


def without_token(page: bytes) -> bytes:
    """The sign-out form holds another token in every answer."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page)


@pytest.mark.parametrize("role", Role)
def test_a_refusal_looks_like_a_page_that_does_not_exist(client: Client, pages: list, role: Role) -> None:
    sign_in(client, person(role))
    for method, path, roles in pages:
        response = getattr(client, method)(path)
        assert (response.status_code != 404) == (role in roles), (method, path, response.status_code)
        if role not in roles:
            missing = client.get(f"{path}no/such/page/")
            assert without_token(response.content) == without_token(missing.content)


def test_strangers_are_asked_to_sign_in(client: Client, pages: list) -> None:
    for method, path, _ in pages:
        response = getattr(client, method)(path)
        back = path if method == "get" else "/"
        assert (response.status_code, response["Location"]) == (302, f"{reverse('account_login')}?next={back}")
    assert Change.objects.get().status == "proposed"


def test_deeds_need_a_post(approver: Client, pages: list) -> None:
    assert {approver.get(path).status_code for method, path, _ in pages if method == "post"} == {405}


# --- Proposing -------------------------------------------------------------------------------------------------------


def form_of(client: Client, path: str) -> dict[str, str]:
    """The values a browser would send back untouched."""
    form = client.get(path).context["form"]
    return {name: str(form[name].value() or "") for name in form.fields}


def name_of(client: Client, path: str, key: str) -> str:
    form = client.get(path).context["form"]
    return next(name for name, item in form.items.items() if item.key == key)


def test_amend_keeps_what_is_not_touched(analyst: Client) -> None:
    small_list(3)
    row = EntryRow.objects.get(number="000002")
    odd = row.values | {"Manufacturer_Image.descriptor": " two\nlines ", "Manufacturer_Image.creator": "trailing "}
    EntryRow.objects.filter(pk=row.pk).update(values=odd, kinds={"CPA_Certificate.expiry_date": "date", DLMS: "number"})
    path = "/cpl/entries/000002/amend/"
    sent = form_of(analyst, path) | {
        name_of(analyst, path, FIRMWARE): "0a:0b:0c:0d",
        "reason": "New firmware",
        "dcc_incident": "INC1",
    }
    sent = {name: value.replace("\n", "\r\n") for name, value in sent.items()}
    response = analyst.post(path, sent)
    assert response.status_code == 302, response.context["form"].errors
    change = Change.objects.get()
    assert response["Location"] == f"/publications/changes/{change.pk}/"
    assert change.values == odd | {FIRMWARE: "0A:0B:0C:0D"}
    assert change.kinds == {"CPA_Certificate.expiry_date": "date", DLMS: "number"}
    assert (change.kind, change.number, change.reason, change.evidence, change.origin) == (
        "amend",
        "000002",
        "New firmware",
        {"dcc_incident": "INC1"},
        "entry:000002",
    )
    page = text_of(analyst, response["Location"])
    for words in ("Firmware version", row.firmware, "0A:0B:0C:0D", "New firmware", "INC1", "Withdraw this change"):
        assert words in page
    assert "Approve this change" not in page


def test_a_change_must_change_something_and_break_nothing(analyst: Client) -> None:
    small_list(3)
    path = "/cpl/entries/000002/correct/"
    untouched = form_of(analyst, path) | {"reason": "Because"}
    response = analyst.post(path, untouched)
    assert "Nothing is changed" in response.content.decode()
    wrong = analyst.post(path, untouched | {name_of(analyst, path, FIRMWARE): "0A:0B"})
    assert "F" in wrong.content.decode()
    assert name_of(analyst, path, FIRMWARE) in wrong.context["form"].errors
    assert "reason" in analyst.post(path, untouched | {"reason": ""}).context["form"].errors
    assert not Change.objects.exists()


def test_an_old_fault_does_not_stop_an_amendment_of_something_else(analyst: Client) -> None:
    """What was published with an odd value years ago can still be amended."""
    small_list(3)
    row = EntryRow.objects.get(number="000002")
    EntryRow.objects.filter(pk=row.pk).update(values=row.values | {"ZSE_Certificate.ZSE_version": "ZigBee of old"})
    path = "/cpl/entries/000002/amend/"
    sent = form_of(analyst, path) | {name_of(analyst, path, FIRMWARE): "0A:0B:0C:0D", "reason": "New firmware"}
    assert analyst.post(path, sent).status_code == 302


@pytest.mark.parametrize(
    ("kind", "number", "fits"), [("remove", "000001", True), ("remove", "000020", False), ("reinstate", "000020", True)]
)
def test_remove_and_reinstate(analyst: Client, kind: str, number: str, fits: bool) -> None:
    small_list()
    path = f"/cpl/entries/{number}/{kind}/"
    response = analyst.post(path, {"reason": "SSC decision", "ssc_date": "2026-11-02"})
    assert (response.status_code == 302) == fits
    assert list(Change.objects.values_list("kind", "number", "evidence")) == (
        [(kind, number, {"ssc_date": "02/11/2026"})] if fits else []
    )
    if fits:
        assert "open change already" in analyst.post(path, {"reason": "Again"}).content.decode()
        assert f"/publications/changes/{Change.objects.get().pk}/" in text_of(analyst, f"/cpl/entries/{number}/")


@pytest.mark.parametrize("path", ["/cpl/entries/999999/amend/", "/cpl/entries/000001/add/", "/cpl/entries/000001/delete/"])
def test_nothing_else_can_be_proposed(analyst: Client, path: str) -> None:
    small_list(1)
    assert analyst.get(path).status_code == 404


# --- Approving and withdrawing ---------------------------------------------------------------------------------------


def test_the_second_person_approves(approver: Client) -> None:
    small_list(3)
    change = proposed("remove", "000001", reason="asked for")
    page = f"/publications/changes/{change.pk}/"
    assert "Approve this change" in text_of(approver, page)
    approver.post(f"{page}approve/")
    change.refresh_from_db()
    assert (change.status, change.approved_by) == ("approved", two_people()[1])
    assert "approved and waits" in text_of(approver, page)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_their_own_second_person(approver: Client) -> None:
    small_list(3)
    approver.post("/cpl/entries/000001/remove/", {"reason": "my own"})
    page = f"/publications/changes/{Change.objects.get().pk}/"
    assert "another person must approve" in text_of(approver, page)
    assert "Approve this change" not in text_of(approver, page)
    approver.post(f"{page}approve/")
    assert Change.objects.get().status == "proposed"
    with override_settings(CPL_TEAM_OF_ONE=True):
        assert "Approve this change" in text_of(approver, page)
        approver.post(f"{page}approve/")
    assert Change.objects.get().team_of_one


@pytest.mark.django_db(transaction=True)
def test_a_broken_seal_is_said_and_not_approved(approver: Client) -> None:
    small_list(3)
    change = proposed("amend", "000001", values=amended("000001", **{DLMS: "1"}))
    Change.objects.filter(pk=change.pk).update(values=amended("000001", **{DLMS: "2"}))
    page = f"/publications/changes/{change.pk}/"
    assert "The seal is broken" in text_of(approver, page)
    approver.post(f"{page}approve/")
    assert Change.objects.get().status == "proposed"


def test_withdrawing_needs_a_reason(analyst: Client) -> None:
    change = proposed()
    page = f"/publications/changes/{change.pk}/"
    assert "reason" in analyst.post(f"{page}withdraw/", {"reason": ""}).context["form"].errors
    analyst.post(f"{page}withdraw/", {"reason": "wrong device"})
    change.refresh_from_db()
    assert change.status == "withdrawn"
    assert "wrong device" in text_of(analyst, page)
    assert audit.trail(change).last().detail == {"reason": "wrong device"}


def test_the_change_of_a_case_is_taken_back_with_its_case(approver: Client) -> None:
    change = approved(origin="submission:SUB-2026-0001/2")
    page = f"/publications/changes/{change.pk}/"
    text = text_of(approver, page)
    assert 'href="/cases/SUB-2026-0001/"' in text
    assert "SUB-2026-0001/2" in text_of(approver, WORKBENCH)
    assert "submission:SUB-2026-0001" not in text_of(approver, WORKBENCH)
    assert "Withdraw this change" not in text_of(approver, page)
    approver.post(f"{page}withdraw/", {"reason": "around the case"})
    assert Change.objects.get().status == "approved"


def test_a_new_entry_shows_all_its_values(approver: Client) -> None:
    change = proposed(model=901, fir={"Manufacturer Contact FIR.Company Name": "Alder Ltd"})
    page = text_of(approver, f"/publications/changes/{change.pk}/")
    for value in filter(None, list_values(901).values()):
        assert value in page
    assert ("GREEN" in page, "Alder Ltd" in page) == (True, True)


# --- Publishing ------------------------------------------------------------------------------------------------------


def test_the_workbench_shows_what_would_be_published(approver: Client) -> None:
    small_list()
    assert "Nothing to publish" in text_of(approver, WORKBENCH)
    approved(model=901, designation="Alder meter")
    approved("amend", "000002", values=amended("000002", **{DLMS: "NEW-1"}))
    waiting = proposed("remove", "000004")
    page = text_of(approver, WORKBENCH)
    for words in (
        "Next: version 3.002",
        "000025",
        "NEW-1",
        "CPL_v3.002.xlsm",
        "Alder meter",
        f"/publications/changes/{waiting.pk}/",
    ):
        assert words in page
    assert Release.objects.count() == 2


def test_publishing_by_page(approver: Client) -> None:
    small_list()
    approved(model=901)
    form = approver.get(WORKBENCH).context["form"]
    said = {"text": "One new device.\r\nIn two lines.", "seen": form.initial["seen"]}
    response = approver.post(PUBLISH, said)
    assert "is being published" in text_of(approver, WORKBENCH)
    assert 'http-equiv="refresh"' in text_of(approver, response["Location"])
    assert approver.post(PUBLISH, said)["Location"] == response["Location"]
    other = approver.post(PUBLISH, said | {"text": "My words"})
    page = unescape(other.content.decode())
    assert (other.status_code, "has ordered this version with another text" in page, "My words" in page) == (409, True, True)
    outbox.drain(strict=True)
    response = approver.get(response["Location"])
    assert response["Location"] == "/publications/versions/3.002/"
    release = selectors.head()
    assert release is not None
    assert (str(release.version), release.changes_text, release.published_by) == (
        "3.002",
        "One new device.\nIn two lines.",
        two_people()[1],
    )
    page = text_of(approver, response["Location"])
    assert release.csv_sha256 in page
    assert "FIR and DZIR" in page
    assert "repositories.follow" not in page


def test_what_was_not_seen_is_not_published(approver: Client) -> None:
    small_list()
    approved(model=901)
    seen = approver.get(WORKBENCH).context["form"].initial["seen"]
    approved(model=902)
    response = approver.post(PUBLISH, {"text": "My words", "seen": seen})
    page = unescape(response.content.decode())
    assert (response.status_code, "have changed since you looked" in page, "My words" in page) == (409, True, True)
    assert Release.objects.count() == 2
    assert approver.post(PUBLISH, {"text": "x"}).status_code == 409


def test_what_blocks_is_said(approver: Client) -> None:
    small_list()
    approved("remove", "000001")
    approved("amend", "000001", values=amended("000001", **{DLMS: "1"}))
    page = text_of(approver, WORKBENCH)
    assert "Entry 000001 is changed 2 times" in page
    assert "Publish version" not in page


def test_an_old_proof_is_asked_for_again() -> None:
    small_list()
    approved(model=901)
    client = sign_in(Client(), two_people()[1], ago=3600)
    seen = client.get(WORKBENCH).context["form"].initial["seen"]
    response = client.post(PUBLISH, {"text": "x", "seen": seen})
    assert (response.status_code, "reauthenticate" in response["Location"]) == (302, True)
    assert Release.objects.count() == 2


def test_few_questions_to_the_database(approver: Client, django_assert_max_num_queries: object) -> None:
    small_list()
    for model in range(901, 911):
        approved(model=model)
        proposed(model=model + 50)
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        assert approver.get(WORKBENCH).status_code == 200


# --- Importing -------------------------------------------------------------------------------------------------------


def upload(client: Client, data: bytes, name: str = "CPL.xlsm") -> object:
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data)})


def test_import_by_page(administrator: Client) -> None:
    data = list_workbook(sample_entries(8), (3, 1), history=HISTORY)
    response = upload(administrator, data)
    page = unescape(response.content.decode())  # type: ignore[attr-defined]
    assert ("Version 3.001" in page, "Take over" in page, Release.objects.exists()) == (True, True, False)
    assert administrator.post(CONFIRM)["Location"] == "/"
    assert (Release.objects.count(), EntryRow.objects.count()) == (2, 8)
    assert "8 entries and 2 versions are taken over" in text_of(administrator, "/")
    assert administrator.post(CONFIRM)["Location"] == IMPORT


def test_a_refused_workbook_cannot_be_confirmed(administrator: Client) -> None:
    response = upload(administrator, b"no workbook at all")
    page = unescape(response.content.decode())  # type: ignore[attr-defined]
    assert ("Nothing can be taken over" in page, "Take over" in page) == (True, False)
    assert administrator.post(CONFIRM)["Location"] == IMPORT
    assert not Release.objects.exists()


def test_a_site_with_a_list_says_so(administrator: Client) -> None:
    small_list(2)
    published_before = Release.objects.count()
    assert "has a list already" in text_of(administrator, IMPORT)
    response = upload(administrator, list_workbook(sample_entries(8), (3, 1), history=HISTORY))
    assert "an import never overwrites one" in unescape(response.content.decode())  # type: ignore[attr-defined]
    assert Release.objects.count() == published_before


def test_menu(approver: Client, client: Client) -> None:
    small_list(2)
    approved()
    published()
    assert 'href="/publications/"' in text_of(approver, "/")
    assert 'href="/publications/"' not in text_of(client, "/")
