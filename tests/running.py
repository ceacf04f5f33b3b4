"""A whole site in a folder of its own, run by real processes: SQLite with a broker in files, or PostgreSQL with Redis."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from tests import services
from tests.services import until

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Site:
    """The site's folder, what its processes find in their environment, and those of them that still run."""

    folder: Path
    places: dict[str, str]
    redis: subprocess.Popen | None = None
    running: list[subprocess.Popen] = field(default_factory=list)
    url: str = ""

    def start(self, *command: str, heard: bool = True) -> subprocess.Popen:
        """A process of the site, in a group of its own so that a kill takes its children along.

        `heard`: somebody reads what it prints. A server that nobody hears would stand still once the pipe is full.
        """
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ | self.places,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if heard else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def finish(self, process: subprocess.Popen) -> str:
        """What a process printed by its end, which must be a good one."""
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, self.last_words()
        return output.strip()

    def manage(self, *words: str) -> str:
        """What a command of manage.py printed."""
        return self.finish(self.start("manage.py", *words))

    def last_words(self) -> str:
        """The end of what the processes logged."""
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def worker(self, *options: str) -> subprocess.Popen:
        """A Celery worker for all queues."""
        quick = ("--without-gossip", "--without-mingle", "--loglevel", "WARNING")
        return self.start("-m", "celery", "-A", "config", "worker", *quick, *(options or ("--concurrency", "2")), heard=False)

    def web(self) -> str:
        """A web server; its address, once it answers."""
        port = services.free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.places["CPL_BASE_URL"] = self.url
        quiet = ("--access-logfile", os.devnull, "--log-level", "warning")
        command = ("gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", *quiet)
        process = self.start("-m", *command, heard=False)
        until(lambda: process.poll() is not None or self.answers())
        assert process.poll() is None, self.last_words()
        return self.url

    def answers(self) -> bool:
        """The web server is there and can take work in."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def kill(self, process: subprocess.Popen) -> None:
        """kill -9, children and all."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout)):
            pipe.close()

    def stop(self) -> None:
        """Kill whatever still runs."""
        for process in self.running:
            self.kill(process)
        self.running = []

    def lose_messages(self) -> None:
        """All the broker holds is gone."""
        if self.redis:
            services.flush_redis(self.places["REDIS_URL"])
        for message in (self.folder / "queue").glob("*.msg"):
            message.unlink()


@contextmanager
def site_of(kind: str, make: type[Site] = Site, **places: str) -> Iterator[Site]:
    """A migrated site with its servers running ("sqlite-files" or "postgres-redis"); all of it gone afterwards.

    PLACES are further settings of its processes. Nothing of it runs yet: see `worker` and `web`.
    """
    folder = Path(tempfile.mkdtemp(prefix="cpl-site-"))
    own = {"CPL_DATA_DIR": str(folder), "REDIS_URL": "", "DATABASE_URL": f"sqlite:///{folder / 'cpl.sqlite3'}"}
    site = make(folder, own | places)
    try:
        with servers(site) if kind == "postgres-redis" else no_servers():
            site.manage("migrate", "--verbosity", "0")
            try:
                yield site
            finally:
                site.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def no_servers() -> Iterator[None]:
    yield


@contextmanager
def servers(site: Site) -> Iterator[None]:
    """PostgreSQL and Redis of the site's own."""
    with services.postgres(site.folder / "postgres") as database, services.redis(site.folder) as (broker, process):
        site.places |= {"DATABASE_URL": database, "REDIS_URL": broker}
        site.redis = process
        try:
            yield
        finally:
            site.redis.kill()  # a test may have put another in the place of the first
            site.redis.wait()
