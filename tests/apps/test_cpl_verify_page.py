"""The page that explains how to verify a download: its commands are run, with the files that it links to and nothing else."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from core import crypto
from cpl.services import keys
from tests.commands import called
from tests.downloads import body, new_version
from tests.services import need

pytestmark = pytest.mark.django_db
LAST = "CPL_v3.002"
GOOD = "Signature Verified Successfully"


@pytest.fixture
def folder(tmp_path: Path, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions as downloaded, from a site whose keys no other test uses."""
    settings.CPL_KEY_DIR = tmp_path_factory.mktemp("keys")
    need("openssl")
    for model in (901, 902, 903):
        new_version(tmp_path, model)
    return tmp_path


PRE = re.compile(r'<pre [^>]*aria-label="([^"]*)">(.*?)</pre>', re.DOTALL)


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def commands_of(client: Client) -> list[str]:
    page = html.unescape(client.get("/cpl/verify/").content.decode())
    return "\n".join(text for _, text in PRE.findall(page)).splitlines()


def download_what_is_linked(folder: Path, client: Client) -> None:
    """Every file that the page links to, under the name its address ends with."""
    for place in re.findall(r'href="(/cpl/(?:keys|latest)[^"]*)"', client.get("/cpl/verify/").content.decode()):
        (folder / place.rpartition("/")[2]).write_bytes(body(client, place))


def test_the_commands_of_the_page_work(folder: Path, client: Client) -> None:
    download_what_is_linked(folder, client)
    commands = commands_of(client)
    assert len(commands) == 5
    fingerprint, signature, files, pointer_signature, manifest = (run(folder, command) for command in commands)
    key = keys.in_force()
    assert fingerprint.stdout.split()[0] == key.fingerprint
    assert f'<code class="mono">{key.fingerprint}</code>' in client.get("/cpl/verify/").content.decode()
    assert GOOD in signature.stdout
    assert GOOD in pointer_signature.stdout
    named = json.loads((folder / f"{LAST}.manifest.json").read_text())["files"]
    assert {line.split()[1]: line.split()[0] for line in files.stdout.splitlines()} == {
        name: file["sha256"] for name, file in named.items()
    }
    assert manifest.stdout.split()[0] == json.loads((folder / "latest.json").read_text())["manifest_sha256"]
    (folder / f"{LAST}.manifest.json").write_bytes(b"{}")
    assert run(folder, commands[1]).returncode != 0
    assert 'href="/cpl/verify/"' in client.get("/cpl/versions/3.002/").content.decode()


def test_the_page_is_there_before_the_first_version(client: Client) -> None:
    assert "CPL_vX.YYY.csv" in client.get("/cpl/verify/").content.decode()


def test_the_commands_of_the_page_work_after_the_key_has_changed(folder: Path, client: Client) -> None:
    assert called("rotate_release_key")[0] == 0
    download_what_is_linked(folder, client)
    commands = commands_of(client)
    assert len(commands) == 7
    done = [run(folder, command) for command in commands]
    assert [GOOD in command.stdout for command in done] == [False, True, False, True, False, True, True]
    first, second = (crypto.fingerprint((folder / f"release-key-{number}.pem").read_text()) for number in (1, 2))
    assert done[0].stdout.split()[0] == first  # the head is signed with the first key, the pointer to it with the second
    assert ("release-key-1.pem" in commands[1], "release-key-2.pem" in commands[3]) == (True, True)
    statement = json.loads((folder / "release-key-2.json").read_text())
    assert done[4].stdout.split()[0] == statement["last_manifest"]
    assert (first[:16], second[:16]) == (statement["old_key"]["id"], statement["new_key"]["id"])
    (folder / "release-key-2.json").write_text(json.dumps(statement | {"last_serial": 9}))
    assert run(folder, commands[5]).returncode != 0
