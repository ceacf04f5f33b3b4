"""Trust records in the records pages: who sees them, that every step takes two people, and that refusals stand on the form."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox, vault
from core.models import OutboxEvent
from submissions.models import Authorisation, CrlSource, Intermediate, RevocationList, TrustAnchor
from submissions.services import revocation, trust
from tests.people import person, sign_in
from tests.trusting import EVIDENCE, authority, trusted

pytestmark = pytest.mark.django_db(transaction=True)
MODELS = ("trustanchor", "intermediate", "authorisation", "crlsource", "revocationlist")
ROOT = "/admin/submissions"


def clients() -> tuple[Client, Client]:
    return sign_in(Client(), person(Role.ADMINISTRATOR)), sign_in(Client(), person(Role.ADMINISTRATOR))


def proposal(**said: Any) -> dict[str, Any]:
    return {"evidence": EVIDENCE, "valid_from": f"{timezone.localdate():%d/%m/%Y}", "valid_to": ""} | said


def certificate(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("root.pem", data)


def take(client: Client, record: Any, step: str, reason: str = "") -> Any:
    name = record._meta.model_name
    return client.post(f"{ROOT}/{name}/{record.pk}/change/", {"step": step, "reason": reason})


def test_an_anchor_from_its_file_to_its_end() -> None:
    one, two = clients()
    document = SimpleUploadedFile("call.pdf", b"%PDF-1.7 minutes")
    answer = one.post(f"{ROOT}/trustanchor/add/", proposal(certificate=certificate(authority().root.pem), document=document))
    assert answer.status_code == 302
    anchor = TrustAnchor.objects.get()
    assert (anchor.status, anchor.evidence) == ("proposed", EVIDENCE)
    own = take(one, anchor, "approve")
    assert own.status_code == 200
    assert "another person must take this one" in own.content.decode()
    assert TrustAnchor.objects.get().status == "proposed"
    assert take(two, anchor, "approve").status_code == 302
    assert len(trust.store().anchors) == 1
    refused = take(two, anchor, "ask_to_retire")
    assert "Write down why" in refused.content.decode()
    assert take(two, anchor, "ask_to_retire", "Closed").status_code == 302
    assert take(one, anchor, "approve").status_code == 200  # no longer among the steps
    assert take(one, anchor, "retire").status_code == 302
    anchor = TrustAnchor.objects.get()
    assert (anchor.status, anchor.end_reason) == ("retired", "Closed")
    page = one.get(f"{ROOT}/trustanchor/{anchor.pk}/change/").content.decode()
    assert 'name="step"' not in page
    assert EVIDENCE.replace("'", "&#x27;") in page
    assert [entry.verb for entry in audit.trail(anchor)][-1] == "trust.retire"
    file = one.get(f"{ROOT}/trustanchor/{anchor.pk}/document/")
    assert file.content == vault.read(anchor.document_sha256) == b"%PDF-1.7 minutes"
    assert file["Content-Disposition"].startswith("attachment")


def test_what_is_proposed_is_asked_for_before_its_evidence() -> None:
    one, _ = clients()
    for name, first in (("trustanchor", "certificate"), ("intermediate", "certificate"), ("authorisation", "creator")):
        page = one.get(f"{ROOT}/{name}/add/").content.decode()
        assert page.index(f'id="id_{first}"') < page.index('id="id_evidence"')


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("trustanchor", lambda: {"certificate": certificate(authority().intermediate.pem)}, "certified by another"),
        ("trustanchor", lambda: {"certificate": certificate(b"x" * 70_000)}, "larger than 64 KiB"),
        ("trustanchor", dict, "This field is required"),
        ("intermediate", lambda: {"certificate": certificate(authority().root.pem)}, "This is a root"),
        ("authorisation", lambda: {"creator": "A Ltd", "organisation": "A Ltd"}, "identical"),
        ("authorisation", lambda: {"creator": "A", "organisation": "B", "valid_to": "01/01/2020"}, "end before it begins"),
    ],
)
def test_a_refused_proposal_says_why_on_its_form(name: str, said: Any, why: str) -> None:
    one, _ = clients()
    answer = one.post(f"{ROOT}/{name}/add/", proposal(**said()))
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert not any(model.objects.exists() for model in (TrustAnchor, Intermediate, Authorisation))


def test_authorisation_keeps_names_to_the_letter_and_is_there_once() -> None:
    one, two = clients()
    said = proposal(creator="Alder Metering Ltd", organisation="Alder  Signing Ltd ")
    assert one.post(f"{ROOT}/authorisation/add/", said).status_code == 302
    record = Authorisation.objects.get()
    assert record.organisation == "Alder  Signing Ltd "
    assert "It is there already" in one.post(f"{ROOT}/authorisation/add/", said).content.decode()
    assert take(two, record, "turn_down", "Wrong spelling").status_code == 302
    assert one.post(f"{ROOT}/authorisation/add/", said).status_code == 302
    assert Authorisation.objects.count() == 2


def test_lists_by_hand_and_places() -> None:
    trusted(lists=False)
    one, _ = clients()
    missing = one.get(f"{ROOT}/trustanchor/").content.decode()
    assert "MISSING" in missing
    bad = one.post(f"{ROOT}/revocationlist/add/", {"file": SimpleUploadedFile("a.crl", b"nothing")})
    assert "no revocation list" in bad.content.decode()
    answer = one.post(f"{ROOT}/revocationlist/add/", {"file": SimpleUploadedFile("a.crl", authority().lists[0])})
    assert answer.status_code == 302
    row = RevocationList.objects.get()
    assert row.loaded_by is not None
    assert one.get(f"{ROOT}/revocationlist/{row.pk}/change/").status_code == 200
    assert "good until" in one.get(f"{ROOT}/trustanchor/").content.decode()
    bad = one.post(f"{ROOT}/crlsource/add/", {"url": "file:///etc/passwd", "active": "on"})
    assert bad.status_code == 200
    assert one.post(f"{ROOT}/crlsource/add/", {"url": "http://127.0.0.1:1/a.crl", "active": "on"}).status_code == 302
    source = CrlSource.objects.get()
    one.post(f"{ROOT}/crlsource/", {"action": "ask_now", "_selected_action": [source.pk]})
    assert OutboxEvent.objects.filter(topic=revocation.FETCH_DUE).count() == 1
    outbox.drain(strict=True)
    assert "could not be read" in one.get(f"{ROOT}/crlsource/").content.decode()
    one.post(f"{ROOT}/crlsource/{source.pk}/change/", {"url": "http://elsewhere.example/"})
    source = CrlSource.objects.get()
    assert (source.url, source.active) == ("http://127.0.0.1:1/a.crl", False)
    assert [entry.verb for entry in audit.trail(source)][0] == "trust.source_kept"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.APPROVER, Role.SECURITY_EXPERT, Role.AUDITOR])
def test_whoever_works_with_cases_looks_and_changes_nothing(role: Role) -> None:
    first, _ = trusted()
    record = trust.propose_authorisation(first, "A", "B", EVIDENCE, document=b"minutes")
    client = sign_in(Client(), person(role))
    for name in MODELS:
        assert client.get(f"{ROOT}/{name}/").status_code == 200
        assert client.get(f"{ROOT}/{name}/add/").status_code == 403
    page = client.get(f"{ROOT}/authorisation/{record.pk}/change/")
    assert page.status_code == 200
    assert 'name="step"' not in page.content.decode()
    assert take(client, record, "approve").status_code == 403
    assert client.get(f"{ROOT}/authorisation/{record.pk}/document/").content == b"minutes"
    assert Authorisation.objects.get().status == "proposed"


@pytest.mark.parametrize("role", [Role.SEC_PARTY, Role.DCC, Role.SSC_MEMBER])
def test_outsiders_find_nothing(role: Role) -> None:
    first, _ = trusted()
    record = trust.propose_authorisation(first, "A", "B", EVIDENCE, document=b"minutes")
    client = sign_in(Client(), person(role))
    for address in (*(f"{name}/" for name in MODELS), "authorisation/add/", f"authorisation/{record.pk}/document/"):
        assert client.get(f"{ROOT}/{address}", follow=True).status_code in {403, 404}


def test_nobody_deletes() -> None:
    trusted()
    one, _ = clients()
    for model in (TrustAnchor, Intermediate, RevocationList):
        assert one.get(f"{ROOT}/{model._meta.model_name}/{model.objects.first().pk}/delete/").status_code == 403
