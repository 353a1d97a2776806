"""Datapoints of packed folders and single ones are found by their names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rbsync.model.by_name import ByName
from rbsync.model.packed import Datapoints
from tests.model.test_packed import ABOVE, BELOW, CALLED, folder

SINGLE = next(iter(folder("", "m.png")))
EVERY = Datapoints([CALLED, BELOW, ABOVE], [SINGLE])
NAMES = ("a/b.png", "a/b/1.png", "a/c.png", "m.png", "one", "two")
OTHERS = ("", "a", "a/b.png0", "n.png", "onf", "z/1.png", "zz")


@given(st.sets(st.sampled_from([*NAMES, *OTHERS])))
def test_what_is_found_is_what_a_dictionary_has(wanted: set[str]) -> None:
    every = {one.name: one for one in EVERY}
    expected = {name: one for name, one in every.items() if name in wanted}
    assert ByName(EVERY).some(wanted) == expected
    assert ByName(tuple(EVERY)).some(wanted) == expected


def test_names_are_asked_for_as_they_come() -> None:
    assert list(ByName(EVERY).some(iter(["two", "one", "two"]))) == ["one", "two"]
