#!/usr/bin/env python3
"""The one command for working with this site: it brings its own environment and needs Python 3.11 with venv, nothing else.

python3 dev.py up       a working site on this machine, demo included; Ctrl-C stops all of it
python3 dev.py test     every test, on real servers and a real browser; arguments go to pytest
python3 dev.py manage   manage.py inside the environment
python3 dev.py bench    the benchmarks
python3 dev.py lock     pin requirements*.in anew
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-locks"
RUNTIME, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
DATA = Path(os.environ.get("CPL_DATA_DIR", ROOT / "var")).resolve()
DEMO_MARK = DATA / "demo"  # written by seed_demo
READY_WITHIN = 60.0  # seconds from the start of the processes to the first good answer
STOP_WITHIN = 20.0  # seconds a process may take to finish what it is doing


def fail(message: str) -> NoReturn:
    """Say what is wrong and what to do, and end."""
    sys.exit(f"dev.py: {message}")


# --- The environment -------------------------------------------------------------------------------------------------
def prepare(lock: Path) -> None:
    """Make `.venv` hold what `lock` names. Costs nothing when it does already; the development lock includes the other."""
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    larger = hashlib.sha256(DEVELOPMENT.read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text().strip() in {wanted, larger}:
        return
    if not PYTHON.exists():
        say("Making the environment in .venv …")
        if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            fail("Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv")
    say(f"Installing what {lock.name} names …")
    STAMP.unlink(missing_ok=True)
    if not (uv_installs(lock) or pip_installs(lock)):
        fail("The packages could not be installed; the words above say why. Is the package index within reach?")
    STAMP.write_text(wanted + "\n")


def uv_installs(lock: Path) -> bool:
    """Install with uv, which takes seconds where pip takes a minute; uv itself comes by pip, at the version of the lock."""
    pinned = re.search(r"^uv==.*?(?=^\S)", DEVELOPMENT.read_text(), re.MULTILINE | re.DOTALL)
    if pinned is None:
        return False
    only = VENV / "uv.lock"
    only.write_text(
        "\n".join(line for line in pinned[0].splitlines() if not line.lstrip().startswith("#")).rstrip(" \\\n") + "\n"
    )
    uv = VENV / "bin" / "uv"
    if not (uv.exists() or pip_installs(only)):
        return False
    words = [str(uv), "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "--requirement", str(lock)]
    return subprocess.run(words, check=False).returncode == 0


def pip_installs(lock: Path) -> bool:
    """Install with pip, which knows every way in which a machine may name its package index."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    return subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=False).returncode == 0


def say(words: str) -> None:
    print(words, flush=True)


def run(*words: str, **places: str) -> int:
    """Run a module or script inside the environment and pass its exit code on."""
    return subprocess.run([str(PYTHON), *words], cwd=ROOT, env=os.environ | places, check=False).returncode


