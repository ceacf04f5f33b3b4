"""How the parts of a workbook hang together: content types, relationships, sheets; what must not or should not be there."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from cpl.domain.findings import Finding, Severity
from cpl.workbook.package import SUBMISSION, Limits, Package, Part, fold_name, open_package
from cpl.workbook.refusals import SAVE_AGAIN, refuse, shown
from cpl.workbook.xmlstream import (
    CONTENT_TYPES,
    OFFICE_RELATIONSHIP,
    RELATIONSHIPS,
    SPREADSHEET,
    Attributes,
    walk,
)

MACRO_WORKBOOK = "application/vnd.ms-excel.sheet.macroenabled.main+xml"
PLAIN_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_OTHER_WORKBOOKS = {
    PLAIN_WORKBOOK: "an Excel workbook without macros (.xlsx)",
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": "a binary workbook (.xlsb)",
    "application/vnd.ms-excel.template.macroenabled.main+xml": "a template (.xltm)",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml": "a template (.xltx)",
    "application/vnd.ms-excel.addin.macroenabled.main+xml": "an add-in (.xlam)",
}
_VBA = "vbaproject"
_SIGNATURE = "digital-signature"
_ACTIVE_TYPES = ("oleobject", "activex", "macrosheet", "connections", "querytable", "externallink", "webextension", "customui")
_ACTIVE_FOLDERS = ("/embeddings/", "/activex/", "/macrosheets/", "/externallinks/")
_MOST_TYPES, _MOST_RELATIONSHIPS, _MOST_IN_WORKBOOK, _MOST_SHEETS = 2_000, 2_000, 20_000, 256
_EXTERNAL_ALLOWED = "hyperlink"  # never followed; everything else from outside is refused


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship of a part: its id, the last word of its type ("worksheet"), and the part it leads to ("" outside)."""

    identifier: str
    kind: str
    target: str
    external: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tab: its name as written, "visible", "hidden" or "veryHidden", and the id of its relationship."""

    name: str
    state: str
    relationship: str


@dataclass(slots=True)
class Workbook:
    """An opened workbook. `part` is the workbook part, `content_type` its type in lower case; `epoch_1904` the date system."""

    package: Package
    part: str
    content_type: str = ""
    sheets: list[Sheet] = field(default_factory=list)
    relationships: list[Relationship] = field(default_factory=list)
    epoch_1904: bool = False
    signed: bool = False
    macro: bool = False
    notes: list[Finding] = field(default_factory=list)

    def related(self, kind: str) -> Part | None:
        """The one part related to the workbook in this way ("sharedStrings", "styles"), or None."""
        targets = [relationship.target for relationship in self.relationships if relationship.kind == kind]
        if len(targets) > 1:
            refuse("P18", f"The workbook names two parts of the kind {shown(kind)}. {SAVE_AGAIN}")
        return _existing(self.package, targets[0]) if targets else None

    def sheet_part(self, sheet: Sheet) -> Part:
        """The part of a tab. Raises Refused when it is no worksheet, missing, or not clearly one."""
        found = [relationship for relationship in self.relationships if relationship.identifier == sheet.relationship]
        if len(found) != 1 or found[0].kind != "worksheet":
            refuse("P18", f"The tab {shown(sheet.name)} does not lead to one worksheet of the package. {SAVE_AGAIN}")
        return _existing(self.package, found[0].target)


def open_workbook(data: bytes, limits: Limits = SUBMISSION) -> Workbook:
    """Open the workbook in these bytes; only its description is read, no sheet yet. Raises Refused (rules P1 to P18)."""
    package = open_package(data, limits)
    defaults, overrides = _content_types(package)
    main = _main_part(package)
    workbook = Workbook(package, main.name, _type_of(main.name, defaults, overrides))
    if workbook.content_type not in (MACRO_WORKBOOK, *_OTHER_WORKBOOKS):
        refuse("P18", f"The file is no Excel workbook but something else in its clothes. {SAVE_AGAIN}")
    workbook.relationships += _relationships(package, main.name)
    _read_workbook_part(workbook, main)
    types = {name: _type_of(name, defaults, overrides) for name in package.names}
    workbook.macro = any(_VBA in kind for kind in types.values())
    workbook.signed = any(_SIGNATURE in kind or name.casefold().startswith("_xmlsignatures/") for name, kind in types.items())
    workbook.notes += _active_contents(types)
    return workbook


def require_macro_workbook(workbook: Workbook) -> None:
    """Guidance 7.3: a submission is an .xlsm. Raises Refused (P17) for its relatives."""
    if workbook.content_type != MACRO_WORKBOOK:
        what = _OTHER_WORKBOOKS[workbook.content_type]
        refuse(
            "P17",
            f"The file is {what}, whatever its name says; a submission must be an Excel Macro-Enabled Workbook (.xlsm), so that "
            "the 'Validate New Entry' macro works. Fill in a fresh copy of the current CPL workbook and save it as .xlsm.",
        )


def relationships_of(package: Package, part: Part) -> list[Relationship]:
    """Where a part leads to. Raises Refused (P15) when it takes anything but hyperlinks from outside."""
    return _relationships(package, part.name)


def _content_types(package: Package) -> tuple[dict[str, str], dict[str, str]]:
    """Content types by file extension and by part name, all in lower case."""
    part = package.find("[Content_Types].xml")
    if part is None:
        refuse("P18", f"The file is a zip archive, but no Excel workbook. {SAVE_AGAIN}")
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}

    def start(path: list[str], attributes: Attributes) -> None:
        kind = attributes.get("ContentType", "").strip().casefold()
        if path == ["Types", "Default"]:
            target, key = defaults, attributes.get("Extension", "").casefold()
        elif path == ["Types", "Override"]:
            target, key = overrides, fold_name(attributes.get("PartName", ""))
        else:
            return
        if target.setdefault(key, kind) != kind:
            refuse("P18", f"The package gives {shown(key)} two content types. {SAVE_AGAIN}")

    walk(package, part, CONTENT_TYPES, "Types", start, _MOST_TYPES)
    return defaults, overrides


def _type_of(name: str, defaults: dict[str, str], overrides: dict[str, str]) -> str:
    key = fold_name(name)
    return overrides.get(key) or defaults.get(key.rpartition(".")[2], "")


def _main_part(package: Package) -> Part:
    found = [relationship for relationship in _relationships(package, "") if relationship.kind == "officeDocument"]
    if len(found) != 1:
        refuse("P18", f"The file is a zip archive, but not one Excel workbook. {SAVE_AGAIN}")
    return _existing(package, found[0].target)


def _existing(package: Package, name: str) -> Part:
    part = package.find(name)
    if part is None:
        refuse("P18", f"The workbook refers to the part {shown(name)}, which is not there. {SAVE_AGAIN}")
    return part


def _relationships(package: Package, source: str) -> list[Relationship]:
    folder, _, name = source.rpartition("/")
    part = package.find(f"{folder}/_rels/{name}.rels")
    if part is None:
        return []
    found: list[Relationship] = []

    def start(path: list[str], attributes: Attributes) -> None:
        if path == ["Relationships", "Relationship"]:
            found.append(_relationship(folder, attributes))

    walk(package, part, RELATIONSHIPS, "Relationships", start, _MOST_RELATIONSHIPS)
    if len({relationship.identifier for relationship in found}) != len(found):
        refuse("P18", f"Two relationships of {shown(source or 'the package')} have one id. {SAVE_AGAIN}")
    return found


def _relationship(folder: str, attributes: Attributes) -> Relationship:
    kind = attributes.get("Type", "").rpartition("/")[2]
    external = attributes.get("TargetMode", "Internal") != "Internal"
    if (external and kind != _EXTERNAL_ALLOWED) or kind.startswith("externalLink"):
        _refuse_outside()
    target = "" if external else resolve(folder, attributes.get("Target", ""))
    return Relationship(attributes.get("Id", ""), kind, target, external)


def _refuse_outside() -> None:
    refuse(
        "P15",
        "The workbook takes contents from another file or address. In Excel choose Data > Edit Links > Break Link, remove linked "
        "objects, save it and send it again; or fill in a fresh copy of the current CPL workbook.",
    )


def resolve(folder: str, target: str) -> str:
    """The part name a target means, seen from the folder of its source. Raises Refused (P18) when it leaves the package."""
    path = unquote(target.partition("#")[0])
    joined = posixpath.normpath(path if path.startswith("/") else posixpath.join("/", folder, path))
    climbs = path.split("/").count("..") > (0 if path.startswith("/") else len([step for step in folder.split("/") if step]))
    if climbs or "\\" in path or "://" in path:
        refuse("P18", f"The workbook refers to a place outside of itself: {shown(target)}. {SAVE_AGAIN}")
    return joined.lstrip("/")


def _read_workbook_part(workbook: Workbook, main: Part) -> None:
    """Sheets, date system and links to other workbooks."""

    def start(path: list[str], attributes: Attributes) -> None:
        match path:
            case ["workbook", "workbookPr"]:
                workbook.epoch_1904 = attributes.get("date1904", "").casefold() in ("1", "true", "on")
            case ["workbook", "sheets", "sheet"]:
                workbook.sheets.append(_sheet(attributes))
            case [*_, "sheets" | "sheet"] if path != ["workbook", "sheets"]:
                refuse("P14", f"The list of tabs of the workbook is not where it belongs. {SAVE_AGAIN}")
            case [*_, "externalReferences"]:
                _refuse_outside()

    walk(workbook.package, main, SPREADSHEET, "workbook", start, _MOST_IN_WORKBOOK)
    if len(workbook.sheets) > _MOST_SHEETS:
        refuse(
            "P19", f"The workbook has {len(workbook.sheets)} tabs. Remove those that do not belong to the form.", guidance="7.1"
        )


def _sheet(attributes: Attributes) -> Sheet:
    identifiers = [value for name, value in attributes.items() if _is_relationship_id(name)]
    return Sheet(attributes.get("name", ""), attributes.get("state", "visible"), identifiers[0] if len(identifiers) == 1 else "")


def _is_relationship_id(name: str) -> bool:
    namespace, _, local = name.rpartition(" ")
    return local == "id" and namespace in OFFICE_RELATIONSHIP


def _active_contents(types: dict[str, str]) -> Iterator[Finding]:
    """A note (P16) when the package holds things that could do something once a person opens the file."""
    active = sorted(name for name, kind in types.items() if _is_active(name.casefold(), kind))
    if active:
        names = ", ".join(shown(name) for name in active[:5])
        yield Finding(
            "P16",
            Severity.WARNING,
            f"The workbook holds embedded objects, old macro sheets or data connections ({names}), which a form does not need. "
            "They were not opened; do not open the file outside a protected environment.",
            guidance="7.1",
        )


def _is_active(name: str, kind: str) -> bool:
    return any(word in kind for word in _ACTIVE_TYPES) or any(folder in f"/{name}" for folder in _ACTIVE_FOLDERS)
