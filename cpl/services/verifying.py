"""What can be found wrong with downloaded files, from the files and trusted keys alone: no database is asked.

Every function answers with the faults in words for people; nothing means all is as published.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from core import crypto
from cpl.domain import merkle
from cpl.services.keychain import MISSHAPEN, Keychain


def file_fault(name: str, data: bytes, manifest: Mapping[str, Any]) -> str:
    """A file under its published name, held against the manifest."""
    known = manifest["files"]
    if name not in known:
        return f"the manifest names no such file, only {', '.join(known)}."
    return "" if hashlib.sha256(data).hexdigest() == known[name]["sha256"] else "is not the published file."


def proof_fault(text: bytes, manifest: Mapping[str, Any]) -> str:
    """A proof that one entry is in the version; of its own root nothing is believed, only that of the manifest counts."""
    if not manifest.get("merkle_root"):
        return "the manifest is older than these proofs: it has no tree over its entries."
    try:
        proof = json.loads(text)
        leaf, index = str(proof["leaf"]).encode(), int(proof["index"])
        path = [bytes.fromhex(neighbour) for neighbour in proof["path"]]
        same = json.loads(leaf)["number"] == proof["number"]
    except MISSHAPEN:
        return "is no proof: download it again from the page of the entry."
    root = bytes.fromhex(manifest["merkle_root"])
    if same and merkle.holds(leaf, index, manifest["entries"]["total"], path, root):
        return ""
    return f"does not prove that the entry is in version {manifest['version']}."


def proven(text: bytes) -> str:
    """What a proof without fault proves: "entry 000002, Current"."""
    said = json.loads(json.loads(text)["leaf"])
    return f"entry {said['number']}, {said['status']}"


def latest_fault(text: bytes, signature: bytes, keys: Keychain, manifest: bytes, now: datetime.datetime) -> str:
    """The site's word on its current version: signed by the key in force, not run out at `now`, and about this manifest."""
    if not crypto.verify(text, signature, keys.current.pem):
        if any(crypto.verify(text, signature, key.pem) for key in keys.keys):
            return "is signed with a key that is no longer in force: ask for a new one."
        return "the signature does not belong to this file and key."
    try:
        return _latest_fault(json.loads(text), manifest, now)
    except MISSHAPEN:
        return "does not say which version is the current one."


def _latest_fault(latest: dict[str, Any], manifest: bytes, now: datetime.datetime) -> str:
    have = json.loads(manifest)
    if datetime.datetime.fromisoformat(latest["expires"]) <= now:
        return f"ran out at {latest['expires']}: ask for a new one, and distrust a site that has none."
    if latest["serial"] != have["serial"]:
        return f"names version {latest['version']} as the current one, but the manifest is of version {have['version']}."
    if latest["manifest_sha256"] != hashlib.sha256(manifest).hexdigest():
        return f"names another manifest of version {have['version']}."
    return ""


def history_faults(manifests: Iterable[tuple[str, bytes, bytes]], keys: Keychain) -> list[str]:
    """Names, bytes and signatures of all manifests somebody has: each must name the one before it, back to the first."""
    faults: list[str] = []
    known: dict[str, dict[str, Any]] = {}  # by SHA-256: one that is there twice counts once
    for name, text, signature in manifests:
        if fault := keys.fault(text, signature):
            faults.append(f"{name}: {fault}")
        else:
            known[hashlib.sha256(text).hexdigest()] = json.loads(text)
    chain = sorted(known.items(), key=lambda link: int(link[1]["serial"]))
    if chain and chain[0][1]["previous_manifest"]:
        faults.append(f"version {chain[0][1]['version']}: the manifest before it is missing.")
    return faults + [fault for before, after in pairwise(chain) if (fault := _break(before, after))]


def _break(before: tuple[str, dict[str, Any]], after: tuple[str, dict[str, Any]]) -> str:
    (sha256, earlier), (_, later) = before, after
    if earlier["serial"] == later["serial"]:
        return f"versions {earlier['version']} and {later['version']}: two manifests for the same place, so the history forks."
    if later["serial"] != earlier["serial"] + 1:
        return f"version {later['version']}: the manifest before it is missing."
    if later["previous_manifest"] != sha256:
        return f"version {later['version']}: names another manifest before it than that of version {earlier['version']}."
    return ""
