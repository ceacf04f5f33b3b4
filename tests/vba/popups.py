"""What the pop-ups of the macro have to say, worked out from what the server found."""

from collections.abc import Iterator, Mapping

from tests.vba.values import units

PASSED = "The new CPL entry passed validation checks"
WINDOW, COMBINATION_WINDOW = "Validate New Entry", "Device Level Version"
INFORMATION, EXCLAMATION = 64, 48
LONGEST_LINE, MOST_ERRORS, MOST_WARNINGS = 118, 4, 2
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
        text += _listed(errors, rows, MOST_ERRORS)
    if warnings:
        text += (
            f"\n\nPlease look at this once more ({len(warnings)}). It does not stop the entry, but SECAS has to decide about it."
        )
        text += _listed(warnings, rows, MOST_WARNINGS)
    return [*found, (text, EXCLAMATION if errors else INFORMATION, WINDOW)]


def _listed(texts: Mapping[str, str], rows: Mapping[str, int | None], most: int) -> str:
    """Some lines, each cut to what can be read at a glance."""
    lines = list(_lines(texts, rows))
    left_out = f"\n... and {len(lines) - most} more" if len(lines) > most else ""
    return "".join(lines[:most]) + left_out


def _lines(texts: Mapping[str, str], rows: Mapping[str, int | None]) -> Iterator[str]:
    for key, row in rows.items():
        if key in texts:
            line = units(f"\n- {f'G{row} ' if row else ''}{key}: {texts[key]}")
            yield line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."
