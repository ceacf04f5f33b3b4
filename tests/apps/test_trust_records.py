"""Whom the site trusts: two people for every step, a trail of it, and days from which and until which it holds."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from accounts.models import Role
from core import audit, records, vault
from submissions.models import Authorisation, Intermediate, TrustAnchor
from submissions.services import revocation, trust
from submissions.services.trust import TrustRefused
from tests.people import person
from tests.trusting import EVIDENCE, administrators, authority, trusted

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


def verbs(obj: Any) -> list[str]:
    return list(audit.trail(obj).values_list("verb", flat=True))


# --- Two people ------------------------------------------------------------------------------------------------------
def test_an_anchor_is_in_force_once_another_person_has_agreed() -> None:
    first, second = administrators()
    anchor = trust.propose_anchor(first, authority().root.der, EVIDENCE, document=b"%PDF-1.7 minutes of the call")
    assert trust.store().anchors == ()
    with pytest.raises(TrustRefused, match="another person"):
        trust.approve(first, anchor)
    assert trust.store().anchors == ()
    trust.approve(second, anchor)
    assert len(trust.store().anchors) == 1
    anchor = TrustAnchor.objects.get()
    assert (anchor.status, anchor.proposed_by, anchor.approved_by) == ("active", first, second)
    assert anchor.pem.encode() == authority().root.pem
    assert "Test Root CA" in anchor.subject
    assert vault.read(anchor.document_sha256).startswith(b"%PDF")
    assert verbs(anchor) == ["trust.proposed", "trust.approve"]
    with pytest.raises(TrustRefused, match="not proposed"):
        trust.approve(second, anchor)


def test_retiring_takes_two_people_as_well() -> None:
    first, second = trusted()
    anchor = TrustAnchor.objects.get()
    with pytest.raises(TrustRefused, match="not asked"):
        trust.retire(second, anchor)
    with pytest.raises(TrustRefused, match="Write down why"):
        trust.ask_to_retire(second, anchor, " ")
    anchor = trust.ask_to_retire(second, anchor, "The authority closes its service.")
    assert len(trust.store().anchors) == 1
    with pytest.raises(TrustRefused, match="another person"):
        trust.retire(second, anchor)
    trust.retire(first, anchor)
    assert trust.store().anchors == ()
    assert verbs(anchor) == ["trust.proposed", "trust.approve", "trust.ask_to_retire", "trust.retire"]
    assert audit.trail(anchor).last().detail["reason"] == "The authority closes its service."
    with pytest.raises(TrustRefused, match="not asked"):
        trust.retire(first, anchor)
    again = trust.propose_anchor(first, authority().root.pem, EVIDENCE)  # history stays, a new decision is a new record
    assert TrustAnchor.objects.count() == 2
    assert again.status == "proposed"


def test_a_proposal_is_turned_down_by_one_person_with_a_reason() -> None:
    first, second = administrators()
    anchor = trust.propose_anchor(first, authority().root.pem, EVIDENCE)
    with pytest.raises(TrustRefused, match="Write down why"):
        trust.turn_down(second, anchor, "")
    anchor = trust.turn_down(second, anchor, "Fingerprint differs")
    with pytest.raises(TrustRefused, match="not proposed"):
        trust.approve(second, anchor)
    assert (anchor.status, anchor.retired_by) == ("retired", second)


def test_a_team_of_one_may_and_the_record_says_so(settings: Any) -> None:
    settings.CPL_TEAM_OF_ONE = True
    first, _ = administrators()
    anchor = trust.approve(first, trust.propose_anchor(first, authority().root.pem, EVIDENCE))
    assert anchor.team_of_one
    assert audit.trail(anchor).last().detail["team_of_one"] is True
    assert trust.retire(first, trust.ask_to_retire(first, anchor, "Over")).status == "retired"


@pytest.mark.parametrize(
    "change",
    [
        lambda row: {"approved_by": row.proposed_by},
        lambda row: {"approved_by": None},
        lambda row: {"end_asked_by": row.approved_by, "retired_by": row.approved_by, "status": "retired"},
        lambda row: {"retired_by": row.approved_by, "status": "retired"},
    ],
    ids=["approved by its proposer", "in force without approver", "retired by who asked", "retired by one"],
)
@pytest.mark.parametrize("model", [TrustAnchor, Intermediate, Authorisation])
def test_the_database_itself_asks_for_two_people(model: Any, change: Any) -> None:
    first, second = trusted()
    trust.approve(second, trust.propose_authorisation(first, "Alder Metering Ltd", "Alder Signing Ltd", EVIDENCE))
    row = model.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=row.pk).update(**change(row))
    assert model.objects.filter(pk=row.pk).update(evidence="Corrected") == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_those_who_manage_reference_data_may(role: Role) -> None:
    first, _ = administrators()
    anchor = trust.propose_anchor(first, authority().root.pem, EVIDENCE)
    outsider = person(role)
    for attempt in (
        lambda: trust.propose_anchor(outsider, authority().foreign.pem, EVIDENCE),
        lambda: trust.propose_authorisation(outsider, "A", "B", EVIDENCE),
        lambda: trust.approve(outsider, anchor),
        lambda: trust.turn_down(outsider, anchor, "No"),
        lambda: trust.ask_to_retire(outsider, anchor, "No"),
        lambda: trust.retire(outsider, anchor),
        lambda: revocation.load_crl(authority().lists[0], actor=outsider),
    ):
        with pytest.raises(Http404):
            attempt()
    assert TrustAnchor.objects.get().status == "proposed"


# --- What may be trusted ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: b"no certificate", "not the certificate of one authority"),
        (lambda: authority().root.pem + authority().foreign.pem, "not the certificate of one authority"),
        (lambda: authority().good.pem, "a signer, not of an authority"),
        (lambda: authority().self_signed.pem, "a signer, not of an authority"),
        (lambda: authority().intermediate.pem, "certified by another"),
    ],
)
def test_what_is_no_root_is_no_anchor(data: Any, why: str) -> None:
    first, _ = administrators()
    with pytest.raises(TrustRefused, match=why):
        trust.propose_anchor(first, data(), EVIDENCE)
    assert not TrustAnchor.objects.exists()


def test_a_root_is_no_intermediate_and_nothing_is_there_twice() -> None:
    first, _ = administrators()
    with pytest.raises(TrustRefused, match="This is a root"):
        trust.propose_intermediate(first, authority().root.pem, EVIDENCE)
    with pytest.raises(TrustRefused, match="made sure"):
        trust.propose_anchor(first, authority().root.pem, "  ")
    trust.propose_anchor(first, authority().root.pem, EVIDENCE)
    with pytest.raises(TrustRefused, match="there already"):
        trust.propose_anchor(first, authority().root.der, EVIDENCE)


def test_days_from_and_until_are_kept_to() -> None:
    first, second = administrators()
    today = timezone.localdate()
    with pytest.raises(TrustRefused, match="before it begins"):
        trust.propose_anchor(first, authority().root.pem, EVIDENCE, valid_to=today - DAY)
    anchor = trust.approve(second, trust.propose_anchor(first, authority().root.pem, EVIDENCE, valid_from=today + DAY))
    assert trust.store().anchors == ()
    assert list(TrustAnchor.in_force(today + DAY)) == [anchor]
    TrustAnchor.objects.update(valid_from=today - DAY, valid_to=today)
    assert len(trust.store().anchors) == 1
    TrustAnchor.objects.update(valid_to=today - DAY)
    assert trust.store().anchors == ()


def test_an_authorisation_counts_between_its_days_for_exactly_these_names() -> None:
    first, second = administrators()
    today = timezone.localdate()
    for creator, organisation, why in (("", "B", "both names"), ("A", "A", "identical")):
        with pytest.raises(TrustRefused, match=why):
            trust.propose_authorisation(first, creator, organisation, EVIDENCE)
    proposed = trust.propose_authorisation(
        first, "Alder Metering Ltd", "Alder Signing Ltd", EVIDENCE, valid_from=today - 5 * DAY, valid_to=today + 5 * DAY
    )
    assert trust.authorised("Alder Metering Ltd", "Alder Signing Ltd", today) is None
    trust.approve(second, proposed)
    for creator, organisation, day, counts in (
        ("Alder Metering Ltd", "Alder Signing Ltd", today, True),
        ("Alder Metering Ltd", "Alder Signing Ltd", today - 5 * DAY, True),
        ("Alder Metering Ltd", "Alder Signing Ltd", today + 6 * DAY, False),
        ("Alder Metering Ltd", "Alder Signing Ltd", today - 6 * DAY, False),
        ("alder Metering Ltd", "Alder Signing Ltd", today, False),
        ("Alder Metering Ltd", "Alder Signing Ltd ", today, False),
        ("Alder Signing Ltd", "Alder Metering Ltd", today, False),
    ):
        assert (trust.authorised(creator, organisation, day) is not None) is counts, (creator, organisation, day)


# --- Proof -----------------------------------------------------------------------------------------------------------
def test_records_are_proved_and_each_fault_is_named(settings: Any, tmp_path: Any) -> None:
    first, _ = trusted()
    trust.propose_authorisation(first, "A", "B", EVIDENCE, document=b"minutes of a call")
    assert [problem for problem in records.run() if problem.check == "trust records"] == []
    anchor = TrustAnchor.objects.get()
    for change, words in (
        ({"pem": authority().foreign.pem.decode()}, "not the one that was agreed on"),
        ({"pem": "junk"}, "cannot be read"),
        ({"subject": "CN=Somebody"}, "is not of CN=Somebody"),
    ):
        TrustAnchor.objects.filter(pk=anchor.pk).update(**change)
        assert any(words in problem.message for problem in records.run() if problem.check == "trust records"), change
        anchor.save()
    settings.CPL_VAULT_DIR = tmp_path
    found = [problem.message for problem in records.run() if problem.check == "trust records"]
    assert len(found) == 3  # two lists and a document
    assert all("The vault has no" in message for message in found)
