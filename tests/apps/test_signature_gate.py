"""The signature gate over stored workbooks: what passes, what stops, what a person may decide, and what is only a note."""

import datetime
import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Role
from core import audit, outbox
from submissions import gates
from submissions.domain.signature_findings import VALUES_DIFFER
from submissions.models import Revision, RevocationList, TrustAnchor
from submissions.services import deciding, receiving, revising, revocation, selfcheck, signatures, trust
from submissions.services.door import MoveRefused
from tests.builders.mails import mail
from tests.builders.pki import ORGANISATION, issue, revocation_list, rsa_key
from tests.builders.signing import sign, unsigned
from tests.builders.values import valid_values
from tests.builders.workbooks import form_workbook, rewrite
from tests.case_files import RED, VENDOR, VERSION, again, papers_for
from tests.people import person
from tests.trusting import EVIDENCE, authority, signed_workbook, trusted, with_image

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime.timedelta(days=1)


def arrived(data: bytes, values: dict[str, str], received_at: datetime.datetime | None = None) -> Any:
    """The case of a workbook that came by mail with its papers, after the gates have run."""
    raw = mail([("meter.xlsm", data), *papers_for(values)])
    [case] = receiving.receive_mail(raw, "mailbox", received_at=received_at).submissions
    outbox.drain(strict=True)
    return again(case)


def case_of(holder: Any, creator: str = ORGANISATION, **manner: Any) -> Any:
    values = with_image(creator, **RED)
    return arrived(signed_workbook(values, holder, **manner), values)


def run_of(case: Any) -> Any:
    return case.runs.filter(gate="signature").first()


def said(case: Any) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in run_of(case).findings.all()]


def run_again(case: Any, by: Any) -> Any:
    revising.run_again(by, case)
    outbox.drain(strict=True)
    return again(case)


# --- A Hash --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("holder", ["good", "good_ec"])
def test_signed_by_the_creator_passes_by_itself(holder: str) -> None:
    trusted()
    case = case_of(getattr(authority(), holder))
    assert (run_of(case).result, said(case)) == ("pass", [])
    assert case.state == "certificates_matched"  # the next check asks a person about a new maker


def test_what_the_gate_knows_is_kept_with_its_run() -> None:
    trusted()
    case = case_of(authority().good)
    detail = run_of(case).detail
    assert (detail["verdict"], detail["codes"], detail["creator_matches"]) == ("valid", [], True)
    assert detail["signer"]["organisation"] == detail["creator"] == ORGANISATION
    assert [name.partition(",")[0] for name in detail["chain"]] == ["CN=Test Issuing CA", "CN=Test Root CA"]
    assert "xl/worksheets/sheet2.xml" in detail["covers"]
    assert "docProps/core.xml" in detail["not_covered"]
    assert detail["workbook"] == case.revisions.get().workbook_sha256
    assert set(detail["held_against"]["lists"]) == set(RevocationList.objects.values_list("sha256", flat=True))
    assert TrustAnchor.objects.get().sha256 in detail["held_against"]["authorities"]
    assert detail["policy"]["revocation"] == "require"
    assert VENDOR not in json.dumps(detail)
    assert VERSION not in json.dumps(detail)


def test_without_a_signature_it_fails() -> None:
    trusted()
    values = with_image(ORGANISATION)
    case = arrived(form_workbook(values), values)
    assert (run_of(case).result, said(case)) == ("fail", [("NO_SIGNATURE", "error")])
    assert case.state == "validated"
    assert run_of(case).detail["verdict"] == "unsigned"


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        ("revoked", "CERT_REVOKED"),
        ("untrusted", "CERT_UNTRUSTED"),
        ("self_signed", "CERT_UNTRUSTED"),
        ("expired", "CERT_EXPIRED"),
        ("not_yet_valid", "CERT_NOT_YET_VALID"),
        ("wrong_usage", "CERT_USAGE"),
        ("no_organisation", "ORG_MISSING"),
        ("other_organisation", "ORG_MISMATCH"),
    ],
)
def test_a_signature_that_is_not_good_enough_is_an_error_nobody_can_accept(holder: str, code: str) -> None:
    trusted()
    case = case_of(getattr(authority(), holder))
    assert run_of(case).result == "fail"
    assert (code, "error") in said(case)
    assert case.state == "validated"
    finding = run_of(case).findings.get(rule=code)
    assert finding.guidance in {"8.2", "Appendix 2"}
    with pytest.raises(MoveRefused, match="error cannot be overridden"):
        deciding.decide(person(Role.ANALYST), case, finding, "accepted", "I know them")


