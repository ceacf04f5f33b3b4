"""The XML signature: its structure, what SignedInfo refers to, and the signature value (W3C XMLDSig; ECMA-376 Part 2, 13).

Everything is found by its place in the tree, never by the name of an Id alone: a signature lifted from another document brings
its own Ids along (universal signature forgery).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cpl.workbook.refusals import shown
from submissions.signature import algorithms
from submissions.signature.codes import Code, reject
from submissions.signature.xmlpart import C14N_METHODS, DSIG, Element, canonical, parse

XADES = "http://uri.etsi.org/01903/v1.3.2#"
PACKAGE_SIGNATURE = "http://schemas.openxmlformats.org/package/2006/digital-signature"
SIGNED_PROPERTIES = f"{{{XADES}}}SignedProperties"
_QUALIFYING = f"{{{XADES}}}QualifyingProperties"
_OBJECT_TYPE, _PROPERTIES_TYPE = f"{DSIG}Object", "http://uri.etsi.org/01903#SignedProperties"
_WHITESPACE = re.compile(r"[ \t\r\n]+")
_MOST_CERTIFICATES = 16


def ds(name: str) -> str:
    """Tag of an element of XMLDSig."""
    return f"{{{DSIG}}}{name}"


@dataclass(frozen=True, slots=True)
class XmlSignature:
    """A signature part taken apart. `certificates`: DER, as KeyInfo lists them; `package_object` holds `manifest`."""

    root: Element
    signed_info: Element
    method: str
    value: bytes
    certificates: tuple[bytes, ...]
    objects: tuple[Element, ...]
    package_object: Element
    manifest: Element


def read_signature(body: bytes, name: str, allow_sha1: bool) -> XmlSignature:
    """Take a signature part apart. Raises Reject for anything but the structure that Office writes."""
    root = parse(body, name)
    children = list(root)
    tags = [child.tag for child in children]
    fixed = [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")]
    if root.tag != ds("Signature") or tags[:3] != fixed or set(tags[3:]) != {ds("Object")} or set(root.attrib) - {"Id"}:
        reject(Code.SIG_STRUCTURE, "the parts of the signature")
    signed_info, value, key_info, *objects = children
    method = _method(signed_info, allow_sha1)
    package_object, manifest = _package_object(root, objects)
    return XmlSignature(
        root, signed_info, method, decoded(value), _certificates(key_info), tuple(objects), package_object, manifest
    )


def signed_elements(signature: XmlSignature, allow_sha1: bool) -> list[Element]:
    """The elements whose digests SignedInfo holds, each checked. Raises Reject (SIG_*, WEAK_ALGORITHM)."""
    by_id = _by_id(signature.root)
    signed: list[Element] = []
    for reference in list(signature.signed_info)[2:]:
        target = _target(reference, by_id, signature)
        if target in signed:
            reject(Code.SIG_REFERENCE, "one element is referred to twice")
        if any(step.get("Algorithm") not in C14N_METHODS or len(step) for step in transforms(reference)):
            reject(Code.SIG_TRANSFORM, "in SignedInfo")
        check_digest(reference, canonical(target), allow_sha1, Code.SIG_DIGEST, shown(reference.get("URI") or ""))
        signed.append(target)
    if signature.package_object not in signed:
        reject(Code.SIG_NO_PACKAGE_OBJECT, "the list of signed parts is not signed itself")
    for item in signature.objects:
        if item not in signed and not _wraps_signed_properties(item, signed):
            reject(Code.SIG_UNSIGNED_OBJECT, shown(item.get("Id") or "without an Id"))
    return signed


def signed_octets(signature: XmlSignature) -> bytes:
    """What the signature value is made of."""
    return canonical(signature.signed_info)


def check_digest(reference: Element, octets: bytes, allow_sha1: bool, code: Code, where: str) -> None:
    """Raises Reject with this code unless the octets have the digest that the reference holds."""
    name, expected = stated_digest(reference, allow_sha1)
    if not hmac.compare_digest(hashlib.new(name, octets).digest(), expected):
        reject(code, where)


def stated_digest(parent: Element, allow_sha1: bool) -> tuple[str, bytes]:
    """Name of the digest (for hashlib) and its value, as DigestMethod and DigestValue state them."""
    return algorithms.digest_name(only(parent, ds("DigestMethod")).get("Algorithm"), allow_sha1), decoded(
        only(parent, ds("DigestValue"))
    )


def transforms(reference: Element) -> list[Element]:
    """The transforms of a reference in their order."""
    steps = reference.findall(ds("Transforms"))
    if len(steps) > 1 or any(step.tag != ds("Transform") for step in (steps[0] if steps else ())):
        reject(Code.SIG_STRUCTURE, "transforms")
    return list(steps[0]) if steps else []


def only(parent: Element, tag: str) -> Element:
    """The one child with this tag."""
    found = parent.findall(tag)
    if len(found) != 1:
        reject(Code.SIG_STRUCTURE, f"{len(found)} elements {tag.rpartition('}')[2]} where one belongs")
    return found[0]


def decoded(element: Element) -> bytes:
    """The bytes written in an element in base64."""
    if len(element):
        reject(Code.SIG_STRUCTURE, "elements within a value")
    try:
        return base64.b64decode(_WHITESPACE.sub("", element.text or ""), validate=True)
    except (binascii.Error, ValueError):
        reject(Code.SIG_STRUCTURE, "a value that is not base64")


def algorithms_used(root: Element) -> frozenset[str]:
    """Every algorithm named anywhere in the signature."""
    return frozenset(element.get("Algorithm") or "" for element in root.iter())


def _method(signed_info: Element, allow_sha1: bool) -> str:
    children = list(signed_info)
    tags = [child.tag for child in children]
    if tags[:2] != [ds("CanonicalizationMethod"), ds("SignatureMethod")] or set(tags[2:]) != {ds("Reference")}:
        reject(Code.SIG_STRUCTURE, "the parts of SignedInfo")
    if children[0].get("Algorithm") not in C14N_METHODS or len(children[0]):
        reject(Code.SIG_TRANSFORM, "the canonical form of SignedInfo")
    if len(children[1]):
        reject(Code.SIG_ALGORITHM, "a method with parameters")
    return algorithms.signature_method(children[1].get("Algorithm"), allow_sha1)


def _package_object(root: Element, objects: list[Element]) -> tuple[Element, Element]:
    """The one object that lists the signed parts."""
    found = [item for item in objects if item.find(ds("Manifest")) is not None]
    if len(found) != 1 or len(list(root.iter(ds("Manifest")))) != 1:
        reject(Code.SIG_NO_PACKAGE_OBJECT, "not exactly one list of signed parts")
    if [child.tag for child in found[0]] != [ds("Manifest"), ds("SignatureProperties")]:
        reject(Code.SIG_STRUCTURE, "the object that lists the signed parts")
    return found[0], found[0][0]


def _certificates(key_info: Element) -> tuple[bytes, ...]:
    if any(child.tag not in (ds("X509Data"), ds("KeyValue")) for child in key_info):
        reject(Code.SIG_STRUCTURE, "KeyInfo")
    found = [decoded(element) for data in key_info.findall(ds("X509Data")) for element in data.findall(ds("X509Certificate"))]
    if not found:
        reject(Code.CERT_MISSING)
    if len(found) > _MOST_CERTIFICATES:
        reject(Code.CERT_BAD, f"{len(found)} certificates")
    return tuple(found)


def _by_id(root: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for element in root.iter():
        for name in _identifiers(element):
            if found.setdefault(name, element) is not element:
                reject(Code.SIG_DUPLICATE_ID, shown(name))
    return found


def _identifiers(element: Element) -> Iterator[str]:
    """What this element may be called; spellings that some programs take for an Id count as well, so that none is there twice."""
    return (str(value) for name, value in element.attrib.items() if str(name).casefold() == "id")


def _target(reference: Element, by_id: dict[str, Element], signature: XmlSignature) -> Element:
    """The element a reference means: an Object of this signature, or the XAdES properties in one. Raises Reject."""
    uri = reference.get("URI") or ""
    target = by_id.get(uri[1:]) if uri.startswith("#") else None
    if target is None or target.get("Id") != uri[1:] or set(reference.attrib) - {"URI", "Type", "Id"}:
        reject(Code.SIG_REFERENCE, f"{shown(uri)} leads nowhere in this signature")
    is_object = any(target is item for item in signature.objects)
    if not is_object and not _is_signed_properties(target, signature):
        reject(Code.SIG_REFERENCE, f"{shown(uri)} is no object of this signature")
    if reference.get("Type") not in (None, _OBJECT_TYPE if is_object else _PROPERTIES_TYPE):
        reject(Code.SIG_REFERENCE, f"the type of {shown(uri)}")
    return target


def _is_signed_properties(element: Element, signature: XmlSignature) -> bool:
    parent = element.getparent()
    if element.tag != SIGNED_PROPERTIES or parent is None or parent.tag != _QUALIFYING:
        return False
    return any(parent.getparent() is item for item in signature.objects)


def _wraps_signed_properties(item: Element, signed: list[Element]) -> bool:
    """Whether an object holds nothing but XAdES properties whose signed half is signed; the other half cannot be."""
    if len(item) != 1 or item[0].tag != _QUALIFYING:
        return False
    return any(child in signed for child in item[0].findall(SIGNED_PROPERTIES))
