"""Runs a program of the site and lets it stand still at one point, so that a test can kill it just there.

    python -m tests.races.stopping cpl.services.publishing._write_release return 1 manage.py publish

stands still when that function returns (or is called: `call`) for the first time, prints "here" and waits to be killed, or goes
on when it is sent a line.
"""

import os
import runpy
import sys
from types import FrameType
from typing import Any


class Stop:
    """A profile function that waits for one event of one function."""

    def __init__(self, place: str, event: str, count: int) -> None:
        self.module, _, self.function = place.rpartition(".")
        self.event, self.count = event, count

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != self.event or frame.f_code.co_name != self.function or frame.f_globals.get("__name__") != self.module:
            return
        self.count -= 1
        if self.count == 0:
            os.write(1, b"here\n")  # Celery puts something else in the place of sys.stdout
            os.read(0, 1)


if __name__ == "__main__":
    place, event, count, program, *words = sys.argv[1:]
    stop = Stop(place, event, int(count))
    sys.argv = [program, *words]
    if program == "celery":
        from celery.signals import task_prerun

        task_prerun.connect(lambda **_: sys.setprofile(stop), weak=False)
        runpy.run_module("celery", run_name="__main__", alter_sys=True)
    else:
        sys.setprofile(stop)
        runpy.run_path(program, run_name="__main__")
