"""The address of a state in PostgreSQL: what its URL says of the server and the schema."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from rbsync.errors import UsageError
from rbsync.guessing import nearest_name

SCHEMA = "rbsync"
"""The schema of a URL that names none."""

# A URL stands in the list of processes, in histories of shells and in logs of jobs.
_SECRET = frozenset({"password", "sslpassword", "passfile"})
_PLAIN = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "service", "connect_timeout"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding"),
        *("gssencmode", "krbsrvname", "target_session_attrs"),
    }
)
# As libpq takes it from the URLs of other drivers.
_ALIASES = {"ssl": "sslmode"}
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_FORM = "postgresql://USER@HOST:PORT/DATABASE?schema=SCHEMA, of which each part may be left out"
_SAFE = (
    "give the password by PGPASSWORD, a password file (PGPASSFILE) or a service file (PGSERVICE)"
)
# Seconds. A server behind a firewall that drops packets is not waited for longer.
_CONNECT = "10"


class ServerAddress(NamedTuple):
    """The options of libpq that a URL has, and the schema that the state lives in."""

    options: Mapping[str, str]
    schema: str

    def __str__(self) -> str:
        """The URL of the same state, for people and to be given again."""
        rest = dict(self.options)
        name = quote(rest.pop("dbname", ""))
        query = urlencode({**rest, "schema": self.schema}, safe="/,", quote_via=quote)
        return f"postgresql:///{name}?{query}"

    @property
    def all_options(self) -> dict[str, str]:
        """The options, with those that keep a connection over a network from hanging for ever."""
        return {
            "connect_timeout": os.environ.get("PGCONNECT_TIMEOUT", _CONNECT),
            "keepalives_idle": "20",
            "keepalives_interval": "5",
            "keepalives_count": "4",
            "tcp_user_timeout": "45000",
            "fallback_application_name": "rbsync",
            "client_encoding": "utf8",
            **self.options,
        }


def read_address(rest: str) -> ServerAddress:
    """Reads a URL without its scheme and colon.

    Raises UsageError for one with a password or with anything that is not known; nothing of such
    a URL is repeated.
    """
    place, _, query = rest.partition("?")
    if place.strip("/") != place and not place.startswith("//"):
        raise UsageError("the URL of the state is no address of a server", hint=_FORM)
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    _check_keys(place, [unquote(key) for key, _ in pairs])
    schema = next((unquote(value) for key, value in pairs if unquote(key) == "schema"), SCHEMA)
    kept = [pair for pair in pairs if unquote(pair[0]) != "schema"]
    # An empty value is a variable that was not set: the server would be looked for elsewhere, or
    # be spoken to without TLS.
    if empty := [unquote(key) for key, value in kept if not value]:
        raise UsageError(f"the URL of the state has no value for `{empty[0]}`", hint=_FORM)
    return ServerAddress(_options(place, "&".join(map("=".join, kept))), _checked(schema))


def _check_keys(place: str, keys: Sequence[str]) -> None:
    """Raises UsageError for what is not known, and for what is said twice."""
    known = (*_PLAIN, *_ALIASES, "schema")
    told = {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults()}
    # What nobody knows may be a password, and is not repeated.
    if strange := [key for key in keys if key not in known and key not in told]:
        near = nearest_name(strange[0], known)
        hint = f"perhaps `{near}` was meant" if near else _FORM
        raise UsageError("the URL of the state has a parameter that nobody knows", hint=hint)
    said = [*_options(place, ""), *(_ALIASES.get(key, key) for key in keys)]
    # One of two would be taken without a word, of schemas the first and of hosts the last.
    if twice := [key for key in known if said.count(key) > 1]:
        raise UsageError(f"the URL of the state sets `{min(twice)}` more than once", hint=_FORM)


def _options(place: str, query: str) -> Mapping[str, str]:
    try:
        found = conninfo_to_dict(f"postgresql:{place or '//'}{'?' if query else ''}{query}")
    except (psycopg.Error, UnicodeError):
        # The driver's own words repeat parts of the URL; a byte that is no UTF-8 ends it in Python.
        raise UsageError("the URL of the state cannot be read", hint=_FORM) from None
    options = {key: str(value) for key, value in found.items() if value}
    if _SECRET & options.keys():
        raise UsageError("the URL of the state has a password in it", hint=_SAFE)
    if strange := sorted(options.keys() - _PLAIN):
        raise UsageError(f"the URL of the state cannot set `{strange[0]}`", hint=_FORM)
    return options


def _checked(schema: str) -> str:
    # The schema `public` is closed to most users, and others keep tables in it.
    if not _SCHEMA_NAME.fullmatch(schema) or schema == "public" or schema.startswith("pg_"):
        raise UsageError(
            f"the state cannot be in the schema `{schema}`",
            hint="a schema of its own has a name of at most 41 of a-z, 0-9 and _",
        )
    return schema
