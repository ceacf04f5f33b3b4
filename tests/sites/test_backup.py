"""Backup and restoring with real processes, on SQLite and PostgreSQL: the demo comes back whole in an empty place."""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.apps.test_core_backup import manifest, written
from tests.flows import steps
from tests.running import Site

LIST = "from cpl.models import Release\nfor release in Release.objects.order_by('serial'): print(release.version)"


@dataclass
class Place:
    """A site of the demo with its backup, and how to get an empty place with a database of the same kind."""

    site: Site
    backup: Path
    empty: Callable[[], Site]
    session: str
    before: dict[str, str]

    @property
    def kind(self) -> str:
        return "postgresql" if self.site.places["DATABASE_URL"].startswith("postgres") else "sqlite"

    def with_keys(self, *names: str) -> Site:
        """An empty place with the site's keys, which were kept apart from its backup; all of them, or those NAMES."""
        site = self.empty()
        (site.folder / "keys").mkdir()
        for path in (self.site.folder / "keys").iterdir():
            if not names or path.name in names:
                shutil.copy(path, site.folder / "keys")
        return site


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        server = ""
        if request.param == "postgresql":
            folder = Path(tempfile.mkdtemp(prefix="cpl-site-"))  # where another user may go, since root runs no PostgreSQL
            stack.callback(shutil.rmtree, folder)
            server = stack.enter_context(services.postgres(folder / "postgres"))

        def empty() -> Site:
            folder = tmp_path_factory.mktemp("place")
            database = stack.enter_context(services.database(server)) if server else f"sqlite:///{folder / 'cpl.sqlite3'}"
            clients = f"{services.postgres_programs()}:{os.environ['PATH']}"
            site = Site(folder, {"CPL_DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": database, "PATH": clients})
            stack.callback(site.stop)
            return site

        yield demo(empty)


def demo(empty: Callable[[], Site]) -> Place:
    """The demo, a mail with RED values that nothing else has, somebody signed in, and the backup of all that."""
    site = empty()
    site.manage("migrate", "--verbosity", "0")
    site.manage("seed_demo")
    mail = site.folder / "submission.eml"
    mail.write_bytes(steps.submission())
    site.manage("receive_email", str(mail))
    place = Place(site, site.folder / "backup.tar", empty, *ask(site, "sign_in", "contents"))
    site.manage("backup", "--out", str(place.backup))
    return place


def ask(site: Site, *steps: str) -> list[Any]:
    """What the steps of tests/sites/backup_steps.py answer."""
    return json.loads(site.finish(site.start("-m", "tests.sites.backup_steps", *steps)))


def refused(site: Site, code: int, *words: str) -> str:
    """What a command said that ended with this exit code."""
    process = site.start("manage.py", *words)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == code, site.last_words()
    return output + site.last_words()


def versions(site: Site) -> list[str]:
    return site.manage("shell", "--no-imports", "-c", LIST).split()


def stopped(site: Site, where: str, event: str, count: int, *words: str) -> subprocess.Popen:
    """A command that stands still there."""
    process = site.start("-m", "tests.races.stopping", where, event, str(count), "manage.py", *words)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n", site.last_words()
    return process


def test_everything_comes_back_and_the_list_goes_on(place: Place, tmp_path: Path) -> None:
    site = place.with_keys()
    report = json.loads(site.manage("restore", str(place.backup), "--json"))
    assert (report["problems"], report["missing_red_keys"], report["about"]["version"]) == ([], [], "3.000")
    was, sessions = ask(place.site, "trail", "sessions")
    now, *others = ask(site, "trail", "sessions", "contents", "lost")
    assert (sessions, others) == (1, [0, place.before, []])
    assert (len(set(was) - set(now)), len(set(now) - set(was))) == (1, 1)  # the one was backed up, the other put back
    place.site.manage("export_cpl", "--out", str(tmp_path))
    with urllib.request.urlopen(f"{site.web()}/cpl/latest.csv", timeout=20) as answer:
        assert answer.read() == (tmp_path / "CPL_v3.000.csv").read_bytes()
    with urllib.request.urlopen(f"{site.url}/cpl/", timeout=20) as answer:
        assert b"demo-banner" in answer.read()
    site.stop()
    assert "There may be later ones" in refused(site, 1, "publish")
    site.manage("resume_publishing", "3.000")
    site.manage("publish")
    assert versions(site)[-2:] == ["3.000", "3.001"]
    site.manage("verify_records")
    assert "in use" in refused(site, 2, "restore", str(place.backup))


def test_a_migrated_place_is_empty_too_and_a_used_one_is_not(place: Place) -> None:
    site = place.with_keys()
    site.manage("migrate", "--verbosity", "0")
    site.manage("restore", str(place.backup))
    assert ask(site, "contents") == [place.before]
    assert "in use" in refused(place.site, 2, "restore", str(place.backup))
    assert ask(place.site, "contents") == [place.before]


