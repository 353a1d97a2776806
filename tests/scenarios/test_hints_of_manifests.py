"""Hints of manifests and of what they name, followed until there is nothing left to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hints.following import follows
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_hints import (
    FOLDER,
    GLOB,
    MAPPED,
    MASKS,
    SCAN,
    SERIES,
    Advice,
    follow_in,
    nifti,
)
from tests.scenarios.test_masks_of_images import mask

POLICY = "policy: {prune: false}\n"
LABELLED = GLOB + ', labels: "labels/{stem}.json?"}\n'


def advice_of_labels(said: str, right: Any, wrong: Any) -> Advice:
    """Labels that get a hint, and those that it leads to."""
    return Advice(said, LABELLED, files={"labels/a.json": wrong}, mended={"labels/a.json": right})


def box(**other: float) -> list[Any]:
    corner: dict[str, Any] = {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.2, "hnorm": 0.2}
    return [{**BOX, "bbox2d": {**corner, **other}}]


ADVICE = {
    "addresses in a pattern": Advice(
        "a pattern is of files; write addresses one by one, with `storage: public`",
        'datapoints:\n  - {glob: "https://example.org/*.png"}\n',
        "datapoints:\n  - {name: a, items: [https://example.org/a.png], storage: public}\n",
    ),
    "a folder of one's home": Advice(
        "write the whole path, and name its folder under `roots`",
        GLOB.replace("images/", "~/images/") + "}\n",
        GLOB + "}\n",
    ),
    "a folder as an item": Advice(
        "for all files of a folder, write `glob: FOLDER/*`",
        "datapoints:\n  - {name: a, items: [images]}\n",
        "datapoints:\n  - {glob: images/*}\n",
    ),
    "labels that not all have": Advice(
        "where not each one has such a file, end the pattern with `?`",
        GLOB + ', labels: "labels/{stem}.json"}\n',
        LABELLED,
        files={"labels/a.json": [BOX]},
    ),
    "a mapping of keys that are known": Advice(
        "its keys are prune, max_delete",
        "policy: true\n" + GLOB + "}\n",
        "policy: {prune: true}\n" + GLOB + "}\n",
    ),
    "a mapping of one's own": Advice(
        "write it as `KEY: VALUE`, a line each",
        GLOB + ", metadata: A}\n",
        GLOB + ", metadata: {site: A}}\n",
    ),
    "a mapping in place of a list": Advice(
        "begin each entry with a dash: `- `",
        'moved: {from: "x/{case}.png", to: "y/{case}.png"}\n' + GLOB + "}\n",
        'moved:\n  - {from: "x/{case}.png", to: "y/{case}.png"}\n' + GLOB + "}\n",
    ),
    "sources that are no list": Advice(
        "begin each source with a dash, such as `- items: …`",
        "datapoints: images\n",
        "datapoints:\n  - glob: images/*\n",
    ),
    "a merge that is not resolved": Advice(
        "keep what is right of both sides, without the lines of <<<<<<<, ======= and >>>>>>>",
        "<<<<<<< HEAD\ndefaults: {priority: 0.1}\n=======\ndefaults: {priority: 0.2}\n"
        ">>>>>>> other\n" + GLOB + "}\n",
        "defaults: {priority: 0.2}\n" + GLOB + "}\n",
    ),
    "a bracket that is not closed": Advice(
        "the file ends before a `[` or `{` above is closed",
        "datapoints: [{name: a, items: [images/a.png]}\n",
        "datapoints: [{name: a, items: [images/a.png]}]\n",
    ),
    "a category that is a text": advice_of_labels(
        'write it as [["object", "NAME"]]', [BOX], [{**BOX, "category": "car"}]
    ),
    "an id of two labels": advice_of_labels(
        "leave it out, or make it unique",
        [BOX, BOX],
        [{**BOX, "labelid": "1"}, {**BOX, "labelid": "1"}],
    ),
    "a box by its centre": advice_of_labels(
        "xnorm and ynorm are the upper left corner, not the centre",
        box(xnorm=0.7, wnorm=0.3),
        box(xnorm=0.85, wnorm=0.3),
    ),
    "a box in pixels": advice_of_labels(
        "coordinates are fractions of the picture's width and height", box(xnorm=0.5), box(xnorm=2)
    ),
    "a taxonomy of another form": Advice(
        'write a list of names, or an object with "categories" or "objectTypes"',
        "project: {type: IMAGE_MULTI, taxonomy: t.json}\n" + GLOB + "}\n",
        files={"t.json": {"names": ["car"]}},
        mended={"t.json": ["car"]},
    ),
    "metadata of our own": Advice(
        "choose another name: `rbsync.…` and `rbsync_…` are the keys in which rbsync keeps its own",
        GLOB + ", metadata: {rbsync.key: a}}\n",
        GLOB + ", metadata: {key: a}}\n",
    ),
    "a sign that says nothing": Advice(
        "give `marker`, `count`, `listed_in`, or `writer: ignore`",
        GLOB + ", complete_when: {writer: wait}}\n",
        GLOB + ", complete_when: {writer: ignore}}\n",
    ),
    "a marker with a field that there is not": Advice(
        "its fields are {folder}, {file}, {stem}",
        GLOB + ', complete_when: {marker: "{name}.done"}}\n',
        GLOB + ', complete_when: {marker: "{stem}.done"}}\n',
        files={"images/a.done": "", "images/b.done": ""},
    ),
    "a mask that the export lost": Advice(
        "export the folder again, or take the line out",
        FOLDER + "}\n",
        files={
            "masks/class_map.json": MAPPED["map.json"],
            "masks/datapoint_map.json": {"a.png": "images/a.png", "b.png": "images/b.png"},
            "masks/a.png": mask(),
        },
        mended={"masks/datapoint_map.json": {"a.png": "images/a.png"}},
    ),
    "a folder of masks without its maps": Advice(
        "a mask folder has its PNGs, class_map.json and datapoint_map.json",
        FOLDER + "}\n",
        files={"masks/a.png": mask()},
        mended={
            "masks/class_map.json": MAPPED["map.json"],
            "masks/datapoint_map.json": {"a.png": "images/a.png"},
        },
    ),
    "an image that the file of COCO names": Advice(
        "export the annotations again, or take the source out",
        GLOB + "}\nmasks:\n  - coco: coco.json\n",
        GLOB + "}\n",
        files={"coco.json": {"images": [], "categories": [], "annotations": []}},
    ),
    "a pattern of many folders": Advice(
        "name the folder of the frames itself under `frames`",
        'datapoints:\n  - {frames: videos/, pattern: "a/*.png"}\n',
        'datapoints:\n  - {frames: videos/a/, pattern: "*.png"}\n',
        kind="VIDEO_MULTI",
        files={"videos/a/1.png": photo(3)},
    ),
    "a folder without frames": Advice(
        "change `pattern`, or leave the folder out in `.rbsyncignore`",
        "datapoints:\n  - frames: videos/*/\n",
        kind="VIDEO_MULTI",
        files={"videos/a/1.png": photo(3), "videos/b/notes.txt": "none"},
        mended={".rbsyncignore": "/videos/b/\n"},
    ),
    "segmentations without a map": Advice(
        "say what the values stand for: segment_map: {1: liver, 2: tumour}",
        SERIES + "segmentations: two.nii}]\n",
        SERIES + "segmentations: two.nii, segment_map: {1: car, 2: bus}}]\n",
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "a map without segmentations": Advice(
        "name the files under `segmentations`",
        SERIES + "segment_map: {1: car}}]\n",
        SERIES + "segmentations: liver.nii, segment_map: {1: car}}]\n",
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "a structure that nobody has": Advice(
        "if there is such a structure, correct its value in the segment map",
        SERIES + "segmentations: two.nii, segment_map: {1: car, 2: bus, 9: car}}]\n",
        SERIES + "segmentations: two.nii, segment_map: {1: car, 2: bus}}]\n",
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "files that may be one structure": Advice(
        "where each is a structure of its own: `segmentations: {NAME: liver.nii, …}`",
        SERIES + "segmentations: [liver.nii, more.nii], segment_map: {1: car}}]\n",
        SERIES + "segmentations: {car: liver.nii, bus: more.nii}}]\n",
        kind="DICOM_SEGMENTATION",
        files={**SCAN, "more.nii": nifti(0, 1)},
    ),
    "an NRRD of text": Advice(
        "save it again as one file with its voxels packed by gzip, or as NIfTI (.nii.gz)",
        SERIES + "segmentations: liver.nrrd, segment_map: {1: car}}]\n",
        kind="DICOM_SEGMENTATION",
        files={
            **SCAN,
            "liver.nrrd": "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nencoding: text\n\n1",
        },
        mended={
            "liver.nrrd": b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n\n"
            + bytes([1, *bytes(23)])
        },
    ),
    "optional labels that none has": Advice(
        "check the spelling and the suffix",
        GLOB + ', labels: "{stem}.jsn?"}\n',
        GLOB + ', labels: "{stem}.json?"}\n',
        files={"a.json": [BOX]},
    ),
    "a YOLO file without names": Advice(
        "write `classes: [NAME, …]`, or the path of a file with one name a line",
        GLOB + ', labels: {format: yolo, file: "{stem}.txt?"}}\n',
        GLOB + ', labels: {format: yolo, file: "{stem}.txt?", classes: names.txt}}\n',
        files={"a.txt": "0 0.5 0.5 0.2 0.2", "names.txt": "car\nbus\n"},
    ),
    "a VOC file without a size": Advice(
        "write the picture's width and height into `size`",
        GLOB + ', labels: {format: voc, file: "{stem}.xml?"}}\n',
        files={"a.xml": "<annotation><size><width>0</width><height>0</height></size></annotation>"},
        mended={
            "a.xml": "<annotation><size><width>4</width><height>3</height></size></annotation>"
        },
    ),
    "a VOC file with entities": Advice(
        "take its DOCTYPE out: entities can be made to fill the memory",
        GLOB + ', labels: {format: voc, file: "{stem}.xml?"}}\n',
        files={
            "a.xml": "<!DOCTYPE a [<!ENTITY b 'b'>]><annotation><size><width>4</width>"
            "<height>3</height></size></annotation>"
        },
        mended={
            "a.xml": "<annotation><size><width>4</width><height>3</height></size></annotation>"
        },
    ),
    "no sources": Advice(
        "list them under `datapoints`; an empty list, [], says that there are to be none",
        POLICY,
        POLICY + GLOB + "}\n",
    ),
    "a key that is too deep": Advice(
        "write `exclude` at the level of `complete_when`",
        GLOB + ', complete_when: {exclude: ["**/b.png"]}}\n',
        GLOB + ', exclude: ["**/b.png"]}\n',
    ),
    "two kinds in one": Advice(
        "make an entry of its own for each",
        'datapoints:\n  - {glob: "images/*.png", items_list: l.json}\n',
        'datapoints:\n  - {glob: "images/*.png"}\n  - {items_list: l.json}\n',
        files={"l.json": [{"name": "c", "items": ["c.png"]}], "c.png": photo(7)},
    ),
    "half a variable": Advice(
        "write ${NAME} or ${NAME:-default}, and $$ for a dollar",
        GLOB + ', metadata: {by: "${1"}}\n',
        GLOB + ', metadata: {by: "$${1"}}\n',
    ),
    "a variable that is not set": Advice(
        "set it, or give a default: ${RBSYNC_VAR_NOBODY:-default}",
        GLOB + ', metadata: {by: "${RBSYNC_VAR_NOBODY}"}}\n',
        GLOB + ', metadata: {by: "${RBSYNC_VAR_NOBODY:-default}"}}\n',
    ),
    "a tag": Advice(
        "remove it, or put quotes around the value",
        GLOB + ", metadata: {by: !me a}}\n",
        GLOB + ', metadata: {by: "!me a"}}\n',
    ),
    "a name of two": Advice(
        "names are unique in a project: add {dir} or {path} to one of them, or a capture",
        GLOB.replace("{stem}", "one") + "}\n",
        GLOB.replace("{stem}", "one {path}") + "}\n",
    ),
    "a name that hides something": Advice(
        "rename the file, or give the datapoint another `name`",
        'datapoints:\n  - {name: "a\\u202eb", items: [images/a.png]}\n',
        'datapoints:\n  - {name: "ab", items: [images/a.png]}\n',
    ),
    "a mask without its image": Advice(
        "add the image, or correct its path",
        MASKS + "}\n",
        files={**MAPPED, "masks/c.png": mask()},
        mended={"images/c.png": photo(7)},
    ),
    "a project that takes no masks": Advice(
        "need IMAGE_SEGMENTATION, IMAGE_MULTI or DICOM_SEGMENTATION",
        "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n" + MASKS + "}\n",
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n" + MASKS + "}\n",
        files=MAPPED,
    ),
    "turned": Advice(
        "each voxel keeps its place; write `grid: trust` to send the file as it is",
        SERIES + "segmentations: turned.nii, segment_map: {1: car}}]\n",
        SERIES + "segmentations: turned.nii, segment_map: {1: car}, grid: trust}]\n",
        kind="DICOM_SEGMENTATION",
        files={**SCAN, "turned.nii": nifti(1, turned=True)},
    ),
    "masks among the images": Advice(
        'leave masks out of the images: `exclude: ["',
        'datapoints:\n  - {glob: "**/*.png", name: "{path}", mask: "masks/{stem}.png?", '
        "class_map: map.json}\n",
        'datapoints:\n  - {glob: "**/*.png", name: "{path}", mask: "masks/{stem}.png?", '
        'class_map: map.json, exclude: ["masks/**"]}\n',
        files=MAPPED,
    ),
    "a folder outside of all": Advice(
        "to allow it, name that folder under `roots`",
        'datapoints:\n  - {glob: "../others/*.png", name: "{stem}"}\n',
        'roots: [../others]\ndatapoints:\n  - {glob: "../others/*.png", name: "{stem}"}\n',
        files={"../others/a.png": photo(9)},
        follow={"RBSYNC_ROOTS": "../others"},
    ),
    "a key that is written down": Advice(
        "the API key is never written in a manifest: set RBSYNC_API_KEY or RBSYNC_API_KEY_COMMAND",
        "backend: {kind: local, api_key: abc}\n" + GLOB + "}\n",
        "backend: {kind: local}\n" + GLOB + "}\n",
    ),
}


@pytest.mark.parametrize("kind", ADVICE)
def test_the_hint_is_followed_and_the_command_succeeds(project: Project, kind: str) -> None:
    if "VOC" in kind:
        pytest.importorskip("defusedxml")
    follow_in(project, ADVICE[kind])


@follows("write `version: 1` into the first line")
def test_a_manifest_without_its_version(project: Project) -> None:
    written = GLOB + "}\n"
    file = project.write("rbsync.yaml", written)
    project.write("images/a.png", photo(1))
    assert project.run("plan").code == 65
    file.write_text("version: 1\n" + written)
    assert project.apply().code == 0


OUTSIDE = {
    "a class map": GLOB + ', mask: "masks/{stem}.png?", class_map: ../far/map.json}\n',
    "an items list": "datapoints:\n  - items_list: ../far/list.json\n",
    "a folder of masks": "masks:\n  - {folder: ../far, images: images}\n",
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_whatever_leads_out_of_the_folder_is_told_with_the_way_to_allow_it(
    project: Project, kind: str
) -> None:
    project.manifest(OUTSIDE[kind])
    ran = project.run("plan")
    assert ran.code == 65
    told = ran.err.splitlines()
    at = next(number for number, line in enumerate(told) if "leads out of the manifest's" in line)
    assert told[at + 1] == "    to allow it, name that folder under `roots`"
