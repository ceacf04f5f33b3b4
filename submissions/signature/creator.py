"""Is the creator of the image the organisation in the certificate? Identical means identical; a near miss is explained.

Guidance Appendix 2: the creator must be written exactly as in the certificate.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cpl.workbook.refusals import shown

_LEGAL_FORMS = {  # as written out -> short; all end up in small letters, so that the form alone explains them
    "public limited company": "plc",
    "gesellschaft mit beschränkter haftung": "gmbh",
    "limited": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
}
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": "-"})
# Letters of other scripts that look like Latin ones, for names in Latin script.
_LOOKALIKES = str.maketrans("АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXo")


@dataclass(frozen=True, slots=True)
class CreatorCheck:
    """Whether creator and organisation are identical and, if not, a sentence on what differs."""

    matches: bool
    explanation: str = ""


def _plain_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace(" ,", ",").replace(" .", ".")


def _visible(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Cc", "Mn"))


def _without_forms(text: str) -> str:
    for written, short in _LEGAL_FORMS.items():
        text = re.sub(rf"(?<!\w)(?:{written}|{short})(?!\w)", short, text, flags=re.IGNORECASE)
    return text


def _without_stops(text: str) -> str:
    return text.replace(".", "")


def _without_commas(text: str) -> str:
    return text.replace(",", "")


def _with_ampersand(text: str) -> str:
    return re.sub(r"(?<!\w)and(?!\w)", "&", text, flags=re.IGNORECASE)


# In this order, since later ones build on earlier ones: what is set aside, and how.
_DIFFERENCES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("invisible characters or accents", lambda text: _visible(unicodedata.normalize("NFKD", text))),
    ("characters of another alphabet that look alike", lambda text: text.translate(_LOOKALIKES)),
    ("curly quotation marks or dashes", lambda text: text.translate(_QUOTES)),
    ("spaces", _plain_spaces),
    ("spaces inside the name", lambda text: text.replace(" + ", "+").replace(" & ", "&")),
    ("the legal form (Ltd, Limited)", _without_forms),
    ("a full stop", _without_stops),
    ("a comma", _without_commas),
    ("'and' in place of '&'", lambda text: _with_ampersand(text).replace(" & ", "&")),
    ("upper and lower case", str.casefold),
)


def check_creator(creator: str, organisations: Sequence[str]) -> CreatorCheck:
    """Compare the creator with the organisations of the certificate (there must be exactly one), code point by code point."""
    if len(organisations) != 1:
        return CreatorCheck(False, f"creator {shown(creator, 120)}, organisations in the certificate: {len(organisations)}")
    organisation = organisations[0]
    if creator == organisation:
        return CreatorCheck(True)
    both = f"creator {shown(creator, 120)}, certificate {shown(organisation, 120)}"
    return CreatorCheck(False, f"{both}; {_explain(creator, organisation)}")


def _explain(creator: str, organisation: str) -> str:
    """Names the smallest set of differences that, set aside, leave both the same."""
    needed = list(_DIFFERENCES)
    if not _same(creator, organisation, needed):
        return "the names are different"
    for difference in _DIFFERENCES:
        fewer = [other for other in needed if other is not difference]
        if _same(creator, organisation, fewer):
            needed = fewer
    return f"they differ only in {' and '.join(name for name, _ in needed)}"


def _same(left: str, right: str, differences: Sequence[tuple[str, Callable[[str], str]]]) -> bool:
    for _, set_aside in differences:
        left, right = set_aside(left), set_aside(right)
    return left == right
