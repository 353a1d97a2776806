"""Stories of commits, intents and take-overs, told to a store and to plain dicts at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rbsync.errors import StoreError
from rbsync.model.fingerprint import FACETS, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Declined, Intent, Record
from rbsync.reasons import FAILURE_KINDS
from rbsync.stores.base import Owner, Upload, Writer
from tests.stories import tell

# Few names, so that what is done to one meets what was done to it before.
names = st.sampled_from(["a", "b", "c", "d'", 'e"\n', "ü"])
contents = st.sampled_from(["one", "two", "three"])
storages = st.sampled_from(["redbrick", "bucket"])
prints = st.builds(Fingerprint, contents, st.sampled_from(["", "l1", "l2"]), st.just("s"))
failures = st.builds(
    Failure,
    st.sampled_from(FAILURE_KINDS),
    st.sampled_from(["read", "create"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.integers(1, 4),
    st.none() | st.integers(400, 599),
    st.just(""),
)
some_facets = st.sets(st.sampled_from(FACETS), min_size=1).map(
    lambda some: tuple(one for one in FACETS if one in some)
)
declined = st.lists(
    st.builds(Declined, st.sampled_from(["undone", "theirs"]), st.none() | prints, some_facets),
    max_size=2,
    unique_by=lambda one: one.why,
).map(tuple)
intents = st.builds(
    Intent,
    names,
    st.sampled_from(["create", "update", "delete"]),
    st.none() | prints,
    st.floats(0, 1e10),
    declined,
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    name = draw(names)
    pending = draw(st.none() | intents)
    return Record(
        name,
        draw(st.none() | prints),
        draw(st.sampled_from(["", "t1", "t2"])),
        draw(st.none() | failures),
        draw(st.none() | prints),
        pending._replace(name=name) if pending else None,
    )


several_records = st.lists(records(), max_size=4, unique_by=lambda one: one.name)
several_intents = st.lists(intents, max_size=4, unique_by=lambda one: one.name)
several_uploads = st.lists(st.builds(Upload, contents, storages, st.text("xyz")), max_size=3)


class Story(RuleBasedStateMachine):
    """The dicts are what a store would be if nothing could ever go wrong."""

    make: Callable[[Path], Any]
    folders: count[int]
    root: Path

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make(self.root / str(next(self.folders)))
        self.known: dict[str, Record] = {}
        self.sent: dict[tuple[str, str], str] = {}
        self.serial = 0
        self.epoch = 0
        self.held: list[AbstractContextManager[Writer]] = []

    @initialize()
    def first(self) -> None:
        self._enter()

    def _enter(self) -> None:
        self.epoch += 1
        self.held.append(self.store.writer(Owner("u", "h", 1, str(self.epoch), 0.0), timeout=0))
        self.writer: Writer = self.held[-1].__enter__()

    @rule(records=several_records, removed=st.sets(names), uploads=several_uploads)
    def commit(self, records: list[Record], removed: set[str], uploads: list[Upload]) -> None:
        self.writer.commit(records, removed=removed, uploads=uploads)
        for name in removed:
            self.known.pop(name, None)
        self.known.update({one.name: one for one in records})
        self.sent.update({(one.content, one.storage): one.ref for one in uploads})
        self.serial += bool(records or removed)

    @rule(intents=several_intents)
    def intend(self, intents: list[Intent]) -> None:
        self.writer.intend(intents)
        for one in intents:
            before = self.known.get(one.name, Record(one.name))
            self.known[one.name] = before._replace(pending=one)

    @rule()
    def leave_and_enter(self) -> None:
        self.held.pop().__exit__(None, None, None)
        self._enter()

    @precondition(lambda self: len(self.held) < 3)
    @rule(late=records())
    def take_over(self, late: Record) -> None:
        old = self.writer
        self.store.unlock()
        self._enter()
        with pytest.raises(StoreError):
            old.commit([late])

    @rule(storage=storages)
    def look_up(self, storage: str) -> None:
        expected = {key[0]: ref for key, ref in self.sent.items() if key[1] == storage}
        assert self.writer.uploads(["one", "two", "three", "four"], storage) == expected

    @invariant()
    def all_agree(self) -> None:
        header = self.store.header()
        assert (header.serial, header.epoch) == (self.serial, self.epoch)
        assert self.store.records() == self.writer.records() == self.known
        assert self.store.record("a") == self.known.get("a")

    def teardown(self) -> None:
        for one in reversed(self.held):
            with suppress(StoreError):
                one.__exit__(None, None, None)
        assert self.store.records() == self.known


def run_stories(make: Callable[[Path], Any], root: Path, stories: int) -> None:
    members = {"make": staticmethod(make), "root": root, "folders": count()}
    tell(type("StoryOfOneStore", (Story,), members), stories=stories, steps=20)
