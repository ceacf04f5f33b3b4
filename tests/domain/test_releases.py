"""Version numbers: two integers, written as the published history writes them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpl.domain.releases import Version, next_after, parse, parse_label


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.0", (1, 0)),
        ("1.9", (1, 9)),
        ("1.10", (1, 10)),
        ("1.100", (1, 100)),
        ("2.000", (2, 0)),
        ("2.051", (2, 51)),
        (" 3.012 ", (3, 12)),
    ],
)
def test_both_spellings_are_read_and_written_back(text: str, version: tuple[int, int]) -> None:
    parsed = parse(text)
    assert parsed == Version(*version)
    assert str(parsed) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "3", "3.", ".012", "3.012a", "v3.012", "3,012", "-1.0", "3.0.1", "٣.١", "99999.1", "1.1234567"]
)
def test_what_is_no_version(text: str) -> None:
    assert parse(text) is None


def test_versions_are_ordered_as_two_integers() -> None:
    history = ["1.0", "1.2", "1.9", "1.10", "1.29", "1.99", "1.100", "1.299", "2.000", "2.009", "2.051", "2.1000", "3.000"]
    versions = [parse(text) for text in history]
    assert sorted(versions, key=lambda version: version or Version(0, 0)) == versions
    assert Version(1, 10) > Version(1, 9)


@pytest.mark.parametrize(
    ("head", "principal", "expected"),
    [
        (None, 3, "3.000"),
        (Version(2, 51), 3, "3.000"),
        (Version(2, 51), 2, "2.052"),
        (Version(3, 0), 3, "3.001"),
        (Version(3, 999), 3, "3.1000"),
    ],
)
def test_the_next_version(head: Version | None, principal: int, expected: str) -> None:
    assert str(next_after(head, principal)) == expected


def test_a_list_never_goes_back_to_an_older_structure() -> None:
    with pytest.raises(ValueError, match="before"):
        next_after(Version(3, 1), 2)


def test_labels() -> None:
    day = datetime.date(2026, 11, 24)
    assert Version(3, 0).label(day) == "Version 3.000 Issued on 24-11-2026"
    assert parse_label("Version 2.051 Issued on 21-09-2022") == (Version(2, 51), datetime.date(2022, 9, 21))
    assert parse_label("version 3.000  issued on 24-11-2026 (draft)") == (Version(3, 0), day)
    for text in [
        "",
        "Version 3.000",
        "Version 3.000 Issued on 31-02-2026",
        "Version 3.000 Issued on 2026-11-24",
        "Version 3 Issued on 24-11-2026",
    ]:
        assert parse_label(text) is None


@given(st.integers(0, 9999), st.integers(0, 999_999), st.dates(min_value=datetime.date(1000, 1, 1)))
def test_every_version_and_label_is_read_back(principal: int, sub: int, day: datetime.date) -> None:
    version = Version(principal, sub)
    assert parse(str(version)) == version
    assert parse_label(version.label(day)) == (version, day)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    version, labelled = parse(text), parse_label(text)
    assert version is None or version == parse(str(version))
    assert labelled is None or labelled == parse_label(labelled[0].label(labelled[1]))
