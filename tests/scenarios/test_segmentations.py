"""Studies with NIfTI segmentations and masks as label maps: applied, changed, exported."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from tests.dicoms import dicom
from tests.hints.following import follows
from tests.masks.pictures import painted, png
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.project import Project

NO_CHANGES = "No changes. The project matches the manifest."
NO_DRIFT = "No drift. The project is as it was left."
HEAD = "project: {type: DICOM_SEGMENTATION, taxonomy: [liver, tumour, vessel]}\n"
STUDY = """\
datapoints:
  - name: study1
    series:
      - items: ct/scan.nii.gz
        segmentations: ct/seg.nii.gz
        segment_map: {1: liver, 7: tumour}
"""
AFFINE = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0.1, 80], [0, 0.05, 2.5, -400], [0, 0, 0, 1]])
SHAPE = (9, 8, 5)


def volume(voxels: Any, affine: Any = AFFINE, version: Any = nibabel.Nifti1Image) -> bytes:
    """A file as nibabel writes it."""
    return gzip.compress(version(voxels, affine).to_bytes(), mtime=0)


def scan(seed: int = 0, affine: Any = AFFINE) -> bytes:
    voxels = np.random.default_rng(seed).integers(-1000, 1000, SHAPE)
    return volume(voxels.astype(np.int16), affine)


def segmentation(*extra: tuple[int, int, int]) -> Any:
    """A liver of 12 voxels, with tumours where it is told."""
    voxels = np.zeros(SHAPE, np.int16)
    voxels[1:4, 2:4, 1:3] = 1
    for place in extra:
        voxels[place] = 7
    return voxels


Make = Callable[[str], Project]


@pytest.fixture(params=["local", "redbrick"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a manifest's folder, of a local project or of one that a service has."""
    if request.param == "local":
        yield lambda name: Project(tmp_path / name)
        return
    with served(tmp_path / "service") as service:
        yield lambda name: RemoteProject(tmp_path / name, service.url)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service") as one:
        yield one


def study(project: Project) -> Project:
    project.write("ct/scan.nii.gz", scan())
    project.write("ct/seg.nii.gz", volume(segmentation((5, 5, 3))))
    project.manifest(HEAD + STUDY)
    return project


def exported(project: Project, folder: str) -> dict[str, Any]:
    """What `export masks` says of the volumes, after writing them."""
    done = project.run("export", "masks", folder)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads((project.folder / folder / "segment_map.json").read_text())
    return found


def read(path: Path) -> tuple[Any, Any]:
    image: Any = nibabel.load(path)
    return np.asarray(image.dataobj), image.affine


def test_a_study_there_and_back(make: Make) -> None:
    project = study(make("data"))
    done = project.apply()
    assert done.last_line == "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed."
    assert project.run("plan").last_line == NO_CHANGES
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT
    assert exported(project, "out") == {
        "study1": [
            {
                "series": 0,
                "segmentations": "study1.nii.gz",
                "segment_map": {"1": "liver", "7": "tumour"},
            }
        ]
    }
    voxels, affine = read(project.folder / "out/study1.nii.gz")
    assert voxels.dtype == np.uint8
    assert np.array_equal(voxels, segmentation((5, 5, 3)))
    assert np.array_equal(affine.astype(np.float32), AFFINE.astype(np.float32))


def test_a_voxel_is_an_update_of_the_labels_alone(make: Make) -> None:
    project = study(make("data"))
    project.apply()
    project.write("ct/seg.nii.gz", volume(segmentation((5, 5, 3), (0, 0, 0))))
    assert project.actions() == ["update study1 labels"]
    assert project.apply().last_line.startswith("Apply complete: 0 created, 1 updated")
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    exported(project, "out")
    voxels, _ = read(project.folder / "out/study1.nii.gz")
    assert voxels[0, 0, 0] == 7


