"""The data dictionaries as files: one TOML file for each principal version of the CPL."""

from functools import cache
from importlib.resources import files

from cpl.domain.dictionary import RuleSet
from cpl.domain.dictionary_source import parse

PRINCIPALS = (2, 3)


@cache
def load(principal: int) -> RuleSet:
    """The rule set of a principal version (2 or 3) with the lists and combinations it was first filled with.

    Raises ValueError for a principal version that has no dictionary.
    """
    if principal not in PRINCIPALS:
        raise ValueError(f"There is no data dictionary for principal version {principal}.")
    return parse(*(source(number) for number in PRINCIPALS if number <= principal))


def source(principal: int) -> str:
    """The text of one dictionary file as packaged."""
    return files(__name__).joinpath(f"v{principal}.toml").read_text(encoding="utf-8")
