"""What somebody meets on the way in: a code as the app shows it, words when it is wrong, and the page to begin at."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Role
from accounts.services import enrol_totp
from tests.people import PASSWORD, SECRET, person, totp

pytestmark = pytest.mark.django_db
CODE = "/accounts/2fa/authenticate/"


@pytest.fixture(autouse=True)
def no_attempts_remembered() -> None:
    cache.clear()


def half_way(client: Client, role: Role) -> None:
    """Somebody with a second factor, who has given the password and is asked for the code."""
    user = person(role)
    enrol_totp(user, SECRET)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def test_a_code_may_be_typed_as_the_app_shows_it(client: Client) -> None:
    half_way(client, Role.ANALYST)
    code = totp()
    client.post(CODE, {"code": f" {code[:3]} {code[3:]} "})
    assert "_auth_user_id" in client.session


def test_a_wrong_code_is_answered_with_what_to_do(client: Client) -> None:
    half_way(client, Role.ANALYST)
    page = client.post(CODE, {"code": "000000"}).content.decode()
    assert "Wait for the next one and type its six digits" in page
    assert 'id="id_code"' in page
    assert "autofocus" in page


@pytest.mark.parametrize(("role", "place"), [(Role.ANALYST, "/cases/"), (Role.AUDITOR, "/cases/"), (Role.ADMINISTRATOR, "/")])
def test_whoever_reads_cases_begins_at_the_queue(client: Client, role: Role, place: str) -> None:
    half_way(client, role)
    assert client.post(CODE, {"code": totp()})["Location"] == place
