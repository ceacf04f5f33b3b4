"""Changing the release key: the old one says which comes after it, and what either signed stays provable from any of them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.db import DatabaseError, connection
from django.test import Client

from core import append_only, audit, crypto, vault
from cpl import handlers, records, selectors
from cpl.models import Pointer, PublicationOrder, ReleaseKey
from cpl.services import keys, orders, planning, publishing
from cpl.services.planning import PublishingBlocked
from cpl.services.publishing import HeadMoved
from tests.builders.listing import approved, published, two_people
from tests.commands import called
from tests.downloads import body, fetch_latest, new_version, verify

pytestmark = pytest.mark.django_db
VERSIONS = ("CPL_v3.000", "CPL_v3.001", "CPL_v3.002")


@pytest.fixture
def key_folder(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded site whose keys no other test uses."""
    settings.CPL_KEY_DIR = tmp_path_factory.mktemp("keys")
    return Path(settings.CPL_KEY_DIR)


@pytest.fixture
def folder(key_folder: Path, tmp_path: Path, client: Client) -> Path:
    """Three versions, each with a key of its own, and all that a visitor can fetch about keys."""
    for model in (901, 902, 903):
        if model > 901:
            assert called("rotate_release_key")[0] == 0
        new_version(tmp_path, model)
    for number in (1, 2, 3):
        (tmp_path / f"{number}.pem").write_bytes(body(client, f"/cpl/keys/release-key-{number}.pem"))
    (tmp_path / "keys.json").write_bytes(body(client, "/cpl/keys.json"))
    return tmp_path


def private(key_folder: Path, number: int) -> Ed25519PrivateKey:
    """What somebody holds who kept the private half."""
    name = ReleaseKey.objects.get(number=number).key_id
    for path in key_folder.iterdir():
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        if name in path.name or (number == 1 and path.name == "release.pem"):
            return key
    raise AssertionError(number)


def new_pem() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def resign(folder: Path, version: str, key: Ed25519PrivateKey, before: str = "", after: str = "") -> None:
    manifest = folder / f"{version}.manifest.json"
    manifest.write_text(manifest.read_text().replace(before, after) if before else manifest.read_text())
    Path(f"{manifest}.sig").write_bytes(key.sign(manifest.read_bytes()))


@pytest.mark.parametrize("trusted", [1, 2, 3])
def test_whichever_key_somebody_kept_everything_is_proved(
    folder: Path, client: Client, django_assert_num_queries: Any, trusted: int
) -> None:
    trust = ("--key", folder / f"{trusted}.pem", "--keys", folder / "keys.json")
    last = ("--latest", fetch_latest(folder, client), "--history", folder)
    with django_assert_num_queries(0):
        for version in VERSIONS:
            assert verify(folder, version, folder / f"{version}.csv", folder / f"{version}.xlsm", *trust) == (0, "")
        assert verify(folder, VERSIONS[-1], *last, *trust) == (0, "")
    assert verify(folder, VERSIONS[-1], *last) == (0, "")  # as this site itself knows its keys


def test_without_the_statements_a_key_proves_its_own_versions_only(folder: Path) -> None:
    for number, version in enumerate(VERSIONS, 1):
        for trusted in (1, 2, 3):
            code, err = verify(folder, version, folder / f"{version}.csv", "--key", folder / f"{trusted}.pem")
            assert (code, "for which no key that you trust vouches" in err) == ((0, False) if trusted == number else (1, True))
    assert verify(folder, VERSIONS[0], folder / f"{VERSIONS[0]}.csv", "--keys", folder / "keys.json")[0] == 2


def test_a_retired_key_signs_nothing_more(folder: Path, key_folder: Path, client: Client) -> None:
    trust = ("--key", folder / "1.pem", "--keys", folder / "keys.json")
    latest = fetch_latest(folder, client)
    Path(f"{latest}.sig").write_bytes(private(key_folder, 2).sign(latest.read_bytes()))
    assert "a key that is no longer in force" in verify(folder, VERSIONS[-1], "--latest", latest, *trust)[1]
    resign(folder, VERSIONS[-1], private(key_folder, 1))
    for more in (folder / f"{VERSIONS[-1]}.csv",), ("--history", folder):
        code, err = verify(folder, VERSIONS[-1], *more, *trust)
        assert (code, "which was in force for serials 1 to 1 only" in err) == (1, True)


def test_a_retired_key_rewrites_nothing(folder: Path, key_folder: Path) -> None:
    resign(folder, VERSIONS[0], private(key_folder, 1), '"rule_set": "', '"rule_set": "0')
    code, err = verify(folder, VERSIONS[0], folder / f"{VERSIONS[0]}.csv")
    assert (code, "is not the manifest with which key" in err) == (1, True)


def test_a_self_made_statement_is_found(folder: Path) -> None:
    document = json.loads((folder / "keys.json").read_text())
    document["statements"][1]["old_signature"] = Ed25519PrivateKey.generate().sign(b"me").hex()
    (folder / "keys.json").write_text(json.dumps(document))
    trust = ("--key", folder / "1.pem", "--keys", folder / "keys.json")
    code, err = verify(folder, VERSIONS[0], folder / f"{VERSIONS[0]}.csv", *trust)
    assert (code, err) == (1, f"{folder / 'keys.json'}: statement 3 is not signed by the key before it: it is forged.\n")


