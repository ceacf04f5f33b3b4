"""Runs a function on untrusted bytes in a child process with limits, so that no file can take a worker down.

The child has no secrets in its environment, a ceiling for memory, processor time, answer size and open files, and is ended with
all of its own children when its time is up. Whatever happens inside comes back as one of four outcomes, never as an exception.
"""

import contextlib
import importlib
import json
import math
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, NoReturn, cast

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
MOST_ANSWER = 4 * MIB
MOST_OPEN_FILES = 64
_CPU_GRACE = 1  # seconds between the polite and the final end by the kernel
_LIMIT_SIGNALS = frozenset({signal.SIGXCPU, signal.SIGKILL, signal.SIGXFSZ})


class Status(StrEnum):
    """How a run ended: with a value, refused by the function, stopped at a limit, or dead."""

    OK = "ok"
    REFUSED = "refused"
    LIMIT = "limit"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run. `value` is JSON data, only with OK; `reason` one line for staff, only without OK."""

    status: Status
    value: Any = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.status is Status.OK


class Refused(Exception):  # noqa: N818 - reads as isolation.Refused
    """Raised by a function that runs isolated, to say why it does not take these bytes."""


def run(target: str, data: bytes, timeout: float = 30, memory_mb: int = 512, **kwargs: Any) -> Outcome:
    """Call `target` ("package.module:function") with the bytes and `kwargs` (JSON data) in a child process.

    `timeout` in seconds of wall clock and of processor time, `memory_mb` in MiB of address space. The function returns JSON data
    of at most 4 MiB. Raises only what means a fault of this machine (OSError when no process can be started).
    """
    order = {"target": target, "kwargs": kwargs, "cpu": math.ceil(timeout), "memory": memory_mb * MIB}
    with _scratch() as question, _scratch() as answer:
        question.write(json.dumps(order).encode() + b"\n")
        question.write(data)
        question.seek(0)
        returncode = _run_child(question, answer, timeout)
        answer.seek(0)
        text = answer.read(MOST_ANSWER + 1)
    if returncode is None:
        return Outcome(Status.LIMIT, reason=f"It took longer than {timeout:g} seconds and was stopped.")
    return _outcome(returncode, text)


def _scratch() -> IO[bytes]:
    """A file for one question or answer: in memory where that is possible, since submissions are RED."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("isolation"), "w+b")
    return cast(IO[bytes], tempfile.TemporaryFile())


def _run_child(question: IO[bytes], answer: IO[bytes], timeout: float) -> int | None:
    """The exit code, or None when the time was up. Whatever the child started is ended with it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "core.isolation"],
        stdin=question,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        ended = _wait_unreaped(child.pid, timeout)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)  # the child is not reaped yet, so its number cannot be another's
        returncode = child.wait()
    return returncode if ended else None


def _wait_unreaped(pid: int, timeout: float) -> bool:
    """Wait until the process has ended, but leave it to be reaped. False when the time is up first."""
    handle = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(handle)


def _outcome(returncode: int, text: bytes) -> Outcome:
    if returncode < 0:
        name = signal.Signals(-returncode).name
        if -returncode in _LIMIT_SIGNALS:
            return Outcome(Status.LIMIT, reason=f"It used more processor time or memory than it may and was stopped ({name}).")
        return Outcome(Status.CRASHED, reason=f"The program that read the file crashed ({name}).")
    try:
        answer = json.loads(text)
        return Outcome(Status(answer["status"]), answer["value"], answer["reason"])
    except (ValueError, KeyError, TypeError):
        return Outcome(Status.CRASHED, reason=f"The program that read the file ended without an answer (exit code {returncode}).")


# --- In the child ---------------------------------------------------------------------------------------------------------


def main() -> NoReturn:
    """Take one order from standard input, write one answer to standard output, end without tidying up."""
    order = json.loads(sys.stdin.buffer.readline())
    _limit(order["cpu"], order["memory"])
    answer_file = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what the function or its libraries print must not get into the answer
    answer = _encoded(_answer(order["target"], sys.stdin.buffer.read(), order["kwargs"]))
    with os.fdopen(answer_file, "wb") as stream:
        stream.write(answer)
    os._exit(0)


def _limit(cpu: int, memory: int) -> None:
    """Ceilings of the kernel; they hold for native code too. The alarm ends a child whose parent has died."""
    signal.alarm(cpu + 2 * _CPU_GRACE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + _CPU_GRACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_ANSWER, MOST_ANSWER))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN_FILES, MOST_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # no further processes or threads; root is exempt, the process group is not
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _answer(target: str, data: bytes, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _said(Status.OK, value=_function(target)(data, **kwargs))
    except Refused as refused:
        return _said(Status.REFUSED, reason=str(refused))
    except MemoryError:
        return _said(Status.LIMIT, reason="It needed more memory than it may have.")
    except RecursionError:
        return _said(Status.LIMIT, reason="It is nested too deeply to be read.")
    except Exception as fault:  # noqa: BLE001 - the outermost boundary: the parent gets one line, never a traceback
        return _said(Status.CRASHED, reason=f"The program that read the file failed ({type(fault).__name__}).")


def _function(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))


def _said(status: Status, value: Any = None, reason: str = "") -> dict[str, Any]:
    return {"status": status, "value": value, "reason": reason}


def _encoded(answer: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(answer).encode()
    except (TypeError, ValueError, RecursionError):
        return json.dumps(_said(Status.CRASHED, reason="The program that read the file gave no readable answer.")).encode()
    except MemoryError:
        text = b""
    if text and len(text) <= MOST_ANSWER:
        return text
    return json.dumps(_said(Status.LIMIT, reason=f"Its contents are more than {MOST_ANSWER // MIB} MiB.")).encode()


if __name__ == "__main__":
    # Under its real name, so that functions which raise isolation.Refused raise the class that is caught here.
    from core.isolation import main as main_under_its_name

    main_under_its_name()
