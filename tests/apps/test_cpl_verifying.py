"""Whatever happens to published files on their way, somebody with the public key alone finds it."""

import datetime
import html
import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from core import crypto
from cpl import selectors
from cpl.services import pointer
from tests.builders.listing import approved, published
from tests.services import need

pytestmark = pytest.mark.django_db
LAST = "CPL_v3.002"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three versions as downloaded, with an entry more in each."""
    for serial, model in enumerate((901, 902, 903)):
        approved(model=model)
        published()
        call_command("export_cpl", "--cpl-version", f"3.{serial:03d}", "--out", str(tmp_path), stdout=io.StringIO())
    return tmp_path


def verify(folder: Path, *more: object, version: str = LAST) -> tuple[int, str]:
    err = io.StringIO()
    words = [f"--manifest={folder / version}.manifest.json", *map(str, more)]
    try:
        call_command("verify_download", *words, stdout=io.StringIO(), stderr=err)
    except SystemExit as stop:
        return int(stop.code or 0), err.getvalue()
    return 0, err.getvalue()


def flip_a_byte(csv: Path, workbook: Path) -> None:
    data = bytearray(csv.read_bytes())
    data[len(data) // 2] ^= 1
    csv.write_bytes(data)


def swap(csv: Path, workbook: Path) -> None:
    first, second = csv.read_bytes(), workbook.read_bytes()
    csv.write_bytes(second)
    workbook.write_bytes(first)


def truncate(csv: Path, workbook: Path) -> None:
    csv.write_bytes(csv.read_bytes()[:-1])


def change_line_ends(csv: Path, workbook: Path) -> None:
    data = csv.read_bytes()
    plain = data.replace(b"\r\n", b"\n")
    csv.write_bytes(plain if plain != data else data.replace(b"\n", b"\r\n"))


def serve_an_older_file(csv: Path, workbook: Path) -> None:
    csv.write_bytes(csv.with_name("CPL_v3.001.csv").read_bytes())


@pytest.mark.parametrize("damage", [flip_a_byte, swap, truncate, change_line_ends, serve_an_older_file])
def test_a_changed_file_is_found(folder: Path, damage: Callable[[Path, Path], None]) -> None:
    csv, workbook = folder / f"{LAST}.csv", folder / f"{LAST}.xlsm"
    assert verify(folder, csv, workbook) == (0, "")
    damage(csv, workbook)
    code, err = verify(folder, csv, workbook)
    assert (code, f"{csv}: is not the published file." in err) == (1, True)


def test_a_file_the_manifest_does_not_name_is_found(folder: Path) -> None:
    (folder / "extra.csv").write_bytes((folder / f"{LAST}.csv").read_bytes())
    code, err = verify(folder, folder / "extra.csv")
    assert (code, "names no such file" in err) == (1, True)


def test_another_key_is_found(folder: Path) -> None:
    stranger = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(stranger.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verify(folder, folder / f"{LAST}.csv", "--key", folder / "key.pem")[0] == 1
    manifest = folder / f"{LAST}.manifest.json"
    Path(f"{manifest}.sig").write_bytes(stranger.sign(manifest.read_bytes()))
    assert verify(folder, folder / f"{LAST}.csv")[0] == 1


def rewrite(folder: Path, version: str, before: str, after: str) -> None:
    """A manifest that says something else, signed with the right key: what only a dishonest site could do."""
    manifest = folder / f"{version}.manifest.json"
    text = manifest.read_text().replace(before, after)
    assert text != manifest.read_text()
    manifest.write_text(text)
    Path(f"{manifest}.sig").write_bytes(crypto.sign(text.encode()))


def test_the_history_is_whole(folder: Path) -> None:
    assert verify(folder, "--history", folder) == (0, "")


@pytest.mark.parametrize(("gone", "version"), [("CPL_v3.000", "3.001"), ("CPL_v3.001", "3.002")])
def test_a_dropped_version_is_found(folder: Path, gone: str, version: str) -> None:
    (folder / f"{gone}.manifest.json").unlink()
    assert verify(folder, "--history", folder) == (1, f"{folder}: version {version}: the manifest before it is missing.\n")


def test_a_rewritten_version_is_found(folder: Path) -> None:
    rewrite(folder, "CPL_v3.001", '"rule_set": "', '"rule_set": "0')
    code, err = verify(folder, "--history", folder)
    assert (code, "version 3.002: names another manifest before it than that of version 3.001" in err) == (1, True)


def test_a_forked_history_is_found(folder: Path) -> None:
    for end in (".manifest.json", ".manifest.json.sig"):
        (folder / f"other{end}").write_bytes((folder / f"{LAST}{end}").read_bytes())
    rewrite(folder, "other", '"rule_set": "', '"rule_set": "0')
    code, err = verify(folder, "--history", folder)
    assert (code, "the history forks" in err) == (1, True)


def test_an_unsigned_link_and_a_foreign_manifest_are_found(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert "not in the folder" in verify(folder, "--history", tmp_path_factory.mktemp("empty"))[1]
    (folder / "CPL_v3.001.manifest.json.sig").write_bytes(bytes(64))
    assert "CPL_v3.001.manifest.json: the signature does not belong" in verify(folder, "--history", folder)[1]


def test_a_proof_of_an_entry(folder: Path, client: Client) -> None:
    response = client.get("/cpl/versions/3.002/entries/000002/proof.json")
    proof = folder / "proof.json"
    proof.write_bytes(response.content)
    assert json.loads(json.loads(response.content)["leaf"])["number"] == "000002"
    assert verify(folder, "--proof", proof) == (0, "")
    assert verify(folder, "--proof", proof, version="CPL_v3.001")[0] == 1
    whole = json.loads(response.content)
    other_leaf = whole["leaf"].replace("Current", "Removed")
    changes: list[dict[str, object]] = [{"leaf": other_leaf}, {"index": 0}, {"path": []}, {"number": "000001"}]
    for change in changes:
        proof.write_text(json.dumps(whole | change))
        assert "does not prove that the entry is in version 3.002" in verify(folder, "--proof", proof)[1]
    for broken in ("[]", "{", json.dumps(whole | {"path": ["no hex"]}), json.dumps(whole | {"leaf": "[]"})):
        proof.write_text(broken)
        assert "is no proof" in verify(folder, "--proof", proof)[1]


@pytest.mark.parametrize("address", ["3.002/entries/000004", "3.000/entries/000002", "9.000/entries/000001"])
def test_there_is_no_proof_of_what_is_not_there(folder: Path, client: Client, address: str) -> None:
    assert client.get(f"/cpl/versions/{address}/proof.json").status_code == 404


def test_a_manifest_from_before_there_were_proofs(folder: Path, client: Client) -> None:
    (folder / "proof.json").write_bytes(client.get("/cpl/versions/3.002/entries/000002/proof.json").content)
    rewrite(folder, LAST, '"merkle_root"', '"other"')
    assert "older than these proofs" in verify(folder, "--proof", folder / "proof.json")[1]


def write_latest(folder: Path, text: bytes, signature: bytes) -> Path:
    (folder / "latest.json").write_bytes(text)
    (folder / "latest.json.sig").write_bytes(signature)
    return folder / "latest.json"


def test_an_older_version_in_place_of_the_current_one_is_found(folder: Path, client: Client) -> None:
    text, signature = (client.get(f"/cpl/latest.json{end}").content for end in ("", ".sig"))
    latest = write_latest(folder, text, signature)
    assert verify(folder, "--latest", latest) == (0, "")
    code, err = verify(folder, "--latest", latest, version="CPL_v3.001")
    assert (code, "names version 3.002 as the current one, but the manifest is of version 3.001" in err) == (1, True)
    write_latest(folder, text, Ed25519PrivateKey.generate().sign(text))
    assert "the signature does not belong" in verify(folder, "--latest", latest)[1]
    write_latest(folder, text, signature)
    rewrite(folder, LAST, '"rule_set": "', '"rule_set": "0')
    assert "names another manifest of version 3.002" in verify(folder, "--latest", latest)[1]


def test_a_pointer_runs_out_after_seven_days(folder: Path) -> None:
    head = selectors.head()
    assert head is not None
    for days, code in ((6, 0), (7, 1)):
        text = pointer.build(head, timezone.now() - datetime.timedelta(days=days))
        assert verify(folder, "--latest", write_latest(folder, text, crypto.sign(text)))[0] == code


def test_there_is_no_pointer_without_a_version_or_the_private_key(client: Client) -> None:
    assert client.get("/cpl/latest.json").status_code == 404
    approved()
    published()
    with override_settings(CPL_RELEASE_KEY=crypto.public_key_pem()):
        assert client.get("/cpl/latest.json.sig").status_code == 404


def test_nothing_to_verify(folder: Path) -> None:
    assert verify(folder)[0] == 2


def test_the_commands_of_the_page_work(folder: Path, client: Client) -> None:
    need("openssl")
    for name in ("signing-key.pem", "latest.json", "latest.json.sig"):
        (folder / name).write_bytes(client.get(f"/cpl/{name}").content)
    page = html.unescape(client.get("/cpl/verify/").content.decode())
    commands = "\n".join(re.findall(r"<pre [^>]*>(.*?)</pre>", page, re.DOTALL)).splitlines()
    assert len(commands) == 5

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)

    fingerprint, signature, files, pointer_signature, manifest = (run(command) for command in commands)
    assert fingerprint.stdout.startswith(crypto.key_id())
    assert f'<code class="mono">{crypto.key_id()}</code>' in page
    assert "Signature Verified Successfully" in signature.stdout
    assert "Signature Verified Successfully" in pointer_signature.stdout
    named = json.loads((folder / f"{LAST}.manifest.json").read_text())["files"]
    assert {line.split()[1]: line.split()[0] for line in files.stdout.splitlines()} == {
        name: file["sha256"] for name, file in named.items()
    }
    assert manifest.stdout.split()[0] == json.loads((folder / "latest.json").read_text())["manifest_sha256"]
    (folder / f"{LAST}.manifest.json").write_bytes(b"{}")
    assert run(commands[1]).returncode != 0
    assert 'href="/cpl/verify/"' in client.get("/cpl/versions/3.002/").content.decode()


def test_the_page_is_there_before_the_first_version(client: Client) -> None:
    assert "CPL_vX.YYY.csv" in client.get("/cpl/verify/").content.decode()
