"""Packed records say what a dictionary of them would, and are made when they are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.model import packed_records
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.packed_records import (
    PackedRecords,
    PlainRow,
    changed,
    names_beside,
    recorded,
    unusual,
)
from rbsync.model.record import Intent, Record

NAMES = st.text("abc\u00e9\U0001f600", min_size=1, max_size=3)
ROWS = st.dictionaries(
    NAMES,
    st.tuples(st.text("xy"), st.text("z", max_size=1), st.sampled_from("pq"), st.text("12")),
    max_size=12,
)
OTHERS = st.dictionaries(NAMES, st.sampled_from(["gone", "open", "failed"]), max_size=4)


def rows_of(found: dict[str, tuple[str, str, str, str]]) -> list[PlainRow]:
    return [(name, *rest) for name, rest in sorted(found.items())]


def other(name: str, kind: str) -> Record | None:
    pending = Intent(name, "create", None)
    if kind == "gone":
        return None
    return (
        Record(name, Fingerprint("i", "", "s"), "7", pending=pending)
        if kind == "open"
        else Record(name)
    )


@pytest.fixture(autouse=True, params=[1, 3, 1000], scope="module")
def _together(request: pytest.FixtureRequest) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_records, "_TOGETHER", request.param)
        yield


@given(ROWS, OTHERS, st.lists(st.sets(NAMES).map(sorted), max_size=4))
def test_packed_records_are_those_of_a_dictionary(
    found: dict[str, tuple[str, str, str, str]], others: dict[str, str], parts: list[list[str]]
) -> None:
    rows = rows_of(found)
    plain = {name: Record(name, Fingerprint(i, x, s), t) for name, i, x, s, t in rows}
    instead = {name: other(name, kind) for name, kind in others.items()}
    packed = PackedRecords.of(rows)
    assert packed is not None
    assert packed == plain
    expected, now = changed(plain, instead), changed(packed, instead)
    assert len(now) == len(expected)
    assert [*now] == sorted(expected)
    assert [*now.items()] == sorted(expected.items())
    assert [*now.values()] == [expected[name] for name in sorted(expected)]
    for name in {*expected, *instead, "a", "b", "zz", ""}:
        assert now.get(name) == expected.get(name)
        assert (name in now) == (name in expected)
    assert names_beside(now, parts) == names_beside(expected, parts)
    assert recorded(now) == recorded(expected)
    assert {one.name for one in expected.values() if not one.is_plain} <= {
        one.name for one in unusual(now)
    }


@pytest.mark.parametrize(
    "rows",
    [
        [("b", "", "", "", ""), ("a", "", "", "", "")],
        [("a", "", "", "", ""), ("a", "", "", "", "")],
        [("a", "x\0y", "", "", "")],
        [("a", b"x", "", "", "")],
    ],
)
def test_what_is_not_as_it_was_written_is_not_packed(rows: list[PlainRow]) -> None:
    assert PackedRecords.of(rows) is None
