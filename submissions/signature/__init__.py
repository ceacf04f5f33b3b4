"""Excel's digital (OPC package) signatures: a pure verifier. Nothing here knows Django, the clock, the disk or the network."""

from submissions.signature.codes import MEANINGS, Code, Meaning, Outcome
from submissions.signature.creator import CreatorCheck, check_creator
from submissions.signature.policy import MACRO_WORKBOOK, OLD_OFFICE, Policy, Revocation
from submissions.signature.rebuild import verified_package
from submissions.signature.trust import TrustStore
from submissions.signature.verdict import Reason, SignatureVerdict, Signer, Verdict
from submissions.signature.verify import STRICT, verify

__all__ = [
    "MACRO_WORKBOOK",
    "MEANINGS",
    "OLD_OFFICE",
    "STRICT",
    "Code",
    "CreatorCheck",
    "Meaning",
    "Outcome",
    "Policy",
    "Reason",
    "Revocation",
    "SignatureVerdict",
    "Signer",
    "TrustStore",
    "Verdict",
    "check_creator",
    "verified_package",
    "verify",
]
