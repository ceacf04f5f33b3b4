"""Hints that the form gives while it is being filled in, without a macro: an answer of the wrong form stands on red.

They are a help to the eye, no check: that is done by cpl/domain/validate.py on what was sent. Conditional formats may not use
array constants nor other sheets except through defined names.
"""

from collections.abc import Mapping
from typing import Any

from cpl.domain.dictionary import DataItem, Kind, RuleSet

_RED = {"bg_color": "#FBD9D3", "font_color": "#8C1C0B"}
_DATE = "dd/mm/yyyy"


def write_hints(book: Any, sheet: Any, rules: RuleSet, names: Mapping[str, str], first_row: int) -> None:
    """A conditional format on each answer from this row on. `names`: the defined name of each selection list."""
    red = book.add_format(_RED)
    for row, item in enumerate(rules.form_items, first_row):
        if item.kind is not Kind.ALLOCATED:
            cell = f"$G${row}"
            formula = f'=AND({cell}<>"",NOT({_right(item, cell, names)}))'
            sheet.conditional_format(f"G{row}", {"type": "formula", "criteria": formula, "format": red})


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