def test_both_names_stand_side_by_side() -> None:
    trusted()
    case = case_of(authority().other_organisation)
    finding = run_of(case).findings.get(rule="ORG_MISMATCH")
    assert "'Example Meters Ltd'" in finding.message
    assert "'Example Meters Limited'" in finding.message
    assert "legal form" in finding.message
    assert (finding.attribute, finding.cell.partition("!")[0]) == ("creator", "CPL - New Entry")


def test_a_workbook_changed_after_signing_fails() -> None:
    trusted()
    values = with_image(ORGANISATION)
    data = signed_workbook(values, authority().good)
    sheet = "xl/sharedStrings.xml"
    changed = rewrite(data, {sheet: lambda body: body.replace(b"Complete image", b"Another  image")})
    assert changed != data
    case = arrived(changed, values)
    assert said(case) == [("MAN_DIGEST", "error")]
    assert "changed after it was signed" in run_of(case).findings.get().message


def test_nobody_is_trusted_until_two_people_say_so() -> None:
    case = case_of(authority().good)
    assert said(case) == [("CERT_UNTRUSTED", "error")]
    first, second = trusted()
    outbox.drain(strict=True)  # the site itself has the case checked again
    assert (run_of(case).result, again(case).state) == ("pass", "certificates_matched")
    trust.retire(first, trust.ask_to_retire(second, TrustAnchor.objects.get(), "Compromised"))
    outbox.drain(strict=True)
    assert (said(case), again(case).state) == ([("CERT_UNTRUSTED", "error")], "validated")


def test_what_ended_takes_an_approval_back_and_leaves_other_cases_alone() -> None:
    first, second = trusted()
    record = allow(first, second, "Example Meters Limited")
    analyst, approver = person(Role.ANALYST), person(Role.APPROVER)
    values = {name: with_image(ORGANISATION, number) for name, number in (("own", 1), ("other", 2))}
    own = arrived(signed_workbook(values["own"], authority().good), values["own"])
    other = arrived(signed_workbook(values["other"], authority().other_organisation), values["other"])
    for case in (own, other):
        for finding in case.runs.get(gate="duplicates").findings.filter(severity="warning"):
            deciding.decide(analyst, case, finding, "accepted", "Compared")
        deciding.approve(approver, again(case))
    trust.retire(first, trust.ask_to_retire(second, record, "MP168 is in force"))
    outbox.drain(strict=True)
    assert (again(own).state, again(other).state) == ("approved", "validated")
    assert again(other).change is None
    assert audit.trail(other).filter(verb="case.take_back").exists()
    assert "no longer in force" in audit.trail(other).filter(verb="case.revise").last().detail["reason"]


# --- What a person may decide ------------------------------------------------------------------------------------------
def test_a_missing_list_is_our_business_and_a_person_may_decide() -> None:
    trusted(lists=False)
    case = case_of(authority().good)
    assert (run_of(case).result, said(case)) == ("decide", [("CRL_UNAVAILABLE", "warning")])
    analyst = person(Role.ANALYST)
    deciding.decide(analyst, case, run_of(case).findings.get(), "accepted", "Authority's website: not revoked")
    assert again(case).state == "signature_checked"
    entry = audit.trail(case).get(verb="case.decided")
    assert (entry.detail["rule"], entry.detail["reason"]) == ("CRL_UNAVAILABLE", "Authority's website: not revoked")


