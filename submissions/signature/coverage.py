"""Is everything that matters signed? Walks the package as Office would, over signed relationships only.

A signature that verifies says nothing about parts and relationships it leaves out. Those may only be of a few kinds that show
nothing: document properties, the preview picture, the macro's own signature, stored XML of add-ins.
"""

from cpl.workbook.refusals import shown
from submissions.signature.codes import Code, reject
from submissions.signature.manifest import Covered
from submissions.signature.opc import TYPES_PART, Relationship, SignedPackage, is_trash, source_of
from submissions.signature.origin import ORIGIN_RELATIONSHIP
from submissions.signature.policy import Policy

_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships/"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_MICROSOFT = "http://schemas.microsoft.com/office/"
_MAIN = f"{_OFFICE}officeDocument"
_CUSTOM_XML = f"{_OFFICE}customXml"
_STORED_XML = "application/xml"
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/x-wmf", "image/x-emf")
_PROPERTIES = "application/vnd.openxmlformats-officedocument."
_MACRO = "application/vnd.ms-office.vbaProject"

# Relationships that Office leaves unsigned: type -> (content types of the source, content types of the target). Source "" is the
# package. Both are held, so that none can be put to another use.
_UNSIGNED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    f"{_PACKAGE}metadata/core-properties": (("",), ("application/vnd.openxmlformats-package.core-properties+xml",)),
    f"{_PACKAGE}metadata/thumbnail": (("",), _PICTURES),
    f"{_OFFICE}extended-properties": (("",), (f"{_PROPERTIES}extended-properties+xml",)),
    f"{_OFFICE}custom-properties": (("",), (f"{_PROPERTIES}custom-properties+xml",)),
    f"{_MICROSOFT}2020/02/relationships/classificationlabels": (
        ("",),
        ("application/vnd.ms-office.classificationlabels+xml",),
    ),
    f"{_OFFICE}customXmlProps": ((_STORED_XML,), (f"{_PROPERTIES}customXmlProperties+xml",)),
    f"{_MICROSOFT}2006/relationships/vbaProjectSignature": ((_MACRO,), (f"{_MACRO}Signature",)),
    f"{_MICROSOFT}2014/relationships/vbaProjectSignatureAgile": ((_MACRO,), (f"{_MACRO}SignatureAgile",)),
    f"{_MICROSOFT}2020/07/relationships/vbaProjectSignatureV3": ((_MACRO,), (f"{_MACRO}SignatureV3",)),
}


def check_coverage(package: SignedPackage, covered: Covered, zone: frozenset[str], policy: Policy) -> None:
    """Raises Reject (COV_*) at the first thing that is not covered and not known to be harmless.

    `zone`: folded names of the parts of the signatures themselves.
    """
    _check_main(package, covered, policy)
    reached: set[str] = set()
    queue = [""]
    while queue:
        source = queue.pop()
        if source in reached:
            continue
        reached.add(source)
        signed = covered.relationships.get(source, frozenset())
        for relationship in package.relationships.get(source, {}).values():
            check = _signed_target if relationship.identifier in signed else _unsigned_target
            target = check(package, covered, source, relationship)
            if target is not None:
                queue.append(target)
    _check_nothing_left(package, reached, zone)
    _check_readable(package, covered)


def _check_main(package: SignedPackage, covered: Covered, policy: Policy) -> None:
    """Exactly one document, of an expected kind, and signed: Office would "repair" two into whichever it likes."""
    found = [item for item in package.relationships[""].values() if item.kind.casefold().endswith("/officedocument")]
    if len(found) != 1 or found[0].kind != _MAIN or found[0].external:
        reject(Code.COV_MAIN, f"{len(found)} main documents")
    main = found[0]
    if package.content_type(main.target) not in policy.main_types:
        reject(Code.COV_MAIN_TYPE, shown(package.content_type(main.target)))
    if main.identifier not in covered.relationships.get("", ()):
        reject(Code.COV_UNSIGNED_REL, f"the way to the main document {shown(package.name(main.target))}")
    if main.target not in covered.parts:
        reject(Code.COV_MAIN, f"{shown(package.name(main.target))} is not signed")


def _signed_target(package: SignedPackage, covered: Covered, source: str, relationship: Relationship) -> str | None:
    """The part a signed relationship leads to. It must be signed as well; stored XML need not be (Office does not sign it)."""
    target = relationship.target
    if relationship.external:
        return None
    if package.part(target) is None:
        reject(Code.COV_DANGLING, f"{_name(package, source)} leads to {shown(relationship.written)}, which is not there")
    stored = relationship.kind == _CUSTOM_XML and package.content_type(target) == _STORED_XML
    if target not in covered.parts and not stored:
        reject(Code.COV_UNSIGNED_PART, f"part {shown(package.name(target))}")
    return target


def _unsigned_target(package: SignedPackage, _: Covered, source: str, relationship: Relationship) -> str | None:
    """The part an unsigned relationship leads to, when it is one of the few that may be unsigned."""
    target = relationship.target
    if source == "" and relationship.kind == ORIGIN_RELATIONSHIP:
        return None
    sources, targets = _UNSIGNED.get(relationship.kind, ((), ()))
    harmless = (
        not relationship.external
        and (package.content_type(source) if source else "") in sources
        and (package.part(target) is None or package.content_type(target) in targets)
    )
    if not harmless:
        where = shown(relationship.written or "nowhere")
        kind = shown(relationship.kind.rpartition("/")[2])
        reject(Code.COV_UNSIGNED_REL, f"a relationship of {_name(package, source)} to {where}, of the type {kind}")
    return None if package.part(target) is None else target


def _check_nothing_left(package: SignedPackage, reached: set[str], zone: frozenset[str]) -> None:
    """No part may lie about to which nothing leads, signed or not: it could be made visible by a later repair."""
    for key in package.keys:
        if key == TYPES_PART or key in zone or key in reached or is_trash(key):
            continue
        if source_of(key) not in reached:
            reject(Code.COV_ORPHAN, f"part {shown(package.name(key))}, to which nothing leads")


def _check_readable(package: SignedPackage, covered: Covered) -> None:
    """What is not signed must at least unpack, or Office would "repair" the workbook; what is signed was read for its digest."""
    for key in package.keys:
        part = package.part(key)
        if part is not None and key not in covered.parts:
            for _ in package.chunks(part):
                pass


def _name(package: SignedPackage, source: str) -> str:
    return shown(package.name(source)) if source else "the package"
