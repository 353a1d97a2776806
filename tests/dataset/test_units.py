"""What a folder expanded to is packed and read again; spellings of a path count as one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rbsync.dataset.unit_rows import Packed, Row
from rbsync.dataset.units import Summary, Unit, any_suffix_of, spelt_alike
from rbsync.model.names import fold_of

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=6)
PATHS = st.lists(TEXTS, min_size=1, max_size=3).map("/".join)
ROWS = st.builds(
    Row,
    name=PATHS,
    asked=st.lists(PATHS, max_size=3).map(tuple),
    digest=st.binary(min_size=16, max_size=16),
    labels=st.one_of(st.just(""), PATHS),
)


@given(st.dictionaries(TEXTS, ROWS, max_size=5))
def test_a_unit_that_was_packed_has_the_same_rows(rows: dict[str, Row]) -> None:
    unit = Unit(3, "images", rows)
    packed = unit.packed()
    assert packed.rows() == rows
    summary = unit.summary()
    assert packed.size == summary.count + summary.blocked == len(rows)


FEW_ROWS = st.dictionaries(st.sampled_from("abcdef"), ROWS, max_size=5)


@given(FEW_ROWS, st.sets(st.sampled_from("abcdef")), FEW_ROWS, st.booleans())
def test_a_unit_with_some_rows_in_place_of_others_is_the_one_that_is_made_of_all(
    rows: dict[str, Row], taken: set[str], added: dict[str, Row], only_contents: bool
) -> None:
    """Most changes are of contents alone, and leave files and names as they are."""
    packed, before = Packed.of(rows), {file: rows[file] for file in taken & rows.keys()}
    now = {file: row for file, row in added.items() if file in before or file not in rows}
    if only_contents:
        now = {file: row._replace(digest=bytes(15) + b"1") for file, row in before.items()}
    left = {file: row for file, row in rows.items() if file not in before}
    made = packed.changed(before, now)
    assert packed.some_rows(taken) == before
    assert made.rows() == {**left, **now}
    summary = Summary.of(rows.values()).changed(before, now, lambda: packed)
    expected = Summary.of({**left, **now}.values())
    assert {*expected.folders} <= {*summary.folders}
    assert replace(summary, folders=()) == replace(expected, folders=())


@given(FEW_ROWS, st.sets(TEXTS))
def test_a_unit_tells_who_asked_without_all_rows(rows: dict[str, Row], more: set[str]) -> None:
    packed, asked = Packed.of(rows), [one for row in rows.values() for one in row.asked]
    for path in {*asked, *more}:
        askers = [file for file, row in rows.items() if path in row.asked]
        assert packed.files_asking(path.__eq__) == askers
        assert packed.may_ask_for([path]) or not askers


def test_names_that_look_alike_have_one_fold() -> None:
    assert fold_of("A/É.png") == fold_of("a/e\u0301.PNG")
    assert fold_of("a.png") == fold_of("A.PNG") != fold_of("b.png")


def test_spellings_of_a_path_are_one() -> None:
    assert spelt_alike("./Labels//E\u0301.JSON") == spelt_alike("labels/é.json")
    assert any_suffix_of("masks/a.nii.gz") == any_suffix_of("masks/a.png") == "masks/a.*"
