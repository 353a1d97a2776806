"""A PostgreSQL server of the tests' own, from Debian's package, in a folder that is thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import trustme

from tests.keeper import kept
from tests.registries import not_reached

ROLE = "team"
"""The role of all tests; it is no superuser."""
PASSWORD = "canary-of-the-role"

_NUMBERS = count()
_SETTINGS = {
    # What is written survives the server, and none of the tests takes the machine's power away.
    "fsync": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "panic",
    "dynamic_shared_memory_type": "mmap",
}


def programs() -> Path:
    """The folder of the server's programs; Debian has none of them on the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    there = next((one for one in places if (one / "initdb").exists()), None)
    return there or not_reached("install Debian's package `postgresql`, as .ci/run does")


def _pooler() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    return found or not_reached("install Debian's package `pgbouncer`, as .ci/run does")


class Running:
    """The server of a folder, on a socket in it, that can be stopped, started and asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = programs()
        self._data = folder / "data"
        self._owner = _another() if os.geteuid() == 0 else None
        self.own(folder)

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--silent", "--pgdata", self._data,
                  "--log", self.folder / "log")  # fmt: skip

    def stop(self, how: str = "fast") -> None:
        """Stops it; ``immediate`` is as if it had been killed."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", how, "--pgdata", self._data)

    def restart(self, how: str = "immediate") -> None:
        """Stops it, by default as if it had been killed, and starts it again."""
        self.stop(how)
        self.start()

    @contextmanager
    def asked_as(self, role: str, database: str) -> Iterator[psycopg.Connection]:
        """A session of a role."""
        place = f"host={self.folder} port=5432 user={role} dbname={database}"
        with psycopg.connect(place, autocommit=True) as session:
            yield session

    def url(self, database: str, schema: str = "rbsync") -> str:
        """The URL of a state."""
        return f"postgresql:///{database}?host={self.folder}&user={ROLE}&schema={schema}"

    def own(self, folder: Path) -> None:
        """Gives a folder to the user that the server runs as."""
        if self._owner is not None:
            os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)

    @property
    def _user(self) -> dict[str, Any]:
        owner = self._owner
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [str(self._programs / program), *map(str, arguments)],
            cwd=self.folder,
            **self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


class Standby(Running):
    """A copy of a primary server that follows it, and may take its place."""

    def __init__(self, primary: Running, folder: Path) -> None:
        super().__init__(folder)
        self._primary = primary
        source = ("--host", primary.folder, "--username=postgres")
        self._run("pg_basebackup", *source, "--no-sync", "--checkpoint=fast",
                  "--write-recovery-conf", "--pgdata", self._data)  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"unix_socket_directories = '{folder}'\n")
        self.start()

    def catch_up(self) -> None:
        """Waits until it has all that the primary has."""
        with self._primary.asked_as("postgres", "postgres") as session:
            ((end,),) = session.execute("SELECT pg_current_wal_lsn()::text")
        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        with self.asked_as("postgres", "postgres") as session:
            while session.execute(query, (end,)).fetchone() != (True,):
                time.sleep(0.02)

    def promote(self) -> None:
        """Has it take the primary's place."""
        self._run("pg_ctl", "promote", "--wait", "--silent", "--pgdata", self._data)


