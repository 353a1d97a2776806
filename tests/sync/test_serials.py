"""A state that is an older copy of one that was seen on this machine is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.backends.base import Mark
from rbsync.errors import StateError
from rbsync.model.record import Header, Intent, Record
from rbsync.stores.memory import MemoryStore
from rbsync.sync.serials import certain_header, check_marks, newest_header, remember_newest
from tests.builders import OWNER, PRINT


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def header(serial: int, lineage: str = "4b32bb5f") -> Header:
    return Header(lineage, serial, 1, "local:1")


class Changing(MemoryStore):
    """A state whose header is each of these in turn, and stays the last one."""

    def __init__(self, *headers: Header | None) -> None:
        super().__init__()
        self._headers = list(headers)

    def header(self) -> Header | None:
        return self._headers.pop(0) if len(self._headers) > 1 else self._headers[0]


def check_newest(header: Header | None) -> None:
    assert newest_header(Changing(header)) == header


def test_an_older_serial_than_the_newest_is_refused_and_a_newer_one_is_fine() -> None:
    remember_newest(header(7))
    check_newest(header(7))
    check_newest(header(8))
    with pytest.raises(StateError, match="its serial is 6, not 7") as caught:
        check_newest(header(6))
    assert "rbsync refresh" in caught.value.hint


def test_only_a_refresh_makes_an_older_state_the_newest() -> None:
    remember_newest(header(7))
    remember_newest(header(6))
    with pytest.raises(StateError):
        check_newest(header(6))
    remember_newest(header(6), is_refreshed=True)
    check_newest(header(6))


def test_each_lineage_has_a_number_of_its_own_and_none_is_none() -> None:
    remember_newest(header(7))
    check_newest(header(1, "another"))
    check_newest(None)


def test_a_lineage_does_not_lead_out_of_the_folder(home: Path) -> None:
    remember_newest(header(7, "../../outside"))
    assert [one.name for one in (home / "rbsync").iterdir()] == ["outside.serial"]


def test_what_cannot_be_written_or_read_is_not_noticed(home: Path) -> None:
    home.write_text("a file in the way")
    remember_newest(header(7))
    check_newest(header(1))


def test_a_task_that_a_later_run_left_tells_of_an_older_state() -> None:
    marks = [Mark("4b32bb5f", 7), Mark("another", 99), Mark()]
    check_marks(header(7), marks, lambda: pytest.fail("nobody need ask again"))
    check_marks(None, marks, lambda: pytest.fail("nobody need ask again"))
    with pytest.raises(StateError, match="its serial is 6, not 7"):
        check_marks(header(6), marks, lambda: header(6))
    # What no state can be is the work of somebody else.
    check_marks(header(7), [Mark("4b32bb5f", 10**18)], lambda: header(7))


def test_a_task_that_a_run_leaves_meanwhile_tells_of_no_older_state() -> None:
    marks = [Mark("4b32bb5f", 7)]
    check_marks(header(6), marks, lambda: header(7))
    check_marks(header(6), marks, lambda: None)
    with pytest.raises(StateError, match="its serial is 6, not 7"):
        check_marks(header(5), marks, lambda: header(6))


def test_a_number_that_is_damaged_stops_nobody(home: Path) -> None:
    remember_newest(header(7))
    (home / "rbsync" / "4b32bb5f.serial").write_text("seven")
    check_newest(header(1))


def test_a_run_that_ends_between_two_questions_makes_nothing_old() -> None:
    remember_newest(header(46))
    assert newest_header(Changing(header(45), header(46))) == header(46)
    with pytest.raises(StateError, match="its serial is 45, not 46"):
        newest_header(Changing(header(44), header(45)))


def test_marks_are_held_against_a_state_that_no_run_is_changing() -> None:
    store = MemoryStore()
    with store.writer(OWNER, timeout=0) as writer:
        writer.intend([Intent("a", "create", PRINT, 1.0)])
        assert certain_header(store) is None
        writer.commit([Record("a", PRINT, "1")])
    assert certain_header(store) == store.header()
