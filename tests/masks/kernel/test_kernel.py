"""The compiled kernel is optional, and used only when it can be."""

import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from rbsync.masks import encode_pixel, pixel_json, read_mask
from rbsync.masks.kernel import compiled
from tests.masks.pictures import colours, painted


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The library is looked for again within the test, and again after it."""
    compiled._library.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    compiled._library.cache_clear()


def test_without_the_library_the_kernel_is_not_available(forgotten: pytest.MonkeyPatch) -> None:
    forgotten.setattr(importlib.util, "find_spec", lambda name: None)
    assert not compiled.available()
    assert len(encode_pixel(painted(np.eye(3, dtype=int), colours(1)), colours(1))) == 1


def test_a_library_of_another_machine_is_passed_over(
    forgotten: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = tmp_path / "_kernel.so"
    foreign.write_bytes(b"\x7fELF of another machine")
    forgotten.setattr(
        importlib.util, "find_spec", lambda name: ModuleSpec(name, None, origin=str(foreign))
    )
    assert not compiled.available()


@pytest.mark.usefixtures("built_kernel")
def test_threads_do_not_disturb_each_other() -> None:
    class_map = colours(5)
    rng = np.random.default_rng(0)
    masks = [painted(rng.integers(0, 6, (150, 130)), class_map) for _ in range(8)]
    one_by_one = [pixel_json(read_mask(mask, class_map)) for mask in masks]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda mask: pixel_json(read_mask(mask, class_map)), masks))
    assert at_once == one_by_one