class Server(Running):
    """A server of the tests' own, which is made here."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # Without what makes a power cut harmless: it takes half of the time.
        self._run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8",
                  "--no-locale", "--pgdata", self._data)  # fmt: skip
        text = "".join(f"{key} = '{value}'\n" for key, value in _SETTINGS.items())
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"{text}unix_socket_directories = '{folder}'\n")
        self.start()
        with self.asked_as("postgres", "postgres") as session:
            session.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")

    @cached_property
    def shared(self) -> str:
        """A database for tests that have a schema of their own."""
        return self.database()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which libpq finds the server."""
        return {"PGHOST": str(self.folder), "PGUSER": ROLE, "PGPORT": "5432"}

    def database(self, *options: str) -> str:
        """Makes a database that belongs to the role, and returns its name."""
        name = f"d{next(_NUMBERS)}"
        with self.asked_as("postgres", "postgres") as session:
            text = f"CREATE DATABASE {name} OWNER {ROLE} {' '.join(options)}"
            session.execute(text.encode())
        return name

    @contextmanager
    def reachable(
        self,
        authority: trustme.CA | None,
        *names: str,
        wants_certificates: bool = False,
        **options: Any,
    ) -> Iterator[str]:
        """Has it answer at an address of this machine's too, and yields that.

        By TLS alone where there is an authority, whose certificate for the server has ``names``.
        """
        # Each server has one of its own, so that all may have the same port.
        address = f"127.{os.getpid() % 250 + 1}.{next(_NUMBERS) % 250 + 1}.1"
        rules = (self._data / "pg_hba.conf").read_text()
        plain = "reject" if authority else "trust"
        how = "trust clientcert=verify-ca" if wants_certificates else "trust"
        (self._data / "pg_hba.conf").write_text(
            f"hostssl all all 127.0.0.0/8 {how}\nhostnossl all all 127.0.0.0/8 {plain}\n{rules}"
        )
        more = self._data / "postgresql.auto.conf"
        text = f"listen_addresses = '{address}'\n"
        if authority is not None:
            made = authority.issue_cert(*names, **options)
            made.private_key_pem.write_to_path(key := self._data / "server.key")
            made.cert_chain_pems[0].write_to_path(self._data / "server.crt")
            authority.cert_pem.write_to_path(self._data / "root.crt")
            key.chmod(0o600)
            self.own(key)
            text += "ssl = on\nssl_ca_file = 'root.crt'\n"
        more.write_text(text)
        self.restart("fast")
        try:
            yield address
        finally:
            (self._data / "pg_hba.conf").write_text(rules)
            more.write_text("")
            self.restart("fast")

    @contextmanager
    def guarded(self, database: str) -> Iterator[None]:
        """Has a database ask for the role's password, `PASSWORD`."""
        before = (self._data / "pg_hba.conf").read_text()
        self._rule(f"local {database} {ROLE} scram-sha-256\n{before}")
        try:
            yield
        finally:
            self._rule(before)

    def _rule(self, text: str) -> None:
        (self._data / "pg_hba.conf").write_text(text)
        # Whoever comes next is asked by the new rules: the server has read them when it says so.
        with self.asked_as("postgres", "postgres") as session:
            session.execute("SELECT pg_reload_conf()")

    @contextmanager
    def pooled(self, mode: str, address: str = "") -> Iterator[Path]:
        """A pooler before the server; the folder of its socket, which has the usual number.

        It comes to the server by a socket, or by an address, and then by TLS where there is.
        """
        folder = self.folder / f"pool{next(_NUMBERS)}"
        folder.mkdir()
        (folder / "users").write_text(f'"{ROLE}" ""\n')
        (folder / "ini").write_text(
            f"[databases]\n* = host={address or self.folder} port=5432\n"
            f"[pgbouncer]\npool_mode = {mode}\n"
            f"unix_socket_dir = {folder}\nlisten_port = 5432\nauth_type = trust\n"
            f"auth_file = {folder}/users\nserver_tls_sslmode = prefer\n"
        )
        self.own(folder)
        command = [_pooler(), str(folder / "ini")]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=folder, **self._user
        ) as process:
            assert process.stderr is not None
            assert any("process up" in line for line in process.stderr)
            try:
                yield folder
            finally:
                process.kill()


def _another() -> pwd.struct_passwd:
    """A user that the server may run as: it refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("no user to run the server as: root may not")


@contextmanager
def with_standby() -> Iterator[tuple[Server, Standby]]:
    """A server and one that follows it, both stopped at the end."""
    with started() as primary:
        folder = Path(tempfile.mkdtemp(prefix="rbpg", dir=_roomy()))
        with kept(folder):
            yield primary, Standby(primary, folder)


@contextmanager
def started() -> Iterator[Server]:
    """A server that is stopped at the end, whatever happens: also if this process is killed."""
    # A socket's path has at most 107 bytes, and those of the tests' own folders are longer.
    folder = Path(tempfile.mkdtemp(prefix="rbpg", dir=_roomy()))
    with kept(folder):
        yield Server(folder)


def _roomy(memory: str = "/dev/shm") -> str | None:
    """The folder in memory, where there is room for databases, each of 300 files; else None."""
    try:
        room = os.statvfs(memory)
    except OSError:
        return None
    return memory if room.f_bavail * room.f_frsize > 2**30 and room.f_favail > 50_000 else None