def test_an_update_of_the_labels_sends_no_byte_of_the_scan(service: Served, tmp_path: Path) -> None:
    project = study(RemoteProject(tmp_path / "data", service.url))
    project.apply()
    sent = [line for line in service.log.read_text().splitlines() if " PUT /" in line]
    assert [("/images/" in one, "/labels/" in one) for one in sent] == [
        (True, False),
        (False, True),
    ]
    project.write("ct/seg.nii.gz", volume(segmentation((0, 0, 0))))
    project.apply()
    later = [line for line in service.log.read_text().splitlines() if " PUT /" in line][2:]
    assert [("/images/" in one, "/labels/" in one) for one in later] == [(False, True)]


def test_the_same_meaning_in_another_file_is_unchanged(make: Make) -> None:
    project = study(make("data"))
    project.apply()
    voxels = segmentation((5, 5, 3))
    other = np.select([voxels == 1, voxels == 7], [300, 2]).astype(np.float32)
    project.write("ct/seg.nii.gz", volume(other, version=nibabel.Nifti2Image))
    project.manifest(HEAD + STUDY.replace("1: liver, 7: tumour", "2: tumour, 300: liver"))
    assert project.run("plan").last_line == NO_CHANGES
    project.manifest(HEAD + STUDY.replace("1: liver, 7: tumour", "2: vessel, 300: liver"))
    assert project.actions() == ["update study1 labels"]


def test_another_place_in_the_world_is_another_segmentation(make: Make) -> None:
    project = study(make("data"))
    project.apply()
    moved = AFFINE.copy()
    moved[0, 3] += 1
    project.write("ct/scan.nii.gz", scan(affine=moved))
    project.write("ct/seg.nii.gz", volume(segmentation((5, 5, 3)), moved))
    assert project.actions() == ["update study1 items labels"]


def test_a_study_of_two_series_with_several_files(make: Make) -> None:
    project = make("data")
    for number in (1, 2, 10):
        project.write(f"mr/{number}.nii.gz", scan(number))
    tumour = segmentation((5, 5, 3))
    tumour[tumour == 1] = 0
    project.write("ct/scan.nii.gz", scan())
    project.write("ct/a.nii.gz", volume(segmentation()))
    project.write("ct/b.nii", nibabel.Nifti1Image(tumour, AFFINE).to_bytes())
    project.write("mr/seg/flat.nii.gz", volume(segmentation((0, 0, 0))[:, :, 1]))
    project.manifest(
        HEAD
        + """\
datapoints:
  - name: both
    series:
      - items: "mr/*.nii.gz"
        segmentations: mr/seg/flat.nii.gz
        segment_map: {1: vessel}
      - items: [ct/scan.nii.gz]
        segmentations: [ct/a.nii.gz, ct/b.nii]
        segment_map: {1: liver, 7: tumour}
"""
    )
    assert project.apply().code == 0
    (task,) = project.tasks()
    assert task["items"] == ["mr/1.nii.gz", "mr/2.nii.gz", "mr/10.nii.gz", "ct/scan.nii.gz"]
    assert task["labels"] == 3
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    first, second = exported(project, "out")["both"]
    assert (first["series"], first["segment_map"]) == (0, {"1": "vessel"})
    flat, _ = read(project.folder / "out" / first["segmentations"])
    assert flat.shape == (9, 8, 1)
    assert np.array_equal(flat[:, :, 0], segmentation()[:, :, 1])
    assert (second["series"], second["segment_map"]) == (1, {"1": "liver", "7": "tumour"})
    merged, _ = read(project.folder / "out" / second["segmentations"])
    assert np.array_equal(merged, segmentation((5, 5, 3)))


