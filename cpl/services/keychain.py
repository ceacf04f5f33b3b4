"""Which release keys somebody can rely on who trusts one of them: read from the site's statements, no database is asked.

A key hands over to the next one in a statement that both sign. Forward, a key is accepted because the one before it says so;
backward, because the one after it says so. A key that was begun without the one before it (lost, or in wrong hands) is accepted
backward only: nobody who trusts the old key is led to it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from core import crypto

KIND = "release key statement"
FIRST = 2  # number of the first statement: the first key has none
# What reading a document raises that is not what it should be, and may be anything at all.
MISSHAPEN = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


class Broken(Exception):  # noqa: N818 - reads as a sentence
    """The statements do not make a chain, or do not lead to the key that is trusted; the text says where."""


@dataclass(frozen=True, slots=True)
class Key:
    """A release key with the serials that it signs: from the one after `after` up to `until` (None: in force)."""

    key_id: str
    pem: str
    after: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Keychain:
    """The keys that can be relied on, the oldest first, and by serial the manifests (SHA-256) with which a key ended."""

    keys: tuple[Key, ...]
    ends: Mapping[int, str]

    @property
    def current(self) -> Key:
        return self.keys[-1]

    def at(self, serial: int) -> Key | None:
        """The key that signs the release with this serial."""
        return next((key for key in self.keys if key.after < serial and (key.until is None or serial <= key.until)), None)

    def fault(self, manifest: bytes, signature: bytes) -> str:
        """Why a manifest does not count; "" when it is signed by the key that was in force at its serial."""
        try:
            content = json.loads(manifest)
            serial, named = int(content["serial"]), str(content["signing_key"])
        except MISSHAPEN:
            return "is no manifest."
        right = self.at(serial)
        if right is None or not crypto.verify(manifest, signature, right.pem):
            return self._stranger(manifest, signature, named)
        if self.ends.get(serial, found := hashlib.sha256(manifest).hexdigest()) != found:
            return f"is not the manifest with which key {right.key_id} ended: it was made later."
        return ""

    def _stranger(self, manifest: bytes, signature: bytes, named: str) -> str:
        signer = next((key for key in self.keys if crypto.verify(manifest, signature, key.pem)), None)
        if signer is not None:
            end = "" if signer.until is None else f" to {signer.until}"
            return f"is signed with key {signer.key_id}, which was in force for serials {signer.after + 1}{end} only."
        words = "the signature does not belong to this manifest and key."
        if named in {key.key_id for key in self.keys}:
            return words
        return f"{words} It names key {named}, for which no key that you trust vouches."


@dataclass(frozen=True, slots=True)
class _Statement:
    """`old` hands over to `new` (both PEM) after a serial; `vouched`: the old key says so itself."""

    number: int
    old: str
    new: str
    last_serial: int
    last_manifest: str
    vouched: bool

    @property
    def old_id(self) -> str:
        return crypto.key_id(self.old)

    @property
    def new_id(self) -> str:
        return crypto.key_id(self.new)


def of(trusted: str, document: bytes | None = None) -> Keychain:
    """The keys that the owner of the public key TRUSTED (PEM) can rely on, given the site's keys.json. Raises Broken."""
    name = crypto.key_id(trusted)
    if not name:
        raise Broken("the trusted key is no Ed25519 public key in PEM.")
    statements = _statements(document) if document is not None else []
    if not statements:
        return Keychain((Key(name, trusted),), {})
    keys = _keys(statements)
    place = next((place for place, key in enumerate(keys) if key.key_id == name), None)
    if place is None:
        raise Broken(f"key {name}, which you trust, is none of the keys of these statements.")
    end = next((end for end in range(place, len(statements)) if not statements[end].vouched), len(statements))
    last = replace(keys[end], until=None)  # what a stranger says about its end does not count
    return Keychain(
        (*keys[:end], last), {told.last_serial: told.last_manifest for told in statements[:end] if told.last_manifest}
    )


def _keys(statements: list[_Statement]) -> list[Key]:
    pems = [statements[0].old, *(statement.new for statement in statements)]
    ends = [0, *(statement.last_serial for statement in statements), None]
    return [Key(crypto.key_id(pem), pem, after or 0, until) for pem, (after, until) in zip(pems, pairwise(ends), strict=True)]


def _statements(document: bytes) -> list[_Statement]:
    try:
        found = [_statement(item) for item in json.loads(document)["statements"]]
    except MISSHAPEN:
        raise Broken("is no list of keys: download keys.json again.") from None
    _refuse_forks(found)
    for expected, statement in enumerate(found, FIRST):
        if statement.number != expected:
            raise Broken(f"statement {expected} is missing.")
    for before, after in pairwise(found):
        if before.new_id != after.old_id or not _goes_on(before, after):
            raise Broken(f"statement {after.number} does not follow from statement {before.number}.")
    return found


def _statement(item: dict[str, str]) -> _Statement:
    """One statement with its signatures. Raises Broken, and what is MISSHAPEN when it is none at all."""
    text = str(item["statement"]).encode()
    content: dict[str, Any] = json.loads(text)
    if content["kind"] != KIND:
        raise ValueError(content["kind"])
    old, new = content["old_key"], content["new_key"]
    found = _Statement(
        number=int(content["number"]),
        old=str(old["pem"]),
        new=str(new["pem"]),
        last_serial=int(content["last_serial"]),
        last_manifest=str(content["last_manifest"]),
        vouched=bool(item["old_signature"]),
    )
    if (old["id"], new["id"]) != (found.old_id, found.new_id):
        raise Broken(f"statement {found.number} gives a key an id that is not its own.")
    if not crypto.verify(text, bytes.fromhex(item["new_signature"]), found.new):
        raise Broken(f"statement {found.number} is not signed by the key that it introduces.")
    if found.vouched and not crypto.verify(text, bytes.fromhex(item["old_signature"]), found.old):
        raise Broken(f"statement {found.number} is not signed by the key before it: it is forged.")
    return found


def _goes_on(before: _Statement, after: _Statement) -> bool:
    """A key ends after the one before it, or with the same release when it signed none."""
    if before.last_serial == after.last_serial:
        return before.last_manifest == after.last_manifest
    return before.last_serial < after.last_serial


def _refuse_forks(statements: list[_Statement]) -> None:
    """A key is introduced once and hands over once, and the first one is never introduced."""
    olds, news = [told.old_id for told in statements], [told.new_id for told in statements]
    for names in (olds, [*olds[:1], *news]):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise Broken(f"two statements are about key {twice}: the chain of keys forks.")
