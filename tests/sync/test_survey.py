"""A first look at a folder tells its images, masks, frames, scans and lists by what they are."""

from __future__ import annotations

import json
from pathlib import Path

from rbsync.sync.survey import (
    Folder,
    Listed,
    dicom_pattern,
    folders_of,
    is_video,
    lists_of,
    masks_among,
    masks_beside_images,
)


def files(root: Path, *paths: str, data: bytes = b"") -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def folder(path: str, *names: str) -> Folder:
    by_suffix: dict[str, list[str]] = {}
    for name in names:
        by_suffix.setdefault(name.rpartition(".")[2], []).append(name)
    return Folder(path, by_suffix)


def test_folders_are_told_in_order_and_hidden_ones_are_not(tmp_path: Path) -> None:
    files(tmp_path, "b/x.png", "a/y.JPG", ".git/config", "a/.hidden.png")
    found = folders_of(str(tmp_path))
    assert [one.path for one in found] == ["", "a", "b"]
    assert found[1].stems(["jpg"]) == {"y": "JPG"}
    assert found[2].title == "b"


def test_masks_have_the_name_of_masks_and_files_of_the_names_of_images() -> None:
    images = [folder("images", "a.jpg", "b.jpg")]
    assert masks_among([folder("data/masks", "a.png", "b_mask.png")], images)
    assert not masks_among([folder("data/masks", "logo.png")], images)
    assert not masks_among([folder("data/thumbs", "a.png")], images)


def test_masks_beside_their_images_are_known_by_their_end() -> None:
    assert masks_beside_images(folder("", "a.jpg", "a_mask.png")) == "_mask"
    assert masks_beside_images(folder("", "a.jpg", "b.png")) == ""


def test_frames_are_pictures_that_are_all_called_so() -> None:
    assert is_video(folder("v", "frame1.png", "frame2.png"))
    assert not is_video(folder("v", "frame1.png", "cover.png"))


def test_scans_are_known_by_their_suffix_or_by_their_first_bytes(tmp_path: Path) -> None:
    files(tmp_path, "named/1.DCM")
    files(tmp_path, "bare/1", data=b"\0" * 128 + b"DICM")
    files(tmp_path, "other/1", data=b"text")
    patterns = {one.path: dicom_pattern(str(tmp_path), one) for one in folders_of(str(tmp_path))}
    assert patterns == {"": "", "bare": "*", "named": "*.DCM", "other": ""}


def test_lists_are_known_by_their_content(tmp_path: Path) -> None:
    coco = {"images": [{"file_name": "a.jpg"}], "annotations": [], "categories": []}
    files(tmp_path, "coco.json", data=json.dumps(coco).encode())
    files(tmp_path, "items.csv", data=b"name,item\na,a.png\n")
    files(tmp_path, "labels.json", data=b'[{"category": [["object", "car"]]}]')
    files(tmp_path, "broken.json", data=b"{")
    assert sorted(lists_of(str(tmp_path), folders_of(str(tmp_path)))) == [
        Listed("coco.json", "coco", "a.jpg", ("",)),
        Listed("items.csv", "items"),
    ]
