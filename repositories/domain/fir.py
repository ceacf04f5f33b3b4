"""The Firmware Information Repository (GREEN): whom to ask about a firmware, what it is, and from where one can upgrade to it."""

from collections.abc import Iterable, Mapping

from cpl.domain.dictionary import DataItem, Publication, RuleSet
from repositories.domain.sheet import NOT_HELD, Column, HeldEntry, Row, Sheet, write

CONTACT, NOTES, PATH = "Manufacturer Contact FIR", "FIR Release Notes", "Firmware_Upgrade"
TITLE = "CPL Firmware Information Repository"
HANDLING = (
    "This document is classified GREEN. SEC Parties and others who take part in the smart metering programme may share it "
    "among themselves. It must not be published, neither on paper nor online."
)
GUIDE = (
    "For a supplier that takes over a device: whom to ask at the manufacturer about the firmware of an entry of the Central "
    "Products List. A SECAS security expert has looked at each text before it was added. Entries marked (Removed) are no "
    f'longer on the CPL. "{NOT_HELD}" stands where an entry was listed before SECAS collected this information.',
    "Read the release notes of the manufacturer or Meter Asset Provider before you upgrade a device. The texts are the "
    "manufacturers' own; neither they nor suppliers answer for misuse of this document or for errors in it.",
)
COLUMNS = (
    Column("CPL Reference", 20),
    Column("Manufacturer", 28),
    Column("Contact Details", 42),
    Column("Manufacturer Firmware Description / Information", 70),
    Column("Firmware Upgrade Path", 26),
)
_GOES_ON = frozenset({"House Number", "City"})  # the next item stands on the same line


def items(rules: RuleSet) -> tuple[DataItem, ...]:
    """The data items that only the FIR publishes, in the order of the form."""
    return tuple(item for item in rules.items if Publication.FIR in item.published and Publication.CPL not in item.published)


def cells(values: Mapping[str, str], rules: RuleSet) -> tuple[str, ...]:
    """What stands behind the CPL reference, in the order of COLUMNS (guidance, figure 4)."""
    groups = {group: [item for item in items(rules) if item.group == group] for group in (CONTACT, NOTES, PATH)}
    company, *contact = groups[CONTACT]
    columns = ([company], contact, groups[NOTES], groups[PATH])
    return tuple(_joined(values, column) or NOT_HELD for column in columns)


def workbook(label: str, entries: Iterable[HeldEntry], rules: RuleSet) -> bytes:
    """The FIR that goes with one version of the CPL. LABEL: "Version 3.012 Issued on 25-11-2026"."""
    rows = tuple(Row(entry.number, cells(entry.values, rules), entry.removed) for entry in entries)
    return write(Sheet("FIR", "GREEN", HANDLING, label, GUIDE, TITLE, COLUMNS, rows))


def _joined(values: Mapping[str, str], column: Iterable[DataItem]) -> str:
    """The values that are there, each on its line; house number and street, city and post code on one, as an address has them."""
    text, glue = "", ""
    for item in column:
        if value := values.get(item.key, "").strip():
            text += f"{glue}{value}"
            glue = ", " if item.attribute in _GOES_ON else "\n"
        elif text:
            glue = "\n"
    return text
