"""Every download of a site whose stored files are lost or damaged: no wrong byte goes out, and each says what to do."""

import base64
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role
from core import crypto, outbox, vault
from cpl.services import keys
from submissions.models import Receipt, Submission
from submissions.services import receiving
from tests.apps.test_core_vault import stored_file
from tests.flows import steps
from tests.people import person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
WHY = {"reason": "The submitter asked what arrived"}
# Address, who asks, under which name the answer speaks of the file, and what is posted.
DOWNLOADS: dict[str, tuple[str, Role | None, str, dict[str, str] | None]] = {
    "workbook": ("/cpl/versions/3.000/CPL_v3.000.xlsm", None, "CPL_v3.000.xlsm", None),
    "CSV": ("/cpl/versions/3.000/CPL_v3.000.csv", None, "CPL_v3.000.csv", None),
    "manifest": ("/cpl/versions/3.000/CPL_v3.000.manifest.json", None, "CPL_v3.000.manifest.json", None),
    "signature": ("/cpl/versions/3.000/CPL_v3.000.manifest.json.sig", None, "CPL_v3.000.manifest.json.sig", None),
    "current workbook": ("/cpl/latest.xlsm", None, "CPL_v3.000.xlsm", None),
    "current CSV": ("/cpl/latest.csv", None, "CPL_v3.000.csv", None),
    "proof": ("/cpl/versions/3.000/entries/000059/proof.json", None, "CPL_v3.000.manifest.json", None),
    "keys": ("/cpl/keys.json", None, "", None),
    "statement": ("/cpl/keys/release-key-2.json", None, "release-key-2.json", None),
    "its signature": ("/cpl/keys/release-key-2.json.old.sig", None, "release-key-2.json.old.sig", None),
    "FIR": ("/repositories/fir/download/", Role.SEC_PARTY, "FIR_v3.000_GREEN.xlsx", None),
    "DZIR": ("/repositories/dzir/download/", Role.SSC_MEMBER, "DZIR_v3.000_RED.xlsx", None),
    "paper": ("/cases/{case}/papers/{paper}/", Role.AUDITOR, "CPA certificate.pdf", None),
    "submitted workbook": ("/cases/{case}/revisions/1/workbook/", Role.ANALYST, "meter.xlsm", WHY),
    "mail": ("/cases/receipts/{receipt}/raw/", Role.ANALYST, "receipt-{receipt}.eml", WHY),
}


@pytest.fixture
def places(settings: Any, tmp_path: Path) -> dict[str, Any]:
    """A site after its first release and a change of the release key, in a vault of its own; what stands in the addresses."""
    settings.CPL_VAULT_DIR, settings.CPL_RED_DIR, settings.CPL_KEY_DIR = (tmp_path / name for name in ("vault", "red", "keys"))
    settings.CPL_KEY_DIR.mkdir()
    steps.people()
    steps.take_over_list()
    receiving.receive_mail(steps.submission(), Receipt.Source.COMMAND)
    outbox.drain(strict=True)
    case = Submission.objects.order_by("id")[0]
    steps.agree(case.reference)
    steps.publish()
    keys.rotate(crypto.make_release_key())
    outbox.drain(strict=True)
    paper = case.documents.get(filename="CPA certificate.pdf")
    return {"case": case.reference, "paper": paper.pk, "receipt": case.receipt.pk}


def answer(name: str, places: dict[str, Any], accept: str = "*/*") -> Any:
    place, role, _, posted = DOWNLOADS[name]
    client = sign_in(Client(), person(role)) if role else Client()
    how: dict[str, Any] = {"headers": {"Accept": accept}}
    return client.get(place.format(**places), **how) if posted is None else client.post(place.format(**places), posted, **how)


def lose(file: Path) -> None:
    file.unlink()


def damage(file: Path) -> None:
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def spoil(how: Callable[[Path], None]) -> None:
    for red in (False, True):
        for sha256 in list(vault.names(red)):
            how(stored_file(sha256, red))


def body(response: Any) -> str:
    assert not response.streaming
    return str(response.content.decode())


@pytest.mark.parametrize(("how", "word"), [(lose, "not where it was stored"), (damage, "damaged")])
def test_no_download_gives_out_what_is_lost_or_damaged(
    places: dict[str, Any], caplog: pytest.LogCaptureFixture, how: Callable[[Path], None], word: str
) -> None:
    for name in DOWNLOADS:
        assert answer(name, places).status_code == 200, name
    spoil(how)
    for name, (place, _, known_as, _) in DOWNLOADS.items():
        caplog.clear()
        response = answer(name, places)
        text = body(response)
        assert (response.status_code, response["Content-Type"]) == (503, "text/plain; charset=utf-8"), name
        assert "no-store" in response["Cache-Control"]
        assert word in text
        assert f"Address: {place.format(**places)}\n" in text
        assert ("File:    " in text, known_as.format(**places) in text) == (bool(known_as), True)
        (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        sha256 = text.rpartition("SHA-256: ")[2].strip()
        assert vault.NAME.fullmatch(sha256)
        assert sha256 in line.getMessage()


def test_a_browser_gets_a_page(places: dict[str, Any]) -> None:
    spoil(damage)
    for name in ("CSV", "paper"):
        response = answer(name, places, BROWSER)
        assert (response.status_code, response["Content-Type"]) == (503, "text/html; charset=utf-8")
        assert "<h1>This file cannot be given out</h1>" in body(response)
        assert "SECAS Helpdesk" in body(response)


def test_what_is_sealed_under_a_key_that_is_not_here_is_said_so_and_the_rest_downloads(
    places: dict[str, Any], settings: Any
) -> None:
    """As after a restoring without the RED key."""
    settings.CPL_RED_KEY = base64.b64encode(os.urandom(32)).decode()
    for name in DOWNLOADS:
        response = answer(name, places)
        if name in {"DZIR", "submitted workbook", "mail"}:
            assert response.status_code == 503, name
            assert "sealed under a key for RED that this site does not have" in body(response)
        else:
            assert response.status_code == 200, name


def test_the_rest_still_downloads(places: dict[str, Any]) -> None:
    """Also for whoever has the damaged file already and asks whether it has changed."""
    good = answer("CSV", places)
    assert b"000059" in b"".join(good)
    damage(stored_file(good["ETag"].strip('"'), red=False))
    assert {name for name in DOWNLOADS if answer(name, places).status_code != 200} == {"CSV", "current CSV"}
    again = Client().get(DOWNLOADS["CSV"][0], headers={"If-None-Match": good["ETag"]})
    assert again.status_code == 304
    assert Client().head(DOWNLOADS["CSV"][0]).status_code == 503


def test_whoever_may_not_have_a_file_does_not_learn_that_it_is_lost(places: dict[str, Any]) -> None:
    spoil(lose)
    for name, (place, role, _, posted) in DOWNLOADS.items():
        if role is None:
            continue
        ask = Client().get if posted is None else Client().post
        assert ask(place.format(**places), posted).status_code in {302, 404}, name
