"""Shared strings: counting finds the same texts as parsing whatever the table looks like, and hands over what it cannot count."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.workbook import package, strings
from cpl.workbook.package import Package, Part, open_package
from cpl.workbook.refusals import Refused
from cpl.workbook.strings import Text, Wanted, shared_strings
from tests.builders.workbooks import zip_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="{MAIN}" count="9" uniqueCount="9">'
MANY = 1_000_000


def table_of(xml: str | bytes) -> tuple[Package, Part]:
    opened = open_package(zip_of({"xl/sharedStrings.xml": xml.encode() if isinstance(xml, str) else xml}))
    part = opened.find("xl/sharedStrings.xml")
    assert part is not None
    return opened, part


def counted(xml: str | bytes, numbers: Iterable[int]) -> dict[int, Text] | None:
    """What counting alone finds; None when it gives up."""
    wanted = Wanted(list(numbers), MANY)
    return dict(wanted.found) if strings._Scan(*table_of(xml), wanted).run() else None


def parsed(xml: str | bytes, numbers: Iterable[int]) -> dict[int, Text]:
    wanted = Wanted(list(numbers), MANY)
    strings._parse(*table_of(xml), wanted, MANY)
    return wanted.found


def found(xml: str | bytes, numbers: Iterable[int]) -> dict[int, str]:
    return {number: text.text for number, text in shared_strings(*table_of(xml), Wanted(list(numbers), MANY), MANY).items()}


def sst(items: Iterable[str], head: str = HEAD, tail: str = "</sst>") -> str:
    return head + "".join(items) + tail


@pytest.fixture(params=[64, 1024, package._PLAIN_STEP], ids=["pieces of 64 bytes", "of 1 KiB", "of the usual size"])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the table is cut into pieces, what is found is the same."""
    monkeypatch.setattr(package, "_PLAIN_STEP", request.param)


PLAIN = [f"<si><t>text {number}</t></si>" for number in range(200)]
SPACED = [f'<si><t xml:space="preserve"> text {number} </t></si>' for number in range(200)]
RICH = [
    "<si><r><t>a</t></r><r><rPr><b/><sz val='9'/></rPr><t xml:space='preserve'> b</t></r></si>",
    "<si><t>x</t><phoneticPr fontId='1'/></si>",
]


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("items", [PLAIN, SPACED, RICH * 50, PLAIN[:70] + RICH + PLAIN], ids=["plain", "spaced", "rich", "mixed"])
def test_counting_finds_what_parsing_finds(items: list[str]) -> None:
    numbers = [0, 1, 2, 69, 70, 71, 72, len(items) - 1, len(items), 10_000]
    table = sst(items)
    by_counting = counted(table, numbers)
    assert by_counting is not None
    assert by_counting == parsed(table, numbers)
    assert set(by_counting) == {number for number in numbers if number < len(items)}


HIDING = {
    "an empty string": "<si/>",
    "an empty string with a blank": "<si />",
    "an empty text": "<si><t/></si>",
    "a blank in the closing tag": "<si><t>x</t></si >",
    "a comment": "<!-- </si><si> --><si><t>x</t></si>",
    "a comment in a string": "<si><t>x</t><!-- </si><si><t>y</t> --></si>",
    "a marked section": "<si><t><![CDATA[</t></si><si><t>]]></t></si>",
    "an instruction": "<?x </si><si> ?><si><t>x</t></si>",
    "a prefix": f'<p:si xmlns:p="{MAIN}"><p:t>x</p:t></p:si>',
    "a line break": "\n<si><t>x</t></si>",
    "an attribute": '<si a="b"><t>x</t></si>',
}


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("hiding", HIDING.values(), ids=HIDING)
def test_what_could_hide_a_string_is_parsed_in_full(hiding: str) -> None:
    table = sst([*PLAIN[:5], hiding, *PLAIN[5:]])
    numbers = range(5, 200)
    texts = found(table, numbers)
    assert texts == {number: text.text for number, text in parsed(table, numbers).items()}
    assert texts[6] == "text 5"
    assert texts[199] == "text 198"


