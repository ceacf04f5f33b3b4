"""A form that has changed is reason enough for a version: new values must get to those who fill it in."""

import datetime
import io

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from core import outbox, vault
from cpl import selectors
from cpl.models import DeviceLevelVersion, Release, SelectionValue
from cpl.services import artefacts, planning, publishing, reference
from cpl.services.planning import NothingToPublish
from cpl.services.publishing import PlanChanged
from cpl.workbook.read_list import read_cpl
from tests.builders.listing import approved, published, small_list, two_people
from tests.people import sign_in

pytestmark = pytest.mark.django_db
NEW = "Companion Test Tool 9.9"


@pytest.fixture
def head() -> Release:
    """A version published here, with the rules of today."""
    small_list()
    reference.seed(3)
    approved(model=901)
    return published()


def another_value() -> None:
    SelectionValue.objects.create(list_name="dlms_version", value=NEW, position=99)


def test_with_the_same_form_there_is_nothing_to_publish(head: Release) -> None:
    with pytest.raises(NothingToPublish, match="the form is as it was"):
        planning.preview()


def test_a_new_value_is_published_with_the_form_and_no_entry_changes(head: Release) -> None:
    another_value()
    plan = planning.preview()
    assert plan.draft_text == f"CPL New Entry form amended:\nDLMS_Certificate.DLMS_version: {NEW} added"
    release = publishing.publish(two_people()[1], seen=plan.fingerprint)
    assert (str(release.version), release.changes_text, release.changes.count()) == ("3.003", plan.draft_text, 0)
    before, after = (read_cpl(vault.read(each.workbook_sha256)) for each in (head, release))
    assert after.entries == before.entries
    assert after.history[-1].changes == plan.draft_text
    book = openpyxl.load_workbook(io.BytesIO(vault.read(release.workbook_sha256)), keep_vba=True)
    assert any(NEW in [cell.value for cell in column] for sheet in book.worksheets for column in sheet.iter_cols())
    assert vault.read(release.workbook_sha256) == artefacts.rendered(release, artefacts.WORKBOOK)
    with pytest.raises(NothingToPublish):
        planning.preview()


def test_the_form_comes_first_in_the_text(head: Release) -> None:
    SelectionValue.objects.filter(list_name="dlms_version").first().delete()  # type: ignore[union-attr]
    approved("remove", "000002", designation="Alder meter")
    form, entries = planning.preview().draft_text.split("\n\n")
    assert form.startswith("CPL New Entry form amended:\nDLMS_Certificate.DLMS_version: ")
    assert form.endswith(" removed")
    assert entries.startswith("One SMETS2 device model removed:")


def test_a_combination_that_ends_is_told_from_that_day_on(head: Release) -> None:
    row = DeviceLevelVersion.objects.exclude(gbcs="GBCS Version 0.0").first()
    assert row is not None
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    DeviceLevelVersion.objects.filter(pk=row.pk).update(valid_to=tomorrow)
    with pytest.raises(NothingToPublish):
        planning.preview()
    trio = f"{row.device_type} / {row.smets_chts} / {row.gbcs}"
    text = planning.preview(on=tomorrow).draft_text
    assert text == f"CPL New Entry form amended:\nDevice Level Versions (TSAT): {trio} removed"


def test_a_list_whose_last_value_has_ended_is_empty(head: Release) -> None:
    """It does not fall back to the values that the site began with."""
    today = timezone.localdate()
    SelectionValue.objects.filter(list_name="bands_join").update(valid_to=today)
    assert selectors.current_rules(today).lists["bands_join"] == ()
    assert planning.preview().draft_text.startswith("CPL New Entry form amended:\nZigBee_Properties.Bands_Join: ")
    assert artefacts.rules_of(published()).lists["bands_join"] == ()


def test_another_layout_of_the_workbook_is_worth_a_version_too(head: Release) -> None:
    """As after a new release of this program."""
    Release.objects.filter(pk=head.pk).update(template_sha256="0" * 64)
    assert planning.preview().draft_text == "CPL New Entry form renewed."


def test_rules_that_move_under_a_publisher_are_looked_at_first(head: Release) -> None:
    approved("remove", "000002")
    seen = planning.preview().fingerprint
    another_value()
    with pytest.raises(PlanChanged):
        publishing.publish(two_people()[1], seen=seen)


def test_the_workbench_says_what_is_new_about_the_form(head: Release) -> None:
    approver = sign_in(Client(), two_people()[1])
    assert "Next: version" not in approver.get("/publications/").content.decode()
    another_value()
    page = approver.get("/publications/")
    text = page.content.decode()
    assert "Next: version 3.003" in text
    assert f"{NEW} added" in text
    assert "No entry changes." in text
    approver.post("/publications/publish/", {"text": "New tool.", "seen": page.context["form"].initial["seen"]})
    outbox.drain(strict=True)
    release = selectors.head()
    assert release is not None
    assert (str(release.version), release.changes_text) == ("3.003", "New tool.")
    assert Client().get("/cpl/versions/3.002/differences/3.003/").status_code == 200
