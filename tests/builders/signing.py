"""Signs workbooks as Excel does, and as somebody would who wants to get a changed workbook through.

Shares nothing with the verifier: the XML is written in its canonical form to begin with, character by character.
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from tests.builders.pki import AT, Holder
from tests.builders.workbooks import zip_of

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE, ENCRYPTION = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
MDSSI = "http://schemas.openxmlformats.org/package/2006/digital-signature"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
OFFICE = "http://schemas.microsoft.com/office/2006/digsig"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
RELATIONSHIP_TRANSFORM = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
SIGNATURE_TYPE = "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"
ORIGIN_TYPE = "application/vnd.openxmlformats-package.digital-signature-origin"
DIGESTS = {
    "md5": f"{MORE}md5",
    "sha1": f"{DSIG}sha1",
    "sha256": f"{ENCRYPTION}sha256",
    "sha384": f"{MORE}sha384",
    "sha512": f"{ENCRYPTION}sha512",
}
HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
NOT_SIGNED = ("core-properties", "extended-properties", "custom-properties", "thumbnail", "origin", "customXmlProps")
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
ORIGIN, SIGNATURE = "_xmlsignatures/origin.sigs", "_xmlsignatures/sig{}.xml"


def unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Manner:
    """How to sign. The `edit_…` functions change a piece of canonical XML before it is digested: what a hostile signer does.

    `chain`: certificates beside the signer's in KeyInfo; `named`: the certificate that XAdES names, if not the signer's;
    `leave_out`: parts that are not signed although Excel would; `unsigned`: ids of relationships likewise ("source#id").
    """

    digest: str = "sha256"
    xades: bool = True
    signed_at: datetime = AT - timedelta(hours=1)
    chain: tuple[x509.Certificate, ...] = ()
    named: x509.Certificate | None = None
    key_value: bool = False
    signature_line: bool = False
    leave_out: frozenset[str] = frozenset()
    unsigned: frozenset[str] = frozenset()
    edit_manifest: Callable[[str], str] = unchanged
    edit_objects: Callable[[list[str]], list[str]] = list
    edit_properties: Callable[[str], str] = unchanged
    edit_signed_info: Callable[[str], str] = unchanged


def sign(data: bytes, holder: Holder, **manner: Any) -> bytes:
    """The workbook with one more signature; `manner` as in Manner."""
    parts = parts_of(data)
    number = sum(name.startswith("_xmlsignatures/sig") for name in parts) + 1
    signature = signature_xml(parts, holder, Manner(**manner))
    return zip_of(with_signature(parts, signature.encode(), number))


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {info.filename: source.read(info) for info in source.infolist()}


def with_signature(parts: Mapping[str, bytes], signature: bytes, number: int = 1) -> dict[str, bytes]:
    """The parts with a signature part and the way to it, without touching what is signed."""
    changed = dict(parts)
    name = SIGNATURE.format(number)
    if number == 1:
        changed["_rels/.rels"] = with_relationship(parts["_rels/.rels"], "rIdOrigin", kind_of("origin"), ORIGIN)
        changed[ORIGIN] = b""
        changed["_xmlsignatures/_rels/origin.sigs.rels"] = f'{HEAD}<Relationships xmlns="{RELATIONSHIPS}"/>'.encode()
        changed["[Content_Types].xml"] = with_type(parts["[Content_Types].xml"], "sigs", ORIGIN_TYPE)
    relationships = "_xmlsignatures/_rels/origin.sigs.rels"
    changed[relationships] = with_relationship(
        changed[relationships], f"rId{number}", kind_of("signature"), name.rpartition("/")[2]
    )
    changed["[Content_Types].xml"] = with_type(changed["[Content_Types].xml"], f"/{name}", SIGNATURE_TYPE)
    changed[name] = signature
    return changed


def kind_of(word: str) -> str:
    """Type of a relationship to signatures."""
    return f"{RELATIONSHIPS}/digital-signature/{word}"


def with_relationship(relationships: bytes, identifier: str, kind: str, target: str, mode: str = "") -> bytes:
    """A relationships part with one relationship more."""
    more = f" TargetMode={quoteattr(mode)}" if mode else ""
    added = f"<Relationship Id={quoteattr(identifier)} Type={quoteattr(kind)} Target={quoteattr(target)}{more}/></Relationships>"
    text = relationships.decode().replace(
        f'<Relationships xmlns="{RELATIONSHIPS}"/>', f'<Relationships xmlns="{RELATIONSHIPS}"></Relationships>'
    )
    return text.replace("</Relationships>", added).encode()


def with_type(types: bytes, what: str, kind: str) -> bytes:
    """The content types with one more, of a part ("/xl/…") or an extension."""
    element = f"Override PartName={quoteattr(what)}" if what.startswith("/") else f"Default Extension={quoteattr(what)}"
    return types.decode().replace("</Types>", f"<{element} ContentType={quoteattr(kind)}/></Types>").encode()


def signature_xml(parts: Mapping[str, bytes], holder: Holder, manner: Manner) -> str:
    """The signature part over these parts."""
    manifest = manner.edit_manifest(_manifest(parts, manner))
    objects = [_package_object(manifest, manner), _office_object(manner)]
    if manner.signature_line:
        objects += [f'<Object xmlns="{DSIG}" Id="{name}">AQID</Object>' for name in ("idValidSigLnImg", "idInvalidSigLnImg")]
    objects = manner.edit_objects(objects)
    signed = [(_identifier(item), f"{DSIG}Object", item, "") for item in objects]
    wrapped = ""
    if manner.xades:
        properties = manner.edit_properties(_signed_properties(manner.named or holder.certificate, manner))
        transform = f'<Transforms><Transform Algorithm="{C14N}"></Transform></Transforms>'
        signed.append(("idSignedProperties", "http://uri.etsi.org/01903#SignedProperties", properties, transform))
        wrapped = _qualifying(properties)
    signed_info = manner.edit_signed_info(_signed_info(signed, holder, manner))
    value = base64.b64encode(_value(holder, signed_info.encode(), manner.digest)).decode()
    body = "".join(map(_inherited, objects))
    return (
        f'{HEAD}<Signature Id="idPackageSignature" xmlns="{DSIG}">{_inherited(signed_info)}'
        f"<SignatureValue>{value}</SignatureValue>{_key_info(holder, manner)}{body}{wrapped}</Signature>"
    )


def signature_of(data: bytes, number: int = 1) -> str:
    """The signature part of a signed workbook."""
    return parts_of(data)[SIGNATURE.format(number)].decode()


def edited(data: bytes, old: str, new: str, name: str = SIGNATURE.format(1)) -> bytes:
    """The workbook with a piece of text in a part replaced, once. The text must be there."""
    parts = parts_of(data)
    text = parts[name].decode()
    assert old in text, f"{old!r} is not in {name}"
    return zip_of(parts | {name: text.replace(old, new, 1).encode()})


def _manifest(parts: Mapping[str, bytes], manner: Manner) -> str:
    """References to all parts and relationships that Excel signs, as the Manifest holds them (without the element itself)."""
    kinds = content_types(parts)
    references = []
    for name in parts:
        if name.endswith(".rels"):
            references.append(_relationships_reference(name, parts[name], manner))
        elif _is_signed(name) and name not in manner.leave_out:
            references.append(reference(name, kinds(name), "", parts[name], manner.digest))
    return "".join(references)


def _is_signed(name: str) -> bool:
    return not name.startswith(("[", "docProps/", "_xmlsignatures/", "customXml/", "docMetadata/")) and "Signature" not in name


def reference(name: str, kind: str, transforms: str, octets: bytes, digest: str) -> str:
    """One reference of the Manifest, in canonical form."""
    return f'<Reference URI="/{escape(name)}?ContentType={kind}">{transforms}{_digest(octets, digest)}</Reference>'


def _relationships_reference(name: str, body: bytes, manner: Manner) -> str:
    source = name.replace("_rels/", "").removesuffix(".rels")
    if source.startswith(("_xmlsignatures/", "customXml/", "docProps/")):
        return ""
    signed = {
        item.attrib["Id"]: item.attrib
        for item in ElementTree.fromstring(body)
        if item.attrib["Type"].rpartition("/")[2] not in NOT_SIGNED
        and "Signature" not in item.attrib["Type"]
        and f"{source}#{item.attrib['Id']}" not in manner.unsigned
    }
    if not signed:
        return ""
    chosen = "".join(
        f'<mdssi:RelationshipReference SourceId="{identifier}"></mdssi:RelationshipReference>' for identifier in signed
    )
    lines = "".join(_relationship(signed[identifier]) for identifier in sorted(signed))
    octets = f'<Relationships xmlns="{RELATIONSHIPS}">{lines}</Relationships>'.encode()
    transforms = (
        f'<Transforms><Transform Algorithm="{RELATIONSHIP_TRANSFORM}">{chosen}</Transform>'
        f'<Transform Algorithm="{C14N}"></Transform></Transforms>'
    )
    return reference(name, RELATIONSHIPS_TYPE, transforms, octets, manner.digest)


def _relationship(attributes: Mapping[str, str]) -> str:
    """In canonical form, by hand: that of the standard library goes by what other libraries of the process have registered."""
    pairs = sorted({"TargetMode": "Internal", **attributes}.items())
    written = " ".join(f'{name}="{_attribute(value)}"' for name, value in pairs)
    return f"<Relationship {written}></Relationship>"


def _attribute(value: str) -> str:
    for character, written in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\t", "&#x9;"), ("\n", "&#xA;"), ("\r", "&#xD;")):
        value = value.replace(character, written)
    return value


def content_types(parts: Mapping[str, bytes]) -> Callable[[str], str]:
    """What [Content_Types].xml says about a part."""
    root = ElementTree.fromstring(parts["[Content_Types].xml"])
    known = {item.get("PartName", item.get("Extension", "")): item.attrib["ContentType"] for item in root}
    return lambda name: known.get(f"/{name}") or known[name.rpartition(".")[2]]


def _package_object(manifest: str, manner: Manner) -> str:
    time = f"{manner.signed_at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'<Object xmlns="{DSIG}" xmlns:mdssi="{MDSSI}" Id="idPackageObject"><Manifest>{manifest}</Manifest>'
        '<SignatureProperties><SignatureProperty Id="idSignatureTime" Target="#idPackageSignature"><mdssi:SignatureTime>'
        f"<mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format><mdssi:Value>{time}</mdssi:Value></mdssi:SignatureTime>"
        "</SignatureProperty></SignatureProperties></Object>"
    )


def _office_object(manner: Manner) -> str:
    details = "".join(
        f"<{name}>{text}</{name}>"
        for name, text in (("SetupID", ""), ("SignatureComments", ""), ("OfficeVersion", "16.0.17328/26"), ("SignatureType", "1"))
    )
    return (
        f'<Object xmlns="{DSIG}" Id="idOfficeObject"><SignatureProperties><SignatureProperty Id="idOfficeV1Details" '
        f'Target="#idPackageSignature"><SignatureInfoV1 xmlns="{OFFICE}">{details}</SignatureInfoV1>'
        "</SignatureProperty></SignatureProperties></Object>"
    )


def _signed_properties(certificate: x509.Certificate, manner: Manner) -> str:
    der = certificate.public_bytes(Encoding.DER)
    return (
        f'<xd:SignedProperties xmlns="{DSIG}" xmlns:xd="{XADES}" Id="idSignedProperties"><xd:SignedSignatureProperties>'
        f"<xd:SigningTime>{manner.signed_at:%Y-%m-%dT%H:%M:%SZ}</xd:SigningTime><xd:SigningCertificate><xd:Cert><xd:CertDigest>"
        f"{_digest(der, manner.digest)}</xd:CertDigest><xd:IssuerSerial>"
        f"<X509IssuerName>{escape(certificate.issuer.rfc4514_string())}</X509IssuerName>"
        f"<X509SerialNumber>{certificate.serial_number}</X509SerialNumber></xd:IssuerSerial></xd:Cert></xd:SigningCertificate>"
        "<xd:SignaturePolicyIdentifier><xd:SignaturePolicyImplied></xd:SignaturePolicyImplied></xd:SignaturePolicyIdentifier>"
        "</xd:SignedSignatureProperties></xd:SignedProperties>"
    )


def _qualifying(properties: str) -> str:
    inner = _inherited(properties).replace(f' xmlns:xd="{XADES}"', "", 1)
    return (
        f'<Object><xd:QualifyingProperties xmlns:xd="{XADES}" Target="#idPackageSignature">{inner}'
        "<xd:UnsignedProperties></xd:UnsignedProperties></xd:QualifyingProperties></Object>"
    )


def _signed_info(signed: list[tuple[str, str, str, str]], holder: Holder, manner: Manner) -> str:
    references = "".join(
        f'<Reference Type="{kind}" URI="#{identifier}">{transforms}{_digest(text.encode(), manner.digest)}</Reference>'
        for identifier, kind, text, transforms in signed
    )
    return (
        f'<SignedInfo xmlns="{DSIG}"><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{_method(holder, manner.digest)}"></SignatureMethod>{references}</SignedInfo>'
    )


def _method(holder: Holder, digest: str) -> str:
    family = "rsa" if isinstance(holder.key, rsa.RSAPrivateKey) else "ecdsa"
    return f"{DSIG}rsa-sha1" if (family, digest) == ("rsa", "sha1") else f"{MORE}{family}-{digest}"


def _value(holder: Holder, octets: bytes, digest: str) -> bytes:
    if isinstance(holder.key, rsa.RSAPrivateKey):
        return holder.key.sign(octets, padding.PKCS1v15(), HASHES[digest])
    numbers = decode_dss_signature(holder.key.sign(octets, ec.ECDSA(HASHES[digest])))
    return b"".join(number.to_bytes((holder.key.key_size + 7) // 8) for number in numbers)


def _key_info(holder: Holder, manner: Manner) -> str:
    ders = [holder.der, *(certificate.public_bytes(Encoding.DER) for certificate in manner.chain)]
    listed = "".join(f"<X509Certificate>{base64.encodebytes(der).decode()}</X509Certificate>" for der in ders)
    value = "<KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"
    return f"<KeyInfo>{value if manner.key_value else ''}<X509Data>{listed}</X509Data></KeyInfo>"


def _digest(octets: bytes, digest: str) -> str:
    value = base64.b64encode(hashlib.new(digest, octets).digest()).decode()
    return f'<DigestMethod Algorithm="{DIGESTS[digest]}"></DigestMethod><DigestValue>{value}</DigestValue>'


def _identifier(item: str) -> str:
    return item.partition(' Id="')[2].partition('"')[0]


def _inherited(item: str) -> str:
    """As Excel writes it: the default namespace is declared once, further up."""
    return item.replace(f' xmlns="{DSIG}"', "", 1)


def unsigned(data: bytes) -> bytes:
    """The workbook as it was before it was signed."""
    parts = {name: body for name, body in parts_of(data).items() if not name.startswith("_xmlsignatures/")}
    for name in ("_rels/.rels", "[Content_Types].xml"):
        root = ElementTree.fromstring(parts[name])
        for item in list(root):
            if "_xmlsignatures/" in (item.get("Target", "") + item.get("PartName", "")) or item.get("Extension") == "sigs":
                root.remove(item)
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
        parts[name] = ElementTree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return zip_of(parts)
