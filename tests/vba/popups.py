"""What the pop-ups of the macro have to say, worked out from what the server found."""

from collections.abc import Iterator, Mapping

from tests.vba.values import units

PASSED = "The new CPL entry passed validation checks"
WINDOW, COMBINATION_WINDOW = "Validate New Entry", "Device Level Version"
INFORMATION, EXCLAMATION = 64, 48
LONGEST_LINE, ERRORS_ROOM, WARNINGS_ROOM = 118, 540, 240
Dialog = tuple[str, int, str]


def dialogs(
    errors: Mapping[str, str], warnings: Mapping[str, str], combination: str, rows: Mapping[str, int | None]
) -> list[Dialog]:
    """One after the other. `rows`: of each data item of the form in their order, None where the form has none for it."""
    found: list[Dialog] = []
    if combination:
        whole = (
            "This Device Level Version is not permitted.",
            combination,
            "Choose permitted values, then validate the entry again.",
        )
        found.append(("\n\n".join(whole), EXCLAMATION, COMBINATION_WINDOW))
    text = PASSED
    if errors:
        text = f"{len(errors)} of {len(rows)} data items must be corrected. Column I says how, in red."
        text += _listed(errors, rows, ERRORS_ROOM)
    if warnings:
        text += (
            f"\n\nPlease look at this once more ({len(warnings)}). It does not stop the entry, but SECAS has to decide about it."
        )
        text += _listed(warnings, rows, WARNINGS_ROOM)
    return [*found, (text, EXCLAMATION if errors else INFORMATION, WINDOW)]


def _listed(texts: Mapping[str, str], rows: Mapping[str, int | None], room: int) -> str:
    """As many lines as fit, each cut to what can be read at a glance."""
    shown, more = "", 0
    for line in _lines(texts, rows):
        if len(shown) + len(line) > room:
            more += 1
        else:
            shown += line
    return shown + (f"\n... and {more} more" if more else "")


def _lines(texts: Mapping[str, str], rows: Mapping[str, int | None]) -> Iterator[str]:
    for key, row in rows.items():
        if key in texts:
            line = units(f"\n- {f'G{row} ' if row else ''}{key}: {texts[key]}")
            yield line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."