def test_lists_that_arrive_later_settle_it_without_anybody() -> None:
    trusted(lists=False)
    case = case_of(authority().good)
    outbox.drain(strict=True)
    for data in authority().lists:
        revocation.load_crl(data)
    outbox.drain(strict=True)
    assert (run_of(case).result, said(case)) == ("pass", [])


def test_a_signer_found_on_a_newer_list_stops_a_case_that_had_passed() -> None:
    pki = authority()
    trusted()
    outbox.drain(strict=True)
    case, other = case_of(pki.good), case_of(pki.good_ec)
    later = revocation_list(
        pki.intermediate, (pki.good.certificate, pki.good_ec.certificate), issued=pki.at - DAY / 2, revoked_on=pki.at + DAY
    )
    revocation.load_crl(later)  # revoked after receipt: that is of no consequence
    outbox.drain(strict=True)
    assert [again(each).state for each in (case, other)] == ["certificates_matched"] * 2
    assert case.runs.filter(gate="signature").count() == 1
    for part in (4, 8):  # the second one tells nothing new
        data = revocation_list(pki.intermediate, (pki.good.certificate,), issued=pki.at - DAY / part, revoked_on=pki.at - DAY)
        revocation.load_crl(data)
        outbox.drain(strict=True)
        assert (said(case), again(case).state) == ([("CERT_REVOKED", "error")], "validated")
        assert case.runs.filter(gate="signature").count() == 2
    assert other.runs.filter(gate="signature").count() == 1


def test_a_missing_list_hides_nothing_else() -> None:
    """The check of a chain ends at the first list that is missing; what is wrong below must be said all the same."""
    trusted(lists=False)
    pki = authority()
    foreign = replace(pki.intermediate, key=rsa_key(number=9))
    forged = issue("Image Creator", issuer=foreign, validity=pki.year)
    case = case_of(forged)
    assert run_of(case).result == "fail"
    assert ("CERT_UNTRUSTED", "error") in said(case)
    revocation.load_crl(pki.lists[1])  # that of the issuing authority; the root's is still missing
    case = case_of(pki.revoked)
    assert ("CERT_REVOKED", "error") in said(case)


def test_soft_fail_is_a_setting_and_leaves_a_note(settings: Any) -> None:
    settings.CPL_SIGNATURE_REVOCATION = "soft-fail"
    trusted(lists=False)
    case = case_of(authority().good)
    assert (run_of(case).result, said(case)) == ("pass", [("REVOCATION_UNKNOWN", "info")])
    assert run_of(case).detail["policy"]["revocation"] == "soft-fail"


def test_sha1_is_refused_and_with_the_setting_a_person_decides(settings: Any) -> None:
    trusted()
    case = case_of(authority().good, digest="sha1")
    assert (run_of(case).result, said(case)) == ("fail", [("WEAK_ALGORITHM", "error")])
    settings.CPL_SIGNATURE_ALLOW_SHA1 = True
    case = run_again(case, person(Role.ANALYST))
    assert (run_of(case).result, said(case)) == ("decide", [("SHA1_ALLOWED", "warning")])
    deciding.decide(person(Role.ANALYST), case, run_of(case).findings.get(), "accepted", "Old token, telephoned the maker")
    assert again(case).state == "signature_checked"


def test_usages_are_a_setting(settings: Any) -> None:
    settings.CPL_SIGNATURE_USAGES = ["1.3.6.1.5.5.7.3.1"]
    trusted()
    assert said(case_of(authority().good)) == [("CERT_USAGE", "error")]


# --- Authorisations ------------------------------------------------------------------------------------------------------
def allow(first: Any, second: Any, organisation: str, **days: Any) -> Any:
    return trust.approve(second, trust.propose_authorisation(first, ORGANISATION, organisation, EVIDENCE, **days))