def test_items_that_change_series_are_other_items(make: Make) -> None:
    project = make("data")
    for name in "abc":
        project.write(f"{name}.nii.gz", scan(ord(name)))
    manifest = HEAD + "datapoints:\n  - name: s\n    series:\n"
    project.manifest(manifest + "      - items: [a.nii.gz, b.nii.gz]\n      - items: c.nii.gz\n")
    assert project.apply().code == 0
    project.manifest(manifest + "      - items: a.nii.gz\n      - items: [b.nii.gz, c.nii.gz]\n")
    assert project.actions() == ["update s items"]
    assert project.apply().code == 0
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    project.manifest(HEAD + "datapoints: [{name: s, items: [a.nii.gz, b.nii.gz, c.nii.gz]}]\n")
    assert project.actions() == ["update s items"]
    assert project.apply().code == 0
    assert project.run("plan", "--refresh").last_line == NO_CHANGES


def test_names_and_metadata_of_series_are_settings_of_the_study(make: Make) -> None:
    project = make("data")
    for name in ("native", "portal"):
        project.write(f"ct/{name}.nii.gz", scan(len(name)))
    text = """\
datapoints:
  - name: study1
    series:
      - items: ct/native.nii.gz
        name: native
      - items: ct/portal.nii.gz
        name: portal
        metadata: {contrast: iodine}
"""
    project.manifest(HEAD + text)
    # It is the plan of a file that is sent.
    assert project.run("plan", "-o", "plan.json").code == 0
    assert project.run("apply", "plan.json").code == 0
    for arguments in (["plan"], ["plan", "--refresh"]):
        assert project.run(*arguments).last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT
    project.manifest(HEAD + text.replace("iodine", "gadolinium").replace("native\n", "first\n"))
    (action,) = project.plan()["actions"]
    assert action["changed"] == ["settings"]
    assert action["settings"]["series"][1] == {
        "name": "portal",
        "metadata": {"contrast": "gadolinium"},
    }
    assert project.apply().last_line.startswith("Apply complete: 0 created, 1 updated")
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    # Taken back, the study has its first names again.
    assert project.run("undo", "--yes").code == 0
    project.manifest(HEAD + text)
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT


def test_a_segmentation_without_a_labelled_voxel_is_a_warning(make: Make) -> None:
    project = study(make("data"))
    project.write("ct/seg.nii.gz", volume(np.zeros(SHAPE, np.uint8)))
    ran = project.run("plan")
    assert ran.code == 0
    assert "ct/seg.nii.gz: no voxel of this segmentation is labelled" in ran.err
    assert project.apply().code == 0
    assert project.tasks()[0]["labels"] == 0
    assert project.run("plan").last_line == NO_CHANGES


def warned(project: Project, command: str) -> list[str]:
    """The warnings of a command that finds no problem."""
    ran = project.run(command)
    assert ran.code == 0, ran.err
    return [one for one in ran.err.splitlines() if one.startswith(("warning: ", "    "))]


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_a_value_that_no_segmentation_has_is_a_warning(tmp_path: Path, command: str) -> None:
    project = study(Project(tmp_path / "data"))
    healthy = STUDY.replace("datapoints:\n", "").replace("study1", "study2")
    project.write("ct/healthy.nii.gz", volume(segmentation()))
    for number in (2, 3):
        project.write(f"ct/scan{number}.nii.gz", scan(number))
    healthy = healthy.replace("seg.nii.gz", "healthy.nii.gz").replace("scan.nii", "scan2.nii")
    project.manifest(HEAD + STUDY + healthy)
    assert warned(project, command) == []
    wrong = healthy.replace("1: liver, 7: tumour", "1: liver, 7: tumour, 2: vessel")
    project.manifest(
        HEAD + STUDY + wrong + wrong.replace("study2", "study3").replace("scan2", "scan3")
    )
    for _ in range(2):
        assert warned(project, command) == [
            'warning: rbsync.yaml:13:47: no segmentation has the value 2, "vessel"',
            "    if there is such a structure, correct its value in the segment map",
        ]
    project.apply()
    assert project.run("plan").last_line == NO_CHANGES


