"""`python3 dev.py up` as a person uses it: it brings a site up, stops all of it when asked, and when a part of it dies."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import dev
from tests.services import free_port, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not dev.STAMP.exists() and os.environ.get("CI") != "true",
        reason="this environment was not made by dev.py, which would change it",
    ),
]
BUSY = 120  # seconds, on a machine that runs other tests as well


class Started:
    """A running `dev.py up` with a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said = folder / "said"
        command = [sys.executable, str(dev.ROOT / "dev.py"), "up", "--no-demo", "--no-browser", "--port", str(self.port)]
        unset = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "CPL_BASE_URL"}
        places = {name: value for name, value in os.environ.items() if name not in unset} | {"CPL_DATA_DIR": str(folder / "data")}
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(command, env=places, stdout=said, stderr=subprocess.STDOUT)

    def words(self) -> str:
        return self.said.read_text()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    site = Started(tmp_path)
    until(lambda: "Ctrl-C" in site.words() or site.process.poll() is not None, BUSY)
    assert site.process.poll() is None, site.words()
    yield site
    if site.process.poll() is None:
        site.process.terminate()
        site.process.wait(BUSY)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_all_of_it_when_asked(started: Started, how: signal.Signals) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{started.port}/readyz", timeout=30) as answer:
        assert answer.status == 200
    assert f"http://127.0.0.1:{started.port}" in started.words()
    children = started.children()
    assert len(children) >= 2
    started.process.send_signal(how)
    assert started.process.wait(BUSY) == 0
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def test_a_part_that_dies_takes_the_rest_along_and_is_quoted(started: Started) -> None:
    children = started.children()
    (worker,) = [child for child in children if "celery" in child.cmdline() and child.ppid() == started.process.pid]
    worker.kill()
    assert started.process.wait(BUSY) == 1
    assert re.search(r"worker ended by itself \(exit code -9\).*last lines", started.words())
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        command = [sys.executable, str(dev.ROOT / "dev.py"), "up", "--no-browser", "--port", str(other.getsockname()[1])]
        places = os.environ | {"CPL_DATA_DIR": str(tmp_path / "data")}
        done = subprocess.run(command, env=places, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "--port" in done.stderr
    assert not (tmp_path / "data").exists()
