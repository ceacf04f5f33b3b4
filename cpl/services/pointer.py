"""The signed word on which version is the current one: it runs out, so an old answer cannot be served for ever.

Made by whoever holds the release key: with each publication, each rotation of the key and every day. Serving it takes no key.
"""

import datetime
import hashlib
import json

from core import crypto
from cpl.models import Pointer, Release, ReleaseKey

GOOD_FOR = datetime.timedelta(days=7)


def build(head: Release, key_id: str, now: datetime.datetime) -> bytes:
    """Canonical JSON; the times are ISO 8601 in UTC."""
    issued = now.astimezone(datetime.UTC).replace(microsecond=0)
    content = {
        "format": 1,
        "version": str(head.version),
        "serial": head.serial,
        "manifest_sha256": head.manifest_sha256,
        "previous_manifest": head.previous.manifest_sha256 if head.previous else "",
        "signing_key": key_id,
        "issued": issued.isoformat(),
        "expires": (issued + GOOD_FOR).isoformat(),
    }
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def write(head: Release, key: ReleaseKey, now: datetime.datetime) -> None:
    """From now on this is the word, in the caller's transaction; nothing where the version has no manifest to point to."""
    if not head.manifest_sha256:
        return
    text = build(head, key.key_id, now)
    signed = {"release": head, "key": key, "text": text.decode(), "signature": crypto.sign(text, key.key_id)}
    Pointer.objects.get_or_create(sha256=hashlib.sha256(text).hexdigest(), defaults=signed)
