"""Which certificates an entry names, whatever the spelling, and how near their dates are."""

from datetime import date, timedelta

import pytest

from certificates.domain.expiry import Standing, standing, window
from certificates.domain.naming import CertificateKind, assurance_core, date_of, named
from cpl.domain.entry import CPA_NUMBER
from tests.builders.values import DEVICE_TYPES, HUB, PPMID, SINGLE_ELEMENT, valid_values

EXPIRY = "CPA_Certificate.expiry_date"
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("device", "kinds"),
    [(SINGLE_ELEMENT, {"CPA", "ZSE", "DLMS"}), (HUB, {"CPA", "ZSE"}), (PPMID, {"ZSE"})],
)
def test_each_device_type_names_what_it_needs(device: str, kinds: set[str]) -> None:
    assert {one.kind for one in named(valid_values(device))} == kinds


def test_a_smets1_device_names_none() -> None:
    assert named(valid_values(smets1=True)) == ()


@pytest.mark.parametrize(
    "spelling", ["[E] 1433053936-1497", "[R] NCSC-1433053936-1497", "NCSC1433053936-1497", " [E]  1433053936-1497 \n"]
)
def test_spellings_of_one_certificate_meet(spelling: str) -> None:
    (cpa,) = (one for one in named({CPA_NUMBER: spelling, EXPIRY: "29-05-2024"}))
    assert (cpa.kind, cpa.core, cpa.valid_until) == (CertificateKind.CPA, "1433053936-1497", date(2024, 5, 29))


def test_a_trial_is_no_cpa_certificate() -> None:
    values = {CPA_NUMBER: "[T] SSC-TRIAL-7"}
    assert named(values)[0].kind is CertificateKind.TRIAL
    assert assurance_core(values) == ""
    assert assurance_core({CPA_NUMBER: "[E] ESME68753061"}) == "ESME68753061"


@pytest.mark.parametrize("nothing", ["", "  ", "Not Relevant", "NA", "n/a"])
def test_what_says_that_there_is_none_is_none(nothing: str) -> None:
    groups = ("CPA_Certificate", "ZSE_Certificate", "DLMS_Certificate")
    assert named({f"{group}.identification_number": nothing for group in groups}) == ()


def test_blanks_and_line_ends_of_old_rows_do_not_make_another_certificate() -> None:
    key = "ZSE_Certificate.identification_number"
    cores = {named({key: text})[0].core for text in ("ZIG19017ZSE12783-24", "ZIG19017ZSE12783-24 \n", " zig19017zse12783-24")}
    assert cores == {"ZIG19017ZSE12783-24"}


@pytest.mark.parametrize("text", ["", "31/02/2027", "2027-01-02", "1/2/27", "soon"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_of(text) is None


def test_every_builder_form_has_readable_certificates() -> None:
    for device in DEVICE_TYPES:
        for one in named(valid_values(device)):
            assert one.core
            assert (one.valid_until is not None) == (one.kind is CertificateKind.CPA)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, Standing.EXPIRED),
        (0, Standing.MONTH),
        (30, Standing.MONTH),
        (31, Standing.QUARTER),
        (90, Standing.QUARTER),
        (91, Standing.CALM),
    ],
)
def test_where_a_date_stands(days: int, expected: Standing) -> None:
    until = TODAY + timedelta(days=days)
    assert standing(until, TODAY) is expected
    for chosen in (Standing.EXPIRED, Standing.MONTH, Standing.QUARTER):
        limits = window(chosen, TODAY)
        assert limits is not None
        inside = (limits[0] is None or limits[0] <= until) and until <= limits[1]
        assert inside == (expected is chosen or (chosen is Standing.QUARTER and expected is Standing.MONTH))


def test_no_date_stands_nowhere() -> None:
    assert standing(None, TODAY) is Standing.NONE
    assert window("", TODAY) is None
    assert window("nonsense", TODAY) is None