def test_what_a_rotation_leaves(folder: Path, key_folder: Path) -> None:
    first, second, third = selectors.release_keys()
    assert [key.last_serial for key in (first, second, third)] == [0, 1, 2]
    assert set(crypto.held()) == {third.key_id}
    assert {path.name for path in key_folder.iterdir()} == {
        f"release-{third.key_id}.pem",
        f"retired-{first.key_id}.pem",
        f"retired-{second.key_id}.pem",
    }
    told = json.loads(vault.read(third.statement_sha256))
    head = selectors.head()
    assert head is not None
    assert (told["number"], told["last_serial"], told["old_key"]["id"]) == (3, 2, second.key_id)
    assert told["last_manifest"] == head.previous.manifest_sha256
    entry = audit.trail(third).get()
    assert (entry.verb, entry.detail["before"], entry.detail["statement"]) == (
        "release_key.rotated",
        second.key_id,
        third.statement_sha256,
    )
    assert list(records.keys_follow_each_other()) == list(records.files_are_as_published()) == []
    with pytest.raises(DatabaseError, match="append-only"):
        ReleaseKey.objects.filter(number=2).update(last_serial=7)


def test_the_page_shows_the_chain(folder: Path, client: Client) -> None:
    page = client.get("/cpl/verify/").content.decode()
    assert all(key.fingerprint in page for key in selectors.release_keys())
    assert re.findall(r"<td>(serials [^<]*|no version)</td>", page) == [
        "serials from 1 to 1",
        "serials from 2 to 2",
        "serials from 3",
    ]
    assert [page.count(f"/cpl/keys/release-key-{number}.json.old.sig") for number in (1, 2, 3)] == [0, 1, 1]
    for number, version in enumerate(("3.000", "3.001", "3.002"), 1):
        assert f"-inkey release-key-{number}.pem" in client.get(f"/cpl/versions/{version}/").content.decode()
    for nothing in ("1.json", "1.json.old.sig", "4.pem", "2.key", "2.json.sig", f"{10**30}.pem"):
        assert client.get(f"/cpl/keys/release-key-{nothing}").status_code == 404


def test_there_is_a_list_of_keys_before_there_is_a_key(key_folder: Path, client: Client) -> None:
    assert json.loads(body(client, "/cpl/keys.json")) == {"format": 1, "current": None, "statements": []}
    handlers.point_to_the_current_version()
    key = selectors.release_keys().get()
    assert json.loads(body(client, "/cpl/keys.json"))["current"] == {"id": key.key_id, "pem": key.pem}
    assert key.fingerprint in client.get("/cpl/verify/").content.decode()


def test_a_version_prepared_before_the_key_changed_is_prepared_again(key_folder: Path) -> None:
    approved()
    plan = planning.preview()
    stored = publishing.store(plan)
    assert called("rotate_release_key")[0] == 0
    with pytest.raises(HeadMoved):
        publishing.commit(plan, stored, None)
    release = published()
    assert json.loads(vault.read(release.manifest_sha256))["signing_key"] == keys.in_force().key_id != stored.key_id
    assert list(records.files_are_as_published()) == []


def test_a_key_replaced_just_before_it_should_sign_lets_the_next_one_sign(key_folder: Path) -> None:
    def build(key_id: str) -> bytes:
        if key_id == old:
            assert called("rotate_release_key")[0] == 0  # sets the old key aside
        return key_id.encode()

    old = keys.in_force().key_id
    key_id, text, signature = keys.sign(build)
    new = keys.in_force()
    assert (key_id, text) == (new.key_id, new.key_id.encode())
    assert new.key_id != old
    assert crypto.verify(text, signature, new.pem)


def test_a_run_that_died_before_the_new_key_was_in_force_is_ended_by_the_next(key_folder: Path) -> None:
    old = keys.in_force().key_id
    new = crypto.make_release_key()
    approved(model=901)
    assert publishing.store(planning.preview()).key_id == old
    assert called("rotate_release_key")[0] == 0
    assert (keys.in_force().key_id, set(crypto.held())) == (new, {new})


def test_a_run_that_died_before_the_old_key_was_set_aside_is_ended_by_the_next(key_folder: Path) -> None:
    old = keys.in_force().key_id
    new = crypto.make_release_key()
    keys.rotate(new)
    approved(model=901)
    assert publishing.store(planning.preview()).key_id == new
    code, out, _ = called("rotate_release_key")
    assert (code, f"retired-{old}.pem" in out, "destroy it" in out) == (0, True, True)
    assert (ReleaseKey.objects.count(), set(crypto.held())) == (2, {new})


