"""The source of the macro: what Office would refuse to compile, what no macro of ours may do, and that it arrives unchanged."""

import io
import re
import struct

import olefile
import pytest
from oletools.olevba import VBA_Parser, decompress_stream

from cpl.dictionary import load
from cpl.workbook import template
from cpl.workbook.cfb import compound_file
from cpl.workbook.macro import MODULES, macro, sources
from cpl.workbook.ovba import Module, ModuleKind, compress, vba_project
from cpl.workbook.template_tabs import CODE_NAMES
from tests.vba.lint import lint

SHEETS = tuple(CODE_NAMES.values())


def test_office_has_nothing_against_the_source() -> None:
    assert lint(sources()) == []


@pytest.mark.parametrize(
    ("module", "old", "new", "complaint"),
    [
        ("CplKinds", "Option Explicit\n", "", "no Option Explicit"),
        ("CplKinds", "Dim place As Long, number As String", "Dim place As Long", "is not a variable"),
        ("CplKinds", "DaysIn = 31", "DaysInn = 31", "daysinn is not a variable"),
        ("CplKinds", "IsLeapYear(yearPart) Then", "IsLeepYear(yearPart) Then", "isleepyear is not defined"),
        ("CplKinds", "TwoDigits(number Mod 100)", "TwoDigits(number, 2)", "takes 1 arguments, not 2"),
        ("CplKinds", "        If IsLeapYear(yearPart) Then DaysIn = 29\n    End If\n", "        DaysIn = 29\n", "expected"),
        ("CplLinks", "    Next key\n", "    Next place\n", "expected"),
        ("CplLinks", "    Loop\n", "", "Line"),
        (
            "CplLinks",
            "Dim at As Long, digit As String",
            "Dim at As Long, digit As String, at As Long",
            "at stands for two things",
        ),
        ("CplLinks", "Dim at As Long, digit As String", "Dim at As Long, digit As String, spare As Long", "spare is not used"),
        ("CplLinks", "Dim at As Long, digit As String", "Dim at, digit As String", "as expected"),
        ("CplLinks", "ByVal direction As Long", "direction As Long", "direction should be ByVal"),
        ("CplAnswers", "content = cell.Value", 'content = CreateObject("Scripting.Dictionary")', "CreateObject has no place"),
        ("CplAnswers", "content = cell.Value", 'content = Shell("calc")', "Shell has no place here"),
        ("CplAnswers", "content = cell.Value", "content = Application.Name", "Application has no place here"),
        ("CplAnswers", "content = cell.Value", "content = 400 * 400", "overflow"),
        ("CplAnswers", "content = cell.Value", "content = cell.Value ' \N{EN DASH}", "not ASCII"),
        ("CplAnswers", "content = cell.Value", "content = cell.Value" + " " * 1100, "longer than"),
        ("CplAnswers", "content = cell.Value", "content =" + " _\n" * 26 + "cell.Value", "continued lines"),
        ("CplAnswers", "content = cell.Value", 'If item > 1 Then Refuse item, "x" Else Refuse item, "y"', "a call before Else"),
        ("CplRules", "Public Function KeyOf(", "Private Function KeyOf(", "private to another module"),
    ],
)
def test_each_kind_of_mistake_is_found(module: str, old: str, new: str, complaint: str) -> None:
    assert old in sources()[module]
    wrong = {**sources(), module: sources()[module].replace(old, new, 1)}
    assert any(complaint in problem for problem in lint(wrong)), lint(wrong)


def test_an_independent_reader_finds_the_source_unchanged() -> None:
    data = macro(SHEETS)
    found = {name.rpartition(".")[0]: code for _, _, name, code in VBA_Parser("vbaProject.bin", data=data).extract_all_macros()}
    assert list(found) == ["ThisWorkbook", *SHEETS, *MODULES]
    for name, source in sources().items():
        body = source.replace(f'Attribute VB_Name = "{name}"\n', "")
        assert body in found[name].replace("\r\n", "\n")
        assert "\n" not in found[name].replace("\r\n", "")


def test_the_streams_are_those_that_office_expects() -> None:
    container = olefile.OleFileIO(io.BytesIO(macro(SHEETS)), raise_defects=olefile.DEFECT_UNSURE)
    streams = {"/".join(path): container.openstream(path).read() for path in container.listdir()}
    names = ["ThisWorkbook", *SHEETS, *MODULES]
    assert set(streams) == {"PROJECT", "PROJECTwm", "VBA/_VBA_PROJECT", "VBA/dir", *(f"VBA/{name}" for name in names)}
    assert streams["VBA/_VBA_PROJECT"] == bytes.fromhex("CC61FFFF000000")
    assert streams["PROJECTwm"] == b"".join(n.encode() + b"\0" + n.encode("utf-16-le") + b"\0\0" for n in names) + b"\0\0"
    project = streams["PROJECT"].decode("cp1252")
    assert re.findall(r"^(?:Document|Module)=(\w+)", project, re.MULTILINE) == names
    assert re.findall(r"^(\w+)=0, 0, 0, 0, C", project, re.MULTILINE) == names
    directory = bytes(decompress_stream(bytearray(streams["VBA/dir"])))
    assert [directory.count(name.encode() + struct.pack("<H", 0x47)) for name in names] == [1] * len(names)
    assert struct.pack("<HIH", 0x0F, 2, len(names)) in directory


