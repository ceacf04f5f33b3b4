"""Signed workbooks made to wear a verifier out, and what it should say; run in a child process with limits.

`python -m tests.domain.hostile_signatures` prints for each what it costs: seconds of processor time and MiB of memory.
"""

import base64
import os
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from submissions.signature import Code, TrustStore, verify
from tests.builders.pki import AT, YEAR, Holder, issue, pki, rsa_key
from tests.builders.signing import DSIG, RELATIONSHIPS, edited, parts_of, sign, with_relationship, with_signature
from tests.builders.workbooks import rewrite, zip_of
from tests.domain.signed_forms import form, judge, signed, signed_form

MIB = 1 << 20
SIGNATURE = "_xmlsignatures/sig1.xml"


def with_body(body: bytes) -> bytes:
    """The workbook with other bytes as its signature part; not compressed, so that no limit on swelling is met first."""
    return rewrite(signed_form(), {SIGNATURE: body}, zipfile.ZIP_STORED)


def padded(text: str, length: int) -> bytes:
    return (text * (length // len(text) + 1))[:length].encode()


def nested(depth: int, element: str = "a") -> bytes:
    return b"".join([f"<{element}>".encode() * depth, f"</{element.split(maxsplit=1)[0]}>".encode() * depth])


def in_signature(inner: str) -> bytes:
    """The signature with something more in it, at a place where it is looked at before any digest."""
    return edited(signed_form(), "<Object ", f"{inner}<Object ")


def in_comments(attributes: str, inner: str) -> bytes:
    """The signature with more in an object that is digested."""
    return edited(signed_form(), "<SignatureComments>", f"<b {attributes}>{inner}</b><SignatureComments>")


def namespaces(count: int) -> str:
    return " ".join(f'xmlns:n{number}="urn:n{number}"' for number in range(count))


def many_parts(count: int) -> bytes:
    parts = parts_of(form()) | {f"xl/media/image{number}.xml": b"x" for number in range(count)}
    return zip_of(parts)


def large_part_signed_often() -> bytes:
    parts = parts_of(form()) | {"xl/media/large.xml": os.urandom(8 * MIB)}
    book = "xl/_rels/workbook.xml.rels"
    parts[book] = with_relationship(parts[book], "rIdLarge", "urn:large", "media/large.xml")
    parts = parts_of(sign(zip_of(parts), pki().good))
    for number in range(2, 9):
        parts = with_signature(parts, parts[SIGNATURE], number)
    return zip_of(parts)


def certificates_of_one_name(count: int) -> bytes:
    """Many certificates of one name and one key, each of which could have issued each other and the signer's."""
    key = rsa_key(number=11)
    name = issue("Loop CA", key=key).certificate.subject

    def loop(subject: x509.Name, authority: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(name).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(AT - YEAR).not_valid_after(AT + YEAR)
        builder = builder.public_key(key.public_key()).add_extension(x509.BasicConstraints(authority, None), critical=True)
        return builder.sign(key, hashes.SHA256())

    holder = Holder(loop(pki().good.certificate.subject, False), key)
    return sign(form(), holder, chain=tuple(loop(name, True) for _ in range(count)))


HOSTILE: dict[str, tuple[Callable[[], bytes], Code]] = {
    "10 MiB of nothing": (lambda: with_body(b" " * 10 * MIB), Code.XML_TOO_BIG),
    "10 MiB of text": (lambda: with_body(b"<a>" + b"x" * 10 * MIB + b"</a>"), Code.XML_TOO_BIG),
    "10 MiB of elements": (lambda: with_body(padded("<a/>", 10 * MIB)), Code.XML_TOO_BIG),
    "3 MiB of elements": (lambda: with_body(b"<a>" + padded("<a/>", 3 * MIB) + b"</a>"), Code.XML_TOO_BIG),
    "3 MiB of attributes": (
        lambda: with_body(b"<a " + "".join(f'a{number}="" ' for number in range(300_000)).encode() + b"/>"),
        Code.XML_TOO_BIG,
    ),
    "19,000 attributes": (
        lambda: with_body(b"<a " + "".join(f'a{number}="" ' for number in range(19_000)).encode() + b"/>"),
        Code.SIG_STRUCTURE,
    ),
    "4 MiB of base64": (
        lambda: edited(signed_form(), "<X509Certificate>", f"<X509Certificate>{base64.b64encode(bytes(2 * MIB)).decode()}"),
        Code.ZIP_TOO_BIG,
    ),
    "9,000 nested elements": (lambda: with_body(nested(9_000)), Code.XML_BAD),
    "9,000 nested namespaces": (lambda: with_body(nested(9_000, 'a xmlns:b="c"')), Code.XML_BAD),
    "240 nested elements in the signature": (lambda: in_signature(nested(240).decode()), Code.XML_TOO_BIG),
    "200 namespaces over 9,000 elements": (lambda: in_comments(namespaces(200), "<a/>" * 9_000), Code.XML_TOO_BIG),
    "25 namespaces over 9,000 elements": (lambda: in_comments(namespaces(25), "<a/>" * 9_000), Code.SIG_DIGEST),
    "20 nested elements with 80 namespaces each": (
        lambda: in_comments("", nested(20, f"a {namespaces(80)}").decode()),
        Code.XML_TOO_BIG,
    ),
    "a namespace that has no canonical form": (lambda: in_comments('xmlns:a="relative"', ""), Code.XML_BAD),
    "an entity that doubles": (lambda: with_body(b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'), Code.XML_UNSAFE),
    "200,000 references": (lambda: with_body(b"<a>" + padded("<Reference/>", 2_400_000) + b"</a>"), Code.XML_TOO_BIG),
    "1,000 references to one part": (
        lambda: signed(edit_manifest=lambda text: text + text[: text.index("</Reference>") + 12] * 1_000),
        Code.MAN_DUPLICATE,
    ),
    "2,000 references in SignedInfo": (
        lambda: signed(
            edit_signed_info=lambda text: text.replace(
                "</SignedInfo>", text[text.index("<Reference") : text.index("</Reference>") + 12] * 1_900 + "</SignedInfo>"
            )
        ),
        Code.SIG_REFERENCE,
    ),
    "9,000 Ids": (
        lambda: in_signature("".join(f'<Object Id="n{number}"/>' for number in range(9_000))),
        Code.SIG_UNSIGNED_OBJECT,
    ),
    "4,500 relationships": (
        lambda: rewrite(
            signed_form(),
            {
                "_rels/.rels": f'<Relationships xmlns="{RELATIONSHIPS}">'.encode()
                + "".join(f'<Relationship Id="r{number}" Type="t{number}" Target="x"/>' for number in range(4_500)).encode()
                + b"</Relationships>"
            },
            zipfile.ZIP_STORED,
        ),
        Code.XML_TOO_BIG,
    ),
    "10,000 parts": (lambda: many_parts(10_000), Code.ZIP_TOO_BIG),
    "380 parts to which nothing leads": (lambda: sign(many_parts(380), pki().good), Code.COV_ORPHAN),
    "a part that swells": (lambda: rewrite(signed_form(), {"xl/vbaProject.bin": bytes(60 * MIB)}), Code.ZIP_TOO_BIG),
    "8 signatures over 8 MiB": (large_part_signed_often, Code.SIG_MULTIPLE),
    "15 certificates of one name": (lambda: certificates_of_one_name(15), Code.CERT_UNTRUSTED),
    "a hollow signature": (lambda: with_body(f'<Signature xmlns="{DSIG}"/>'.encode()), Code.SIG_STRUCTURE),
}


def judged(data: bytes, trust: Mapping[str, Any] | None = None) -> list[str]:
    """The codes of the verdict. For a child process, which would make other keys, the trust store is handed over as text."""
    store = None
    if trust is not None:
        store = TrustStore.load([trust["anchor"].encode()], crls=[base64.b64decode(one) for one in trust["lists"]])
    return [code.value for code in verify(data, trust=store or pki().trust, at=AT).codes]


def measure(name: str, data: bytes) -> str:
    """One line on one workbook, measured in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        codes = ",".join(judged(data))
        seconds, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(write, f"{seconds:6.3f} s  {after / 1024:5.0f} MiB (+{(after - before) / 1024:.0f})  {name}: {codes}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        text = answer.read().decode()
    os.waitpid(child, 0)
    return text


if __name__ == "__main__":
    judge(signed_form())
    for title, (make, expected) in HOSTILE.items():
        line = measure(title, make())
        print(line if expected.value in line else f"{line}  EXPECTED {expected}", file=sys.stdout)
