"""The very hidden tabs from which the macro of the form reads its rules: what cpl/domain checks, written out as tables of text.

Nothing is decided here: each cell comes from the rule set or from the modules of cpl/domain/rules, so that macro and server do
not say different things. Columns and roles are those that cpl/workbook/vba reads.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby, product

from cpl.domain.applicability import SMETS1_GBCS, SMETS1_VERSION, Profile, Requirement, requirement
from cpl.domain.dictionary import DataItem, RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, GBCS, IMAGE_HASH, SMETS_CHTS
from cpl.domain.findings import Severity
from cpl.domain.rules import certificates, image, kinds, model, upgrade_path
from cpl.domain.rules.cells import MOST_TYPED_DAYS
from cpl.domain.rules.characters import LONGEST_SCAN, UNWANTED, describe
from cpl.domain.rules.normalise import NOT_APPLICABLE
from cpl.domain.rules.wording import TEXTS

Row = tuple[str, ...]

_ROLES = {
    DEVICE_TYPE: "device",
    SMETS_CHTS: "version",
    GBCS: "gbcs",
    CPA_NUMBER: "certificate",
    certificates.CHARACTERISTICS: "characteristics",
    certificates.EXPIRY: "expiry",
    IMAGE_HASH: "hash",
    upgrade_path.PATH: "path",
}
_LETTERS = {Requirement.FILLED: "F", Requirement.EMPTY: "E", Requirement.OPTIONAL: "O", Requirement.UNKNOWN: "U"}
# Without and with a hash, first for SMETS2+ and then for SMETS1: the order in which the macro counts.
_PROFILES = tuple((smets1, has_hash) for smets1, has_hash in product((False, True), repeat=2))
_LAST_CODE = 0x10FFFF
# Characters that people do paste into forms get a name: accents, Greek, Cyrillic, punctuation, signs and full-width letters.
_NAMED = (range(0x7F, 0x180), range(0x384, 0x460), range(0x2000, 0x2070), range(0x20A0, 0x20C0), range(0xFF01, 0xFF5F))
_NAMED_SINGLY = (0x2116, 0x2122, 0x2190, 0x2192, 0x2212, 0x2260, 0x2264, 0x2265, 0x3000, 0xFEFF, 0xFFFD)


def rule_tabs(rules: RuleSet) -> dict[str, list[Row]]:
    """The rows of each tab by its name, headings first. The tab with the selection lists is not among them."""
    return {
        "CPL Rules": [_rule_headings(rules), *(_rule(item, rules) for item in rules.form_items)],
        "CPL Device Types": [("Device type", "Upgrades over the air from", "Permitted"), *_devices(rules)],
        "CPL Combinations": [
            ("Device type", "SMETS/CHTS version", "GBCS version", "Why it is not permitted"),
            *_combinations(rules),
        ],
        "CPL Certificates": [_CERTIFICATE_HEADINGS, *_certificates(rules)],
        "CPL Texts": [("Name", "Text"), *_settings(rules), *TEXTS.items()],
        "CPL Characters": [("First", "Last", "Class"), *_ranges()],
        "CPL Character Names": [("Code", "Description"), *_names()],
    }


def _rule_headings(rules: RuleSet) -> Row:
    fixed = (
        "Data Group",
        "Data Attribute",
        "Role",
        "Kind",
        "Selection list",
        "Pairs",
        "Maximum",
        "Octets",
        "Flags",
        "Guidance",
        "Conditionality rule",
        "Format",
        "Valid values",
        "(not known)",
    )
    return *fixed, *(device.name for device in rules.device_types)


def _rule(item: DataItem, rules: RuleSet) -> Row:
    return (
        item.group,
        item.attribute,
        _ROLES.get(item.key, ""),
        item.kind.value,
        item.selection,
        str(item.octets),
        item.maximum,
        str(item.max_octets),
        _flags(item),
        item.guidance,
        item.conditionality,
        item.format,
        item.valid_values,
        *_needs(item, rules),
    )


def _flags(item: DataItem) -> str:
    flags = {"R": item.red, "P": bool(item.published), "L": item.multiline, "I": item.group == image.GROUP}
    return "".join(flag for flag, is_set in flags.items() if is_set)


def _needs(item: DataItem, rules: RuleSet) -> Iterator[str]:
    """For an unknown device type and for each known one: four letters, one a profile."""
    for device in (None, *rules.device_types):
        yield "".join(_LETTERS[requirement(item, Profile(device, smets1, has_hash))] for smets1, has_hash in _PROFILES)


def _devices(rules: RuleSet) -> Iterator[Row]:
    for device in rules.device_types:
        yield device.name, device.ota_from, model.permitted(device, rules)


def _combinations(rules: RuleSet) -> Iterator[Row]:
    """Every combination that the drop-downs allow, with what speaks against it."""
    versions, gbcs_versions = (rules.choices(rules.by_key[key]) for key in (SMETS_CHTS, GBCS))
    for device, version, gbcs in product(rules.device_types, versions, gbcs_versions):
        trio = device.name, version, gbcs
        yield *trio, "" if trio in rules.combinations else model.why_not(device, trio, rules)[1]


_CERTIFICATE_HEADINGS = (
    "Prefix",
    "Security Characteristics",
    "Text about them",
    "Guidance about them",
    "Date out of range",
    "Text about the date",
    "Guidance about the date",
    "Years ahead",
)


def _certificates(rules: RuleSet) -> Iterator[Row]:
    """What each kind of certificate asks, in the order in which prefixes are looked for."""
    for prefix in rules.by_key[CPA_NUMBER].prefixes:
        terms = certificates.TERMS[prefix]
        yield (
            prefix,
            "yes" if terms.characteristics else "no",
            terms.characteristics_text,
            terms.characteristics_guidance,
            "error" if terms.past is Severity.ERROR else "warning",
            terms.date_text,
            terms.date_guidance,
            str(terms.years_ahead),
        )


def _settings(rules: RuleSet) -> Iterator[Row]:
    """What the macro needs besides texts."""
    yield "set.smets1", SMETS1_VERSION
    yield "set.smets1_gbcs", SMETS1_GBCS
    yield "set.not_relevant", certificates.NOT_RELEVANT
    yield "set.not_applicable", NOT_APPLICABLE
    yield "set.prefixes", kinds.either(rules.by_key[CPA_NUMBER].prefixes)
    yield "set.most_contacts", str(kinds.MOST_CONTACTS)
    yield "set.most_numbers", str(kinds.MOST_PATH_NUMBERS)
    yield "set.shortest_number", str(kinds.SHORTEST_NUMBER)
    yield "set.longest_address", str(kinds.LONGEST_ADDRESS)
    yield "set.longest_mailbox", str(kinds.LONGEST_MAILBOX)
    yield "set.longest_scan", str(LONGEST_SCAN)
    yield "set.most_typed_days", str(MOST_TYPED_DAYS)
    yield "set.form_guidance", "5.2"
    yield "set.combination_guidance", model.GUIDANCE
    yield "set.image_guidance", "Appendix 1"


def _ranges() -> Iterator[Row]:
    """Which characters are blanks, and which must not stand in a value."""
    for name, codes in _classes().items():
        # Codes in a row have the same distance from their places in the list.
        for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
            together = [code for _, code in run]
            yield str(together[0]), str(together[-1]), name


@cache
def _classes() -> Mapping[str, list[int]]:
    characters = [chr(code) for code in range(_LAST_CODE + 1)]
    return {
        "blank": [ord(character) for character in characters if character.isspace()],
        "unwanted": [ord(character) for character in characters if unicodedata.category(character) in UNWANTED],
    }


def _names() -> Iterator[Row]:
    """How a character is described, for those that must not stand in a value and some others."""
    unwanted: Iterable[int] = (code for code in _classes()["unwanted"] if unicodedata.category(chr(code)) != "Cs")
    codes = {*unwanted, *_NAMED_SINGLY}.union(*_NAMED)
    for code in sorted(codes):
        yield str(code), describe(chr(code))
