"""The list in the records pages: looked at by staff, changed by nobody, save for reference data."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from core import audit
from cpl import selectors
from cpl.models import Change, DeviceLevelVersion, EntryRow, Release, RuleSetRecord, SelectionValue
from tests.builders.listing import approved, proposed, published, small_list
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db
READ_ONLY = (Release, EntryRow, Change, RuleSetRecord)
REFERENCE = (SelectionValue, DeviceLevelVersion)
STAFF = {Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.ADMINISTRATOR, Role.AUDITOR}


def page(model: Any, name: str, *arguments: object) -> str:
    return reverse(f"admin:cpl_{model._meta.model_name}_{name}", args=arguments)


@pytest.fixture
def rows() -> None:
    small_list(3)
    approved()
    published()
    proposed("remove", "000001")


@pytest.mark.parametrize("role", Role)
def test_staff_look_and_nobody_touches(client: Client, rows: None, role: Role) -> None:
    sign_in(client, person(role))
    for model in READ_ONLY:
        first = model.objects.first()
        looks = client.get(page(model, "changelist")).status_code, client.get(page(model, "change", first.pk)).status_code
        assert (looks == (200, 200)) == (role in STAFF), model
        assert client.get(page(model, "add")).status_code != 200
        assert client.post(page(model, "change", first.pk), {"status": "withdrawn", "reason": "x"}).status_code != 200
        assert client.post(page(model, "delete", first.pk), {"post": "yes"}).status_code != 200
        assert list(model.objects.filter(pk=first.pk).values()) == [
            {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
        ]


@pytest.mark.parametrize("role", sorted(STAFF))
def test_only_an_administrator_keeps_reference_data(client: Client, role: Role) -> None:
    sign_in(client, person(role))
    for model in REFERENCE:
        assert client.get(page(model, "changelist")).status_code == 200
        assert (client.get(page(model, "add")).status_code == 200) == (role is Role.ADMINISTRATOR)
        row = model.objects.first()
        assert client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        before = model.objects.get(pk=row.pk).valid_to
        client.post(page(model, "change", row.pk), {"position": "1", "family": "", "valid_from": "", "valid_to": "2030-01-01"})
        changed = model.objects.get(pk=row.pk).valid_to
        assert (changed == datetime.date(2030, 1, 1)) == (role is Role.ADMINISTRATOR)
        assert changed == before or role is Role.ADMINISTRATOR


def test_a_value_gets_an_end_and_keeps_its_past(client: Client) -> None:
    administrator = person(Role.ADMINISTRATOR)
    sign_in(client, administrator)
    row = SelectionValue.objects.filter(list_name__icontains="dlms").first()
    assert row is not None
    sent = {"list_name": "other", "value": "other", "family": row.family, "position": row.position, "valid_to": "2026-06-01"}
    client.post(page(SelectionValue, "change", row.pk), sent)
    now = SelectionValue.objects.get(pk=row.pk)
    assert (now.list_name, now.value, now.valid_to) == (row.list_name, row.value, datetime.date(2026, 6, 1))
    entry = audit.trail(f"reference:selectionvalue:{row.pk}").get()
    assert (entry.verb, entry.detail["valid_to"]) == ("reference.changed", "2026-06-01")
    assert now.history.first().history_user == administrator
    assert client.get(page(SelectionValue, "history", row.pk)).status_code == 200

    def choices(day: datetime.date) -> list[str]:
        return [value.value for value in selectors.current_rules(day).lists[row.list_name]]

    assert row.value in choices(datetime.date(2026, 5, 31))
    assert row.value not in choices(datetime.date(2026, 6, 1))


def test_a_new_value_holds_from_its_day(client: Client) -> None:
    sign_in(client, person(Role.ADMINISTRATOR))
    name = SelectionValue.objects.first().list_name  # type: ignore[union-attr]
    sent = {"list_name": name, "value": "Brand new", "family": "", "position": "99", "valid_from": "2026-12-01", "valid_to": ""}
    wrong = [sent | {"list_name": "no such list"}, sent | {"valid_to": "2026-12-01"}, sent | {"value": ""}]
    for each in wrong:
        assert client.post(page(SelectionValue, "add"), each).status_code == 200
    assert not SelectionValue.objects.filter(value="Brand new").exists()
    assert client.post(page(SelectionValue, "add"), sent).status_code == 302
    for day, there in ((datetime.date(2026, 11, 30), False), (datetime.date(2026, 12, 1), True)):
        assert ("Brand new" in [value.value for value in selectors.current_rules(day).lists[name]]) == there


def test_a_combination_holds_from_its_day(client: Client) -> None:
    sign_in(client, person(Role.ADMINISTRATOR))
    sent = {"device_type": "Gas Smart Meter", "smets_chts": "SMETS V9.9", "gbcs": "GBCS Version 9.9", "valid_from": "2026-12-01"}
    assert client.post(page(DeviceLevelVersion, "add"), sent).status_code == 302
    new = ("Gas Smart Meter", "SMETS V9.9", "GBCS Version 9.9")
    assert new not in selectors.current_rules(datetime.date(2026, 11, 30)).combinations
    assert new in selectors.current_rules(datetime.date(2026, 12, 1)).combinations
