"""Whatever happens to published files on their way, somebody with the public key alone finds it."""

import datetime
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone

from core import crypto
from cpl import selectors
from cpl.models import Pointer
from cpl.services import keys, pointer
from tests import downloads
from tests.builders.listing import approved, published, small_list
from tests.commands import called
from tests.downloads import fetch_latest, new_version, write_latest

pytestmark = pytest.mark.django_db
LAST = "CPL_v3.002"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three versions as downloaded, with an entry more in each."""
    for model in (901, 902, 903):
        new_version(tmp_path, model)
    return tmp_path


def verify(folder: Path, *more: object, version: str = LAST) -> tuple[int, str]:
    return downloads.verify(folder, version, *more)


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


def sign(data: bytes) -> bytes:
    return crypto.sign(data, keys.in_force().key_id)


def rewrite(folder: Path, version: str, before: str, after: str) -> None:
    """A manifest that says something else, signed with the right key: what only a dishonest site could do."""
    manifest = folder / f"{version}.manifest.json"
    text = manifest.read_text().replace(before, after)
    assert text != manifest.read_text()
    manifest.write_text(text)
    Path(f"{manifest}.sig").write_bytes(sign(text.encode()))


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
    _, said, _ = called("verify_download", "--manifest", folder / f"{LAST}.manifest.json", "--proof", proof)
    assert said == f"{proof}: entry 000002, Current, as published\n"
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


def test_an_older_version_in_place_of_the_current_one_is_found(folder: Path, client: Client) -> None:
    latest = fetch_latest(folder, client)
    text, signature = latest.read_bytes(), Path(f"{latest}.sig").read_bytes()
    assert verify(folder, "--latest", latest) == (0, "")
    code, err = verify(folder, "--latest", latest, version="CPL_v3.001")
    assert (code, "names version 3.002 as the current one, but the manifest is of version 3.001" in err) == (1, True)
    write_latest(folder, text, Ed25519PrivateKey.generate().sign(text))
    assert "the signature does not belong" in verify(folder, "--latest", latest)[1]
    write_latest(folder, text, signature)
    rewrite(folder, LAST, '"rule_set": "', '"rule_set": "0')
    assert "names another manifest of version 3.002" in verify(folder, "--latest", latest)[1]


def test_another_signed_document_is_no_pointer(folder: Path) -> None:
    manifest = folder / f"{LAST}.manifest.json"
    assert "does not say which version" in verify(folder, "--latest", manifest)[1]


def test_words_and_signature_fit_though_new_words_come_between(folder: Path, client: Client) -> None:
    text = client.get("/cpl/latest.json").content
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        keys.renew_pointer()
        assert client.get("/cpl/latest.json").content != text
    address = f"/cpl/latest/{hashlib.sha256(text).hexdigest()}/latest.json"
    assert client.get(address).content == text
    assert crypto.verify(text, client.get(f"{address}.sig").content, keys.in_force().pem)
    for nothing in ("0" * 64, "%00", "SHA-256"):
        assert client.get(f"/cpl/latest/{nothing}/latest.json.sig").status_code == 404


def test_a_pointer_runs_out_after_seven_days(folder: Path) -> None:
    head = selectors.head()
    assert head is not None
    for days, code in ((6, 0), (7, 1)):
        text = pointer.build(head, keys.in_force().key_id, timezone.now() - datetime.timedelta(days=days))
        assert verify(folder, "--latest", write_latest(folder, text, sign(text)))[0] == code


def test_each_version_brings_its_pointer_and_serving_it_takes_no_key(client: Client, settings: Any) -> None:
    keys.renew_pointer()
    assert client.get("/cpl/latest.json").status_code == 404
    for model, version in ((901, "3.000"), (902, "3.001")):
        approved(model=model)
        published()
        settings.EMBEDDED = False  # a production site makes no keys, and this process is given none
        assert crypto.held() == {}
        assert client.get("/cpl/latest.json").json()["version"] == version
        settings.EMBEDDED = True


def test_the_daily_renewal_needs_the_key_and_leaves_no_gap(folder: Path, client: Client, settings: Any) -> None:
    before = client.get("/cpl/latest.json").content
    settings.EMBEDDED = False
    with pytest.raises(crypto.NoPrivateKey):
        keys.renew_pointer()
    assert client.get("/cpl/latest.json").content == before
    settings.EMBEDDED = True
    with time_machine.travel(timezone.now() + datetime.timedelta(days=8)):
        assert "ran out" in verify(folder, "--latest", fetch_latest(folder, client))[1]
        keys.renew_pointer()
        assert verify(folder, "--latest", fetch_latest(folder, client)) == (0, "")
    assert Pointer.objects.count() == 4


def test_a_history_that_begins_with_a_list_taken_over(tmp_path: Path, client: Client) -> None:
    """Versions from before have no manifest: the first one published here is the beginning, and nothing can go before it."""
    small_list()
    assert [new_version(tmp_path, model) for model in (901, 902)] == ["CPL_v3.002", "CPL_v3.003"]
    files = [tmp_path / f"CPL_v3.003.{end}" for end in ("csv", "xlsm")]
    (tmp_path / "proof.json").write_bytes(client.get("/cpl/versions/3.003/entries/000026/proof.json").content)
    everything = ("--proof", tmp_path / "proof.json", "--latest", fetch_latest(tmp_path, client), "--history", tmp_path)
    assert verify(tmp_path, *files, *everything, version="CPL_v3.003") == (0, "")
    assert verify(tmp_path, "--history", tmp_path, version="CPL_v3.002") == (0, "")
    assert client.get("/cpl/versions/3.001/CPL_v3.001.manifest.json").status_code == 404
    (tmp_path / "CPL_v3.002.manifest.json").unlink()
    assert "3.003: the manifest before it is missing" in verify(tmp_path, "--history", tmp_path, version="CPL_v3.003")[1]


def test_nothing_to_verify(folder: Path) -> None:
    assert verify(folder)[0] == 2


# --- What is no document of ours at all, and calls that lead nowhere ------------------------------------------------------
NO_DOCUMENTS = ("", "null", '"x"', "\x00", "[" * 100_000, '{"serial": 1e999, "index": 1e999, "signing_key": ""}', '{"serial": "')


def test_any_bytes_in_place_of_a_document_are_told_from_it(folder: Path) -> None:
    """A finding each time, and never a fault of the program."""
    csv, key, wrong = folder / f"{LAST}.csv", folder / "key.pem", folder / "wrong.manifest.json"
    key.write_text(keys.in_force().pem)
    Path(f"{wrong}.sig").write_bytes(bytes(64))
    calls = ("--proof", wrong), ("--latest", wrong), ("--key", key, "--keys", wrong, csv), ("--history", folder)
    for text in NO_DOCUMENTS:
        wrong.write_text(text)
        codes = [*(verify(folder, *words)[0] for words in calls), verify(folder, csv, version="wrong")[0]]
        assert codes == [1] * 5, text[:40]


def test_the_same_manifest_twice_is_no_fork(folder: Path) -> None:
    """As when somebody downloads it again, and the browser gives it another name."""
    for end in (".manifest.json", ".manifest.json.sig"):
        (folder / f"Copy of {LAST}{end}").write_bytes((folder / f"{LAST}{end}").read_bytes())
    assert verify(folder, "--history", folder) == (0, "")


def test_a_history_that_is_no_folder_cannot_be_read(folder: Path) -> None:
    for nowhere in (folder / "nothing", folder / f"{LAST}.csv"):
        assert verify(folder, "--history", nowhere) == (2, f"{nowhere}: is no folder\n")
