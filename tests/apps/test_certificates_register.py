"""The register of certificates: it follows the list by itself, once, and shows what is due first."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from certificates import handlers, selectors
from certificates.models import Certificate, CertificateUse
from core import outbox
from cpl.domain.entry import CPA_NUMBER
from tests.builders.releases import added, changed, imported, release
from tests.builders.values import HUB, PPMID
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db

EXPIRY = "CPA_Certificate.expiry_date"
SHARED = {CPA_NUMBER: "[E] 1433053936-1497"}
LIST = "/certificates/"


def in_days(days: int) -> str:
    return f"{timezone.localdate() + timedelta(days=days):%d/%m/%Y}"


def published(*changes: dict[str, Any]) -> Any:
    made = release(*changes)
    outbox.drain(strict=True)
    return made


def kept() -> list[Any]:
    return [list(Certificate.objects.order_by("pk").values()), list(CertificateUse.objects.order_by("pk").values())]


# --- Following the list -----------------------------------------------------------------------------------------------------


def test_a_release_brings_its_certificates_along() -> None:
    published(added(1), added(2, device_type=HUB))
    found = set(Certificate.objects.values_list("kind", "core"))
    assert found == {
        ("CPA", "1700000001-4001"),
        ("ZSE", "ZIG26001ZSE14001-24"),
        ("DLMS", "3001"),
        ("CPA", "1700000002-4002"),
        ("ZSE", "ZIG26002ZSE14002-24"),
    }
    use = CertificateUse.objects.get(certificate__core="1700000001-4001")
    assert (use.row.number, use.as_written, f"{use.valid_until:%d/%m/%Y}") == ("000001", "[R] NCSC-1700000001-4001", "30/06/2031")


def test_registering_again_changes_nothing() -> None:
    made = published(added(1), added(2, **SHARED), added(3, **SHARED))
    before = kept()
    handlers.published(str(made.version), {"serial": made.serial})
    handlers.imported(str(made.version), {"serial": made.serial})
    assert kept() == before


def test_a_list_taken_over_is_registered_whole_and_once() -> None:
    made = imported(5)
    outbox.drain(strict=True)
    assert CertificateUse.objects.count() == 15
    before = kept()
    handlers.imported(str(made.version), {"serial": made.serial})
    assert kept() == before


def test_spellings_meet_in_one_certificate_with_all_its_entries() -> None:
    published(added(1, **SHARED), added(2, **{CPA_NUMBER: "[R] NCSC-1433053936-1497"}))
    certificate = Certificate.objects.get(kind="CPA")
    assert sorted(certificate.uses.values_list("as_written", flat=True)) == ["[E] 1433053936-1497", "[R] NCSC-1433053936-1497"]


def test_events_in_the_wrong_order_end_with_the_first_release() -> None:
    first = release(added(1, **SHARED), announce=False)
    second = release(added(2, **SHARED), announce=False)
    handlers.published("", {"serial": second.serial})
    assert Certificate.objects.get(kind="CPA").first_release == second.serial
    handlers.published("", {"serial": first.serial})
    assert Certificate.objects.get(kind="CPA").first_release == first.serial


def test_an_amended_entry_leaves_its_old_certificate_behind() -> None:
    published(added(1, **SHARED))
    published(changed("amend", 1, **{CPA_NUMBER: "[R] NCSC-1433053936-3917", EXPIRY: in_days(400)}))
    listed = selectors.certificates(kind="CPA", today=timezone.localdate())
    assert [one.core for one in listed] == ["1433053936-3917"]
    assert Certificate.objects.filter(core="1433053936-1497").exists(), "what was once used stays on record"


# --- In use -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "used"),
    [
        ("[E] 1433053936-1497", True),
        ("[R] NCSC-1433053936-1497", True),
        ("[E] 1433053936-1498", False),
        ("[T] 1433053936-1497", False),
        ("", False),
        ("Not Relevant", False),
    ],
)
def test_whether_an_entry_rests_on_the_certificate_of_a_form(number: str, used: bool) -> None:
    release(added(1, **SHARED), added(2, device_type=PPMID, **{CPA_NUMBER: "Not Relevant"}), announce=False)
    assert selectors.in_use({CPA_NUMBER: number}) is used


def test_the_entry_itself_does_not_count_and_a_removed_one_does() -> None:
    published(added(1, **SHARED))
    assert not selectors.in_use(SHARED, exclude_number="000001")
    published(changed("remove", 1))
    assert selectors.in_use(SHARED)


def test_a_certificate_given_up_is_no_longer_in_use() -> None:
    published(added(1, **SHARED))
    published(changed("amend", 1, **{CPA_NUMBER: "[R] NCSC-1433053936-3917"}))
    assert not selectors.in_use(SHARED)


# --- The page ---------------------------------------------------------------------------------------------------------------


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get(LIST)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR, Role.SEC_PARTY, Role.DCC, Role.SSC_MEMBER], ids=str)
def test_the_register_is_for_those_who_work_on_cases(client: Client, role: Role | None) -> None:
    user = person(*([role] if role else []), is_superuser=role == Role.ADMINISTRATOR)
    assert sign_in(client, user).get(LIST).status_code == 404


def several() -> None:
    """Certificates with dates near and far, one shared by two entries that disagree, one used by a Removed entry alone."""
    dates = {1: -3, 2: 10, 3: 60, 4: 400}
    published(
        *(added(n, device_type=HUB, **{EXPIRY: in_days(days)}) for n, days in dates.items()),
        added(5, device_type=HUB, **SHARED, **{EXPIRY: in_days(20)}),
        added(6, device_type=HUB, **SHARED, **{EXPIRY: in_days(25)}),
        added(7, device_type=HUB, **{EXPIRY: in_days(-100)}),
    )
    published(changed("remove", 7))


def shown(client: Client, **query: str) -> list[str]:
    return [line.certificate.core for line in client.get(LIST, query).context["lines"]]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR], ids=str)
def test_the_soonest_date_stands_first_and_says_how_near_it_is(client: Client, role: Role) -> None:
    several()
    page = sign_in(client, person(role)).get(LIST, {"kind": "CPA"})
    lines = page.context["lines"]
    assert [line.certificate.core for line in lines] == [
        "1700000001-4001",
        "1700000002-4002",
        "1433053936-1497",
        "1700000003-4003",
        "1700000004-4004",
        "1700000007-4007",
    ]
    assert [line.tag[1] for line in lines] == ["Expired", "Within 30 days", "Within 30 days", "Within 90 days", "", ""]
    assert [line.dates_differ for line in lines] == [False, False, True, False, False, False]
    assert "2 entries, 2 Current" in page.content.decode()
    assert "1 entry, 0 Current" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "CPA", "due": "expired"}, ["1700000001-4001"]),
        ({"due": "30"}, ["1700000002-4002", "1433053936-1497"]),
        ({"due": "90"}, ["1700000002-4002", "1433053936-1497", "1700000003-4003"]),
        ({"q": "1433053936", "kind": "CPA"}, ["1433053936-1497"]),
        ({"q": "000005", "kind": "CPA"}, ["1433053936-1497"]),
        ({"q": "ZIG26004"}, ["1700000004-4004", "ZIG26004ZSE14004-24"]),
        ({"kind": "Trial"}, []),
        ({"q": "nobody"}, []),
        ({"q": "%"}, []),
    ],
)
def test_the_register_is_narrowed(client: Client, query: dict[str, str], found: list[str]) -> None:
    several()
    sign_in(client, person(Role.ANALYST))
    assert shown(client, **query) == found


def test_the_register_has_pages_that_keep_the_filter(client: Client) -> None:
    imported(60)
    outbox.drain(strict=True)
    sign_in(client, person(Role.ANALYST))
    assert len(shown(client, kind="ZSE")) == 50
    assert len(shown(client, kind="ZSE", page="2")) == 10
    assert "kind=ZSE" in client.get(LIST, {"kind": "ZSE"}).content.decode()


def test_an_empty_register_says_so(client: Client) -> None:
    assert "No certificates yet" in sign_in(client, person(Role.ANALYST)).get(LIST).content.decode()


@pytest.mark.parametrize("model", ["certificate", "certificateuse"])
def test_the_records_show_and_change_nothing(client: Client, model: str) -> None:
    published(added(1))
    sign_in(client, person(Role.ANALYST))
    assert client.get(reverse(f"admin:certificates_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:certificates_{model}_add")).status_code in {403, 404}
    pk = (Certificate if model == "certificate" else CertificateUse).objects.values_list("pk", flat=True)[0]
    assert client.post(reverse(f"admin:certificates_{model}_delete", args=[pk]), {"post": "yes"}).status_code in {403, 404}
