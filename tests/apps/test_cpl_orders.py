"""Orders to publish: carried out once, whoever asks how often, and refused with a reason."""

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox
from core.models import OutboxEvent
from core.models.outbox import MAX_ATTEMPTS
from cpl.models import Change, PublicationOrder, Release
from cpl.services import orders, planning, publishing
from cpl.services.planning import PublishingBlocked
from cpl.services.publishing import PlanChanged
from tests.builders.listing import approved, small_list, two_people
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen() -> str:
    small_list()
    approved(model=901)
    return planning.preview().fingerprint


def test_an_order_is_carried_out_by_the_worker(seen: str) -> None:
    wanted = orders.order(two_people()[1], "One new device.", seen)
    assert Release.objects.count() == 2
    outbox.drain(strict=True)
    wanted.refresh_from_db()
    assert (wanted.outcome, str(wanted.release.version), wanted.release.changes_text) == ("published", "3.002", "One new device.")
    assert [entry.verb for entry in audit.trail(wanted)] == ["release.ordered", "release.order_published"]


def test_carried_out_again_nothing_happens(seen: str) -> None:
    wanted = orders.order(two_people()[1], "", seen)
    orders.carry_out(wanted.pk)
    approved(model=902)
    orders.carry_out(wanted.pk)
    assert Release.objects.count() == 3
    assert Change.objects.filter(status=Change.Status.APPROVED).count() == 1


def test_a_worker_that_died_after_publishing_is_believed(seen: str) -> None:
    wanted = orders.order(two_people()[1], "", seen)
    publishing.publish(two_people()[1], seen=seen)  # as far as the dead worker got
    approved(model=902)
    orders.carry_out(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.outcome, str(wanted.release.version)) == ("published", "3.002")
    assert Release.objects.count() == 3


def test_what_changed_after_the_order_is_not_published(seen: str) -> None:
    wanted = orders.order(two_people()[1], "", seen)
    approved(model=902)
    orders.carry_out(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.outcome, wanted.release) == ("refused", None)
    assert "have changed since you looked" in wanted.reason
    assert Release.objects.count() == 2
    again = orders.order(two_people()[1], "", planning.preview().fingerprint)
    orders.carry_out(again.pk)
    assert Release.objects.count() == 3


def test_a_publisher_who_lost_the_role_publishes_nothing(seen: str) -> None:
    publisher = person(Role.APPROVER)
    wanted = orders.order(publisher, "", seen)
    publisher.groups.clear()
    orders.carry_out(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.outcome == PublicationOrder.Outcome.REFUSED
    assert "may not publish any more" in wanted.reason


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR, Role.SEC_PARTY, Role.AUDITOR])
def test_others_may_not_order(role: Role, seen: str) -> None:
    with pytest.raises(Http404):
        orders.order(person(role), "", seen)


def test_nothing_else_than_what_was_seen_can_be_ordered(seen: str) -> None:
    approved(model=902)
    with pytest.raises(PlanChanged):
        orders.order(two_people()[1], "", seen)


def test_without_changes_there_is_nothing_to_order() -> None:
    small_list()
    with pytest.raises(PublishingBlocked):
        orders.order(two_people()[1], "", "")


def failed(wanted: PublicationOrder, attempts: int) -> None:
    event = OutboxEvent.objects.filter(topic=orders.ORDERED, key=str(wanted.pk))
    dead = timezone.now() if attempts == MAX_ATTEMPTS else None
    event.update(attempts=attempts, dead_at=dead, last_error="OSError: No space left on device")


def test_an_order_that_was_given_up_is_made_anew(seen: str) -> None:
    publisher = two_people()[1]
    wanted = orders.order(publisher, "One device.", seen)
    failed(wanted, 3)
    assert orders.order(publisher, "One device.", seen) == wanted  # it is still being tried
    failed(wanted, MAX_ATTEMPTS)
    again = orders.order(publisher, "One new device.", seen)
    outbox.drain(strict=True)
    wanted.refresh_from_db()
    again.refresh_from_db()
    assert (wanted.outcome, wanted.reason) == ("refused", "Given up after 12 attempts: OSError: No space left on device")
    assert (again.outcome, again.release.changes_text) == ("published", "One new device.")


def test_a_text_beside_one_that_was_ordered_is_not_dropped_silently(seen: str) -> None:
    first, second = two_people()[1], person(Role.APPROVER)
    wanted = orders.order(first, "One text.", seen)
    with pytest.raises(PublishingBlocked, match=f"{first} has ordered this version with another text"):
        orders.order(second, "Another text.", seen)
    assert orders.order(second, "One text.", seen) == wanted


@pytest.mark.parametrize(
    ("attempts", "words", "looks_again"), [(0, "Being published.", 1), (3, "Not published yet.", 1), (12, "Given up.", 0)]
)
def test_the_page_of_an_order_says_how_far_it_is(client: Client, seen: str, attempts: int, words: str, looks_again: int) -> None:
    publisher = two_people()[1]
    wanted = orders.order(publisher, "", seen)
    if attempts:
        failed(wanted, attempts)
    page = sign_in(client, publisher).get(f"/publications/orders/{wanted.pk}/").content.decode()
    assert words in page
    assert page.count('http-equiv="refresh"') == looks_again
    assert ("No space left on device" in page) == bool(attempts)
