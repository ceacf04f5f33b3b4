"""What the list is made of: reference data, releases, entries and the changes between them."""

from cpl.models.changes import Change
from cpl.models.entries import EntryRow
from cpl.models.orders import PublicationOrder
from cpl.models.reference import DeviceLevelVersion, RuleSetRecord, SelectionValue
from cpl.models.releases import Release
from cpl.models.signing import Pointer, ReleaseKey
from cpl.models.templates import SuppliedTemplate

__all__ = [
    "Change",
    "DeviceLevelVersion",
    "EntryRow",
    "Pointer",
    "PublicationOrder",
    "Release",
    "ReleaseKey",
    "RuleSetRecord",
    "SelectionValue",
    "SuppliedTemplate",
]
