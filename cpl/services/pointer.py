"""The signed word on which version is the current one: it runs out, so an old answer cannot be served for ever.

It says the same all day and Ed25519 has one signature for the same bytes, so it is made when asked for and stored nowhere.
"""

import datetime
import json

from cpl.models import Release

GOOD_FOR = datetime.timedelta(days=7)


def build(head: Release, now: datetime.datetime) -> bytes:
    """Canonical JSON for the UTC day of `now`; the times are ISO 8601 in UTC."""
    issued = now.astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    content = {
        "format": 1,
        "version": str(head.version),
        "serial": head.serial,
        "manifest_sha256": head.manifest_sha256,
        "previous_manifest": head.previous.manifest_sha256 if head.previous else "",
        "issued": issued.isoformat(),
        "expires": (issued + GOOD_FOR).isoformat(),
    }
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()
