"""The case: what arrived, what was read from it, what was checked, and what people decided."""

from submissions.models.case import Revision, Submission
from submissions.models.checks import CheckFinding, CheckRun, Decision, Hold, Note
from submissions.models.intake import Document, Receipt

__all__ = ["CheckFinding", "CheckRun", "Decision", "Document", "Hold", "Note", "Receipt", "Revision", "Submission"]
