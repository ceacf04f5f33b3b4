"""A template that SECAS supplies: two people agree to it, releases are written with it from a day on, and it can be withdrawn."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.test import override_settings
from django.utils import timezone

from accounts.models import Role
from core import audit, vault
from cpl import records
from cpl.dictionary import load
from cpl.models import Release, SelectionValue, SuppliedTemplate
from cpl.services import artefacts, planning, publishing, templates
from cpl.services.planning import NothingToPublish, PublishingBlocked
from cpl.services.publishing import PlanChanged
from cpl.services.templates import TemplateRefused
from cpl.workbook.blocks import ROWS
from cpl.workbook.read import read_form
from cpl.workbook.read_list import read_cpl
from tests.apps.test_core_vault import stored_file
from tests.builders.listing import approved, published, small_list, two_people
from tests.builders.templates import CONTROL, LIST, supplied_template
from tests.builders.workbooks import unpacked
from tests.people import person

pytestmark = pytest.mark.django_db
DATA = supplied_template()
OTHER = supplied_template(lambda sheets, book: sheets[CONTROL].write_string("A5", "Another one"))
DAY = datetime.timedelta(days=1)


def pair() -> tuple[Any, Any]:
    """Somebody who uploads and somebody who approves."""
    return person(Role.ADMINISTRATOR), person(Role.APPROVER)


def uploaded(actor: Any, data: bytes = DATA, name: str = "CPL template.xlsm", **more: Any) -> SuppliedTemplate:
    more = {"valid_from": timezone.localdate(), "note": "The new look"} | more
    return templates.propose(actor, data, name, 3, **more)


def agreed(data: bytes = DATA, **more: Any) -> SuppliedTemplate:
    first, second = pair()
    return templates.approve(second, uploaded(first, data, **more))


def verbs(record: SuppliedTemplate) -> list[str]:
    return list(audit.trail(record).values_list("verb", flat=True))


def macro_of(release: Release) -> bytes:
    return unpacked(vault.read(release.workbook_sha256))["xl/vbaProject.bin"]


# --- Two people ----------------------------------------------------------------------------------------------------------
def test_it_is_used_once_another_person_has_agreed() -> None:
    small_list()
    first, second = pair()
    record = uploaded(first)
    assert vault.read(record.sha256) == DATA
    approved(model=901)
    own = published()
    assert own.supplied is None
    assert macro_of(own) != unpacked(DATA)["xl/vbaProject.bin"]
    with pytest.raises(TemplateRefused, match="another person"):
        templates.approve(first, record)
    record = templates.approve(second, record)
    assert (record.status, record.proposed_by, record.approved_by, record.team_of_one) == ("approved", first, second, False)
    approved(model=902)
    release = published()
    assert (release.supplied, release.template_sha256) == (record, record.sha256)
    assert macro_of(release) == unpacked(DATA)["xl/vbaProject.bin"]
    assert verbs(record) == ["template.proposed", "template.approved"]
    with pytest.raises(TemplateRefused, match="already approved"):
        templates.approve(second, record)


def test_a_team_of_one_says_so() -> None:
    first, _ = pair()
    with override_settings(CPL_TEAM_OF_ONE=True):
        record = templates.approve(first, uploaded(first))
    assert record.team_of_one
    assert audit.trail(record).last().detail["team_of_one"] is True
    assert list(records.templates_are_as_agreed()) == []


def test_the_database_wants_two_people_as_well() -> None:
    first, _ = pair()
    record = uploaded(first)
    for wrong in ({"approved_by": first}, {"status": "approved"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SuppliedTemplate.objects.filter(pk=record.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        SuppliedTemplate.objects.create(sha256=record.sha256, principal=3, size=1, proposed_by=first, seal="")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR, Role.APPROVER}))
def test_others_may_do_nothing_with_it(role: Role) -> None:
    first, _ = pair()
    record, stranger = uploaded(first), person(role)
    for step in (
        lambda: uploaded(stranger, OTHER),
        lambda: templates.approve(stranger, record),
        lambda: templates.withdraw(stranger, record, "x"),
    ):
        with pytest.raises(Http404):
            step()
    assert SuppliedTemplate.objects.get().status == "proposed"


def test_what_does_not_pass_the_checks_is_not_kept() -> None:
    first, _ = pair()
    broken = supplied_template(lambda sheets, book: sheets[LIST].write_string("C2", "state"))
    with pytest.raises(TemplateRefused) as refused:
        uploaded(first, broken)
    assert [(finding.rule, finding.cell) for finding in refused.value.findings] == [("T3", f"{LIST}!C2")]
    assert not SuppliedTemplate.objects.exists()
    uploaded(first)
    with pytest.raises(TemplateRefused, match="there already"):
        uploaded(first)


def test_the_same_file_waits_or_holds_once() -> None:
    """The database sees to it, so two people who upload it at the same moment get the same answer."""
    first, second = pair()
    record = uploaded(first)
    with pytest.raises(TemplateRefused, match="This very file is there already"):
        uploaded(second)
    assert SuppliedTemplate.objects.get() == record
    templates.withdraw(first, record, "From another day")
    assert uploaded(second, valid_from=timezone.localdate() + DAY).status == "proposed"


def test_a_record_that_was_changed_is_neither_approved_nor_used() -> None:
    small_list()
    first, second = pair()
    record = uploaded(first)
    SuppliedTemplate.objects.filter(pk=record.pk).update(sha256=vault.put(OTHER))
    with pytest.raises(TemplateRefused, match="not what was sealed"):
        templates.approve(second, record)
    SuppliedTemplate.objects.filter(pk=record.pk).update(sha256=record.sha256)
    templates.approve(second, record)
    SuppliedTemplate.objects.filter(pk=record.pk).update(valid_from=timezone.localdate() - 3 * DAY)
    approved(model=901)
    with pytest.raises(PublishingBlocked, match="not what was sealed"):
        published()
    assert [line for line in records.templates_are_as_agreed() if "not what was sealed" in line]


# --- Which one is used -------------------------------------------------------------------------------------------------------
def test_the_latest_day_counts() -> None:
    small_list()
    today = timezone.localdate()
    agreed(OTHER, valid_from=today - DAY)
    newer = agreed(DATA, valid_from=today)
    agreed(supplied_template(samples=4), valid_from=today + DAY)
    assert SuppliedTemplate.in_use(3, today) == newer
    assert SuppliedTemplate.in_use(3, today - 2 * DAY) is None
    assert SuppliedTemplate.in_use(2, today) is None
    approved(model=901)
    assert published().supplied == newer


def test_once_withdrawn_the_one_before_or_our_own_is_used() -> None:
    small_list()
    older, newer = agreed(OTHER), agreed(DATA)
    used = []
    for number, record in enumerate((newer, older, None), 901):
        approved(model=number)
        used.append(published())
        if record:
            templates.withdraw(pair()[0], record, "The macro is wrong.")
    assert [release.supplied for release in used] == [newer, older, None]
    assert len({release.template_sha256 for release in used}) == 3
    assert verbs(newer) == ["template.proposed", "template.approved", "template.withdrawn"]
    newer.refresh_from_db()
    assert (newer.status, newer.reason) == ("withdrawn", "The macro is wrong.")
    with pytest.raises(TemplateRefused, match="already withdrawn"):
        templates.withdraw(pair()[0], newer, "again")
    assert list(records.releases_can_be_made_again()) == []
    assert list(records.templates_are_as_agreed()) == []


def test_what_was_seen_is_what_is_published() -> None:
    small_list()
    approved(model=901)
    seen = planning.preview().fingerprint
    record = agreed()
    with pytest.raises(PlanChanged):
        publishing.publish(two_people()[1], seen=seen)
    seen = planning.preview().fingerprint
    templates.withdraw(pair()[0], record, "Not yet")
    with pytest.raises(PlanChanged):
        publishing.publish(two_people()[1], seen=seen)


@pytest.mark.django_db(transaction=True)
def test_one_withdrawn_between_preparing_and_committing_is_not_used() -> None:
    small_list()
    record = agreed()
    approved(model=901)
    plan = planning.preview()
    made = publishing.store(plan)
    templates.withdraw(pair()[0], record, "The macro is wrong.")
    with pytest.raises(publishing.HeadMoved):
        publishing.commit(plan, made, two_people()[1])
    assert publishing.publish(two_people()[1]).supplied is None


def test_one_that_no_longer_fits_the_rules_stops_publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dictionary is another now: it asks for a column in other words."""
    small_list()
    agreed()
    approved(model=901)
    rules = load(3)
    item = rules.list_items[5]
    changed = {item.key: (item.list_label[0], "in other words")}
    monkeypatch.setattr(type(item), "list_label", property(lambda self: changed.get(self.key, (self.group, self.attribute))))
    monkeypatch.setattr(templates, "_checked", {})
    with pytest.raises(PublishingBlocked, match=f"cannot be used.*{item.list_column}2 must say 'in other words'"):
        published()


