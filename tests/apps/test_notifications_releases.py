"""Word of a new version: once to each reader and to the DCC, with the right file, and never with RED."""

import pytest
from django.core import mail
from django.utils import timezone

from core import outbox, vault
from notifications import handlers, subscriptions
from notifications.models import Message, Subscription
from repositories import services as repositories
from tests.builders.releases import added, release

pytestmark = pytest.mark.django_db

CANARY = "Canary-Radio-Works"
CSV = b"\xef\xbb\xbfVersion,Entry.number\r\nVersion 3.000,000001"


@pytest.fixture(autouse=True)
def kept_in_memory(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def reader(email: str, *, confirmed: bool = True, ended: bool = False) -> Subscription:
    now = timezone.now()
    return Subscription.objects.create(email=email, confirmed_at=now if confirmed else None, ended_at=now if ended else None)


def test_readers_who_confirmed_and_stayed_are_told_and_nobody_else() -> None:
    reader("in@maker.example")
    reader("asked@maker.example", confirmed=False)
    reader("left@maker.example", ended=True)
    release(added(1))
    outbox.drain(strict=True)
    told = [one.to[0] for one in mail.outbox]
    assert sorted(told) == ["cpl@dcc.example", "in@maker.example"]


def test_the_notice_says_what_changed_and_ends_by_one_click(settings) -> None:
    subscription = reader("in@maker.example")
    release(added(1))
    outbox.drain(strict=True)
    (notice,) = [one for one in mail.outbox if one.to == ["in@maker.example"]]
    assert notice.subject == "Central Products List: version 3.000"
    assert "Changes of release 1" in notice.body
    assert f"{settings.CPL_BASE_URL}/cpl/versions/3.000/" in notice.body
    url = subscriptions.link("unsubscribe", subscription)
    assert url in notice.body
    assert notice.extra_headers["List-Unsubscribe"] == f"<{url}>"
    assert notice.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert not notice.attachments


def test_the_dcc_gets_the_stored_csv_byte_for_byte() -> None:
    made = release(added(1), csv=CSV)
    outbox.drain(strict=True)
    (notice,) = [one for one in mail.outbox if one.to == ["cpl@dcc.example"]]
    (part,) = notice.attachments
    assert part.get_filename() == "CPL_v3.000.csv"
    assert part.get_payload(decode=True) == CSV == vault.read(made.csv_sha256)
    assert made.csv_sha256 in notice.body
    assert "List-Unsubscribe" not in notice.extra_headers


def test_told_again_nobody_hears_twice() -> None:
    reader("in@maker.example")
    made = release(added(1), csv=CSV)
    outbox.drain(strict=True)
    before = list(Message.objects.values())
    handlers.announce(str(made.version), {"serial": made.serial})
    outbox.drain(strict=True)
    assert list(Message.objects.values()) == before
    assert len(mail.outbox) == 2


def test_every_release_is_told_of_on_its_own() -> None:
    reader("in@maker.example")
    release(added(1))
    release(added(2))
    outbox.drain(strict=True)
    assert Message.objects.filter(kind="release_notice").count() == 2


def test_no_mail_holds_red() -> None:
    reader("in@maker.example")
    change = added(1)
    repositories.hold_stack(change["origin"], CANARY, "R77-canary")
    release(change, csv=CSV)
    outbox.drain(strict=True)
    assert mail.outbox
    everything = b"".join(one.message().as_bytes() for one in mail.outbox) + str(list(Message.objects.values())).encode()
    assert CANARY.encode() not in everything
    assert b"R77-canary" not in everything
