"""What every test stands on: a data folder of its own, cheap passwords, and real servers on request.

`--on servers` runs the tests of the apps on PostgreSQL and Redis; without it they run as the embedded site does, on SQLite.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import running, services

# Chosen before Django reads its settings, so that no test touches the data of a site running from this folder.
DATA_DIR = Path(tempfile.mkdtemp(prefix="cpl-tests-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["CPL_DATA_DIR"] = str(DATA_DIR)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
for name in [name for name in os.environ if name.startswith("CPL_")]:
    if name not in {"CPL_DATA_DIR", "CPL_SHARED_DIR"} and not name.startswith("CPL_TEST_"):
        del os.environ[name]

STARTED = ExitStack()  # this process's servers: every parallel worker has its own, so that none meets another's rows
ADDRESSES: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on", choices=["sqlite", "servers"], default="sqlite", help="where the tests of the apps keep their data")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers and load Django, in this order: its settings name the servers."""
    only_conducts = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if only_conducts or config.getoption("version") or config.getoption("help"):
        return
    config.add_cleanup(STARTED.close)
    if config.getoption("on") == "servers":
        if services.present()["PostgreSQL"]:
            os.environ["DATABASE_URL"] = postgres_address()
        if services.present()["Redis"]:
            os.environ["REDIS_URL"] = redis_address()
    import django

    django.setup()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is said about SQLite or the broker in files is left to the run on these."""
    if config.getoption("on") == "servers":
        left_out = [item for item in items if item.get_closest_marker("sqlite_only")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def postgres_address() -> str:
    """This process's PostgreSQL, started at the first call."""
    if "postgres" not in ADDRESSES:
        ADDRESSES["postgres"] = STARTED.enter_context(services.postgres(DATA_DIR / "postgres"))
    return ADDRESSES["postgres"]


def redis_address() -> str:
    """This process's Redis, started at the first call."""
    if "redis" not in ADDRESSES:
        ADDRESSES["redis"], _ = STARTED.enter_context(services.redis(DATA_DIR))
    return ADDRESSES["redis"]


def pytest_report_header() -> list[str]:
    return [f"{name}: {where or 'not on this machine'}" for name, where in services.present().items()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once more, near the result, what could not be started."""
    for name in [name for name, where in services.present().items() if where is None]:
        terminalreporter.write_line(
            f"{name} could not be started: not on this machine. The tests that need it did not run.", red=True
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each parallel worker chooses its own data folder: it must not find the settings chosen already."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Argon2 is slow on purpose; the tests sign in hundreds of times. Processes started by a test keep the real hasher."""
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def no_versions_out() -> None:
    """What is noted beside the vault about published versions does not outlive the database of a test."""
    shutil.rmtree(DATA_DIR / "vault" / "issued", ignore_errors=True)


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of an empty database on a real PostgreSQL."""
    with services.database(postgres_address()) as address:
        yield address


@pytest.fixture(scope="session")
def redis() -> str:
    """The address of a real Redis, which other tests use as well."""
    return redis_address()


@pytest.fixture
def smtp() -> Iterator[services.Post]:
    """A real SMTP server and the mails it took."""
    with services.smtp() as post:
        yield post


@pytest.fixture(scope="session")
def imap() -> Iterator[services.Mailbox]:
    """A real IMAP server with an empty mailbox at the start."""
    with services.imap(DATA_DIR / "imap") as box:
        yield box


@pytest.fixture(scope="session", params=["postgres-redis"])
def site(request: pytest.FixtureRequest) -> Iterator[running.Site]:
    """A whole running site: web server (`site.url`), worker and beat on PostgreSQL and Redis."""
    with running.site_of(request.param) as site:
        site.web()
        site.worker("-B", "--concurrency", "2") if site.redis else site.worker("-B", "--pool", "threads", "--concurrency", "4")
        yield site
