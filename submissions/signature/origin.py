"""Finds the signatures of a package: from the package to their origin to each signature part, and by no other way."""

from submissions.signature.codes import Code, reject
from submissions.signature.opc import SignedPackage, relationships_key

_TYPE = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/"
ORIGIN_RELATIONSHIP = f"{_TYPE}origin"
_SIGNATURE_RELATIONSHIP = f"{_TYPE}signature"
_CONTENT = "application/vnd.openxmlformats-package.digital-signature-"
_ORIGIN_TYPE, _SIGNATURE_TYPE = f"{_CONTENT}origin", f"{_CONTENT}xmlsignature+xml"
_FOLDER = "_xmlsignatures/"
_MOST_SIGNATURES = 8


def origin_of(package: SignedPackage) -> str | None:
    """Folded name of the origin of signatures, None when the package has none and nothing that looks like one.

    Raises Reject (SIG_ORIGIN) for an origin that is not built as Office builds it. Empty signature files have made Office show
    "signed"; here whatever lies about without being a signature is refused.
    """
    found = [item for item in package.relationships[""].values() if item.kind.casefold() == ORIGIN_RELATIONSHIP]
    if not found:
        if any(key.startswith(_FOLDER) or package.content_type(key) == _SIGNATURE_TYPE for key in package.keys):
            reject(Code.SIG_ORIGIN, "signature parts to which nothing leads")
        return None
    part = None if found[0].external else package.part(found[0].target)
    if len(found) > 1 or part is None or part.size or package.content_type(found[0].target) != _ORIGIN_TYPE:
        reject(Code.SIG_ORIGIN, "the origin of the signatures")
    return found[0].target


def signature_parts(package: SignedPackage, origin: str) -> tuple[str, ...]:
    """Folded names of the signature parts; empty when the origin leads to none. Raises Reject (SIG_ORIGIN, SIG_TOO_MANY)."""
    found: list[str] = []
    for relationship in package.relationships.get(origin, {}).values():
        target = relationship.target
        right = relationship.kind == _SIGNATURE_RELATIONSHIP and package.content_type(target) == _SIGNATURE_TYPE
        if relationship.external or not right or package.part(target) is None or target in found:
            reject(Code.SIG_ORIGIN, "the way from the origin to a signature")
        if package.part(relationships_key(target)) is not None:
            reject(Code.SIG_ORIGIN, "a signature part with relationships of its own")
        found.append(target)
    if found and {key for key in package.keys if package.content_type(key) == _SIGNATURE_TYPE} != set(found):
        reject(Code.SIG_ORIGIN, "signature parts to which nothing leads")
    if len(found) > _MOST_SIGNATURES:
        reject(Code.SIG_TOO_MANY, f"{len(found)} signatures")
    return tuple(found)


def signature_zone(origin: str, parts: tuple[str, ...]) -> frozenset[str]:
    """Everything that belongs to the signatures themselves."""
    return frozenset({origin, relationships_key(origin), *parts})
