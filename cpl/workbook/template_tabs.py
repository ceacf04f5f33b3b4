"""What stands on the tabs of the CPL workbook before any release is put in: headings, the form, lists and rules, looks."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.workbook.form_hints import COMBINATIONS, write_hints
from cpl.workbook.macro import BUTTON, PROCEDURE
from cpl.workbook.read import NEW_ENTRY
from cpl.workbook.read_list import CENTRAL_LIST, VERSION_CONTROL
from cpl.workbook.row_height import LINE, SMALL_LINE, row_height
from cpl.workbook.ruletabs import rule_tabs
from cpl.workbook.sheet import LAST_ROW, column_letters, column_number

SAVEABLE_IN_CSV = "CPL - saveable in CSV"
LISTS = "CPL Lists"
CODE_NAMES = {
    VERSION_CONTROL: "shtVersionControl",
    NEW_ENTRY: "shtNewEntry",
    CENTRAL_LIST: "shtCentralList",
    SAVEABLE_IN_CSV: "shtSaveableInCsv",
    LISTS: "shtLists",
    "CPL Rules": "shtRules",
    "CPL Device Types": "shtDeviceTypes",
    "CPL Combinations": "shtCombinations",
    "CPL Certificates": "shtCertificates",
    "CPL Texts": "shtTexts",
    "CPL Characters": "shtCharacters",
    "CPL Character Names": "shtCharacterNames",
}
LABEL = "{version label}"  # stands for the label of the release
FIRST_RELEASE, FIRST_ITEM, FIRST_ENTRY, FIRST_CSV_ROW = 11, 7, 8, 2
ALLOCATED = "This value is allocated by SECAS"

_NAVY, _PALE, _GREY, _ANSWER_GREEN, _LINE = "#1F3864", "#EEF2F8", "#F2F2F2", "#E9F5E6", "#C3CCDA"
_TEXT = 49  # the built-in number format "@"
_CELL = {"valign": "top", "border": 1, "border_color": _LINE}
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": _NAVY},
    "label": {"bold": True, "font_size": 12, "font_color": _NAVY, "num_format": _TEXT},
    "section": {"bold": True, "font_size": 12, "font_color": _NAVY},
    "plain": {"valign": "top"},
    "heading": {"bold": True, "font_color": "#FFFFFF", "bg_color": _NAVY, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "group": {"bold": True, "bg_color": _PALE, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "text": {"text_wrap": True, "num_format": _TEXT, **_CELL},
    "small": {"font_size": 9, "bg_color": _PALE, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "caption": {"font_size": 9, "bold": True, "bg_color": _PALE, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "answer": {"locked": False, "bg_color": _ANSWER_GREEN, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "allocated": {"italic": True, "font_color": "#595959", "bg_color": _GREY, "text_wrap": True, "num_format": _TEXT, **_CELL},
    "result": {"text_wrap": True, **_CELL},  # not of the format Text: Excel shows long texts in that as ####
    "entry": {"num_format": _TEXT, **_CELL},
    "date": {"num_format": "dd/mm/yyyy", "align": "left", **_CELL},
}
_FORM_HEADINGS = ("Data Group", "Data Attribute", "Notes", "Conditionality rule", "Format", "Valid values", "New Entry's Details")
_LIST_HEADINGS: tuple[tuple[str, Callable[[DataItem], str]], ...] = (
    ("Data Group", lambda item: item.list_label[0]),
    ("Data Attribute", lambda item: item.list_label[1]),
    ("Notes", lambda item: item.notes),
    ("Conditionality rule", lambda item: item.conditionality),
    ("Source of definition", lambda item: item.source),
    ("Format", lambda item: item.format),
    ("Valid values", lambda item: item.valid_values),
)
_A4, _A3 = 9, 8  # paper sizes as Excel numbers them
_NARROWEST, _CAPTION_WIDTH, _LABEL_WIDTH = 18, 20, 36
CHANGES_WIDTH = 110  # of the column that describes a release
_FORM_WIDTHS = {"A": 27, "B": 30, "C": 52, "D": 38, "E": 30, "F": 38, "G": 48, "H": 2, "I": 46}


def write(book: Any, rules: RuleSet) -> None:
    """Every tab, in the order of the published workbook."""
    looks = {name: book.add_format(dict(look)) for name, look in _FORMATS.items()}
    sheets = {name: book.add_worksheet(name) for name in CODE_NAMES}
    for name, sheet in sheets.items():
        sheet.set_vba_name(CODE_NAMES[name])
    _version_control(sheets[VERSION_CONTROL], looks)
    names = _selection_lists(book, sheets[LISTS], rules)
    _form(sheets[NEW_ENTRY], rules, looks, names)
    write_hints(book, sheets[NEW_ENTRY], rules, names, FIRST_ITEM)
    _central_list(book, sheets[CENTRAL_LIST], rules, looks)
    _csv_tab(sheets[SAVEABLE_IN_CSV], rules, looks)
    for name, rows in rule_tabs(rules).items():
        _rule_tab(sheets[name], rows)
    sheets[NEW_ENTRY].activate()


def _version_control(sheet: Any, looks: Mapping[str, Any]) -> None:
    sheet.set_column("A:B", 17)
    sheet.set_column("C:C", CHANGES_WIDTH)
    sheet.write_string("A1", "Central Products List (CPL)", looks["title"])
    sheet.write_string("A3", LABEL, looks["label"])
    sheet.write_string(
        "A5",
        "The list is kept by SECAS. Only the answers in column G of the form 'CPL - New Entry' can be typed in.",
        looks["plain"],
    )
    sheet.write_string(
        "A6",
        "For a file with comma separated values, save the tab 'CPL - saveable in CSV' as CSV UTF-8, without changing it.",
        looks["plain"],
    )
    sheet.write_string("A8", "Version history", looks["section"])
    _row(sheet, FIRST_RELEASE - 1, ("Version number", "Date of issue", "Changes incorporated"), looks["heading"])
    _blank_row(sheet, FIRST_RELEASE, (1, 2, 3), looks["text"])
    sheet.freeze_panes(FIRST_RELEASE - 1, 0)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    _page(sheet, _A4, (FIRST_RELEASE - 1, FIRST_RELEASE - 1))
    sheet.hide_gridlines(2)


def _form(sheet: Any, rules: RuleSet, looks: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """'CPL - New Entry': what belongs in each cell of column G, and only that column open."""
    for letters, width in _FORM_WIDTHS.items():
        sheet.set_column(f"{letters}:{letters}", width)
    sheet.write_string("A1", "Central Products List - New Entry", looks["title"])
    sheet.write_string("A2", LABEL, looks["label"])
    sheet.write_string("A3", "One workbook for one Device Model: answer in the green cells of column G.", looks["plain"])
    sheet.write_string(
        "A4",
        "Red: cannot be right, see columns D to F. Device type, SMETS or CHTS version and GBCS version must go together.",
        looks["plain"],
    )
    sheet.insert_button("I2", {"macro": PROCEDURE, "caption": BUTTON, "width": 190, "height": 34})
    _row(sheet, FIRST_ITEM - 1, _FORM_HEADINGS, looks["heading"])
    sheet.write_string(f"I{FIRST_ITEM - 1}", "Result of the validation", looks["heading"])
    for row, item in enumerate(rules.form_items, FIRST_ITEM):
        words = item.group, item.attribute, item.notes, item.conditionality, item.format, item.valid_values
        sheet.set_row(row - 1, row_height(zip((*words, _ample_answer(item)), _FORM_WIDTHS.values(), strict=False)))
        _row(sheet, row, words[:2], looks["group"])
        _row(sheet, row, words[2:], looks["text"], from_column=3)
        _answer(sheet, row, item, looks, names)
        sheet.write_blank(f"I{row}", None, looks["result"])
    sheet.freeze_panes(FIRST_ITEM - 1, 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    _page(sheet, _A4, (FIRST_ITEM - 1, FIRST_ITEM - 1))
    sheet.hide_gridlines(2)


def _answer(sheet: Any, row: int, item: DataItem, looks: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """The cell of column G: open, of the format Text, with a drop-down where there is a selection list."""
    place = f"G{row}"
    if item.kind is Kind.ALLOCATED:
        sheet.write_string(place, ALLOCATED, looks["allocated"])
        return
    sheet.write_blank(place, None, looks["answer"])
    if item.selection in names:
        sheet.data_validation(
            place,
            {
                "validate": "list",
                "source": f"={names[item.selection]}",
                "error_title": "Not in the list",
                "error_message": f"Choose one of the values of the drop-down for {item.label}. Column F shows them all.",
            },
        )


def _selection_lists(book: Any, sheet: Any, rules: RuleSet) -> dict[str, str]:
    """What the form looks up, one list a column of a very hidden tab; the defined name by list name."""
    used = sorted({item.selection for item in rules.form_items if item.selection})
    lists = {selection: [choice.value for choice in rules.lists.get(selection, ())] for selection in used}
    lists[COMBINATIONS] = sorted("|".join(combination) for combination in rules.combinations)
    names: dict[str, str] = {}
    for column, (name, values) in enumerate(((name, values) for name, values in lists.items() if values), 1):
        letters = column_letters(column)
        names[name] = f"CPL_List_{re.sub('[^A-Za-z0-9]', '_', name)}"
        for row, text in enumerate((name, *values), 1):
            sheet.write_string(f"{letters}{row}", text)
        book.define_name(names[name], f"='{LISTS}'!${letters}$2:${letters}${len(values) + 1}")
    sheet.protect()
    sheet.very_hidden()
    return names


def _rule_tab(sheet: Any, rows: Iterable[Sequence[str]]) -> None:
    """A very hidden table for the macro; all cells are text."""
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            if text:
                sheet.write_string(row, column, text)
    sheet.protect()
    sheet.very_hidden()


def _central_list(book: Any, sheet: Any, rules: RuleSet, looks: Mapping[str, Any]) -> None:
    """'Central Products List': seven rows that say what each column is, then the entries."""
    items = rules.list_items
    last = items[-1].list_column
    widths = {"A": _CAPTION_WIDTH, **{item.list_column: _width(item, rules) for item in items}}
    for letters, width in widths.items():
        sheet.set_column(f"{letters}:{letters}", width)
    for row, (caption, words_of) in enumerate(_LIST_HEADINGS, 1):
        _list_heading(sheet, row, [caption, *map(words_of, items)], widths, looks)
    columns = [column_number(item.list_column) for item in items]
    _blank_row(sheet, FIRST_ENTRY, columns, looks["entry"])
    _blank_row(sheet, FIRST_ENTRY + 1, columns, looks["date"])
    entries = f"B{FIRST_ENTRY}:{last}{LAST_ROW}"
    removed = book.add_format({"italic": True, "font_color": "#6B6B6B"})
    sheet.conditional_format(entries, {"type": "formula", "criteria": f'=$C{FIRST_ENTRY}="Removed"', "format": removed})
    sheet.ignore_errors({"number_stored_as_text": entries})
    sheet.autofilter(f"A2:{last}{FIRST_ENTRY}")
    sheet.freeze_panes(2, 3)
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})
    _page(sheet, _A3, (1, 2), pages=2)
    sheet.repeat_columns("B:C")


def _list_heading(sheet: Any, row: int, words: Sequence[str], widths: Mapping[str, float], looks: Mapping[str, Any]) -> None:
    """One of the seven rows: the caption in column A, then the words for each column."""
    names_the_item = row <= len(("Data Group", "Data Attribute"))
    line = LINE if names_the_item else SMALL_LINE
    room = [width * LINE / line for width in widths.values()]
    sheet.set_row(row - 1, row_height(zip(words, room, strict=True), line))
    for letters, text in zip(widths, words, strict=True):
        look = "heading" if names_the_item else "caption" if letters == "A" else "small"
        sheet.write_string(f"{letters}{row}", text, looks[look])


def _csv_tab(sheet: Any, rules: RuleSet, looks: Mapping[str, Any]) -> None:
    """'CPL - saveable in CSV': the same table as the CSV file."""
    columns = rules.csv_columns
    widths = [_width(column.item, rules) if column.item else _LABEL_WIDTH for column in columns]
    for number, width in enumerate(widths, 1):
        sheet.set_column(number - 1, number - 1, width)
    headers = [column.header for column in columns]
    sheet.set_row(0, row_height(zip(headers, widths, strict=True)))
    _row(sheet, 1, headers, looks["heading"])
    _blank_row(sheet, FIRST_CSV_ROW, range(1, len(columns) + 1), looks["entry"])
    sheet.ignore_errors({"number_stored_as_text": f"A{FIRST_CSV_ROW}:{column_letters(len(columns))}{LAST_ROW}"})
    sheet.freeze_panes(1, 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    _page(sheet, _A3, (1, 1))


def _width(item: DataItem, rules: RuleSet) -> float:
    """Wide enough for a usual value, and for the Data Attribute above it, which has no blank to break at."""
    heading = len(item.list_label[1]) + 2
    if item.kind is Kind.HEX:
        return max(_NARROWEST, 3 * item.octets, heading)
    if item.kind is Kind.LIST:
        return max((24, heading, *map(len, rules.choices(item))))
    return max({Kind.ALLOCATED: _NARROWEST, Kind.DATE: 20, Kind.PRINTABLE: 26}.get(item.kind, 32), heading)


def _ample_answer(item: DataItem) -> str:
    """A text as long as most answers to an item, for the height of its row."""
    return "x" * min(item.max_octets, 240 if item.multiline else 90)


def _row(sheet: Any, row: int, words: Iterable[str], look: Any, from_column: int = 1) -> None:
    for column, word in enumerate(words, from_column):
        sheet.write_string(f"{column_letters(column)}{row}", word, look)


def _blank_row(sheet: Any, row: int, columns: Iterable[int], look: Any) -> None:
    """A sample: the cell formats that the rows to come will have."""
    for column in columns:
        sheet.write_blank(f"{column_letters(column)}{row}", None, look)


def _page(sheet: Any, paper: int, headings: tuple[int, int], pages: int = 1) -> None:
    """Printed sideways, so many pages wide, the heading rows (first, last) on every page."""
    first, last = headings
    sheet.set_paper(paper)
    sheet.set_landscape()
    sheet.fit_to_pages(pages, 0)
    sheet.repeat_rows(first - 1, last - 1)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&8&F&C&8&A&R&8Page &P of &N")
