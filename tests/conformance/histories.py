"""What every history must hold to. A history's test class inherits ``HistoryTests``."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path

import pytest

from rbsync.errors import StoreError
from rbsync.model.fingerprint import digest
from rbsync.model.history import Change, Run
from rbsync.stores.history.base import History, Swept
from tests.builders import OTHER, PRINT

RUN = Run("r1", "apply", 1000.0, "ann", "lab-3", "3f2a", "xxh3:d")
LATER = Run("r2", "undo", 2000.0, "bob", "ci-7", undoes=("r1",))
CHANGES = {
    "create": Change("r1", "a", "create", now=PRINT, time=1.5),
    "update": Change("r1", "a", "update", ("labels",), PRINT, OTHER, "xxh3:b", ("xxh3:p",)),
    "update of all": Change("r1", "a", "update", was=OTHER, now=PRINT, before="xxh3:b"),
    "delete": Change("r1", "a", "delete", was=PRINT, before="x", refs=("blobs/xxh3/ab/ab", "u")),
    "of an unknown one": Change("r1", "a", "delete", before="x"),
    "move": Change("r1", "a", "move", was=PRINT, now=PRINT, renamed="b"),
    "an odd name": Change("r1", 'two\nlines, "ü" and \0', "create", now=PRINT),
}


def content(text: str) -> tuple[str, bytes]:
    data = text.encode()
    return digest(data), data


class HistoryTests(ABC):
    """The port's promises, one a test."""

    @abstractmethod
    def make(self, folder: Path) -> History:
        """A history that lives in a folder, a new or the present one."""

    @pytest.fixture
    def history(self, tmp_path: Path) -> History:
        return self.make(tmp_path)

    def test_what_is_not_there_reads_as_empty(self, history: History, tmp_path: Path) -> None:
        assert history.runs() == []
        assert history.changes(["r1"]) == history.life("a") == []
        assert (history.refs(), history.size()) == (frozenset(), 0)
        assert history.sweep(1e12) == Swept(0, 0, 0)
        assert list(tmp_path.iterdir()) == []

    def test_every_field_of_a_run_comes_back_and_newest_is_first(self, history: History) -> None:
        history.begin(RUN)
        history.begin(LATER)
        assert history.runs() == [LATER, RUN]
        ended = replace(
            RUN, ended=1600.5, created=1, updated=2, deleted=3, failed=4, exit_code=3, moved=5
        )
        history.end(ended)
        assert history.runs() == [LATER, ended]
        assert (ended.is_whole, RUN.is_whole) == (False, False)

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
    def test_every_field_of_a_change_comes_back(
        self, history: History, tmp_path: Path, change: Change
    ) -> None:
        history.begin(RUN)
        history.note([change])
        history.keep([change], {})
        assert history.changes(["r1"]) == [change, change]
        assert history.life(change.name) == [change, change]
        history.close()
        assert self.make(tmp_path).changes(["r1"]) == [change, change]

    def test_changes_come_newest_first_over_several_runs(self, history: History) -> None:
        first, second = CHANGES["create"], CHANGES["update"]
        third = CHANGES["delete"]._replace(run="r2")
        history.note([first])
        history.keep([second], {})
        history.note([third])
        assert history.changes(["r1"]) == [second, first]
        assert history.changes(["r1", "r2"]) == history.changes(["r2", "r1"])
        assert history.changes(["r2", "r1"]) == [third, second, first]
        assert history.changes([]) == []

    def test_the_life_of_a_name_has_the_move_that_gave_it(self, history: History) -> None:
        moved, other = CHANGES["move"], CHANGES["create"]._replace(name="c")
        after = CHANGES["update"]._replace(name="b")
        history.note([moved, other, after])
        assert history.life("b") == [after, moved]
        assert history.life("a") == [moved]

    def test_contents_come_back_as_they_were_and_once(
        self, history: History, tmp_path: Path
    ) -> None:
        every = dict([content("x" * 100_000), content(""), content("ü")])
        history.keep([CHANGES["update"]], every)
        size = history.size()
        history.keep([CHANGES["delete"]], every)
        assert history.size() == size < 10_000
        assert {name: history.content(name) for name in every} == every
        history.close()
        again = self.make(tmp_path)
        assert {name: again.content(name) for name in every} == every

    def test_a_content_that_is_not_there_is_an_error(self, history: History) -> None:
        with pytest.raises(StoreError, match="has no content xxh3:0"):
            history.content("xxh3:0")

    def test_what_old_runs_alone_need_is_swept(self, history: History) -> None:
        (old, a), (shared, b), (part, c), (new, d) = map(content, ("old", "b", "part", "new"))
        change = CHANGES["delete"]
        history.begin(RUN)
        history.keep([change._replace(before=old, refs=("o",))], {old: a})
        history.keep([change._replace(before=shared, parts=(part,))], {shared: b, part: c})
        history.begin(LATER)
        left = change._replace(run="r2", before=new, parts=(shared, part), refs=("n",))
        history.keep([left], {new: d})
        assert history.refs() == {"o", "n", *change.refs}
        assert history.sweep(RUN.started) == Swept(0, 0, 0)
        swept = history.sweep(LATER.started)
        assert (swept.runs, swept.contents) == (1, 1)
        assert swept.size > 0
        assert history.runs() == [LATER]
        assert history.changes(["r1", "r2"]) == [left]
        assert history.refs() == {"n"}
        assert [history.content(one) for one in (shared, part, new)] == [b, c, d]
        with pytest.raises(StoreError):
            history.content(old)

    def test_a_run_of_a_clock_that_was_behind_is_the_newest_and_is_kept(
        self, history: History
    ) -> None:
        behind = replace(RUN, id="r3", started=0.0)
        history.begin(LATER)
        history.begin(behind)
        assert history.runs() == [behind, LATER]
        assert history.sweep(RUN.started) == Swept(0, 0, 0)
        assert history.sweep(LATER.started + 1).runs == 2

    def test_threads_write_at_once_and_nothing_is_lost(self, history: History) -> None:
        def write(number: int) -> None:
            for turn in range(20):
                name, data = content(f"{number} {turn}")
                history.keep(
                    [CHANGES["delete"]._replace(name=f"{number}", before=name)], {name: data}
                )

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        found = history.changes(["r1"])
        assert len(found) == 80
        assert len({history.content(one.before) for one in found}) == 80
