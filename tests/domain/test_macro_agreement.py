"""The macro of the form and the server say the same about every data item, message by message."""

import datetime
from functools import cache
from itertools import product

import pytest

from cpl.dictionary import load
from cpl.domain.dictionary import DeviceType, ListValue, RuleSet
from cpl.domain.rules import certificates
from cpl.workbook.macro import sources
from cpl.workbook.render import ReleaseView, render
from tests.domain.good_forms import EVERYTHING, PPMID, SINGLE, good
from tests.vba.agreement import DAY, FORM, MacroRun, of_the_server
from tests.vba.forms import Form, forms
from tests.vba.lexer import tokens
from tests.vba.office import Sheet, workbook

GROUPS = 8
PASSED = "The new CPL entry passed validation checks"


def macro_run(rules: RuleSet, *, record: bool = False) -> MacroRun:
    view = ReleaseView("Version 3.001 Issued on 24-11-2026", datetime.date(2026, 11, 24), (("3.001", "24/11/2026", "First"),), ())
    return MacroRun(workbook(render(view, rules)), rules, record=record)


@cache
def ready(principal: int) -> MacroRun:
    return macro_run(load(principal))


@pytest.mark.parametrize("group", range(GROUPS))
def test_macro_and_server_say_the_same(group: int) -> None:
    rules, run = load(3), ready(3)
    chosen = forms(3)[group::GROUPS]
    different = [form.name for form in chosen if run.verdict(form) != of_the_server(form, rules)]
    assert different == []


def test_enough_forms_are_compared() -> None:
    assert len({form.name for form in forms(3)}) == len(forms(3)) >= 900


def test_the_rules_of_version_2_are_read_as_well() -> None:
    rules, run = load(2), ready(2)
    chosen = forms(2)[::9]
    assert [form.name for form in chosen if run.verdict(form) != of_the_server(form, rules)] == []


@pytest.mark.parametrize(
    "on", [(2028, 2, 29), (2028, 2, 28), (2026, 2, 28), (2028, 3, 1), (2026, 12, 31), (2027, 1, 1), (2096, 2, 29)]
)
def test_the_day_decides_about_the_date_of_a_certificate(on: tuple[int, int, int]) -> None:
    rules, run = load(3), ready(3)
    day = datetime.date(*on)
    latest = certificates.years_after(day, 6)
    around = [date + datetime.timedelta(days=step) for date in (day, latest) for step in (-1, 0, 1)]
    for date, prefix in product(around, ("[E]", "[R]", "[T]")):
        values = {certificates.EXPIRY: f"{date:%d/%m/%Y}", "CPA_Certificate.identification_number": f"{prefix} 12345"}
        form = Form(f"{prefix} {date} on {day}", {**good(SINGLE), **values})
        assert run.verdict(form, int(f"{day:%Y%m%d}")) == of_the_server(form, rules, day), form.name


def test_reference_data_of_another_day() -> None:
    """A new device type, new versions and combinations come from the tabs; the macro stays the same."""
    rules = load(3)
    lift = DeviceType(
        "Heat Pump Switch", "SMETS", needs_cpa=True, needs_dlms=False, needs_fir_v2=False, ota_from="GBCS Version 5.0"
    )
    later = rules.with_reference(
        {
            "device_type": [*rules.lists["device_type"], ListValue(lift.name, lift.family), ListValue("Unheard of")],
            "gbcs": [*rules.lists["gbcs"], ListValue("GBCS Version 5.0")],
            "bands_join": [ListValue("Triple Band")],
        },
        [*rules.device_types, lift],
        [*rules.combinations, (lift.name, "SMETS V5.1", "GBCS Version 5.0"), (lift.name, "SMETS V5.1", "GBCS Version 4.1")],
    )
    run = macro_run(later)
    for device in (lift.name, "Unheard of", SINGLE):
        for gbcs in ("GBCS Version 5.0", "GBCS Version 4.1"):
            values = {**good(SINGLE), "Device_Type.name": device, "GBCS Version.version_number": gbcs}
            form = Form(f"{device} {gbcs}", {**values, "ZigBee_Properties.Bands_Join": "triple band"})
            assert run.verdict(form) == of_the_server(form, later), form.name