def test_without_the_red_key_all_but_red_is_there(place: Place) -> None:
    site = place.with_keys("release.pem")  # the place makes a RED key of its own
    words = refused(site, 1, "restore", str(place.backup))
    assert "is not here: what is sealed under it stays closed" in words
    assert "could not be carried out" not in words
    with urllib.request.urlopen(f"{site.web()}/cpl/latest.csv", timeout=20) as answer:
        assert answer.read().count(b"\n") == 60
    site.manage("resume_publishing", "3.000")
    site.manage("publish")
    with (site.folder / "keys" / "red.key").open("a") as keys:
        keys.write("," + (place.site.folder / "keys" / "red.key").read_text())
    site.manage("verify_records")


def test_neither_red_values_nor_keys_nor_sessions_are_in_it(place: Place, tmp_path: Path) -> None:
    with tarfile.open(place.backup) as tar:
        tar.extractall(tmp_path, filter="data")
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    texts += [text for path in tmp_path.rglob("*") if zipfile.is_zipfile(path) for text in unzipped(path)]
    if place.kind == "postgresql":
        command = ["pg_restore", "--file=-", str(tmp_path / "database")]
        texts.append(subprocess.run(command, check=True, capture_output=True, env=os.environ | place.site.places).stdout)
    whole = b"\0".join(texts)
    assert b"asha@secas.example" in whole
    assert b"Firmware_Upgrade" in whole
    keys = [path.read_bytes().splitlines()[-2:][0] for path in (place.site.folder / "keys").iterdir()]
    for secret in (steps.CANARY_VENDOR.encode(), steps.CANARY_VERSION.encode(), place.session.encode(), *keys):
        assert secret not in whole


def unzipped(path: Path) -> list[bytes]:
    with zipfile.ZipFile(path) as package:
        return [package.read(name) for name in package.namelist()]


# --- Beside the work of the site -----------------------------------------------------------------------------------------

BETWEEN = {
    "sqlite": ("core.database_copy._copy_sqlite", "core.backup._add_area"),
    "postgresql": ("core.database_copy._dump_postgresql", "core.backup._add_area"),
}


@pytest.mark.parametrize("moment", [0, 1], ids=["before the database is copied", "before the vault is"])
def test_a_backup_beside_publishing_and_intake_is_of_one_moment(place: Place, moment: int) -> None:
    site, copy = place.with_keys(), place.empty()
    site.manage("restore", str(place.backup))
    site.manage("resume_publishing", "3.000")
    (before,), backup = ask(site, "contents"), site.folder / "backup.tar"
    process = stopped(site, BETWEEN[place.kind][moment], "call", 1, "backup", "--out", str(backup))
    site.manage("publish")
    mail = site.folder / "submission.eml"
    mail.write_bytes(steps.correction("<nobody@elsewhere.example>"))
    site.manage("receive_email", str(mail))
    assert ask(site, "contents") != [before]
    process.communicate("\n", timeout=120)
    assert process.returncode == 0, site.last_words()
    shutil.copytree(site.folder / "keys", copy.folder / "keys")
    copy.manage("restore", str(backup))
    assert ask(copy, "contents", "lost") == [before, []]


# --- Killed --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "killed",
    [("core.backup._add", "call", 5), ("core.backup._write", "return", 1)],
    ids=lambda killed: killed[0],
)
def test_a_killed_backup_leaves_no_file_of_that_name(place: Place, tmp_path: Path, killed: tuple[str, str, int]) -> None:
    out = tmp_path / "backup.tar"
    place.site.kill(stopped(place.site, *killed, "backup", "--out", str(out)))
    assert not out.exists()
    unfinished = tmp_path / "backup.tar.unfinished"
    assert f"{unfinished} is there" in refused(place.site, 2, "backup", "--out", str(out))
    shutil.rmtree(unfinished)
    place.site.manage("backup", "--out", str(out))
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "killed",
    [
        ("core.vault._write", "call", 40),
        ("core.database_copy.load", "call", 1),
    ],
    ids=lambda killed: killed[0],
)
def test_a_killed_restoring_is_run_again(place: Place, killed: tuple[str, str, int]) -> None:
    site = place.with_keys()
    site.kill(stopped(site, *killed, "restore", str(place.backup)))
    site.manage("restore", str(place.backup))
    assert ask(site, "contents", "lost") == [place.before, []]


def test_a_database_that_cannot_be_put_back_leaves_a_place_for_another(place: Place, tmp_path: Path) -> None:
    site, parts = place.with_keys(), {"database": b"rows and rows"}
    site.manage("migrate", "--verbosity", "0")
    junk = written(tmp_path / "junk.tar", parts, manifest(parts, database=place.kind))
    assert "Restoring has stopped: " in refused(site, 2, "restore", str(junk))
    site.manage("restore", str(place.backup))
    assert ask(site, "contents") == [place.before]


def test_killed_after_the_database_it_is_whole_and_publishes_nothing(place: Place) -> None:
    site = place.with_keys()
    site.kill(stopped(site, "core.database_copy.load", "return", 1, "restore", str(place.backup)))
    assert "in use" in refused(site, 2, "restore", str(place.backup))
    assert ask(site, "contents") == [place.before]
    assert "There may be later ones" in refused(site, 1, "publish")
    site.manage("verify_records")
