"""Names folded by folder: all of them, on at most so many lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rbsync.cli.render.by_folder import folded

NAMES = st.lists(st.text("ab/", min_size=1, max_size=9), unique=True, min_size=1, max_size=40)


@given(NAMES, st.integers(1, 12))
def test_every_name_is_in_one_fold_and_its_folder(names: list[str], most: int) -> None:
    folds = folded(names, most)
    assert len(folds) <= most
    assert sorted(name for one in folds for name in one.names) == sorted(names)
    assert all(name.startswith(one.folder) for one in folds for name in one.names)
    assert len({one.label for one in folds}) == len(folds)


def test_10_000_names_in_300_folders_are_told_by_the_folders_above() -> None:
    names = [f"images/site-{one % 7}/scan-{one % 300}/{one}.png" for one in range(10_000)]
    assert [one.label for one in folded(names, 15)] == [f"images/site-{n}/" for n in range(7)]


def test_of_too_many_folders_the_largest_are_told_and_the_rest_as_one() -> None:
    names = [f"scans/{one % 300}/{one}.png" for one in range(10_000)]
    folds = folded([*names, *(f"scans/9/more{n}" for n in range(50))], 15)
    assert len(folds) == 15
    assert folds[-1].label == "scans/…"
    assert folds[-1].folders == 286
    assert "scans/9/" in [one.label for one in folds]
