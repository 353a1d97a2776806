"""The vendor's SDK 2.35.4 exports masks and segmentations as rbsync made them.

What it changes of them, `rbsync pull` brings back.
"""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.labels.taxonomy_json import read_taxonomy
from tests.masks.pictures import noise, painted, png
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import BOX
from tests.sdk.test_page_examples import MASKS, run
from tests.service.serving import KEY, ORG, PROJECT, PUBLIC, NearClient, serving
from tests.service.vendor_environment import run_client

pytestmark = [pytest.mark.vendor, pytest.mark.timeout(1000)]

CLIENT = Path(__file__).with_name("vendor_labels.py")
NAMES = ("car", "bus", "liver", "tumour")
TAXONOMY = {
    "name": "tax-a",
    "objectTypes": [
        {"category": name, "classId": number, "labelType": "SEGMENTATION"}
        for number, name in enumerate(NAMES)
    ],
}
CLASS_MAP = {"car": (80, 28, 192), "bus": (91, 174, 163)}
"""In the colours that the SDK exports the first two classes in."""

AFFINE = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0.1, 80], [0, 0.05, 2.5, -400], [0, 0, 0, 1]])
MANIFEST = """\
project: {type: DICOM_SEGMENTATION}
datapoints:
  - name: study
    series:
      - items: [mr.nii.gz]
      - items: [ct.nii.gz]
        segmentations: seg.nii.gz
        segment_map: {1: liver, 300: tumour}
  - name: edited-study
    series:
      - items: [ct.nii.gz]
        segmentations: edited.nii.gz
        segment_map: {1: liver, 300: tumour}
  - name: edited-box
    items: [images/box.png]
    labels: box.json
masks:
  - glob: masks/*.png
    image: "images/{stem}.png"
    class_map: class_map.json
"""


BUCKET = "aaaaaaaa-0000-4000-8000-00000000000f"
ADDRESS = "https://example.org/page.png"
EDITED = ("box.json", "masks/edited.png", "masks/edited-here-too.png", "edited.nii.gz")


class Came(NamedTuple):
    """What was sent, what the SDK answered, and the folder that it wrote to.

    ``drift`` was there after it had changed labels, ``pulled`` is what two pulls then said, and
    ``plan`` the last line of the plan that followed. ``files`` are those that were to be pulled.
    """

    picture: Any
    segmentation: Any
    results: dict[str, Any]
    folder: Path
    drift: Any
    pulled: tuple[dict[str, Any], dict[str, Any]]
    plan: str
    files: dict[str, bytes]

    def series(self, export: str, name: str) -> list[dict[str, Any]]:
        (found,) = [one for one in self.results[export] if one["name"] == name]
        return list(found["series"])


def volume(voxels: Any) -> bytes:
    image: Any = nibabel.Nifti1Image(voxels, AFFINE)
    return gzip.compress(image.to_bytes(), mtime=0)


def create_as_the_page_does(folder: Path, client: NearClient, picture: Any) -> None:
    """Runs the page's second example on an exported folder of one mask."""
    folder.mkdir()
    (folder / "task.png").write_bytes(png(picture))
    (folder / "class_map.json").write_text(json.dumps(CLASS_MAP))
    (folder / "datapoint_map.json").write_text(json.dumps({"task.png": ADDRESS}))
    assert run(MASKS, client, folder=str(folder), storage_id=PUBLIC) == []


