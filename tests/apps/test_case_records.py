"""`verify_records` on cases: a paper, a workbook or a mail that is gone, and values that are not those that were sealed."""

from pathlib import Path

import pytest

from core import records
from submissions.models import Revision
from tests.case_files import filed

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    return [problem.message for problem in records.run() if problem.check == "evidence of cases"]


def forgotten(folder: Path, sha256: str) -> str:
    (folder / sha256[:2] / sha256).unlink()
    return sha256


def test_nothing_is_told_of_a_case_that_has_everything() -> None:
    filed(1)
    assert told() == []


def test_evidence_that_is_gone_is_named_with_its_record(settings) -> None:
    case = filed(1)
    revision, (paper, *_) = case.revisions.get(), case.documents.all()
    raw, workbook = revision.receipt.raw_sha256, revision.workbook_sha256
    gone = [forgotten(Path(settings.CPL_RED_DIR), raw), forgotten(Path(settings.CPL_RED_DIR), workbook)]
    forgotten(Path(settings.CPL_VAULT_DIR), paper.sha256)
    assert told() == [
        f"receipt:{revision.receipt.pk}: what arrived ({gone[0]}) is not in the vault",
        f"submission:{case.reference}, revision 1: its workbook ({gone[1]}) is not in the vault",
        f"document:{paper.pk}: {paper.sha256} is not in the vault",
    ]


def test_values_that_somebody_changed_behind_the_site_are_noticed() -> None:
    revision = filed(1).revisions.get()
    Revision.objects.filter(pk=revision.pk).update(values=revision.values | {"Device_Model.model_identifier": "00:00"})
    assert told() == [f"{revision.audit_name}, revision 1: what was read from the workbook is not what was sealed"]
