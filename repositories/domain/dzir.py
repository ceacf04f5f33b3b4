"""The Device ZigBee Information Repository (RED): which ZigBee stack each entry uses. For the Security Sub-Committee alone."""

from collections.abc import Iterable, Mapping

from cpl.domain.dictionary import DataItem, RuleSet
from repositories.domain.sheet import NOT_HELD, Column, HeldEntry, Row, Sheet, write

TITLE = "Device ZigBee Information Repository"
HANDLING = (
    "This document is classified RED. It must not be disclosed: it is for the members of the Security Sub-Committee and their "
    "alternates only and does not leave that group. It is discussed in meetings only, where everybody present has signed the "
    "declaration, and with nobody else."
)
GUIDE = (
    "ZigBee stack vendor and version of each Device Model on the Central Products List, to find at once which of them a "
    "weakness in one stack would touch. Entries marked (Removed) are no longer on the CPL. "
    f'"{NOT_HELD}" stands where an entry was listed before SECAS collected this information.',
)
COLUMNS = (Column("CPL Reference", 20), Column("ZigBee Stack Vendor", 45), Column("ZigBee Stack Version", 45))


def items(rules: RuleSet) -> tuple[DataItem, ...]:
    """The RED data items in the order of the form: vendor, version."""
    return tuple(item for item in rules.items if item.red)


def cells(values: Mapping[str, str], rules: RuleSet) -> tuple[str, ...]:
    """What stands behind the CPL reference, in the order of COLUMNS (guidance, figure 6)."""
    return tuple(values.get(item.key, "").strip() or NOT_HELD for item in items(rules))


def workbook(label: str, entries: Iterable[HeldEntry], rules: RuleSet) -> bytes:
    """The DZIR that goes with one version of the CPL. LABEL: "Version 3.012 Issued on 25-11-2026"."""
    rows = tuple(Row(entry.number, cells(entry.values, rules), entry.removed) for entry in entries)
    return write(Sheet("DZIR", "RED", HANDLING, label, GUIDE, TITLE, COLUMNS, rows))
