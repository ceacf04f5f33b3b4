"""`verify_records`: every check runs, whatever the others find, and the exit code says how it went."""

import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.utils import timezone

from core import audit, records, vault
from core.models import OutboxEvent
from tests.apps.test_core_vault import stored_file

pytestmark = pytest.mark.django_db
CANARY = "RED-7c11fa"


@pytest.fixture(autouse=True)
def house(settings, tmp_path, monkeypatch) -> None:
    """A vault of its own, and only the checks of the ground floor."""
    settings.CPL_VAULT_DIR, settings.CPL_RED_DIR = tmp_path / "vault", tmp_path / "red"
    own = {name: check for name, check in records._checks.items() if check.__module__ == "core.records"}
    monkeypatch.setattr(records, "_checks", own)


def verify(capsys, *arguments: str) -> tuple[int, str]:
    try:
        call_command("verify_records", *arguments)
        code = 0
    except SystemExit as leaving:
        code = leaving.code
    return code, capsys.readouterr().out


def test_all_good(capsys) -> None:
    vault.put(b"evidence")
    vault.put(b"mail", red=True)
    audit.record(None, "x", "site")
    assert verify(capsys) == (0, "3 checks, 0 findings\n")
    code, output = verify(capsys, "--json")
    assert (code, json.loads(output)) == (0, {"verdict": "good", "checks": ["vault", "audit trail", "outbox"], "problems": []})


def test_findings_of_all_rooms_in_one_document(capsys) -> None:
    for red in (False, True):
        file = stored_file(vault.put(b"evidence", red), red)
        file.chmod(0o600)
        file.write_bytes(b"other")
    OutboxEvent.objects.create(topic="t", key="k", handler="h", due_at=timezone.now(), dead_at=timezone.now())
    code, output = verify(capsys, "--json")
    document = json.loads(output)
    assert (code, document["verdict"]) == (1, "findings")
    assert [(problem["check"], problem["fault"]) for problem in document["problems"]] == [
        ("vault", False),
        ("vault", False),
        ("outbox", False),
    ]
    code, output = verify(capsys)
    assert code == 1
    assert output.endswith("3 checks, 3 findings\n")


def test_a_broken_check_is_a_fault_and_hides_neither_what_it_found_nor_the_others(capsys) -> None:
    @records.check("broken")
    def broken() -> Iterator[str]:
        yield "one finding"
        raise ValueError(CANARY)

    @records.check("after it")
    def after_it() -> list[str]:
        return ["another finding"]

    code, output = verify(capsys, "--json")
    assert code == 3
    assert CANARY not in output
    assert [problem["message"].split(" (")[0] for problem in json.loads(output)["problems"]] == [
        "one finding",
        "could not be carried out",
        "another finding",
    ]


def test_two_checks_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="already"):
        records.check("vault")(list)
