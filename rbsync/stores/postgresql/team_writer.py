"""The one writer of a state in PostgreSQL, which outlives its connections."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import TypeVar

import psycopg

from rbsync.errors import StoreError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.base import Amounts, Owner, Upload
from rbsync.stores.postgresql import server_rows as rows
from rbsync.stores.postgresql.server_address import ServerAddress
from rbsync.stores.postgresql.server_errors import explained, is_cut, is_final
from rbsync.stores.postgresql.sessions import (
    Session,
    backend_of,
    close,
    connect,
    is_alive,
    keep_watched,
    lock_of,
    pen_of,
)
from rbsync.stores.writer_errors import ended, foreign, set_back, taken_over

T = TypeVar("T")
Work = Callable[[Session, Header], Header]
"""Writes, and returns the header that the state has afterwards."""

# Seconds. A server that is started anew, or takes over from another, is back by then.
PATIENCE = 60.0
_PAUSE = 0.25
# A server that falls over the work itself falls over it again.
_TRIES = 20


class TeamWriter:
    """Satisfies ``Writer``. Several threads may share it; one call is done at a time.

    The caller holds the lock by ``holding``, a session of its own. Where a connection is cut, or
    the server is started anew, the lock is taken again and the work goes on, unless another has
    taken over.
    """

    def __init__(
        self, address: ServerAddress, holding: Session, lineage: str, owner: Owner
    ) -> None:
        self._address = address
        self._holding = holding
        self._owner = json.dumps(asdict(owner))
        self._backend = backend_of(holding)
        self._mutex = threading.Lock()
        self._open = True
        self._is_waited_for = False
        self._lock, self._pen = lock_of(lineage), pen_of(lineage)
        self._session = self._new_session()
        try:
            self._header = self._begin()
        except BaseException:
            close(self._session)
            raise

    def header(self) -> Header:
        return self._read(rows.header)

    def records(self) -> dict[str, Record]:
        return self._read(rows.records)

    def some_records(self, names: Iterable[str]) -> dict[str, Record]:
        wanted = list(names)
        return self._read(lambda session: rows.some_records(session, wanted))

    def next_records(self, after: str, most: int, *, failed: bool) -> list[Record]:
        return self._read(lambda session: rows.page(session, after, most, failed=failed))

    def amounts(self) -> Amounts:
        return self._read(rows.amounts)

    def pending_records(self) -> dict[str, Record]:
        return self._read(rows.pending_records)

    def verify(self, names: Iterable[str]) -> None:
        wanted = list(names)
        self._read(lambda session: rows.verify(session, wanted))

    def uploads(self, contents: Iterable[str], storage: str) -> Mapping[str, str]:
        wanted = list(contents)
        return self._read(lambda session: rows.uploads(session, wanted, storage))

    def contents(self, refs: Iterable[str]) -> Mapping[str, str]:
        wanted = list(refs)
        return self._read(lambda session: rows.contents(session, wanted))

    def claim(self, target: str) -> None:
        def bind(session: Session, header: Header) -> Header:
            if header.target not in ("", target):
                raise foreign(header.target, target)
            return rows.put_header(session, replace(header, target=target))

        self._write(bind)

    def intend(self, intents: Sequence[Intent]) -> None:
        def note(session: Session, header: Header) -> Header:
            rows.put_intents(session, intents)
            return header

        self._write(note)

    # The signature of the port, as in all that satisfy it: a protocol is compared word for word.
    def commit(
        self,
        records: Sequence[Record] = (),
        *,
        removed: Iterable[str] = (),
        uploads: Sequence[Upload] = (),
        lost: Iterable[str] = (),
    ) -> None:
        removed, lost = list(removed), list(lost)
        changed = {*removed, *(one.name for one in records)}

        def put(session: Session, header: Header) -> Header:
            rows.forget_uploads(session, lost)
            rows.put(session, records, removed, uploads)
            if changed:
                rows.log_change(session, header.serial, changed)
            return header

        self._write(put, grows=bool(changed))

    def raise_serial(self, least: int) -> None:
        def lift(session: Session, header: Header) -> Header:
            if header.serial >= least:
                return header
            rows.log_change(session, least, ())
            return rows.put_header(session, replace(header, serial=least))

        self._write(lift)

    def close(self) -> None:
        """Ends the writing, and takes away the note of who writes."""
        with self._mutex:
            self._open = False
            # After the lock was taken away the note is the next owner's.
            with suppress(psycopg.Error, StoreError):
                self._session.execute("DELETE FROM holder WHERE owner = %s", (self._owner,))
                self._pen.give(self._session)
                self._lock.give(self._holding)
            close(self._session)
            # It may be another than the caller's by now.
            close(self._holding)

    def _begin(self) -> Header:
        """Raises the epoch, so that no writer before this one gets anything into the state."""
        with self._session.transaction():
            before = rows.header(self._session, alone=True)
            self._session.execute("DELETE FROM holder")
            self._session.execute("INSERT INTO holder VALUES (%s)", (self._owner,))
            return rows.put_header(self._session, replace(before, epoch=before.epoch + 1))

    def _read(self, question: Callable[[Session], T]) -> T:
        def asked() -> T:
            with self._session.transaction():
                return question(self._session)

        with self._alone():
            return self._lasting(asked)

    def _write(self, work: Work, *, grows: bool = False) -> None:
        with self._alone():
            before = self._header
            self._header = self._lasting(lambda: self._written(work, before, grows=grows))

    def _written(self, work: Work, before: Header, *, grows: bool) -> Header:
        """Works in one transaction; ``before`` is the header that this writer left."""
        self._keep_lock()
        with self._session.transaction():
            header = rows.header(self._session, alone=True)
            # Checked inside the transaction: a check before it could be true and the write come
            # after the other's.
            if header.epoch > before.epoch:
                raise taken_over()
            _check_kept(header, before)
            if not grows:
                return work(self._session, header)
            # The answer to this commit was lost with the connection, and it was done: nobody else
            # has written in this epoch. What does not grow the serial may be done twice.
            if header.serial > before.serial:
                return header
            grown = replace(header, serial=header.serial + 1)
            return work(self._session, rows.put_header(self._session, grown))

    def _lasting(self, attempt: Callable[[], T]) -> T:
        """Does something again on a new connection when the present one is cut."""
        for left in reversed(range(_TRIES)):
            try:
                return attempt()
            except psycopg.Error as error:
                if not left or not is_cut(error, self._session):
                    raise
            self._reconnect()
        raise AssertionError

    def _reconnect(self) -> None:
        close(self._session)
        # What is asked after it was waited for in vain would wait as long, each time.
        end = time.monotonic() + (0 if self._is_waited_for else PATIENCE)
        while True:
            try:
                self._keep_lock()
                self._session = self._new_session()
                self._is_waited_for = False
                return
            except psycopg.OperationalError as error:
                if is_final(error) or time.monotonic() >= end:
                    self._is_waited_for = True
                    raise
            time.sleep(_PAUSE)

    def _new_session(self) -> Session:
        """A session to write by, of which there is one: who has the lock ends any other."""
        session = connect(self._address)
        try:
            if self._pen.take(session):
                return session
            self._pen.end_holders(session)
            if self._pen.take(session):
                return session
        except BaseException:
            close(session)
            raise
        close(session)
        raise taken_over()

    def _keep_lock(self) -> None:
        """Takes the lock again where the session that held it was cut.

        Raises StoreError when it was taken from this writer, or another has it.
        """
        if is_alive(self._holding):
            return
        close(self._holding)
        self._holding = connect(self._address)
        keep_watched(self._holding)
        # Whoever takes the lock away takes the note away, too: it is not ours to take back.
        row = self._holding.execute("SELECT owner FROM holder").fetchone()
        if row is None or row[0] != self._owner:
            # Of a state that is older than this run it is not there, either.
            _check_kept(rows.header(self._holding), self._header)
            raise taken_over()
        # The server may not have noticed yet that our own session is gone.
        self._lock.end_holders(self._holding, only=self._backend)
        if not self._lock.take(self._holding):
            raise taken_over()
        self._backend = backend_of(self._holding)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._mutex, explained(self._address):
            if not self._open:
                raise ended()
            yield


def _check_kept(header: Header, before: Header) -> None:
    """Raises StoreError for a state that is older than this writer left it.

    A standby that takes the primary's place may lack the last commits. Who went on would have
    their datapoints without a record, and nobody would know.
    """
    if header.epoch < before.epoch or header.serial < before.serial:
        raise set_back(header.serial, before.serial)
