"""Files that cannot be sent, among others that can: exit code, message and next step of each."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.dicoms import dicom
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project
from tests.scenarios.test_hints import nifti

INVALID, SOME_FAILED = 65, 3
SENT = "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed, 1 blocked."
NOISE = np.random.default_rng(1).integers(0, 255, (24, 24, 3), dtype=np.uint8)


def packed(form: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, form)
    return file.getvalue()


def boxes(*kinds: bytes) -> bytes:
    """An MP4 of these boxes, each with 40 bytes."""
    return b"".join(b"\0\0\0\x30" + kind + bytes(40) for kind in kinds)


NRRD = b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 7 7 7\nencoding: raw\n\n" + bytes(343)
MP4 = boxes(b"ftyp", b"moov", b"mdat")
BROKEN = {
    "PNG of 8 bytes": ("x.png", packed("PNG")[:8], "this PNG file is broken: it "),
    "PNG without its end": ("x.png", packed("PNG")[:-12], "the chunk IEND, which ends a PNG"),
    "PNG cut in its pixels": ("x.png", packed("PNG")[:600], "its chunk IDAT would end at byte"),
    "JPEG cut in its pixels": ("x.jpg", packed("JPEG")[:-90], "the marker EOI, which ends a JPEG"),
    "JPEG cut in its tables": ("x.jpg", packed("JPEG")[:200], "one of its segments would end at"),
    "BMP cut off": ("x.bmp", packed("BMP")[:-40], "its 24 rows of 24 pixels would end at byte"),
    "a text that begins as BMP": ("x.bmp", b"BMI of patients: 22, 23", "this BMP file is broken"),
    "gzip of a text": ("x.nii.gz", gzip.compress(b"no scan"), "does not begin with the header of"),
    "gzip cut off": ("x.nii.gz", gzip.compress(nifti())[:-9], "this gzip file is broken"),
    "NIfTI cut off": ("x.nii", nifti()[:-3], "it is cut off: its voxels would end at byte"),
    "NRRD cut off": ("x.nrrd", NRRD[:-1], "its data would end at byte 405, and the file has 404"),
    "NRRD cut in its header": ("x.nrrd", NRRD[:40], "the empty line that ends an NRRD header"),
    "DICOM cut in its pixels": ("x.dcm", dicom(1)[:-3], "its pixels (7fe0,0010) would end at"),
    "DICOM cut in its header": ("x.dcm", dicom(1)[:190], "it is cut off in the middle of an"),
    "MP4 cut off": ("x.mp4", MP4[:-20], "its box `mdat` would end at byte 144, and the file has"),
    "MP4 without its index": ("x.mp4", boxes(b"ftyp", b"mdat"), "it has no `moov` box, which"),
    "an empty file": ("x.png", b"", "the file is empty"),
}
FINE = {
    "PNG with bytes behind": ("x.png", packed("PNG") + b"more"),
    "JPEG with bytes behind": ("x.jpg", packed("JPEG") + bytes(40)),
    "BMP of a size of 0": ("x.bmp", packed("BMP")[:2] + bytes(4) + packed("BMP")[6:]),
    "gzip of two members": (
        "x.nii.gz",
        gzip.compress(nifti()[:100]) + gzip.compress(nifti()[100:]),
    ),
    "gzip with padding": ("x.nii.gz", gzip.compress(nifti()) + bytes(512)),
    "MP4 with bytes behind": ("x.mp4", MP4 + bytes(4)),
    "DICOM behind a TIFF's header": ("x.dcm", b"II*\0" + dicom(1)[4:]),
}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
STEPS = {
    "a pointer of Git LFS": (
        "x.png",
        b"version https://git-lfs.github.com/spec/v1\r\noid sha256:00\r\n",
        "the file is a Git LFS pointer; accepted are png",
        "run `git lfs pull`",
    ),
    "QuickTime": ("x.mov", b"\0\0\0\x14ftypqt  ", "is a QuickTime file", "-c:v libx264 OUT.mp4`"),
    "QuickTime called MP4": ("x.mp4", b"\0\0\0\x14ftypqt  ", "is a QuickTime file", "OUT.mp4`"),
    "HEIC called JPEG": ("x.jpg", b"\0\0\0\x18ftypheic", "the file is a HEIF file", "OUT.png`"),
    "WebP called PNG": ("x.png", packed("WEBP"), "the file is a WebP file", "`magick IN OUT.png`"),
    "TIFF called JPEG": ("x.jpg", packed("TIFF"), "the file is a TIFF file", "`magick IN OUT.png`"),
    "PNG called JPEG": ("x.jpg", packed("PNG"), "but its suffix is `.jpg`", "x.png`"),
    "JPEG called PNG": ("x.PNG", packed("JPEG"), "is a JPEG file by its content", "`images/x.jpg`"),
    "JPEG 2000": ("x.jp2", b"\0\0\0\x0cjP  \r\n", "the file is a JPEG 2000 file", "OUT.png`"),
    "a page": ("x.jpg", b"<!DOCTYPE html><title>404", "the file is an HTML page", "logged in"),
    "an answer of S3": ("x.jpg", b"<?xml version='1.0'?><Error/>", "is an XML file", "it again"),
    "a pointer of annex": ("x.png", b"/annex/objects/x", "is a git-annex pointer", "annex get`"),
    "an archive": ("x.png", b"PK\x03\x04", "the file is a ZIP file", "unpack it and declare the"),
    "a text": ("x.txt", b"to do", "the file is of a kind that is not known", "leave it out: with"),
}  # fmt: skip


@pytest.fixture
def images(project: Project) -> Project:
    """One good picture, declared by a glob that takes all."""
    project.write("images/a.png", photo(1))
    project.manifest('datapoints:\n  - glob: "images/*"\n')
    return project


def refused(images: Project, name: str, data: bytes) -> str:
    """What is said of one bad file; the good one is sent all the same where that is asked for."""
    images.write(f"images/{name}", data)
    ran = images.apply()
    assert ran.code == INVALID
    assert f"rbsync.yaml:3:11: images/{name}: " in ran.err
    assert "1 problem; nothing was sent.\nhint: `rbsync apply --keep-going` does the" in ran.err
    done = images.apply("--keep-going")
    assert (done.code, done.last_line) == (SOME_FAILED, SENT)
    return ran.err


def test_a_run_that_leaves_a_file_out_never_says_that_all_is_as_declared(images: Project) -> None:
    images.write("images/x.png", b"GIF89a")
    assert images.apply("--keep-going").code == SOME_FAILED
    for command in ("plan", "apply"):
        again = images.run(command, "--keep-going", *(["--yes"] if command == "apply" else []))
        assert "1 blocked" in again.out
        assert "No changes" not in again.out
    assert images.names() == ["images/a.png"]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_is_broken_is_refused_and_no_other_is_held_back(
    images: Project, kind: str
) -> None:
    name, data, said = BROKEN[kind]
    assert said in refused(images, name, data)


@pytest.mark.parametrize("kind", STEPS)
def test_a_file_of_another_kind_is_refused_with_the_next_step(images: Project, kind: str) -> None:
    name, data, said, step = STEPS[kind]
    told: Any = refused(images, name, data)
    assert said in told
    assert step in told


@pytest.mark.parametrize("kind", FINE)
def test_what_decoders_take_is_sent(images: Project, kind: str) -> None:
    name, data = FINE[kind]
    images.write(f"images/{name}", data)
    ran = images.apply()
    assert ran.code == 0, ran.err
    assert "2 created" in ran.last_line


OTHERS = {
    "a mask that is a pointer": ("masks/a.png", POINTER, "a Git LFS pointer", "`git lfs pull`"),
    "a mask that is a page": ("masks/a.png", b"<html>", "an HTML page", "logged in"),
    "a mask of WebP": ("masks/a.png", packed("WEBP"), "a WebP file", "`magick IN OUT.png`"),
    "a mask of TIFF": ("masks/a.tif", packed("TIFF"), "a TIFF file", "`magick IN OUT.png`"),
    "a mask of GIF": ("masks/a.gif", packed("GIF"), "a GIF file", "`magick IN OUT.png`"),
    "a segmentation that is a pointer": ("s.nii.gz", POINTER, "a Git LFS pointer", "lfs pull`"),
    "a segmentation of NumPy": ("s.npy", b"\x93NUMPY\1\0", "a NumPy file", "save it as NIfTI"),
    "a segmentation of MetaImage": ("s.mha", b"ObjectType = Image\n", "a MetaImage", "as NIfTI"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_mask_or_segmentation_of_another_kind_is_refused_with_the_next_step(
    images: Project, kind: str
) -> None:
    name, data, said, step = OTHERS[kind]
    images.write(name, data)
    images.write("map.json", {"car": [255, 0, 0]})
    images.write("ct.nii", nifti())
    is_mask = name.startswith("masks")
    form = "IMAGE" if is_mask else "DICOM"
    source = (
        f"  - {{name: a, items: [images/a.png], mask: {name}, class_map: map.json}}\n"
        if is_mask
        else "  - {name: a, series: [{items: ct.nii, segment_map: {1: car}, "
        f"segmentations: {name}}}]}}\n"
    )
    images.manifest(
        f"project: {{type: {form}_SEGMENTATION, taxonomy: [car]}}\ndatapoints:\n{source}"
    )
    ran = images.run("plan")
    assert ran.code == INVALID
    assert f"{name}: the file is {said}" in ran.err, ran.err
    assert step in ran.err
    assert "1 problem; nothing was sent." in ran.err


SHEETS = {
    "semicolons": b"name;item\none;images/a.png\n",
    "Excel says which": b"sep=;\r\nname;item\r\none;images/a.png\r\n",
    "Excel says a tab, with a mark": b"\xef\xbb\xbfsep=\t\nname\titem\none\timages/a.png\n",
    "tabs": b"name\titem\none\timages/a.png\n",
    "a blank after the comma": b"name, item\none, images/a.png\n",
    "capitals": b"Name,ITEM\none,images/a.png\n",
    "a comma at the end": b"name,item,\none,images/a.png,\n",
    "rows of commas": b"name,item\none,images/a.png\n,\n,\n",
    "empty lines before": b"\n\nname,item\none,images/a.png\n",
    "UTF-16": "name\titem\none\timages/a.png\n".encode("utf-16"),
}
NO_SHEETS = {
    "items": (b"name,items\n", "l.csv:1:1: ", "separated by commas: `name`, `items`"),
    "another language": (b"Name;Datei\n", "l.csv:1:1: ", "separated by semicolons: `name`, `Dat"),
    "a workbook": (b"PK\x03\x04\0", "l.csv: this is a ZIP file, and no text", "save it as CSV"),
    "Latin-1": (b"name,item\n\xe4,a\n", "l.csv: byte 0xe4 in line 2", "save it as UTF-8"),
    "UTF-16 without a mark": ("name\n".encode("utf-16-le"), "l.csv: byte 0x00 in line 1", "UTF-16"),
    "a cell too many": (b"name,item\na,b,c\n", "l.csv:2:1: ", "names 2 columns, and the row has 3"),
    "an open quote": (b'name,item\n"a,b\n', "l.csv:2:1: ", "the CSV cannot be read"),
}


@pytest.mark.parametrize("kind", SHEETS)
def test_a_list_of_a_spreadsheet_is_planned(images: Project, kind: str) -> None:
    images.write("l.csv", SHEETS[kind])
    images.manifest("datapoints:\n  - items_list: l.csv\n")
    ran = images.apply()
    assert (ran.code, images.names()) == (0, ["one"]), ran.err
    assert "Apply complete: 1 created" in ran.out


@pytest.mark.parametrize("kind", NO_SHEETS)
def test_what_is_no_list_is_told_at_its_place(images: Project, kind: str) -> None:
    data, place, said = NO_SHEETS[kind]
    images.write("l.csv", data)
    images.manifest("datapoints:\n  - items_list: l.csv\n")
    ran = images.run("plan")
    assert ran.code == INVALID
    assert place in ran.err, ran.err
    assert said in ran.err, ran.err


LINES = {
    "a line that is cut off": '{"name": "b", "items": ["images/a.png"]',
    "a line of text": "b: images/a.png",
    "a comma at the end": '{"name": "b", "items": ["images/a.png"],}',
    "single quotes": "{'name': 'b', 'items': ['images/a.png']}",
}


@pytest.mark.parametrize("kind", LINES)
def test_one_bad_line_of_a_list_is_told_and_the_others_are_sent(images: Project, kind: str) -> None:
    good = '{"name": "%s", "items": ["images/a.png"]}'
    images.write("l.jsonl", "\n".join([good % "a", LINES[kind], good % "c", '{"nme": "d"}']))
    images.manifest("datapoints:\n  - items_list: l.jsonl\n")
    ran = images.run("plan")
    assert ran.code == INVALID
    assert "l.jsonl:2:" in ran.err
    assert "the JSON cannot be read" in ran.err
    assert "l.jsonl:4:1: unknown key `nme`; did you mean `name`?" in ran.err
    done = images.apply("--keep-going")
    # Nobody knows what the lines would have declared.
    assert (done.code, images.names()) == (9, ["a", "c"])
    again = images.apply("--keep-going")
    assert again.code == 9
    assert "No changes" not in again.out


SERIES = {
    "names": [{"items": "images/a.png", "name": "left"}],
    "metadata": [{"items": ["images/a.png"], "metaData": {"side": "left"}}],
    "both, of two": [
        {"items": ["images/a.png"], "name": "left", "metaData": {"side": "l"}},
        {"items": ["images/b.png"], "name": "right"},
    ],
    "neither": [{"items": "images/a.png"}, {"items": "images/b.png"}],
}


@pytest.mark.parametrize("kind", SERIES)
def test_documented_members_of_a_series_are_taken(images: Project, kind: str) -> None:
    images.write("images/b.png", photo(2))
    images.write("l.json", [{"name": "study", "series": SERIES[kind]}])
    images.manifest("datapoints:\n  - items_list: l.json\n")
    ran = images.apply()
    assert ran.code == 0, ran.err
    assert ran.last_line.startswith("Apply complete: 1 created")


@pytest.mark.parametrize("key", ["boundingBoxes", "polygons", "classification", "preAssign"])
def test_a_documented_member_that_is_not_sent_is_named(images: Project, key: str) -> None:
    images.write("l.json", [{"name": "a", "items": ["images/a.png"], key: []}])
    images.manifest("datapoints:\n  - items_list: l.json\n")
    ran = images.run("plan")
    assert ran.code == INVALID
    assert f"l.json:1:2: `{key}`" in ran.err or f"does not send `{key}`" in ran.err, ran.err
