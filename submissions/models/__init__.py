"""The case: what arrived, what was read from it, what was checked, what people decided, and whom they trust with signatures."""

from submissions.models.case import Revision, Submission
from submissions.models.checks import CheckFinding, CheckRun, Decision, Hold, Note
from submissions.models.intake import Document, Receipt
from submissions.models.trust import Authorisation, CrlSource, Intermediate, RevocationList, TrustAnchor

__all__ = [
    "Authorisation",
    "CheckFinding",
    "CheckRun",
    "CrlSource",
    "Decision",
    "Document",
    "Hold",
    "Intermediate",
    "Note",
    "Receipt",
    "Revision",
    "RevocationList",
    "Submission",
    "TrustAnchor",
]
