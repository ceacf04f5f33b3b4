"""Revocation lists: taken in only when they are good, fetched within bounds, watched so that none goes stale."""

import datetime
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from core import audit, outbox, periodic, vault
from core.models import AuditEntry
from notifications.models import Message
from submissions.handlers import fetch_lists, watch_lists
from submissions.models import CrlSource, RevocationList
from submissions.services import revocation, trust
from submissions.services.trust import TrustRefused
from tests.builders.pki import issue, revocation_list, rsa_key
from tests.trusting import authority, trusted

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


def verbs(obj: Any) -> list[str]:
    return list(audit.trail(obj).values_list("verb", flat=True))


def test_lists_are_taken_from_authorities_in_force_alone() -> None:
    pki = authority()
    with pytest.raises(TrustRefused, match="Enter the authority before its lists"):
        revocation.load_crl(pki.lists[0])
    trusted(lists=False)
    for data, why in (
        (b"<html>moved</html>", "no revocation list"),
        (pki.root.der, "no revocation list"),
        (revocation_list(pki.foreign, issued=pki.at - DAY), "No authority in force"),
        (revocation_list(pki.root, key=rsa_key(number=3), issued=pki.at - DAY), "not signed by"),
        (revocation_list(pki.root, issued=pki.at + DAY), "still to come"),
    ):
        with pytest.raises(TrustRefused, match=why):
            revocation.load_crl(data)
    assert not RevocationList.objects.exists()
    row = revocation.load_crl(pki.lists[0])
    assert revocation.load_crl(pki.lists[0]) == row
    assert vault.read(row.sha256) == pki.lists[0]
    assert "Test Root CA" in row.issuer
    assert verbs(row) == ["trust.list_loaded"]


def test_the_newest_list_of_each_authority_is_used_and_older_ones_stay_for_older_cases() -> None:
    pki = authority()
    trusted()
    old = revocation.load_crl(revocation_list(pki.root, issued=pki.at - 40 * DAY))
    newest = RevocationList.objects.filter(issuer=old.issuer).first()
    assert newest is not None
    assert newest != old
    now = {each.pk for each in trust.lists_for(timezone.now())}
    assert newest.pk in now
    assert old.pk not in now
    then = {each.pk for each in trust.lists_for(pki.at - 20 * DAY)}
    assert {old.pk, newest.pk} <= then
    assert len(trust.store(pki.at - 20 * DAY).crls) == 3


