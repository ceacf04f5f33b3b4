"""The folder of saved mails: each is taken in once it is whole, the oldest first, and does not stay there in plain text."""

import os
import time
from pathlib import Path

import pytest

from submissions import mailbox
from submissions.models import Receipt
from tests.builders.mails import mail

pytestmark = pytest.mark.django_db


def dropped(folder: Path, name: str, raw: bytes, seconds_ago: int) -> Path:
    path = folder / name
    path.write_bytes(raw)
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    return path


def test_mails_are_taken_in_by_age_and_leave_nothing_behind(tmp_path: Path) -> None:
    later, earlier = mail(seed="a", subject="later"), mail(seed="b", subject="earlier")
    dropped(tmp_path, "a.eml", later, 60)
    dropped(tmp_path, "b.eml", earlier, 120)
    notes = dropped(tmp_path, "notes.txt", b"no mail", 60)
    assert mailbox.collect_folder(tmp_path) == 2
    assert [receipt.subject for receipt in Receipt.objects.order_by("pk")] == ["earlier", "later"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [notes]


def test_a_mail_that_may_still_be_being_written_waits(tmp_path: Path) -> None:
    raw = mail(seed="c")
    path = dropped(tmp_path, "c.eml", raw[: len(raw) // 2], 0)
    assert mailbox.collect_folder(tmp_path) == 0
    dropped(tmp_path, "c.eml", raw, 60)
    assert mailbox.collect_folder(tmp_path) == 1
    assert Receipt.objects.get().outcome != Receipt.Outcome.UNREADABLE
    assert not path.exists()


def test_a_mail_that_cannot_be_stored_stays(tmp_path: Path, settings) -> None:
    path = dropped(tmp_path, "d.eml", mail(seed="d"), 60)
    settings.CPL_RED_DIR = path / "no folder"
    with pytest.raises(OSError, match="d.eml"):
        mailbox.collect_folder(tmp_path)
    assert path.exists()
    assert not Receipt.objects.exists()
