"""Hints that the form gives while it is being filled in, without a macro: an answer that cannot be right stands on red.

They are a help to the eye, no check: that is done by cpl/domain/validate.py on what was sent. So they look at an answer as that
does (rule N1: nothing blank around it, upper and lower case of digits and list values alike), and let pass what they cannot tell.
Conditional formats may not use array constants nor other sheets except through defined names.
"""

from collections.abc import Mapping
from typing import Any

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import TRIO
from cpl.domain.rules.normalise import NOT_APPLICABLE

COMBINATIONS = "permitted combinations"  # list of "device type|SMETS or CHTS version|GBCS version"
_RED = {"bg_color": "#FBD9D3", "font_color": "#8C1C0B"}
_DATE = "dd/mm/yyyy"


def write_hints(book: Any, sheet: Any, rules: RuleSet, names: Mapping[str, str], first_row: int) -> None:
    """A conditional format on each answer from this row on. `names`: the defined name of each list, the combinations too."""
    red = book.add_format(_RED)
    cells = {item.key: f"$G${row}" for row, item in enumerate(rules.form_items, first_row)}
    right = {
        item.key: _right(item, cells[item.key], names, rules) for item in rules.form_items if item.kind is not Kind.ALLOCATED
    }
    trio = [right[key] for key in TRIO]
    for key, is_right in right.items():
        wrong = f"NOT({is_right})"
        if key in TRIO and COMBINATIONS in names:
            wrong = f"OR({wrong},{_not_permitted(trio, [cells[one] for one in TRIO], names[COMBINATIONS])})"
        formula = f'=AND({cells[key]}<>"",{wrong})'
        sheet.conditional_format(cells[key].replace("$", ""), {"type": "formula", "criteria": formula, "format": red})


def _not_permitted(right: list[str], cells: list[str], combinations: str) -> str:
    """Device type, SMETS or CHTS version and GBCS version are right each, but do not go together (SEC Schedule 11)."""
    together = '&"|"&'.join(map(_trimmed, cells))
    return f"AND({','.join(right)},COUNTIF({combinations},{together})=0)"


def _right(item: DataItem, cell: str, names: Mapping[str, str], rules: RuleSet) -> str:
    """A formula that is true when the answer has the form of its data item."""
    text = _trimmed(cell)
    if item.selection in names:
        listed = f"SUMPRODUCT(--EXACT(UPPER({names[item.selection]}),UPPER({text})))>0"
        return f'OR({listed},UPPER({text})="N/A")' if NOT_APPLICABLE in rules.choices(item) else listed
    if item.kind is Kind.HEX:
        return _hexadecimal(item.octets, text)
    if item.kind is Kind.DATE:  # pasted, it may be a real one
        return f'OR(ISNUMBER({cell}),AND(LEN({text})={len(_DATE)},MID({text},3,1)="/",MID({text},6,1)="/"))'
    fits = f"LEN({text})<={item.max_octets}"
    if item.kind is Kind.CPA_NUMBER:
        begins = ",".join(f'EXACT(LEFT({text},{len(prefix) + 1}),"{prefix} ")' for prefix in item.prefixes)
        return f"AND({fits},OR({begins}))"
    return fits


def _trimmed(cell: str) -> str:
    return f'TRIM(SUBSTITUTE({cell},CHAR(10)," "))'


def _hexadecimal(octets: int, text: str) -> str:
    """So many pairs of hexadecimal digits with colons between them. SEARCH would take ? and * for any digit; FIND does not."""
    digits = [
        f'SUMPRODUCT(--ISNUMBER(FIND(MID(UPPER({text}),ROW($1:${octets})*3-{back},1),"0123456789ABCDEF")))={octets}'
        for back in (2, 1)
    ]
    colons = [f'SUMPRODUCT(--(MID({text},ROW($1:${octets - 1})*3,1)=":"))={octets - 1}'] if octets > 1 else []
    return f"AND({','.join([f'LEN({text})={3 * octets - 1}', *digits, *colons])})"
