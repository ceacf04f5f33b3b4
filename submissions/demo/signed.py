"""Signed cases of the demo, under an authority that is made here, trusted by two administrators, and whose keys nobody keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from accounts.models import User
from submissions.demo import papers as make
from submissions.services import revocation, trust
from tests.builders.pki import YEAR, Holder, ec_key, issue, revocation_list
from tests.builders.signing import sign
from tests.builders.values import SINGLE_ELEMENT, valid_values

EVIDENCE = "Made for this demo site. On a real one: how the fingerprint was compared, with whom, and when."
SERVICES = ("Demo Trust Services (invented)",)
Arrive = Callable[..., object]


@dataclass(frozen=True, slots=True)
class SignedCase:
    """What one case of the demo shows. `organisation`: in the certificate, when it is not the maker's own name."""

    subject: str
    maker: int
    number: int
    organisation: str = ""
    revoked: bool = False


CASES = (
    SignedCase("Meter with its image, signed", 0, 141),
    SignedCase("Image signed in the name of a sister company", 1, 142, organisation="Brookfield Devices Ltd"),
    SignedCase("Image signed with a certificate that was revoked", 3, 143, revoked=True),
)


def arrive_signed(cast: dict[str, User], arrive: Arrive, sent_at: datetime) -> None:
    """Make an authority, have it trusted, and let each case arrive."""
    decade = (sent_at - 5 * YEAR, sent_at + 5 * YEAR)
    root = issue("Demo Root CA", SERVICES, key=ec_key(90), authority=True, validity=decade)
    below = issue("Demo Issuing CA", SERVICES, issuer=root, key=ec_key(91), authority=True, validity=decade)
    workbooks = []
    revoked: list[x509.Certificate] = []
    for case in CASES:
        maker = make.maker(case.maker)
        signer = _signer(below, case.organisation or maker.name, sent_at)
        revoked += [signer.certificate] if case.revoked else []
        values = valid_values(SINGLE_ELEMENT, number=case.number, maker=maker, with_hash=True)
        name, data = make.workbook(values, version_control=True)
        workbooks.append((case, [(name, sign(data, signer, signed_at=sent_at - timedelta(hours=1))), *make.papers(values)]))
    _trust(cast, root, below, tuple(revoked), sent_at)
    for case, files in workbooks:
        arrive(case.maker, files, days_ago=1, subject=case.subject)


def _signer(issuer: Holder, organisation: str, at: datetime) -> Holder:
    return issue("Image Release Desk", (organisation,), issuer=issuer, key=ec_key(92), validity=(at - YEAR, at + YEAR))


def _trust(cast: dict[str, User], root: Holder, below: Holder, revoked: tuple[x509.Certificate, ...], at: datetime) -> None:
    first, second = cast["admin"], cast["noor"]
    trust.approve(second, trust.propose_anchor(first, root.pem, EVIDENCE))
    trust.approve(second, trust.propose_intermediate(first, below.pem, EVIDENCE))
    for issuer, withdrawn in ((root, ()), (below, revoked)):
        issued = at - timedelta(days=1)
        data = revocation_list(issuer, withdrawn, issued=issued, lasts=5 * YEAR, revoked_on=at - timedelta(days=10))
        revocation.load_crl(data, actor=first)