@pytest.fixture(scope="module")
def came(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Came:
    """A colour mask and a study, created by `rbsync apply`, and a mask by the example of the page.

    Both are exported by the SDK.
    """
    folder = tmp_path_factory.mktemp("masks")
    generator = np.random.default_rng(3)
    picture = painted(noise(generator, (37, 61), 2), CLASS_MAP)
    segmentation = np.zeros((20, 18, 7), np.int16)
    segmentation[3:9, 4:9, 1:4] = 1
    segmentation[5, 5, 5] = 300
    work = folder / "work"
    work.mkdir()
    taxonomy = read_taxonomy(TAXONOMY)
    with serving(folder / "p", taxonomy=taxonomy, storages=(BUCKET,)) as client:
        # Labels in a bucket of the organization, as hospitals have them.
        labels = {"storageId": BUCKET, "path": "labels/here"}
        client.service.account.put("settings", "labels", labels)
        project = RemoteProject(folder / "data", client.url)
        scan = generator.integers(-1000, 1000, segmentation.shape).astype(np.int16)
        project.write("mr.nii.gz", volume(scan[:, :, :2]))
        project.write("ct.nii.gz", volume(scan))
        for name in ("seg", "edited"):
            project.write(f"{name}.nii.gz", volume(segmentation))
        for number, name in enumerate(("x", "edited", "edited-here-too", "box")):
            project.write(f"images/{name}.png", png(np.full((37, 61, 3), number, np.uint8)))
        for name in ("x", "edited", "edited-here-too"):
            project.write(f"masks/{name}.png", png(picture))
        project.write("box.json", [BOX])
        project.write("class_map.json", {name: list(one) for name, one in CLASS_MAP.items()})
        project.manifest(MANIFEST)
        done = project.apply()
        assert done.last_line.startswith("Apply complete: 6 created"), done.err
        create_as_the_page_does(folder / "export", client, picture)
        run_client(request.config, CLIENT, work, client.url, ORG, PROJECT, KEY)
        drift = project.run("drift", "--json").json
        project.write("masks/edited-here-too.png", png(picture[::-1]))
        first = project.run("pull", "--json").json
        project.write("masks/edited-here-too.png", png(picture))
        pulled = (first, project.run("pull", "--json").json)
        plan = project.run("plan").last_line
    results = json.loads((work / "results.json").read_text())
    files = {one: (project.folder / one).read_bytes() for one in EDITED}
    return Came(picture, segmentation, results, work, drift, pulled, plan, files)


@pytest.mark.parametrize("name", ["x", ADDRESS])
def test_a_mask_comes_back_as_the_same_picture(came: Came, name: str) -> None:
    (series,) = came.series("pictures", name)
    assert series["pngMask"] is True
    (path,) = np.atleast_1d(series["segmentations"])
    with Image.open(came.folder / str(path)) as file:
        back = np.asarray(file)
    assert back.shape == came.picture.shape
    assert np.array_equal(back, came.picture)


def test_a_mask_comes_back_as_a_label_map_of_its_classes(came: Came) -> None:
    (series,) = came.series("volumes", "x")
    by_value = {int(value): one["category"] for value, one in series["segmentMap"].items()}
    image: Any = nibabel.load(came.folder / series["segmentations"])
    voxels = np.asarray(image.dataobj)
    assert voxels.shape == (61, 37, 1)
    palette = {0: (0, 0, 0), **{value: CLASS_MAP[name] for value, name in by_value.items()}}
    drawn = np.array([palette[int(one)] for one in voxels[:, :, 0].T.ravel()], np.uint8)
    assert np.array_equal(drawn.reshape(came.picture.shape), came.picture)


def test_a_segmentation_comes_back_voxel_for_voxel(came: Came) -> None:
    without, segmented = came.series("volumes", "study")
    assert "segmentations" not in without
    found = {value: one["category"] for value, one in segmented["segmentMap"].items()}
    assert found == {"1": "liver", "300": "tumour"}
    image: Any = nibabel.load(came.folder / segmented["segmentations"])
    assert np.array_equal(np.asarray(image.dataobj), came.segmentation)
    assert np.allclose(image.affine, AFFINE, atol=1e-4)
    assert [len(one["items"]) for one in (without, segmented)] == [1, 1]


def test_what_it_changed_alone_has_drifted(came: Came) -> None:
    assert [one["name"] for one in came.drift["edited"]] == [
        "edited",
        "edited-box",
        "edited-here-too",
        "edited-study",
    ]
    assert all(one["facets"] == ["labels"] for one in came.drift["edited"])


def test_what_it_changed_is_pulled_but_for_what_changed_here_too(came: Came) -> None:
    first, second = came.pulled
    assert first["files"] == ["box.json", "edited.nii.gz", "masks/edited.png"]
    assert [one["name"] for one in first["conflicts"]] == ["edited-here-too"]
    # Once the file was put back, as the pull says.
    assert second["files"] == ["masks/edited-here-too.png"]
    assert (second["conflicts"], second["theirs"]) == ([], [])
    assert came.plan == "No changes. The project matches the manifest."


@pytest.mark.parametrize("name", ["masks/edited.png", "masks/edited-here-too.png"])
def test_a_mask_that_it_changed_differs_only_there(came: Came, name: str) -> None:
    with Image.open(io.BytesIO(came.files[name])) as file:
        back = np.asarray(file)
    wanted = came.picture.copy()
    wanted[:3, :2] = CLASS_MAP["car"]
    assert not np.array_equal(wanted, came.picture)
    assert np.array_equal(back, wanted)


def test_a_segmentation_that_it_changed_stays_on_its_grid(came: Came) -> None:
    wanted = came.segmentation.copy()
    wanted[:2, :3] = 1
    image: Any = nibabel.Nifti1Image.from_bytes(gzip.decompress(came.files["edited.nii.gz"]))
    assert np.array_equal(np.asarray(image.dataobj), wanted)
    assert image.get_data_dtype() == wanted.dtype
    assert np.array_equal(image.affine, AFFINE.astype(np.float32))


def test_a_box_that_it_changed_is_one_of_the_label_file(came: Came) -> None:
    (box,) = json.loads(came.files["box.json"])
    assert box["category"] == [["object", "bus"]]
    assert box["bbox2d"] == {"xnorm": 0.5, "ynorm": 0.25, "wnorm": 0.25, "hnorm": 0.5}
