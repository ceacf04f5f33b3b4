"""Mail taken from a real IMAP server over TLS: each once, moved when stored, and only from the server that proves its name."""

import ssl
import time
from collections.abc import Iterator
from imaplib import IMAP4

import pytest

from submissions import mailbox
from submissions.models import Receipt
from tests.builders.mails import mail
from tests.services import Mailbox

pytestmark = [pytest.mark.imap, pytest.mark.django_db(transaction=True)]
FOLDERS = ("INBOX", mailbox.DONE)


@pytest.fixture
def box(imap: Mailbox) -> Iterator[IMAP4]:
    """A connection to the mailbox, which is empty at the start."""
    with IMAP4("127.0.0.1", imap.port) as client:
        client.login(imap.user, imap.password)
        for folder in FOLDERS:
            answer, count = client.select(folder)
            if answer == "OK" and count != [b"0"]:
                client.store("1:*", "+FLAGS", r"\Deleted")
                client.expunge()
        yield client


@pytest.fixture
def trusted(imap: Mailbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the mailbox, whose certificate this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(imap.certificate))
    return imap.url()


def put(box: IMAP4, *mails: bytes) -> None:
    for each in mails:
        assert box.append("INBOX", "", time.time(), each)[0] == "OK"


def lying(box: IMAP4) -> dict[str, int]:
    """How many mails each folder holds."""
    answers = {folder: box.select(folder, readonly=True) for folder in FOLDERS}
    return {folder: int(count[0]) if answer == "OK" else 0 for folder, (answer, count) in answers.items()}


def test_every_mail_is_taken_in_once_and_moved(box: IMAP4, trusted: str) -> None:
    put(box, mail(seed="a"), mail(seed="b"))
    assert mailbox.collect_imap(trusted) == 2
    assert lying(box) == {"INBOX": 0, mailbox.DONE: 2}
    assert mailbox.collect_imap(trusted) == 0
    assert {receipt.source for receipt in Receipt.objects.all()} == {Receipt.Source.MAILBOX}
    assert Receipt.objects.count() == 2


def test_a_mail_that_comes_twice_is_moved_and_not_doubled(box: IMAP4, trusted: str) -> None:
    put(box, mail(seed="c"))
    mailbox.collect_imap(trusted)
    first = set(Receipt.objects.values_list("raw_sha256", flat=True))
    put(box, mail(seed="c"))
    assert mailbox.collect_imap(trusted) == 1
    assert lying(box) == {"INBOX": 0, mailbox.DONE: 2}
    assert set(Receipt.objects.values_list("raw_sha256", flat=True)) == first


def test_a_server_that_cannot_prove_its_name_gets_no_password(box: IMAP4, imap: Mailbox) -> None:
    put(box, mail(seed="d"))
    with pytest.raises(ssl.SSLCertVerificationError):
        mailbox.collect_imap(imap.url())
    assert lying(box)["INBOX"] == 1


def test_a_wrong_password_leaves_the_mail_where_it_is(box: IMAP4, trusted: str) -> None:
    put(box, mail(seed="e"))
    with pytest.raises(Exception, match="AUTHENTICATIONFAILED"):
        mailbox.collect_imap(trusted.replace(":rowan", ":wrong"))
    assert lying(box)["INBOX"] == 1
