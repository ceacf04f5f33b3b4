"""The difference of two lists as CSV and JSON: applied to the earlier list it gives the later one, and both say the same."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.dictionary import load
from cpl.domain import difference_documents as documents
from cpl.domain.difference_documents import FieldChange, Side
from cpl.domain.entry import ListedEntry
from cpl.domain.releases import Version
from cpl.domain.rules.characters import FORMULA_STARTS

STATUS = "Entry.status"
CREATOR, DESCRIPTOR, FIRMWARE = "Manufacturer_Image.creator", "Manufacturer_Image.descriptor", "Device_Model.firmware_version"
ORDER = [item.key for item in load(3).list_items]
EARLIER, LATER = Side("3.001", "2026-11-20"), Side("3.002", "2026-11-25")
HUB = {FIRMWARE: "01:02:03:04", CREATOR: "Alder Metering Ltd", DESCRIPTOR: ""}


def entry(number: str, status: str = "Current", **values: str) -> ListedEntry:
    return ListedEntry(number, status, values)


def changes(before: Iterable[ListedEntry], after: Iterable[ListedEntry]) -> list[FieldChange]:
    return list(documents.field_changes(before, after, ORDER))


def test_each_kind_of_change() -> None:
    before = [entry(f"00000{n}", status, **HUB) for n, status in enumerate(("Current", "Current", "Removed", "Current"), 1)]
    after = [
        entry("000005", **HUB),
        entry("000003", **HUB),
        entry("000002", "Removed", **{**HUB, DESCRIPTOR: "Boot loader", FIRMWARE: "01:02:03:05"}),
        entry("000001", **{**HUB, CREATOR: ""}),
        before[3],
    ]
    assert changes(before, after) == [
        FieldChange("000001", "amended", CREATOR, "Alder Metering Ltd", ""),
        FieldChange("000002", "removed", STATUS, "Current", "Removed"),
        FieldChange("000002", "amended", FIRMWARE, "01:02:03:04", "01:02:03:05"),
        FieldChange("000002", "amended", DESCRIPTOR, "", "Boot loader"),
        FieldChange("000003", "reinstated", STATUS, "Removed", "Current"),
        FieldChange("000005", "added", STATUS, "", "Current"),
        FieldChange("000005", "added", FIRMWARE, "", "01:02:03:04"),
        FieldChange("000005", "added", CREATOR, "", "Alder Metering Ltd"),
    ]


def test_the_json() -> None:
    text = documents.as_json([FieldChange("000001", "amended", CREATOR, "Grüße ", "=1+1")], EARLIER, LATER).decode()
    assert json.loads(text) == {
        "format": 1,
        "earlier": {"version": "3.001", "issued_on": "2026-11-20"},
        "later": {"version": "3.002", "issued_on": "2026-11-25"},
        "changes": [{"entry": "000001", "change": "amended", "item": CREATOR, "before": "Grüße ", "after": "=1+1"}],
    }
    assert "Grüße " in text


def test_the_csv() -> None:
    row = FieldChange("000001", "amended", CREATOR, 'said "so", twice\r\n', "Grüße")
    assert documents.as_csv([row]).decode() == (
        "\ufeffentry,change,item,before,after,guarded\r\n"
        '000001,amended,Manufacturer_Image.creator,"said ""so"", twice\r\n",Grüße,\r\n'
    )
    assert documents.as_csv([], bom=False) == b"entry,change,item,before,after,guarded\r\n"


@pytest.mark.parametrize("start", [*FORMULA_STARTS, " =", "\n@", "\N{NO-BREAK SPACE}+"])
def test_what_could_be_a_formula_is_guarded_and_named(start: str) -> None:
    (row,) = rows_of(documents.as_csv([FieldChange("000001", "amended", CREATOR, f"{start}1", "1" + start)]))
    assert (row["before"], row["after"], row["guarded"]) == (f"'{start}1", "1" + start, "before")


def test_what_begins_with_an_apostrophe_anyway_is_no_guard() -> None:
    (row,) = rows_of(documents.as_csv([FieldChange("000001", "amended", CREATOR, "'s", "-")]))
    assert (row["before"], row["after"], row["guarded"]) == ("'s", "'-", "after")


def test_other_bytes_need_another_number() -> None:
    """The ETag of a difference is made before the difference: a change of the writing that keeps WRITING would not be seen."""
    before = [entry("000001", **HUB), entry("000002", "Removed", **HUB), entry("000003", **HUB)]
    after = [
        entry("000004", **HUB),
        entry("000003", "Removed", **HUB),
        entry("000002", **HUB),
        entry("000001", **{DESCRIPTOR: 'said "so", twice\r\n', CREATOR: "=Grüße", FIRMWARE: "01:02:03:05"}),
    ]
    rows = changes(before, after)
    assert [row.entry for row in rows][:5] == ["000001"] * 3 + ["000002", "000003"]
    data = documents.as_csv(rows) + documents.as_csv(rows, bom=False) + documents.as_json(rows, EARLIER, LATER)
    assert (documents.WRITING, hashlib.sha256(data).hexdigest()[:16]) == (1, "7782632bfe554090")


def test_names_of_files() -> None:
    assert documents.name_of(Version(2, 51), Version(3, 0), "csv") == "CPL_v2.051_to_v3.000.csv"


TEXTS = st.text(max_size=8) | st.sampled_from(["", "=1+1", "-", "'", " +", "\t", "a,b", 'say "x"', "\r\n", "00"])
VALUES = st.dictionaries(st.sampled_from([*ORDER[2:], "Group of an older list.item"]), TEXTS, max_size=6)
ENTRIES = st.builds(lambda status, values: (status, values), st.sampled_from(["Current", "Removed"]), VALUES)
LISTS = st.dictionaries(st.integers(1, 12).map("{:06d}".format), ENTRIES, max_size=8)


@st.composite
def two_lists(draw: st.DrawFn) -> tuple[list[ListedEntry], list[ListedEntry]]:
    """An earlier list and a later one: some entries are the same, some changed, some new; none is gone."""
    earlier = draw(LISTS)
    later = earlier | draw(LISTS)
    return tuple([ListedEntry(number, *facts) for number, facts in kind.items()] for kind in (earlier, later))  # type: ignore[return-value]


def plain(entries: Iterable[ListedEntry]) -> dict[str, tuple[str, dict[str, str]]]:
    """Entries as they are published: an item without a text is an empty cell."""
    return {entry.number: (entry.status, {key: text for key, text in entry.values.items() if text}) for entry in entries}


def applied(before: Iterable[ListedEntry], rows: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, dict[str, str]]]:
    """What a program does with the document, which knows of nothing but its rows."""
    found: dict[str, dict[str, str]] = {entry.number: {STATUS: entry.status, **entry.values} for entry in before}
    for row in rows:
        items = found.setdefault(row["entry"], {})
        assert items.get(row["item"], "") == row["before"]
        items[row["item"]] = row["after"]
    return plain(ListedEntry(number, items.pop(STATUS), items) for number, items in found.items())


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def unguarded(row: dict[str, str]) -> dict[str, str]:
    named = row["guarded"].split()
    assert all(row[name].startswith("'") for name in named)
    return {name: text[1:] if name in named else text for name, text in row.items() if name != "guarded"}


@settings(max_examples=300, deadline=None)
@given(two_lists())
def test_applied_to_the_earlier_list_it_gives_the_later(lists: tuple[list[ListedEntry], list[ListedEntry]]) -> None:
    before, after = lists
    document: dict[str, Any] = json.loads(documents.as_json(changes(before, after), EARLIER, LATER))
    assert applied(before, document["changes"]) == plain(after)
    assert [row["entry"] for row in document["changes"]] == sorted(row["entry"] for row in document["changes"])


@settings(max_examples=300, deadline=None)
@given(two_lists(), st.booleans())
def test_the_csv_says_the_same_and_no_cell_begins_as_a_formula(
    lists: tuple[list[ListedEntry], list[ListedEntry]], bom: bool
) -> None:
    found = changes(*lists)
    data = documents.as_csv(found, bom=bom)
    rows = rows_of(data)
    assert not any(text.strip().startswith(("=", "+", "-", "@")) for row in rows for text in row.values())
    assert [unguarded(row) for row in rows] == json.loads(documents.as_json(found, EARLIER, LATER))["changes"]
