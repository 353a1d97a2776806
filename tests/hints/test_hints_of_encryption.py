"""The hints about the way to a state's server that is to be encrypted, each followed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import trustme

from tests.hints.following import follows
from tests.hints.test_hints_of_servers import advised, use
from tests.postgres_server import ROLE, Server

NAME = "db.example.org"


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """One that no system knows; its certificate is in a file."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    return made


def place(database: str, host: str, address: str, **more: object) -> str:
    query = "".join(f"&{key}={value}" for key, value in more.items())
    return f"postgresql:///{database}?host={host}&hostaddr={address}&user={ROLE}{query}"


@follows(
    "Name the certificate of the authority that signed the server's by sslrootcert=FILE, or "
    "PGSSLROOTCERT; and see that the server's has not expired"
)
def test_an_authority_that_is_not_known(
    postgres: Server, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres.database()
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with postgres.reachable(authority, NAME) as address:
        for rest in ({}, {"sslrootcert": other}, {"sslrootcert": tmp_path / "none.pem"}):
            url = place(database, NAME, address, sslmode="verify-full", **rest)
            assert "sslrootcert=FILE" in advised(url)
        known = tmp_path / "authority.pem"
        use(place(database, NAME, address, sslmode="verify-full", sslrootcert=known))
        monkeypatch.setenv("PGSSLROOTCERT", str(known))
        use(place(database, NAME, address, sslmode="verify-full"))
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with postgres.reachable(authority, NAME, not_after=past) as address:
        url = place(database, NAME, address, sslmode="verify-full")
        assert "the server's has not expired" in advised(url)


@follows("Name the host as the server's certificate does; its address, where names do not lead")
def test_a_certificate_of_another_host(
    postgres: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    database = postgres.database()
    rest = {"sslmode": "verify-full", "sslrootcert": tmp_path / "authority.pem"}
    with postgres.reachable(authority, NAME) as address:
        for host in ("localhost", address):
            assert "by hostaddr=ADDRESS beside it" in advised(
                place(database, host, address, **rest)
            )
        use(place(database, NAME, address, **rest))


@follows("Let the server's administrator switch `ssl` on; or, where nobody else is on the way")
def test_a_server_without_encryption(
    postgres: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres.database()
    with postgres.reachable(None) as address:
        assert "switch `ssl` on" in advised(place(database, NAME, address, sslmode="require"))
        use(place(database, NAME, address))
        monkeypatch.setenv("PGSSLMODE", "require")
        assert "and of PGSSLMODE" in advised(place(database, NAME, address))
    with postgres.reachable(authority, NAME) as address:
        use(place(database, NAME, address, sslmode="require"))


@follows("Name your certificate by sslcert=FILE, and its key, which is to be readable by you")
def test_a_server_that_wants_a_certificate(
    postgres: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    database = postgres.database()
    issued = authority.issue_cert("somebody.example.org", common_name=ROLE)
    certificate, key = tmp_path / "mine.pem", tmp_path / "mine.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o644)
    with postgres.reachable(authority, NAME, wants_certificates=True) as address:
        assert "sslcert=FILE" in advised(place(database, NAME, address))
        own = {"sslcert": certificate, "sslkey": key}
        assert "readable by you alone" in advised(place(database, NAME, address, **own))
        key.chmod(0o600)
        use(place(database, NAME, address, **own))
