"""Hints are followed until the command succeeds: no advice leads to another error."""

from __future__ import annotations

import io
import json
import struct
import sys
from typing import Any, NamedTuple

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.manifest import validation
from rbsync.mask_formats import MASK_FORMATS
from rbsync.mask_formats.reading import read_class_index
from rbsync.mask_formats.recipe import Recipe
from rbsync.masks.error import MaskError
from rbsync.masks.label_maps import LabelMap, volumes_of
from rbsync.masks.png.decoding import Named
from rbsync.masks.volumes.segmentation import check_segmentation
from tests.dicoms import dicom
from tests.hints.following import follows
from tests.scenarios.pictures import CLASSES, EMPTY, ONE, photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_masks_of_images import mask

HEAD = "project: {type: TYPE, taxonomy: [car, bus]}\n"
CLASS_MAP = json.dumps({name: list(colour) for name, colour in CLASSES.items()})
RED = np.where(ONE == 1, 1, 0)


def nifti(*values: int, turned: bool = False) -> bytes:
    """A file of these voxels, at the same places with its first axis turned."""
    voxels, affine = np.zeros((4, 3, 2), np.uint8), np.eye(4)
    voxels[: len(values), 0, 0] = values
    if turned:
        voxels = voxels[::-1]
        affine[0, 0], affine[0, 3] = -1, 3
    data: bytes = nibabel.Nifti1Image(voxels, affine).to_bytes()
    return data


