"""Which keys the owner of one key can rely on: forward and back through good statements, and not a step through bad ones."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core import crypto
from cpl.services import keychain

KEYS = [Ed25519PrivateKey.generate() for _ in range(5)]
ENDS = (2, 2, 5)  # last serials of the first three keys; the second one signs nothing
MANIFESTS = {serial: json.dumps({"serial": serial, "signing_key": "-"}).encode() for serial in range(1, 9)}
Item = dict[str, str]


def pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def name(key: Ed25519PrivateKey) -> str:
    return crypto.key_id(pem(key))


def statement(number: int, old: Ed25519PrivateKey, new: Ed25519PrivateKey, last_serial: int, **other: Any) -> dict[str, Any]:
    told = {
        "kind": keychain.KIND,
        "number": number,
        "old_key": {"id": name(old), "pem": pem(old)},
        "new_key": {"id": name(new), "pem": pem(new)},
        "last_serial": last_serial,
        "last_manifest": hashlib.sha256(MANIFESTS[last_serial]).hexdigest(),
    }
    return told | other


def signed(told: dict[str, Any], old: Ed25519PrivateKey | None, new: Ed25519PrivateKey) -> Item:
    text = json.dumps(told)
    return {
        "statement": text,
        "old_signature": old.sign(text.encode()).hex() if old else "",
        "new_signature": new.sign(text.encode()).hex(),
    }


def good() -> list[Item]:
    """Three statements between the first four keys."""
    return [
        signed(statement(number, KEYS[number - 2], KEYS[number - 1], ENDS[number - 2]), KEYS[number - 2], KEYS[number - 1])
        for number in (2, 3, 4)
    ]


def document(items: list[Item]) -> bytes:
    return json.dumps({"statements": items}).encode()


@pytest.mark.parametrize("trusted", range(4))
def test_any_key_of_the_chain_leads_to_all(trusted: int) -> None:
    known = keychain.of(pem(KEYS[trusted]), document(good()))
    assert [key.key_id for key in known.keys] == [name(key) for key in KEYS[:4]]
    signers = [known.at(serial) for serial in range(1, 9)]
    assert [key and key.key_id for key in signers] == [name(KEYS[place]) for place in (0, 0, 2, 2, 2, 3, 3, 3)]
    assert (known.at(0), known.current.key_id) == (None, name(KEYS[3]))


def test_without_statements_only_the_trusted_key_counts() -> None:
    for nothing in (None, document([])):
        known = keychain.of(pem(KEYS[1]), nothing)
        assert [key.key_id for key in known.keys] == [name(KEYS[1])]
        assert known.fault(MANIFESTS[3], KEYS[1].sign(MANIFESTS[3])) == ""


@pytest.mark.parametrize("serial", range(1, 9))
@pytest.mark.parametrize("signer", range(5))
def test_a_manifest_counts_with_the_key_in_force_at_its_serial_alone(serial: int, signer: int) -> None:
    known = keychain.of(pem(KEYS[0]), document(good()))
    fault = known.fault(MANIFESTS[serial], KEYS[signer].sign(MANIFESTS[serial]))
    right = (0, 0, 2, 2, 2, 3, 3, 3)[serial - 1]
    if signer == right:
        assert fault == ""
    elif signer == 4:
        assert "the signature does not belong" in fault
    else:
        begins, end = ((1, " to 2"), (3, " to 2"), (3, " to 5"), (6, ""))[signer]
        assert fault == f"is signed with key {name(KEYS[signer])}, which was in force for serials {begins}{end} only."


def test_a_retired_key_cannot_rewrite_the_manifest_with_which_it_ended() -> None:
    known = keychain.of(pem(KEYS[3]), document(good()))
    other = MANIFESTS[2] + b" "
    assert "is not the manifest with which key" in known.fault(other, KEYS[0].sign(other))
    assert known.fault(MANIFESTS[2], KEYS[0].sign(MANIFESTS[2])) == ""


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"serial": 1}', b'{"serial": null, "signing_key": ""}'])
def test_what_is_no_manifest(text: bytes) -> None:
    assert keychain.of(pem(KEYS[0])).fault(text, KEYS[0].sign(text)) == "is no manifest."


def forged_by_a_stranger(items: list[Item]) -> None:
    """Whoever has only a key of their own cannot be the successor."""
    items.append(signed(statement(5, KEYS[3], KEYS[4], 7), KEYS[4], KEYS[4]))


def changed(items: list[Item]) -> None:
    items[1]["statement"] = items[1]["statement"].replace('"last_serial": 2', '"last_serial": 4')


def not_possessed(items: list[Item]) -> None:
    """A key that did not agree to be the successor."""
    items.append(signed(statement(5, KEYS[3], KEYS[4], 7), KEYS[3], KEYS[3]))


def first_link_missing(items: list[Item]) -> None:
    del items[0]


def middle_link_missing(items: list[Item]) -> None:
    del items[1]


def link_renumbered(items: list[Item]) -> None:
    items[1:] = [signed(statement(3, KEYS[2], KEYS[3], 5), KEYS[2], KEYS[3])]


def fork(items: list[Item]) -> None:
    """One key, two successors, both signed well."""
    items.append(signed(statement(5, KEYS[2], KEYS[4], 5), KEYS[2], KEYS[4]))


def fork_in_the_same_place(items: list[Item]) -> None:
    items.append(signed(statement(4, KEYS[2], KEYS[4], 5), KEYS[2], KEYS[4]))


def comes_back(items: list[Item]) -> None:
    items.append(signed(statement(5, KEYS[3], KEYS[0], 7), KEYS[3], KEYS[0]))


def introduced_twice(items: list[Item]) -> None:
    items.append(signed(statement(5, KEYS[3], KEYS[1], 7), KEYS[3], KEYS[1]))


def ends_before_the_one_before(items: list[Item]) -> None:
    items[2] = signed(statement(4, KEYS[2], KEYS[3], 1), KEYS[2], KEYS[3])


def another_end_of_the_key_before(items: list[Item]) -> None:
    """A key that signed nothing has nothing to say on the manifest with which the one before it ended."""
    items[1] = signed(statement(3, KEYS[1], KEYS[2], 2, last_manifest="0" * 64), KEYS[1], KEYS[2])


def wrong_id(items: list[Item]) -> None:
    told = statement(5, KEYS[3], KEYS[4], 7, new_key={"id": name(KEYS[3]), "pem": pem(KEYS[4])})
    items.append(signed(told, KEYS[3], KEYS[4]))


def another_document(items: list[Item]) -> None:
    """Manifests and pointers are signed with the same keys: none of them can pass for a statement."""
    items.append(signed(statement(5, KEYS[3], KEYS[4], 7, kind="manifest"), KEYS[3], KEYS[4]))


def no_signature(items: list[Item]) -> None:
    items[0]["new_signature"] = "no hex"


BAD: list[tuple[Callable[[list[Item]], None], str]] = [
    (forged_by_a_stranger, "statement 5 is not signed by the key before it: it is forged"),
    (changed, "statement 3 is not signed by the key that it introduces"),
    (not_possessed, "statement 5 is not signed by the key that it introduces"),
    (first_link_missing, "statement 2 is missing"),
    (middle_link_missing, "statement 3 is missing"),
    (link_renumbered, "statement 3 does not follow from statement 2"),
    (fork, f"two statements are about key {name(KEYS[2])}: the chain of keys forks"),
    (fork_in_the_same_place, f"two statements are about key {name(KEYS[2])}: the chain of keys forks"),
    (comes_back, f"two statements are about key {name(KEYS[0])}: the chain of keys forks"),
    (introduced_twice, f"two statements are about key {name(KEYS[1])}: the chain of keys forks"),
    (ends_before_the_one_before, "statement 4 does not follow from statement 3"),
    (another_end_of_the_key_before, "statement 3 does not follow from statement 2"),
    (wrong_id, "statement 5 gives a key an id that is not its own"),
    (another_document, "is no list of keys"),
    (no_signature, "is no list of keys"),
]


@pytest.mark.parametrize(("damage", "words"), BAD, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("trusted", range(4))
def test_bad_statements_are_found_whichever_key_is_trusted(
    damage: Callable[[list[Item]], None], words: str, trusted: int
) -> None:
    items = good()
    damage(items)
    with pytest.raises(keychain.Broken, match=words):
        keychain.of(pem(KEYS[trusted]), document(items))


@pytest.mark.parametrize(
    "text", [b"[]", b"{", b"\xff", b'{"statements": [1]}', b'{"statements": [{"statement": 5}]}', b'{"statements": {"a": "b"}}']
)
def test_what_is_no_list_of_keys(text: bytes) -> None:
    with pytest.raises(keychain.Broken, match="is no list of keys"):
        keychain.of(pem(KEYS[0]), text)


def test_a_key_that_is_none_or_from_elsewhere() -> None:
    with pytest.raises(keychain.Broken, match="is none of the keys of these statements"):
        keychain.of(pem(KEYS[4]), document(good()))
    with pytest.raises(keychain.Broken, match="no Ed25519 public key"):
        keychain.of("no key", document(good()))


def test_a_key_begun_anew_is_reached_backward_only() -> None:
    items = good()
    items[1] = signed(statement(3, KEYS[1], KEYS[2], 2), None, KEYS[2])
    for trusted, reached in ((0, [0, 1]), (1, [0, 1]), (2, [0, 1, 2, 3]), (3, [0, 1, 2, 3])):
        known = keychain.of(pem(KEYS[trusted]), document(items))
        assert [key.key_id for key in known.keys] == [name(KEYS[place]) for place in reached]
    items[2] = signed(statement(4, KEYS[2], KEYS[3], 3, last_manifest="0" * 64), KEYS[2], KEYS[3])
    old = keychain.of(pem(KEYS[0]), document(items))
    assert old.fault(MANIFESTS[3], KEYS[1].sign(MANIFESTS[3])) == ""  # a stranger's word on its end does not bind the old key
    told = json.dumps({"serial": 6, "signing_key": name(KEYS[3])}).encode()
    assert f"It names key {name(KEYS[3])}, for which no key that you trust vouches" in old.fault(told, KEYS[3].sign(told))
