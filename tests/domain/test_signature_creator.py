"""The creator of the image is the organisation in the certificate, character by character; near misses are explained."""

import pytest

from submissions.signature import Code, Outcome, check_creator
from tests.builders.pki import ORGANISATION, pki
from tests.builders.signing import sign
from tests.domain.signed_forms import form, judge, signed_form


def test_identical():
    assert check_creator(ORGANISATION, [ORGANISATION]).matches


@pytest.mark.parametrize(
    ("creator", "organisation", "words"),
    [
        ("EDMI Europe Ltd", "EDMI Europe Limited", "only in the legal form (Ltd, Limited)"),
        ("EDMI Europe LTD", "EDMI Europe Ltd", "only in upper and lower case"),
        ("ITRON", "Itron", "only in upper and lower case"),
        ("EDMI Europe Ltd.", "EDMI Europe Ltd", "only in a full stop"),
        ("EDMI Europe Ltd", "EDMI  Europe Ltd ", "only in spaces"),
        ("EDMI\u00a0Europe Ltd", "EDMI Europe Ltd", "only in"),
        ("Landis + Gyr", "Landis+Gyr", "only in spaces inside the name"),
        ("Landis & Gyr", "Landis and Gyr", "only in 'and' in place of '&'"),
        ("EDMI, Europe", "EDMI Europe", "only in a comma"),
        ("EDMI\u200b Europe", "EDMI Europe", "only in invisible characters or accents"),
        ("\u0415DMI Europe", "EDMI Europe", "only in characters of another alphabet that look alike"),
        ("Jack\u2019s Meters", "Jack's Meters", "only in curly quotation marks or dashes"),
        ("edmi europe limited.", "EDMI Europe Ltd", "the legal form (Ltd, Limited) and a full stop and upper and lower case"),
        ("Honeywell", "Elster GmbH", "the names are different"),
        ("", "Elster GmbH", "the names are different"),
    ],
)
def test_near_misses_are_explained(creator, organisation, words):
    check = check_creator(creator, [organisation])
    assert not check.matches
    assert words in check.explanation


@pytest.mark.parametrize("organisations", [[], [ORGANISATION, ORGANISATION], [ORGANISATION, "Other"]])
def test_there_must_be_exactly_one_organisation(organisations):
    assert not check_creator(ORGANISATION, organisations).matches


def test_both_spellings_are_shown():
    message = judge(sign(form(), pki().other_organisation)).reasons[0].message
    assert "'Example Meters Ltd'" in message
    assert "'Example Meters Limited'" in message


def test_creator_says_nothing_about_the_signature():
    other = judge(sign(form(), pki().other_organisation))
    assert (other.outcome, other.codes, other.deciding.creator_matches) == (Outcome.VALID, (Code.ORG_MISMATCH,), False)
    none = judge(sign(form(), pki().no_organisation))
    assert (none.outcome, none.codes, none.deciding.creator_matches) == (Outcome.VALID, (Code.ORG_MISSING,), False)
    two = judge(sign(form(), pki().signer(organisations=(ORGANISATION, "Other Ltd"))))
    assert (two.codes, two.deciding.signer.organisation) == ((Code.ORG_MISSING,), f"{ORGANISATION} | Other Ltd")


def test_no_creator_no_comparison():
    verdict = judge(sign(form(), pki().other_organisation), creator=None)
    assert (verdict.codes, verdict.deciding.creator_matches) == ((), None)


def test_characters_that_could_deceive_are_shown_as_codes():
    assert "\\u202e" in check_creator("Example\u202e", [ORGANISATION]).explanation
    assert judge(signed_form(), creator="Example Meters Ltd\u200b").codes == (Code.ORG_MISMATCH,)
