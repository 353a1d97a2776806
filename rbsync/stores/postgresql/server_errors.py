"""The complaints of a PostgreSQL server, each as a StoreError that says what to do next."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENOENT, ETIMEDOUT

import psycopg

from rbsync.errors import StateError, StoreError
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.seals import BrokenSealError

_KEPT = "Nothing that was recorded is lost."
_REACH = "See that the server runs and that its host, port and database are the ones that are meant"
MAKE = (
    "Let the database's owner run: CREATE SCHEMA {schema} AUTHORIZATION {user}; people of one team"
    " share a role, by ALTER ROLE name SET role = {user}"
)
GRANT = (
    "Let the schema's owner run: GRANT ALL ON SCHEMA {schema} TO {user}; GRANT ALL ON ALL TABLES"
    " IN SCHEMA {schema} TO {user}; people of one team share a role, by ALTER ROLE name SET role ="
    " ROLE"
)
STANDBY = (
    "Name the primary server: a standby cannot be written to; or see that"
    " default_transaction_read_only is off for the role and the database"
)
# By the beginning of their SQLSTATE, the longest first.
_ADVICE = {
    "28000": "Name a role that the server lets in, by the URL or PGUSER; and where it wants TLS,"
    " sslmode=require",
    "28": "Give the password by PGPASSWORD, PGPASSFILE or a service file",
    "3D000": "Make the database, with `createdb`, or name the one that is meant in the URL",
    "42501": GRANT,
    "42P07": "Name another schema, ?schema=NAME: this one has tables of somebody else",
    "25006": STANDBY,
    "53100": "Free some space on the server, then run the command again",
    "53300": "Let the server take more connections, or run fewer commands at once",
    "TLSCA": "Name the certificate of the authority that signed the server's by"
    " sslrootcert=FILE, or PGSSLROOTCERT; and see that the server's has not expired",
    "TLSHN": "Name the host as the server's certificate does; its address, where names do not lead"
    " there, by hostaddr=ADDRESS beside it",
    "TLSNO": "Let the server's administrator switch `ssl` on; or, where nobody else is on the way"
    " to it, leave sslmode out of the URL and of PGSSLMODE",
    "TLSCL": "Name your certificate by sslcert=FILE, and its key, which is to be readable by you"
    " alone, by sslkey=FILE",
}
# Of a connection that comes to nothing the driver has no SQLSTATE: in English servers say this.
_REFUSALS = {
    "root certificate": "TLSCA",
    "certificate verify failed": "TLSCA",
    "does not match host name": "TLSHN",
    "does not support SSL": "TLSNO",
    "certificate": "TLSCL",
    "private key": "TLSCL",
    'role "': "28000",
    "pg_hba.conf": "28000",
    "password": "28",
    "authentication failed": "28",
    "does not exist": "3D000",
    "permission denied": "42501",
    "too many connections": "53300",
    "connection slots": "53300",
}
# No time makes these good: the database was dropped, or the role may not come in any more.
_FINAL = ("28", "3D000")
# What a server that starts, or is not up yet, does not say: nor does one whose name is unknown.
_NEVER = (*_FINAL, "42501", "TLS")
_SETTLED = ("SSL", "Permission denied")
_AT_A_SERVER = ("failed: ", "timeout expired", "[Errno -3]")
# The system's words are these in any language.
_DOWN = (
    *map(os.strerror, (ECONNREFUSED, ECONNRESET, EHOSTUNREACH, ENETUNREACH, ENOENT, ETIMEDOUT)),
    *("timeout expired", "server closed the connection unexpectedly", "[Errno -3]"),
    "the database system is ",
)
_SOCKET = re.compile('on socket "(.*)/[^/"]*"')
_DAMAGE = ("42P01", "42703")
_CUT = ("57P", "08")


@contextmanager
def explained(address: ServerAddress) -> Iterator[None]:
    """Turns what goes wrong with the server inside of it into StoreError."""
    try:
        yield
    except psycopg.Error as error:
        # Without the driver's own error: what it says of the connection is not for every log.
        raise _explain(address, error) from None
    except BrokenSealError as error:
        raise damaged(address, str(error)) from error
    except UnicodeDecodeError as error:
        raise damaged(address, "a text in it is not UTF-8") from error


def is_cut(error: psycopg.Error, connection: psycopg.Connection[object]) -> bool:
    """Tells whether the connection ended, of which the state may know nothing."""
    if connection.closed or (error.sqlstate or "").startswith(_CUT):
        return True
    # A connection that comes to nothing, or whose end comes while it is spoken to, has no code.
    return isinstance(error, psycopg.OperationalError) and not error.sqlstate


def is_final(error: psycopg.Error) -> bool:
    """Tells whether a server that is there has refused, so that it is of no use to wait for it."""
    return _code(error).startswith(_FINAL)


def may_pass(error: psycopg.Error) -> bool:
    """Tells whether a server that cannot be reached may be there soon: it is not up yet."""
    what = _said(error)
    tried = any(one in what for one in _AT_A_SERVER)
    is_settled = any(one in what for one in _SETTLED) or _code(error).startswith(_NEVER)
    # The folder of a socket is what a host's name is elsewhere: none is a wrong one.
    socket = _SOCKET.search(what)
    return tried and not is_settled and (socket is None or os.path.isdir(socket[1]))


def is_surely_down(error: psycopg.Error) -> bool:
    """Tells whether nobody answered, or a server that says in English that it starts.

    Others are to be asked: what a server refuses in another language is not known by its words.
    """
    return any(one in _said(error) for one in _DOWN)


def waited_for(error: psycopg.Error, seconds: float) -> str:
    """The note that a server is waited for."""
    what = _said(error)
    return f"The server of the state is not up ({what}); waiting for it, up to {seconds:.0f} s."


class EmptyTableError(StateError):
    """A state has no header; or it was made by another client after this one began to look."""


def damaged(address: ServerAddress, what: str, kind: type[StateError] = StateError) -> StateError:
    """The schema has not what a store wrote; it is left as it is."""
    return kind(
        f"The state {address} is damaged: {what}.",
        hint="It was left as it is. Put the database back from a backup; or rename the schema "
        "and rebuild the state from the project with `rbsync refresh`.",
    )


def unusable(address: ServerAddress, what: str, hint: str = _REACH) -> StoreError:
    """The state may be sound, but cannot be read or written now."""
    return StoreError(f"The state {address} cannot be used: {what}.", hint=f"{hint}. {_KEPT}")


def forbidden(address: ServerAddress) -> StoreError:
    """The schema is there, and this role may not use it."""
    return unusable(address, "permission denied for its schema", _advice("42501", address))


def homeless(address: ServerAddress) -> StoreError:
    """There is no schema, and this role may not make one."""
    user = address.options.get("user", "NAME")
    advice = MAKE.format(schema=address.schema, user=user)
    return unusable(address, "permission denied to make its schema", advice)


def tied(address: ServerAddress, database: str) -> StoreError:
    """The schema cannot be put away by this role."""
    advice = (
        f"Let the database's owner run: GRANT CREATE ON DATABASE {database} TO"
        f" {address.options.get('user', 'NAME')}; the role has to own the schema, too"
    )
    return unusable(address, "permission denied to rename its schema", advice)


def _explain(address: ServerAddress, error: psycopg.Error) -> StoreError:
    what = _said(error)
    code = _code(error)
    if code in _DAMAGE:
        return damaged(address, what)
    return unusable(address, what, _advice(code, address))


def _code(error: psycopg.Error) -> str:
    what = _said(error)
    return error.sqlstate or next((_REFUSALS[one] for one in _REFUSALS if one in what), "")


def _advice(code: str, address: ServerAddress) -> str:
    advice = next((_ADVICE[code[:size]] for size in (5, 2) if code[:size] in _ADVICE), _REACH)
    user = address.options.get("user", "NAME")
    return advice.format(schema=address.schema, user=user)


def _said(error: psycopg.Error) -> str:
    text = error.diag.message_primary or _line(str(error).strip().splitlines())
    # The driver says before the server's words that there is no connection.
    what = text.removeprefix("connection failed: ").removeprefix("connection is bad: ")
    return what.strip().rstrip(".") or type(error).__name__


def _line(lines: Sequence[str]) -> str:
    """Of several hosts what the one says that refuses: that another is down is no news."""
    for one in lines:
        # The driver's advice has its words too, in lines of their own.
        if " failed: " in one and any(words in one for words in _REFUSALS):
            return one[max(one.find("connection "), 0) :]
    return lines[0] if lines else ""
