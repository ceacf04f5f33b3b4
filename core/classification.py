"""How widely something may be shown, in the field's four steps."""

from enum import IntEnum


class Classification(IntEnum):
    """Ordered from open to closed, so that `max()` of the parts is the classification of the whole."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        """The word as it is printed."""
        return self.name

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        """For a model or form field that stores the number."""
        return [(member.value, member.label) for member in cls]
