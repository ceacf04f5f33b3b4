"""As in production: the publisher alone has the release key; web server, worker and beat do without, also when it changes."""

import base64
import hashlib
import json
import os
import subprocess
import urllib.request

from core import crypto
from cpl.services import keychain
from tests import running
from tests.races.hands import Hands
from tests.services import need, until

LONG = 90  # seconds for a worker that starts on a busy machine
PRODUCTION = {
    "CPL_ENV": "production",
    "CPL_SECRET_KEY": "of-a-test-" * 6,
    "CPL_RED_KEY": base64.b64encode(os.urandom(32)).decode(),
    "CPL_ALLOWED_HOSTS": "127.0.0.1",
    "CPL_SSL_REDIRECT": "no",
}


def new_key() -> str:
    need("openssl")
    return subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, capture_output=True, text=True).stdout


def with_key(site: running.Site, private: str, *command: str) -> subprocess.Popen:
    """A process that has the release key, which the environment of all others lacks."""
    site.places["CPL_RELEASE_KEY"] = private
    try:
        return site.start(*command)
    finally:
        del site.places["CPL_RELEASE_KEY"]


def publisher(site: running.Site, private: str) -> subprocess.Popen:
    quick = ("--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")
    return with_key(site, private, "-m", "celery", "-A", "config", "worker", "-Q", "publish", *quick)


def fetched(site: running.Site, address: str) -> bytes:
    """What the site answers."""
    with urllib.request.urlopen(site.url + address, timeout=20) as answer:
        return bytes(answer.read())


def signed_by(site: running.Site, known: keychain.Keychain) -> bool:
    """Whether the word on the current version is signed by the last of these keys."""
    text = fetched(site, "/cpl/latest.json")
    signature = fetched(site, f"/cpl/latest/{hashlib.sha256(text).hexdigest()}/latest.json.sig")
    return crypto.verify(text, signature, known.current.pem)


def test_only_the_publisher_signs() -> None:
    first, second = new_key(), new_key()
    with running.site_of("postgres-redis", **PRODUCTION) as site:
        site.web()
        site.worker("-B", "-Q", "gates,mail", "--concurrency", "1")
        hands = Hands(site, site.start("-m", "tests.races.publishing_steps"))
        process = publisher(site, first)
        until(lambda: hands.step("keys")["chain"], LONG)  # the publisher tells it at once, before any version
        pinned = json.loads(fetched(site, "/cpl/keys.json"))["current"]["pem"]
        assert hands.step("keys")["held"] == []
        hands.step("approved_changes", 1)
        hands.step("order")
        until(lambda: "3.000" in hands.step("outline")["versions"], LONG)
        assert json.loads(fetched(site, "/cpl/latest.json"))["version"] == "3.000"
        assert signed_by(site, keychain.of(pinned))
        site.kill(process)
        process = publisher(site, first + second)
        site.finish(with_key(site, first + second, "manage.py", "rotate_release_key"))
        known = keychain.of(pinned, fetched(site, "/cpl/keys.json"))
        assert len(known.keys) == 2
        assert signed_by(site, known)
        hands.step("approved_changes", 1)
        hands.step("order")
        until(lambda: "3.001" in hands.step("outline")["versions"], LONG)
        assert json.loads(fetched(site, "/cpl/latest.json"))["version"] == "3.001"
        for serial, version in enumerate(("3.000", "3.001"), 1):
            manifest, signature = (
                fetched(site, f"/cpl/versions/{version}/CPL_v{version}.manifest.json{end}") for end in ("", ".sig")
            )
            assert known.fault(manifest, signature) == ""
            assert json.loads(manifest)["signing_key"] == known.keys[serial - 1].key_id
        assert hands.step("outline")["problems"] == []
