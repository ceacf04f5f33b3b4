"""What the site can prove about its own records: each app registers checks here, `manage.py verify_records` runs them."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core import audit, checkpoints, outbox, vault

Check = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `fault`: the check itself broke, so nothing is known."""

    check: str
    message: str
    fault: bool = False


_checks: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a function that yields one line for each thing wrong, nothing when all is well. Lines hold no RED values."""

    def register(function: Check) -> Check:
        if name in _checks:
            raise ValueError(f"There is a check {name!r} already.")
        _checks[name] = function
        return function

    return register


def names() -> list[str]:
    """The checks there are, in the order they run."""
    return list(_checks)


def run() -> list[Problem]:
    """Run every check; a broken one is a problem of its own and does not keep the others from running."""
    return [problem for name in _checks for problem in _problems(name)]


def _problems(name: str) -> Iterator[Problem]:
    try:
        for message in _checks[name]():
            yield Problem(name, message)
    except Exception as failure:  # noqa: BLE001 - outermost boundary: one broken check must not hide what the others find
        place = traceback.extract_tb(failure.__traceback__)[-1]
        yield Problem(name, f"could not be carried out ({type(failure).__name__} in {place.name}:{place.lineno})", fault=True)


@check("vault")
def vault_is_intact() -> Iterator[str]:
    """Every file of both areas still hashes to its name."""
    for red in (False, True):
        area = "RED area" if red else "plain area"
        for sha256 in vault.names(red):
            try:
                vault.open(sha256, red).close()
            except vault.Damaged:
                yield f"{area}: {sha256} is damaged"
            except vault.Sealed:
                yield f"{area}: {sha256} is sealed under a RED key this site does not have"


@check("audit trail")
def audit_trail_is_whole() -> Iterator[str]:
    """Every audit chain recomputes and still holds what the checkpoints saw."""
    yield from audit.verify_chains()
    yield from checkpoints.faults()


@check("outbox")
def nothing_is_given_up() -> Iterator[str]:
    """No event waits for a person."""
    if dead := outbox.health().dead:
        yield f"{dead} event{'s' if dead > 1 else ''} given up; see Outbox events in the admin"
