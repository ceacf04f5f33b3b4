"""The site of the outbox tests: its workers know the listeners, and code runs in it without starting a process each time."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests import running

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
import contextlib, io, multiprocessing, os, sys
forks = multiprocessing.get_context("fork")
barrier = forks.Barrier({count})
def work():
    barrier.wait()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec({code!r}, globals())
    os.write(1, said.getvalue().encode())  # in one piece: lines of several processes must not mix
processes = [forks.Process(target=work) for _ in range({count})]
for process in processes: process.start()
for process in processes: process.join()
sys.exit(any(process.exitcode for process in processes))
"""


@dataclass
class OutboxSite(running.Site):
    """A site with a console and with notes of what its listeners did."""

    console: subprocess.Popen | None = None

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
        assert answer, self.last_words()
        return json.loads(answer).strip()

    def run_anew(self, code: str) -> str:
        """What CODE prints in a process of its own."""
        return self.finish(self.code(code))

    def together(self, count: int, code: str) -> list[str]:
        """COUNT processes that run CODE from the same moment on; what they printed, a line each."""
        return self.run_anew(TOGETHER.format(count=count, code=code)).splitlines()

    def worker(self, *options: str) -> subprocess.Popen:
        """A Celery worker for all queues that knows the listeners."""
        return super().worker("--include", "tests.races.outbox_listeners", *(options or ("--concurrency", "2")))

    def notes(self) -> Counter[str]:
        """What the listeners wrote down so far, and how often."""
        path = self.folder / "notes"
        return Counter(path.read_text().splitlines() if path.exists() else [])

    def allow(self, key: str) -> None:
        """Let the listener of race.wait come to its end."""
        (self.folder / f"go-{key}").touch()

    def reset(self) -> None:
        """No process but the console, no message, no event, no note left for the next test."""
        for process in self.running:
            if process is not self.console:
                self.kill(process)
        self.running = [self.console] if self.console else []
        self.lose_messages()
        self.run("from core.models import OutboxEvent; OutboxEvent.objects.all().delete(); outbox._silent_until = 0")
        (self.folder / "notes").unlink(missing_ok=True)


@contextmanager
def site_of(kind: str) -> Iterator[OutboxSite]:
    """See `running.site_of`."""
    with running.site_of(kind, OutboxSite) as site:
        yield site
