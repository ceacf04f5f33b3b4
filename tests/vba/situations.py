"""Everything in which the macro is tried: forms under several sets of rules, forms one after the other, damaged workbooks."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product

from cpl.dictionary import load
from cpl.domain.dictionary import DeviceType, ListValue, RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, GBCS, SMETS_CHTS
from cpl.domain.rules import certificates
from tests.domain.good_forms import PPMID, SINGLE, good
from tests.vba.agreement import LOCKING, UNLOCKING, MacroRun, Outcome, Verdict, expected
from tests.vba.forms import Form, forms
from tests.vba.popups import EXCLAMATION, WINDOW
from tests.vba.values import ErrorValue

Spoil = Callable[[MacroRun], None]
GOOD = Form("good", good(SINGLE))
NEW_START = "Start again from the latest CPL workbook."


def nothing(run: MacroRun) -> None:
    """The workbook as it was published."""


@dataclass(frozen=True)
class Situation:
    """A form that is checked, by the rules of that name. `before`: forms that were checked before it. `spoil`: what is done to
    the workbook; it should change nothing, unless `says` is what the only pop-up then says and `calls` what locking remains.
    """

    name: str
    form: Form
    rules: str = "v3"
    before: tuple[Form, ...] = ()
    spoil: Spoil = nothing
    says: str = ""
    calls: tuple[tuple[object, ...], ...] = ()

    def agrees(self, run: MacroRun) -> bool:
        """Whether the macro does what it should."""
        return self.difference(run) == ()

    def difference(self, run: MacroRun) -> tuple[object, object] | tuple[()]:
        """What the macro does and what it should do, where these differ."""
        found = run.outcome(*self.before, self.form, spoil=self.spoil)
        if self.says:  # which findings are still in memory is nothing that anybody sees
            found = replace(found, verdict=self._wanted.verdict)
        return () if found == self._wanted else (found, self._wanted)

    @cached_property
    def _wanted(self) -> Outcome:
        if self.says:
            return Outcome(Verdict({}, {}), {}, [(self.says, EXCLAMATION, WINDOW)], list(self.calls))
        return expected(self.form, rule_set(self.rules), locked=self.spoil is not unlock)


@cache
def rule_set(name: str) -> RuleSet:
    """The rules of that name; "later": another device type, other versions, an empty list, as reference data may bring them."""
    if name != "later":
        return load(int(name.removeprefix("v")))
    rules = load(3)
    return rules.with_reference(
        {
            "device_type": [*rules.lists["device_type"], ListValue(LIFT.name, LIFT.family), ListValue("Unheard of")],
            "gbcs": [*rules.lists["gbcs"], ListValue("GBCS Version 5.0")],
            "bands_join": [ListValue("Triple Band")],
            "zse_version": [],
        },
        [*rules.device_types, LIFT],
        [*rules.combinations, (LIFT.name, "SMETS V5.1", "GBCS Version 5.0"), (LIFT.name, "SMETS V5.1", "GBCS Version 4.1")],
    )


LIFT = DeviceType("Heat Pump Switch", "SMETS", needs_cpa=True, needs_dlms=False, needs_fir_v2=False, ota_from="GBCS Version 5.12")


@cache
def ready(name: str) -> MacroRun:
    """The macro in a workbook with the rules of that name."""
    return MacroRun(rule_set(name))


@cache
def situations() -> tuple[Situation, ...]:
    """Every situation, always the same ones in the same order."""
    return (
        *_damage(),
        *_harmless_changes(),
        *_one_after_the_other(),
        *(Situation(form.name, form, "later") for form in _of_later_rules()),
        *(Situation(form.name, form) for form in _days()),
        *(Situation(form.name, form) for form in forms(3)),
        *(Situation(f"v2 {form.name}", form, "v2") for form in forms(2)[::9]),
    )


def _days() -> Iterator[Form]:
    """Dates of certificates around the first and the last day that is permitted."""
    for on in ((2028, 2, 29), (2028, 2, 28), (2026, 2, 28), (2028, 3, 1), (2026, 12, 31), (2027, 1, 1), (2096, 2, 29)):
        day = datetime.date(*on)
        latest = certificates.years_after(day, 6)
        around = [date + datetime.timedelta(days=step) for date in (day, latest) for step in (-1, 0, 1)]
        for date, prefix in product(around, ("[E]", "[R]", "[T]")):
            values = {**good(SINGLE), certificates.EXPIRY: f"{date:%d/%m/%Y}", CPA_NUMBER: f"{prefix} 12345"}
            yield Form(f"{prefix} {date} on {day}", values, on=day)


def _of_later_rules() -> Iterator[Form]:
    for device, gbcs in product(
        (LIFT.name, "Unheard of", SINGLE), ("GBCS Version 5.0", "GBCS Version 5.20", "GBCS Version 4.1", "x")
    ):
        values = {**good(SINGLE), DEVICE_TYPE: device, GBCS: gbcs, "ZigBee_Properties.Bands_Join": "triple band"}
        yield Form(f"{device} {gbcs}", values)
        yield Form(f"{device} x {gbcs}", {**values, SMETS_CHTS: "x"})


def _one_after_the_other() -> Iterator[Situation]:
    """Nothing of the last check may be left in the next."""
    by_name = {form.name: form for form in forms(3)}
    wrong = Form("wrong combination", {**good(SINGLE), "SMETS/CHTS Version.Version_number": "SMETS V5.0"})
    names = ("empty", "good SMETS1 Communications Hub", "cells formula x", "cells number 12")
    for first in (wrong, *(by_name[name] for name in names)):
        yield Situation(f"good after {first.name}", GOOD, before=(first,))
        yield Situation(f"{first.name} after good", first, before=(GOOD,))
    for name in ("rows missing", "other rows missing"):
        yield Situation(f"good after {name}", GOOD, before=(by_name[name],))
        yield Situation(f"{name} after good", by_name[name], before=(GOOD,))
    yield Situation("PPMID after good", Form("PPMID", good(PPMID)), before=(GOOD,))


def _harmless_changes() -> Iterator[Situation]:
    yield Situation("unlocked tab", GOOD, spoil=unlock)
    yield Situation("unlocked tab and wrong form", Form("empty", {}), spoil=unlock)
    for name, change in (
        ("tab with an en dash", lambda run: _rename(run, "CPL - New Entry", "CPL \N{EN DASH} New Entry")),
        ("other tabs removed and added", _only_needed_tabs),
        ("a tab that cannot be locked", _unlockable),
        ("first rows empty", lambda run: [run.sheet.cells.pop(place) for place in list(run.sheet.cells) if place[0] < 6]),
        ("more rows than the macro looks at", lambda run: _label(run, 1001, "Device_Type", "name")),
        ("an error among the labels", lambda run: _label(run, 80, ErrorValue("#N/A"), ErrorValue("#N/A"))),
        ("labels in other letters", lambda run: _label(run, 9, " DEVICE_type\n", "NAME ")),
    ):
        yield Situation(name, GOOD, spoil=change)
    values = {**good(SINGLE), certificates.EXPIRY: "29/02/2032", CPA_NUMBER: "[E] 12345"}
    on_leap_day = Form("leap day", values, on=datetime.date(2028, 2, 29))
    yield Situation("certificates of four years", on_leap_day, spoil=_four_years)


def _damage() -> Iterator[Situation]:
    missing = "The tab 'CPL - New Entry' is missing or has been renamed. Give it its name back, then try again."
    yield Situation("no form", GOOD, spoil=lambda run: _rename(run, "CPL - New Entry", "CPL - My Entry"), says=missing)
    for tab in RULE_TABS:
        says = f"The rules are missing from this workbook. {NEW_START}"
        yield Situation(f"no {tab}", GOOD, spoil=lambda run, tab=tab: _rename(run, tab, "Mine"), says=says)
    for row in (1, 44, 60, 1000):
        first, second = sorted((row, 9))
        says = f"The data item Device_Type.name stands on the form twice, in rows {first} and {second}. {NEW_START}"
        yield Situation(f"row {row} again", GOOD, spoil=lambda run, row=row: _label(run, row, "Device_Type", " NAME "), says=says)
    says = f"The data item Device_Type.name stands on the form twice, in rows 9 and 60. {NEW_START}"
    yield Situation("two rows again", GOOD, spoil=_two_rows_again, says=says)
    unfinished = "The check could not be finished ({}). Save the form, close every other copy of it, and try again."
    says = unfinished.format("9: Subscript out of range")
    yield Situation("a text is missing", GOOD, spoil=_without_a_text, says=says)
    says = unfinished.format("1004: The cell is on a protected sheet")
    yield Situation("cannot be written", GOOD, spoil=_unwritable, says=says, calls=(UNLOCKING, LOCKING))


RULE_TABS = (
    "CPL Rules",
    "CPL Lists",
    "CPL Device Types",
    "CPL Combinations",
    "CPL Certificates",
    "CPL Texts",
    "CPL Characters",
    "CPL Character Names",
)


def unlock(run: MacroRun) -> None:
    """The author unlocked the tab, which has no password."""
    run.sheet.locked = False


def _rename(run: MacroRun, name: str, other: str) -> None:
    run.book[name].name = other


def _only_needed_tabs(run: MacroRun) -> None:
    notes = run.sheet.copy()
    notes.name, notes.cells = "Notes of mine", {(1, 1): "x"}
    run.book.sheets = [notes, *(sheet for sheet in run.book if sheet.name in {"CPL - New Entry", *RULE_TABS})]


def _label(run: MacroRun, row: int, group: object, attribute: object) -> None:
    run.sheet.cells[row, 1], run.sheet.cells[row, 2] = group, attribute


def _two_rows_again(run: MacroRun) -> None:
    for row in (60, 61):
        _label(run, row, "Device_Type", "name")


def _four_years(run: MacroRun) -> None:
    """Less than today's six, and enough for a date four years ahead."""
    cells = run.book["CPL Certificates"].cells
    cells.update({place: "4" for place, text in cells.items() if place[1] == 8 and text == "6"})


def _without_a_text(run: MacroRun) -> None:
    run.book["CPL Texts"].cells[2, 1] = "something else"


def _unlockable(run: MacroRun) -> None:
    run.sheet.lockable = False


def _unwritable(run: MacroRun) -> None:
    run.sheet.writable = False
