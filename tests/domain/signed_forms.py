"""Signed forms that the tests of the signature gate start from, and how they are judged."""

from functools import lru_cache
from typing import Any

from submissions.signature import STRICT, Code, Policy, TrustStore, Verdict, verify
from tests.builders.pki import AT, ORGANISATION, Pki, pki
from tests.builders.signing import sign
from tests.builders.values import SINGLE_ELEMENT, valid_values
from tests.builders.workbooks import form_workbook, rewrite

DRAWING = "xl/drawings/drawing1.xml"


@lru_cache
def form() -> bytes:
    """A submission with two tabs, as it was before it was signed."""
    return form_workbook(valid_values(SINGLE_ELEMENT) | {"Manufacturer_Image.creator": ORGANISATION}, version_control=True)


@lru_cache
def signed_form() -> bytes:
    """The same, signed by its creator as Excel does it."""
    return sign(form(), pki().good)


def signed(**manner: Any) -> bytes:
    """The form, signed by the good signer in another manner."""
    return sign(form(), pki().good, **manner)


def judge(data: bytes, *, trust: TrustStore | None = None, policy: Policy = STRICT, **more: Any) -> Verdict:
    """The verdict as the gate would ask for it, at the time of the tests."""
    known: Pki = pki()
    return verify(
        data, trust=known.trust if trust is None else trust, policy=policy, **{"at": AT, "creator": ORGANISATION} | more
    )


def codes(data: bytes, **more: Any) -> tuple[Code, ...]:
    return judge(data, **more).codes


def changed(data: bytes, name: str, old: str, new: str) -> bytes:
    """The package with a text in a part replaced wherever it stands. It must stand there."""

    def edit(body: bytes) -> bytes:
        assert old.encode() in body, f"{old!r} is not in {name}"
        return body.replace(old.encode(), new.encode())

    return rewrite(data, {name: edit})