@follows("look whether files are missing; where a file has several frames all may be well")
def test_dicom_files_that_are_not_as_many_as_the_slices_are_told(tmp_path: Path) -> None:
    project = study(Project(tmp_path / "data"))
    for number in range(5):
        project.write(f"ct/{number}.dcm", dicom(number, rows=8, columns=9))
    text = STUDY.replace("ct/scan.nii.gz", '"ct/[0-2].dcm"')
    project.manifest(HEAD + text)
    ran = project.run("plan")
    assert ran.code == 65
    assert "this segmentation is 9 x 8 x 5 voxels, but its scan is 9 x 8 x 3" in ran.err
    project.manifest(HEAD + text.replace("[0-2]", "*"))
    assert warned(project, "plan") == []
    for number in range(3):
        project.write(f"ct/{number}.dcm", dicom(number, rows=8, columns=9, frames=2))
    project.manifest(HEAD + text)
    assert warned(project, "plan") == [
        "warning: rbsync.yaml:7:24: ct/seg.nii.gz: this segmentation has 5 slices, but its series "
        "has 3 DICOM files",
        "    look whether files are missing; where a file has several frames all may be well",
    ]
    for number in range(3):
        project.write(f"ct/{number}.dcm", dicom(number, rows=8, columns=9))
    project.manifest(HEAD + text.replace("[0-2]", "*"))
    assert warned(project, "plan") == []


def test_what_others_did_to_a_label_map_is_drift(service: Served, tmp_path: Path) -> None:
    project = study(RemoteProject(tmp_path / "data", service.url))
    project.apply()
    (tumour,) = [
        one
        for one in json.loads(service.task("study1")["latestTaskData"]["labelsData"])
        if one["category"] == [["object", "tumour"]]
    ]
    service.relabel("study1", tumour)
    assert project.run("drift").last_line == "Drift: 0 missing, 1 edited, 0 unmanaged, 0 unchanged."


MISTAKES = """\
datapoints:
  - name: study1
    series:
      - items: ct/scan.nii.gz
        segmentations: {file}
        segment_map: {map}
"""


def told(project: Project, file: bytes, segment_map: str = "{1: liver, 7: tumour}") -> list[str]:
    """What `plan` says of a segmentation."""
    project.write("ct/bad.nii.gz", file)
    text = MISTAKES.replace("{file}", "ct/bad.nii.gz").replace("{map}", segment_map)
    project.manifest(HEAD + text)
    ran = project.run("plan")
    assert ran.code == 65, ran.out
    return ran.err.splitlines()


IS_SCAN = "    label values are whole numbers from 0 to 65,535; is this the scan itself?"