def test_what_the_project_hides_can_be_worked_out_again() -> None:
    """CMG, DPB and GC must decode to: not protected, no password, visible."""
    container = olefile.OleFileIO(io.BytesIO(macro(SHEETS)))
    project = container.openstream("PROJECT").read().decode("cp1252")
    identity = re.search(r'^ID="(\{[0-9A-F-]{36}\})"', project)
    assert identity is not None
    key = sum(identity[1].encode()) & 0xFF
    hidden = dict(re.findall(r'^(CMG|DPB|GC)="([0-9A-F]+)"', project, re.MULTILINE))
    assert {name: shown(bytes.fromhex(text), key) for name, text in hidden.items()} == {
        "CMG": bytes(4),
        "DPB": b"\0",
        "GC": b"\xff",
    }


def shown(written: bytes, key: int) -> bytes:
    """The decryption of MS-OVBA 2.4.3.3, step by step as it is written there."""
    seed, version, project_key = written[0], written[0] ^ written[1], written[0] ^ written[2]
    assert (version, project_key) == (2, key)
    unencrypted, encrypted_1, encrypted_2 = project_key, written[2], written[1]
    plain = []
    for octet in written[3:]:
        value = octet ^ ((encrypted_2 + unencrypted) & 0xFF)
        unencrypted, encrypted_1, encrypted_2 = value, octet, encrypted_1
        plain.append(value)
    ignored = (seed & 6) // 2
    (length,) = struct.unpack("<I", bytes(plain[ignored : ignored + 4]))
    content = bytes(plain[ignored + 4 :])
    assert len(content) == length
    return content


def test_the_same_source_gives_the_same_bytes_and_another_source_others() -> None:
    macro.cache_clear()
    first = macro(SHEETS)
    macro.cache_clear()
    assert macro(SHEETS) == first
    other = [Module("ThisWorkbook", ModuleKind.WORKBOOK), Module("A", code='Attribute VB_Name = "A"\n')]
    assert vba_project(other) != vba_project([other[0], Module("A", code='Attribute VB_Name = "A"\nOption Explicit\n')])


def test_the_published_workbook_carries_the_macro_and_its_button() -> None:
    parts = template.build(load(3)).parts
    assert parts["xl/vbaProject.bin"] == macro(SHEETS)
    drawing = b"".join(content for name, content in parts.items() if name.startswith("xl/drawings/vmlDrawing"))
    assert b"<x:FmlaMacro>[0]!ValidateNewEntry</x:FmlaMacro>" in drawing
    assert b"Validate New Entry" in drawing


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4095, 4096, 4097, 8192, 20_001])
@pytest.mark.parametrize("pattern", [b"a", b"abcdefgh", bytes(range(256)), b"Dim place As Long\r\n"])
def test_compression_is_undone_by_another_program(size: int, pattern: bytes) -> None:
    data = (pattern * (size // len(pattern) + 1))[:size]
    assert bytes(decompress_stream(bytearray(compress(data)))) == data


def test_what_cannot_be_compressed_is_kept() -> None:
    data = b"".join(struct.pack("<I", number * 2654435761 % 2**32) for number in range(2048))
    assert bytes(decompress_stream(bytearray(compress(data)))) == data


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 60, 300])
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 511, 512, 4095, 4096, 4097])
def test_compound_files_of_any_shape_can_be_read(count: int, size: int) -> None:
    inner = {f"Stream {number}": bytes([number % 251]) * (size + number % 3) for number in range(count)}
    data = compound_file({"Folder": inner, "Alone": b"x" * size})
    assert data == compound_file({"Alone": b"x" * size, "Folder": inner})
    container = olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_UNSURE)
    assert {name: container.openstream(["Folder", name]).read() for name in inner} == inner
    assert container.openstream("Alone").read() == b"x" * size


def test_entries_are_in_the_order_in_which_office_searches() -> None:
    """Shorter names first: a reader that searches the tree finds every stream only then."""
    names = ["b", "A", "zz", "Ab", "_VBA_PROJECT", "dir", "CplValidation"]
    data = compound_file(dict.fromkeys(names, b"1"))
    first = struct.unpack_from("<I", data, 48)[0]
    entries = [data[512 * (first + 1) + 128 * number :][:128] for number in range(len(names) + 1)]

    def in_order(number: int) -> list[str]:
        if number == 0xFFFFFFFF:
            return []
        left, right = struct.unpack_from("<II", entries[number], 68)
        (length,) = struct.unpack_from("<H", entries[number], 64)
        return [*in_order(left), entries[number][: length - 2].decode("utf-16-le"), *in_order(right)]

    (child,) = struct.unpack_from("<I", entries[0], 76)
    assert in_order(child) == ["A", "b", "Ab", "zz", "dir", "_VBA_PROJECT", "CplValidation"]


@pytest.mark.parametrize("name", ["", "a/b", "x" * 32, "a!b"])
def test_names_that_no_compound_file_may_have(name: str) -> None:
    with pytest.raises(ValueError, match="cannot hold the name"):
        compound_file({name: b""})


def test_two_modules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        vba_project([Module("A"), Module("a")])
