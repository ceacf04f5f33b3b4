"""Which version numbers are out in the world, told by files beside the vault: a database from a backup may know of fewer.

A number that somebody holds is never given to another version. So publishing stops when the database is behind these files, or
was put back from a backup, until somebody has said which version is the latest (docs/adr/0011-backup.md).
"""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from core import audit
from cpl import selectors
from cpl.domain.releases import Version, parse

RESTORED = "restored"  # a file of this name: there may be later versions than this site knows
RESUMED = "publishing.resumed"
TRAIL = "site:publishing"
HOW = "Ask who would hold it (the DCC, subscribers), then run: manage.py resume_publishing LATEST-VERSION"


class NotTheLatest(Exception):  # noqa: N818 - reads as a sentence
    """A later version than the one that was named is known; the text says which."""


def note(version: Version) -> None:
    """This version is published."""
    (_folder() / str(version)).touch(mode=0o400)


def hold() -> None:
    """Nothing may be published until `resume`."""
    (_folder() / RESTORED).touch(mode=0o600)


def last() -> Version | None:
    """The latest version that is known to be out."""
    return _compared()[0]


def objection() -> str:
    """Why no number may be given out as things stand; "" when one may."""
    known, here = _compared()
    words = f"version {here}" if here else "no version"
    if (_folder() / RESTORED).exists():
        return f"This site was put back from a backup whose latest is {words}. There may be later ones. {HOW}"
    if known != here and str(known) not in _said():
        return f"The vault knows of version {known}, but the database only of {words}: it is an old one. {HOW}"
    return ""


def resume(latest: Version | None) -> None:
    """Publish again, with numbers after the latest version that anybody holds; None: nobody holds any. Raises NotTheLatest."""
    known = last()
    if known is not None and (latest is None or latest < known):
        raise NotTheLatest(f"Version {known} is known here, so {latest or 'none'} is not the latest.")
    with transaction.atomic(durable=True):
        audit.record(None, RESUMED, TRAIL, latest=str(latest or ""))
    if latest is not None:
        note(latest)
    (_folder() / RESTORED).unlink(missing_ok=True)


def _compared() -> tuple[Version | None, Version | None]:
    """The latest version that is known to be out, and the latest of the database, which is asked last: it may be publishing."""
    noted = [parse(path.name) for path in _folder().iterdir()]
    head = selectors.head()
    here = head.version if head else None
    return max((version for version in (*noted, here) if version), default=None), here


def _said() -> set[str]:
    """The versions that somebody has named as the latest."""
    return {str(entry.detail["latest"]) for entry in audit.trail(TRAIL).filter(verb=RESUMED)}


def _folder() -> Path:
    folder = Path(settings.CPL_VAULT_DIR) / "issued"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
