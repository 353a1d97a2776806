"""What a folder expanded to is packed and read again; spellings of a path count as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rbsync.dataset.units import Row, Unit, any_suffix_of, spelt_alike
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


def test_names_that_look_alike_have_one_fold() -> None:
    assert fold_of("A/É.png") == fold_of("a/e\u0301.PNG")
    assert fold_of("a.png") == fold_of("A.PNG") != fold_of("b.png")


def test_spellings_of_a_path_are_one() -> None:
    assert spelt_alike("./Labels//E\u0301.JSON") == spelt_alike("labels/é.json")
    assert any_suffix_of("masks/a.nii.gz") == any_suffix_of("masks/a.png") == "masks/a.*"
