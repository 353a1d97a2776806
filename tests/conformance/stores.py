"""What every store must hold to. A store's test class inherits ``StoreTests``."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rbsync.errors import ExitCode, LockedError, StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Header, Intent, Record
from rbsync.reasons import TAKE_IN
from rbsync.stores import record_pages
from rbsync.stores.base import Amounts, Owner, Store, Traced, Upload, Writer
from rbsync.stores.record_pages import amounts, each_failed, each_record
from tests.builders import OTHER, OWNER, PRINT
from tests.stores.machine import run_stories

SECOND = Owner("bob", "lab-4", 815, "run-2", 1_778_311_600.0)
FAILURE = Failure("invalid", "create", 'No "ß"\nhere', 3, 422, "Look again.")

RECORDS = {
    "nothing but a name": Record("a"),
    "applied": Record("a", PRINT, "task-1"),
    "applied, empty prints": Record("a", Fingerprint("", "", ""), "task-1"),
    "failed at first": Record("a", failure=FAILURE, attempted=PRINT),
    "failed later": Record("a", PRINT, "task-1", FAILURE, OTHER),
    "failed without a status": Record("a", failure=Failure("transient", "read", "")),
    "attempted": Record("a", PRINT, "task-1", attempted=OTHER),
    "creating": Record("a", pending=Intent("a", "create", PRINT, 1.5)),
    "updating": Record("a", PRINT, "t", FAILURE, OTHER, Intent("a", "update", OTHER, 1e9 + 0.25)),
    "deleting": Record("a", PRINT, "t", pending=Intent("a", "delete", None)),
}
NAMES = [
    "ordinary.png",
    "O'Hara; DROP TABLE record; --",
    'quoted "name"',
    "two\nlines\r\nand a\ttab",
    "nul\0inside",
    "e\u0301 is not \u00e9",
    "\u00e9 is not e\u0301",
    "日本語/画像.png",
    "🩻 x-ray",
    "\u202eright to left",
    "%s ? :name $1 {0}",
    " spaces at both ends ",
    "x" * 5000,
]


class StoreTests(ABC):
    """The port's promises, one a test. ``kind`` is the scheme of the store's URLs."""

    kind: str
    stories = 30

    @abstractmethod
    def make(self, folder: Path) -> Store:
        """A store of the state that lives in a folder, a new or the present one."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make(tmp_path)

    @pytest.fixture
    def again(self, tmp_path: Path, store: Store) -> Store:
        """The same state, seen by somebody else."""
        return self.make(tmp_path)

    # What is not there

    def test_a_missing_state_reads_as_empty(self, store: Store) -> None:
        assert store.header() is None
        assert store.records() == {}
        assert store.record("a") is None

    def test_the_first_writer_makes_the_state(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            made = writer.header()
        assert made == Header(made.lineage, serial=0, epoch=1, target="")
        assert len(made.lineage) == 36
        assert store.header() == made

    def test_two_states_have_two_lineages(self, tmp_path: Path) -> None:
        lineages = set()
        for name in ("one", "two"):
            with self.make(tmp_path / name).writer(OWNER, timeout=0) as writer:
                lineages.add(writer.header().lineage)
        assert len(lineages) == 2

    # Records

    @pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS.keys())
    def test_every_field_of_a_record_comes_back(
        self, store: Store, again: Store, record: Record
    ) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([record])
            assert writer.records() == {"a": record}
        found = again.record("a")
        assert found == record
        assert again.records() == {"a": record}
        assert type(found) is Record
        assert found.applied is None or type(found.applied) is Fingerprint
        assert found.failure is None or type(found.failure) is Failure

    @pytest.mark.parametrize("first", RECORDS.values(), ids=RECORDS.keys())
    def test_a_record_that_is_put_again_replaces_all_of_the_old_one(
        self, store: Store, first: Record
    ) -> None:
        for second in RECORDS.values():
            with store.writer(OWNER, timeout=0) as writer:
                writer.commit([first])
                writer.commit([second])
            assert store.records() == {"a": second}

    def test_odd_names_come_back_as_they_were(self, store: Store, again: Store) -> None:
        put = {name: Record(name, PRINT, name, FAILURE._replace(message=name)) for name in NAMES}
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(list(put.values()))
            writer.intend([Intent(name, "update", OTHER) for name in NAMES])
            writer.commit(uploads=[Upload(name, name, name) for name in NAMES])
            assert [writer.uploads(NAMES, name) for name in NAMES] == [{n: n} for n in NAMES]
        assert again.records().keys() == put.keys()
        for name in NAMES:
            assert again.record(name) == put[name]._replace(pending=Intent(name, "update", OTHER))

    @given(name=st.text(st.characters(exclude_categories=["Cs"])))
    @settings(
        max_examples=25,
        deadline=None,
        # Each example leaves the state empty, and the test belongs to several classes.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    def test_any_name_can_be_put_and_removed(self, store: Store, name: str) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record(name, PRINT, "t")])
            assert store.record(name) == Record(name, PRINT, "t")
            writer.commit(removed=[name])
            assert store.records() == {}

    def test_what_is_removed_is_gone_and_the_rest_stays(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a"), Record("b"), Record("c")])
            writer.commit([Record("d")], removed=iter(["b", "never there"]))
        assert sorted(store.records()) == ["a", "c", "d"]

    def test_a_name_that_is_removed_and_put_at_once_is_there(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a", PRINT, "old")])
            writer.commit([Record("a", OTHER, "new")], removed=["a"])
        assert store.records() == {"a": Record("a", OTHER, "new")}

    def test_many_records_come_back(self, store: Store, again: Store) -> None:
        put = [Record(f"patient-{i}", PRINT, f"task-{i}") for i in range(5000)]
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(put)
        assert again.records() == {one.name: one for one in put}

    # Intents

    def test_an_intent_is_a_record_of_its_own_until_there_is_one(self, store: Store) -> None:
        intent = Intent("a", "create", PRINT, 12.5)
        with store.writer(OWNER, timeout=0) as writer:
            writer.intend([intent])
            assert writer.records() == {"a": Record("a", pending=intent)}
        assert store.records() == {"a": Record("a", pending=intent)}
        assert store.record("a") == Record("a", pending=intent)

    def test_a_state_is_settled_until_something_is_intended(
        self, store: Store, again: Store
    ) -> None:
        assert store.is_settled()
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a", PRINT, "task")])
            assert again.is_settled()
            writer.intend([Intent("a", "update", OTHER, 12.5), Intent("b", "create", PRINT, 12.5)])
            assert not again.is_settled()
            writer.commit(removed=["b"])
            assert not again.is_settled()
            writer.commit([Record("a", OTHER, "task")])
        assert again.is_settled()

    def test_a_writer_reads_records_by_name_and_those_that_are_pending(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a"), Record("b", PRINT, "1"), Record("c", PRINT, "2")])
            writer.intend([Intent("b", "update", PRINT, 1.0), Intent("new", "create", PRINT, 1.0)])
            every = writer.records()
            wanted = (str(number) for number in range(2_000))
            assert writer.some_records(["a", "b", "gone", *wanted]) == {
                "a": Record("a"),
                "b": every["b"],
            }
            assert writer.some_records([]) == {}
            assert writer.pending_records() == {"b": every["b"], "new": every["new"]}
            writer.commit([Record("b", PRINT, "1")], removed=["new"])
            assert writer.pending_records() == {}

    @pytest.mark.parametrize("page", [1, 2, 3, 100])
    def test_pages_of_records_follow_one_another_by_name(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, page: int
    ) -> None:
        monkeypatch.setattr(record_pages, "PAGE", page)
        names = ["Z", "a", "a b", "a/b", "b", "\u00e9", "\uffff", "\U0001f600"]
        records = [RECORDS["failed later"]._replace(name=one) for one in names]
        records[1::2] = [Record(one, PRINT, "1") for one in names[1::2]]
        intents = [Intent("a", "update", OTHER, 1.0), Intent("new", "create", PRINT, 2.0)]
        with store.writer(OWNER, timeout=0) as writer:
            assert not [*each_record(writer), *each_failed(writer)]
            writer.commit(records[::-1])
            writer.intend(intents)
            every = sorted(store.records().values())
            assert list(each_record(writer)) == every
            assert list(each_failed(writer)) == [one for one in every if one.has_failed]
        assert list(each_record(store)) == every
        assert list(each_failed(store)) == [one for one in every if one.has_failed]
        assert [one.name for one in each_record(store)] == sorted([*names, "new"])

    def test_amounts_are_those_of_the_records(self, store: Store) -> None:
        assert amounts(store) == Amounts(0, 0, 0)
        taken_in = Failure("transient", TAKE_IN, "not visible yet")
        kinds = [*RECORDS.values(), Record("a", None, "t", taken_in)]
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([one._replace(name=f"{at}") for at, one in enumerate(kinds)])
            writer.intend([Intent(f"{len(kinds) - 1}", "create", PRINT, 1.0)])
            every = store.records().values()
            told = Amounts(
                applied=sum(one.applied is not None for one in every),
                failed=sum(one.has_failed for one in every),
                pending=sum(one.pending is not None for one in every),
            )
            assert told.failed < sum(one.failure is not None for one in every)
            assert amounts(writer) == told
        assert amounts(store) == told

    def test_an_intent_leaves_the_record_as_it_was(self, store: Store) -> None:
        intent = Intent("a", "update", OTHER, 12.5)
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([RECORDS["failed later"]])
            writer.intend([intent])
        assert store.records() == {"a": RECORDS["failed later"]._replace(pending=intent)}

    def test_an_intent_replaces_an_earlier_one(self, store: Store) -> None:
        second = Intent("a", "delete", None, 2.0)
        with store.writer(OWNER, timeout=0) as writer:
            writer.intend([Intent("a", "create", PRINT, 1.0), Intent("b", "create", PRINT)])
            writer.intend([second])
        assert store.record("a") == Record("a", pending=second)
        assert sorted(store.records()) == ["a", "b"]

    def test_a_commit_drops_the_intents_of_its_names_and_no_others(self, store: Store) -> None:
        kept = Intent("kept", "create", PRINT)
        with store.writer(OWNER, timeout=0) as writer:
            writer.intend([Intent(name, "create", PRINT) for name in ("put", "removed")])
            writer.intend([kept])
            writer.commit([Record("put", PRINT, "t")], removed=["removed"])
        assert store.records() == {
            "put": Record("put", PRINT, "t"),
            "kept": Record("kept", pending=kept),
        }

    def test_uploads_drop_no_intents(self, store: Store) -> None:
        intent = Intent("a", "create", PRINT)
        with store.writer(OWNER, timeout=0) as writer:
            writer.intend([intent])
            writer.commit(uploads=[Upload("a", "redbrick", "ref")])
        assert store.records() == {"a": Record("a", pending=intent)}

    # The header

    def test_the_serial_grows_by_one_with_every_commit_of_records(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a"), Record("b"), Record("c")])
            assert writer.header().serial == 1
            writer.commit(removed=["a", "b"])
            assert writer.header().serial == 2
            writer.commit([Record("a")], removed=["c"], uploads=[Upload("c", "s", "r")])
            assert writer.header().serial == 3

    def test_the_serial_does_not_grow_with_anything_else(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.claim("local:p")
            writer.intend([Intent("a", "create", PRINT)])
            writer.commit(uploads=[Upload("content", "redbrick", "ref")])
            writer.commit()
            assert writer.header().serial == 0

    def test_the_serial_is_raised_to_one_that_was_seen_and_never_lowered(
        self, store: Store, again: Store
    ) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a")])
            before = store.mark() if isinstance(store, Traced) else None
            writer.raise_serial(7)
            writer.raise_serial(3)
            assert writer.header().serial == 7
            writer.commit([Record("b")])
        header = again.header()
        assert header is not None
        assert header.serial == 8
        if before is not None and isinstance(store, Traced):
            # What the runs in between changed is not known here.
            assert store.changed_since(before) is None

    def test_the_epoch_grows_with_every_writer_and_the_lineage_stays(
        self, store: Store, again: Store
    ) -> None:
        seen = []
        for one in (store, again, store):
            with one.writer(OWNER, timeout=0) as writer:
                seen.append(writer.header())
        assert [one.epoch for one in seen] == [1, 2, 3]
        assert len({one.lineage for one in seen}) == 1

    def test_a_state_is_bound_to_the_first_project_that_claims_it(
        self, store: Store, again: Store
    ) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.claim("local:first")
            writer.claim("local:first")
            assert writer.header().target == "local:first"
        with again.writer(OWNER, timeout=0) as writer, pytest.raises(StoreError) as caught:
            writer.claim("local:second")
        assert (
            str(caught.value)
            == "The state belongs to the project local:first, not to local:second."
        )
        assert caught.value.exit_code is ExitCode.STATE
        assert caught.value.hint
        header = store.header()
        assert header is not None
        assert header.target == "local:first"

    # Uploads

    def test_uploads_are_found_among_thousands_of_contents(
        self, store: Store, again: Store
    ) -> None:
        put = [Upload(f"xxh3:{i:032x}", "redbrick", f"path/{i}") for i in range(0, 4000, 2)]
        asked = [f"xxh3:{i:032x}" for i in range(4000)]
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(uploads=put)
            assert writer.uploads([], "redbrick") == {}
        with again.writer(OWNER, timeout=0) as writer:
            found = writer.uploads(iter(asked), "redbrick")
        assert found == {one.content: one.ref for one in put}

    def test_uploads_of_another_storage_are_not_found(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(uploads=[Upload("c", "one", "1"), Upload("c", "two", "2")])
            writer.commit(uploads=[Upload("c", "two", "2, again")])
            assert writer.uploads(["c"], "one") == {"c": "1"}
            assert writer.uploads(["c"], "two") == {"c": "2, again"}
            assert writer.uploads(["c"], "three") == {}

    def test_contents_are_found_by_where_they_are_kept(self, store: Store) -> None:
        put = [Upload(f"xxh3:{i:032x}", "redbrick", f"path/{i}") for i in range(2000)]
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(uploads=put)
            assert writer.contents([]) == {}
            assert writer.contents(["nowhere", "path/7"]) == {"path/7": put[7].content}
            assert writer.contents(one.ref for one in put) == {one.ref: one.content for one in put}

    def test_uploads_of_lost_contents_are_forgotten_and_may_be_put_anew(self, store: Store) -> None:
        put = [Upload(one, storage, "old") for one in "abc" for storage in ("one", "two")]
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit(uploads=put)
            serial = writer.header().serial
            writer.commit(lost=["a", "b", "not there"], uploads=[Upload("b", "one", "new")])
            assert writer.uploads("abc", "one") == {"b": "new", "c": "old"}
            assert writer.uploads("abc", "two") == {"c": "old"}
            assert writer.header().serial == serial

    # Readers and writers side by side

    def test_a_reader_sees_what_was_committed_while_the_writer_goes_on(
        self, store: Store, again: Store
    ) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a")])
            assert again.records() == {"a": Record("a")}
            writer.commit([Record("b")])
            assert again.record("b") == Record("b")
            assert again.header() == writer.header()

    def test_what_a_reader_got_does_not_change_afterwards(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            before, mine = store.records(), writer.records()
            writer.commit([Record("a")])
            mine["b"] = Record("b")
            assert before == {}
            assert store.records() == {"a": Record("a")}

    def test_a_second_writer_is_told_who_the_first_one_is(self, store: Store, again: Store) -> None:
        with (
            store.writer(OWNER, timeout=0),
            pytest.raises(LockedError) as caught,
            again.writer(SECOND, timeout=0.1),
        ):
            raise AssertionError
        assert str(caught.value) == (
            "Another run holds the state: ann@lab-3, pid 4711, since 2026-05-09 07:25:35 UTC."
        )
        assert caught.value.hint == "Wait for it to end, or pass a longer --lock-timeout."
        assert caught.value.exit_code is ExitCode.LOCKED

    def test_a_refused_writer_changes_nothing(self, store: Store, again: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            before = writer.header()
            with pytest.raises(LockedError), again.writer(SECOND, timeout=-1):
                raise AssertionError
            writer.commit([Record("a")])
            assert writer.header().epoch == before.epoch

    def test_a_second_writer_waits_for_the_first_one_to_end(
        self, store: Store, again: Store
    ) -> None:
        waiting, seen = threading.Event(), []

        def second() -> None:
            waiting.set()
            with again.writer(SECOND, timeout=20) as writer:
                seen.append(writer.records())

        thread = threading.Thread(target=second)
        with store.writer(OWNER, timeout=0) as writer:
            thread.start()
            assert waiting.wait(60)
            writer.commit([Record("a")])
        thread.join(20)
        assert seen == [{"a": Record("a")}]

    def test_the_lock_is_free_after_an_error_inside(self, store: Store, again: Store) -> None:
        with suppress(ZeroDivisionError), store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a")])
            raise ZeroDivisionError
        with again.writer(SECOND, timeout=0) as writer:
            assert writer.records() == {"a": Record("a")}

    def test_threads_may_share_a_writer(self, store: Store) -> None:
        def work(writer: Writer, number: int) -> None:
            for step in range(10):
                writer.intend([Intent(f"{number}/{step}", "create", PRINT)])
                writer.commit([Record(f"{number}/{step}", PRINT, "t")])

        with store.writer(OWNER, timeout=0) as writer:
            threads = [threading.Thread(target=work, args=(writer, i)) for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert writer.header().serial == 40
        assert len(store.records()) == 40

    # Fencing

    def test_a_writer_that_was_taken_over_writes_nothing_more(
        self, store: Store, again: Store
    ) -> None:
        with store.writer(OWNER, timeout=0) as old:
            old.commit([Record("old")])
            again.unlock()
            with again.writer(SECOND, timeout=0) as new:
                new.commit([Record("new")])
                attempts: list[Callable[[], None]] = [
                    lambda: old.commit([Record("late")], removed=["new", "old"]),
                    lambda: old.commit(uploads=[Upload("late", "s", "r")]),
                    lambda: old.commit(lost=["late"]),
                    lambda: old.commit(),
                    lambda: old.intend([Intent("late", "create", PRINT)]),
                    lambda: old.claim("late"),
                ]
                for attempt in attempts:
                    with pytest.raises(StoreError, match="Another run has taken over the state"):
                        attempt()
                assert new.uploads(["late"], "s") == {}
                expected = new.header()
        assert store.records() == {"old": Record("old"), "new": Record("new")}
        assert store.header() == expected
        assert (expected.serial, expected.epoch, expected.target) == (2, 2, "")

    def test_an_old_writer_that_leaves_does_not_free_the_lock_of_the_new_one(
        self, store: Store, again: Store, tmp_path: Path
    ) -> None:
        old = store.writer(OWNER, timeout=0)
        old.__enter__()
        again.unlock()
        with again.writer(SECOND, timeout=0) as new:
            old.__exit__(None, None, None)
            with pytest.raises(LockedError, match="bob@lab-4"):
                self.make(tmp_path).writer(OWNER, timeout=0).__enter__()
            new.commit([Record("a")])
        assert store.records() == {"a": Record("a")}

    def test_a_writer_writes_nothing_after_its_end(self, store: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            pass
        attempts: list[Callable[[], object]] = [
            lambda: writer.commit([Record("late")]),
            lambda: writer.intend([Intent("late", "create", PRINT)]),
            lambda: writer.uploads(["late"], "s"),
            lambda: writer.contents(["late"]),
            writer.header,
            writer.records,
        ]
        for attempt in attempts:
            with pytest.raises(StoreError, match=r"This writer has ended"):
                attempt()
        assert store.records() == {}

    # Any order of all this

    def test_any_story_ends_as_it_does_in_a_dict(self, tmp_path: Path) -> None:
        run_stories(self.make, tmp_path, self.stories)

    def test_closing_a_store_keeps_the_state(self, store: Store, again: Store) -> None:
        with store.writer(OWNER, timeout=0) as writer:
            writer.commit([Record("a")])
        store.close()
        assert again.records() == {"a": Record("a")}
