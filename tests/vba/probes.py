"""Values for one data item: right ones, odd characters, and one on each side of every limit of its kind."""

from collections.abc import Iterator

from cpl.domain.dictionary import DataItem, Kind, RuleSet
from cpl.domain.entry import CPA_NUMBER, DEVICE_TYPE, GBCS, IMAGE_HASH, SMETS_CHTS
from cpl.domain.rules.certificates import CHARACTERISTICS, EXPIRY
from cpl.domain.rules.upgrade_path import PATH

# Data items that others look at.
LINKED = frozenset({DEVICE_TYPE, SMETS_CHTS, GBCS, CPA_NUMBER, CHARACTERISTICS, EXPIRY, IMAGE_HASH, PATH})


def probes_of(item: DataItem, rules: RuleSet) -> Iterator[str]:
    """Values to try in the cell of this data item."""
    if item.kind is not Kind.LIST or item.key not in LINKED:
        yield from _characters(item.max_octets)
    yield from _OF_KIND.get(item.kind, _no_more)(item, rules)


def _characters(most: int) -> Iterator[str]:
    """Blanks, odd characters, beginnings and lengths, for a value of at most so many octets."""
    yield from ("   ", "\u00a0", "\n\t", " \u2003x\u3000", "x\u200bx", "x\x07x", "x\nx", "x\r\nx\rx", "x\tx", "x\u2028x")
    yield from (
        "\U000e0041x",
        "x\U0001f600",
        "x\U00010000x",
        "x\U0010ffff",
        "=x",
        "+x",
        "-x",
        "@x",
        "x=+-@",
        "x\u00e9",
        "xx",
        "xxx",
        "{x}",
        "%x~",
    )
    yield from ("x\ufeffx", "x\u00adx", "x\x7fx", "x\x1fx", "x\u0600x", "x\u2010x", "x\u206fx", "x\u2070\u2060", "x\ue000x")
    yield from (
        "x\ud7ffx",
        "\u0100",
        "x\u0fffx",
        "x\x01x",
        "\u00e9" + "x" * most,
        "x\x07x\u200bx",
        "x\uffff\x07x",
        "x\U0001f600\x07x",
    )
    yield from ("x" * most + last for last in ("\x7f", "\x80"))
    for last in ("\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\U00010000", "\U0010ffff"):
        octets = len(last.encode())
        yield "x" * (most - octets) + last
        yield "x" * (most - octets + 1) + last
    for tail in ("", "x"):
        yield "x" * most + tail
        yield "\u00e9" * (most // 2) + "x" * (most % 2) + tail
        yield "\u20ac" * (most // 3) + "x" * (most % 3) + tail
        yield "\U0001f600" * (most // 4) + "x" * (most % 4) + tail


def _no_more(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ()


def _hexadecimal(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("x" * 999 + "\x01", "x" * 1000 + "\x01")  # so far the characters are looked at
    digits = ["%02X" % (171 + 7 * place & 255) for place in range(item.octets)]
    right = ":".join(digits)
    higher = int(item.maximum.replace(":", ""), 16) + 1
    above = f"{higher:0{2 * item.octets}X}"
    yield from (right, right.lower(), f" {right}\n", item.maximum, ":".join(["00"] * item.octets))
    yield from (right[:-1], right + "0", right + ":00", right + ":", ":" + right, right[:-1] + "G", right[:-1] + "g", right[3:])
    yield from (
        "-".join(digits),
        ".".join(digits),
        " ".join(digits),
        "".join(digits),
        "0x" + "".join(digits),
        "0X" + right.lower(),
    )
    yield from ("\u00a0".join(digits), "/".join(digits), ":".join(above[place : place + 2] for place in range(0, len(above), 2)))
    yield from (
        "0x",
        "0xx" + "".join(digits),
        "x0" + "".join(digits),
        right.replace("A", "\u0410"),
        "::".join(digits),
        "9" * item.max_octets,
    )
    yield from ("@" * item.max_octets, "`" * item.max_octets, ";".join(digits), "/9", ":")


def _list(item: DataItem, rules: RuleSet) -> Iterator[str]:
    choices = rules.choices(item)
    yield from choices
    yield from (choices[0].upper(), choices[-1].lower(), f" {choices[0]} ", choices[0] + "x", choices[0][:-1])
    yield from ("; ".join(choices[:2]), "na", "N/A", "n/a", "NA", "N / A", "; ", choices[0].replace(" ", "  "), "0")


def _printable(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from (
        "12",
        "123",
        "1",
        " 1 2 ",
        "a b",
        "12\u20133",
        "\u00a312",
        "\u4e00\U0001f60012",
        "12\u0180",
        "12\x80",
        "~ ~",
        "1\u00a02",
    )


def _names(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("a; " + "b" * (item.max_octets - 2), "a; " + "b" * (item.max_octets - 3))
    yield from ("a;b;c;d;e", "a;b;c;d;e;f", "a;b;;c; ;d;e;", ";a;b;c;d;e;f", "a", "; ;", " a ; b ", "a;\u2003;b", ";" * 9)


def _telephones(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("+44 20 7946 0000", "-44", "=44", "@44", "+1;+2;+3;+4;+5", "+1;+2;+3;+4;+5;+6", ";+1", "; ;")


def _emails(item: DataItem, rules: RuleSet) -> Iterator[str]:
    good_ones = ["a@b.co", "o'hara@x.example", "a.b+c_d-e@x-y.example", "A1!#$%&'*+/=?^_`{|}~-@x.org", f"{'m' * 64}@b.co"]
    good_ones += [f"a@{'d' * 63}.co", "a@1.b2", "a@b.c1", f"a@b.c{'d' * 62}", "0@0.a0", "a@b.c.d.ef", "a@b.c-d", "z@Z.Zz"]
    bad = [
        "a",
        "@",
        "a@",
        "a@bcd",
        "@b.co",
        "a@b",
        "a@b.c",
        "a@@b.co",
        "a@b@c.co",
        ".a@b.co",
        "a.@b.co",
        "a..b@b.co",
        "a@b..co",
        "a@.co",
    ]
    bad += [
        "a@b.co.",
        "a@-b.co",
        "a@b-.co",
        "a@b.-co",
        "a@b.co-",
        "a@b.1co",
        "a b@b.co",
        "a@b c.co",
        "a@b.c\u00f6",
        "\u00e9@b.co",
        "\u212a@b.co",
    ]
    bad += [f"{'m' * 65}@b.co", f"a@{'d' * 64}.co", f"a@b.c{'d' * 63}", "<a@b.co>", "a@b_c.co", "a,b@b.co", 'a"b@b.co', "a@b.co:"]
    local, label = "m" * 64, "d" * 60
    long = f"{local}@{label}.{label}.{label}."  # 248 characters
    yield from (*good_ones, *bad, long + "e" * 6, long + "e" * 7)
    yield from ("a@b.co;c@d.co", "a@b.co; bad;c@d.co;worse", ";a@b.co;;", "a@b.co,c@d.co", ";".join(["a@b.co"] * 5))
    yield from (
        ";".join(["a@b.co"] * 6),
        ";".join(["a"] * 6),
        ";".join(["a@b.co", "a@b"] * 3),
        " a@b.co ; c@d.co ",
        "a@b.co;\u00a0c@d.co",
    )


def _text(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("x\ud83d", "x\ud83dx", "x\udc00x", "x\udc00\udc01", "x\ud83d\ue000", "x\x07\udc00", "x\x00x")
    for ends in ("\r\n", "\n\n", "\n\r", "\r\r"):
        yield "x" * (item.max_octets - 2) + ends + "x"
    yield from (
        "http://x",
        "www.x",
        "WWW.x",
        "see HTTPS://x",
        "://x",
        "1://x",
        "a1+.-://x",
        "-a://",
        "x ://",
        "a\u00e9://x",
        "wwwx",
    )
    yield from ("1a:// ", "a:/", "a :// b://", "one://two://", "a:b", "12://, z://", "w.ww.", "\u00e9://", "ww.", "Z9://", "_://")


def _date(item: DataItem, rules: RuleSet) -> Iterator[str]:
    yield from ("29/02/2028", "29/02/2027", "28/02/2027", "30/02/2028", "31/04/2027", "30/04/2027", "31/06/2027", "31/09/2027")
    yield from ("31/11/2027", "30/11/2027", "31/12/2027", "32/12/2027", "31/01/2027", "00/01/2027", "01/00/2027", "01/13/2027")
    yield from ("01/12/2027", "29/02/2100", "29/02/2400", "1/1/2027", "01/01/27", "01/01/0000", "01/01/0001", "01/01/9999")
    yield from ("01-02-2028", "01.02.2028", "01-02.2028", "2028-02-01", "2028.02.01", "2028-02.01", "2028-02-30", "30-02-2028")
    yield from ("01/02-2028", "2028/02/01", "2028-2-1", "aa/bb/cccc", "01/02/2028 ", "01/02/20288", " 1/02/2028", "01/02/202a")
    yield from ("31/10/2027", "31/07/2027", "31/08/2027", "31/05/2027", "31/03/2027", "2028a02-01", "2028-02a01", "01a02/2028")


def _path(item: DataItem, rules: RuleSet) -> Iterator[str]:
    many = [f"{number:06d}" for number in range(626, 645)]
    yield from ("NA", "na", "n/a", "N/A", " NA ", "N.A.", "000626", "626", "0000626", "000000", "00062a", "000626,000630")
    yield from ("000626;000630", "000626 ; 000630;", ";", "; ", "000626; ;000630", "999999", "000626\n", "-00626", "000001")
    yield from ("; ".join(many[:15]), "; ".join(many[:16]), ";".join(many[:14] + many[:1]), ";".join(many[:15] + many[:1]))
    yield from (
        "000630; 000626; 000630; 000626; 000627",
        "000626;000626;000626",
        "000626; NA",
        "NA; 000626",
        "000626; 000000",
        "000627;000626;000627",
    )
    yield from ("000626x", "x000626; 000630", "000626; 00063", "000626; 000626; x")


_OF_KIND = {
    Kind.HEX: _hexadecimal,
    Kind.LIST: _list,
    Kind.PRINTABLE: _printable,
    Kind.NAMES: _names,
    Kind.TELEPHONES: _telephones,
    Kind.EMAILS: _emails,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.PATH: _path,
}