def clear(picture: bytes) -> bytes:
    """A mask, one of whose labelled pixels is transparent."""
    with Image.open(io.BytesIO(picture)) as image:
        pixels = np.array(image.convert("RGBA"))
    pixels[0, 0, 3] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def indexed() -> bytes:
    """A mask whose pixels are the numbers of classes."""
    file = io.BytesIO()
    Image.fromarray(ONE.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def shape_in_alpha() -> bytes:
    """A mask of one class, drawn in white on nothing, whose nothing is white too."""
    pixels = np.full((*ONE.shape, 4), 255, np.uint8)
    pixels[ONE == 0, 3] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def movie(*boxes: str) -> bytes:
    """An MP4 of these boxes, with nothing in them."""
    kinds = [("ftyp", b"isom\0\0\0\0"), *((one, bytes(8)) for one in boxes)]
    return b"".join(struct.pack(">I", 8 + len(data)) + k.encode() + data for k, data in kinds)


def crossing(*order: int) -> list[Any]:
    corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
    points = [{"xnorm": corners[at][0], "ynorm": corners[at][1]} for at in order]
    return [{"category": [["object", "car"]], "attributes": [], "polygon": points}]


class Advice(NamedTuple):
    """A manifest (without its head) that gets a hint, and what it becomes by following that.

    ``files`` are there besides the images a and b, ``mended`` after it; None takes one away. An
    option or variable that a hint names is in ``follow``, one that gets it in ``given``.
    """

    said: str
    wrong: str
    right: str = ""
    kind: str = "IMAGE_MULTI"
    files: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's default, never changed
    mended: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's default, never changed
    given: dict[str, str] = {}  # noqa: RUF012 - a named tuple's default, never changed
    follow: dict[str, str] = {}  # noqa: RUF012 - a named tuple's default, never changed


GLOB = 'datapoints:\n  - {glob: "images/*.png", name: "{stem}"'
DEEP = GLOB.replace("images/*", "images/**/*")
MASKS = 'masks:\n  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: map.json'
PER_CLASS = 'masks:\n  - {image: "images/{case}.png", name: "{case}", per_class: '
BINARY = PER_CLASS + '"masks/{case}/{category}.png"'
SERIES = "datapoints:\n  - name: s\n    series: [{items: ct.nii, "
SCAN = {"ct.nii": nifti(), "liver.nii": nifti(1), "two.nii": nifti(1, 2)}
MAPPED = {"map.json": CLASS_MAP, "masks/a.png": mask()}
IMAGES = {
    "images": [
        {"id": n, "file_name": f"{one}/a.png", "width": 4, "height": 3}
        for n, one in enumerate("xy")
    ],
    "categories": [],
    "annotations": [],
}
FOLDER = "masks:\n  - {folder: masks, images: images/"

ADVICE = {
    "frames of one size": Advice(
        "look whether pictures of something else are among them",
        "datapoints:\n  - frames: videos/*/\n",
        kind="VIDEO_MULTI",
        files={"videos/a/1.png": photo(1), "videos/a/2.png": photo(2, (9, 9))},
        mended={"videos/a/2.png": None},
    ),
    "a mask of several": Advice(
        "declare each image under `glob` with its own `mask`, or a stack of slices as `series`",
        "datapoints:\n  - {frames: stack*/, mask: masks/a.png, class_map: map.json}\n",
        GLOB + ', mask: "masks/{stem}.png?", class_map: map.json}\n',
        files={**MAPPED, "stack/1.png": photo(3), "stack/2.png": photo(4)},
    ),
    "files as URLs": Advice(
        "for files on this machine say `storage: redbrick`",
        "datapoints:\n  - {name: a, items: [images/a.png], storage: public}\n",
        "datapoints:\n  - {name: a, items: [images/a.png], storage: redbrick}\n",
    ),
    "another category": Advice(
        "add it to the project's taxonomy",
        MASKS + "}\n",
        "project: {type: IMAGE_MULTI, taxonomy: [car, bus, zebra]}\n" + MASKS + "}\n",
        files={**MAPPED, "map.json": CLASS_MAP.replace("car", "zebra")},
    ),
    "labels of a picture that was renamed": Advice(
        "give them the names of their images",
        GLOB + ', labels: "labels/{stem}.json?"}\n',
        files={"labels/a.json": [BOX], "labels/c.json": [BOX]},
        mended={"labels/c.json": None, "labels/b.json": [BOX]},
    ),
    "a polygon like an 8": Advice(
        "put its points in the order in which they follow the outline",
        GLOB + ', labels: "labels/{stem}.json?"}\n',
        files={"labels/a.json": crossing(0, 2, 1, 3)},
        mended={"labels/a.json": crossing(0, 1, 2, 3)},
    ),
    "a map of masks": Advice(
        'write {"NAME.png": "path or URL of the image"}',
        FOLDER + "}\n",
        files={"masks/class_map.json": CLASS_MAP, "masks/a.png": mask(),
               "masks/datapoint_map.json": ["a"]},
        mended={"masks/datapoint_map.json": {"a.png": "images/a.png"}},
    ),
    "classes without a capture": Advice(
        "put the capture {category} where the class stands: masks/{case}/{category}.png",
        PER_CLASS + '"masks/{case}/*.png"}\n',
        PER_CLASS + '"masks/{case}/{category}.png"}\n',
        files={"masks/a/car.png": mask(RED)},
    ),
    "two masks of a class": Advice(
        "say with more captures which image a mask belongs to",
        PER_CLASS + '"masks/{case}/*/{category}.png"}\n',
        'masks:\n  - {image: "images/{case}.png", name: "{case} {part}", '
        'per_class: "masks/{case}/{part}/{category}.png"}\n',
        files={"masks/a/1/car.png": mask(RED), "masks/a/2/car.png": mask(RED)},
    ),
    "a threshold for two classes": Advice(
        " out, or give these masks a source of their own with one class",
        MASKS + ", threshold: 9}\n",
        MASKS + "}\n",
        files=MAPPED,
    ),
    "very many exclusions": Advice(
        "leave out whole folders, or write a `.rbsyncignore` into each",
        DEEP + f", exclude: {json.dumps([f'images/x{n}.png' for n in range(1_001)])}}}\n",
        DEEP + ', exclude: ["images/old/**"]}\n',
        files={"images/old/x1.png": photo(9)},
    ),
    "a structure's name": Advice(
        "one capture says the structure of each file; write * in place of the others",
        SERIES + 'segmentations: "{organ}/{side}.nii"}]\n',
        SERIES + 'segmentations: "*/{side}.nii"}]\n',
        kind="DICOM_SEGMENTATION",
        files={"ct.nii": nifti(), "seg/car.nii": nifti(1)},
    ),
    "a storage without a name": Advice(
        ", and any storage's UUID; name it under `storages`",
        "datapoints:\n  - {name: a, items: [k/a.png], storage: scans}\n",
        "storages: {scans: 7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11}\n"
        "datapoints:\n  - {name: a, items: [k/a.png], storage: scans}\n",
    ),
    "two acquisitions in one series": Advice(
        "a series is one acquisition of one patient: name its files alone, and put the others into "
        "a series of their own",
        'datapoints:\n  - {name: s, series: [{items: "ct/*"}]}\n',
        'datapoints:\n  - {name: s, series: [{items: "ct/1*"}, {items: "ct/2*"}]}\n',
        kind="DICOM_SEGMENTATION",
        files={f"ct/{n}{k}.dcm": dicom(3 * n + k, rows=n + 2) for n in (1, 2) for k in (0, 1)},
    ),
    "one name of COCO in two folders": Advice(
        "name the file under `masks`: `- coco: FILE`, with `images: FOLDER/`",
        GLOB + ", labels: {format: coco, file: coco.json}}\n",
        "masks:\n  - coco: coco.json\n",
        files={**{f"{one}/a.png": photo(n) for n, one in enumerate("xy")}, "coco.json": IMAGES},
    ),
    "transparent pixels": Advice(
        "that is right where they were erased; `alpha: ignore` takes the hidden colours",
        MASKS + "}\n",
        MASKS + ", alpha: ignore}\n",
        files={**MAPPED, "masks/a.png": clear(mask())},
    ),
    "a capture in a study": Advice(
        "write * in their place, or an items list for many studies",
        'datapoints:\n  - {name: s, series: [{items: "{case}.nii"}]}\n',
        'datapoints:\n  - {name: s, series: [{items: "*t.nii"}]}\n',
        kind="DICOM_SEGMENTATION",
        files={"ct.nii": nifti()},
    ),
    "names and a map of segments": Advice(
        " out, or write the files as a list without names",
        SERIES + "segmentations: {car: liver.nii}, segment_map: {1: car}}]\n",
        SERIES + "segmentations: [liver.nii], segment_map: {1: car}}]\n",
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "one value twice": Advice(
        "leave one of them out",
        SERIES + 'segmentations: liver.nii, segment_map: {"1": car, "01": bus}}]\n',
        SERIES + 'segmentations: liver.nii, segment_map: {"1": car}}]\n',
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "a file of several structures": Advice(
        "for a file of several structures write `segmentations: FILE` with a `segment_map`",
        SERIES + "segmentations: {car: two.nii}}]\n",
        SERIES + "segmentations: two.nii, segment_map: {1: car, 2: bus}}]\n",
        kind="DICOM_SEGMENTATION",
        files=SCAN,
    ),
    "a class of YOLO without a name": Advice(
        "name all under `classes`, in their order from 0",
        GLOB + ', labels: {format: yolo, file: "{stem}.txt?", classes: [car]}}\n',
        GLOB + ', labels: {format: yolo, file: "{stem}.txt?", classes: [car, bus]}}\n',
        files={"a.txt": "1 0.5 0.5 0.2 0.2"},
    ),
    "a line of YOLO": Advice(
        "a line is `CLASS x y width height`, or `CLASS x1 y1 x2 y2 x3 y3 …`, in fractions",
        GLOB + ', labels: {format: yolo, file: "{stem}.txt?", classes: [car]}}\n',
        files={"a.txt": "0 0.5 0.5 0.2"},
        mended={"a.txt": "0 0.5 0.5 0.2 0.2"},
    ),
    "a map of values": Advice(
        'write {"category": value}, each value an integer 0-255 of its own',
        MASKS + ", format: indexed}\n",
        MASKS + "}\n",
        files={**MAPPED, "map.json": "[]"},
        mended={"map.json": CLASS_MAP},
    ),
    "another tool": Advice(
        'write `labels: {format: labelme, file: "labels/a.json"}`',
        "datapoints:\n  - {name: a, items: [images/a.png], labels: labels/a.json}\n",
        "datapoints:\n  - name: a\n    items: [images/a.png]\n"
        '    labels: {format: labelme, file: "labels/a.json"}\n',
        files={"labels/a.json": {"shapes": [], "imagePath": "a", "imageWidth": 4,
                                 "imageHeight": 3}},
    ),
    "two images of a mask": Advice(
        "take one of them away, or write the suffix out",
        MASKS.replace("{stem}.png", "{stem}.*") + "}\n",
        MASKS + "}\n",
        files={**MAPPED, "images/a.jpg": photo(5, format="JPEG")},
    ),
    "masks without a class map": Advice(
        "write `class_map: FILE`, a JSON file {category: [r, g, b]}",
        GLOB + ', mask: "masks/{stem}.png?"}\n',
        GLOB + ', mask: "masks/{stem}.png?", class_map: map.json}\n',
        files=MAPPED,
    ),
    "settings without masks": Advice(
        'write where they are, such as `mask: "masks/{stem}.png?"`, or take it out',
        GLOB + ", class_map: map.json}\n",
        GLOB + ', class_map: map.json, mask: "masks/{stem}.png?"}\n',
        files=MAPPED,
    ),
    "a shape in the alpha channel": Advice(
        "write `alpha: mask` to take it from there, or `alpha: ignore` for the colours",
        BINARY + "}\n",
        BINARY + ", alpha: mask}\n",
        files={"masks/a/car.png": shape_in_alpha()},
    ),
    "a colour map of values": Advice(
        "where the numbers are those of pixels, write `format: indexed` beside the map",
        MASKS + "}\n",
        MASKS + ", format: indexed}\n",
        files={"map.json": json.dumps({"car": 1, "bus": 2}), "masks/a.png": indexed()},
    ),
    "a mask of nothing": Advice(
        "where that is right, leave the mask out",
        MASKS + "}\n",
        GLOB + "}\n",
        files={**MAPPED, "masks/a.png": mask(EMPTY)},
        mended={"masks/a.png": None},
    ),
    "a segmentation of nothing": Advice(
        "where that is right, leave the file out",
        SERIES + "segmentations: liver.nii, segment_map: {1: car}}]\n",
        SERIES[:-2] + "}]\n",
        kind="DICOM_SEGMENTATION",
        files={"ct.nii": nifti(), "liver.nii": nifti(0)},
        mended={"liver.nii": None},
    ),
    "a file of nobody's data": Advice(
        "copy the file to where the data is",
        "datapoints:\n  - {name: a, items: [.git/a.png]}\n",
        "datapoints:\n  - {name: a, items: [images/c.png]}\n",
        files={".git/a.png": photo(9)},
        mended={"images/c.png": photo(9)},
    ),
    "a recording that was stopped": Advice(
        "finish the recording, or convert it again with `ffmpeg -i IN -c copy OUT.mp4`",
        'datapoints:\n  - glob: "*.mp4"\n',
        kind="VIDEO_MULTI",
        files={"a.mp4": movie("mdat")},
        mended={"a.mp4": movie("moov", "mdat")},
    ),
    "a variable with a secret": Advice(
        "set it to a value that is no secret",
        GLOB + ', metadata: {by: "${RBSYNC_VAR_BY}"}}\n',
        given={"RBSYNC_VAR_BY": "k" * 32, "RBSYNC_API_KEY": "k" * 32},
        follow={"RBSYNC_VAR_BY": "me", "RBSYNC_API_KEY": "k" * 32},
    ),
    "a variable of the machine": Advice(
        "if it may, say so outside of the manifest: --env BY, RBSYNC_ENV=BY, or",
        GLOB + ', metadata: {by: "${BY}"}}\n',
        given={"BY": "me"},
        follow={"BY": "me", "RBSYNC_ENV": "BY"},
    ),
    "a folder outside": Advice(
        "if it may be read, say so outside of the manifest: --root ../others, "
        "RBSYNC_ROOTS=../others",
        'roots: [../others]\ndatapoints:\n  - glob: "../others/*.png"\n',
        files={"../others/a.png": photo(9)},
        follow={"RBSYNC_ROOTS": "../others"},
    ),
    "a policy that protects less": Advice(
        "if you want it, say so outside of the manifest: --policy on_change=replace, "
        "RBSYNC_POLICY=on_change=replace",
        "policy: {on_change: replace}\n" + GLOB + "}\n",
        follow={"RBSYNC_POLICY": "on_change=replace"},
    ),
    "a policy that there is not": Advice(
        "known policies: prune, ",
        GLOB + "}\n",
        given={"RBSYNC_POLICY": "on_changes=replace"},
        follow={"RBSYNC_POLICY": "on_change=replace"},
    ),
    "an address of an inner network": Advice(
        "if the service may fetch it: --allow-private-urls, RBSYNC_ALLOW_PRIVATE_URLS=1, or",
        'datapoints:\n  - {name: a, items: ["https://10.0.0.7/a.png"], storage: public}\n',
        follow={"RBSYNC_ALLOW_PRIVATE_URLS": "1"},
    ),
    "masks larger than others": Advice(
        "if the masks are that large, say so outside of the manifest: RBSYNC_MAX_PIXELS=999999999",
        MASKS + ", max_pixels: 999999999}\n",
        files=MAPPED,
        follow={"RBSYNC_MAX_PIXELS": "999999999"},
    ),
}  # fmt: skip


def prepare(project: Project, files: dict[str, Any]) -> None:
    for path, content in files.items():
        if content is None:
            (project.folder / path).unlink()
        else:
            project.write(path, content)


def follow_in(project: Project, one: Advice) -> None:
    """Gets a hint, follows it, and applies until there is nothing left to do."""
    head = HEAD.replace("TYPE", one.kind)
    prepare(project, {"images/a.png": photo(1), "images/b.png": photo(2), **one.files})
    project.manifest(one.wrong if one.wrong.startswith("project:") else head + one.wrong)
    ran = project.run("plan", **one.given)
    assert one.said in ran.err, ran.err
    # A hint is a line of its own, and no escaped break within another.
    assert "\\n" not in ran.err
    right = one.right or one.wrong
    project.manifest(right if right.startswith("project:") else head + right)
    prepare(project, one.mended)
    ran = project.run("apply", "--yes", **one.follow)
    assert ran.code == 0, ran.err
    assert "warning" not in ran.err
    assert "No changes" in project.run("plan", **one.follow).out


@pytest.mark.parametrize("kind", ADVICE)
def test_the_hint_is_followed_and_the_command_succeeds(project: Project, kind: str) -> None:
    follow_in(project, ADVICE[kind])


@follows("mount it or put it back; labels are removed when it is there, without")
def test_labels_that_are_not_mounted(three: Project) -> None:
    assert three.apply().code == 0
    (three.folder / "labels").rename(three.folder / "elsewhere")
    ran = three.run("plan")
    assert "mount it or put it back; labels are removed when it is there, without" in ran.out
    (three.folder / "elsewhere").rename(three.folder / "labels")
    assert "No changes" in three.run("plan").out
    (three.folder / "labels/a.json").unlink()
    assert three.actions() == ["update images/a.png labels"]


@follows("for images that are addresses, write `storage: public`")
def test_an_export_whose_images_are_addresses(project: Project) -> None:
    address = "http://example.org/a.png"
    project.write("export/class_map.json", {"car": [255, 0, 0]})
    project.write("export/datapoint_map.json", {"t.png": address})
    picture = io.BytesIO()
    Image.new("RGB", (4, 3), (255, 0, 0)).save(picture, "PNG")
    project.write("export/t.png", picture.getvalue())
    source = "masks:\n  - {folder: export%s}\n"
    project.manifest(HEAD.replace("TYPE", "IMAGE_SEGMENTATION") + source % "")
    ran = project.run("plan")
    assert f"there is no file `{address}`" in ran.err
    assert "for images that are addresses, write `storage: public`" in ran.err
    project.manifest(HEAD.replace("TYPE", "IMAGE_SEGMENTATION") + source % ", storage: public")
    assert project.actions() == ["create t"]


@follows("pip install 'rbsync[voc]'")
def test_files_of_voc_without_their_extra(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("defusedxml")
    project.write("images/a.png", photo(1))
    shape = "<size><width>4</width><height>3</height></size>"
    project.write("a.xml", f"<annotation>{shape}</annotation>")
    project.manifest(
        HEAD.replace("TYPE", "IMAGE_MULTI")
        + GLOB
        + ', labels: {format: voc, file: "{stem}.xml?"}}\n'
    )
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "defusedxml", None)
        without.setitem(sys.modules, "defusedxml.ElementTree", None)
        assert "pip install 'rbsync[voc]'" in project.run("plan").err
    assert project.run("plan").code == 0


@follows("install the distribution that has it here too")
def test_a_mask_format_of_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan was made where a distribution with it is installed."""
    recipe = Recipe("elsewhere", CLASSES, [(0, 0, 0)])
    file = Named(mask(), "a.png")
    with pytest.raises(MaskError, match="there is no mask format `elsewhere`") as raised:
        read_class_index(recipe, [file])
    assert raised.value.hint == "install the distribution that has it here too"
    form = MASK_FORMATS.find("rgb")
    assert form is not None
    monkeypatch.setitem(MASK_FORMATS._loaded, "elsewhere", form)
    assert read_class_index(recipe, [file]).pixels.any()


@follows("write the labels themselves with `rbsync export labels`")
def test_two_label_maps_of_one_series(three: Project) -> None:
    """Another client may have made them; the labels themselves are written whatever they are."""
    label = {"category": [["object", "car"]], "dicom": {"instanceid": 1}}
    with pytest.raises(MaskError) as raised:
        volumes_of([label], [LabelMap(0, nifti(1)), LabelMap(0, nifti(1))])
    assert raised.value.hint == "write the labels themselves with `rbsync export labels`"
    assert three.apply().code == 0
    assert three.run("export", "labels", "labels.json").code == 0


@follows("split the series, or resample the segmentation and its scan")
def test_a_series_that_is_too_large() -> None:
    """It is split: half of it fits into the same memory."""
    large = nibabel.Nifti1Image(np.ones((8, 8, 8), np.uint8), np.eye(4)).to_bytes()
    half = nibabel.Nifti1Image(np.ones((8, 8, 4), np.uint8), np.eye(4)).to_bytes()
    most = 300
    with pytest.raises(MaskError) as raised:
        check_segmentation(large, {1: "car"}, most_bytes=most)
    assert raised.value.hint == "split the series, or resample the segmentation and its scan"
    assert not check_segmentation(half, {1: "car"}, most_bytes=most).problems


@follows("pattern may stand for many sources, with {a,b} or `**`, and a list under `items_list`")
def test_sources_by_the_thousand(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_MOST_SEARCHED", 2 * validation._PER_SOURCE)
    project.write("images/a.png", photo(1))
    one = '  - {glob: "images/*.png", name: "NUMBER {stem}"}\n'
    project.manifest("datapoints:\n" + "".join(one.replace("NUMBER", str(n)) for n in range(9)))
    said = "pattern may stand for many sources, with {a,b} or `**`, and a list under `items_list`"
    assert said in project.run("plan").err
    project.manifest('datapoints:\n  - glob: "**/*.{png,jpg}"\n')
    assert project.run("plan").code == 0


@follows("a pattern with captures stands for many: {from: a/{case}.png, to: b/{case}.png}")
def test_pairs_of_moved_by_the_hundred(project: Project) -> None:
    project.write("images/a.png", photo(1))
    head = 'datapoints:\n  - glob: "images/*.png"\nmoved:\n'
    pairs = "".join(f"  - {{from: old/{n}.png, to: images/{n}.png}}\n" for n in range(501))
    project.manifest(head + pairs)
    said = "a pattern with captures stands for many: {from: a/{case}.png, to: b/{case}.png}"
    assert said in project.run("plan").err
    project.manifest(head + '  - {from: "old/{case}.png", to: "images/{case}.png"}\n')
    assert project.run("plan").code == 0
