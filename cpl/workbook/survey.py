"""What a tab of a supplied template holds besides texts: protection, what hangs on its rows, cell formats of the answers."""

from cpl.workbook.cells import Place
from cpl.workbook.package import Package, Part
from cpl.workbook.refusals import refuse
from cpl.workbook.sheet import Area, column_number, parse_range, whole_number
from cpl.workbook.splice import Formats, style_of
from cpl.workbook.structure import relationships_of
from cpl.workbook.xmlstream import SPREADSHEET, Attributes, walk

_ELEMENTS = 3_000_000  # a list of 100,000 entries
_MOST = 10_000  # formulas of a tab, and areas in which something hangs on it
_HANGING = {"mergeCell": "merged cells", "hyperlink": "a hyperlink"}
_TRUE = ("1", "true", "on")


class Survey:
    """One pass over a tab; `column`: the one whose cell formats are wanted. Raises Refused.

    `last_row`: the last that is written down; `hanging`: areas that are merged, linked or commented on; `formulas`: their cells.
    """

    def __init__(self, package: Package, part: Part, column: int = 0) -> None:
        self.last_row = 0
        self.protected = self.tables = self.filtered = False
        self.hanging: list[tuple[str, Area]] = []
        self.formulas: list[Place] = []
        self._column, self._wanted = 0, column
        self._formats: dict[int, int] = {}
        self._usual = Formats()
        walk(package, part, SPREADSHEET, "worksheet", self._start, _ELEMENTS)
        for relationship in relationships_of(package, part):
            if relationship.kind == "comments" and (comments := package.find(relationship.target)):
                walk(package, comments, SPREADSHEET, "comments", self._comment, _ELEMENTS)
        self._usual.row({})  # rows below the last one have no format of their own

    def format_of(self, row: int) -> int:
        """The cell format of the wanted column in a row, written down or not."""
        return self._formats.get(row, self._usual.usual(self._wanted))

    def _start(self, path: list[str], attributes: Attributes) -> None:
        if path[1:2] == ["sheetData"]:
            self._inside(path, attributes)
            return
        match path:
            case ["worksheet", "cols", "col"]:
                self._usual.column(attributes)
            case ["worksheet", "sheetProtection"]:
                self.protected = attributes.get("sheet", "") in _TRUE
            case ["worksheet", "mergeCells" | "hyperlinks", kind] if area := parse_range(attributes.get("ref", "")):
                self._hangs(_HANGING.get(kind, kind), area)
            case ["worksheet", "tableParts", _]:
                self.tables = True
            case ["worksheet", "autoFilter", "filterColumn"]:
                self.filtered = True

    def _inside(self, path: list[str], attributes: Attributes) -> None:
        match path[2:]:
            case ["row"]:
                self.last_row = whole_number(attributes["r"]) if "r" in attributes else self.last_row + 1
                self._column = 0
                self._usual.row(attributes)
                if self._wanted:
                    self._formats[self.last_row] = self._usual.usual(self._wanted)
            case ["row", "c"]:
                letters = attributes.get("r", "").rstrip("0123456789")
                self._column = column_number(letters) if letters else self._column + 1
                if self._column == self._wanted:
                    self._formats[self.last_row] = style_of(attributes, "s")
            case ["row", "c", "f"]:
                self.formulas.append((self.last_row, self._column))
                self._count(len(self.formulas))

    def _comment(self, path: list[str], attributes: Attributes) -> None:
        if path == ["comments", "commentList", "comment"] and (area := parse_range(attributes.get("ref", ""))):
            self._hangs("a comment", area)

    def _hangs(self, what: str, area: Area) -> None:
        self.hanging.append((what, area))
        self._count(len(self.hanging))

    def _count(self, number: int) -> None:
        if number > _MOST:
            refuse(
                "P19",
                f"A tab has more than {_MOST} formulas, merged cells, links or comments. Remove what does not belong to it.",
            )
