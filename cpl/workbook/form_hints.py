"""Hints that the form gives while it is being filled in, without a macro: an answer that cannot be right stands on red.

They are a help to the eye, no check: that is done by cpl/domain/validate.py on what was sent. Conditional formats may not use
array constants nor other sheets except through defined names.
"""

from collections.abc import Mapping
from typing import Any

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import TRIO

COMBINATIONS = "permitted combinations"  # list of "device type|SMETS or CHTS version|GBCS version"
_RED = {"bg_color": "#FBD9D3", "font_color": "#8C1C0B"}
_DATE = "dd/mm/yyyy"


def write_hints(book: Any, sheet: Any, rules: RuleSet, names: Mapping[str, str], first_row: int) -> None:
    """A conditional format on each answer from this row on. `names`: the defined name of each list, the combinations too."""
    red = book.add_format(_RED)
    cells = {item.key: f"$G${row}" for row, item in enumerate(rules.form_items, first_row)}
    for item in rules.form_items:
        if item.kind is not Kind.ALLOCATED:
            cell = cells[item.key]
            wrong = f"NOT({_right(item, cell, names)})"
            if item.key in TRIO and COMBINATIONS in names:
                wrong = f"OR({wrong},{_not_permitted([cells[key] for key in TRIO], names[COMBINATIONS])})"
            formula = f'=AND({cell}<>"",{wrong})'
            sheet.conditional_format(cell.replace("$", ""), {"type": "formula", "criteria": formula, "format": red})


def _not_permitted(trio: list[str], combinations: str) -> str:
    """Device type, SMETS or CHTS version and GBCS version are all there, but do not go together (SEC Schedule 11)."""
    complete = ",".join(f'{cell}<>""' for cell in trio)
    together = '&"|"&'.join(trio)
    return f"AND({complete},COUNTIF({combinations},{together})=0)"


def _right(item: DataItem, cell: str, names: Mapping[str, str]) -> str:
    """A formula that is true when the answer has the form of its data item."""
    if item.selection in names:
        return f"SUMPRODUCT(--EXACT({names[item.selection]},{cell}))>0"
    if item.kind is Kind.HEX:
        return _hexadecimal(item.octets, cell)
    if item.kind is Kind.DATE:
        return f'AND(LEN({cell})={len(_DATE)},MID({cell},3,1)="/",MID({cell},6,1)="/")'
    fits = f"LEN({cell})<={item.max_octets}"
    if item.kind is Kind.CPA_NUMBER:
        begins = ",".join(f'EXACT(LEFT({cell},{len(prefix) + 1}),"{prefix} ")' for prefix in item.prefixes)
        return f"AND({fits},OR({begins}))"
    return fits


def _hexadecimal(octets: int, cell: str) -> str:
    """So many pairs of 0 to 9 and A to F with colons between them. FIND minds upper and lower case."""
    digits = [
        f'SUMPRODUCT(--ISNUMBER(FIND(MID({cell},ROW($1:${octets})*3-{back},1),"0123456789ABCDEF")))={octets}' for back in (2, 1)
    ]
    colons = [f'SUMPRODUCT(--(MID({cell},ROW($1:${octets - 1})*3,1)=":"))={octets - 1}'] if octets > 1 else []
    return f"AND({','.join([f'LEN({cell})={3 * octets - 1}', *digits, *colons])})"
