"""The release keys of this site: which one is in force, and how one hands over to the next.

A rotation is one transaction: the new key is in force when it commits and not before, and the private halves of both may lie
side by side for as long as it takes. Whoever publishes or signs a pointer holds the key in force until its own transaction ends.
"""

import datetime
import json
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from core import audit, crypto, outbox, vault
from cpl import selectors
from cpl.models import ReleaseKey
from cpl.services import keychain, pointer
from cpl.services.keychain import Keychain


def in_force() -> ReleaseKey:
    """The key that signs now. The first one of a new site is written down here. Raises crypto.NoPrivateKey without any."""
    if (key := selectors.release_keys().last()) is not None:
        return key
    if not (held := crypto.held()):
        raise crypto.NoPrivateKey("This process has no release key (CPL_RELEASE_KEY).")
    name, pem = next(iter(held.items()))
    with transaction.atomic():
        key, created = ReleaseKey.objects.get_or_create(number=1, defaults={"key_id": name, "pem": pem, "since": timezone.now()})
        if created:
            audit.record(None, "release_key.first", key)
    return key


def at_hand() -> tuple[ReleaseKey, dict[str, str]]:
    """The key in force and the public halves of all held ones, as they were at one moment. Raises as `in_force`."""
    key, held = in_force(), crypto.held()
    return (key, held) if in_force() == key else at_hand()


def sign(build: Callable[[str], bytes]) -> tuple[str, bytes, bytes]:
    """Id of the key in force, what is built for that id, and its signature. Raises crypto.NoPrivateKey.

    A key may be replaced and set aside just before it should sign: then the next one does.
    """
    key = in_force()
    text = build(key.key_id)
    try:
        return key.key_id, text, crypto.sign(text, key.key_id)
    except crypto.NoPrivateKey:
        if in_force() == key:
            raise
        return sign(build)


def hold() -> ReleaseKey:
    """The key in force, which stays so until the caller's transaction ends; there must be one."""
    key = ReleaseKey.objects.select_for_update().order_by("number").last()
    assert key is not None
    return hold() if ReleaseKey.objects.filter(number__gt=key.number).exists() else key


def rotate(name: str, *, old_lost: bool = False) -> ReleaseKey:
    """Put the held key of that id in force, by a statement that the key before it signs as well unless it is lost.

    Asked for twice, it is done once. The pointer to the current version is signed anew, and whoever hears of new versions is
    told. Raises crypto.NoPrivateKey when the old key is not held.
    """
    with transaction.atomic(durable=True):
        old, now, head = hold(), timezone.now(), selectors.head()
        if (done := ReleaseKey.objects.filter(key_id=name).first()) is not None:
            return done
        key = ReleaseKey(
            number=old.number + 1,
            key_id=name,
            pem=crypto.held()[name],
            previous=old,
            since=now,
            last_serial=head.serial if head else 0,
        )
        text = _statement(old, key, head.manifest_sha256 if head else "", now)
        key.old_signature_sha256 = "" if old_lost else vault.put(crypto.sign(text, old.key_id))
        key.new_signature_sha256 = vault.put(crypto.sign(text, name))
        key.statement_sha256 = vault.put(text)
        key.save(force_insert=True)
        verb = "release_key.begun_anew" if old_lost else "release_key.rotated"
        audit.record(None, verb, key, before=old.key_id, last_serial=key.last_serial, statement=key.statement_sha256)
        if head is not None:
            pointer.write(head, key, now)
        outbox.emit("cpl.key_changed", key.key_id, {"number": key.number})
    return key


def renew_pointer() -> None:
    """Sign anew which version is the current one. Raises crypto.NoPrivateKey where the key in force is not held."""
    in_force()
    with transaction.atomic(durable=True):
        key, head = hold(), selectors.head()
        if head is not None:
            pointer.write(head, key, timezone.now())


def document() -> bytes:
    """keys.json: the key in force and every statement with its signatures (hex), for `verify_download --keys`.

    Raises vault.Unavailable.
    """
    keys = list(selectors.release_keys())
    content = {
        "format": 1,
        "current": {"id": keys[-1].key_id, "pem": keys[-1].pem} if keys else None,
        "statements": [_published(key) for key in keys if key.statement_sha256],
    }
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def trusted() -> Keychain:
    """All keys of this site, as its key in force vouches for them. Raises keychain.Broken or vault.Unavailable."""
    if (key := selectors.release_keys().last()) is None:
        raise keychain.Broken("this site has no release key yet.")
    return keychain.of(key.pem, document())


def _statement(old: ReleaseKey, new: ReleaseKey, last_manifest: str, now: datetime.datetime) -> bytes:
    """Canonical JSON, as manifests are; the moment in UTC."""
    content = {
        "format": 1,
        "kind": keychain.KIND,
        "number": new.number,
        "old_key": {"id": old.key_id, "pem": old.pem},
        "new_key": {"id": new.key_id, "pem": new.pem},
        "moment": now.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        "last_serial": new.last_serial,
        "last_manifest": last_manifest,
    }
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def _published(key: ReleaseKey) -> dict[str, str]:
    old = key.old_signature_sha256
    return {
        "statement": vault.read(key.statement_sha256).decode(),
        "old_signature": vault.read(old).hex() if old else "",
        "new_signature": vault.read(key.new_signature_sha256).hex(),
    }
