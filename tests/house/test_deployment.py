"""docker-compose.yml as Docker Compose itself reads it: nobody is root, nothing is writable by chance, secrets are files."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.house.files import ROOT, text

PLACES = {
    "CPL_ALLOWED_HOSTS": "cpl.example",
    "CPL_BASE_URL": "https://cpl.example",
    "CPL_MAILBOX_ADDRESS": "cpl@secas.example",
    "CPL_DCC_ADDRESS": "cpl@dcc.example",
    "CPL_FROM_EMAIL": "cpl@secas.example",
}
SERVICES = {"web", "worker", "publisher", "beat", "migrate", "db", "redis"}
READ = re.compile(r"\benv\.\w+\(\s*\"(\w+)\"")


def compose(*words: str, **places: str) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name("docker-compose")  # from the development lock
    program = str(beside) if beside.exists() else shutil.which("docker-compose")
    assert program, "docker-compose is part of requirements-dev.lock"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("CPL_")}
    command = [program, "--file", str(ROOT / "docker-compose.yml"), *words]
    return subprocess.run(command, env=bare | places, check=False, capture_output=True, text=True)


@cache
def model() -> dict[str, Any]:
    done = compose("config", "--format", "json", **PLACES)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def known_settings() -> set[str]:
    return set(READ.findall(text(Path("config/settings.py"))))


def test_all_parts_are_there() -> None:
    assert set(model()["services"]) == SERVICES


@pytest.mark.parametrize("missing", PLACES)
def test_nothing_starts_without_what_only_the_owner_knows(missing: str) -> None:
    done = compose("config", **{name: value for name, value in PLACES.items() if name != missing})
    assert done.returncode != 0
    assert f"Set {missing}" in done.stderr


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_part_is_hardened(name: str) -> None:
    service = model()["services"][name]
    assert int(service["user"]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert name == "migrate" or service["healthcheck"]["test"]


def test_only_the_web_server_is_reached_from_outside_and_only_from_this_machine() -> None:
    open_to = {name: service["ports"] for name, service in model()["services"].items() if service.get("ports")}
    assert set(open_to) == {"web"}
    assert [port["host_ip"] for port in open_to["web"]] == ["127.0.0.1"]
    assert model()["networks"]["inside"]["internal"] is True
    assert set(model()["services"]["db"]["networks"]) == set(model()["services"]["redis"]["networks"]) == {"inside"}


def test_secrets_are_files() -> None:
    for service in model()["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if re.search("PASSWORD|SECRET|KEY|DATABASE_URL|SMTP|IMAP", name):
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in {secret["source"] for secret in service["secrets"]}


def test_only_the_publisher_has_the_key_that_signs_releases() -> None:
    services = model()["services"].items()
    assert [name for name, service in services if any("release" in part["source"] for part in service.get("secrets", []))] == [
        "publisher"
    ]
    assert [name for name, service in services if "CPL_RELEASE_KEY_FILE" in (service.get("environment") or {})] == ["publisher"]


def test_work_starts_after_the_migrations() -> None:
    for name in ("web", "worker", "publisher", "beat"):
        assert model()["services"][name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_queue_has_a_worker_and_publishing_one_process() -> None:
    from core.outbox import QUEUES

    commands = {name: model()["services"][name]["command"] for name in ("worker", "publisher")}
    served = [queue for command in commands.values() for queue in command[command.index("-Q") + 1].split(",")]
    assert sorted(served) == sorted(QUEUES)
    publisher = commands["publisher"]
    assert publisher[publisher.index("--concurrency") + 1] == "1"


def test_data_is_kept_in_named_volumes() -> None:
    mounts = [mount for service in model()["services"].values() for mount in service.get("volumes", [])]
    assert {mount["type"] for mount in mounts} == {"volume"}
    assert {mount["source"] for mount in mounts} == set(model()["volumes"]) == {"database", "vault", "red"}


def test_what_it_sets_is_what_the_settings_read() -> None:
    given = {name.removesuffix("_FILE") for service in model()["services"].values() for name in service.get("environment") or {}}
    assert {name for name in given if not name.startswith("POSTGRES_")} <= known_settings()


def test_the_readme_explains_every_setting() -> None:
    table = text(Path("README.md")).partition("## Settings")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    assert listed == known_settings()


def test_the_image_does_not_run_as_root() -> None:
    lines = text(Path("Dockerfile")).splitlines()
    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert int(user) > 0
    assert lines.index(f"USER {user}") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))
    assert any("--require-hashes" in line for line in lines)


CLIENTS = {"bookworm": 15, "trixie": 17}  # the version of postgresql-client in a release of Debian


def test_the_client_that_makes_backups_is_not_older_than_the_database() -> None:
    image = text(Path("Dockerfile"))
    (debian,) = re.findall(r"^FROM python:[\d.]+-slim-(\w+)$", image, re.MULTILINE)
    (server,) = re.findall(r"^postgres:(\d+)", model()["services"]["db"]["image"])
    assert "postgresql-client" in image.split()
    assert CLIENTS[debian] >= int(server)
