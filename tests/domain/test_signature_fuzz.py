"""Whatever is in the bytes ends in a verdict, soon, and no change of anything visible is accepted."""

import base64
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import isolation
from submissions.signature import Outcome
from tests.builders.pki import pki
from tests.builders.signing import parts_of, sign
from tests.builders.workbooks import rewrite, zip_of
from tests.domain.hostile_signatures import HOSTILE, SIGNATURE
from tests.domain.signed_forms import form, judge, signed_form
from tests.mutation.signature_mutants import mutants, what_escaped

SUITE_MUTANTS = 308
MEMORY = 256  # MiB of address space, as a worker's child would have at least


def test_no_mutant_is_accepted_with_a_visible_change():
    """`python -m tests.mutation.signature_mutants` tries thousands."""
    data = signed_form()
    original = judge(data)
    fates = {}
    for what, mutant in islice(mutants(data), SUITE_MUTANTS):
        verdict = judge(mutant)
        fates[what] = verdict.outcome
        assert not what_escaped(data, mutant, verdict, original), what
    assert len(fates) == SUITE_MUTANTS
    assert set(fates.values()) == {Outcome.VALID, Outcome.INVALID, Outcome.UNREADABLE, Outcome.UNSIGNED}


def test_the_judge_of_mutants_would_find_one():
    """Another workbook that is validly signed, passed off as a mutant: what is read from it differs."""
    other = sign(rewrite(form(), {"xl/sharedStrings.xml": lambda body: body.replace(b"Example", b"Exarnple")}), pki().good)
    verdict = judge(other)
    assert verdict.outcome is Outcome.VALID
    assert what_escaped(signed_form(), other, verdict, judge(signed_form()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_flipped_bytes_of_the_file(data):
    original = signed_form()
    changed = bytearray(original)
    for at in data.draw(st.lists(st.integers(0, len(original) - 1), min_size=1, max_size=6, unique=True)):
        changed[at] ^= data.draw(st.integers(1, 255))
    verdict = judge(bytes(changed))
    assert not what_escaped(original, bytes(changed), verdict, judge(original))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_flipped_bytes_of_the_signature(data):
    """Packed again, so that no checksum catches it."""
    parts = parts_of(signed_form())
    body = bytearray(parts[SIGNATURE])
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4, unique=True)):
        body[at] ^= data.draw(st.integers(1, 255))
    changed = zip_of(parts | {SIGNATURE: bytes(body)})
    verdict = judge(changed)
    assert not what_escaped(signed_form(), changed, verdict, judge(signed_form()))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_verdict(body):
    assert judge(body).outcome is Outcome.UNREADABLE
    assert judge(zip_of(parts_of(signed_form()) | {SIGNATURE: body})).outcome is Outcome.INVALID
    assert judge(zip_of(parts_of(signed_form()) | {"_rels/.rels": body})).outcome is not Outcome.VALID


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_workbook_ends_in_a_named_verdict_within_limits(name):
    """In a child with little memory; how long each takes, `python -m tests.domain.hostile_signatures` tells."""
    make, code = HOSTILE[name]
    trust = {"anchor": pki().root.pem.decode(), "lists": [base64.b64encode(one).decode() for one in pki().lists]}
    outcome = isolation.run("tests.domain.hostile_signatures:judged", make(), memory_mb=MEMORY, trust=trust)
    assert (outcome.status, outcome.reason) == (isolation.Status.OK, "")
    assert code.value in outcome.value
