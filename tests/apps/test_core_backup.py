"""The file of a backup: whatever was done to it since is found before anything is touched, and only an empty site takes it."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone

from core import audit, backup, crypto, vault
from core.models import Heartbeat, OutboxEvent
from tests.apps.test_core_vault import flip_last, stored_file
from tests.commands import called


def name_of(data: bytes, area: str = "vault") -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    return f"{area}/{sha256[:2]}/{sha256}"


PLAIN, SEALED = name_of(b"a certificate"), name_of(b"a mail", "red")
PARTS = {PLAIN: b"a certificate", SEALED: b"sealed bytes", backup.DATABASE: b"rows and rows"}


@pytest.fixture(autouse=True)
def house(settings: Any, tmp_path: Path) -> None:
    """A vault of its own, so that what other tests put there is not in the way."""
    settings.CPL_VAULT_DIR, settings.CPL_RED_DIR = tmp_path / "vault", tmp_path / "red"


def manifest(parts: dict[str, bytes] = PARTS, **other: Any) -> bytes:
    """What a backup with these parts says of itself."""
    said = {
        "format": 1,
        "taken_at": "2026-11-26T03:00:00+00:00",
        "program": "",
        "database": connection.vendor,
        "migrations": ["core.0001_initial"],
        "checkpoint": "",
        "demo": False,
        "about": {},
        "red_keys": [],
        "members": {name: [len(data), hashlib.sha256(data).hexdigest()] for name, data in parts.items()},
    }
    return json.dumps(said | other).encode()


def add(tar: tarfile.TarFile, name: str, data: bytes = b"", **more: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for word, value in more.items():
        setattr(member, word, value)
    tar.addfile(member, io.BytesIO(data))


def written(
    path: Path, parts: dict[str, bytes] = PARTS, said: bytes = b"", then: Callable[[tarfile.TarFile], None] | None = None
) -> Path:
    """A file with these parts and the manifest SAID; THEN puts more into it, before the manifest."""
    text = said or manifest()
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in parts.items():
            add(tar, name, data)
        if then:
            then(tar)
        add(tar, f"manifest-{hashlib.sha256(text).hexdigest()}.json", text)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.tar")


def places(path: Path) -> list[tuple[int, int, int]]:
    """Of each member: where its header begins, where its bytes begin, and where they end."""
    with tarfile.open(path) as tar:
        return [(member.offset, member.offset_data, member.offset_data + member.size) for member in tar]


def damaged(path: Path) -> tuple[str, ...]:
    """What is found wrong; nothing when all is well."""
    try:
        with backup.opened(path):
            return ()
    except backup.Damaged as found:
        return found.faults


def test_a_whole_one(good: Path) -> None:
    with backup.opened(good) as kept:
        assert set(kept.manifest.members) == set(PARTS)
        assert (kept.size, kept.sha256) == (good.stat().st_size, hashlib.sha256(good.read_bytes()).hexdigest())


def test_every_changed_byte_of_every_member_is_found(good: Path, tmp_path: Path) -> None:
    data, other = good.read_bytes(), tmp_path / "other.tar"
    for header, begin, end in places(good):
        for place in (*range(header, header + 512), *range(begin, end)):
            other.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
            in_checksum = 148 <= place - header < 156  # how a number is written, not what it is
            assert damaged(other) or in_checksum, (place, data[place])


def test_a_file_cut_off_anywhere_is_found(good: Path, tmp_path: Path) -> None:
    data, other = good.read_bytes(), tmp_path / "other.tar"
    *_, (_, _, end) = places(good)
    for length in (*range(0, end, 61), end - 1):
        other.write_bytes(data[:length])
        assert damaged(other), length


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_member_is_named(tmp_path: Path, name: str) -> None:
    rest = {other: data for other, data in PARTS.items() if other != name}
    assert damaged(written(tmp_path / "x.tar", rest)) == (f"{name}: is missing.",)


def test_a_member_too_many_is_named(tmp_path: Path) -> None:
    other = name_of(b"smuggled in")
    assert damaged(written(tmp_path / "x.tar", PARTS | {other: b"smuggled in"})) == (f"{other}: does not belong to it.",)


def test_without_a_database_it_is_none(tmp_path: Path) -> None:
    assert damaged(written(tmp_path / "x.tar", {}, manifest({}))) == ("it has no database.",)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x", "/etc/passwd", "vault/../../x", PLAIN.replace("vault/", "vault/../vault/"), f"./{PLAIN}",
        f"{PLAIN}/", PLAIN.upper(), f"vault/00/{PLAIN.rpartition('/')[2]}", f"keys/{PLAIN.rpartition('/')[2]}", "keys/red.key",
        "", "vault", "database\n", "manifest-1.json",
    ],
)  # fmt: skip
def test_no_other_name_is_taken(tmp_path: Path, name: str) -> None:
    faults = damaged(written(tmp_path / "x.tar", then=lambda tar: add(tar, name, b"x")))
    assert [fault for fault in faults if "has no place in a backup" in fault]


@pytest.mark.parametrize(
    "kind",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": PLAIN},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.CONTTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
    ],
    ids=str,
)
def test_nothing_but_files_is_taken(tmp_path: Path, kind: dict[str, Any]) -> None:
    parts = {name: data for name, data in PARTS.items() if name != SEALED}
    assert damaged(written(tmp_path / "x.tar", parts, then=lambda tar: add(tar, SEALED, **kind)))


def test_a_hole_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    holes = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(2**40), "GNU.sparse.map": "0,0"}
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, PLAIN, pax_headers=holes)
    assert damaged(path)


def test_nothing_is_there_twice_or_behind_the_end(tmp_path: Path) -> None:
    assert damaged(written(tmp_path / "x.tar", then=lambda tar: add(tar, PLAIN, PARTS[PLAIN])))
    text = manifest()
    end = f"manifest-{hashlib.sha256(text).hexdigest()}.json"
    assert damaged(written(tmp_path / "y.tar", then=lambda tar: add(tar, end, text)))


@pytest.mark.parametrize("said", [b"[]", b"{", b'{"format": 1}', b"\xff", manifest(surplus=1), manifest(members=3)])
def test_a_manifest_that_says_nothing(tmp_path: Path, said: bytes) -> None:
    assert damaged(written(tmp_path / "x.tar", said=said)) == ("its manifest says nothing that this program understands.",)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\0" * 10240, b"x" * 2000])
def test_what_is_no_backup_at_all(tmp_path: Path, good: Path, data: bytes) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(data)
    assert damaged(path)
    path.write_bytes(gzip.compress(good.read_bytes()))
    assert damaged(path)


# --- Where it may be put back --------------------------------------------------------------------------------------------


def refusal(path: Path) -> str:
    """Why this site does not take a backup; "" when it would."""
    try:
        with backup.opened(path) as kept:
            kept.refuse_elsewhere()
    except backup.Refused as fault:
        return str(fault)
    return ""


@pytest.mark.django_db
def test_an_empty_site_takes_it(good: Path) -> None:
    assert refusal(good) == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"format": 2}, "has format 2"),
        ({"database": "oracle"}, "a database on oracle"),
        ({"migrations": ["core.0099_later"]}, "does not know core.0099_later"),
    ],
)
def test_a_backup_from_elsewhere(tmp_path: Path, said: dict[str, Any], words: str) -> None:
    assert words in refusal(written(tmp_path / "x.tar", said=manifest(**said)))


USES: list[Callable[[], object]] = [
    lambda: get_user_model().objects.create_user("somebody@secas.example", None, name="Somebody"),
    lambda: audit.record(None, "x", "site"),
    lambda: OutboxEvent.objects.create(topic="t", key="k", handler="h", due_at=timezone.now()),
    lambda: Heartbeat.record("beat", timezone.now()),
]


@pytest.mark.django_db
@pytest.mark.parametrize("use", USES)
def test_a_site_in_use_is_left_alone(good: Path, use: Callable[[], object]) -> None:
    use()
    assert "This site is in use" in refusal(good)


@pytest.mark.django_db
def test_somebody_elses_database_is_left_alone(good: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE payroll (amount integer)")
    assert "something else (payroll)" in refusal(good)


@pytest.mark.django_db
@pytest.mark.parametrize("red", [False, True])
def test_evidence_that_is_not_in_the_backup_is_left_alone(good: Path, red: bool) -> None:
    vault.take_back(PLAIN.rpartition("/")[2], io.BytesIO(PARTS[PLAIN]))
    assert refusal(good) == ""
    assert vault.put(b"from later", red) in refusal(good)


@pytest.mark.django_db
def test_the_command_refuses_before_it_touches_anything(tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.tar", {PLAIN: PARTS[PLAIN]})
    code, out, err = called("restore", bad)
    assert (code, out) == (1, "")
    assert f"{bad}: {SEALED}: is missing.\n" in err
    assert called("restore", tmp_path / "nowhere.tar")[0] == 2
    assert called("restore", tmp_path)[0] == 2
    assert list(vault.names()) == []
    assert not (tmp_path / "vault" / "issued").exists()


def test_the_red_keys_that_it_needs_are_named(tmp_path: Path, settings: Any) -> None:
    path = written(tmp_path / "x.tar", said=manifest(red_keys=["0123456789abcdef", crypto.red_key_ids()[0]]))
    with backup.opened(path) as kept:
        assert kept.missing_keys() == ["0123456789abcdef"]
        settings.CPL_RED_KEY = "no key"
        with pytest.raises(ImproperlyConfigured):
            crypto.red_key_ids()
        with pytest.raises(backup.Refused, match="CPL_RED_KEY"):
            kept.missing_keys()


# --- Making one ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def out(transactional_db: None, tmp_path: Path) -> Path:
    """Where to, on a site with evidence in both areas."""
    vault.put(b"a certificate")
    vault.put(b"a mail", red=True)
    audit.record(None, "x", "site")
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "backup.tar"


def test_what_is_in_it_and_who_may_read_it(out: Path) -> None:
    code, text, _ = called("backup", "--out", out, "--json")
    said = json.loads(text)
    assert code == 0
    assert said["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert (said["bytes"], said["members"], said["damaged"]) == (out.stat().st_size, 4, [])  # and the checkpoint
    assert out.stat().st_mode & 0o777 == 0o600
    assert list(out.parent.iterdir()) == [out]
    with backup.opened(out) as kept:
        assert {PLAIN, SEALED, "database"} < set(kept.manifest.members)
        assert kept.manifest.red_keys == crypto.red_key_ids()[:1]
        assert "core.0001_initial" in kept.manifest.migrations
        assert vault.exists(kept.manifest.checkpoint)
    (entry,) = audit.trail(backup.TRAIL)
    assert (entry.verb, entry.detail["sha256"]) == ("backup.made", said["sha256"])


def test_it_never_takes_the_place_of_anything(out: Path) -> None:
    out.write_bytes(b"the backup of yesterday")
    assert called("backup", "--out", out)[0] == 2
    assert out.read_bytes() == b"the backup of yesterday"
    out.unlink()
    out.symlink_to(out.parent / "nowhere")
    assert called("backup", "--out", out)[0] == 2
    assert not out.exists()


def test_where_it_cannot_be_written(out: Path) -> None:
    code, _, err = called("backup", "--out", out.parent / "nowhere" / "backup.tar")
    assert (code, err.count("\n")) == (2, 1)
    assert "No such file" in err
    (out.parent / "backup.tar.unfinished").mkdir()
    code, _, err = called("backup", "--out", out)
    assert code == 2
    assert "delete that folder" in err
    assert not out.exists()


def test_without_the_clients_of_postgresql_it_says_what_to_install(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(out.parent))
    code, _, err = called("backup", "--out", out)
    assert (code, "apt install postgresql-client" in err) == ((2, True) if connection.vendor == "postgresql" else (0, False))
    assert list(out.parent.iterdir()) == ([] if code else [out])


def test_what_was_damaged_before_is_said_and_kept(out: Path) -> None:
    for name, red in ((PLAIN, False), (SEALED, True)):
        path = stored_file(name.rpartition("/")[2], red)
        path.chmod(0o600)
        path.write_bytes(flip_last(path.read_bytes()))
    code, _, err = called("backup", "--out", out)
    assert code == 1
    assert [line.partition(":")[0] for line in err.splitlines()] == [PLAIN, SEALED]
    assert damaged(out) == ()


def test_the_demo_says_so_after_restoring_too(out: Path) -> None:
    settings.CPL_DEMO_MARK.touch()
    try:
        assert json.loads(called("backup", "--out", out, "--json")[1])["demo"] is True
    finally:
        settings.CPL_DEMO_MARK.unlink()
