"""One Device Model: when two entries are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpl.domain.entry import (
    DEVICE_MODEL,
    TRIO,
    certificate_prefix,
    cpa_core,
    device_fields,
    device_key,
    twin_key,
)
from tests.domain.good_forms import good


def test_the_five_fields_of_a_device_model() -> None:
    assert device_fields(good()) == ("10:73", "57:31", "01", "0A", "04:01:00:03")
    assert device_fields({}) == ("", "", "", "", "")


@pytest.mark.parametrize("key", DEVICE_MODEL)
def test_each_of_the_five_makes_another_device(key: str) -> None:
    other = {**good(), key: "00"}
    assert device_key(other) != device_key(good())
    assert twin_key(other) != twin_key(good())


@pytest.mark.parametrize("key", TRIO)
def test_type_and_versions_make_another_twin_but_the_same_device(key: str) -> None:
    other = {**good(), key: "something else"}
    assert device_key(other) == device_key(good())
    assert twin_key(other) != twin_key(good())


@pytest.mark.parametrize("key", ["Manufacturer_Image.hash", "ZSE_Certificate.ZSE_version", "Manufacturer_Image.descriptor"])
def test_nothing_else_does(key: str) -> None:
    other = {**good(), key: ""}
    assert device_key(other) == device_key(good())
    assert twin_key(other) == twin_key(good())


def test_spelling_makes_no_other_device() -> None:
    other = {**good(), DEVICE_MODEL[4]: " 04:01:00:03 ", DEVICE_MODEL[3]: "0a", TRIO[1]: "smets v5.1  "}
    assert device_key(other) == device_key(good())
    assert twin_key(other) == twin_key(good())


def test_keys_are_sha_256_in_hexadecimal() -> None:
    assert len(device_key(good())) == len(twin_key(good())) == 64
    assert set(device_key(good())) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("number", "prefix", "core"),
    [
        ("[E] SMCH60812475", "E", "SMCH60812475"),
        ("[E] ESME1433053936-1197", "E", "1433053936-1197"),
        ("[E] 1433053936-1885", "E", "1433053936-1885"),
        ("[R] NCSC-1433053936-3917", "R", "1433053936-3917"),
        ("NCSC1433053936-1497", "", "1433053936-1497"),
        ("[T] GKL123456789", "T", "GKL123456789"),
        ("  [R]  X1 ", "R", "X1"),
        ("[E]SMCH60812475", "E", "SMCH60812475"),
        ("11433053936-1497", "", "11433053936-1497"),
        ("ABCDE12345678", "", "ABCDE12345678"),
        ("[e] X1", "", "[e] X1"),
        ("", "", ""),
    ],
)
def test_one_certificate_however_it_is_spelled(number: str, prefix: str, core: str) -> None:
    assert certificate_prefix(number) == prefix
    assert cpa_core(number) == core


@given(st.dictionaries(st.sampled_from([*DEVICE_MODEL, *TRIO]), st.text(st.characters())), st.text(st.characters()))
def test_any_values_have_keys(values: dict[str, str], number: str) -> None:
    assert len(device_key(values)) == len(twin_key(values)) == 64
    assert cpa_core(number) == cpa_core(number).strip()
    certificate_prefix(number)


@given(
    st.lists(st.text(st.characters(), max_size=3), min_size=5, max_size=5),
    st.lists(st.text(st.characters(), max_size=3), min_size=5, max_size=5),
)
def test_equal_keys_mean_equal_fields(one: list[str], other: list[str]) -> None:
    first, second = dict(zip(DEVICE_MODEL, one, strict=True)), dict(zip(DEVICE_MODEL, other, strict=True))
    assert (device_key(first) == device_key(second)) == (device_fields(first) == device_fields(second))
