"""The vault: same bytes, same name; nothing half; whatever is not what was put there is found."""

import base64
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core import records, vault

DATA = b"Device_Model,10:63," * 500
AREAS = pytest.mark.parametrize("red", [False, True], ids=["plain", "red"])


@pytest.fixture(autouse=True)
def house(settings, tmp_path: Path):
    """A vault of its own for each test."""
    settings.CPL_VAULT_DIR, settings.CPL_RED_DIR = tmp_path / "vault", tmp_path / "red"
    settings.CPL_KEY_DIR, settings.CPL_RED_KEY = tmp_path / "keys", ""
    return settings


def stored_file(sha256: str, red: bool) -> Path:
    return vault._path(sha256, red)


@AREAS
def test_bytes_come_back_under_their_hash(red: bool) -> None:
    name = vault.put(DATA, red)
    assert name == hashlib.sha256(DATA).hexdigest()
    assert vault.read(name, red) == DATA
    with vault.open(name, red) as stream:
        assert stream.read() == DATA
    assert vault.size(name, red) == len(DATA)
    assert vault.exists(name, red)
    assert not vault.exists(name, not red)
    assert list(vault.names(red)) == [name]
    assert list(vault.names(not red)) == []


@given(st.binary(max_size=5000), st.booleans())
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_bytes_come_back(data: bytes, red: bool) -> None:
    assert vault.read(vault.put(data, red), red) == data


@AREAS
def test_the_same_bytes_are_kept_once_and_nobody_may_write_to_them(red: bool) -> None:
    file = stored_file(vault.put(DATA, red), red)
    before = file.stat()
    vault.put(DATA, red)
    assert file.stat().st_ino == before.st_ino
    assert stat.S_IMODE(before.st_mode) == 0o400
    assert list(file.parent.parent.joinpath(vault.INCOMING).iterdir()) == []


def test_nothing_of_red_bytes_shows_on_the_disk() -> None:
    file = stored_file(vault.put(b"Stack_Vendor=RED-5e1f" * 50, red=True), red=True)
    assert b"RED-5e1f" not in file.read_bytes()


def flip_first(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def flip_last(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def cut(data: bytes) -> bytes:
    return data[:-1]


def empty(data: bytes) -> bytes:
    return b""


def lengthen(data: bytes) -> bytes:
    return data + b"\0"


@AREAS
@pytest.mark.parametrize("damage", [flip_first, flip_last, cut, empty, lengthen])
def test_damage_is_found_named_and_healed_by_the_right_bytes(red: bool, damage: Callable[[bytes], bytes]) -> None:
    name = vault.put(DATA, red)
    good = vault.put(b"untouched", red)
    file = stored_file(name, red)
    file.chmod(0o600)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(vault.Damaged):
        vault.read(name, red)
    with pytest.raises(vault.Damaged):
        vault.open(name, red)
    found = list(records.vault_is_intact())
    assert len(found) == 1
    assert name in found[0]
    assert vault.read(good, red) == b"untouched"
    vault.put(DATA, red)
    assert vault.read(name, red) == DATA
    assert list(records.vault_is_intact()) == []


@AREAS
def test_bytes_moved_to_another_name_are_found(red: bool) -> None:
    one, other = vault.put(b"one", red), vault.put(b"other", red)
    stored_file(one, red).replace(stored_file(other, red))
    with pytest.raises(vault.Damaged):
        vault.read(other, red)
    with pytest.raises(vault.Missing):
        vault.read(one, red)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "0" * 64 + "\n", "G" * 64, "A" * 64, "0" * 64])
@AREAS
def test_what_was_never_put_there_is_missing(name: str, red: bool) -> None:
    for ask in (vault.read, vault.open, vault.size):
        with pytest.raises(vault.Missing):
            ask(name, red)


def test_another_red_key_is_said_so_and_old_keys_still_open(house) -> None:
    keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    house.CPL_RED_KEY = keys[0]
    name = vault.put(DATA, red=True)
    house.CPL_RED_KEY = keys[1]
    with pytest.raises(vault.Sealed):
        vault.read(name, red=True)
    assert "RED key this site does not have" in next(records.vault_is_intact())
    house.CPL_RED_KEY = f"{keys[1]} {keys[0]}"
    assert vault.read(name, red=True) == DATA


def test_an_area_that_takes_nothing_is_found_out(house) -> None:
    assert vault.writable()
    folder = Path(house.CPL_RED_DIR) / vault.INCOMING
    folder.rmdir()
    folder.write_text("in the way")
    assert not vault.writable()
    with pytest.raises(OSError):
        vault.put(DATA, red=True)


def child(house, code: str) -> subprocess.Popen:
    """Another process of the same site."""
    places = {
        "CPL_VAULT_DIR": str(house.CPL_VAULT_DIR),
        "CPL_RED_DIR": str(house.CPL_RED_DIR),
        "CPL_KEY_DIR": str(house.CPL_KEY_DIR),
    }
    # No apps: the vault needs settings only, and the process is to be quick.
    start = (
        "from django.conf import settings; from pathlib import Path; import os\n"
        "settings.configure(EMBEDDED=True, CPL_RED_KEY='', **{name: os.environ[name] for name in "
        "('CPL_VAULT_DIR', 'CPL_RED_DIR', 'CPL_KEY_DIR')})\nfrom core import vault\n"
    )
    return subprocess.Popen([sys.executable, "-c", start + code], env=os.environ | places, stdout=subprocess.PIPE, text=True)


KILLED_AT_EVERY_STEP = """
import sys
vault.put(b"first", red=RED)  # folders and keys are there
step, killed = 0, True
while killed:
    step += 1
    if not (pid := os.fork()):
        steps = 0
        def die(frame, event, argument):
            global steps
            steps += 1
            if steps == step:
                os.kill(os.getpid(), 9)
            return die
        sys.settrace(die)
        vault.put(step.to_bytes(4) * 1000, red=RED)
        sys.settrace(None)
        os._exit(0)
    killed = os.waitpid(pid, 0)[1] == 9
print(step)
"""


@AREAS
def test_a_writer_killed_at_any_step_leaves_no_half_file(house, red: bool) -> None:
    """One process after the other, each killed one executed line later than the one before, until one lives to the end."""
    writer = child(house, KILLED_AT_EVERY_STEP.replace("RED", str(red)))
    output, _ = writer.communicate(timeout=100)
    steps = int(output)
    assert steps > 50
    assert list(records.vault_is_intact()) == []
    held = set(vault.names(red))
    assert hashlib.sha256(steps.to_bytes(4) * 1000).hexdigest() in held
    assert vault.tidy(older_than=-1) > 0
    assert vault.tidy(older_than=-1) == 0
    assert set(vault.names(red)) == held


def test_a_full_disk_is_an_error_and_leaves_nothing(house) -> None:
    writer = child(
        house, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nvault.put(bytes(10**6))"
    )
    output, _ = writer.communicate()
    assert writer.returncode == 1
    assert list(vault.names()) == []
    assert list((Path(house.CPL_VAULT_DIR) / vault.INCOMING).iterdir()) == []


def test_only_old_leftovers_are_tidied(house) -> None:
    name = vault.put(DATA)
    incoming = Path(house.CPL_VAULT_DIR) / vault.INCOMING
    (incoming / "old").write_bytes(b"half")
    os.utime(incoming / "old", (0, 0))
    (incoming / "being written").write_bytes(b"half")
    assert vault.tidy() == 1
    assert [file.name for file in incoming.iterdir()] == ["being written"]
    assert vault.read(name) == DATA
