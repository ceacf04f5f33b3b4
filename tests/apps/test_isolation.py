"""core.isolation with functions that really loop, eat memory, crash, print, fork and lie."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core import isolation
from core.isolation import Outcome, Status

HERE = "tests.apps.test_isolation"


# --- Functions that run in the child ---------------------------------------------------------------------------------------


def measure(data: bytes, **options: Any) -> dict[str, Any]:
    return {"bytes": len(data), "options": options}


def refuse(data: bytes) -> None:
    raise isolation.Refused("It is not a certificate.")


def loop(data: bytes) -> None:
    while True:
        pass


def sleep(data: bytes) -> None:
    time.sleep(600)


def eat_memory(data: bytes) -> int:
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))


def eat_native_memory(data: bytes) -> int:
    return len(ctypes.create_string_buffer(1 << 30).raw)


def segfault(data: bytes) -> None:
    ctypes.string_at(0)


def abort(data: bytes) -> None:
    os.abort()


def leave(data: bytes) -> None:
    os._exit(0)


def leave_politely(data: bytes) -> None:
    sys.exit(7)


def fail(data: bytes) -> None:
    raise ValueError(f"secret {data.decode()} at /etc/passwd")


def recurse(data: bytes) -> int:
    return recurse(data) + 1


def print_noise(data: bytes) -> str:
    print("noise")
    os.write(1, b"more noise from a native library")
    return "answer"


def long_answer(data: bytes, size: int) -> str:
    return "x" * size


def no_json(data: bytes) -> object:
    return object()


def write_file(data: bytes, path: str) -> int:
    with Path(path).open("wb") as stream:
        stream.write(b"x" * (16 << 20))
    return 16 << 20


def open_many(data: bytes) -> int:
    kept = []
    for _ in range(1000):
        kept.append(os.open(os.devnull, os.O_RDONLY))
    return len(kept)


def environment(data: bytes) -> list[str]:
    return sorted(os.environ)


def leave_a_child(data: bytes, path: str) -> str:
    """Start a process that would write the file three seconds later, and answer at once."""
    subprocess.Popen([sys.executable, "-c", f"import time, pathlib; time.sleep(3); pathlib.Path({path!r}).write_text('alive')"])
    return "answered"


def leave_a_thread(data: bytes) -> str:
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "answered"


# --- Tests -----------------------------------------------------------------------------------------------------------------


def run(function: str, data: bytes = b"", **options: Any) -> Outcome:
    return isolation.run(f"{HERE}:{function}", data, **options)


def test_gives_the_answer_of_the_function() -> None:
    data = bytes(range(256)) * 1000 + b"\n"
    assert run("measure", data, colour="red", numbers=[1, 2]) == Outcome(
        Status.OK, {"bytes": 256_001, "options": {"colour": "red", "numbers": [1, 2]}}
    )


def test_passes_on_a_refusal_with_its_reason() -> None:
    assert run("refuse") == Outcome(Status.REFUSED, reason="It is not a certificate.")


@pytest.mark.parametrize("function", ["loop", "sleep"])
def test_stops_what_does_not_end(function: str) -> None:
    started = time.monotonic()
    outcome = run(function, timeout=1)
    assert outcome.status is Status.LIMIT
    assert time.monotonic() - started < 10
    assert "1 seconds" in outcome.reason or "SIGXCPU" in outcome.reason


@pytest.mark.parametrize("function", ["eat_memory", "eat_native_memory"])
def test_stops_what_eats_memory(function: str) -> None:
    outcome = run(function, memory_mb=256)
    assert outcome == Outcome(Status.LIMIT, reason="It needed more memory than it may have.")


def test_the_same_work_passes_with_enough_memory() -> None:
    assert run("eat_native_memory", memory_mb=4096) == Outcome(Status.OK, 1 << 30)


@pytest.mark.parametrize(("function", "signal"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT")])
def test_survives_a_crash_in_native_code(function: str, signal: str) -> None:
    outcome = run(function)
    assert outcome.status is Status.CRASHED
    assert signal in outcome.reason


@pytest.mark.parametrize(("function", "code"), [("leave", 0), ("leave_politely", 7)])
def test_an_end_without_an_answer_is_a_crash(function: str, code: int) -> None:
    outcome = run(function)
    assert outcome.status is Status.CRASHED
    assert f"exit code {code}" in outcome.reason


def test_an_exception_is_named_and_says_no_more() -> None:
    assert run("fail", b"RED-value") == Outcome(Status.CRASHED, reason="The program that read the file failed (ValueError).")


def test_a_missing_function_is_a_crash_too() -> None:
    assert run("nothing_of_this_name").status is Status.CRASHED


def test_endless_recursion_is_a_limit() -> None:
    assert run("recurse") == Outcome(Status.LIMIT, reason="It is nested too deeply to be read.")


def test_what_is_printed_does_not_get_into_the_answer() -> None:
    assert run("print_noise") == Outcome(Status.OK, "answer")


def test_an_answer_has_a_largest_size() -> None:
    just_right = isolation.MOST_ANSWER - len('{"status": "ok", "value": "", "reason": ""}')
    assert run("long_answer", size=just_right).ok
    assert run("long_answer", size=just_right + 1) == Outcome(Status.LIMIT, reason="Its contents are more than 4 MiB.")


def test_an_answer_that_is_no_json_is_a_crash() -> None:
    assert run("no_json").status is Status.CRASHED


def test_large_files_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "large"
    assert run("write_file", path=str(target)).status is not Status.OK
    assert target.stat().st_size <= isolation.MOST_ANSWER


def test_few_files_can_be_open() -> None:
    assert run("open_many") == Outcome(Status.CRASHED, reason="The program that read the file failed (OSError).")


def test_the_child_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPL_SECRET_KEY", "do-not-pass-on")
    names = run("environment").value
    assert "CPL_SECRET_KEY" not in names
    assert "PYTHONPATH" in names


def test_processes_that_are_left_behind_are_ended(tmp_path: Path) -> None:
    """As root a child can start processes of its own; without root it cannot even do that."""
    trace = tmp_path / "trace"
    outcome = run("leave_a_child", path=str(trace))
    assert outcome.status in {Status.OK, Status.CRASHED}
    assert outcome.ok is (os.geteuid() == 0)
    time.sleep(4)
    assert not trace.exists()


def test_a_thread_left_behind_does_not_hold_up_the_answer() -> None:
    started = time.monotonic()
    assert run("leave_a_thread").status in {Status.OK, Status.CRASHED}
    assert time.monotonic() - started < 10


def test_many_at_once_keep_apart() -> None:
    outcomes: dict[int, Outcome] = {}

    def one(number: int) -> None:
        outcomes[number] = run("measure", b"x" * number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: outcome.value["bytes"] for number, outcome in outcomes.items()} == {number: number for number in range(8)}
