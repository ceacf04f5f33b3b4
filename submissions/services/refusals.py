"""What the services raise when a step cannot be taken as things stand; the text of each is written for people."""

from core import vault
from cpl.services.changes import ChangeRefused
from repositories.services import ReasonNeeded
from submissions.services.door import MoveRefused

REFUSALS = (MoveRefused, ReasonNeeded, ChangeRefused, vault.Unavailable)