def test_every_mistake_is_told_with_its_place_and_the_next_step(tmp_path: Path) -> None:
    project = study(Project(tmp_path / "data"))
    stray = segmentation((0, 0, 0))
    stray[8, 7, 4] = 3
    assert told(project, volume(stray)) == [
        "rbsync.yaml:8:22: ct/bad.nii.gz: this segmentation has values that the segment map "
        "lacks: 3",
        "    add them to segment_map",
        "1 problem; nothing was sent.",
    ]
    assert told(project, volume(np.zeros((9, 8, 4), np.uint8))) == [
        "rbsync.yaml:7:24: ct/bad.nii.gz: this segmentation is 9 x 8 x 4 voxels, but its scan "
        "is 9 x 8 x 5",
        "    resample the segmentation onto the grid of its scan; where the files are right as "
        "they are, write `grid: trust` beside `segmentations`",
        "1 problem; nothing was sent.",
    ]
    flipped = AFFINE @ np.diag([-1, 1, 1, 1])
    assert told(project, volume(segmentation(), flipped)) == [
        "rbsync.yaml:7:24: ct/bad.nii.gz: this segmentation lies elsewhere in the world than its "
        "scan `ct/scan.nii.gz`: it has voxel (8, 0, 0) at (95.6, 80, -400), the scan at "
        "(84.4, 80, -400)",
        "    resample the segmentation onto the grid of its scan; the affine belongs to the grid; "
        "where the files are right as they are, write `grid: trust` beside `segmentations`",
        "1 problem; nothing was sent.",
    ]
    floats = segmentation().astype(np.float64)
    floats[0, 0, 0], floats[1, 0, 0], floats[2, 0, 0] = 0.5, -1, 70000
    assert told(project, volume(floats)) == [
        "rbsync.yaml:7:24: ct/bad.nii.gz: this segmentation has values that are not whole "
        "numbers: 0.5",
        IS_SCAN,
        "rbsync.yaml:7:24: ct/bad.nii.gz: this segmentation has values below 0: -1",
        IS_SCAN,
        "rbsync.yaml:7:24: ct/bad.nii.gz: this segmentation has values above 65,535: 70000",
        IS_SCAN,
        "3 problems; nothing was sent.",
    ]
    assert told(project, volume(segmentation())[:-9])[0] == (
        "rbsync.yaml:7:24: ct/bad.nii.gz: this NIfTI file cannot be read: its gzip data are "
        "damaged: Compressed file ended before the end-of-stream marker was reached"
    )
    assert told(project, png(np.zeros((4, 4), np.uint8)))[0] == (
        "rbsync.yaml:7:24: ct/bad.nii.gz: this is not a NIfTI file"
    )
    assert told(project, volume(segmentation()), "{1: lever, 0: liver, x: liver}") == [
        'rbsync.yaml:8:26: the category "lever" is not in the taxonomy',
        '    did you mean "liver"?',
        "rbsync.yaml:8:36: `0` is no value of a voxel",
        "    values are whole numbers from 1 to 65,535; 0 is background",
        "rbsync.yaml:8:46: `x` is no value of a voxel",
        "    values are whole numbers from 1 to 65,535; 0 is background",
        "3 problems; nothing was sent.",
    ]
    assert told(project, volume(segmentation()), "{1: lever}") == [
        'rbsync.yaml:8:26: the category "lever" is not in the taxonomy',
        '    did you mean "liver"?',
        "1 problem; nothing was sent.",
    ]


def test_mistakes_of_the_manifest(tmp_path: Path) -> None:
    project = study(Project(tmp_path / "data"))
    other = segmentation()
    other[1, 2, 1] = 7
    project.write("ct/other.nii.gz", volume(other))
    project.manifest(
        HEAD
        + """\
datapoints:
  - name: no map
    series: [{items: ct/scan.nii.gz, segmentations: ct/seg.nii.gz}]
  - name: no files
    series: [{items: ct/scan.nii.gz, segment_map: {1: liver}}]
  - name: contradiction
    series:
      - items: ct/scan.nii.gz
        segmentations: [ct/seg.nii.gz, ct/other.nii.gz]
        segment_map: {1: liver, 7: tumour}
  - name: nothing matches
    series: [{items: "mr/*.dcm"}]
  - name: gone
    series: [{items: ct/scan.nii.gz, segmentations: ct/sag.nii.gz, segment_map: {1: liver}}]
"""
    )
    ran = project.run("plan")
    assert ran.code == 65
    assert ran.err.splitlines() == [
        "rbsync.yaml:5:53: the segmentations have no `segment_map`",
        "    say what the values stand for: segment_map: {1: liver, 2: tumour}",
        "rbsync.yaml:7:51: there is a `segment_map` and no `segmentations`",
        "    name the files under `segmentations`",
        "rbsync.yaml:11:24: ct/other.nii.gz: this segmentation and those before it say different "
        "things of 1 voxel, first of (1, 2, 1)",
        "    merge the files so that each voxel has one value",
        "rbsync.yaml:14:22: the folder `mr` does not exist",
        "rbsync.yaml:16:53: there is no file `ct/sag.nii.gz`",
        "    did you mean `ct/seg.nii.gz`?",
        "5 problems; nothing was sent.",
    ]


def test_projects_of_boxes_take_no_segmentations(tmp_path: Path) -> None:
    project = study(Project(tmp_path / "data"))
    project.manifest("project: {type: IMAGE_BBOX}\n" + STUDY)
    ran = project.run("plan")
    assert ran.code == 65
    assert "a project of type IMAGE_BBOX takes no segmentations" in ran.err


