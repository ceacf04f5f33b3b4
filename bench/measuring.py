"""One measurement: CPU seconds of some work, and how far memory rises above what the process held before."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

MIB = 1024


def measured(work: Callable[[], object]) -> dict[str, float]:
    """CPU seconds (user and system) and peak of memory above idle (MiB) of one call."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    idle = _status("VmRSS")
    began = time.process_time()
    work()
    cpu = time.process_time() - began
    return {"cpu": cpu, "memory": max(0.0, _status("VmHWM") - idle) / MIB}


def each(work: Callable[[], object], times: int) -> dict[str, float]:
    """CPU seconds of one of many calls; for work too quick to be measured by itself."""
    work()
    began = time.process_time()
    for _ in range(times):
        work()
    return {"cpu": (time.process_time() - began) / times, "memory": 0.0}


def _status(name: str) -> int:
    """A line of /proc/self/status, KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
