"""The public pages of the list and its downloads, as anybody sees them."""

import hashlib
import json
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import crypto, vault
from cpl.domain import merkle
from cpl.models import EntryRow, Release
from tests.builders.listing import FIRMWARE, amended, approved, published, small_list

pytestmark = pytest.mark.django_db
DLMS = "DLMS_Certificate.identification_number"


def text_of(client: Client, name: str, *arguments: object, **query: str) -> str:
    response = client.get(reverse(name, args=arguments), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def status(client: Client, path: str) -> int:
    return client.get(path).status_code


@pytest.fixture
def two_versions() -> tuple[Release, Release]:
    """3.001 taken over, 3.002 published: one added, one removed, one changed."""
    first = small_list()
    approved("add", model=901, designation="Alder meter")
    approved("amend", "000002", values=amended("000002", **{DLMS: "NEW-1"}))
    approved("remove", "000003", reason="asked for by its manufacturer")
    return first, published()


@pytest.mark.parametrize("path", ["/", "/cpl/", "/cpl/versions/"])
def test_a_new_site_says_that_nothing_is_published(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "Nothing is published yet" in response.content.decode()


def test_home(client: Client, two_versions: tuple[Release, Release]) -> None:
    page = text_of(client, "cpl:home")
    for words in ("Version 3.002", "25 entries in all", "asked for by its manufacturer", 'href="/cpl/latest.csv"', "3.001"):
        assert words in page
    assert "Import a workbook" not in page


def test_a_name_that_only_repeats_the_form_is_not_shown_as_a_name(client: Client) -> None:
    small_list()
    approved("add", model=901, designation="Alder meter")
    published()
    row = EntryRow.objects.open().get(number="000025")
    assert "Alder meter" in text_of(client, "cpl:entry", "000025")
    EntryRow.objects.filter(pk=row.pk).update(designation=f"{row.device_type} {row.manufacturer} {row.model}")
    assert text_of(client, "cpl:entry", "000025").count(row.device_type) == 2  # in the lead and among the data items


def test_the_list_has_every_entry_a_page_at_a_time(client: Client) -> None:
    small_list(60)
    first, second = text_of(client, "cpl:list"), text_of(client, "cpl:list", page="2")
    assert ("60 entries" in first, "000050" in first, "000051" in first) == (True, True, False)
    assert ("000050" in second, "000051" in second, "000060" in second) == (False, True, True)


def found(client: Client, **query: str) -> list[str]:
    response = client.get("/cpl/", query)
    return [row.number for row in response.context["page"]]


def test_search_and_filters(client: Client) -> None:
    small_list(40)
    row = EntryRow.objects.get(number="000009")
    assert found(client, q="000009") == ["000009"]
    assert found(client, q=row.values["ZSE_Certificate.identification_number"].lower()) == ["000009"]
    assert "000009" in found(client, q=row.model.replace(":", ""))
    assert "000009" in found(client, q=f"{row.manufacturer} {row.firmware}")
    assert set(found(client, maker=row.manufacturer)) == set(
        EntryRow.objects.filter(manufacturer=row.manufacturer).values_list("number", flat=True)
    )
    assert found(client, status="Removed") == ["000020", "000040"]
    assert found(client, type="Gas Smart Meter", status="Removed") == list(
        EntryRow.objects.filter(device_type="Gas Smart Meter", status="Removed").values_list("number", flat=True)
    )
    assert found(client, q="nothing has this") == []
    assert "No entry found" in client.get("/cpl/", {"q": "nothing has this"}).content.decode()


@pytest.mark.parametrize(
    "query", [{"q": "%"}, {"q": "'; drop"}, {"page": "x"}, {"page": "99"}, {"maker": "\x00"}, {"q": "é" * 500}]
)
def test_odd_questions_get_an_answer(client: Client, query: dict[str, str]) -> None:
    small_list(3)
    assert client.get("/cpl/", query).status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 1),
        ("/cpl/", 4),
        ("/cpl/?q=7A:01&status=Current", 4),
        ("/cpl/entries/000002/", 4),
        ("/cpl/versions/", 2),
        ("/cpl/versions/3.002/", 7),
        ("/cpl/versions/3.001/differences/3.002/", 5),
        ("/cpl/versions/3.002/CPL_v3.002.csv", 1),
        ("/cpl/latest.csv", 1),
        ("/cpl/feed.atom", 2),
    ],
)
def test_few_questions_to_the_database(client: Client, two_versions: object, path: str, most: int) -> None:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert status(client, path) == 200
    assert len(seen) <= most, [query["sql"][:120] for query in seen]