def test_a_segmentation_that_changes_after_the_plan_is_not_sent(make: Make) -> None:
    project = study(make("data"))
    assert project.run("plan", "-o", "plan.json").code == 0
    project.write("ct/seg.nii.gz", volume(segmentation((0, 0, 0))))
    done = project.run("apply", "plan.json")
    assert done.code == 3
    assert project.names() == []
    assert project.apply().code == 0


CLASSES = {"car": (255, 0, 0), "bus": (0, 255, 0)}
INDEX = np.array([[1, 1, 0, 0], [1, 1, 0, 2], [0, 0, 0, 2]])
IN_MAP = {"attributes": [], "volumeindex": 0}
MASKS = """\
project: {type: DICOM_SEGMENTATION, taxonomy: [car, bus]}
masks:
  - glob: masks/*.png
    image: "images/{stem}.png"
    class_map: class_map.json
"""


def masked(project: Project, manifest: str = MASKS) -> Project:
    project.write("class_map.json", {name: list(colour) for name, colour in CLASSES.items()})
    project.write("images/x.png", png(np.full((3, 4, 3), 9, np.uint8)))
    project.write("masks/x.png", png(painted(INDEX, CLASSES)))
    project.manifest(manifest)
    return project


def kinds_of(project: Project) -> set[str]:
    """Whether the labels of the one task are outlines or label maps."""
    assert project.run("export", "labels", "labels.json", "--force").code == 0
    (entry,) = json.loads((project.folder / "labels.json").read_text())
    return {kind for label in entry["labels"] for kind in ("pixel", "dicom") if kind in label}


@pytest.mark.parametrize("make", ["redbrick"], indirect=True)
def test_masks_are_label_maps_where_the_backend_likes_them(make: Make) -> None:
    project = masked(make("data"))
    project.apply()
    assert kinds_of(project) == {"dicom"}
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT
    assert project.run("export", "masks", "out").code == 0
    from PIL import Image

    back = np.asarray(Image.open(project.folder / "out/x.png"))
    assert np.array_equal(back, painted(INDEX, CLASSES))
    assert not (project.folder / "out/segment_map.json").exists()


@pytest.mark.parametrize("encoding", ["pixel", "nifti"])
def test_the_encoding_can_be_chosen_and_is_no_part_of_the_meaning(
    make: Make, encoding: str
) -> None:
    project = masked(make("data"), MASKS + f"    encoding: {encoding}\n")
    project.apply()
    assert kinds_of(project) == {"pixel" if encoding == "pixel" else "dicom"}
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    project.manifest(MASKS + f"    encoding: {'nifti' if encoding == 'pixel' else 'pixel'}\n")
    assert project.run("plan", "--refresh").last_line == NO_CHANGES


@pytest.fixture
def of_pictures(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service", "--type", "IMAGE_SEGMENTATION") as one:
        yield one


def test_an_edited_mask_sends_a_label_map_and_no_image(of_pictures: Served, tmp_path: Path) -> None:
    service = of_pictures
    manifest = MASKS.replace("DICOM_", "IMAGE_")
    project = masked(RemoteProject(tmp_path / "data", service.url), manifest)
    project.apply()
    assert service.count("PUT") == 2
    project.write("masks/x.png", png(painted(INDEX[::-1].copy(), CLASSES)))
    assert project.actions() == ["update x labels"]
    project.apply()
    assert service.count("PUT") == 3
    assert project.run("plan", "--refresh").last_line == NO_CHANGES
    labels = service.task("x")["latestTaskData"]
    assert json.loads(labels["labelsData"]) == [
        {**IN_MAP, "category": [["object", "car"]], "dicom": {"instanceid": 1}},
        {**IN_MAP, "category": [["object", "bus"]], "dicom": {"instanceid": 2}},
    ]
    (entry,) = labels["labelsMap"]
    assert entry["seriesIndex"] == 0
    assert service.task("x")["datapoint"]["seriesInfo"][0]["itemsIndices"] == [0]
