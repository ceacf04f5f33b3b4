"""How a value of each kind must be written (rules F2 to F18, each for its own data items)."""

import datetime
import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.rules.characters import describe, outside_printable
from cpl.domain.rules.normalise import NOT_APPLICABLE, parts
from cpl.domain.rules.problem import Problem, error, note, warning
from cpl.domain.rules.wording import say

MOST_CONTACTS = 5
MOST_PATH_NUMBERS = 15
SHORTEST_NUMBER = 3  # characters of a certificate number
LONGEST_ADDRESS = 254
LONGEST_MAILBOX = 64
_HEX_DIGITS = re.compile(r"[0-9A-F]+")
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_OTHER_DATE = re.compile(
    r"(?P<day>\d{2})[-.](?P<month>\d{2})[-.](?P<year>\d{4})|(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", re.ASCII
)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])")
ENTRY_NUMBER = re.compile(r"(?!000000)\d{6}", re.ASCII)
_WEB_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|www\.", re.IGNORECASE)

Check = Callable[[DataItem, str, RuleSet], Iterator[Problem]]


def form_problems(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    """What is wrong with how a filled-in value is written."""
    yield from _CHECKS[item.kind](item, value, rules)


def parse_date(value: str) -> datetime.date | None:
    """The date written as dd/mm/yyyy and nothing else; day and month are never swapped."""
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    day, month, year = map(int, match.groups())
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def is_mail_address(text: str) -> bool:
    """One plain e-mail address: ASCII, dots only between other characters, a domain with at least one dot."""
    mailbox = text.partition("@")[0]
    return len(text) <= LONGEST_ADDRESS and len(mailbox) <= LONGEST_MAILBOX and _ADDRESS.fullmatch(text) is not None


def certificate_number(item: DataItem, value: str) -> tuple[str, str]:
    """(prefix, number) of a CPA certificate number; ("", value) when no permitted prefix with its blank stands in front."""
    for prefix in item.prefixes:
        if value.startswith(f"{prefix} "):
            return prefix, value[len(prefix) + 1 :]
    return "", value


def _list(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    choices = rules.choices(item)
    if value in choices:
        return
    near = [choice for choice in difflib.get_close_matches(value, choices, cutoff=0.8) if _digits(choice) == _digits(value)]
    hint = say("list.hint", near=near[0]) if near else ""
    yield error(item.rule, item.key, say("list", hint=hint, choices="; ".join(choices)))


def _digits(text: str) -> str:
    """A withdrawn version number is no slip of the pen for a current one: only words are corrected, never digits."""
    return "".join(filter(str.isdigit, text))


def _hex(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    digits = value.replace(":", "")
    well_formed = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    if not _HEX_DIGITS.fullmatch(digits) or len(digits) != 2 * item.octets or value != well_formed:
        yield error(item.rule, item.key, say("hex", hint=_hex_hint(item, value), format=item.format))
    elif value > item.maximum:
        yield error(item.rule, item.key, say("hex.range", valid=item.valid_values))


def _hex_hint(item: DataItem, value: str) -> str:
    """The value as it was probably meant: with colons for other separators, without 0x."""
    digits = re.sub(r"[\s:.\-]|^0X|^0x", "", value).upper()
    if len(digits) != 2 * item.octets or not _HEX_DIGITS.fullmatch(digits):
        return ""
    return say("hex.hint", meant=":".join(digits[place : place + 2] for place in range(0, len(digits), 2)))


def _printable(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    if odd := outside_printable(value):
        yield error(item.rule, item.key, say("odd", what=describe(odd)))
    elif len(value) < SHORTEST_NUMBER:
        yield error(item.rule, item.key, say("short", least=SHORTEST_NUMBER))


def _cpa_number(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    prefix, number = certificate_number(item, value)
    if odd := outside_printable(value):
        yield error(item.rule, item.key, say("odd", what=describe(odd)))
    elif not prefix:
        yield error(item.rule, item.key, say("prefix", prefixes=either(item.prefixes), valid=item.valid_values))
    elif number != number.strip() or len(number) < SHORTEST_NUMBER - 1:
        yield error(item.rule, item.key, say("prefix.number", prefix=prefix, valid=item.valid_values))


def either(prefixes: tuple[str, ...]) -> str:
    """The prefixes as a sentence names them."""
    return " or ".join([", ".join(prefixes[:-1]), prefixes[-1]]) if len(prefixes) > 1 else prefixes[0]


def _date(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    if parse_date(value):
        return
    hint = ""
    if match := _OTHER_DATE.fullmatch(value):
        found = match.groupdict()
        written = "/".join([found["day"] or found["d"], found["month"] or found["m"], found["year"] or found["y"]])
        hint = say("date.hint", meant=written) if parse_date(written) else ""
    yield error(item.rule, item.key, say("date", hint=hint))


def _text(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    if not _WEB_ADDRESS.search(value):
        return
    if item.red:
        yield error(item.rule, item.key, say("web"))
    elif item.multiline:
        yield note(item.rule, item.key, "Holds a web address: open it before the entry is approved.", guidance="Appendix 6.2")


def _parts(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    count = len(parts(value))
    if count > MOST_CONTACTS:
        yield warning(item.rule, item.key, say("contacts", count=count, most=MOST_CONTACTS))


def _emails(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    wrong = [place for place, address in enumerate(parts(value), start=1) if not is_mail_address(address)]
    if wrong:
        places = ", ".join(map(str, wrong))
        yield error(item.rule, item.key, say("email", places=places))
    yield from _parts(item, value, rules)


def _path(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    if value == NOT_APPLICABLE:
        return
    numbers = parts(value)
    if not numbers or not all(ENTRY_NUMBER.fullmatch(number) for number in numbers):
        yield error(item.rule, item.key, say("path", format=item.format, valid=item.valid_values))
        return
    if len(numbers) > MOST_PATH_NUMBERS:
        yield error(item.rule, item.key, say("path.many", count=len(numbers), most=MOST_PATH_NUMBERS))
    elif repeated := sorted(number for number, times in Counter(numbers).items() if times > 1):
        yield error(item.rule, item.key, say("path.repeated", numbers=", ".join(repeated)))


def _nothing(item: DataItem, value: str, rules: RuleSet) -> Iterator[Problem]:
    yield from ()


_CHECKS: Mapping[Kind, Check] = {
    Kind.ALLOCATED: _nothing,
    Kind.LIST: _list,
    Kind.HEX: _hex,
    Kind.CPA_NUMBER: _cpa_number,
    Kind.PRINTABLE: _printable,
    Kind.DATE: _date,
    Kind.TEXT: _text,
    Kind.NAMES: _parts,
    Kind.TELEPHONES: _parts,
    Kind.EMAILS: _emails,
    Kind.PATH: _path,
}
