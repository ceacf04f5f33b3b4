"""The pages of FIR and DZIR: who is refused, what is on record before the first byte, and that every copy names its reader."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Role, SscMembership, User
from core import audit, outbox
from core.models import AuditEntry
from repositories import services
from repositories.domain.sheet import NOT_HELD
from repositories.models import StackRecord
from tests.builders.releases import added, changed, imported, release
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db

CANARY = "Canary-Radio-Works"
RED_PAGES = ["dzir", "dzir_download"]
GREEN_PAGES = ["fir", "fir_download"]


@pytest.fixture
def published() -> Any:
    """Version 3.000 with three entries whose stacks are known; one is Removed in 3.001."""
    changes = [added(n) for n in (1, 2, 3)]
    for n, change in enumerate(changes, start=1):
        services.hold_stack(change["origin"], f"{CANARY} {n}", f"R{n}")
    release(*changes)
    made = release(changed("remove", 3))
    outbox.drain(strict=True)
    return made


def address(name: str) -> str:
    return reverse(f"repositories:{name}")


def as_(client: Client, *roles: str, **more: Any) -> Client:
    return sign_in(client, person(*roles, **more))


def ended(user: User) -> User:
    SscMembership.objects.filter(user=user).update(valid_to=timezone.localdate() - timedelta(days=1))
    return user


# --- Refusals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", RED_PAGES + GREEN_PAGES)
def test_a_stranger_is_asked_to_sign_in(client: Client, published: Any, page: str) -> None:
    answer = client.get(address(page))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("roles", [(), (Role.SSC_MEMBER,)], ids=["nobody", "SSC member"])
@pytest.mark.parametrize("page", GREEN_PAGES)
def test_the_fir_is_for_sec_parties_and_staff(client: Client, published: Any, page: str, roles: tuple[str, ...]) -> None:
    assert as_(client, *roles).get(address(page)).status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "head"])
@pytest.mark.parametrize("page", RED_PAGES)
@pytest.mark.parametrize("role", [None, *(role for role in Role if role != Role.SSC_MEMBER)], ids=str)
def test_the_dzir_opens_to_no_other_role(client: Client, published: Any, page: str, method: str, role: Role | None) -> None:
    answer = getattr(as_(client, *([role] if role else [])), method)(address(page))
    assert answer.status_code in {404, 405}
    assert CANARY.encode() not in answer.content
    assert not audit.trail("repository:DZIR").exists()


@pytest.mark.parametrize("page", RED_PAGES)
def test_the_dzir_does_not_open_to_a_superuser(client: Client, published: Any, page: str) -> None:
    root = person(Role.ADMINISTRATOR, is_superuser=True, is_staff=True)
    assert sign_in(client, root).get(address(page)).status_code == 404


@pytest.mark.parametrize("page", RED_PAGES)
def test_the_dzir_does_not_open_without_declaration_or_after_the_seat_ended(client: Client, published: Any, page: str) -> None:
    assert as_(client, Role.SSC_MEMBER, declared=False).get(address(page)).status_code == 404
    assert sign_in(Client(), ended(person(Role.SSC_MEMBER))).get(address(page)).status_code == 404


@pytest.mark.parametrize("page", RED_PAGES)
def test_the_dzir_asks_for_the_second_factor_first(client: Client, published: Any, page: str) -> None:
    answer = sign_in(client, person(Role.SSC_MEMBER), second_factor=False).get(address(page))
    assert answer.status_code == 302
    assert "2fa" in answer["Location"] or "mfa" in answer["Location"]
    assert not audit.trail("repository:DZIR").exists()


@pytest.mark.parametrize("page", RED_PAGES)
def test_the_dzir_asks_again_when_the_last_proof_is_old(client: Client, published: Any, page: str) -> None:
    answer = sign_in(client, person(Role.SSC_MEMBER), ago=16 * 60).get(address(page))
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not audit.trail("repository:DZIR").exists()


def test_a_seat_that_ends_closes_the_page_in_the_same_session(client: Client, published: Any) -> None:
    user = person(Role.SSC_MEMBER)
    assert sign_in(client, user).get(address("dzir")).status_code == 200
    ended(user)
    assert client.get(address("dzir")).status_code == 404


def test_a_search_needs_its_token(published: Any) -> None:
    strict = sign_in(Client(enforce_csrf_checks=True), person(Role.SSC_MEMBER))
    assert strict.post(address("dzir"), {"vendor": "x"}).status_code == 403


@pytest.mark.parametrize("page", ["fir_download", "dzir_download"])
def test_before_the_first_release_there_is_nothing_to_download(client: Client, page: str) -> None:
    assert as_(client, Role.SSC_MEMBER, Role.SEC_PARTY).get(address(page)).status_code == 404


# --- FIR --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SSC_MEMBER], ids=str)
def test_the_fir_shows_who_to_ask_and_no_stack(client: Client, published: Any, role: Role) -> None:
    page = as_(client, role).get(address("fir"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "GREEN" in text
    assert "Brookfield Devices plc" in text
    assert "Removed" in text
    assert CANARY not in text
    assert "no-store" in page["Cache-Control"]


def test_the_fir_workbook_is_the_stored_one(client: Client, published: Any) -> None:
    answer = as_(client, Role.SEC_PARTY).get(address("fir_download"))
    assert answer["Content-Disposition"] == 'attachment; filename="FIR_v3.001_GREEN.xlsx"'
    rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert [row[0] for row in rows[-3:]] == ["000001", "000002", "000003"]
    assert CANARY not in str(rows)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("brookfield", {"000001"}),
        ("7A:02", {"000001"}),
        ("7a:02", {"000001"}),
        ("000002", {"000002"}),
        ("00:03", {"000003"}),
        (f"{CANARY}", set()),
        ("R1", set()),
        ("%", set()),
        ("'; --", set()),
    ],
)
def test_the_fir_is_searched_by_manufacturer_and_model_and_never_by_stack(
    client: Client, published: Any, query: str, found: set[str]
) -> None:
    page = as_(client, Role.SEC_PARTY).get(address("fir"), {"q": query})
    assert {line.entry.number for line in page.context["lines"]} == found


def test_release_notes_are_text_and_only_web_addresses_become_links(client: Client) -> None:
    notes = "<script>alert(1)</script> javascript:alert(1) see https://maker.example/notes?a=1&b=2"
    release(added(1, **{"FIR Release Notes.Description": notes}))
    outbox.drain(strict=True)
    text = as_(client, Role.SEC_PARTY).get(address("fir")).content.decode()
    assert "<script>alert" not in text
    assert 'href="https://maker.example/notes?a=1&amp;b=2"' in text
    assert 'href="javascript' not in text


def test_long_lists_have_pages_and_a_page_that_is_not_there_shows_the_last(client: Client) -> None:
    imported(60)
    as_(client, Role.SEC_PARTY)
    first, last, beyond = (client.get(address("fir"), {"page": page}) for page in ("1", "2", "99"))
    assert [len(page.context["lines"]) for page in (first, last, beyond)] == [50, 10, 10]
    assert NOT_HELD in first.content.decode()


def test_an_empty_site_says_so(client: Client) -> None:
    as_(client, Role.SEC_PARTY, Role.SSC_MEMBER)
    for page in ("fir", "dzir"):
        assert "Nothing published yet" in client.get(address(page)).content.decode()


# --- DZIR -------------------------------------------------------------------------------------------------------------------


def test_a_member_sees_the_stacks_under_their_own_name(client: Client, published: Any) -> None:
    user = person(Role.SSC_MEMBER, name="Robin Winter")
    page = sign_in(client, user).get(address("dzir"))
    text = page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert f"{CANARY} 1" in text
    assert "RED" in text
    assert text.count(f"Copy of Robin Winter ({user.email}), {timezone.localtime():%d/%m/%Y}") == 2
    (entry,) = audit.trail("repository:DZIR")
    assert (entry.verb, entry.actor) == ("dzir.viewed", f"user:{user.pk} {user.email}")


def test_a_downloaded_copy_carries_its_reader_and_the_trail_says_which_bytes(client: Client, published: Any) -> None:
    user = person(Role.SSC_MEMBER, name='=cmd|" /C calc"!A1 & Söhne')
    answer = sign_in(client, user).get(address("dzir_download"))
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="DZIR_v3.001_RED.xlsx"'
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert f"Copy of {user.name} ({user.email})" in sheet["A2"].value
    assert user.email in sheet.oddFooter.center.text
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[-3:] == [(f"00000{n}", f"{CANARY} {n}", f"R{n}") for n in (1, 2, 3)]
    (entry,) = audit.trail("repository:DZIR")
    assert entry.verb == "dzir.downloaded"
    assert entry.detail["release"] == "3.001"


@pytest.mark.parametrize("page", RED_PAGES)
def test_the_look_is_on_record_even_when_nothing_could_be_shown(client: Client, published: Any, page: str, settings: Any) -> None:
    user = sign_in(client, person(Role.SSC_MEMBER))
    settings.CPL_RED_KEY = "A" * 43 + "="
    answer = user.get(address(page))
    assert (answer.status_code, CANARY in answer.content.decode()) == (503, False)
    assert "sealed under a key for RED that this site does not have" in answer.content.decode()
    assert audit.trail("repository:DZIR").count() == 1


@pytest.mark.parametrize(
    ("vendor", "version", "found"),
    [
        ("canary", "", {"000001", "000002", "000003"}),
        ("CANARY", "r2", {"000002"}),
        ("Works 3", "", {"000003"}),
        ("nobody", "", set()),
    ],
)
def test_a_search_finds_the_devices_and_leaves_no_trace_of_what_was_sought(
    client: Client, published: Any, vendor: str, version: str, found: set[str]
) -> None:
    page = as_(client, Role.SSC_MEMBER).post(address("dzir"), {"vendor": vendor, "version": version})
    assert {line.entry.number for line in page.context["lines"]} == found
    (entry,) = audit.trail("repository:DZIR")
    assert (entry.verb, entry.detail) == ("dzir.searched", {"page": "1"})


def test_what_stands_in_the_address_is_no_search(client: Client, published: Any) -> None:
    page = as_(client, Role.SSC_MEMBER).get(address("dzir"), {"vendor": "nobody", "q": "nobody"})
    assert len(page.context["lines"]) == 3


def test_no_entry_of_the_audit_trail_holds_red(client: Client, published: Any) -> None:
    as_(client, Role.SSC_MEMBER)
    client.get(address("dzir"))
    client.get(address("dzir_download"))
    client.post(address("dzir"), {"vendor": CANARY})
    assert AuditEntry.objects.filter(object_name="repository:DZIR").count() == 3
    assert CANARY not in str(list(AuditEntry.objects.values()))


# --- Records pages ----------------------------------------------------------------------------------------------------------


def test_stack_records_have_no_page_in_the_records() -> None:
    assert not admin.site.is_registered(StackRecord)


@pytest.mark.parametrize("model", ["firentry", "export"])
def test_the_auditor_looks_at_rows_and_exports_and_changes_nothing(client: Client, published: Any, model: str) -> None:
    as_(client, Role.AUDITOR)
    listing = client.get(reverse(f"admin:repositories_{model}_changelist"))
    assert listing.status_code == 200
    assert CANARY not in listing.content.decode()
    assert client.get(reverse(f"admin:repositories_{model}_add")).status_code in {403, 404}


@pytest.mark.parametrize("model", ["firentry", "export"])
def test_an_administrator_has_no_business_there(client: Client, published: Any, model: str) -> None:
    assert as_(client, Role.ADMINISTRATOR).get(reverse(f"admin:repositories_{model}_changelist")).status_code in {403, 404}