def test_an_entry_with_its_history(client: Client, two_versions: tuple[Release, Release]) -> None:
    page = text_of(client, "cpl:entry", "000002")
    row = EntryRow.objects.open().get(number="000002")
    for value in filter(None, row.values.values()):
        assert value in page
    for words in ("CPA_Certificate", "Taken over with the list", "Version 3.002", "NEW-1", "DLMS certificate number"):
        assert words in page
    assert "Propose a change" not in page
    assert "Removed" in text_of(client, "cpl:entry", "000003")
    assert status(client, "/cpl/entries/999999/") == 404


def test_an_entry_leads_to_its_proof(client: Client, two_versions: object) -> None:
    page = text_of(client, "cpl:entry", "000002")
    address = "/cpl/versions/3.002/entries/000002/proof.json"
    assert (f'href="{address}"' in page, 'href="/cpl/verify/"' in page) == (True, True)
    proof = client.get(address).json()
    manifest = json.loads(client.get("/cpl/versions/3.002/CPL_v3.002.manifest.json").getvalue())
    assert json.loads(proof["leaf"])["values"][DLMS] == "NEW-1"
    path, root = (bytes.fromhex(neighbour) for neighbour in proof["path"]), bytes.fromhex(manifest["merkle_root"])
    assert merkle.holds(proof["leaf"].encode(), proof["index"], manifest["entries"]["total"], [*path], root)


def test_a_list_taken_over_has_no_proofs(client: Client) -> None:
    small_list(3)
    assert "proof.json" not in text_of(client, "cpl:entry", "000002")
    assert status(client, "/cpl/versions/3.001/entries/000002/proof.json") == 404


def test_values_are_escaped(client: Client) -> None:
    small_list(2)
    approved("amend", "000001", values=amended("000001", **{"Manufacturer_Image.creator": "<script>alert(1)</script>"}))
    published()
    for path in ("/cpl/entries/000001/", "/cpl/versions/3.002/", "/", "/cpl/?q=%3Cscript%3E"):
        page = client.get(path).content.decode()
        assert "<script" not in page.replace('<script src="/static', "")


def test_versions(client: Client, two_versions: tuple[Release, Release]) -> None:
    page = text_of(client, "cpl:versions")
    assert all(f"/cpl/versions/{version}/" in page for version in ("3.000", "3.001", "3.002"))


def test_a_version_with_files_and_difference(client: Client, two_versions: tuple[Release, Release]) -> None:
    release = two_versions[1]
    page = text_of(client, "cpl:version", "3.002")
    for sha256 in (release.workbook_sha256, release.csv_sha256, release.manifest_sha256, release.signature_sha256):
        assert sha256 in page
    for words in ("Difference to version 3.001", "NEW-1", "000025", "added", "openssl pkeyutl"):
        assert words in page
    old = text_of(client, "cpl:version", "3.001")
    assert "CPL_v3.001.csv" in old
    assert "only its text was taken over" in text_of(client, "cpl:version", "3.000")


@pytest.mark.parametrize("path", ["/cpl/versions/9.999/", "/cpl/versions/3.2/", "/cpl/versions/3.0002/", "/cpl/versions/x/"])
def test_there_is_one_spelling_of_a_version(client: Client, two_versions: object, path: str) -> None:
    assert status(client, path) == 404


