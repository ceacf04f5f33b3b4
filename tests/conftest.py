"""What every test stands on: a data folder of its own, cheap passwords, and real servers on request."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

# Chosen before Django reads its settings, so that no test touches the data of a site running from this folder.
DATA_DIR = Path(tempfile.mkdtemp(prefix="cpl-tests-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["CPL_DATA_DIR"] = str(DATA_DIR)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
for name in [name for name in os.environ if name.startswith("CPL_")]:
    if name not in {"CPL_DATA_DIR", "CPL_SHARED_DIR"} and not name.startswith("CPL_TEST_"):
        del os.environ[name]
# pytest-django looks for settings before it reads this file, so it leaves the apps to us; tests import models at their top.
django.setup()


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
