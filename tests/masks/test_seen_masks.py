"""Masks that are kept between planning and drawing: the same ones, as many as there is room for."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from rbsync.masks import seen_masks
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.encodings import written_pixels
from rbsync.masks.png import decoding
from rbsync.masks.seen_masks import of_files, of_text, seen_masks_kept
from tests.masks.pictures import colours, painted, png, small_indices
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project

CLASSES = colours(3)


def index_of(pixels: Any) -> ClassIndex:
    return ClassIndex(np.asarray(pixels, np.uint8), ("car", "bus", "cup"), 7)


def never() -> ClassIndex:
    raise AssertionError("it was read again")


@settings(max_examples=30, deadline=None)
@given(small_indices())
def test_a_mask_that_is_kept_is_the_one_that_was_read(index: Any) -> None:
    made = ClassIndex(index, tuple(map(str, range(int(index.max())))), 7)
    with seen_masks_kept():
        assert of_files("recipe", "content", lambda: made) is made
        found = of_files("recipe", "content", never)
    assert np.array_equal(found.pixels, made.pixels)
    assert found.pixels.dtype == made.pixels.dtype
    assert (found.names, found.transparent) == (made.names, 7)


def test_another_recipe_or_content_or_text_is_another_mask() -> None:
    made = [index_of([[at]]) for at in (0, 1, 2, 3)]
    with seen_masks_kept():
        of_files("recipe", "content", lambda: made[0])
        assert of_files("other", "content", lambda: made[1]) is made[1]
        assert of_files("recipe", "others", lambda: made[2]) is made[2]
        assert of_text("content recipe", lambda: made[3]) is made[3]


def test_nothing_is_kept_by_commands_that_draw_nothing() -> None:
    with seen_masks_kept():
        of_text("text", lambda: index_of([[1]]))
    made = index_of([[2]])
    assert of_text("text", lambda: made) is made
    assert of_text("text", lambda: None) is None


def test_the_first_ones_are_kept_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_masks, "ROOM", 12)
    with seen_masks_kept():
        for name in ("a", "b", "c"):
            # Three runs, of two bytes each.
            of_text(name, lambda: index_of([[1, 0, 0, 2]]))
        for name in ("a", "b"):
            of_text(name, never)
        with pytest.raises(AssertionError):
            of_text("c", never)


def test_a_plan_with_pictures_reads_each_mask_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Project(tmp_path)
    made.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    for at in range(3):
        made.write(f"images/{at}.png", photo(at, (40, 30)))
    made.manifest(
        'masks:\n  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: class_map.json}\n'
    )
    for shift in (0, 5):
        for at in range(3):
            index = np.zeros((30, 40), np.uint8)
            index[2 + at : 9, 3 + shift : 15] = 1 + at
            made.write(f"masks/{at}.png", png(painted(index, CLASSES)))
        if not shift:
            assert made.apply().code == 0
    read: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        own = getattr(module, name)

        def called(*given: Any) -> Any:
            read[name] += 1
            return own(*given)

        monkeypatch.setattr(module, name, called)

    counted(decoding, "_unpacked")
    counted(written_pixels, "_index")
    assert made.run("plan", "--html", "plan.html").code == 0
    assert read == {"_unpacked": 3, "_index": 3}
    assert (tmp_path / "plan.html").read_text().count("<figure") == 3
