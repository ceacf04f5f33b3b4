"""The page docs/data-dictionary.md, written from the dictionary itself (`python -m cpl.dictionary`)."""

from collections.abc import Iterable, Iterator, Sequence

from cpl.domain.dictionary import DataItem, DeviceType, Kind, RuleSet

INTRODUCTION = """# Data dictionary

This page is written by `python -m cpl.dictionary > docs/data-dictionary.md` from `cpl/dictionary/v2.toml` and `v3.toml`.
Change those files, not this page; a test holds them together.

Selection lists and permitted combinations below are the first filling. From then on they are reference data with days from
and to, edited in the administration; every check and every release keeps the rule set it was made with.
"""

DECISIONS = """## Where the checks differ from the macro of version 2.051, and why

* Blanks around a value are taken off, hexadecimal digits are read as capitals and list values in the list's own spelling; the
  macro refuses or repeats them. A note (rule N1) says so each time, because the published spelling is the list's: the DCC's
  systems have refused other wordings and hashes in small letters.
* Every item gets an answer, whatever the device type; the macro stops at a device type it does not know.
* A combination that is not permitted is one finding on the device type that names all three values. Rule F4, F5 or F6 says why.
* Dates are dd/mm/yyyy and nothing else. A real Excel date is read; where day and month could be exchanged it needs a decision.
  Dates of [E] certificates in the past or more than six years ahead are errors, as the form's own text demands.
* Lengths are counted in octets of UTF-8, and over-length is always rule F19. Control and invisible characters, and published
  values that begin with = + - or @, are refused with the same rule; a telephone number may begin with +.
* A missing part of the Manufacturer Image is reported where it is missing, once.
* E-mail addresses: no two dots in a row, apostrophes allowed, an empty part after the last semicolon ignored.
* SMETS1 is what states SMETS V1.2. With a blank version, GBCS Version 0.0 counts as SMETS1; anything else is checked as SMETS2+.
* A SMETS2+ Pre-Payment Interface Device may say 'Not Relevant' for the Security Characteristics or leave them empty.
* A hash or an upgrade path for a Pre-Payment Interface Device or a HAN Connected Auxiliary Load Control Switch below GBCS
  Version 4.1 is a warning, not an error: no source says in words that it is forbidden.
"""


def dictionary_page(versions: Sequence[RuleSet]) -> str:
    """Markdown for the rule sets of all principal versions, latest first; the older ones show only what was different."""
    *_, latest = versions
    blocks = [INTRODUCTION, *_principal(latest)]
    for older in reversed(versions[:-1]):
        blocks.append(_differences(older, latest))
    return "\n".join([*blocks, DECISIONS])


def _principal(rules: RuleSet) -> Iterator[str]:
    yield f"## Principal version {rules.principal}: {len(rules.items)} data items\n"
    yield _table(
        ["", "Data Group", "Data Attribute", "Written as", "Published in", "Rule", "Guidance"],
        ([str(place), *_item_row(item)] for place, item in enumerate(rules.form_items, start=1)),
    )
    yield "## Who fills it in, and with what\n"
    for item in rules.form_items:
        yield _item_text(item)
    yield "## Device types\n"
    yield _table(
        ["Device type", "Family", "CPA", "DLMS", "FIR (version 2)", "Upgrades over the air"],
        (_device_row(device) for device in rules.device_types),
    )
    yield f"## Permitted combinations: {len(rules.combinations)}\n"
    yield _table(["Device type", "SMETS/CHTS version", "GBCS version"], (list(row) for row in sorted(rules.combinations)))
    yield "## Columns of 'CPL - Saveable in CSV'\n"
    yield "".join(f"1. `{column.header}`\n" for column in rules.csv_columns)


def _item_row(item: DataItem) -> list[str]:
    places = [f"CPL column {item.list_column}" if place == "CPL" else place.value for place in sorted(item.published)]
    where = ", ".join(places) or "nowhere"
    return [item.group, item.attribute, _written_as(item), f"{where} (**RED**)" if item.red else where, item.rule, item.guidance]


def _written_as(item: DataItem) -> str:
    match item.kind:
        case Kind.LIST:
            return f"list `{item.selection}`"
        case Kind.HEX:
            return f"{item.octets} pairs of hex digits" if item.octets > 1 else "1 pair of hex digits"
        case Kind.DATE:
            return "dd/mm/yyyy"
        case _:
            return f"{item.kind.value.replace('_', ' ')}, up to {item.max_octets} octets"


def _item_text(item: DataItem) -> str:
    lines = [f"### {item.key}\n", f"{item.label}. {item.notes}\n", f"* Who: {item.conditionality}", f"* Format: {item.format}"]
    values = item.valid_values.replace("\n- ", "\n    - ")
    lines += [f"* Valid values: {values}"] if values else []
    others = [
        f"`{group}`.`{attribute}`" for group, attribute in dict.fromkeys(item.labels[1:]) if (group, attribute) != item.labels[0]
    ]
    lines += [f"* Also read as: {', '.join(others)}"] if others else []
    return "\n".join(lines) + "\n"


def _device_row(device: DeviceType) -> list[str]:
    needs = [_yes_no(need) for need in (device.needs_cpa, device.needs_dlms, device.needs_fir_v2)]
    return [device.name, device.family, *needs, f"from {device.ota_from}" if device.ota_from else "yes"]


def _differences(older: RuleSet, latest: RuleSet) -> str:
    """What an older principal version has otherwise: items it lacks, conditions and values of its own."""
    lines = [f"## Principal version {older.principal}: {len(older.items)} data items, where they differ\n"]
    lacking = [item.key for item in latest.items if item.key not in older.by_key]
    lines.append(f"* Not there yet: {', '.join(f'`{key}`' for key in lacking)}")
    for item in older.items:
        new = latest.by_key[item.key]
        if item.conditionality != new.conditionality:
            lines.append(f"* `{item.key}`, who: {item.conditionality}")
        if item.prefixes != new.prefixes:
            lines.append(f"* `{item.key}`, prefixes: {', '.join(item.prefixes)}")
        if only_new := [value for value in latest.choices(new) if value not in older.choices(item)]:
            lines.append(f"* `{item.key}`, without the values: {', '.join(only_new)}")
    return "\n".join(lines) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
