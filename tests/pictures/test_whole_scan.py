"""A scan as a whole: upright whatever the file has, with its labels, in numbers that are exact."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.pictures import whole_scan as room
from rbsync.pictures.change_pictures import Detail
from rbsync.pictures.views import EDGES, change_views
from rbsync.pictures.whole_scan import is_scan, whole_scan
from tests.pictures.kinds import nifti, saved, scan, series_slice, upright_photographs

NOTHING = LabelContent()


def read(data: bytes | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The head, and the parts (x, y, z)."""
    assert data is not None
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    parts = np.frombuffer(body, "<u2").reshape(len(head["parts"]), -1)
    shape = head["shape"]
    return head, {
        name: one.reshape(shape, order="F") for name, one in zip(head["parts"], parts, strict=True)
    }


@pytest.mark.parametrize("turn", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_the_slices_of_a_scan_are_upright_with_their_labels(turn: tuple[int, int, int]) -> None:
    grey, labels = scan()
    affine = np.diag([*(size * sign for size, sign in zip((1, 2, 3), turn, strict=True)), 1.0])
    flipped = tuple(slice(None, None, sign) for sign in turn)
    volume = LabelVolume(labels[flipped], affine[:3].astype(np.float32), {1: "spot"})
    data = nifti(grey[flipped], affine)
    head, parts = read(whole_scan(NOTHING, LabelContent(volumes={0: volume}), [lambda: data]))
    assert (head["shape"], head["sizes"]) == (list(grey.shape), [1, 2, 3])
    assert np.array_equal(parts["after"], labels)
    assert np.array_equal(parts["values"] == 65535, labels == 1)
    assert [name for name, _ in head["classes"]] == ["spot"]
    assert "before" not in parts
    assert is_scan([lambda: data])


@pytest.mark.parametrize(("affine", "is_told"), [(np.eye(4), True), (None, False)])
def test_what_lies_at_the_edges_is_told_only_where_the_file_says_so(
    affine: np.ndarray | None, *, is_told: bool
) -> None:
    data = nibabel.Nifti1Image(scan()[0], affine).to_bytes()
    head, _ = read(whole_scan(NOTHING, NOTHING, [partial(bytes, data)]))
    assert head["edges"] == (EDGES if is_told else {})
    spot = np.ones(scan()[0].shape, np.uint8)
    volume = LabelVolume(spot, np.eye(3, 4, dtype=np.float32), {1: "spot"})
    after = LabelContent(volumes={0: volume})
    views = change_views(NOTHING, after, [partial(bytes, data)], Detail())
    assert [one["edges"] for one in views] == (list(EDGES.values()) if is_told else [""] * 3)


def test_the_slices_of_a_series_lie_as_the_files_say() -> None:
    grey, labels = scan()
    # Rows run to the back and columns to the left, so that both are turned.
    files = [series_slice(grey[::-1, ::-1, at].T, at, (1, 2, 3)) for at in range(grey.shape[2])]
    items = [partial(bytes, one) for one in files]
    head, parts = read(whole_scan(NOTHING, NOTHING, items))
    assert head["sizes"] == pytest.approx([1, 2, 3])
    assert np.array_equal(parts["values"] == 65535, labels == 1)
    assert head["window"] == pytest.approx([40, 459])
    # From the top to the bottom it is the same body.
    _, other = read(whole_scan(NOTHING, NOTHING, items[::-1]))
    assert np.array_equal(other["values"], parts["values"])
    assert whole_scan(NOTHING, NOTHING, [*items, lambda: None]) is None


def test_a_picture_of_sixteen_bits_is_a_scan_of_one_slice() -> None:
    grey = np.arange(6, dtype=np.uint16).reshape(2, 3) * 1000
    data = saved(Image.fromarray(grey), "PNG")
    mask = ClassIndex(np.array([[1, 0, 0], [0, 0, 2]], np.uint8), ("car", "bus"))
    head, parts = read(whole_scan(LabelContent(picture=mask), NOTHING, [lambda: data]))
    assert (head["range"], head["window"], head["shape"]) == ([0, 5000], [0, 5000], [3, 2, 1])
    # The first row is the upper one, and so it is last.
    assert parts["before"][:, :, 0].T[::-1].tolist() == mask.pixels.tolist()
    assert parts["values"][:, :, 0].T[::-1].tolist() == (grey * 13.107).round().astype(int).tolist()


def test_what_is_no_scan_is_none() -> None:
    for name, data in upright_photographs().items():
        assert is_scan([partial(bytes, data)]) == (name == "deep")
    assert not is_scan([])
    assert not is_scan([lambda: None])


def test_of_a_large_scan_voxels_are_left_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 1000)
    data = nifti(np.zeros((40, 30, 20), np.int16), np.eye(4))
    head, parts = read(whole_scan(NOTHING, NOTHING, [lambda: data]))
    assert (head["whole"], head["shape"], head["sizes"]) == ([40, 30, 20], [10, 8, 10], [4, 4, 2])
    assert parts["values"].shape == (10, 8, 10)