def test_an_authorised_organisation_may_sign_for_the_creator() -> None:
    first, second = trusted()
    record = allow(first, second, "Example Meters Limited", valid_from=timezone.localdate() - 30 * DAY)
    case = case_of(authority().other_organisation)
    assert (run_of(case).result, said(case)) == ("pass", [("ORG_MISMATCH", "info")])
    finding = run_of(case).findings.get()
    assert "'Example Meters Limited'" in finding.message
    assert f"authorised to sign for the other from {record.valid_from:%d/%m/%Y}" in finding.message
    assert finding.guidance == "7.5"
    kept = run_of(case).detail["authorisation"]
    assert (kept["record"], kept["evidence"], kept["agreed_by"]) == (record.pk, EVIDENCE, [str(first), str(second)])
    assert EVIDENCE not in finding.message  # what SECAS noted down is not for the submitter


def test_an_authorisation_heals_nothing_else_and_counts_on_its_days_only() -> None:
    first, second = trusted()
    today = timezone.localdate()
    record = allow(first, second, "Example Meters Limited", valid_from=today - 30 * DAY, valid_to=today - DAY)
    case = case_of(authority().other_organisation)
    assert said(case) == [("ORG_MISMATCH", "error")]
    type(record).objects.filter(pk=record.pk).update(valid_to=None)
    analyst = person(Role.ANALYST)
    assert run_of(run_again(case, analyst)).result == "pass"
    trust.retire(second, trust.ask_to_retire(first, record, "MP168 is in force"))
    assert said(run_again(case, analyst)) == [("ORG_MISMATCH", "error")]
    allow(first, second, "Revoked Signing Ltd")
    untrusted = issue("X", ("Revoked Signing Ltd",), issuer=authority().foreign, validity=authority().year)
    assert said(case_of(untrusted)) == [("ORG_MISMATCH", "info"), ("CERT_UNTRUSTED", "error")]


def test_an_authorisation_for_one_signature_hides_no_other() -> None:
    first, second = trusted()
    allow(first, second, "Example Meters Limited")
    values = with_image(ORGANISATION)
    stranger = authority().signer(organisations=("Somebody Else Ltd",))
    for order in ((authority().other_organisation, stranger), (stranger, authority().other_organisation)):
        data = sign(signed_workbook(values, order[0]), order[1], signed_at=authority().at)
        case = arrived(data, values)
        assert run_of(case).result == "fail"
        assert ("ORG_MISMATCH", "error") in said(case)


# --- The signed values -----------------------------------------------------------------------------------------------
def test_the_values_of_the_case_must_be_those_that_were_signed() -> None:
    trusted()
    case = case_of(authority().good)
    revision = case.revisions.get()
    firmware = "Device_Model.firmware_version"
    Revision.objects.filter(pk=revision.pk).update(values=revision.values | {firmware: "03:00:01:99"})
    case = run_again(case, person(Role.ANALYST))
    assert said(case) == [(VALUES_DIFFER, "error")]
    finding = run_of(case).findings.get()
    assert (finding.attribute, finding.cell.rpartition("!")[2][:1]) == ("firmware_version", "G")
    assert "'03:00:01:99' stands in the case" in finding.message
    assert revision.values[firmware] in finding.message


def test_red_values_are_compared_and_never_shown() -> None:
    trusted()
    values = with_image(ORGANISATION, **RED)
    data = signed_workbook(values, authority().good)
    other = values | {"Device_ZigBee_Information_Repository.Stack_Version": "CANARY-99.9"}
    today = timezone.localdate()
    came, elsewhere = gates.read_workbook(data, today), gates.read_workbook(form_workbook(other), today)
    assert gates.differing_keys(came.masked, came, came) == frozenset()
    elsewhere_with_cells = replace(came, reading=replace(came.reading, cells=elsewhere.reading.cells))
    answer = gates.signature(came.masked, data, elsewhere_with_cells, signatures.basis(timezone.now()))
    assert [(finding.rule, finding.attribute) for finding in answer.findings] == [(VALUES_DIFFER, "Stack_Version")]
    for value in (VERSION, "CANARY-99.9", VENDOR):
        assert value not in json.dumps([finding.message + finding.value for finding in answer.findings] + [answer.detail])


