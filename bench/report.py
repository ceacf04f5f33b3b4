"""The document: tables of ratios, and the goals with what was reached."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Table = Mapping[str, Mapping[str, float]]
WORDS = {
    "publish": "**publish, everything made anew** (.xlsm, .csv, manifest, database)",
    "one_more_entry": "**publish one more entry, with the blocks of the version before**",
    "deflate": "zlib, level 6, over the XML of both tabs and nothing else",
    "copy": "copying both files",
    "openpyxl_round_trip": "openpyxl: load with the macro, add a row to both tabs, save",
    "openpyxl_fill": "openpyxl: fill an empty workbook",
    "xlsxwriter_write": "XlsxWriter: rows of both tabs, no formats",
    "read_form": "**read the form** from a submission with the whole list in it",
    "inflate": "unpacking form and shared texts and nothing else",
    "openpyxl_load": "openpyxl: load, read column G",
}
HEAD = """# Benchmarks

`python3 dev.py bench` made this page. Only ratios count: machines differ, and so do hours on one machine. Each number is a
median; variants of a table took turns, each in a fresh process. CPU is user and system time of the work itself, without the
start of Python and its imports; memory is how far its peak rises above what the process held before. What is published is the
second version of its process, as in a worker that has been running for a while; its memory is that of the first.
"""


@dataclass(slots=True)
class Results:
    """What one run has measured."""

    machine: str
    rounds: int
    writers: Table
    readers: Table
    signature: Mapping[str, float]
    differences: dict[int, Mapping[str, float]]
    large_writers: Table = field(default_factory=dict)
    look_ups: Mapping[str, Mapping[int, Mapping[str, Any]]] = field(default_factory=dict)


def document(results: Results) -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield HEAD
    yield f"{results.machine}; rounds: {results.rounds}.\n"
    if not results.large_writers:
        yield "This was a quick run (`--quick`): no list of 100,000 entries, no look-ups in a million.\n"
    yield "## Goals\n"
    yield from _goals(results)
    yield "\n## Publishing, 10,000 entries\n"
    yield from _table(results.writers, "openpyxl_round_trip")
    if results.large_writers:
        yield "\n## Publishing, 100,000 entries\n"
        yield from _table(results.large_writers, "deflate")
    yield "\n## Reading the form, 10,000 entries in the workbook\n"
    yield from _table(results.readers, "openpyxl_load")
    yield "\n## Difference of neighbouring versions\n"
    yield "| entries | CPU ms |\n|---:|---:|"
    for count, numbers in results.differences.items():
        yield f"| {count:,} | {numbers['cpu'] * 1000:.2f} |"
    yield from _look_ups(results)


def _table(table: Table, peer: str) -> Iterator[str]:
    yield f"| what | CPU s | of {WORDS[peer].partition(':')[0].partition(',')[0]} | peak memory MiB |\n|---|---:|---:|---:|"
    for name, numbers in table.items():
        share = _ratio(numbers["cpu"] / table[peer]["cpu"])
        yield f"| {WORDS[name]} | {numbers['cpu']:.4f} | {share} | {numbers['memory']:.1f} |"


def _ratio(share: float) -> str:
    return f"1/{1 / share:,.0f}" if share < 0.5 else f"{share:.2f}"


def _goals(results: Results) -> Iterator[str]:
    yield "| goal | bound | reached | |\n|---|---:|---:|---|"
    writers, readers = results.writers, results.readers
    trip, publish, more = (writers[name]["cpu"] for name in ("openpyxl_round_trip", "publish", "one_more_entry"))
    yield _goal("full publish of 10,000 entries, CPU of openpyxl's round trip", 1 / 25, publish / trip)
    yield _goal("the same, CPU of deflating both tabs", 1.3, publish / writers["deflate"]["cpu"])
    yield _goal("one more entry, CPU of openpyxl's round trip", 1 / 100, more / trip)
    yield _goal("memory of a publish, 10,000 entries, MiB", 16, writers["publish"]["memory"])
    if results.large_writers:
        yield _goal("memory of a publish, 100,000 entries, MiB", 16, results.large_writers["publish"]["memory"])
    yield _goal("reading the form, CPU of openpyxl", 1 / 50, readers["read_form"]["cpu"] / readers["openpyxl_load"]["cpu"])
    yield _goal("memory of reading the form, MiB", 20, readers["read_form"]["memory"])
    size = results.signature["size"]
    yield _goal(f"verifying the signature of a {size:.0f} KB workbook, CPU ms", 50, results.signature["cpu"] * 1000)
    for database, found in results.look_ups.items():
        least, most = min(found), max(found)
        yield _goal(f"duplicate check, {most:,} entries to {least:,}, {database}", 2, found[most]["cpu"] / found[least]["cpu"])
    if len(results.differences) > 1:
        least, most = min(results.differences), max(results.differences)
        share = results.differences[most]["cpu"] / results.differences[least]["cpu"]
        yield _goal(f"difference of versions, {most:,} entries to {least:,}", 2, share)


def _goal(words: str, bound: float, reached: float) -> str:
    said = _ratio(reached) if bound < 1 else f"{reached:.2f}"
    return f"| {words} | {_bound(bound)} | {said} | {'met' if reached <= bound else '**missed**'} |"


def _bound(bound: float) -> str:
    return f"1/{1 / bound:.0f}" if bound < 1 else f"{bound:g}"


def _look_ups(results: Results) -> Iterator[str]:
    if not results.look_ups:
        return
    yield "\n## Duplicate check\n"
    yield "What the gate asks the list: entries of the same device, maker and model, image or certificate, and the makers.\n"
    yield "| database | entries | CPU ms |\n|---|---:|---:|"
    for database, found in results.look_ups.items():
        for count, numbers in found.items():
            yield f"| {database} | {count:,} | {numbers['cpu'] * 1000:.2f} |"
    for database, found in results.look_ups.items():
        yield f"\nPlan of {database} for {max(found):,} entries:\n\n```\n{found[max(found)]['plan']}\n```"
