"""The manifest of a release: what belongs to it, what changed, and which manifest came before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cpl.domain import merkle
from cpl.services.planning import Plan


@dataclass(frozen=True, slots=True)
class File:
    """A file of the release: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


def build(plan: Plan, files: Mapping[str, File], key_id: str) -> bytes:
    """Canonical JSON: sizes and SHA-256 of the files, entry numbers added and changed, root of the tree over all entries."""
    content = {
        "format": 1,
        "version": str(plan.version),
        "issued_on": plan.issued_on.isoformat(),
        "serial": plan.serial,
        "rule_set": plan.rules.digest,
        "files": {name: {"bytes": file.size, "sha256": file.sha256} for name, file in sorted(files.items())},
        "entries": {
            "total": len(plan.entries),
            "added": list(plan.difference.added),
            "removed": list(plan.difference.removed),
            "reinstated": list(plan.difference.reinstated),
            "changed": sorted({amendment.number for amendment in plan.difference.amended}),
        },
        "merkle_root": merkle.root(plan.entries.digests()).hex(),
        "previous_manifest": plan.head.manifest_sha256 if plan.head else "",
        "signing_key": key_id,
    }
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
