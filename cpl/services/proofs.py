"""Proof that one entry belongs to a published version, for somebody who has the manifest but not the whole list."""

import json
from typing import Any

from core import vault
from cpl import selectors
from cpl.domain import merkle
from cpl.models import Release
from cpl.services import artefacts


class NoProof(Exception):  # noqa: N818 - reads as a sentence
    """The version has no such entry, or no tree over its entries in its manifest."""


def root(release: Release) -> str:
    """The root of the tree over the entries of a release, in hex."""
    return merkle.root(artefacts.entries(release).digests()).hex()


def inclusion(release: Release, number: str) -> dict[str, Any]:
    """The entry as it is hashed, its place among how many, and the way up to the root (hex). Raises NoProof."""
    if not release.manifest_sha256:
        raise NoProof
    name = artefacts.name_of(release.version, artefacts.MANIFEST)
    expected = json.loads(vault.read(release.manifest_sha256, known_as=name)).get("merkle_root", "")
    rows = selectors.entries_at(release)
    entry = rows.filter(number=number).first()
    if not expected or entry is None:
        raise NoProof
    index = rows.filter(number__lt=number).count()
    return {
        "format": 1,
        "version": str(release.version),
        "number": number,
        "leaf": merkle.leaf_of(entry.number, entry.status, entry.values, entry.kinds).decode(),
        "index": index,
        "size": release.entry_count,
        "path": [neighbour.hex() for neighbour in merkle.proof(artefacts.entries(release).digests(), index)],
        "merkle_root": expected,
        "manifest_sha256": release.manifest_sha256,
    }
