"""What somebody downloads of a published list, and `verify_download` on it."""

import hashlib
from pathlib import Path

from django.test import Client

from tests.builders.listing import approved, published
from tests.commands import called


def new_version(folder: Path, model: int) -> str:
    """One more version with one more entry, its four files in the folder; how their names begin."""
    approved(model=model)
    version = f"{published().version}"
    assert called("export_cpl", "--cpl-version", version, "--out", folder)[0] == 0
    return f"CPL_v{version}"


def verify(folder: Path, name: str, *more: object) -> tuple[int, str]:
    """Exit code and standard error of the command on the version whose files begin with this name."""
    code, _, err = called("verify_download", f"--manifest={folder / name}.manifest.json", *more)
    return code, err


def body(client: Client, address: str) -> bytes:
    """What is found there."""
    response = client.get(address)
    assert response.status_code == 200, address
    return b"".join(response) if response.streaming else response.content


def write_latest(folder: Path, text: bytes, signature: bytes) -> Path:
    (folder / "latest.json").write_bytes(text)
    (folder / "latest.json.sig").write_bytes(signature)
    return folder / "latest.json"


def fetch_latest(folder: Path, client: Client) -> Path:
    """As the page says: the words, then the signature under their sum."""
    text = body(client, "/cpl/latest.json")
    return write_latest(folder, text, body(client, f"/cpl/latest/{hashlib.sha256(text).hexdigest()}/latest.json.sig"))
