"""A public key infrastructure made at run time: authorities, signers good and bad, revocation lists. No key is kept anywhere.

No test framework is needed here: `seed_demo` signs its demo submissions with these certificates too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from submissions.signature import TrustStore

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)  # when the workbooks of the tests are received
ORGANISATION = "Example Meters Ltd"
DOCUMENTS = (ExtendedKeyUsageOID.EMAIL_PROTECTION, x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"))
SERVERS = (ExtendedKeyUsageOID.SERVER_AUTH,)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


@lru_cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """A key that is made once a run; `number` tells keys apart."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@lru_cache
def ec_key(number: int = 0, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """As `rsa_key`, on an elliptic curve."""
    return ec.generate_private_key(curve())


def issue(
    common_name: str,
    organisations: tuple[str, ...] = (ORGANISATION,),
    *,
    issuer: Holder | None = None,
    key: Key | None = None,
    authority: bool = False,
    validity: tuple[datetime, datetime] = (AT - YEAR, AT + YEAR),
    usages: tuple[x509.ObjectIdentifier, ...] = DOCUMENTS,
    may_sign: bool = True,
    hash_algorithm: hashes.HashAlgorithm | None = None,
) -> Holder:
    """A certificate, signed by the issuer or, without one, by its own key. `usages`: extended key usages, () for none stated."""
    key = key or rsa_key()
    subject = _name(common_name, organisations)
    above = issuer.certificate.subject if issuer else subject
    signing_key = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(_key_usage(may_sign and not authority, authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if usages and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    digest = hash_algorithm or hashes.SHA256()
    return Holder(builder.sign(signing_key, digest), key)  # type: ignore[arg-type] # weak ones too: the tests are in need of them


def revocation_list(
    issuer: Holder,
    revoked: tuple[x509.Certificate, ...] = (),
    *,
    key: Key | None = None,
    issued: datetime = AT - timedelta(days=1),
    lasts: timedelta = timedelta(days=30),
    revoked_on: datetime = AT - timedelta(days=10),
) -> bytes:
    """The authority's revocation list (DER); `key`: sign with another key than the authority's."""
    signing_key = key or issuer.key
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(issued)
        .next_update(issued + lasts)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    for certificate in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(revoked_on)
        builder = builder.add_revoked_certificate(
            entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False).build()
        )
    return builder.sign(signing_key, hashes.SHA256()).public_bytes(Encoding.DER)


class Pki:
    """A trusted authority with an intermediate, a foreign authority, and signers of every kind under them."""

    def __init__(self, at: datetime = AT) -> None:
        self.at = at
        decade = (at - 5 * YEAR, at + 5 * YEAR)
        self.root = issue("Test Root CA", ("Test Trust Services",), key=rsa_key(number=1), authority=True, validity=decade)
        self.intermediate = issue(
            "Test Issuing CA",
            ("Test Trust Services",),
            issuer=self.root,
            key=rsa_key(number=2),
            authority=True,
            validity=decade,
        )
        self.foreign = issue("Foreign Root CA", ("Foreign Services",), key=rsa_key(number=3), authority=True, validity=decade)
        self.year = (at - YEAR, at + YEAR)

    def signer(
        self,
        common_name: str = "Image Creator",
        organisations: tuple[str, ...] = (ORGANISATION,),
        *,
        key: Key | None = None,
        validity: tuple[datetime, datetime] | None = None,
        usages: tuple[x509.ObjectIdentifier, ...] = DOCUMENTS,
        may_sign: bool = True,
    ) -> Holder:
        """A signer under the trusted intermediate."""
        return issue(
            common_name,
            organisations,
            issuer=self.intermediate,
            key=key,
            validity=validity or self.year,
            usages=usages,
            may_sign=may_sign,
        )

    @cached_property
    def good(self) -> Holder:
        return self.signer()

    @cached_property
    def good_ec(self) -> Holder:
        return self.signer(key=ec_key())

    @cached_property
    def other_organisation(self) -> Holder:
        return self.signer(organisations=("Example Meters Limited",))

    @cached_property
    def no_organisation(self) -> Holder:
        return self.signer(organisations=())

    @cached_property
    def expired(self) -> Holder:
        return self.signer(validity=(self.at - 2 * YEAR, self.at - YEAR))

    @cached_property
    def not_yet_valid(self) -> Holder:
        return self.signer(validity=(self.at + timedelta(days=1), self.at + YEAR))

    @cached_property
    def revoked(self) -> Holder:
        return self.signer("Revoked Creator")

    @cached_property
    def wrong_usage(self) -> Holder:
        return self.signer(usages=SERVERS)

    @cached_property
    def no_usage(self) -> Holder:
        return self.signer(usages=())

    @cached_property
    def untrusted(self) -> Holder:
        return issue("Image Creator", issuer=self.foreign, validity=self.year)

    @cached_property
    def self_signed(self) -> Holder:
        return issue("Image Creator", validity=self.year)

    @cached_property
    def lists(self) -> tuple[bytes, ...]:
        """Current revocation lists of both authorities; `revoked` is on one of them."""
        day = timedelta(days=1)
        return (
            revocation_list(self.root, issued=self.at - day),
            revocation_list(self.intermediate, (self.revoked.certificate,), issued=self.at - day, revoked_on=self.at - 10 * day),
        )

    @cached_property
    def trust(self) -> TrustStore:
        """What SECAS would have set up: the root, the intermediate and current lists."""
        return TrustStore.load([self.root.pem], [self.intermediate.pem], self.lists)


@lru_cache
def pki() -> Pki:
    """The one of the test run."""
    return Pki()


def _name(common_name: str, organisations: tuple[str, ...]) -> x509.Name:
    pairs = [(NameOID.COUNTRY_NAME, "GB"), *((NameOID.ORGANIZATION_NAME, name) for name in organisations)]
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in [*pairs, (NameOID.COMMON_NAME, common_name)]])


def _key_usage(signs: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=not signs and not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