def test_every_statement_of_the_macro_runs() -> None:
    """Office compiles what never runs in these tests too, but nobody would have seen what it does."""
    run = macro_run(load(3), record=True)
    break_and_mend(run)
    left = {(name, line) for name in sources() for line in statements(name)}
    for form in sorted(
        forms(3), key=lambda form: not form.name.startswith(("cells", "rows", "probe", "full", "image", "[", "CPA"))
    ):
        if not left:
            break
        run.verdict(form)
        left -= {(name, line) for name, scope in run.machine.scopes.items() for line in scope.lines}
    assert left == set()


def statements(module: str) -> set[int]:
    """Lines on which a statement begins that does something."""
    found, begins = set(), True
    quiet = {"end", "else", "elseif", "loop", "next", "case", "dim", "private", "public", "option", "const"}
    for token in tokens(sources()[module]):
        if begins and token.kind == "name" and token.value not in quiet:
            found.add(token.line)
        begins = token.kind == "newline"
    return found


def break_and_mend(run: MacroRun) -> None:
    """The ways in which a workbook cannot be checked at all."""
    run.machine.run("ValidateNewEntry")
    run.fill_in(Form("good", dict(good(SINGLE))))
    run.machine.run("ValidateNewEntry")
    run.machine.run("CplCombinationWarning")
    row = dict(run.sheet.cells)
    run.sheet.cells[60, 1], run.sheet.cells[60, 2] = "Device_Type", " NAME "
    twice = run.machine.run("CplRunValidation", DAY)
    assert (
        twice
        == "The data item Device_Type.name stands on the form twice, in rows 9 and 60. Start again from the latest CPL workbook."
    )
    run.sheet.cells.clear()
    run.sheet.cells.update(row)
    names = {sheet.name: sheet for sheet in run.book}
    run.sheet.name = "CPL - My Entry"
    assert run.machine.run("CplRunValidation", DAY).startswith("The tab 'CPL - New Entry' is missing or has been renamed.")
    run.sheet.name = "CPL \N{EN DASH} New Entry"
    assert run.machine.run("CplRunValidation", DAY) == PASSED
    run.sheet.name = FORM
    names["CPL Texts"].name = "Mine"
    assert run.machine.run("CplRunValidation", DAY).startswith("The rules are missing from this workbook.")
    names["CPL Texts"].name = "CPL Texts"
    spoilt = dict(names["CPL Texts"].cells)
    names["CPL Texts"].cells[2, 1] = "something else"
    assert run.machine.run("CplRunValidation", DAY).startswith("The check could not be finished (9: Subscript out of range).")
    names["CPL Texts"].cells.update(spoilt)
    run.sheet.__class__ = Unwritable
    assert run.machine.run("CplRunValidation", DAY).startswith("The check could not be finished (1004: ")
    assert run.sheet.locked
    run.sheet.__class__ = Sheet
    assert run.machine.run("CplRunValidation", DAY) == PASSED
    unknown = Form("of a type that only the list has", {**good(SINGLE), "Device_Type.name": "New Type"})
    names["CPL Lists"].cells[9, device_column(names["CPL Lists"])] = "New Type"
    assert "does not say which certificates it needs" in run.verdict(unknown).errors["Device_Type.name"]
    control = Form("odd", {**good(SINGLE), "DLMS_Certificate.identification_number": "12\x01"})
    run.verdict(control)


class Unwritable(Sheet):
    """A form into which nothing can be written."""

    def put(self, row: int, column: int, value: object) -> None:
        from tests.vba.values import VbaError

        raise VbaError(1004, "no")


def device_column(sheet: Sheet) -> int:
    return next(column for (row, column), text in sheet.cells.items() if (row, text) == (1, "device_type"))


