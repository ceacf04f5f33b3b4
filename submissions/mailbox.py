"""Where submissions arrive by themselves: an IMAP mailbox and a drop folder of saved messages."""

import logging
import ssl
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from imap_tools import AND, BaseMailBox, MailBox, MailBoxUnencrypted, MailMessage

from submissions.models import Receipt
from submissions.services import receiving

logger = logging.getLogger(__name__)

DONE = "Received"  # IMAP folder for what was taken in
FOLDER_LIMIT = 200  # messages a turn
IMAP_TIMEOUT = 30  # seconds
SETTLED = 5  # seconds


def collect() -> int:
    """Take in every message that waits; returns how many. What cannot be taken in now stays and is tried again."""
    return collect_folder(settings.CPL_INBOX_DIR) + (collect_imap(settings.CPL_IMAP_URL) if settings.CPL_IMAP_URL else 0)


def collect_folder(folder: Path) -> int:
    """Take in the .eml files of a folder, oldest first; each goes once it is stored, for it may hold RED in plain text.

    What changed within the last seconds may still be being written, and waits for the next turn.
    """
    changed = {path: path.stat().st_mtime for path in folder.glob("*.eml")}
    whole = sorted((moment, path) for path, moment in changed.items() if moment < time.time() - SETTLED)[:FOLDER_LIMIT]
    for _, path in whole:
        receiving.receive_mail(path.read_bytes(), Receipt.Source.FOLDER)
        path.unlink()
    return len(whole)


def collect_imap(url: str) -> int:
    """Take in the messages of an IMAP folder; each is moved to the folder `Received` after its receipt is stored."""
    taken = 0
    with _open(url) as box:
        if not box.folder.exists(DONE):
            box.folder.create(DONE)
        for message in box.fetch(AND(all=True), mark_seen=False, limit=FOLDER_LIMIT, bulk=False):
            _take(box, message)
            taken += 1
    return taken


def _take(box: BaseMailBox, message: MailMessage) -> None:
    raw = box.client.uid("fetch", str(message.uid), "(BODY.PEEK[])")[1][0][1]
    received = receiving.receive_mail(raw, Receipt.Source.MAILBOX)
    box.move([str(message.uid)], DONE)
    logger.info("mail %s taken in%s", received.receipt.pk, " (a repeat)" if received.repeat else "")


def _open(url: str) -> BaseMailBox:
    """imap://user:password@host:port/FOLDER or imaps://…; special characters percent-encoded."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    box: BaseMailBox
    if parts.scheme == "imaps":  # the context is what checks the server's certificate: without one imaplib takes any
        box = MailBox(host, parts.port or 993, timeout=IMAP_TIMEOUT, ssl_context=ssl.create_default_context())
    else:
        box = MailBoxUnencrypted(host, parts.port or 143, timeout=IMAP_TIMEOUT)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    box.login(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=folder)
    return box
