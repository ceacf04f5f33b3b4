"""Which device types cannot be upgraded over the air with an early GBCS version (SECMP0007)."""

import re

from cpl.domain.entry import GBCS
from cpl.domain.rules.problem import Subject
from cpl.domain.rules.wording import say

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)


def no_upgrades(subject: Subject) -> str:
    """Why this Device Model has no firmware upgrades over the air, as half a sentence; "" when it has, or nobody can say.

    That earlier versions lack them is drawn from the dates of SECMP0007 and not written in the guidance: a warning at most.
    """
    device = subject.profile.device
    if device is None or not device.ota_from:
        return ""
    own, first = _version(subject.value(GBCS)), _version(device.ota_from)
    if own is None or first is None or own >= first:
        return ""
    return say("no_upgrade", device=device.name, first=device.ota_from)


def _version(text: str) -> tuple[int, int] | None:
    match = _VERSION.search(text)
    return (int(match[1]), int(match[2])) if match else None
