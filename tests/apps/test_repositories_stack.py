"""The two RED values of a form: sealed on arrival, opened for few and never without a reason on record."""

import sqlite3
from contextlib import closing

import pytest
from django.db import connection, transaction
from django.http import Http404

from accounts.models import Role
from core import audit, crypto
from core.models import AuditEntry
from repositories import sealing, services
from repositories.models import StackRecord
from tests.people import person

pytestmark = pytest.mark.django_db

ORIGIN = "submission:SUB-2026-0001/1"
VENDOR, VERSION = "Canary Radio Works", "R-77.canary"


def held(origin: str = ORIGIN) -> StackRecord:
    return services.hold_stack(origin, VENDOR, VERSION)


def worker(*roles: Role, second_factor: bool = True):
    user = person(*(roles or (Role.ANALYST,)))
    user.second_factor_used = second_factor
    return user


@pytest.mark.parametrize(
    "roles",
    [[], [Role.SEC_PARTY], [Role.DCC], [Role.SSC_MEMBER], [Role.SECURITY_EXPERT], [Role.ADMINISTRATOR], [Role.AUDITOR]],
    ids=str,
)
def test_whoever_does_not_work_cases_sees_nothing(roles: list[Role]) -> None:
    user = person(*roles, is_superuser=Role.ADMINISTRATOR in roles)
    user.second_factor_used = True
    with pytest.raises(Http404):
        services.reveal(user, held(), "curious")
    assert not AuditEntry.objects.filter(verb="red.revealed").exists()


def test_no_second_factor_no_values() -> None:
    with pytest.raises(Http404):
        services.reveal(worker(second_factor=False), held(), "comparing with the certificate")


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_no_reason_no_values(reason: str) -> None:
    with pytest.raises(services.ReasonNeeded):
        services.reveal(worker(), held(), reason)
    assert not AuditEntry.objects.filter(verb="red.revealed").exists()


def test_with_a_reason_the_values_are_shown_and_the_case_says_who_looked() -> None:
    user, record = worker(), held()
    assert services.reveal(user, record, " the vendor asks ") == (VENDOR, VERSION)
    (entry,) = audit.trail("submission:SUB-2026-0001")
    assert entry.verb == "red.revealed"
    assert entry.actor == f"user:{user.pk} {user.email}"
    assert entry.detail == {"record": str(record.pk), "reason": "the vendor asks"}


def test_the_look_is_on_record_before_anything_is_opened() -> None:
    record = held()
    StackRecord.objects.filter(pk=record.pk).update(version_sealed=b"damaged")
    record.refresh_from_db()
    with pytest.raises(crypto.Unreadable):
        services.reveal(worker(), record, "does it open?")
    assert AuditEntry.objects.filter(verb="red.revealed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_could_take_the_record_back_is_refused() -> None:
    user, record = worker(), held()
    with pytest.raises(RuntimeError), transaction.atomic():
        services.reveal(user, record, "inside something else")


def test_a_revision_is_held_once() -> None:
    assert services.hold_stack(ORIGIN, "other", "values") == held() == held()
    assert StackRecord.objects.count() == 1


def test_a_seal_opens_in_its_own_record_and_column_alone() -> None:
    one, other = held(), held("submission:SUB-2026-0002/1")
    other.vendor_sealed, one.version_sealed = one.vendor_sealed, one.vendor_sealed
    for record in (one, other):
        with pytest.raises(crypto.Unreadable):
            sealing.opened(record)


@pytest.mark.django_db(transaction=True)
@pytest.mark.sqlite_only
def test_nothing_of_the_values_lies_in_the_database_file(tmp_path) -> None:
    services.reveal(worker(), held(), "looking")
    copy = tmp_path / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(copy)) as target:
        connection.connection.backup(target)
    assert ORIGIN.encode() in copy.read_bytes()
    for canary in (VENDOR, VERSION):
        assert canary.encode() not in copy.read_bytes()
        assert canary.encode("utf-16-le") not in copy.read_bytes()
