"""Sessions of a PostgreSQL server as a state needs them, and the lock that one of them holds."""

from __future__ import annotations

import hashlib
import logging
import select
from contextlib import ExitStack, suppress

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from rbsync.errors import StoreError
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.postgresql.server_errors import unusable

Session = psycopg.Connection[TupleRow]

_OLDEST = 140_000
"""PostgreSQL 14: older ones are not looked after any more, and cannot be told to wait for us."""

# One question, for each costs the way to the server and back. What the server's or the user's
# settings would end is ours to end; a commit that is answered is on the server's disk. Backslashes
# and NULL in what is sent mean what the driver means, whatever an old program has set for the role.
_SET_UP = """
SELECT current_setting('server_encoding'), current_setting('server_version_num')::int,
  pg_backend_pid(), set_config('default_transaction_isolation', 'read committed', false),
  set_config('search_path', quote_ident(%s), false),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit')
    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
  set_config('standard_conforming_strings', 'on', false), set_config('array_nulls', 'on', false),
  set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),
  set_config('idle_in_transaction_session_timeout', '0', false),
  CASE WHEN current_setting('server_version_num')::int >= 140000
    THEN set_config('idle_session_timeout', '0', false) END,
  CASE WHEN current_setting('server_version_num')::int >= 170000
    THEN set_config('transaction_timeout', '0', false) END
"""
_KEEPALIVE = (
    "SELECT set_config('tcp_keepalives_idle', '30', false),"
    " set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
_HOLDERS = """
SELECT pid FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = ((%s::bigint >> 32) & 4294967295)::oid
  AND objid = (%s::bigint & 4294967295)::oid
"""
_FOREIGN = """
SELECT min(quote_ident(rolname)), quote_ident(current_user)
FROM pg_stat_activity JOIN pg_roles ON pg_roles.oid = usesysid
WHERE pid = ANY(%s) AND NOT pg_has_role(usesysid, 'USAGE')
  AND (rolsuper OR NOT pg_has_role('pg_signal_backend', 'USAGE'))
"""
_POOL_TRIES = 4

# Of a connection that is cut the driver warns on the terminal; what comes of it is told by us.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


def connect(address: ServerAddress) -> Session:
    """A new session, of which each statement is a transaction unless one is begun.

    Raises StoreError for a server, or a pooler before it, that cannot keep a state, and
    psycopg.Error.
    """
    session, process = _connected(address)
    # A pooler gives each client a number of its own making in place of the server's.
    if session.info.backend_pid != process:
        with ExitStack() as undo:
            undo.callback(close, session)
            _refuse_pooler(address, session)
            undo.pop_all()
    return session


def _connected(address: ServerAddress) -> tuple[Session, int]:
    """A session, and the server's process that it is of."""
    session = psycopg.connect(make_conninfo(**address.all_options), autocommit=True)
    with ExitStack() as undo:
        undo.callback(close, session)
        ((encoding, version, process, *_),) = session.execute(_SET_UP, (address.schema,))
        if encoding != "UTF8":
            hint = "Make another: createdb --encoding=UTF8 --template=template0 NAME"
            raise unusable(address, f"the encoding of its database is {encoding}", hint)
        if version < _OLDEST:
            hint = "Upgrade the server to PostgreSQL 14 or newer"
            raise unusable(address, f"its server is PostgreSQL {version // 10_000}", hint)
        undo.pop_all()
    return session, process


def _refuse_pooler(address: ServerAddress, session: Session) -> None:
    """Raises StoreError where clients share a session of the server.

    Its settings, and a lock, would be another's at once. That a pooler lends one session to
    several of them is seen when another client is given ours.
    """
    mine = backend_of(session)
    with ExitStack() as others:
        for _ in range(_POOL_TRIES):
            other, _ = _connected(address)
            others.callback(close, other)
            if mine == backend_of(other) or mine != backend_of(session):
                raise unusable(
                    address,
                    "a pooler lends its sessions to others after each transaction",
                    "Name the server itself, or a pool with pool_mode = session: the lock is a"
                    " session's",
                )
            # Within a transaction it keeps what it was given, and the next one is given another.
            other.execute("BEGIN")


def backend_of(session: Session) -> int:
    """The server's process of a session."""
    ((pid,),) = session.execute("SELECT pg_backend_pid()")
    return int(pid)


def close(session: Session) -> None:
    """Ends a session, also one that is cut off."""
    with suppress(psycopg.Error):
        session.close()


def is_answering(address: ServerAddress) -> bool:
    """Tells whether a server takes sessions, if not ours; no password is needed for it.

    It says so by a code, whatever language it speaks.
    """
    conninfo = make_conninfo(**address.all_options).encode()
    return psycopg.pq.PGconn.ping(conninfo) == psycopg.pq.Ping.OK


class AdvisoryLock:
    """The lock of what a text names, in the database of a session: the server frees it with it.

    The server has no time limit for it. A client that is stopped holds it until `end_holders`.
    """

    def __init__(self, what: str) -> None:
        digest = hashlib.sha256(f"rbsync {what}".encode()).digest()
        # Among all that use such locks in a database, 64 bits do not meet.
        self._key = int.from_bytes(digest[:8], "big", signed=True)

    def take(self, session: Session) -> bool:
        """Takes the lock, for as long as the session lasts; False while another has it."""
        ((taken,),) = session.execute("SELECT pg_try_advisory_lock(%s)", (self._key,))
        return bool(taken)

    def give(self, session: Session) -> None:
        """Gives the lock back: a session that is closed keeps it until the server notices."""
        session.execute("SELECT pg_advisory_unlock(%s)", (self._key,))

    def take_to_the_end(self, session: Session) -> None:
        """Waits for the lock, for as long as the session's transaction lasts."""
        session.execute("SELECT pg_advisory_xact_lock(%s)", (self._key,))

    def holders(self, session: Session) -> list[int]:
        """The server's processes whose sessions hold the lock: one, or none."""
        return [pid for (pid,) in session.execute(_HOLDERS, (self._key, self._key))]

    def check_right_to_end(self, session: Session) -> None:
        """Raises StoreError where `end_holders` would be refused."""
        ((role, user),) = session.execute(_FOREIGN, (self.holders(session),))
        if role is not None:
            hint = f"Run it as the role {role}, or let an administrator run: GRANT {role} TO {user}"
            raise StoreError(f"the lock is held by a session of the role {role}", hint=hint)

    def end_holders(self, session: Session, only: int = 0) -> None:
        """Ends the sessions that hold the lock, or the one of them of a process of the server.

        Raises psycopg.Error where that is not allowed: it is another role's.
        """
        for pid in self.holders(session):
            if only in (0, pid):
                session.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def lock_of(lineage: str) -> AdvisoryLock:
    """The lock that the one writer of a state holds, by a session that does nothing else."""
    return AdvisoryLock(f"state {lineage}")


def pen_of(lineage: str) -> AdvisoryLock:
    """The lock of the session by which that writer writes.

    One that is stopped in the middle of a commit keeps all others from writing: it is found by it.
    """
    return AdvisoryLock(f"pen of {lineage}")


def keep_watched(session: Session) -> None:
    """Has the server notice within a minute when the client's machine is gone, and no sooner."""
    # Sessions of a socket on this machine have no such settings.
    with suppress(psycopg.Error):
        session.execute(_KEEPALIVE)


def is_alive(session: Session) -> bool:
    """Tells whether a session that has nothing to do was cut off meanwhile."""
    if session.closed:
        return False
    # The server says nothing unasked: what there is to read is its farewell, or the end.
    if not select.select([session.pgconn.socket], [], [], 0)[0]:
        return True
    try:
        session.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True
