"""Draw the pictures of every kind of item that the README shows; needs Chromium.

python -m tests.kind_pictures examples/pictures
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from tests.cli.browser import Opened, chromium
from tests.cli.test_browse import browsing
from tests.page_picture import CLASSES, PHOTO, mask
from tests.pictures.kinds import nifti, saved, series_slice
from tests.scenarios.project import Project

SHAPE = (96, 116, 80)
MILLIMETRES = (1.8, 1.8, 2.2)
HEAD = (((0.0, 0.0, 0.0), (0.86, 0.9, 0.9), 900), ((0.0, 0.0, 0.0), (0.79, 0.84, 0.83), 260))
VENTRICLES = (((-0.16, 0.1, 0.05), (0.1, 0.32, 0.2)), ((0.16, 0.1, 0.05), (0.1, 0.32, 0.2)))
LESION = ((0.38, -0.35, 0.25), (0.17, 0.15, 0.18))
KINDS = {
    "scan": "a NIfTI scan with its segmentation",
    "series": "a DICOM series",
    "video": "the frames of a video",
    "deep": "a PNG of 16 bits",
    "cmyk": "a JPEG in CMYK",
    "clear": "a PNG with transparency",
    "turned": "a photograph that was held upright",
}
BOX = {"xnorm": 0.285, "ynorm": 0.04, "wnorm": 0.42, "hnorm": 0.74}


def head() -> tuple[np.ndarray, np.ndarray]:
    """A head of ellipsoids (x, y, z) of int16, and the ventricles and the lesion in it."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    rng = np.random.default_rng(5)
    values = np.full(SHAPE, 5.0)
    for centre, radii, value in HEAD:
        values[_inside(grid, centre, radii)] = value
    folds = np.sin(grid[0] * 23 + 3 * np.sin(grid[2] * 9)) * np.sin(grid[1] * 21) * 45
    values += np.where(values == 260, folds, 0)
    labels = np.zeros(SHAPE, np.uint8)
    for one in VENTRICLES:
        labels[_inside(grid, *one)] = 1
    labels[_inside(grid, *LESION)] = 2
    values = np.choose(labels, [values, 60, 430]) + rng.normal(0, 9, SHAPE)
    return values.astype(np.int16), labels


def _inside(grid: np.ndarray, centre: Any, radii: Any) -> Any:
    return sum(((grid[at] - centre[at]) / radii[at]) ** 2 for at in range(3)) < 1


def project(folder: Path) -> Project:
    """One datapoint of each kind, all applied."""
    made = Project(folder)
    cup = Image.open(PHOTO).convert("RGB").resize((600, 400))
    made.write("class_map.json", json.dumps(CLASSES))
    values, labels = head()
    affine = np.diag([*MILLIMETRES, 1.0])
    made.write("head.nii", nifti(values, affine))
    made.write("labels.nii", nifti(labels, affine))
    for at in range(8, SHAPE[2] - 8, 2):
        made.write(f"ct/{at:03}.dcm", series_slice(values[:, ::-1, at].T, at, MILLIMETRES))
    box = {"category": [["object", "cup"]], "attributes": []}
    places = []
    for at in range(6):
        shifted = cup.transform(cup.size, Image.Transform.AFFINE, (1, 0, 18 * at, 0, 1, 2.4 * at))
        made.write(f"video/{at}.jpg", saved(shifted, "JPEG", quality=88))
        place = {**BOX, "xnorm": BOX["xnorm"] - 0.03 * at, "ynorm": BOX["ynorm"] - 0.006 * at}
        track = {"trackid": "cup", "frameindex": at, "keyframe": True}
        places.append({**box, **track, "bbox2d": place})
    made.write("video.json", places)
    grey = np.asarray(cup.convert("L"), np.uint16)
    made.write("deep.png", saved(Image.fromarray(grey * 9 + 700), "PNG"))
    made.write("cmyk.jpg", saved(cup.convert("CMYK"), "JPEG", quality=90))
    made.write("clear.png", saved(_cut_out(cup), "PNG"))
    exif = Image.Exif()
    exif[0x0112] = 6
    # It lies in the file, and stands as the camera says.
    made.write("turned.jpg", saved(cup.rotate(90, expand=True), "JPEG", quality=90, exif=exif))
    for name in ("deep", "cmyk", "clear", "turned"):
        mask(0).save(made.folder / f"{name}.mask.png")
    made.manifest(MANIFEST)
    ran = made.apply()
    assert ran.code == 0, ran.err
    return made


MANIFEST = """\
project: {type: DICOM_SEGMENTATION, taxonomy: [coffee, saucer, spoon, cup, ventricles, lesion]}
datapoints:
  - name: scan
    series: [{items: head.nii, segmentations: labels.nii, segment_map: {1: ventricles, 2: lesion}}]
  - {name: series, series: [{items: ct/*.dcm}]}
  - {frames: video/, labels: video.json}
masks:
  - {glob: "{stem}.mask.png", image: "{stem}.*", name: "{stem}", class_map: class_map.json}
"""


def _cut_out(cup: Image.Image) -> Image.Image:
    rows, columns = np.mgrid[0:400, 0:600]
    shape = ((columns - 279) / 210) ** 2 + ((rows - 205) / 190) ** 2
    alpha = np.clip((1.06 - shape) * 2550, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([np.asarray(cup), alpha]))


def draw(folder: Path) -> None:
    """Takes a picture of what `rbsync browse` shows of each."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        made = project(Path(place))
        with browsing(made) as url:
            for name in KINDS:
                wide = 1180 if name in ("scan", "series", "video") else 700
                with browser.open(f"{url}#{quote(name)}", wide) as opened:
                    shown(opened, name)
                    picture = opened.page.locator("#pictures").screenshot()
                    image = Image.open(io.BytesIO(picture)).convert("RGB")
                    image.thumbnail((900, 900))
                    image.save(folder / f"{name}.webp", quality=72, method=6)


def shown(opened: Opened, name: str) -> None:
    """Waits until the pictures of a datapoint are there."""
    opened.page.wait_for_selector("#figures[data-ready]", state="attached")
    if name in ("scan", "series", "deep"):
        opened.page.wait_for_selector("#scan[data-ready]")


if __name__ == "__main__":
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    draw(Path(sys.argv[1]))
