"""The demo: every state of a case, sign-ins that work, a site that says what it is, and nothing doubled by a second start."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from core import records
from core.models import AuditEntry
from cpl.models import EntryRow, Release
from notifications.models import Message
from submissions.demo.people import PASSWORD, PEOPLE, TOTP_SECRET
from submissions.domain.lifecycle import State
from submissions.models import Receipt, Submission
from submissions.services import deciding
from tests.people import totp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(settings: Any, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """What the command printed on an empty site."""
    call_command("seed_demo")
    yield capsys.readouterr().out
    settings.CPL_DEMO_MARK.unlink()


def test_a_second_start_adds_nothing_and_everything_is_there(demo: str) -> None:
    def count() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (Release, EntryRow, Submission, Receipt, Message, AuditEntry))

    before = count()
    states = set(Submission.objects.values_list("state", flat=True))
    assert states == {state.value for state in State}
    assert EntryRow.objects.open().count() >= 60
    assert str(Release.objects.first().version) == "3.000"
    assert records.run() == []
    call_command("seed_demo")
    assert count() == before


def test_what_people_did_on_the_demo_stays_at_the_next_start(demo: str) -> None:
    ready = Submission.objects.get(state=State.DUPLICATE_CHECKED, assigned_to__isnull=False)
    deciding.approve(User.objects.get(email="grace@secas.example"), ready)
    call_command("seed_demo")
    ready.refresh_from_db()
    assert ready.state == State.APPROVED


def test_every_page_says_what_the_data_is(demo: str) -> None:
    for place in ("/", "/cpl/", "/check/", "/accounts/login/"):
        assert "demo-banner" in Client().get(place).content.decode()


@pytest.mark.parametrize("cast", PEOPLE[:1] + PEOPLE[-3:], ids=lambda cast: cast.address)
def test_everybody_can_sign_in_as_printed(demo: str, cast: Any) -> None:
    assert cast.address in demo
    assert PASSWORD in demo
    client = Client()
    answer = client.post("/accounts/login/", {"login": cast.address, "password": PASSWORD}, follow=True)
    if "code" in answer.content.decode() and answer.request["PATH_INFO"] != "/":
        answer = client.post(answer.request["PATH_INFO"], {"code": totp(TOTP_SECRET)}, follow=True)
    assert "Sign out" in answer.content.decode()
