"""The whole way on a site of real processes, on SQLite with a broker in files and on PostgreSQL with Redis."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import running
from tests.flows import steps
from tests.services import Post, until

KINDS = ("sqlite-files", "postgres-redis")
MANY = 90  # seconds for a worker that starts on a busy machine


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, smtp: Post) -> Iterator[running.Site]:
    with running.site_of(request.param, CPL_SMTP_URL=smtp.url) as site:
        site.web()
        site.worker("-B", "--concurrency", "2") if site.redis else site.worker("-B", "--pool", "threads", "--concurrency", "2")
        yield site


def step(site: running.Site, *words: str) -> Any:
    return json.loads(site.finish(site.start("-m", "tests.flows.steps", *words)))


def settled(site: running.Site) -> dict[str, Any]:
    """Where everything stands once the workers have nothing left to do."""
    until(lambda: step(site, "outline")["waiting"] == 0, MANY)
    return step(site, "outline")


def test_from_mail_to_published_list(place: running.Site, smtp: Post, tmp_path: Path) -> None:
    step(place, "people")
    step(place, "take_over_list")
    inbox = Path(place.places["CPL_DATA_DIR"]) / "inbox"
    mail = tmp_path / "submission.eml"
    mail.write_bytes(steps.submission())
    place.manage("receive_email", str(mail))
    outline = settled(place)
    (good, broken) = outline["states"]
    assert outline["states"] == {good: "duplicate_checked", broken: "received"}
    assert outline["errors"] == {good: 0, broken: 3}
    step(place, "ask", broken)
    (question,) = settled(place)["questions"]
    (inbox / "reply.eml").write_bytes(steps.correction(question))  # the drop folder, emptied by the periodic job
    until(lambda: step(place, "outline")["states"][broken] == "duplicate_checked", MANY)
    for reference in (good, broken):
        step(place, "agree", reference)
    place.manage("publish")
    outline = settled(place)
    assert outline["versions"] == ["2.051", "3.000"]
    assert set(outline["states"].values()) == {"published"}
    assert [kind for kind, _ in outline["exports"]] == ["DZIR", "FIR"]
    sent = {address for _, to, _ in smtp.mails for address in to} - {"secas@cpl.example"}  # word on the health of the machine
    assert {f"certification@{steps.MAKER.domain}", "reader@elsewhere.example"} <= sent
    assert len(sent) == 3  # and the DCC
    with urllib.request.urlopen(f"{place.url}/cpl/latest.csv", timeout=20) as answer:
        lines = answer.read().decode("utf-8-sig").splitlines()
    assert lines[-1].split(",")[1:3] == ["000060", "Current"]
    place.manage("verify_records")
