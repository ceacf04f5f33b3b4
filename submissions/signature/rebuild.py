"""Makes a package of nothing but what was signed; the form is read from it, so that what was verified is what is read."""

import hashlib
import io
import zipfile
from functools import reduce
from xml.sax.saxutils import quoteattr

from submissions.signature.opc import (
    RELATIONSHIPS_TYPE,
    SignedPackage,
    canonical_relationships,
    open_signed,
    read_all_relationships,
    relationships_key,
)
from submissions.signature.policy import Policy
from submissions.signature.verdict import Verdict
from submissions.signature.verify import STRICT

_DATE = (1980, 1, 1, 0, 0, 0)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def verified_package(data: bytes, verdict: Verdict, policy: Policy = STRICT) -> bytes:
    """A workbook of the signed parts and the signed relationships between them; the same input gives the same bytes.

    Raises ValueError when the verdict is about other bytes or does not find them intact.
    """
    if hashlib.sha256(data).hexdigest() != verdict.sha256:
        raise ValueError("The verdict is about another file.")
    if not verdict.intact:
        raise ValueError("Only an intact signature says what may be read.")
    package = open_signed(data, policy.limits)
    read_all_relationships(package)
    content_types = _signed_parts(verdict)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        _write(target, "[Content_Types].xml", _content_types(package, content_types))
        for source in sorted(_sources(verdict)):
            _write(target, package.name(relationships_key(source)), _relationships(package, verdict, source, content_types))
        for key in sorted(content_types):
            _copy(package, key, target)
    return stream.getvalue()


def _signed_parts(verdict: Verdict) -> dict[str, str]:
    """Content types of the parts that every signature covers, by folded name."""
    keys = reduce(frozenset.intersection, (frozenset(one.parts) for one in verdict.signatures))
    types = verdict.signatures[0].parts
    return {key: types[key] for key in keys if types[key] != RELATIONSHIPS_TYPE}


def _sources(verdict: Verdict) -> frozenset[str]:
    return reduce(frozenset.intersection, (frozenset(one.relationships) for one in verdict.signatures))


def _relationships(package: SignedPackage, verdict: Verdict, source: str, content_types: dict[str, str]) -> bytes:
    """The relationships of a source that every signature covers and that do not lead to a part left behind."""
    signed = reduce(frozenset.intersection, (one.relationships[source] for one in verdict.signatures))
    known = package.relationships[source]
    kept = frozenset(name for name in signed if known[name].external or known[name].target in content_types)
    return canonical_relationships(known, kept)


def _content_types(package: SignedPackage, content_types: dict[str, str]) -> bytes:
    lines = [f'<Default Extension="rels" ContentType="{RELATIONSHIPS_TYPE}"/>']
    for key in sorted(content_types):
        name, kind = quoteattr(f"/{package.name(key)}"), quoteattr(content_types[key])
        lines.append(f"<Override PartName={name} ContentType={kind}/>")
    return f'<Types xmlns="{_TYPES}">{"".join(lines)}</Types>'.encode()


def _write(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    target.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)


def _copy(package: SignedPackage, key: str, target: zipfile.ZipFile) -> None:
    """Piece by piece, so that a large part is never whole in memory."""
    part = package.part(key)
    assert part is not None
    info = zipfile.ZipInfo(part.name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    with target.open(info, "w") as stream:
        for chunk in package.chunks(part):
            stream.write(chunk)
