"""A whole site in a folder of its own, run by real processes: SQLite with a broker in files, or PostgreSQL with Redis."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
START = "import django; django.setup()\nfrom core import audit, outbox, periodic\nimport tests.races.outbox_listeners\n"
CONSOLE = """
import contextlib, io, json, sys
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(json.loads(line), globals())
    print(json.dumps(printed.getvalue()), flush=True)
"""

TOGETHER = """
import multiprocessing, sys
forks = multiprocessing.get_context("fork")
barrier = forks.Barrier({count})
def work():
    barrier.wait()
    exec({code!r}, globals())
    sys.stdout.flush()
processes = [forks.Process(target=work) for _ in range({count})]
for process in processes: process.start()
for process in processes: process.join()
sys.exit(any(process.exitcode for process in processes))
"""


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.05)


@dataclass
class Site:
    """The site's folder, what its processes find in their environment, and those of them that still run."""

    folder: Path
    places: dict[str, str]
    redis: subprocess.Popen | None = None
    console: subprocess.Popen | None = None
    running: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen:
        """A process of the site, in a group of its own so that a kill takes its children along."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ | self.places,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def code(self, code: str) -> subprocess.Popen:
        """A process that runs CODE with the apps loaded."""
        return self.start("-c", START + code)

    def run(self, code: str) -> str:
        """What CODE prints in the site's console, one process that stays, because starting one takes seconds."""
        if self.console is None:
            self.console = self.code(CONSOLE)
        self.console.stdin.write(json.dumps(code) + "\n")
        self.console.stdin.flush()
        answer = self.console.stdout.readline()
        assert answer, (self.folder / "log").read_text()[-3000:]
        return json.loads(answer).strip()

    def run_anew(self, code: str) -> str:
        """What CODE prints in a process of its own."""
        return self.finish(self.code(code))

    def finish(self, process: subprocess.Popen) -> str:
        """What a process printed by its end, which must be a good one."""
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, (self.folder / "log").read_text()[-3000:]
        return output.strip()

    def together(self, count: int, code: str) -> list[str]:
        """COUNT processes that run CODE from the same moment on; what they printed, a line each."""
        return self.run_anew(TOGETHER.format(count=count, code=code)).splitlines()

    def worker(self, *options: str) -> subprocess.Popen:
        """A Celery worker for all queues."""
        quick = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
        include = ("--include", "tests.races.outbox_listeners")
        return self.start("-m", "celery", "-A", "config", "worker", *include, *quick, *(options or ("--concurrency", "2")))

    def kill(self, process: subprocess.Popen) -> None:
        """kill -9, children and all."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()

    def notes(self) -> Counter[str]:
        """What the listeners wrote down so far, and how often."""
        path = self.folder / "notes"
        return Counter(path.read_text().splitlines() if path.exists() else [])

    def allow(self, key: str) -> None:
        """Let the listener of race.wait come to its end."""
        (self.folder / f"go-{key}").touch()

    def stop(self) -> None:
        """Kill whatever still runs."""
        for process in self.running:
            if process is not self.console:
                self.kill(process)
        self.running = [self.console] if self.console else []

    def lose_messages(self) -> None:
        """All the broker holds is gone."""
        if self.redis:
            subprocess.run(["redis-cli", "-u", self.places["REDIS_URL"], "flushall"], check=True, capture_output=True)
        for message in (self.folder / "queue").glob("*.msg"):
            message.unlink()

    def reset(self) -> None:
        """No process, no message, no event, no note left for the next test."""
        self.stop()
        self.lose_messages()
        self.run("from core.models import OutboxEvent; OutboxEvent.objects.all().delete(); outbox._silent_until = 0")
        (self.folder / "notes").unlink(missing_ok=True)


@contextmanager
def site_of(kind: str) -> Iterator[Site]:
    """A migrated site with its servers running; all of it gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cpl-site-"))
    site = Site(folder, {"CPL_DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": f"sqlite:///{folder / 'cpl.sqlite3'}"})
    try:
        with servers(site) if kind == "postgres-redis" else no_servers():
            site.finish(site.start("manage.py", "migrate", "--verbosity", "0"))
            try:
                yield site
            finally:
                site.console = None
                site.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def no_servers() -> Iterator[None]:
    yield


@contextmanager
def servers(site: Site) -> Iterator[None]:
    """PostgreSQL and Redis of the site's own."""
    with postgres(site.folder / "postgres") as database, redis(site.folder) as (broker, process):
        site.places |= {"DATABASE_URL": database, "REDIS_URL": broker}
        site.redis = process
        try:
            yield
        finally:
            site.redis.kill()  # a test may have put another in the place of the first
            site.redis.wait()


def free_port() -> int:
    """A TCP port nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def missing(what: str) -> None:
    """Say why a test cannot run here; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    if not shutil.which("redis-server"):
        missing("Redis")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"redis://127.0.0.1:{port}/0"
    try:
        until(lambda: subprocess.run(["redis-cli", "-u", address, "ping"], check=False, capture_output=True).returncode == 0)
        yield address, process
    finally:
        process.kill()
        process.wait()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        missing("PostgreSQL")
    folder.mkdir()
    as_owner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_owner = ["runuser", "-u", "postgres", "--"]
        folder.parent.chmod(0o711)
        shutil.chown(folder, "postgres", "postgres")
    initdb, pg_ctl, port = programs[-1], programs[-1].with_name("pg_ctl"), free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def run(*command: object) -> None:
        words = [str(word) for word in command]
        subprocess.run([*as_owner, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    run(initdb, "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run(pg_ctl, "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(pg_ctl, "-D", folder / "data", "-m", "immediate", "stop")
