"""`python3 dev.py bench`: every table in one run, variants taking turns; the result goes to docs/benchmarks.md.

--rounds N   rounds of each table (default 5)
--quick      10,000 entries only, and no look-ups in a million
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import report
from tests import services

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
SMALL, LARGE, HUGE = 10_000, 100_000, 1_000_000
WRITERS = ("publish", "one_more_entry", "deflate", "copy", "openpyxl_round_trip", "openpyxl_fill", "xlsxwriter_write")
LARGE_WRITERS = ("publish", "one_more_entry", "deflate", "copy")  # the peers would need minutes and gigabytes
READERS = ("read_form", "inflate", "openpyxl_load")
CHANGES_FILES = {"publish", "one_more_entry"}  # these get a copy of the site each time

Numbers = Mapping[str, Any]


def task(name: str, folder: Path, *words: object, **places: str) -> Numbers:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "bench.tasks", name, str(folder), *map(str, words)]
    surroundings = os.environ | {"CPL_DATA_DIR": str(folder), "CPL_LOG_LEVEL": "WARNING"} | places
    done = subprocess.run(command, cwd=ROOT, env=surroundings, check=True, stdout=subprocess.PIPE, text=True)
    found: Numbers = json.loads(done.stdout.splitlines()[-1])
    return found


def turns(names: Sequence[str], site: Path, rounds: int) -> dict[str, dict[str, float]]:
    """So many rounds of all of these, one after the other; the median of each number."""
    seen: dict[str, list[Numbers]] = defaultdict(list)
    for number in range(rounds):
        for name in names:
            print(f"  round {number + 1} of {rounds}: {name}", flush=True)
            seen[name].append(_on_copy(name, site) if name in CHANGES_FILES else task(name, site))
    return {name: {key: statistics.median(numbers[key] for numbers in found) for key in found[0]} for name, found in seen.items()}


def _on_copy(name: str, site: Path) -> Numbers:
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        shutil.copytree(site, folder, dirs_exist_ok=True)
        return task(name, Path(folder))


def made_site(folder: Path, count: int) -> Path:
    """A site with so many entries, made anew."""
    print(f"Making a list of {count:,} entries …", flush=True)
    folder.mkdir()
    task("site", folder, count)
    return folder


def look_ups(work: Path, counts: Sequence[int], rounds: int) -> dict[str, dict[int, Numbers]]:
    """The duplicate check on lists of these lengths: SQLite, and PostgreSQL where there is one."""
    found = {"SQLite": _look_ups(work / "sqlite", counts, rounds, {})}
    if services.present()["PostgreSQL"]:
        with services.postgres(work / "postgres") as server:
            addresses = {}
            for count in counts:
                name = f"list_{count}"
                subprocess.run([sys.executable, "-c", _CREATE, server, name], cwd=ROOT, check=True)
                addresses[count] = server.rpartition("/")[0] + f"/{name}"
            found["PostgreSQL"] = _look_ups(work / "of-postgres", counts, rounds, addresses)
    return found


_CREATE = """
import sys, psycopg
with psycopg.connect(sys.argv[1].replace("postgres://", "postgresql://"), autocommit=True) as connection:
    connection.execute(f"CREATE DATABASE {sys.argv[2]}")
"""


def _look_ups(folder: Path, counts: Sequence[int], rounds: int, addresses: Mapping[int, str]) -> dict[int, Numbers]:
    places: dict[int, dict[str, str]] = {count: {"DATABASE_URL": addresses[count]} if addresses else {} for count in counts}
    for count in counts:
        print(f"Making a list of {count:,} entries to look things up in …", flush=True)
        (folder / str(count)).mkdir(parents=True)
        task("long_site", folder / str(count), count, **places[count])
    seen: dict[int, list[Numbers]] = defaultdict(list)
    for _ in range(rounds):
        for count in counts:
            seen[count].append(task("duplicates", folder / str(count), **places[count]))
    return {
        count: {"cpu": statistics.median(one["cpu"] for one in found), "plan": found[0]["plan"]} for count, found in seen.items()
    }


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cpl-bench-") as name:
        work = Path(name)
        small = made_site(work / "small", SMALL)
        results = report.Results(
            machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
            rounds=asked.rounds,
            writers=turns(WRITERS, small, asked.rounds),
            readers=turns(READERS, small, asked.rounds),
            signature=turns(["verify_signature"], small, asked.rounds)["verify_signature"],
            differences={SMALL: turns(["difference"], small, asked.rounds)["difference"]},
        )
        if not asked.quick:
            large = made_site(work / "large", LARGE)
            results.large_writers = turns(LARGE_WRITERS, large, min(asked.rounds, 3))
            results.differences[LARGE] = turns(["difference"], large, asked.rounds)["difference"]
            shutil.rmtree(large)
            results.look_ups = look_ups(work, (SMALL, HUGE), asked.rounds)
    document = report.document(results)
    PAGE.write_text(document)
    print(document)


if __name__ == "__main__":
    main()
