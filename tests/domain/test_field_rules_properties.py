"""What holds for any text whatever: nothing raises, tidying is done once, RED stays secret, findings are well formed."""

import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cpl.dictionary import load
from cpl.domain.entry import ListedEntry
from cpl.domain.findings import Severity
from cpl.domain.form import CellKind
from cpl.domain.rules.kinds import is_mail_address, parse_date
from cpl.domain.rules.normalise import normalise
from cpl.domain.validate import path_numbers, validate_values
from tests.domain.good_forms import check, good

RULES = {2: load(2), 3: load(3)}
ITEMS = st.sampled_from(RULES[3].items)
ANYTHING = st.text(st.characters(), max_size=60)  # surrogates and control characters too
LIKELY = st.one_of(
    ANYTHING,
    st.sampled_from([choice.value for choices in RULES[3].lists.values() for choice in choices]),
    st.from_regex(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){0,5}", fullmatch=True),
    st.from_regex(r"\[[ERT]\] ?[A-Z0-9-]{0,24}", fullmatch=True),
    st.dates().map(lambda day: day.strftime("%d/%m/%Y")),
    st.lists(st.from_regex(r"[0-9]{6}", fullmatch=True), max_size=17).map("; ".join),
    st.emails(),
)
NUMBERS = st.one_of(LIKELY, st.floats().map(str), st.integers().map(str))
FORMS = st.dictionaries(st.sampled_from(list(RULES[3].by_key)), NUMBERS)


@settings(max_examples=150, deadline=None)
@given(
    changes=FORMS,
    kinds=st.dictionaries(st.sampled_from(list(RULES[3].by_key)), st.sampled_from(list(CellKind)), max_size=4),
    principal=st.sampled_from([2, 3]),
    on=st.dates(),
    targets=st.dictionaries(
        st.from_regex(r"[0-9]{6}", fullmatch=True), st.builds(ListedEntry, ANYTHING, ANYTHING, FORMS), max_size=2
    ),
)
def test_any_form_gets_an_answer(
    changes: dict[str, str], kinds: dict[str, CellKind], principal: int, on: datetime.date, targets: dict[str, ListedEntry]
) -> None:
    checked = check({**good(principal=principal), **changes}, principal, kinds, on=on, targets=targets)
    rules = RULES[principal]
    assert set(checked.values) == set(rules.by_key)
    for value in checked.values.values():
        value.encode()
    for finding in checked.findings:
        item = rules.by_key[f"{finding.group}.{finding.attribute}"]
        finding.message.encode()
        assert finding.rule
        assert finding.guidance
        assert not (item.red and finding.value)


@settings(max_examples=150, deadline=None)
@given(changes=FORMS, principal=st.sampled_from([2, 3]), status=ANYTHING)
def test_any_entry_of_a_list_gets_an_answer(changes: dict[str, str], principal: int, status: str) -> None:
    checked = validate_values(changes, RULES[principal], datetime.date(2026, 11, 24), status)
    assert set(checked.values) == {item.key for item in RULES[principal].list_items if item.group != "Entry"}


@settings(max_examples=300, deadline=None)
@given(item=ITEMS, text=LIKELY)
def test_tidying_is_done_once(item, text: str) -> None:  # type: ignore[no-untyped-def]
    choices = RULES[3].choices(item)
    once = normalise(item, text, choices)
    assert normalise(item, once.value, choices).value == once.value
    assert normalise(item, once.value, choices).changes == ()
    assert bool(once.changes) == (once.value != text)


@settings(max_examples=150, deadline=None)
@given(key=st.sampled_from(list(good())), text=LIKELY, blanks=st.text(" \t\n\u00a0", min_size=1, max_size=4))
def test_blanks_around_a_value_change_no_verdict(key: str, text: str, blanks: str) -> None:
    plain, padded = check({**good(), key: text.strip()}), check({**good(), key: f"{blanks}{text.strip()}{blanks}"})
    assert plain.values == padded.values
    verdict = [(finding.rule, finding.message) for finding in plain.findings if finding.severity is not Severity.INFO]
    assert [(finding.rule, finding.message) for finding in padded.findings if finding.severity is not Severity.INFO] == verdict


@settings(max_examples=200, deadline=None)
@given(
    key=st.sampled_from([item.key for item in RULES[3].items if item.red]),
    secret=st.text(st.characters(), min_size=4, max_size=30),
)
def test_red_values_are_in_no_finding(key: str, secret: str) -> None:
    marked = f"qzx{secret}qzx"
    for finding in check({**good(), key: marked}).findings:
        assert "qzx" not in f"{finding.message}{finding.value}"


@settings(max_examples=200, deadline=None)
@given(st.dates())
def test_every_date_is_read_as_it_is_written(day: datetime.date) -> None:
    written = f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    assert parse_date(written) == day
    assert parse_date(f"{written} ") is None


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_a_mail_address_never_holds_what_could_end_a_header(text: str) -> None:
    if is_mail_address(text):
        assert text.isascii()
        assert text.isprintable()
        assert text.count("@") == 1
        assert not set(text) & set(' ,;:<>()[]"\\')


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789; NA,", max_size=200))
def test_numbers_to_fetch_are_entry_numbers(path: str) -> None:
    numbers = path_numbers({"Firmware_Upgrade.Path": path})
    assert len(numbers) == len(set(numbers)) <= 15
    assert all(len(number) == 6 and number.isdecimal() and number in path for number in numbers)