def test_a_form_that_is_not_among_the_signed_parts_is_refused() -> None:
    trusted()
    values = with_image(ORGANISATION)
    other = sign(form_workbook(values, sheet_name="Another tab"), authority().good, signed_at=authority().at)
    came = gates.read_workbook(form_workbook(values), timezone.localdate())
    came = replace(came, reading=replace(came.reading, signed=True))
    answer = gates.signature(came.masked, other, came, signatures.basis(timezone.now()))
    assert [finding.rule for finding in answer.findings] == [VALUES_DIFFER]
    assert "cannot be read from what the signature covers" in answer.findings[0].message


# --- No Hash ---------------------------------------------------------------------------------------------------------
def test_without_a_hash_nothing_has_to_be_signed() -> None:
    values = valid_values()
    case = arrived(form_workbook(values), values)
    assert (run_of(case).result, said(case), run_of(case).detail) == ("not_applicable", [], {})
    assert case.state == "certificates_matched"


@pytest.mark.parametrize("holder", ["good", "untrusted", "revoked"])
def test_a_signature_without_a_hash_is_judged_and_stops_nothing(holder: str) -> None:
    trusted()
    values = valid_values()
    case = arrived(signed_workbook(values, getattr(authority(), holder)), values)
    assert run_of(case).result == "not_applicable"
    assert {severity for _, severity in said(case)} <= {"info"}
    assert bool(said(case)) is (holder != "good" or values["Manufacturer_Image.creator"] != ORGANISATION)
    assert run_of(case).detail["verdict"] == ("valid" if holder == "good" else "untrusted")
    assert case.state == "certificates_matched"


# --- Time ------------------------------------------------------------------------------------------------------------
def test_the_time_of_receipt_counts_not_that_of_the_check() -> None:
    pki = authority()
    trusted()
    short = pki.signer(validity=(pki.at - 60 * DAY, pki.at - 20 * DAY))
    revocation.load_crl(revocation_list(pki.root, issued=pki.at - 31 * DAY))
    revocation.load_crl(revocation_list(pki.intermediate, issued=pki.at - 31 * DAY))
    values = with_image(ORGANISATION)
    received = pki.at - 25 * DAY
    data = signed_workbook(values, short, signed_at=received - DAY)
    assert said(arrived(data, values, received_at=received)) == []
    report = selfcheck.check("meter.xlsm", data, [], timezone.localdate())
    assert "CERT_EXPIRED" in [finding["rule"] for finding in report["gates"][1]["findings"]]


# --- The same answer elsewhere -------------------------------------------------------------------------------------------
def test_self_check_and_command_give_the_answer_of_the_gate(tmp_path: Any, capsys: Any) -> None:
    trusted()
    values = with_image(ORGANISATION)
    for data, codes in (
        (signed_workbook(values, authority().good), []),
        (signed_workbook(values, authority().other_organisation), ["ORG_MISMATCH"]),
        (unsigned(signed_workbook(values, authority().good)), ["NO_SIGNATURE"]),
    ):
        report = selfcheck.check("meter.xlsm", data, [], timezone.localdate())
        gate = report["gates"][1]
        assert ([finding["rule"] for finding in gate["findings"]], gate["result"]) == (codes, "fail" if codes else "pass")
        path = tmp_path / "meter.xlsm"
        path.write_bytes(data)
        with pytest.raises(SystemExit, match="1"):  # the papers are missing
            call_command("check_submission", str(path), as_json=True)
        told = json.loads(capsys.readouterr().out)["gates"][1]
        assert [finding["rule"] for finding in told["findings"]] == codes
