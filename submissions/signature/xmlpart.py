"""The XML of a signature part: one cautious reading within bounds, and its canonical form."""

import re
from typing import Final

from lxml import etree

from cpl.workbook.package import MIB
from cpl.workbook.refusals import shown
from submissions.signature.codes import Code, reject

Element = etree._Element

DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_METHODS: Final = (C14N, f"{C14N}#WithComments")  # a signature part holds no comments, so both say the same
LARGEST: Final = 4 * MIB  # pictures of a signature line and revocation lists may lie in it
_MOST_MARKUP = 20_000  # "<" and "=": bounds elements, attributes and namespaces before anything is built from them
_DEEPEST, _MOST_NAMESPACES = 32, 32  # Office needs less than half
_DECLARATION = re.compile(rb"<\?xml[ \t\r\n][^<>]{0,200}\?>")
_ENCODING = re.compile(rb"encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)[\"']")
_BOM = b"\xef\xbb\xbf"
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"


def parse(body: bytes, name: str) -> Element:
    """The root of a signature part. Raises Reject (XML_*, SIG_STRUCTURE) for anything Office would not write."""
    where = f"part {shown(name)}"
    if len(body) > LARGEST or body.count(b"<") > _MOST_MARKUP or body.count(b"=") > _MOST_MARKUP:
        reject(Code.XML_TOO_BIG, where)
    text = _content(body, where)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        reject(Code.XML_UNSAFE, where)
    if b"<!" in text or b"<?" in text:
        reject(Code.SIG_STRUCTURE, f"{where} holds comments or instructions")
    try:
        root = etree.fromstring(text, _parser())
    except (etree.LxmlError, ValueError) as fault:
        reject(Code.XML_BAD, f"{where}: {shown(str(fault))}")
    _check_tree(root, where)
    return root


def canonical(element: Element) -> bytes:
    """Canonical XML 1.0 of an element with all below it, as it is signed.

    Written out and read again first: libxml2 called on an inner element declares xmlns="" where nothing is to be declared.
    Raises Reject (XML_BAD) where there is no canonical form, as for namespaces that are no absolute address.
    """
    try:
        alone = etree.fromstring(etree.tostring(element, encoding="UTF-8", with_tail=False), _parser())
        return etree.tostring(alone, method="c14n", exclusive=False, with_comments=False)
    except (etree.LxmlError, ValueError) as fault:
        reject(Code.XML_BAD, f"no canonical form: {shown(str(fault))}")


def _check_tree(root: Element, where: str) -> None:
    """Neither deep nor with many namespaces at one place: the canonical form costs elements x namespaces x namespaces."""
    depth = namespaces = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "start-ns", "end-ns")):
        depth += (event == "start") - (event == "end")
        namespaces += (event == "start-ns") - (event == "end-ns")
        if depth > _DEEPEST or namespaces > _MOST_NAMESPACES:
            reject(Code.XML_TOO_BIG, f"{where} is nested too deeply or names too many namespaces")
        if event == "start" and any(str(attribute).startswith(_XML_NAMESPACE) for attribute in element.attrib):
            reject(Code.SIG_STRUCTURE, f"{where} holds attributes that reach into what is signed")


def _content(body: bytes, where: str) -> bytes:
    """What follows the XML declaration. Only UTF-8 is taken, so that the bytes can be looked at before they are parsed."""
    text = body.removeprefix(_BOM)
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return text
    encoding = _ENCODING.search(declaration[0])
    if encoding and encoding[1].lower() != b"utf-8":
        reject(Code.XML_UNSAFE, f"{where} is not written in UTF-8")
    return text[declaration.end() :]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
