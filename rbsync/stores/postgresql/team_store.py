"""The store in PostgreSQL: readers ask in one snapshot, and one writer has the lock."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg import sql

from rbsync.checks import Check
from rbsync.errors import StoreError
from rbsync.model.record import Header, Record
from rbsync.stores import AT_ONCE, Waiting
from rbsync.stores.base import Amounts, Mark, Owner
from rbsync.stores.postgresql import server_rows as rows
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.postgresql.server_checks import server_checks
from rbsync.stores.postgresql.server_errors import (
    EmptyTableError,
    explained,
    is_cut,
    is_surely_down,
    may_pass,
    tied,
    unusable,
    waited_for,
)
from rbsync.stores.postgresql.sessions import (
    AdvisoryLock,
    Session,
    close,
    connect,
    is_answering,
    keep_watched,
    lock_of,
    pen_of,
)
from rbsync.stores.postgresql.state_tables import (
    format_of,
    make,
    prepare,
    present_format,
)
from rbsync.stores.postgresql.team_writer import PATIENCE, TeamWriter
from rbsync.stores.row_values import Content
from rbsync.stores.stamped_names import stamped_name
from rbsync.stores.writer_errors import locked

T = TypeVar("T")
Question = Callable[[Session], T]

# Seconds between two looks at a lock that another has, or at a server that is not up yet.
_POLL = 0.1
_AGAIN = "Run the command again with the URL of where it is now"


class TeamStore:
    """Satisfies ``Store``, ``Traced`` and ``Movable``; the state is in the schema of an address.

    All methods raise StoreError when the server cannot be used, and StateError when the state is
    damaged or of a newer format. Any thread may call them.
    """

    def __init__(self, address: ServerAddress, waiting: Waiting = AT_ONCE) -> None:
        self._address = address
        self._waiting = waiting
        self._turn = threading.Lock()
        self._session: Session | None = None

    def header(self) -> Header | None:
        return self._ask(rows.header)

    def records(self) -> dict[str, Record]:
        return self._ask(rows.records) or {}

    def record(self, name: str) -> Record | None:
        return self.some_records([name]).get(name)

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        wanted = list(names)
        return self._ask(lambda session: rows.some_records(session, wanted)) or {}

    def next_records(self, after: str, most: int, *, failed: bool) -> list[Record]:
        return self._ask(lambda session: rows.page(session, after, most, failed=failed)) or []

    def amounts(self) -> Amounts:
        return self._ask(rows.amounts) or Amounts(0, 0, 0)

    def mark(self) -> Mark | None:
        return self._ask(rows.newest)

    def changed_since(self, mark: Mark) -> frozenset[str] | None:
        return self._ask(lambda session: rows.changed_since(session, mark))

    def verify(self, names: Iterable[str]) -> None:
        wanted = list(names)
        self._ask(lambda session: rows.verify(session, wanted))

    def is_settled(self) -> bool:
        return self._ask(rows.is_settled) is not False

    @contextmanager
    def writer(self, owner: Owner, *, timeout: float) -> Iterator[TeamWriter]:
        """As in ``Store``; the lock is that of a session which does nothing else."""
        with ExitStack() as stack:
            with explained(self._address):
                session, lineage = self._holding(timeout, stack)
                writer = TeamWriter(self._address, session, lineage, owner)
                stack.callback(writer.close)
            yield writer

    def owner(self) -> Owner | None:
        text = self._ask(_owner_of)
        # Another version of rbsync may write other fields. The note is only for people.
        with suppress(ValueError, TypeError):
            return Owner(**json.loads(text)) if text else None
        return None

    def is_held(self) -> bool:
        return bool(self._ask(_holders))

    def unlock(self) -> None:
        """Ends the session that holds the lock, whose writer is refused from then on."""

        # Before anything: of a lock without its note nobody knows that it is held, or by whom.
        self._change(_check_right_to_end)
        # First: a writer that is at work sees by it that the lock is not to be taken again.
        self._change(lambda session: session.execute("DELETE FROM holder"))
        self._change(_end_writer)

    def backup(self, target: str) -> None:
        """Copies the state to a new SQLite file. Raises StoreError when there is one already."""
        from rbsync.stores.sqlite import SqliteStore

        found = self.content()
        if found is None:
            message = f"There is no state {self._address} to copy."
            raise StoreError(message, hint="the first `rbsync apply` makes it")
        SqliteStore(target).fill(found)

    def content(self) -> Content | None:
        return self._ask(rows.content)

    def fill(self, content: Content) -> None:
        """As in ``Movable``."""
        with explained(self._address), self._new_session() as session, session.transaction():
            AdvisoryLock(f"schema {self._address.schema}").take_to_the_end(session)
            if format_of(session, self._address) is not None:
                raise unusable(self._address, "there is a state already", "Name another schema")
            make(session, self._address, content.header.lineage)
            rows.log_change(session, content.header.serial, ())
            rows.fill(session, content)

    def retire(self) -> str:
        """Gives the schema another name, with all that is in it, and returns the URL of that."""
        schema = self._change(self._rename)
        if schema is None:
            raise unusable(self._address, "it was moved away", _AGAIN)
        return str(self._address._replace(schema=schema))

    def check_retirable(self) -> None:
        """As in ``Movable``; the schema is renamed, and has its name again at once."""

        def attempt(session: Session) -> None:
            with session.transaction(force_rollback=True):
                self._rename(session)

        self._change(attempt)

    def _rename(self, session: Session) -> str:
        rows.header(session, alone=True)
        found = session.execute("SELECT nspname FROM pg_namespace").fetchall()
        others = {str(name) for (name,) in found}
        new = stamped_name(f"{self._address.schema[:24]}_", "", others.__contains__, dash="_")
        names = map(sql.Identifier, (self._address.schema, new))
        try:
            session.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(*names))
        except psycopg.errors.InsufficientPrivilege:
            raise tied(self._address, session.info.dbname) from None
        return new

    def checks(self) -> Iterator[Check]:
        """As in ``Examined``."""
        with explained(self._address), connect(self._address) as session:
            yield from server_checks(session, self._address)

    def close(self) -> None:
        with self._turn:
            if self._session is not None:
                close(self._session)
            self._session = None

    def _holding(self, timeout: float, stack: ExitStack) -> tuple[Session, str]:
        """A session that holds the lock, and the state's lineage; a state that is new is made."""
        session = self._new_session()
        stack.callback(close, session)
        keep_watched(session)
        if format_of(session, self._address) is None:
            prepare(session, self._address)
        lineage = rows.header(session).lineage
        end = time.monotonic() + timeout
        while not lock_of(lineage).take(session):
            if time.monotonic() >= end:
                raise locked(self.owner())
            time.sleep(_POLL)
        # While it was waited for, the state may have been moved to another store.
        if format_of(session, self._address) is None or rows.header(session).lineage != lineage:
            raise unusable(self._address, "it was moved away", _AGAIN)
        return session, lineage

    def _ask(self, question: Question[T]) -> T | None:
        """Asks a question in one transaction; None when there is no state."""
        with self._turn, explained(self._address):
            try:
                return self._asked(question)
            except psycopg.Error as error:
                # A server that was started anew answers a new session, and a question asked twice
                # has one answer.
                if self._session is None or not is_cut(error, self._session):
                    raise
                close(self._session)
                self._session = None
            return self._asked(question)

    def _change(self, change: Question[T]) -> T | None:
        """Changes something beside the writer, whom it may wait for; None where no state is."""
        with explained(self._address), self._new_session() as session, session.transaction():
            found = format_of(session, self._address)
            return None if found is None else change(session)

    def _new_session(self) -> Session:
        """A session of a server that may not be up yet, or not any more."""
        seconds = min(self._waiting.seconds, PATIENCE)
        end, is_told = time.monotonic() + seconds, False
        while True:
            try:
                return connect(self._address)
            except psycopg.OperationalError as error:
                if not self._may_pass(error):
                    raise
                if time.monotonic() >= end:
                    # What is asked after it was waited for in vain would wait as long, each time.
                    self._waiting = AT_ONCE
                    raise
                if not is_told:
                    self._waiting.tell(waited_for(error, seconds))
                    is_told = True
                if not self._waiting.pause(_POLL):
                    self._waiting = AT_ONCE
                    raise

    def _may_pass(self, error: psycopg.Error) -> bool:
        return may_pass(error) and (is_surely_down(error) or not is_answering(self._address))

    def _asked(self, question: Question[T]) -> T | None:
        session = self._session = self._session or self._new_session()
        # One snapshot for several queries, or a commit in between would mix two states.
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            return self._asked_once(session, question)
        except (psycopg.errors.UndefinedTable, EmptyTableError):
            # Asked only now: nearly always there is a state.
            if format_of(session, self._address) is None:
                return None
        # Another client has made it since: what was seen before has no tables, or empty ones.
        return self._asked_once(session, question)

    def _asked_once(self, session: Session, question: Question[T]) -> T:
        with session.transaction():
            present_format(session, self._address)
            return question(session)


def _holders(session: Session) -> list[int]:
    return lock_of(rows.header(session).lineage).holders(session)


def _check_right_to_end(session: Session) -> None:
    lineage = rows.header(session).lineage
    for one in (lock_of(lineage), pen_of(lineage)):
        one.check_right_to_end(session)


def _end_writer(session: Session) -> None:
    lineage = rows.header(session).lineage
    for one in (lock_of(lineage), pen_of(lineage)):
        one.end_holders(session)


def _owner_of(session: Session) -> str:
    row = session.execute("SELECT owner FROM holder").fetchone()
    return str(row[0]) if row else ""