def test_keys_that_are_set_are_left_to_whoever_set_them(key_folder: Path, settings: Any) -> None:
    """As in production: the command changes no file and says what to do before and after."""
    first, second = new_pem(), new_pem()
    settings.EMBEDDED = False
    assert "no release key" in called("rotate_release_key")[2]
    settings.CPL_RELEASE_KEY = first
    code, _, err = called("rotate_release_key")
    assert (code, "Put one behind the key in force" in err) == (2, True)
    settings.CPL_RELEASE_KEY = first + second
    old, new = crypto.held()
    code, out, _ = called("rotate_release_key")
    assert (code, f"Key {new} is in force" in out, f"take key {old} out of CPL_RELEASE_KEY" in out) == (0, True, True)
    assert "take key" in called("rotate_release_key")[1]
    assert ReleaseKey.objects.count() == 2
    settings.CPL_RELEASE_KEY = second
    approved()
    assert json.loads(vault.read(published().manifest_sha256))["signing_key"] == new
    assert list(key_folder.iterdir()) == []


def test_without_the_old_key_there_is_no_rotation_but_a_new_beginning(key_folder: Path, tmp_path: Path, client: Client) -> None:
    new_version(tmp_path, 901)
    (tmp_path / "old.pem").write_text(keys.in_force().pem)
    (key_folder / "release.pem").unlink()
    code, _, err = called("rotate_release_key")
    assert (code, "--old-key-lost begins anew" in err) == (2, True)
    assert ReleaseKey.objects.count() == 1
    approved(model=905)
    with pytest.raises(PublishingBlocked, match="is not here"):
        published()
    code, out, _ = called("rotate_release_key", "--old-key-lost")
    assert (code, "everybody has to be given the new fingerprint" in out) == (0, True)
    new_version(tmp_path, 902)
    (tmp_path / "new.pem").write_text(keys.in_force().pem)
    (tmp_path / "keys.json").write_bytes(body(client, "/cpl/keys.json"))
    assert list(records.keys_follow_each_other()) == list(records.files_are_as_published()) == []
    code, err = verify(
        tmp_path, "CPL_v3.001", "--history", tmp_path, "--key", tmp_path / "old.pem", "--keys", tmp_path / "keys.json"
    )
    assert (code, "for which no key that you trust vouches" in err) == (1, True)
    trust = ("--key", tmp_path / "new.pem", "--keys", tmp_path / "keys.json")
    assert verify(tmp_path, "CPL_v3.001", "--history", tmp_path, "--latest", fetch_latest(tmp_path, client), *trust) == (0, "")
    assert "does not vouch for it" in client.get("/cpl/verify/").content.decode()
    assert client.get("/cpl/keys/release-key-2.json.old.sig").status_code == 404
    assert audit.trail(keys.in_force()).get().verb == "release_key.begun_anew"


def test_an_order_is_left_to_a_process_that_has_a_key(key_folder: Path, settings: Any) -> None:
    approved()
    order = orders.order(two_people()[1], "", planning.preview().fingerprint)
    settings.EMBEDDED = False
    with pytest.raises(crypto.NoPrivateKey):
        orders.carry_out(order.pk)
    settings.EMBEDDED = True
    orders.carry_out(order.pk)
    order.refresh_from_db()
    assert order.outcome == PublicationOrder.Outcome.PUBLISHED


def lose_the_statement() -> None:
    key = ReleaseKey.objects.get(number=2)
    ReleaseKey.objects.filter(pk=key.pk).update(statement_sha256="0" * 64)


def exchange_the_signature() -> None:
    ReleaseKey.objects.filter(number=2).update(old_signature_sha256=vault.put(bytes(64)))


def exchange_a_key() -> None:
    stranger = load_pem_private_key(new_pem().encode(), None).public_key()
    ReleaseKey.objects.filter(number=1).update(pem=crypto._pem(stranger))


def move_the_end() -> None:
    ReleaseKey.objects.filter(number=2).update(last_serial=2)


def point_elsewhere() -> None:
    Pointer.objects.filter(pk=Pointer.objects.all()[0].pk).update(release=selectors.head().previous)


def sign_the_pointer_with_an_old_key() -> None:
    Pointer.objects.filter(pk=Pointer.objects.all()[0].pk).update(signature=bytes(64))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lose_the_statement, "The vault has no"),
        (exchange_the_signature, "statement 2 is not signed by the key before it"),
        (exchange_a_key, "are not those of the statements"),
        (move_the_end, "are not those of the statements"),
        (point_elsewhere, "names version 3.001"),
        (sign_the_pointer_with_an_old_key, "is not signed by the key in force"),
    ],
)
def test_verify_records_finds_damage(folder: Path, damage: Callable[[], None], words: str) -> None:
    connection.check_constraints()  # PostgreSQL alters no table that still waits for a check in this transaction
    with append_only.lifted(connection):
        damage()
        connection.check_constraints()
    assert [line for line in records.keys_follow_each_other() if words in line]


def test_verify_records_finds_a_manifest_signed_with_a_retired_key(folder: Path, key_folder: Path) -> None:
    head = selectors.head()
    assert head is not None
    signature = private(key_folder, 1).sign(vault.read(head.manifest_sha256))
    type(head).objects.filter(pk=head.pk).update(signature_sha256=vault.put(signature))
    assert [line for line in records.files_are_as_published() if "which was in force for serials 1 to 1 only" in line]
