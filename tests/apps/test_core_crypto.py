"""The two keys: what they seal opens only unchanged and in its place; what they sign openssl verifies."""

import base64
import hashlib
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
    sealed, name = crypto.encrypt("kept", "x"), only()
    files = sorted(Path(keys.CPL_KEY_DIR).iterdir())
    assert [file.name for file in files] == ["red.key", "release.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    crypto._parse_red_keys.cache_clear()
    crypto._parse_release_keys.cache_clear()
    assert crypto.decrypt(sealed, "x") == "kept"
    assert only() == name


def test_many_at_once_end_up_with_one_key(keys) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: only(), range(40)))
    assert len(names) == 1
    assert [file.name for file in Path(keys.CPL_KEY_DIR).iterdir()] == ["release.pem"]


def test_a_production_site_makes_no_keys(keys) -> None:
    keys.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured, match="CPL_RED_KEY"):
        crypto.encrypt("x", "x")
    assert crypto.held() == {}
    with pytest.raises(crypto.NoPrivateKey, match="CPL_RELEASE_KEY"):
        crypto.sign(b"x", "0123456789abcdef")
    assert not Path(keys.CPL_KEY_DIR).exists()


@pytest.mark.parametrize("key", ["too short", base64.b64encode(b"x" * 31).decode(), "é", ","])
def test_a_wrong_red_key_is_named_without_showing_it(keys, key: str) -> None:
    keys.CPL_RED_KEY = key
    with pytest.raises(ImproperlyConfigured, match="32 bytes in base64") as refusal:
        crypto.encrypt("x", "x")
    assert "too short" not in str(refusal.value)


def openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def new_release_key() -> str:
    return openssl("genpkey", "-algorithm", "ed25519").decode()


def only() -> str:
    """The id of the one release key there is."""
    (name,) = crypto.held()
    return name


def test_a_release_key_of_another_kind_or_half_a_key_is_refused(keys) -> None:
    good = new_release_key()
    (public,) = held_with(keys, good).values()
    for wrong in (
        openssl("genpkey", "-algorithm", "x25519").decode(),
        public,
        "no key",
        good[:-30],
        good + "and more",
        good + public,
    ):
        keys.CPL_RELEASE_KEY = wrong
        with pytest.raises(ImproperlyConfigured, match="Ed25519"):
            crypto.held()


def held_with(keys, text: str) -> dict[str, str]:
    keys.CPL_RELEASE_KEY = text
    return crypto.held()


def test_a_signature_verifies_with_nothing_but_openssl(keys, tmp_path: Path) -> None:
    data, signature, public = tmp_path / "manifest.json", tmp_path / "manifest.sig", tmp_path / "key.pem"
    data.write_bytes(b'{"version": "3.012"}')
    signature.write_bytes(crypto.sign(data.read_bytes(), only()))
    public.write_text(crypto.held()[only()])
    verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(public), "-sigfile", str(signature), "-in", str(data)]
    assert b"Verified Successfully" in openssl(*verify)
    data.write_bytes(b'{"version": "3.013"}')
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify)


def test_a_key_is_known_by_the_fingerprint_that_openssl_tells(keys, tmp_path: Path) -> None:
    private = new_release_key()
    (tmp_path / "private.pem").write_text(private)
    pem = openssl("pkey", "-in", str(tmp_path / "private.pem"), "-pubout").decode()
    der = openssl("pkey", "-in", str(tmp_path / "private.pem"), "-pubout", "-outform", "DER")
    assert crypto.fingerprint(pem) == hashlib.sha256(der).hexdigest()
    assert held_with(keys, private) == {crypto.key_id(pem): pem}
    assert crypto.key_id("no key") == crypto.fingerprint("no key") == ""


def test_of_several_keys_each_signs_by_its_name(keys) -> None:
    one, other = new_release_key(), new_release_key()
    held = held_with(keys, one + other)
    assert list(held) == [*held_with(keys, one), *held_with(keys, other)]
    keys.CPL_RELEASE_KEY = one + other
    for name, pem in held.items():
        assert crypto.verify(b"list", crypto.sign(b"list", name), pem)
    keys.CPL_RELEASE_KEY = one
    with pytest.raises(crypto.NoPrivateKey):
        crypto.sign(b"list", list(held)[1])


def test_a_further_key_of_an_embedded_site_and_the_old_one_set_aside(keys) -> None:
    first = only()
    second = crypto.make_release_key()
    assert set(crypto.held()) == {first, second}
    place = crypto.set_aside(first)
    assert place is not None
    assert (list(crypto.held()), place.name) == ([second], f"retired-{first}.pem")
    assert {stat.S_IMODE(file.stat().st_mode) for file in Path(keys.CPL_KEY_DIR).iterdir()} == {0o600}
    assert crypto.set_aside(first) is None
    keys.CPL_RELEASE_KEY = place.read_text()
    assert (only(), crypto.own_release_keys()) == (first, False)


def test_verify_says_no_to_anything_else(keys) -> None:
    signature, pem = crypto.sign(b"list", only()), crypto.held()[only()]
    other_kind = subprocess.run(
        ["openssl", "pkey", "-pubout"], input=openssl("genpkey", "-algorithm", "x25519"), check=True, capture_output=True
    ).stdout.decode()
    assert crypto.verify(b"list", signature, pem)
    assert not crypto.verify(b"List", signature, pem)
    assert not crypto.verify(b"list", signature[:-1] + bytes([signature[-1] ^ 1]), pem)
    assert not crypto.verify(b"list", b"", pem)
    (stranger,) = held_with(keys, new_release_key()).values()
    assert not crypto.verify(b"list", signature, stranger)
    assert not crypto.verify(b"list", signature, other_kind)
    assert not crypto.verify(b"list", signature, "no key")