class Place:
    """A web server that answers each path with what it was told."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        place = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place.asked.append(self.path)
                status, headers, body = place.answers.get(self.path, (404, {}, b"nothing here"))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Not into the output of the tests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.server.shutdown()
    made.server.server_close()


def refresh() -> None:
    """One turn of the hourly job, as the worker does it."""
    fetch_lists()
    outbox.drain(strict=True)


def test_every_place_is_asked_and_a_failure_keeps_the_list_that_is_there(place: Place) -> None:
    pki = authority()
    trusted(lists=False)
    good = CrlSource.objects.create(url=f"{place.url}/root.crl")
    bad = CrlSource.objects.create(url=f"{place.url}/gone.crl")
    idle = CrlSource.objects.create(url=f"{place.url}/idle.crl", active=False)
    place.answers["/root.crl"] = 200, {}, pki.lists[0]
    refresh()
    good, bad = CrlSource.objects.get(pk=good.pk), CrlSource.objects.get(pk=bad.pk)
    row = RevocationList.objects.get()
    assert (row.source, good.last_error) == (good, "")
    assert good.last_fetched_at is not None
    assert "404" in bad.last_error
    assert bad.last_asked_at is not None
    assert bad.last_fetched_at is None
    assert "/idle.crl" not in place.asked
    assert CrlSource.objects.get(pk=idle.pk).last_asked_at is None
    place.answers["/root.crl"] = 200, {}, b"<html>Maintenance</html>"
    revocation.ask(good)
    good = CrlSource.objects.get(pk=good.pk)
    assert "no revocation list" in good.last_error
    assert list(RevocationList.objects.all()) == [row]
    assert verbs(good) == ["trust.list_not_fetched"]
    revocation.ask(good)
    assert verbs(good) == ["trust.list_not_fetched"]  # said once, not every hour
    newer = revocation_list(pki.root, issued=pki.at - DAY / 2)
    place.answers["/root.crl"] = 200, {}, newer
    revocation.ask(good)
    assert CrlSource.objects.get(pk=good.pk).last_error == ""
    assert RevocationList.objects.first().sha256 != row.sha256
    assert RevocationList.objects.count() == 2


def test_two_beats_in_an_hour_ask_once(place: Place) -> None:
    CrlSource.objects.create(url=f"{place.url}/x.crl")
    refresh()
    refresh()
    assert place.asked == ["/x.crl"]


def test_redirects_stay_on_their_host(place: Place) -> None:
    elsewhere = Place()
    try:
        elsewhere.answers["/root.crl"] = 200, {}, b"from elsewhere"
        place.answers["/there"] = 302, {"Location": f"{elsewhere.url}/root.crl"}, b""
        place.answers["/files"] = 302, {"Location": "file:///etc/passwd"}, b""
        place.answers["/round"] = 302, {"Location": "/round"}, b""
        place.answers["/here"] = 302, {"Location": "/list"}, b""
        place.answers["/list"] = 200, {}, b"the list"
        for path, why in (("/there", "another host"), ("/files", "not allowed"), ("/round", "redirect|infinite loop")):
            with pytest.raises(TrustRefused, match=why):
                revocation.fetch(place.url + path)
        assert elsewhere.asked == []
        assert revocation.fetch(f"{place.url}/here") == b"the list"
    finally:
        elsewhere.server.shutdown()
        elsewhere.server.server_close()


def test_size_and_time_are_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.answers["/large"] = 200, {}, bytes(300_000)
    place.answers["/short"] = 200, {"Content-Length": "1000"}, b"cut off"
    monkeypatch.setattr(revocation, "LARGEST_LIST", 200_000)
    with pytest.raises(TrustRefused, match="no list is taken"):
        revocation.fetch(f"{place.url}/large")
    monkeypatch.setattr(revocation, "LARGEST_LIST", 400_000)
    assert len(revocation.fetch(f"{place.url}/large")) == 300_000
    monkeypatch.setattr(revocation, "PATIENCE", 0.3)
    with pytest.raises(TrustRefused, match="could not be read"):
        revocation.fetch(f"{place.url}/short")
    monkeypatch.setattr(revocation, "WHOLE_PATIENCE", -1)
    with pytest.raises(TrustRefused, match="did not arrive within"):
        revocation.fetch(f"{place.url}/large")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/root.crl", "http://127.0.0.1:1/root.crl", "nonsense"])
def test_nothing_but_the_web_is_read(url: str) -> None:
    with pytest.raises(TrustRefused, match="could not be read"):
        revocation.fetch(url)


def test_people_are_warned_before_a_list_runs_out(settings: Any) -> None:
    pki = authority()
    trusted(lists=False)
    states = {str(state.authority): state.state for state in revocation.states()}
    assert set(states.values()) == {"missing"}
    revocation.load_crl(pki.lists[0])
    revocation.load_crl(pki.lists[1])
    assert revocation.warn() == []
    assert not Message.objects.exists()
    assert [state.state for state in revocation.states(pki.at + 20 * DAY)] == ["good", "good"]
    assert [state.state for state in revocation.states(pki.at + 23 * DAY)] == ["soon", "soon"]
    assert [state.state for state in revocation.states(pki.at + 30 * DAY)] == ["stale", "stale"]


def test_a_warning_goes_to_the_mailbox_once_a_day_and_into_the_trail(settings: Any) -> None:
    pki = authority()
    trusted(lists=False)
    revocation.load_crl(pki.lists[1])
    revocation.load_crl(revocation_list(pki.root, issued=pki.at - 29 * DAY))
    watch_lists()
    watch_lists()
    message = Message.objects.get()
    assert message.recipient == settings.CPL_MAILBOX_ADDRESS
    assert "Test Root CA" in message.subject
    assert "is good until" in message.body
    assert AuditEntry.objects.filter(verb="trust.list_soon").exists()
    assert {"periodic:submissions.handlers.watch_lists", "periodic:submissions.handlers.fetch_lists"} <= set(periodic._turns)


def test_a_daily_list_is_warned_of_hours_before() -> None:
    pki = authority()
    trusted(lists=False)
    issued = timezone.now() - datetime.timedelta(hours=2)
    revocation.load_crl(revocation_list(pki.root, issued=issued, lasts=DAY))
    state = next(state for state in revocation.states(issued + datetime.timedelta(hours=17)) if state.newest)
    assert state.state == "good"
    state = next(state for state in revocation.states(issued + datetime.timedelta(hours=19)) if state.newest)
    assert state.state == "soon"


def test_a_root_of_the_same_name_brings_no_lists_along() -> None:
    trusted(lists=False)
    pki = authority()
    twin = issue("Test Root CA", ("Test Trust Services",), key=rsa_key(number=7), authority=True)
    with pytest.raises(TrustRefused, match="not signed by"):
        revocation.load_crl(revocation_list(twin, issued=pki.at - DAY))
    assert twin.certificate.public_bytes(Encoding.PEM) != pki.root.pem
