"""Pictures of scans, frames and photographs of all kinds: each as it is meant to be seen."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.pictures.change_pictures import Detail
from rbsync.pictures.photographs import read_photograph
from rbsync.pictures.views import FRAMES, change_views, main_view
from tests.pictures.kinds import nifti, saved, scan, slice_, upright_photographs
from tests.scenarios.pictures import photo

NOTHING = LabelContent()


def pixels(uri: str, mode: str) -> np.ndarray:
    data = base64.b64decode(uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def shown(picture: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where the photograph is bright, and where the labels of after are."""
    return pixels(picture["photo"], "L") > 150, pixels(picture["after"], "L") > 0


@pytest.mark.parametrize("turn", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_a_scan_is_shown_in_three_planes_upright_with_its_segmentation(
    turn: tuple[int, int, int],
) -> None:
    grey, labels = scan()
    affine = np.diag([*(size * sign for size, sign in zip((1, 2, 3), turn, strict=True)), 1.0])
    flipped = tuple(slice(None, None, sign) for sign in turn)
    volume = LabelVolume(labels[flipped], affine[:3].astype(np.float32), {1: "spot"})
    after = LabelContent(volumes={0: volume})
    data = nifti(grey[flipped], affine)
    found = change_views(NOTHING, after, [lambda: data], Detail())
    assert [one["title"].split()[0] for one in found] == ["sagittal", "coronal", "axial"]
    assert [one["aspect"] for one in found] == [1.5, 3.0, 2.0]
    for one, (rows, columns) in zip(found, ((1, 2), (1, 2), (2, 2)), strict=True):
        bright, labelled = shown(one)
        # Up and to the right, whichever way the axes of the file run.
        assert labelled[:rows, -columns:].all()
        assert labelled.sum() == rows * columns
        assert (bright == labelled).mean() > 0.85


def test_a_scan_has_the_slices_in_which_the_labels_differ() -> None:
    _, labels = scan()
    after = labels.copy()
    after[1, 2, 1] = 1
    before, changed = (
        LabelContent(volumes={0: LabelVolume(one, np.eye(3, 4, dtype=np.float32), {1: "spot"})})
        for one in (labels, after)
    )
    found = change_views(before, changed, [lambda: None], Detail())
    assert [one["title"] for one in found] == [
        "sagittal 2 of 6",
        "coronal 3 of 8",
        "axial 2 of 4",
    ]
    for one in found:
        assert (pixels(one["after"], "L") != 0).sum() == 1
        assert not one["before"]


def test_of_a_long_video_frames_are_shown_whose_labels_differ() -> None:
    box = {
        "category": [["object", "car"]],
        "bbox2d": {"xnorm": 0, "ynorm": 0, "wnorm": 1, "hnorm": 1},
    }
    after = LabelContent(tuple({**box, "frameindex": at} for at in range(40, 50)))
    frames = [photo(at) for at in range(100)]
    items = [lambda at=at: frames[at] for at in range(100)]
    found = change_views(NOTHING, after, items, Detail())
    assert len(found) == FRAMES
    assert [one["title"] for one in found][:2] == ["41 of 100", "42 of 100"]
    assert all(len(one["objects"][1]) == 1 for one in found)
    assert len(change_views(NOTHING, NOTHING, items[:3], Detail())) == 3


def test_a_series_of_slices_has_the_slice_of_its_segmentation_in_each() -> None:
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[3, 1, 2] = 1
    after = LabelContent(volumes={0: LabelVolume(labels, np.eye(3, 4, dtype=np.float32), {1: "x"})})
    items = [lambda at=at: slice_(at) for at in range(3)]
    found = change_views(NOTHING, after, items, Detail())
    assert [bool(one["after"]) for one in found] == [False, False, True]
    assert np.argwhere(pixels(found[2]["after"], "L")).tolist() == [[1, 3]]


@pytest.mark.parametrize(("value", "grey"), [(74, 0), (100, 130), (125, 255), (90, 79)])
def test_a_slice_is_drawn_in_its_own_window(value: int, grey: int) -> None:
    drawn = np.asarray(read_photograph(slice_(value, window="")))
    assert drawn.shape == (4, 5, 3)
    assert abs(int(drawn[0, 0, 0]) - grey) <= 3
    inverted = np.asarray(read_photograph(slice_(value, window="", form="MONOCHROME1")))
    assert inverted[0, 0, 0] == 255 - drawn[0, 0, 0]


def test_a_dicom_that_lies_about_itself_is_no_picture() -> None:
    for data in (slice_(1)[:150], bytes(128) + b"DICM" + b"\xff" * 50):
        with pytest.raises(ValueError, match="no DICOM"):
            read_photograph(data)


def test_a_photograph_that_is_turned_has_its_labels_on_the_right_side() -> None:
    """The mask is of the picture as it is shown: the camera held upright, its file lies."""
    data = upright_photographs()["turned"]
    mask = np.zeros((30, 20), np.uint8)
    mask[:5] = 1
    after = LabelContent(picture=ClassIndex(mask, ("sky",)))
    (found,) = change_views(NOTHING, after, [lambda: data], Detail())
    bright, labelled = shown(found)
    assert (bright == labelled).mean() > 0.98
    assert found["size"] == [20, 30]


def test_sixteen_bits_cmyk_and_transparency_are_shown_as_they_are_meant() -> None:
    deep = saved(Image.fromarray(np.array([[1000, 5000]], np.uint16)), "PNG")
    assert np.asarray(read_photograph(deep))[0, :, 0].tolist() == [0, 255]
    # As Adobe writes it: all ink is 0.
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    shown_red = np.asarray(read_photograph(saved(red, "JPEG", quality=95)))[4, 4]
    assert shown_red[0] > 200
    assert max(shown_red[1:]) < 60
    clear = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((1, 0), (10, 20, 30, 255))
    assert np.asarray(read_photograph(saved(clear, "PNG")))[0].tolist() == [[255] * 3, [10, 20, 30]]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = saved(Image.new("RGB", (2, 2), (9, 8, 7)), "PNG", icc_profile=profile)
    assert np.abs(np.asarray(read_photograph(plain), int)[0, 0] - [9, 8, 7]).max() <= 1


def test_one_picture_stands_for_each_kind() -> None:
    grey, _ = scan()
    data = nifti(grey, np.eye(4))
    view = main_view(NOTHING, [lambda: data])
    assert view.title == "axial 3 of 4"
    # Of a series the middle: the first slice of a head is its crown.
    frames = [lambda: photo(1), lambda: photo(2), lambda: photo(3)]
    assert main_view(NOTHING, frames).photo == photo(2)
