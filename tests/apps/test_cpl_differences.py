"""The difference of two versions as files: who may have them, under which names, and that they are the difference."""

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpl import selectors
from cpl.domain import difference_documents
from cpl.domain.entry import ListedEntry
from cpl.domain.releases import Version
from cpl.models import EntryRow, Release
from cpl.views import showing
from tests.builders.listing import FIRMWARE, amended, approved, published, small_list

pytestmark = pytest.mark.django_db
DLMS = "DLMS_Certificate.identification_number"
CREATOR = "Manufacturer_Image.creator"
STATUS = "Entry.status"
PUBLISHED = "/cpl/versions/3.002/differences/3.003/CPL_v3.002_to_v3.003"
FROM_IMPORT = "/cpl/versions/3.001/differences/3.003/CPL_v3.001_to_v3.003"


@pytest.fixture
def three_versions() -> list[Release]:
    """3.001 taken over; 3.002: one added, one removed, one changed; 3.003: the removed one is back and changed."""
    first = small_list()
    approved("add", model=901)
    approved("amend", "000002", values=amended("000002", **{DLMS: "NEW-1"}))
    approved("remove", "000003", reason="asked for")
    second = published()
    approved("reinstate", "000003", reason="asked for again")
    approved("amend", "000002", values=amended("000002", **{CREATOR: "=HYPERLINK(1)", FIRMWARE: "0A:0A:0A:0A"}))
    return [first, second, published()]


def listed(version: str) -> dict[str, ListedEntry]:
    release = selectors.release(Version(*map(int, version.split("."))))
    assert release is not None
    return {row.number: row.as_listed() for row in selectors.entries_at(release)}


def texts(entries: dict[str, ListedEntry]) -> dict[tuple[str, str], str]:
    """Every text of a list by number and data item."""
    found = {(number, key): text for number, entry in entries.items() for key, text in entry.values.items() if text}
    return found | {(number, STATUS): entry.status for number, entry in entries.items()}


@pytest.mark.parametrize("earlier", ["3.001", "3.002"])
def test_the_json_leads_from_one_version_to_the_other(client: Client, three_versions: object, earlier: str) -> None:
    document = client.get(f"/cpl/versions/{earlier}/differences/3.003/CPL_v{earlier}_to_v3.003.json").json()
    assert (document["format"], document["earlier"]["version"], document["later"]["version"]) == (1, earlier, "3.003")
    before = texts(listed(earlier))
    for row in document["changes"]:
        place = row["entry"], row["item"]
        assert before.pop(place, "") == row["before"]
        if row["after"]:
            before[place] = row["after"]
    assert before == texts(listed("3.003"))


def test_the_csv_says_the_same_with_formulas_guarded(client: Client, three_versions: object) -> None:
    data = client.get(f"{PUBLISHED}.csv").content
    assert data.startswith("\ufeffentry,".encode())
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]
    old = listed("3.002")["000002"].values
    assert rows == [
        ["000002", "amended", FIRMWARE, old[FIRMWARE], "0A:0A:0A:0A", ""],
        ["000002", "amended", CREATOR, old[CREATOR], "'=HYPERLINK(1)", "after"],
        ["000003", "reinstated", STATUS, "Removed", "Current", ""],
    ]
    assert [list(row.values()) for row in client.get(f"{PUBLISHED}.json").json()["changes"]][1][-1] == "=HYPERLINK(1)"


@pytest.mark.parametrize(("suffix", "kind"), [("csv", "text/csv; charset=utf-8"), ("json", "application/json")])
def test_it_is_a_download_like_the_others(client: Client, three_versions: object, suffix: str, kind: str) -> None:
    path = f"{PUBLISHED}.{suffix}"
    response = client.get(path)
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"] == f'attachment; filename="CPL_v3.002_to_v3.003.{suffix}"'
    assert re.fullmatch('"[0-9a-f]{64}"', response["ETag"])
    assert response["Cache-Control"] == "public, no-cache"
    again = client.get(path, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", response["Cache-Control"])
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert client.get(f"{FROM_IMPORT}.{suffix}")["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("address", [PUBLISHED, FROM_IMPORT])
@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_whoever_has_it_costs_no_look_at_the_entries(client: Client, three_versions: object, address: str, suffix: str) -> None:
    path = f"{address}.{suffix}"
    with CaptureQueriesContext(connection) as asked:
        etag = client.get(path)["ETag"]
    table = EntryRow._meta.db_table
    assert any(table in query["sql"] for query in asked)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert [query["sql"] for query in asked if table in query["sql"]] == []
    assert len(asked) <= 4  # the two versions, and whether their entries are on record


def test_whatever_decides_of_the_bytes_decides_of_the_etag(
    client: Client, three_versions: object, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def etag(address: str = f"{PUBLISHED}.csv") -> str:
        return str(client.get(address)["ETag"])

    seen = [etag(), etag(f"{PUBLISHED}.json"), etag(f"{FROM_IMPORT}.csv")]
    settings.CPL_CSV_BOM = False
    seen.append(etag())
    monkeypatch.setattr(difference_documents, "WRITING", difference_documents.WRITING + 1)
    seen.append(etag())
    monkeypatch.setattr(showing, "list_order", lambda: [STATUS])
    seen.append(etag())
    Release.objects.filter(principal=3, sub=3).update(manifest_sha256="0" * 64)  # as if this version held something else
    seen.append(etag())
    assert len(set(seen)) == len(seen)
    assert client.get(f"{PUBLISHED}.csv", headers={"If-None-Match": seen[-2]}).status_code == 200


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_the_other_way_round_leads_to_the_same_file(client: Client, three_versions: object, suffix: str) -> None:
    response = client.get(f"/cpl/versions/3.003/differences/3.002/CPL_v3.003_to_v3.002.{suffix}")
    assert (response.status_code, response["Location"]) == (302, f"{PUBLISHED}.{suffix}")


def test_a_version_does_not_differ_from_itself(client: Client, three_versions: object) -> None:
    address = "/cpl/versions/3.002/differences/3.002/CPL_v3.002_to_v3.002"
    assert client.get(f"{address}.csv").content.count(b"\r\n") == 1
    assert client.get(f"{address}.json").json()["changes"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/cpl/versions/3.002/differences/3.009/CPL_v3.002_to_v3.009.csv",
        "/cpl/versions/9.001/differences/3.002/CPL_v9.001_to_v3.002.json",
        "/cpl/versions/3.000/differences/3.002/CPL_v3.000_to_v3.002.csv",
        "/cpl/versions/3.002/differences/3.003/CPL_v3.003_to_v3.002.csv",
        "/cpl/versions/3.003/differences/3.002/CPL_v3.002_to_v3.003.csv",
        "/cpl/versions/3.002/differences/3.003/CPL_v3.002_to_v3.003.xlsm",
        "/cpl/versions/3.002/differences/3.003/other.csv",
    ],
    ids=["unknown", "unknown first", "entries not on record", "crossed name", "crossed address", "other kind", "other name"],
)
def test_no_other_file(client: Client, three_versions: object, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("page", ["/cpl/versions/3.003/", "/cpl/versions/3.002/differences/3.003/"])
def test_pages_link_to_both(client: Client, three_versions: object, page: str) -> None:
    content = client.get(page).content.decode()
    assert all(f'href="{PUBLISHED}.{suffix}"' in content for suffix in ("csv", "json"))


def test_nothing_to_download_where_nothing_can_be_compared(client: Client, three_versions: object) -> None:
    assert "_to_" not in client.get("/cpl/versions/3.000/differences/3.003/").content.decode()
    assert "_to_" not in client.get("/cpl/versions/3.001/").content.decode()
