"""What the field rules say, each sentence once. The macro of the form reads the same texts from the workbook it stands in.

A text that somebody else's program must fill in can hold nothing but plain slots: {name}, no format and no braces.
"""

from collections.abc import Mapping
from types import MappingProxyType

_RETYPE = "Give the cell the format Text, then type the value again."
_NO_COLONS = "so colons or zeros in front are lost."

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "whole": "{text} See guidance {guidance}.",
        "no_row": (
            "The New Entry tab has no row for this data item. Start again from the latest CPL workbook; "
            "do not delete or rename rows."
        ),
        # Filled in or left empty as it must be
        "empty": "The cell is empty. {condition}",
        "not_empty": "The cell must be empty here. {condition}",
        # Cells that hold something else than text
        "cell.formula": f"The cell holds a formula, and a form must hold the answer itself. {_RETYPE}",
        "cell.error": f"The cell holds an Excel error. {_RETYPE}",
        "cell.boolean": f"Excel turned the answer into TRUE or FALSE. {_RETYPE}",
        "cell.hex_number": f"Excel turned what was typed into the number {{number}}, {_NO_COLONS} {_RETYPE}",
        "cell.hex_date": f"Excel turned what was typed into a date. {_RETYPE}",
        "cell.hex_time": f"Excel turned {{time}} into a time. {_RETYPE}",
        "cell.hex_unread": f"Excel turned what was typed into a date, {_NO_COLONS} {_RETYPE}",
        "cell.path_number": f"Excel holds a number here, so the zeros in front of an entry number are lost. {_RETYPE}",
        "cell.date_number": f"The cell holds a number, not a date. {_RETYPE} The form is dd/mm/yyyy.",
        "cell.date": "The cell holds an Excel date and was read as {date}.",
        "cell.date_doubt": (
            "The cell holds an Excel date and was read as {date}. Make sure that Excel did not take the month for the day, "
            "or type the date as text."
        ),
        "cell.text_number": (
            "The cell holds a number or a date instead of text, so zeros at either end, a plus sign or a colon may be lost. "
            "Compare it with the evidence."
        ),
        # Characters and lengths
        "too_long": "The value is {octets} octets long; {most} are the most.{signs} Shorten it.",
        "too_long.signs": " Letters with accents and other signs count as two or more.",
        "unwanted": "The value holds {what}, which cannot be published. Take it out; it may be invisible.",
        "unwanted.red": "a control character or an invisible one",
        "formula": (
            "A published value must not begin with {first}, since a spreadsheet would take it for a formula. "
            "Begin with a letter or a digit."
        ),
        "formula.red": "one of = + - @",
        # Kinds of values
        "list": "The value is not in the selection list.{hint} Choose one of: {choices}.",
        "list.hint": " Did you mean '{near}'?",
        "hex": "The value has the wrong form. {hint}Write {format}",
        "hex.hint": "Perhaps {meant} is meant. ",
        "hex.range": "The value lies outside the permitted range, {valid}.",
        "odd": "The value holds {what}; plain letters, digits and signs only. Type it again.",
        "short": "A certificate number has at least {least} characters. Copy it from the certificate.",
        "prefix": "The number must begin with {prefixes} in capitals and one blank. {valid}.",
        "prefix.number": "After {prefix} come one blank and the number of the certificate. {valid}.",
        "date": "This is not a date in the form dd/mm/yyyy.{hint} Write two digits for day and month, four for the year.",
        "date.hint": " Perhaps {meant} is meant.",
        "web": "A web address has no place here. Give the name or version itself.",
        "contacts": "There are {count} contacts; {most} are suggested at most.",
        "email": "Not a valid e-mail address (address {places}). Write name@company.example and a semicolon between two.",
        "path": "The value has the wrong form. {format} {valid}.",
        "path.many": "There are {count} entry numbers; {most} are the most.",
        "path.repeated": "{numbers} stands here more than once. Name each entry once.",
        # What data items say about each other
        "path.no_hash": "There is no hash, so no Device Model can be upgraded to this one: the path must be NA.",
        "path.no_upgrade": "The path should be NA, since {reason}",
        "no_upgrade": "a {device} is upgraded over the air only from {first} on.",
        "device": (
            "The device type is in the selection list, but the data dictionary does not say which certificates it needs. "
            "Ask SECAS to complete it."
        ),
        "trio": "{device} with {version} and {gbcs} is not a permitted combination: {reason} {permitted}",
        "trio.no_smets1": "there is no SMETS1 device of this type.",
        "trio.gbcs": "{smets1} goes with SMETS1 devices, and with them only.",
        "trio.family": "a Communications Hub states a CHTS version, any other device a SMETS version.",
        "trio.schedule": "SEC Schedule 11 does not have it.",
        "trio.permitted": "Permitted for this device type: {pairs}.",
        "trio.none": "No combination is permitted for this device type today.",
        "characteristics.none": "This device type has no CPA certificate: choose '{none}' or leave the cell empty.",
        "characteristics.trial": (
            "A Trial Device Certificate {prefix} is not based on Security Characteristics: choose '{none}'."
        ),
        "characteristics.version": (
            "A CPA certificate {prefix} names a version of the Security Characteristics: choose it from the list."
        ),
        "expiry": (
            "An expiring certificate {prefix} must have a date from {first} to {last}. "
            "Take it from the certificate or from the letter of the NCSC."
        ),
        "expiry.review": "The date of the next Risk Review has passed. Ask for the letter of the NCSC with the new date.",
        "expiry.trial": ("The trial has ended, so its certificate cannot support an entry. A CPA certificate is needed."),
        "image.stray": "There is no hash, although there is {strays}. Give the hash, or leave the whole Data Group empty.",
        "image.no_upgrade": "There is a hash, although {reason} Make sure that it is meant.",
    }
)


def say(name: str, **slots: object) -> str:
    """The text of this name with its slots filled in. Raises KeyError for a name or a slot that is not there."""
    return TEXTS[name].format(**slots)
