"""The macro of the form and the server say the same about every data item, message by message, and the macro does no more."""

import pytest

from cpl.workbook.macro import sources
from tests.domain.good_forms import EVERYTHING, PPMID, SINGLE, good
from tests.vba.agreement import MacroRun
from tests.vba.forms import Form, forms
from tests.vba.lexer import tokens
from tests.vba.popups import PASSED, Dialog
from tests.vba.situations import Situation, ready, rule_set, situations

GROUPS = 8


@pytest.mark.parametrize("group", range(GROUPS))
def test_macro_and_server_say_the_same(group: int) -> None:
    chosen = situations()[group::GROUPS]
    assert [(one.name, *one.difference(ready(one.rules))) for one in chosen if not one.agrees(ready(one.rules))] == []


def test_enough_forms_are_compared() -> None:
    assert len({form.name for form in forms(3)}) == len(forms(3)) >= 900
    assert len({one.name for one in situations()}) == len(situations()) >= 1300


def test_every_statement_of_the_macro_runs() -> None:
    """Office compiles what never runs in these tests too, but nobody would have seen what it does."""
    runs = {name: MacroRun(rule_set(name), record=True) for name in ("v3", "v2", "later")}
    left = {(name, line) for name in sources() for line in statements(name)}
    for situation in sorted(situations(), key=runs_much):
        if not left:
            break
        run = runs[situation.rules]
        situation.difference(run)
        left -= {(name, line) for name, scope in run.machine.scopes.items() for line in scope.lines}
    assert left == set()


def runs_much(situation: Situation) -> int:
    """The situations in which more happens than in others, first."""
    return not (situation.says or situation.name.startswith(("cells", "rows", "probe", "full", "image", "[", "CPA")))


def statements(module: str) -> set[int]:
    """Lines on which a statement begins that does something."""
    found, begins = set(), True
    quiet = {"end", "else", "elseif", "loop", "next", "case", "dim", "private", "public", "option", "const"}
    for token in tokens(sources()[module]):
        if begins and token.kind == "name" and token.value not in quiet:
            found.add(token.line)
        begins = token.kind == "newline"
    return found


def dialogs(values: dict[str, str], missing: tuple[str, ...] = ()) -> list[Dialog]:
    """The pop-ups for a form with these answers."""
    return ready("v3").outcome(Form("any", values, missing)).dialogs


def test_the_button_shows_what_was_found() -> None:
    assert dialogs(good(SINGLE)) == [(PASSED, 64, "Validate New Entry")]
    (warning, icon, title), (summary, second_icon, _) = dialogs(
        {**good(SINGLE), "SMETS/CHTS Version.Version_number": "SMETS V5.0", "Device_Model.model_identifier": "5731"}
    )
    assert (icon, title, second_icon) == (48, "Device Level Version", 48)
    assert warning.startswith(
        f"This Device Level Version is not permitted.\n\n{SINGLE} with SMETS V5.0 and GBCS Version 4.1 is not"
    )
    assert warning.endswith(".\n\nChoose permitted values, then validate the entry again.")
    assert summary.startswith(
        f"2 of 37 data items must be corrected. Column I says how, in red.\n- G9 Device_Type.name: {SINGLE} with"
    )
    assert "\n- G11 Device_Model.model_identifier: The value has the wrong form. Perhaps 57:31 is meant." in summary


def test_a_warning_does_not_stop_an_entry() -> None:
    ((text, icon, _),) = dialogs({**good(SINGLE), "Contact-CPA.Contact.contact name": "a;b;c;d;e;f"})
    assert icon == 64
    assert text.startswith(
        f"{PASSED}\n\nPlease look at this once more (1). It does not stop the entry, but SECAS has to decide about it."
    )
    assert text.endswith("Contact-CPA.Contact.contact name: There are 6 contacts; 5 are suggested at most. See guidance 7.2.8.")


def test_a_pop_up_counts_what_it_leaves_out() -> None:
    one = dialogs({**good(SINGLE), "Device_Model.model_identifier": "5731"})[-1][0]
    assert one.startswith(
        "1 of 37 data items must be corrected. Column I says how, in red.\n- G11 Device_Model.model_identifier: The"
    )
    assert len(one.splitlines()[1]) == 117
    assert one.endswith("...")
    empty = dialogs({})[-1][0]
    shown = empty.count("\n- G")
    assert empty.startswith("24 of 37 data items")
    assert empty.endswith(f"\n... and {24 - shown} more")
    assert shown >= 4
    missing = dialogs(good(SINGLE), ("Entry.number",))[-1][0]
    assert missing.startswith(
        "1 of 37 data items must be corrected. Column I says how, in red.\n- Entry.number: The New Entry tab"
    )
    assert "more" not in missing


def test_no_pop_up_is_cut_off() -> None:
    """A message box shows 1,024 characters."""
    everything_wrong = dict.fromkeys(EVERYTHING, "\x01" * 40)
    six = {"Contact-CPA.Contact.contact name": "a;" * 9, "Contact-CPA.Contact.contact telephone": "1;" * 9}
    filled = (everything_wrong, {}, {**good(PPMID), **six}, {**everything_wrong, **good(SINGLE), **six}, {**six})
    assert max(len(text) for values in filled for text, _, _ in dialogs(values)) <= 1024
