"""Hands on a site that runs elsewhere: one of its processes does steps (tests/races/publishing_steps.py) on request."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from tests import running


@dataclass
class Hands:
    """A site and one of its processes that does steps on request."""

    site: running.Site
    process: subprocess.Popen

    def step(self, *words: object) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.site.last_words()
        return json.loads(line)
