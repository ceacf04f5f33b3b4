"""What the real published list gives the registers: certificates whose spellings meet, and repositories that hold nothing yet."""

import io
from pathlib import Path

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from certificates import selectors
from certificates.models import Certificate, CertificateUse
from core import outbox, vault
from cpl.models import EntryRow
from cpl.services.importing import import_cpl
from repositories.domain.sheet import NOT_HELD, REMOVED_FORMAT
from repositories.models import Export
from tests.builders.releases import added, release
from tests.shared import SHARED, needs_shared

pytestmark = [needs_shared, pytest.mark.django_db]
WORKBOOK: Path = SHARED / "data" / "cpl_v2.051.xlsx"


@pytest.fixture(autouse=True)
def taken_over(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert import_cpl(WORKBOOK.read_bytes(), None).imported
    outbox.drain(strict=True)


def test_every_certificate_of_the_list_is_registered_once() -> None:
    written = {"CPA": 500, "DLMS": 255, "ZSE": 598}  # cells that hold a number
    for kind, cells in written.items():
        assert CertificateUse.objects.filter(certificate__kind=kind).count() == cells
    numbers = CertificateUse.objects.filter(certificate__kind="CPA").values_list("as_written", flat=True).distinct().count()
    assert numbers == 50
    assert Certificate.objects.filter(kind="CPA").count() < numbers, "spellings of one certificate meet"
    assert Certificate.objects.filter(kind="DLMS").count() == 41
    assert not Certificate.objects.filter(core__regex=r"\s").exists()
    assert not CertificateUse.objects.filter(certificate__kind="CPA", valid_until=None).exists(), (
        "dates with dashes are read, too"
    )


def test_the_certificate_spelled_three_ways_is_one_and_dates_that_differ_are_found() -> None:
    certificate = Certificate.objects.get(kind="CPA", core="1433053936-1497")
    assert certificate.uses.values("as_written").distinct().count() > 1
    differing = [one.core for one in selectors.certificates(today=timezone.localdate()) if one.until != one.latest]
    assert len(differing) >= 1


def test_the_first_release_after_it_lists_all_old_entries_as_not_held() -> None:
    number = int(EntryRow.objects.order_by("-number").values_list("number", flat=True)[0]) + 1
    made = release(added(number), announce=True)
    outbox.drain(strict=True)
    export = Export.objects.get(kind="FIR", release=made)
    rows = list(load_workbook(io.BytesIO(vault.read(export.sha256))).active.iter_rows())[-730:]
    assert export.rows == 730
    assert [cell.value for cell in rows[0]] == ["000001", NOT_HELD, NOT_HELD, NOT_HELD, NOT_HELD]
    assert rows[-1][0].value == f"{number:06d}"
    assert sum(row[0].number_format == REMOVED_FORMAT for row in rows) == 35
