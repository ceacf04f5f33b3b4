"""The two keys: what they seal opens only unchanged and in its place; what they sign openssl verifies."""

import base64
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from core import crypto


@pytest.fixture
def keys(settings, tmp_path: Path):
    """An embedded site with a key folder of its own."""
    settings.CPL_KEY_DIR = tmp_path / "keys"
    settings.CPL_RELEASE_KEY = settings.CPL_RED_KEY = ""
    settings.EMBEDDED = True
    return settings


def new_red_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@given(st.text(), st.text())
def test_what_was_sealed_opens_again(text: str, context: str) -> None:
    assert crypto.decrypt(memoryview(crypto.encrypt(text, context)), context) == text


@given(st.binary(max_size=200), st.data())
def test_any_changed_bit_is_refused(data: bytes, choice: st.DataObject) -> None:
    blob = bytearray(crypto.encrypt_bytes(data, "here"))
    bit = choice.draw(st.integers(0, 8 * len(blob) - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises((crypto.Unreadable, crypto.UnknownKey)):
        crypto.decrypt_bytes(bytes(blob), "here")


@given(st.binary(max_size=60))
def test_bytes_never_sealed_are_refused(blob: bytes) -> None:
    with pytest.raises((crypto.Unreadable, crypto.UnknownKey)):
        crypto.decrypt_bytes(blob, "here")


def test_sealed_for_one_place_does_not_open_in_another(keys) -> None:
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(crypto.encrypt("Acme Stack", "stack:7:vendor"), "stack:7:version")


def test_equal_texts_do_not_look_equal_and_nothing_of_them_shows(keys) -> None:
    one, other = crypto.encrypt("Acme Stack", "x"), crypto.encrypt("Acme Stack", "x")
    assert one != other
    assert b"Acme" not in one
    assert len(one) == len("Acme Stack") + crypto.OVERHEAD


def test_a_new_red_key_in_front_opens_old_seals_and_makes_new_ones(keys) -> None:
    old, new = new_red_key(), new_red_key()
    keys.CPL_RED_KEY = old
    before = crypto.encrypt("kept", "x")
    keys.CPL_RED_KEY = f"{new},{old}"
    after = crypto.encrypt("kept", "x")
    assert crypto.decrypt(before, "x") == crypto.decrypt(after, "x") == "kept"
    keys.CPL_RED_KEY = new
    assert crypto.decrypt(after, "x") == "kept"
    with pytest.raises(crypto.UnknownKey):
        crypto.decrypt(before, "x")


def test_an_embedded_site_makes_its_keys_once_for_its_owner_alone(keys) -> None:
    sealed, name = crypto.encrypt("kept", "x"), crypto.key_id()
    files = sorted(Path(keys.CPL_KEY_DIR).iterdir())
    assert [file.name for file in files] == ["red.key", "release.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    crypto._parse_red_keys.cache_clear()
    crypto._parse_release_key.cache_clear()
    assert crypto.decrypt(sealed, "x") == "kept"
    assert crypto.key_id() == name


def test_many_at_once_end_up_with_one_key(keys) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: crypto.key_id(), range(40)))
    assert len(names) == 1
    assert [file.name for file in Path(keys.CPL_KEY_DIR).iterdir()] == ["release.pem"]


def test_a_production_site_makes_no_keys(keys) -> None:
    keys.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured, match="CPL_RED_KEY"):
        crypto.encrypt("x", "x")
    with pytest.raises(ImproperlyConfigured, match="CPL_RELEASE_KEY"):
        crypto.sign(b"x")
    assert not Path(keys.CPL_KEY_DIR).exists()


@pytest.mark.parametrize("key", ["too short", base64.b64encode(b"x" * 31).decode(), "é", ","])
def test_a_wrong_red_key_is_named_without_showing_it(keys, key: str) -> None:
    keys.CPL_RED_KEY = key
    with pytest.raises(ImproperlyConfigured, match="32 bytes in base64") as refusal:
        crypto.encrypt("x", "x")
    assert "too short" not in str(refusal.value)


def test_a_release_key_of_another_kind_is_refused(keys, tmp_path: Path) -> None:
    keys.CPL_RELEASE_KEY = openssl("genpkey", "-algorithm", "x25519").decode()
    with pytest.raises(ImproperlyConfigured, match="Ed25519"):
        crypto.sign(b"x")


def openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def test_a_signature_verifies_with_nothing_but_openssl(keys, tmp_path: Path) -> None:
    data, signature, public = tmp_path / "manifest.json", tmp_path / "manifest.sig", tmp_path / "key.pem"
    data.write_bytes(b'{"version": "3.012"}')
    signature.write_bytes(crypto.sign(data.read_bytes()))
    public.write_text(crypto.public_key_pem())
    verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(public), "-sigfile", str(signature), "-in", str(data)]
    assert b"Verified Successfully" in openssl(*verify)
    data.write_bytes(b'{"version": "3.013"}')
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify)


def test_an_openssl_key_signs_and_its_public_half_only_verifies(keys) -> None:
    keys.CPL_RELEASE_KEY = openssl("genpkey", "-algorithm", "ed25519").decode()
    signature, pem, name = crypto.sign(b"list"), crypto.public_key_pem(), crypto.key_id()
    keys.CPL_RELEASE_KEY = pem
    assert (crypto.public_key_pem(), crypto.key_id()) == (pem, name)
    assert crypto.verify(b"list", signature, pem)
    with pytest.raises(crypto.NoPrivateKey):
        crypto.sign(b"list")


def test_verify_says_no_to_anything_else(keys) -> None:
    signature, pem = crypto.sign(b"list"), crypto.public_key_pem()
    keys.CPL_RELEASE_KEY = openssl("genpkey", "-algorithm", "ed25519").decode()
    other_kind = subprocess.run(
        ["openssl", "pkey", "-pubout"], input=openssl("genpkey", "-algorithm", "x25519"), check=True, capture_output=True
    ).stdout.decode()
    assert crypto.verify(b"list", signature, pem)
    assert not crypto.verify(b"List", signature, pem)
    assert not crypto.verify(b"list", signature[:-1] + bytes([signature[-1] ^ 1]), pem)
    assert not crypto.verify(b"list", b"", pem)
    assert not crypto.verify(b"list", signature, crypto.public_key_pem())
    assert not crypto.verify(b"list", signature, other_kind)
    assert not crypto.verify(b"list", signature, "no key")
