"""Every link of our documents leads somewhere: to a file of this repository, and to a heading of it where one is named."""

import re
from pathlib import Path

import pytest

from tests.house.files import ROOT, ours, text

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|md|toml|html|css|yml|lock|in|txt))`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """A heading's name in a link, as GitHub makes it."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for line in FENCE.sub("", text(path)).splitlines() if line.startswith("#")}


def broken(path: Path) -> list[str]:
    found = []
    for link in LINK.findall(FENCE.sub("", text(path))):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, heading = link.partition("#")
        file = (ROOT / path.parent / target).resolve() if target else ROOT / path
        if not file.exists() or (heading and heading not in anchors(file.relative_to(ROOT))):
            found.append(link)
    return found


@pytest.mark.parametrize("path", ours(".md"), ids=str)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


@pytest.mark.parametrize("path", ours(".md"), ids=str)
def test_every_file_that_is_named_is_there(path: Path) -> None:
    """Named from the root of the repository, as code, like `core/outbox.py`."""
    assert [
        name for name in NAMED.findall(text(path)) if not ((ROOT / name).exists() or (ROOT / path.parent / name).exists())
    ] == []