def test_one_that_the_vault_has_lost_stops_publishing_until_it_is_withdrawn() -> None:
    small_list()
    record = agreed()
    approved(model=901)
    stored_file(record.sha256, red=False).unlink()
    assert [words for words in records.templates_are_as_agreed() if record.sha256 in words]
    with pytest.raises(PublishingBlocked, match="cannot be used.*The vault has no"):
        published()
    templates.withdraw(pair()[0], record, "The vault has lost it.")
    assert list(records.templates_are_as_agreed()) == []
    assert published().supplied is None


def test_other_values_of_a_list_are_no_reason_against_it() -> None:
    small_list()
    record = agreed()
    SelectionValue.objects.create(list_name="dlms_version", value="DLMS 9.9", position=99)
    approved(model=901)
    assert published().supplied == record


def test_other_values_of_a_list_are_no_reason_for_a_version_either() -> None:
    """Its form has drop-downs of its own, which do not follow."""
    small_list()
    agreed()
    approved(model=901)
    published()
    SelectionValue.objects.create(list_name="dlms_version", value="DLMS 9.9", position=99)
    with pytest.raises(NothingToPublish):
        planning.preview()
    agreed(OTHER)
    assert "form renewed" in planning.preview().draft_text


# --- What is published ---------------------------------------------------------------------------------------------------------
def test_versions_written_with_it_hold_the_list_and_can_be_made_again() -> None:
    small_list(ROWS + 10)
    agreed()
    for number in (901, 902):
        approved(model=number)
        release = published()
        workbook = vault.read(release.workbook_sha256)
        reading = read_cpl(workbook)
        assert (reading.refusals, reading.label) == ((), release.label)
        listed = [(entry.number, entry.status, entry.values) for entry in artefacts.entries(release)]
        assert [(entry.number, entry.status, entry.values) for entry in reading.entries] == listed
        assert read_form(workbook, load(3)).version == (3, release.sub)
    assert list(records.releases_can_be_made_again()) == []
    assert list(records.files_are_as_published()) == []


def test_a_version_that_names_another_template_is_found() -> None:
    small_list()
    agreed()
    approved(model=901)
    release = published()
    Release.objects.filter(pk=release.pk).update(template_sha256=vault.put(OTHER))
    assert list(records.templates_are_as_agreed()) == [
        f"version {release.version}: was written with another template than it names"
    ]
    assert [line for line in records.releases_can_be_made_again() if "workbook" in line]
