"""A site that trusts an authority made for the tests, by the steps that two administrators would take."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from tests.builders.pki import Pki
from tests.builders.signing import sign
from tests.builders.values import valid_values
from tests.builders.workbooks import form_workbook
from tests.people import person

EVIDENCE = "Fingerprint read out on the telephone by the authority's registrar."


@lru_cache
def authority() -> Pki:
    """Of this run and as of now: the gate goes by the clock."""
    return Pki(datetime.now(UTC))


def administrators() -> tuple[Any, Any]:
    from accounts.models import Role

    return person(Role.ADMINISTRATOR), person(Role.ADMINISTRATOR)


def trusted(lists: bool = True) -> tuple[Any, Any]:
    """Have root and intermediate in force, with their revocation lists; gives the two who did it."""
    from submissions.services import revocation, trust

    first, second = administrators()
    pki = authority()
    trust.approve(second, trust.propose_anchor(first, pki.root.pem, EVIDENCE))
    trust.approve(second, trust.propose_intermediate(first, pki.intermediate.der, EVIDENCE))
    for data in pki.lists if lists else ():
        revocation.load_crl(data, actor=first)
    return first, second


def with_image(creator: str, number: int = 1, **overrides: str) -> dict[str, str]:
    """Values of a form that names the hash of an image and its creator."""
    return valid_values(number=number, with_hash=True) | {"Manufacturer_Image.creator": creator} | overrides


def signed_workbook(values: dict[str, str], holder: Any, **manner: Any) -> bytes:
    """A form, signed an hour ago unless told otherwise."""
    signed_at = datetime.now(UTC) - timedelta(hours=1)
    return sign(form_workbook(values, version_control=True), holder, **{"signed_at": signed_at} | manner)