def test_differences_of_any_two_versions(client: Client, two_versions: tuple[Release, Release]) -> None:
    approved("amend", "000002", values=amended("000002", **{DLMS: "NEW-2", FIRMWARE: "0A:0A:0A:0A"}))
    approved("reinstate", "000003")
    published()
    page = text_of(client, "cpl:differences", "3.001", "3.003")
    changes = {change.number: change for change in client.get("/cpl/versions/3.001/differences/3.003/").context["found"]}
    assert {number: change.what for number, change in changes.items()} == {"000002": "changed", "000025": "added"}
    old = EntryRow.objects.get(number="000002", to_serial=3)
    assert {(item.label, item.old, item.new) for item in changes["000002"].moved} == {
        ("DLMS certificate number", old.values[DLMS], "NEW-2"),
        ("Firmware version", old.firmware, "0A:0A:0A:0A"),
    }
    assert ("NEW-2" in page, "NEW-1" in page) == (True, False)
    assert client.get("/cpl/versions/3.003/differences/3.001/")["Location"] == "/cpl/versions/3.001/differences/3.003/"
    assert client.get("/cpl/compare/?from=3.003&to=3.001")["Location"] == "/cpl/versions/3.003/differences/3.001/"
    assert status(client, "/cpl/compare/?from=x&to=3.001") == 404
    assert "Cannot be compared" in text_of(client, "cpl:differences", "3.000", "3.002")
    assert "No difference" in text_of(client, "cpl:differences", "3.002", "3.002")


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"),
        ("csv", "text/csv; charset=utf-8"),
        ("manifest.json", "application/json"),
        ("manifest.json.sig", "application/octet-stream"),
    ],
)
def test_downloads_are_the_published_bytes(client: Client, two_versions: tuple[Release, Release], suffix: str, kind: str) -> None:
    path = f"/cpl/versions/3.002/CPL_v3.002.{suffix}"
    response = client.get(path)
    data = response.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    assert data == vault.read(sha256)
    assert sha256 in vars(two_versions[1]).values()
    assert (response["Content-Type"], response["ETag"]) == (kind, f'"{sha256}"')
    assert response["Content-Disposition"] == f'attachment; filename="CPL_v3.002.{suffix}"'
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(path, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", response["Cache-Control"])
    other = client.get(path, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    assert other.getvalue() == data
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_the_latest_moves_with_the_head(client: Client, two_versions: object) -> None:
    before = client.get("/cpl/latest.csv")
    assert before.getvalue()
    assert (before["Cache-Control"], before["Content-Disposition"]) == (
        "public, no-cache",
        'attachment; filename="CPL_v3.002.csv"',
    )
    approved("reinstate", "000003")
    release = published()
    after = client.get("/cpl/latest.csv", headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, after["ETag"]) == (200, f'"{release.csv_sha256}"')
    assert after.getvalue() == vault.read(release.csv_sha256)
    workbook = client.get("/cpl/latest.xlsm")
    assert workbook.getvalue() == vault.read(release.workbook_sha256)
    assert workbook["Content-Disposition"] == 'attachment; filename="CPL_v3.003.xlsm"'


def test_a_version_taken_over_is_made_of_its_entries(client: Client) -> None:
    small_list(3)
    response = client.get("/cpl/versions/3.001/CPL_v3.001.csv")
    assert response.content.count(b"\r\n") == 3
    assert response["Cache-Control"] == "public, no-cache"
    assert client.get("/cpl/latest.csv", headers={"If-None-Match": response["ETag"]}).status_code == 304
    assert client.get("/cpl/latest.xlsm").content.startswith(b"PK")


@pytest.mark.parametrize(
    "path",
    [
        "/cpl/versions/3.000/CPL_v3.000.csv",
        "/cpl/versions/3.001/CPL_v3.001.manifest.json",
        "/cpl/versions/3.002/CPL_v3.001.csv",
        "/cpl/versions/3.002/CPL_v3.002.exe",
        "/cpl/versions/3.002/..%2f..%2fsettings.py",
        "/cpl/latest.manifest.json",
        "/cpl/latest.exe",
    ],
)
def test_no_other_file(client: Client, two_versions: object, path: str) -> None:
    assert status(client, path) == 404


def test_nothing_to_download_yet(client: Client) -> None:
    assert status(client, "/cpl/latest.csv") == 404


def test_the_manifest_names_what_is_downloaded(client: Client, two_versions: object) -> None:
    manifest = client.get("/cpl/versions/3.002/CPL_v3.002.manifest.json").getvalue()
    for name, facts in json.loads(manifest)["files"].items():
        data = client.get(f"/cpl/versions/3.002/{name}").getvalue()
        assert facts == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    signature = client.get("/cpl/versions/3.002/CPL_v3.002.manifest.json.sig").getvalue()
    assert crypto.verify(manifest, signature, client.get("/cpl/keys/release-key-1.pem").content.decode())


def test_the_feed_follows_the_head(client: Client, two_versions: object) -> None:
    response = client.get("/cpl/feed.atom")
    tree = ElementTree.fromstring(response.content)
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.findtext(f"{atom}title") for entry in tree.iter(f"{atom}entry")]
    assert titles == ["Version 3.002", "Version 3.001", "Version 3.000"]
    assert client.get("/cpl/feed.atom", headers={"If-None-Match": response["ETag"]}).status_code == 304
    approved("reinstate", "000003")
    published()
    assert client.get("/cpl/feed.atom", headers={"If-None-Match": response["ETag"]}).status_code == 200
