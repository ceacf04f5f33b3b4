"""Word of a new release key, over a real SMTP server: who gets it, once, and that what it says to do proves the key."""

import email
import email.policy
import re
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core import audit, crypto, outbox
from cpl import selectors
from cpl.models import ReleaseKey
from cpl.services import keys
from notifications import handlers, subscriptions
from notifications.models import Message, Subscription
from tests.commands import called
from tests.downloads import body, new_version
from tests.services import Post, need

pytestmark = pytest.mark.django_db(transaction=True)
READER, DCC, STAFF = "in@maker.example", "cpl@dcc.example", "secas@cpl.example"
GOOD = "Signature Verified Successfully"


@pytest.fixture(autouse=True)
def site(settings: Any, smtp: Post, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Subscription:
    """One version, signed by the first key, with the mail of that gone out; one reader of the mailing list, one who left."""
    folder = tmp_path_factory.mktemp("site")  # and what is sealed with its keys must not lie where other tests look
    settings.CPL_KEY_DIR, settings.CPL_RED_DIR = folder / "keys", folder / "red"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, _, port = smtp.url.removeprefix("smtp://").partition(":")
    settings.EMAIL_PORT = int(port)
    now = timezone.now()
    Subscription.objects.create(email="left@maker.example", confirmed_at=now, ended_at=now)
    reader = Subscription.objects.create(email=READER, confirmed_at=now)
    new_version(tmp_path, 901)
    outbox.drain(strict=True)
    smtp.mails.clear()
    return reader


def changed(*options: str) -> ReleaseKey:
    """The key in force after a rotation, with all mails of it sent."""
    assert called("rotate_release_key", *options)[0] == 0
    outbox.drain(strict=True)
    return keys.in_force()


def sent(post: Post) -> dict[str, EmailMessage]:
    """The mails by address, each to one address."""
    found = {}
    for _, [address], data in post.mails:
        assert address not in found
        found[address] = email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.default)
    return found


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_everybody_who_hears_of_versions_hears_of_the_key(smtp: Post, site: Subscription, settings: Any) -> None:
    key = changed()
    mails = sent(smtp)
    assert set(mails) == {READER, DCC, STAFF}
    for mail in mails.values():
        assert mail["Subject"] == "Central Products List: new release key"
        text = text_of(mail)
        assert f"{timezone.localtime(key.since):%d/%m/%Y %H:%M} (UK time)" in text
        assert "signs every version of the Central Products List after 3.000." in text
        assert f"{key.fingerprint}\n" in text
        assert f"{settings.CPL_BASE_URL}/cpl/verify/" in text
        assert "\n\n\n" not in text
    stop = subscriptions.link("unsubscribe", site)
    assert (stop in text_of(mails[READER]), mails[READER]["List-Unsubscribe"].strip()) == (True, f"<{stop}>")
    assert all("mailing list" not in text_of(mails[address]) for address in (DCC, STAFF))
    assert set(Message.objects.filter(kind="key_notice").values_list("regarding", flat=True)) == {key.audit_name}
    assert audit.trail(key).exists()


def test_what_the_mail_says_to_do_proves_the_key(smtp: Post, client: Client, tmp_path: Path) -> None:
    need("openssl")
    first = keys.in_force()
    key = changed()
    text = text_of(sent(smtp)[READER])
    for name in set(re.findall(r"release-key-[0-9][a-z.]*[a-z]", text)):
        (tmp_path / name).write_bytes(body(client, f"/cpl/keys/{name}"))
    statement, fingerprint = (
        subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
        for line in map(str.strip, text.splitlines())
        if line.startswith("openssl")
    )
    assert (statement.returncode, GOOD in statement.stdout) == (0, True)
    assert fingerprint.stdout.split()[0] == key.fingerprint == crypto.fingerprint((tmp_path / "release-key-2.pem").read_text())
    assert first.fingerprint in text
    told = (tmp_path / "release-key-2.json").read_text()
    assert (key.key_id in told, f"the id {key.key_id}" in text) == (True, True)


def test_a_key_begun_anew_is_not_said_to_be_vouched_for(smtp: Post) -> None:
    key = changed("--old-key-lost")
    for mail in sent(smtp).values():
        text = text_of(mail)
        assert mail["Subject"] == "Central Products List: new release key, for which the old one does not vouch"
        assert "does NOT vouch" in text
        assert key.fingerprint in text
        assert "openssl" not in text
        assert "\n\n\n" not in text


def test_told_again_nobody_hears_twice(smtp: Post) -> None:
    key = changed()
    keys.rotate(key.key_id)  # asked for again, it was done already
    handlers.announce_key(key.key_id, {"number": key.number})
    outbox.drain(strict=True)
    assert len(smtp.mails) == 3
    later = changed()
    assert (len(smtp.mails), Message.objects.filter(regarding=later.audit_name).count()) == (6, 3)


def test_a_rotation_that_is_undone_tells_nobody(smtp: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("cpl.services.pointer.write", full)
    new = crypto.make_release_key()
    with pytest.raises(OSError, match="No space"):
        keys.rotate(new)
    outbox.drain(strict=True)
    assert (smtp.mails, selectors.release_keys().count()) == ([], 1)
