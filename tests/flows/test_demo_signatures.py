"""The signed cases of the demo show what they say, and a second start adds none."""

import pytest

from submissions.demo import signed, story
from submissions.demo.people import settle
from submissions.models import CheckRun, Submission, TrustAnchor
from submissions.services import revocation

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_kind_of_signature_once() -> None:
    cast = settle()
    story.with_signatures(cast)
    story.with_signatures(settle())
    found = {
        run.submission.receipt.subject: (run.result, [finding.rule for finding in run.findings.all()])
        for run in CheckRun.objects.filter(gate="signature")
    }
    good, other, revoked = (case.subject for case in signed.CASES)
    assert found == {good: ("pass", []), other: ("fail", ["ORG_MISMATCH"]), revoked: ("fail", ["CERT_REVOKED"])}
    assert Submission.objects.count() == 3
    assert TrustAnchor.objects.get().approved_by == cast["noor"]
    assert {state.state for state in revocation.states()} == {"good"}
