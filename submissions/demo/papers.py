"""Workbooks, certificates and mails of the demo, from the builders that the tests use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.builders import mails, pdfs
from tests.builders.values import MAKERS, Maker
from tests.builders.workbooks import form_workbook

Paper = tuple[str, bytes]


def workbook(values: dict[str, str], name: str = "", **more: Any) -> Paper:
    """A New Entry workbook, named after its Device Model."""
    model = values["Device_Model.model_identifier"].replace(":", "")
    return name or f"New Entry {model} {values['Device_Model.firmware_version'].replace(':', '')}.xlsm", form_workbook(
        values, **more
    )


def papers(values: dict[str, str], without: Sequence[str] = ()) -> list[Paper]:
    """Every paper that a Device Model may need, but for those named in `without`."""
    made: list[Paper] = []
    if values["CPA_Certificate.identification_number"]:
        made += [("CPA certificate.pdf", pdfs.cpa_certificate(values)), ("NCSC letter.pdf", pdfs.ncsc_letter(values))]
    if values["ZSE_Certificate.identification_number"]:
        made.append(("ZigBee certificate.pdf", pdfs.zse_certificate(values)))
    if values["DLMS_Certificate.identification_number"]:
        made.append(("DLMS certificate.pdf", pdfs.dlms_certificate(values)))
    made.append(("Release notes.pdf", pdfs.release_notes(values)))
    return [(name, data) for name, data in made if name not in without]


def mail(maker: Maker, files: Sequence[Paper], sent_at: datetime, subject: str = "", body: str = "") -> bytes:
    """A submission as the manufacturer's certification team would mail it."""
    more: dict[str, Any] = {"body": body} if body else {}
    return mails.mail(
        files,
        sender=f"{maker.name} certification <certification@{maker.domain}>",
        to="cpl@secas.example",
        subject=subject or f"CPL submission of {maker.name}",
        sent_at=sent_at,
        **more,
    )


def maker(index: int) -> Maker:
    """One of the demo's manufacturers."""
    return MAKERS[index % len(MAKERS)]