# --- up --------------------------------------------------------------------------------------------------------------
class Process:
    """A child of `up` with its log, in a group of its own so that Ctrl-C reaches it once, through us."""

    def __init__(self, name: str, *words: str) -> None:
        self.name = name
        self.log = DATA / "log" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [str(PYTHON), *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def last_words(self, lines: int = 25) -> str:
        """The end of what it wrote since it was started."""
        with self.log.open("rb") as log:
            log.seek(self.began)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def up(port: int, demo: bool, browser: bool) -> int:
    """Bring the site up, stay until it is told to stop or a process dies, and leave nothing running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: started in the background, it is ignored
        signal.signal(number, interrupt)
    refuse_taken(port)
    prepare(RUNTIME)
    address = f"http://127.0.0.1:{port}"
    os.environ.setdefault("CPL_BASE_URL", address)
    bring_up_to_date()
    processes: list[Process] = []
    try:
        processes.append(web_server(port))
        people = sign_ins() if demo else ""
        processes.append(worker())  # after the demo, which delivers what it causes by itself
        wait_until_ready(address, processes)
        greet(address, people)
        if browser:
            webbrowser.open(address)
        return stay(processes)
    except KeyboardInterrupt:
        say("\nStopping …")
        return 0
    finally:
        stop(processes)


def interrupt(number: int, frame: object) -> NoReturn:
    """Ctrl-C, SIGTERM and SIGHUP all stop the site the same way."""
    raise KeyboardInterrupt


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as reason:
            fail(f"port {port} cannot be used ({reason.strerror}). Choose another: python3 dev.py up --port {port + 1}")


def bring_up_to_date() -> None:
    if run("manage.py", "migrate", "--verbosity", "0", CPL_LOG_LEVEL="WARNING"):
        fail("the database could not be brought up to date; the reason is above.")


def sign_ins() -> str:
    """Fill the demo, unless it is there, and say who can sign in (with the second factor's code of this half minute)."""
    if not DEMO_MARK.exists():
        say("Filling the demo …")
    command = [str(PYTHON), "manage.py", "seed_demo"]
    places = os.environ | {"CPL_LOG_LEVEL": "WARNING"}
    done = subprocess.run(command, cwd=ROOT, env=places, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        fail("the demo could not be filled in; the reason is above. Without it: python3 dev.py up --no-demo")
    return done.stdout.strip()


def web_server(port: int) -> Process:
    words = ("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "8", "--timeout", "120")
    return Process("web", *words)


def worker() -> Process:
    """One worker for all queues that also keeps the clock."""
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    return Process("worker", "-m", "celery", "-A", "config", "worker", "-B", "-P", "threads", "--concurrency", "4", *quiet)


def wait_until_ready(address: str, processes: list[Process]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not answers(f"{address}/readyz"):
        report_dead(processes)
        if time.monotonic() > deadline:
            fail(f"no good answer from {address}/readyz within {READY_WITHIN:.0f} s:\n{processes[0].last_words()}")
        time.sleep(0.1)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def greet(address: str, people: str) -> None:
    parts = (
        f"\nThe Central Products List is at {address}",
        people,
        f"Data and logs: {DATA}\nCtrl-C stops the site; the data stays.",
    )
    say("\n\n".join(part for part in parts if part))


def stay(processes: list[Process]) -> int:
    """Watch the processes; only a signal or a death ends this."""
    while True:
        report_dead(processes)
        time.sleep(0.5)


def report_dead(processes: list[Process]) -> None:
    for process in processes:
        if (code := process.child.poll()) is not None:
            words = process.last_words() or "(it wrote nothing)"
            fail(f"{process.name} ended by itself (exit code {code}), so everything stops. Its last lines:\n{words}")


def stop(processes: list[Process]) -> None:
    """Ask every process to finish, then insist."""
    for process in processes:
        if process.child.poll() is None:
            process.child.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for process in processes:
        try:
            process.child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.child.pid, signal.SIGKILL)
            process.child.wait()


# --- The other commands ----------------------------------------------------------------------------------------------
def test(arguments: Sequence[str]) -> int:
    """Every test. Without arguments: the embedded site's database first, then all of it on PostgreSQL and Redis.

    What starts sites of its own (tests/sites, tests/races) names their databases itself, so it runs once.
    """
    prepare(DEVELOPMENT)
    pytest = ("-m", "pytest")
    if arguments:
        return run(*pytest, "--on", "servers", *arguments)
    both = ("-n", str(max(2, os.cpu_count() or 2)), "--dist", "loadfile")
    say("The embedded site (SQLite) …")
    embedded = run(*pytest, "--on", "sqlite", *both, "--quiet", "tests/apps", "tests/flows")
    say("All tests, on PostgreSQL and Redis …")
    return run(*pytest, "--on", "servers", *both) or embedded


def lock() -> int:
    """Pin both lists anew for Python 3.11; the development list keeps to the pins of the other."""
    prepare(DEVELOPMENT)
    compile_ = ("-m", "uv", "pip", "compile", "--generate-hashes", "--universal", "--python-version", "3.11", "--quiet")
    runtime = run(*compile_, "requirements.in", "-o", RUNTIME.name)
    return runtime or run(*compile_, "requirements-dev.in", "-c", RUNTIME.name, "-o", DEVELOPMENT.name)


def bench(arguments: Sequence[str]) -> int:
    """The benchmarks: ratios to peers, one run."""
    if not (ROOT / "bench" / "__main__.py").exists():
        fail("there are no benchmarks in this copy (folder bench/).")
    prepare(DEVELOPMENT)
    return run("-m", "bench", *arguments)


def manage(arguments: Sequence[str]) -> int:
    prepare(RUNTIME)
    return run("manage.py", *arguments)


def parse(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    site = commands.add_parser("up", help="a working site on this machine")
    site.add_argument("--port", type=int, default=8000, help="where it answers (default: 8000)")
    site.add_argument("--no-demo", action="store_true", help="leave the list empty")
    site.add_argument("--no-browser", action="store_true", help="open no browser")
    for name in ("test", "manage", "bench", "lock"):
        commands.add_parser(name, add_help=False)
    known, rest = parser.parse_known_args(words)
    if rest and known.command in {"up", "lock"}:
        parser.error(f"unknown: {' '.join(rest)}")
    return known, rest


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        fail(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.")
    asked, rest = parse(sys.argv[1:])
    if asked.command == "up":
        return up(asked.port, demo=not asked.no_demo, browser=not asked.no_browser)
    if asked.command == "lock":
        return lock()
    return {"test": test, "manage": manage, "bench": bench}[asked.command](rest)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