def prefixed(table: str) -> str:
    return re.sub(r"<(/?)(sst|si|t)\b", r"<\1x:\2", table).replace("xmlns=", "xmlns:x=")


OTHERS = {
    "UTF-16": sst(PLAIN).replace("UTF-8", "UTF-16").encode("utf-16"),
    "prefix": prefixed(sst(PLAIN)),
    "strict": sst(PLAIN, head=HEAD.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")),
    "no declaration": sst(PLAIN, head=HEAD[HEAD.index("<sst") :]),
    "byte order mark": "\ufeff" + sst(PLAIN),
    "line breaks": sst(PLAIN, tail="\n</sst>\n"),
}


@pytest.mark.parametrize("table", OTHERS.values(), ids=OTHERS)
def test_other_encodings_and_namespaces(table: str | bytes) -> None:
    assert found(table, [0, 150]) == {0: "text 0", 150: "text 150"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("<si><si><t>x</t></si></si>", "inside a text"),
        ("<si><t>x</t><t>y</t></si>", "two versions"),
        ("<si><r><t>x</t></r><t>y</t></si>", "two versions"),
        ("<si><b/></si>", "inside a text"),
        ('<si><t xmlns="urn:x">x</t></si>', "foreign elements"),
        ("<b/>", "something else than texts"),
        ("<si><t>x</si>", "no readable XML"),
        ("<si><t>&nothing;</t></si>", "no readable XML"),
        (f"<si><t>{'x' * 32_768}</t></si>", "characters"),
    ],
)
def test_a_table_that_excel_does_not_write_is_refused(item: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        found(sst([*PLAIN[:5], item, *PLAIN]), [5, 6])


def test_a_nested_string_cannot_shift_the_count() -> None:
    """Counting alone would take the inner end for the end of a string."""
    table = sst(["<si><t>0</t></si>", "<si><t><si><t>1</t></si></t></si>", "<si><t>2</t></si>"])
    assert counted(table, [2]) is None
    with pytest.raises(Refused):
        found(table, [1])


def test_a_number_that_does_not_exist_is_left_out() -> None:
    assert found(sst(PLAIN), [199, 200, -1]) == {199: "text 199"}
    assert found(sst([]), [0]) == {}


def test_only_so_much_text_is_kept() -> None:
    table = sst(f"<si><t>{''.join(f'{n * number:06d}' for n in range(5_000))}</t></si>" for number in range(100, 140))
    for items in (table, table.replace("<si>", "\n<si>")):
        assert len(shared_strings(*table_of(items), Wanted(range(33), MANY), MANY)) == 33
        with pytest.raises(Refused, match="far more text"):
            shared_strings(*table_of(items), Wanted(range(34), MANY), MANY)


def test_a_full_parse_has_its_bounds() -> None:
    table = sst(["\n", *PLAIN])
    assert len(shared_strings(*table_of(table), Wanted([0], MANY), 401)) == 1
    with pytest.raises(Refused, match="more cells and settings"):
        shared_strings(*table_of(table), Wanted([0], MANY), 400)


pieces_of_xml = st.sampled_from(
    ["<si>", "</si>", "<t>", "</t>", "<r>", "</r>", "<rPh>", "</rPh>", "<t/>", "<si/>", "a", "&amp;", "<!---->", "<rPr/>"]
    + ["<!--</si>-->", "</si><si>", "<si><t>", "</t></si>"]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces_of_xml, max_size=14), st.lists(st.sampled_from(PLAIN[:4] + RICH), max_size=6))
def test_counting_never_contradicts_parsing(middle: list[str], around: list[str]) -> None:
    """For any table: if both can read it, they read the same; where parsing refuses, no text may come out of the scan."""
    table = sst([*around, *middle, *around])
    by_counting = counted(table, range(40)) if well_formed(table) else None
    try:
        truth = parsed(table, range(40))
    except Refused:
        assert by_counting is None or any(number not in by_counting for number in range(len(by_counting) + 1))
        return
    assert by_counting is None or by_counting == truth


def well_formed(xml: str) -> bool:
    try:
        ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return False
    return True