def test_the_button_shows_what_was_found() -> None:
    run = ready(3)
    run.machine.dialogs.clear()
    run.fill_in(Form("good", dict(good(SINGLE))))
    run.machine.run("ValidateNewEntry")
    assert run.machine.dialogs == [(PASSED, 64, "Validate New Entry")]

    run.machine.dialogs.clear()
    run.fill_in(
        Form("bad", {**good(SINGLE), "SMETS/CHTS Version.Version_number": "SMETS V5.0", "Device_Model.model_identifier": "5731"})
    )
    run.machine.run("ValidateNewEntry")
    (warning, icon, title), (summary, second_icon, _) = run.machine.dialogs
    assert (icon, title, second_icon) == (48, "Device Level Version", 48)
    assert warning.startswith(
        f"This Device Level Version is not permitted.\n\n{SINGLE} with SMETS V5.0 and GBCS Version 4.1 is not"
    )
    assert summary.startswith(
        f"2 of 37 data items must be corrected. Column I says how, in red.\n- G9 Device_Type.name: {SINGLE} with"
    )
    assert "\n- G11 Device_Model.model_identifier: The value has the wrong form. Perhaps 57:31 is meant." in summary


def test_a_warning_does_not_stop_an_entry() -> None:
    run = ready(3)
    run.machine.dialogs.clear()
    values = {**good(SINGLE), "Contact-CPA.Contact.contact name": "a;b;c;d;e;f"}
    assert run.verdict(Form("six names", values)).errors == {}
    run.machine.run("ValidateNewEntry")
    ((text, icon, _),) = run.machine.dialogs
    assert icon == 64
    assert text.startswith(
        f"{PASSED}\n\nPlease look at this once more (1). It does not stop the entry, but SECAS has to decide about it."
    )
    assert text.endswith("Contact-CPA.Contact.contact name: There are 6 contacts; 5 are suggested at most. See guidance 7.2.8.")


def test_a_pop_up_counts_what_it_leaves_out() -> None:
    run = ready(3)
    one = run.popup(Form("one", {**good(SINGLE), "Device_Model.model_identifier": "5731"}))
    assert one.startswith(
        "1 of 37 data items must be corrected. Column I says how, in red.\n- G11 Device_Model.model_identifier: The"
    )
    assert len(one.splitlines()[1]) == 117
    assert one.endswith("...")
    empty = run.popup(Form("empty", {}))
    shown = empty.count("\n- G")
    assert empty.startswith("24 of 37 data items")
    assert empty.endswith(f"\n... and {24 - shown} more")
    assert shown >= 4
    missing = run.popup(Form("first row missing", dict(good(SINGLE)), missing=("Entry.number",)))
    assert missing.startswith(
        "1 of 37 data items must be corrected. Column I says how, in red.\n- Entry.number: The New Entry tab"
    )
    assert "more" not in missing


def test_no_pop_up_is_cut_off() -> None:
    """A message box shows 1,024 characters."""
    run = ready(3)
    run.machine.dialogs.clear()
    everything_wrong = dict.fromkeys(EVERYTHING, "\x01" * 40)
    six = {"Contact-CPA.Contact.contact name": "a;" * 9, "Contact-CPA.Contact.contact telephone": "1;" * 9}
    for values in (everything_wrong, {}, {**good(PPMID), **six}, {**everything_wrong, **good(SINGLE), **six}, {**six}):
        run.fill_in(Form("any", dict(values)))
        run.machine.run("ValidateNewEntry")
    assert max(len(text) for text, _, _ in run.machine.dialogs) <= 1024


def test_the_form_is_locked_again_as_it_was_published() -> None:
    run = ready(3)
    run.verdict(Form("good", dict(good(SINGLE))))
    assert run.sheet.protected_with == ("", True, True, True, False, False, True, True)
    run.sheet.locked = False
    run.machine.run("CplRunValidation", DAY)
    assert not run.sheet.locked
    run.sheet.locked = True


def test_only_column_i_changes() -> None:
    run = ready(3)
    run.fill_in(Form("untidy", {**good(SINGLE), "Device_Model.firmware_version": " 04:01:00:0a "}))
    before = {place: text for place, text in run.sheet.cells.items() if place[1] != 9}
    run.machine.run("CplRunValidation", DAY)
    assert {place: text for place, text in run.sheet.cells.items() if place[1] != 9} == before


def test_other_tabs_may_be_removed_and_added() -> None:
    run = macro_run(load(3))
    run.book.sheets = [sheet for sheet in run.book if sheet.name.startswith("CPL ") and "CSV" not in sheet.name]
    run.book.sheets.append(Sheet("Notes of mine", {(1, 1): "x"}))
    assert run.verdict(Form("good", dict(good(SINGLE)))).errors == {}
