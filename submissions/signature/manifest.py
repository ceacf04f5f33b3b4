"""The list of signed parts: every reference leads to one part of the package, of the same type and with the same bytes."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from cpl.workbook.package import fold_name
from cpl.workbook.refusals import shown
from submissions.signature.codes import Code, reject
from submissions.signature.opc import RELATIONSHIPS_TYPE, Relationship, SignedPackage, canonical_relationships, source_of
from submissions.signature.xmldsig import PACKAGE_SIGNATURE, ds, stated_digest, transforms
from submissions.signature.xmlpart import C14N_METHODS, Element

_REFERENCE = re.compile(r"/([^?#]+)\?ContentType=([^?#]+)")
_RELATIONSHIP_TRANSFORM = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
_RELATIONSHIP_REFERENCE = f"{{{PACKAGE_SIGNATURE}}}RelationshipReference"


@dataclass(slots=True)
class Covered:
    """What one signature covers: content types of parts by folded name, ids of relationships by folded name of their source."""

    parts: dict[str, str] = field(default_factory=dict)
    relationships: dict[str, frozenset[str]] = field(default_factory=dict)


def check_manifest(manifest: Element, package: SignedPackage, allow_sha1: bool) -> Covered:
    """Check every reference against the package. Raises Reject (MAN_*, SIG_TRANSFORM, WEAK_ALGORITHM) at the first that fails."""
    covered = Covered()
    for reference in manifest:
        if reference.tag != ds("Reference"):
            reject(Code.SIG_STRUCTURE, "the list of signed parts")
        _check_reference(reference, package, allow_sha1, covered)
    return covered


def _check_reference(reference: Element, package: SignedPackage, allow_sha1: bool, covered: Covered) -> None:
    key, content_type = _meant(reference)
    part = package.part(key)
    if part is None:
        reject(Code.MAN_MISSING_PART, f"part {shown(key)}")
    if key in covered.parts:
        reject(Code.MAN_DUPLICATE, f"part {shown(part.name)}")
    if package.content_type(key) != content_type:
        reject(Code.MAN_CONTENT_TYPE, f"part {shown(part.name)}")
    name, expected = stated_digest(reference, allow_sha1)
    if content_type == RELATIONSHIPS_TYPE:
        source = source_of(key) or ""
        relationships = package.relationships[source]
        identifiers = _signed_identifiers(reference, relationships, part.name)
        actual = hashlib.new(name, canonical_relationships(relationships, identifiers)).digest()
        covered.relationships[source] = identifiers
    else:
        if transforms(reference):
            reject(Code.SIG_TRANSFORM, f"part {shown(part.name)}")
        actual = package.digest(part, name)
    if not hmac.compare_digest(actual, expected):
        reject(Code.MAN_DIGEST, f"part {shown(part.name)}")
    covered.parts[key] = content_type


def _meant(reference: Element) -> tuple[str, str]:
    """Folded name and content type of the part a reference means."""
    uri = reference.get("URI") or ""
    found = _REFERENCE.fullmatch(uri)
    if not found or set(reference.attrib) - {"URI", "Id"} or unquote(found[1]) != unquote(unquote(found[1])):
        reject(Code.MAN_REFERENCE, shown(uri))
    return fold_name(found[1]), found[2]


def _signed_identifiers(reference: Element, relationships: dict[str, Relationship], name: str) -> frozenset[str]:
    """Which relationships a reference signs: one relationship transform by id, then canonical XML, and nothing else."""
    steps = transforms(reference)
    accepted = (
        len(steps) == 2
        and steps[0].get("Algorithm") == _RELATIONSHIP_TRANSFORM
        and steps[1].get("Algorithm") in C14N_METHODS
        and not len(steps[1])
        and all(child.tag == _RELATIONSHIP_REFERENCE for child in steps[0])
    )
    if not accepted:
        reject(Code.SIG_TRANSFORM, f"part {shown(name)}")
    written = [child.get("SourceId") or "" for child in steps[0]]
    missing = [identifier for identifier in written if identifier not in relationships]
    if not written or missing:
        reject(Code.MAN_MISSING_REL, f"part {shown(name)}, relationship {shown(', '.join(missing))}")
    return frozenset(written)
