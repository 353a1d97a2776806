"""Labels that other tools wrote: known by name, and the common ones read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.hints.following import follows
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project, Ran

HEAD = "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\ndatapoints:\n"
EXPECTED = HEAD + '  - {glob: "images/*.png", name: "{stem}", labels: "labels/{stem}.EXT"}\n'
INVALID = 65
SQUARE = [[10, 5], [60, 5], [60, 40], [10, 40]]
LABELME: dict[str, Any] = {
    "version": "5.4.1",
    "flags": {},
    "imagePath": "../images/a.png",
    "imageData": None,
    "imageHeight": 50,
    "imageWidth": 100,
    "shapes": [
        {"label": "car", "points": SQUARE, "shape_type": "polygon", "flags": {}, "group_id": None},
        {"label": "bus", "points": [[60, 40], [10, 5]], "shape_type": "rectangle"},
        {"label": "bus", "points": [[50, 25]], "shape_type": "point"},
        {"label": "car", "points": [[0, 0], [100.4, 50]], "shape_type": "linestrip"},
        {"label": "car", "points": [[50, 25], [60, 25]], "shape_type": "circle"},
    ],
}
VOC = """<?xml version="1.0" encoding="utf-8"?>
<annotation>
  <filename>a.png</filename>
  <size><width>100</width><height>50</height><depth>3</depth></size>
  <object><name>car</name><difficult>0</difficult>
    <bndbox><xmin>11</xmin><ymin>6</ymin><xmax>60</xmax><ymax>40</ymax></bndbox></object>
  <object><name>bus</name><difficult>1</difficult>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>100</xmax><ymax>50</ymax></bndbox></object>
</annotation>
"""
YOLO = "0 0.35 0.45 0.5 0.7\n1 0.1 0.1 0.6 0.1 0.6 0.8\n0 0.5 0.5 1.002 1 0.9\n"
COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "images/a.png", "width": 100, "height": 50}],
    "categories": [{"id": 1, "name": "car"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 5, 50, 35]}],
}
KITTI = "Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
DOTA = "2753.0 2408.0 2861.0 2385.0 2888.0 2468.0 2805.0 2502.0 large-vehicle 0\n"
BOX_THERE = {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.5, "hnorm": 0.7}

OTHERS = {
    "labelme": ("json", json.dumps(LABELME), "labelme", "format: labelme, file:"),
    "Label Studio": ("json", json.dumps([{"id": 1, "data": {}, "annotations": []}]), "", "as COCO"),
    "Label Studio's small": ("json", json.dumps([{"image": "a", "label": []}]), "Label St", "COCO"),
    "YOLO": ("txt", YOLO, "YOLO", "format: yolo, file:"),
    "VOC": ("xml", VOC, "Pascal VOC", "format: voc, file:"),
    "CVAT": ("xml", "<?xml version='1.0'?>\n<annotations><version/></annotations>", "", ""),
    "COCO": ("json", json.dumps(COCO), "", "`- coco: FILE`"),
    "VGG Image Annotator": ("json", json.dumps({"a1": {"filename": "a", "regions": []}}), "", ""),
    "Supervisely": ("json", json.dumps({"size": {}, "objects": []}), "", ""),
    "CreateML": ("json", json.dumps([{"image": "a.png", "annotations": []}]), "", ""),
    "VIA as CSV": ("csv", "filename,file_size,file_attributes,region_count\n", "VGG", "as COCO"),
    "KITTI": ("txt", KITTI, "", "convert the files of KITTI to COCO"),
    "DOTA": ("txt", DOTA, "", "convert the files of DOTA to COCO"),
    "DOTA with its head": ("txt", f"imagesource:GoogleEarth\ngsd:0.1\n{DOTA}", "DOTA", "to COCO"),
    "Labelbox": ("json", json.dumps([{"data_row": {}, "projects": {}}]), "", ""),
}  # fmt: skip


OF_B = {
    "labelme": json.dumps(
        {
            "shapes": [{"label": "bus", "points": [[1, 1], [9, 9]], "shape_type": "rectangle"}],
            "imagePath": "b.png",
            "imageHeight": 50,
            "imageWidth": 100,
        }
    ),
    "YOLO": "1 0.5 0.5 0.2 0.2\n",
    "VOC": VOC[: VOC.index("  <object>")].replace("a.png", "b.png")
    + VOC[VOC.index("  <object><name>bus") :],
}


@pytest.fixture
def one(project: Project) -> Project:
    project.write("images/a.png", photo(1, (100, 50)))
    return project


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_of_another_tool_is_called_by_its_name(one: Project, kind: str) -> None:
    ext, text, name, hint = OTHERS[kind]
    one.write(f"labels/a.{ext}", text)
    one.manifest(EXPECTED.replace("EXT", ext))
    ran = one.run("plan")
    assert ran.code == INVALID
    said = f"labels/a.{ext}:1:1: this is a file of {name or kind}"
    assert said in ran.err
    assert hint in ran.err
    assert "1 problem;" in ran.err


@pytest.mark.parametrize("optional", ["", "?"])
@pytest.mark.parametrize("kind", ["labelme", "YOLO", "VOC"])
def test_what_the_next_step_says_gives_each_image_its_own_labels(
    one: Project, kind: str, optional: str
) -> None:
    """Once it named the file of one image, whose labels all got when it was followed."""
    ext, text, *_ = OTHERS[kind]
    one.write("images/b.png", photo(2, (100, 50)))
    one.write(f"labels/a.{ext}", text)
    one.write(f"labels/b.{ext}", OF_B[kind])
    template = f'labels: "labels/{{stem}}.{ext}{optional}"'
    manifest = f'{HEAD}  - glob: "images/*.png"\n    name: "{{stem}}"\n    {template}\n'
    one.manifest(manifest)
    steps = re.findall(r"write `(labels: .*)`", one.run("plan").err)
    assert len(set(steps)) == 1
    one.manifest(manifest.replace(template, steps[0].replace("NAME, …", "car, bus")))
    ran = one.apply()
    assert ran.code == 0, ran.err
    assert "other picture" not in ran.err
    assert "label file of all" not in ran.err
    assert one.run("export", "labels", "out.json").code == 0
    found = {
        task["name"]: [label["category"][0][-1] for label in task["labels"]]
        for task in json.loads((one.folder / "out.json").read_text())
    }
    assert found["b"] == ["bus"]
    assert len(found["a"]) > 1


@follows("where each image has one of its own, name them as in `labels/{stem}.txt`")
def test_one_file_of_a_tool_for_all_images_is_told(one: Project) -> None:
    one.write("labels/a.txt", "0 0.35 0.45 0.5 0.7")
    labels = '{format: yolo, file: "labels/a.txt", classes: [car, bus]}'
    ran = planned(one, labels)
    assert (ran.code, "warning" in ran.err) == (0, False)
    one.write("images/b.png", photo(2, (100, 50)))
    told = (
        "warning: rbsync.yaml:6:34: `labels/a.txt` is the label file of all 2 datapoints of this "
        "source\n    where each image has one of its own, name them as in `labels/{stem}.txt`\n"
    )
    # The second time from what was remembered.
    for _ in range(2):
        ran = planned(one, labels)
        assert ran.code == 0
        assert told in ran.err
    one.write("labels/b.txt", OF_B["YOLO"])
    assert "warning" not in planned(one, labels.replace("labels/a.txt", "labels/{stem}.txt")).err
    (one.folder / "images/b.png").unlink()
    assert "warning" not in planned(one, labels).err


def test_a_list_of_labels_with_mistakes_is_no_other_tool(one: Project) -> None:
    one.write("labels/a.json", [BOX, {"categry": 1}])
    one.manifest(EXPECTED.replace("EXT", "json"))
    assert "this is a file of" not in one.run("plan").err


def planned(project: Project, labels: str) -> Ran:
    project.manifest(
        f'{HEAD}  - glob: "images/*.png"\n    name: "{{stem}}"\n    labels: {labels}\n'
    )
    return project.run("plan")


def sent(project: Project, labels: str, *warnings: str) -> list[dict[str, Any]]:
    """The labels of the one image in the project; a second plan has nothing to do."""
    ran = planned(project, labels)
    assert ran.code == 0, ran.err
    assert ran.err.count("warning") == len(warnings)
    for one in warnings:
        assert one in ran.err
    assert project.apply().code == 0
    assert "No changes" in project.run("plan").out
    assert project.run("export", "labels", "out.json", "--force").code == 0
    (task,) = json.loads((project.folder / "out.json").read_text())
    found: list[dict[str, Any]] = task["labels"]
    return found


def test_shapes_of_labelme_are_labels(one: Project) -> None:
    one.write("labels/a.json", LABELME)
    polygon, box, point, line, circle = sent(one, '{format: labelme, file: "labels/{stem}.json"}')
    assert polygon["category"] == [["object", "car"]]
    assert polygon["polygon"][0] == {"xnorm": 0.1, "ynorm": 0.1}
    assert box["bbox2d"] == pytest.approx(BOX_THERE)
    assert point["point"] == {"xnorm": 0.5, "ynorm": 0.5}
    assert line["polyline"][1] == {"xnorm": 1, "ynorm": 1}
    assert circle["ellipse"]["ynorm"] == pytest.approx(0.2)


def test_boxes_of_voc_are_labels_and_what_is_lost_is_told(one: Project) -> None:
    one.write("labels/a.xml", VOC)
    car, bus = sent(one, '{format: voc, file: "labels/{stem}.xml"}', "1 difficult of the label")
    assert car["bbox2d"] == pytest.approx(BOX_THERE)
    assert bus["bbox2d"] == {"xnorm": 0, "ynorm": 0, "wnorm": 1, "hnorm": 1}


@pytest.mark.parametrize("classes", ["[car, bus]", "labels/classes.txt"])
def test_lines_of_yolo_are_labels(one: Project, classes: str) -> None:
    one.write("labels/a.txt", YOLO)
    one.write("labels/classes.txt", "car\r\nbus\r\n")
    box, polygon, whole = sent(
        one, f'{{format: yolo, file: "labels/{{stem}}.txt?", classes: {classes}}}'
    )
    assert box["bbox2d"] == pytest.approx(BOX_THERE)
    assert (len(polygon["polygon"]), polygon["category"]) == (3, [["object", "bus"]])
    assert whole["bbox2d"] == pytest.approx({"xnorm": 0, "ynorm": 0, "wnorm": 1, "hnorm": 1})


def test_one_file_of_coco_has_the_labels_of_all_images(one: Project) -> None:
    one.write("coco.json", COCO)
    (box,) = sent(one, "{format: coco, file: coco.json}")
    assert box["bbox2d"] == pytest.approx(BOX_THERE)


def test_an_entry_that_is_written_out_names_such_a_file_too(one: Project) -> None:
    one.write("labels/a {1}.json", LABELME)
    one.manifest(
        HEAD + "  - name: a\n    items: [images/a.png]\n"
        '    labels: {format: labelme, file: "labels/a {1}.json"}\n'
    )
    ran = one.run("plan")
    assert (ran.code, "labels" in ran.out) == (0, True)


BOMB = VOC.replace(
    "<annotation>", '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>\n<annotation>'
)
WRONG = {
    "a bomb of entities": ("voc", "xml", BOMB, "defines a document type", "take its DOCTYPE out"),
    "XML cut off": ("voc", "xml", VOC[:200], "labels/a.xml:5:", "the XML cannot be read"),
    "XML of CVAT": ("voc", "xml", "<annotations/>", "no file of Pascal VOC", ""),
    "a corner that is no number": ("voc", "xml", VOC.replace(">11<", ">x<"), "`car`", "'x'"),
    "a size of 0": ("voc", "xml", VOC.replace(">100</w", ">0</w"), "is 0 x 50 pixels", "size"),
    "no JSON": ("labelme", "json", "{", "labels/a.json:1:2: the JSON cannot be read", ""),
    "JSON of others": ("labelme", "json", "[]", "this is no file of labelme", ""),
    "an unknown class": ("yolo", "txt", "0 0 0 1 1\n7 0 0 1 1", "a.txt:2:1: the class 7", "`class"),
    "words": ("yolo", "txt", "car 0 0 1 1", "labels/a.txt:1:1: this line has what is no", "a line"),
    "three numbers": ("yolo", "txt", "0 1 1 1", "this line has 3 numbers", "x1 y1"),
    "out of the picture": ("yolo", "txt", "0 0.9 0.5 0.6 0.5", "out of its picture", "centre"),
    "a shape out of its picture": (
        "labelme",
        "json",
        json.dumps({**LABELME, "shapes": [{"label": "car", "points": [[0, 0], [9, 9], [990, 9]]}]}),
        "shape 0 (car): reaches out of its picture, which the file says is 100 x 50 pixels",
        "correct the shape",
    ),
    "another category": (
        "labelme",
        "json",
        json.dumps({**LABELME, "shapes": [{"label": "van", "points": SQUARE}]}),
        'shape 0 (van): "van" is not in the taxonomy',
        "known: bus, car",
    ),
    "another size": (
        "labelme",
        "json",
        json.dumps({**LABELME, "imageWidth": 90}),
        "it says that `images/a.png` is 90 x 50 pixels, but it is 100 x 50",
        "",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_told_at_its_place(one: Project, kind: str) -> None:
    form, ext, text, said, hint = WRONG[kind]
    one.write(f"labels/a.{ext}", text)
    more = ", classes: [car, bus]" if form == "yolo" else ""
    ran = planned(one, f'{{format: {form}, file: "labels/{{stem}}.{ext}"{more}}}')
    assert ran.code == INVALID
    assert said in ran.err, ran.err
    assert hint in ran.err, ran.err


SETTINGS = {
    "no classes": ('{format: yolo, file: "l/{stem}.txt?"}', "nothing says their names"),
    "no such file": ('{format: yolo, file: "l/{stem}.txt?", classes: n.txt}', "cannot be read"),
    "another format": ("{format: via, file: x}", "as COCO or Pascal VOC"),
    "no file": ("{format: voc}", "`file` is missing"),
    "a field": ('{format: voc, file: "{sten}.xml"}', "did you mean `{stem}`?"),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_that_are_wrong_are_told(one: Project, kind: str) -> None:
    labels, said = SETTINGS[kind]
    ran = planned(one, labels)
    assert ran.code == INVALID
    assert said in ran.err, ran.err


def test_nobody_draws_over_files_of_another_tool(one: Project) -> None:
    """Labels that are pulled are LabelObjects, and stand in none of its files."""
    one.write("labels/a.json", LABELME)
    assert planned(one, '{format: labelme, file: "labels/{stem}.json"}').code == 0
    one.apply()
    before = (one.folder / "labels/a.json").read_bytes()
    one.run("pull")
    assert (one.folder / "labels/a.json").read_bytes() == before


GIVEN = {
    "VOC as labelme": ("labelme", VOC, "this is a file of Pascal VOC, and no file of labelme"),
    "YOLO as labelme": ("labelme", YOLO, "this is a file of YOLO, and no file of labelme"),
    "labelme as VOC": ("voc", json.dumps(LABELME), "a file of labelme, and no file of Pascal VOC"),
    "CVAT as VOC": ("voc", OTHERS["CVAT"][1], "a file of CVAT, and no file of Pascal VOC"),
    "labelme as YOLO": ("yolo", json.dumps(LABELME), "a file of labelme, and no file of YOLO"),
    "VOC as YOLO": ("yolo", VOC, "this is a file of Pascal VOC, and no file of YOLO"),
    "LabelObjects as labelme": ("labelme", json.dumps([BOX]), "this is a list of LabelObjects"),
    "LabelObjects as YOLO": ("yolo", json.dumps([BOX]), "this is a list of LabelObjects, and no"),
    "a picture as VOC": ("voc", photo(1).decode("latin-1"), "this is a PNG file, and no text"),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_a_file_of_another_tool_than_was_said_is_called_by_its_name(
    one: Project, kind: str
) -> None:
    form, text, said = GIVEN[kind]
    one.write("labels/a.txt", text.encode("latin-1"))
    more = ", classes: [car, bus]" if form == "yolo" else ""
    ran = planned(one, f'{{format: {form}, file: "labels/{{stem}}.txt"{more}}}')
    assert ran.code == INVALID
    assert "labels/a.txt" in ran.err
    assert said in ran.err, ran.err


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("ISO-8859-1", "Möwe"), ("windows-1250", "Żółw"), ("gb2312", "联通"), ("utf-16", "Möwe")],
)
def test_voc_is_read_in_the_encoding_that_it_declares(
    one: Project, encoding: str, name: str
) -> None:
    text = VOC.replace('"utf-8"', f'"{encoding}"').replace(">car<", f">{name}<")
    one.write("labels/a.xml", text.encode(encoding))
    one.manifest(
        f"project: {{type: IMAGE_MULTI, taxonomy: [{name}, bus]}}\ndatapoints:\n"
        '  - {glob: "images/*.png", labels: {format: voc, file: "labels/{stem}.xml"}}\n'
    )
    ran = one.run("plan")
    assert ran.code == 0, ran.err
    assert "labels" in ran.out


@pytest.mark.parametrize("declared", ["utf-8", "utf-7", "klingon"])
def test_voc_of_another_encoding_than_it_declares_is_refused_with_the_byte(
    one: Project, declared: str
) -> None:
    text = VOC.replace('"utf-8"', f'"{declared}"').replace(">car<", ">Möwe<")
    one.write("labels/a.xml", text.encode("latin-1"))
    ran = planned(one, '{format: voc, file: "labels/{stem}.xml"}')
    assert ran.code == INVALID
    assert "labels/a.xml: byte 0xf6 in line 5 is not UTF-8; save it as UTF-8" in ran.err


def test_voc_of_another_encoding_is_known_where_labels_are_expected(one: Project) -> None:
    text = VOC.replace('"utf-8"', '"ISO-8859-1"').replace(">car<", ">Möwe<")
    one.write("labels/a.xml", text.encode("latin-1"))
    one.manifest(EXPECTED.replace("EXT", "xml"))
    ran = one.run("plan")
    assert ran.code == INVALID
    assert "labels/a.xml:1:1: this is a file of Pascal VOC, and no list of LabelObjects" in ran.err


SEVERAL = {
    "VOC": (
        "voc",
        VOC.replace(">11<", ">x<").replace(">bus<", ">van<"),
        ["`car`: `bndbox/xmin` is 'x', and no number", 'object 1 (van): "van" is not in'],
    ),
    "VOC without corners": (
        "voc",
        VOC.replace("<xmin>11</xmin>", "").replace("<ymax>50</ymax>", ""),
        ["`car`: it has no `bndbox/xmin`", "`bus`: it has no `bndbox/ymax`"],
    ),
    "labelme": (
        "labelme",
        json.dumps(
            {**LABELME, "shapes": [{"label": "van", "points": SQUARE}, {"label": 5}, {"points": 4}]}
        ),
        ['shape 0 (van): "van" is not in', "shape 1: label: input should", "shape 2: label: field"],
    ),
    "YOLO": (
        "yolo",
        "0 0.9 0.5 0.6 0.5\n7 0 0 1 1\nx\n",
        ["a.txt:1:1: line 1", "a.txt:2:1: the class 7", "line 3 cannot be read either"],
    ),
}


@pytest.mark.parametrize("kind", SEVERAL)
def test_all_that_is_wrong_with_one_file_is_told_in_one_run(one: Project, kind: str) -> None:
    form, text, said = SEVERAL[kind]
    one.write("labels/a.txt", text)
    more = ", classes: [car, bus]" if form == "yolo" else ""
    ran = planned(one, f'{{format: {form}, file: "labels/{{stem}}.txt"{more}}}')
    assert ran.code == INVALID
    for each in said:
        assert each in ran.err, ran.err


def test_of_very_many_mistakes_some_are_told_and_the_rest_is_counted(one: Project) -> None:
    one.write("labels/a.json", {**LABELME, "shapes": [{"label": 5}] * 100})
    ran = planned(one, '{format: labelme, file: "labels/{stem}.json"}')
    assert ran.code == INVALID
    assert ran.err.count("labels/a.json:1:1: shape ") == 5
    assert "shape 4: label: input should be a valid string; and 95 more" in ran.err


@pytest.mark.parametrize(
    ("said", "is_another"),
    [
        ("a.png", False),
        ("..\\\\images\\\\a.jpg", False),
        ("/data/A.PNG", False),
        ("", False),
        ("b.png", True),
    ],
)
@pytest.mark.parametrize("form", ["labelme", "voc"])
def test_a_file_that_says_that_it_is_of_another_picture_is_told(
    one: Project, form: str, said: str, is_another: bool
) -> None:
    said = said.replace("\\\\", "\\")
    one.write("labels/a.json", {**LABELME, "imagePath": said})
    one.write("labels/a.voc", VOC.replace(">a.png<", f">{said}<"))
    ext = "json" if form == "labelme" else "voc"
    ran = planned(one, f'{{format: {form}, file: "labels/{{stem}}.{ext}"}}')
    assert ran.code == 0, ran.err
    told = f"a label file says that it is of another picture: `labels/a.{ext}`, of `images/a.png`"
    assert (told in ran.err) == is_another


NAMES_IN_COCO = {
    "accents apart": ("Mo\u0308we.png", "Möwe.png"),
    "accents on their letters": ("Möwe.png", "Mo\u0308we.png"),
    "a suffix in capitals": ("a.png", "a.PNG"),
    "folders of Windows": ("a.png", "images\\a.png"),
}


@pytest.mark.parametrize("kind", NAMES_IN_COCO)
def test_images_of_coco_are_found_in_another_spelling(project: Project, kind: str) -> None:
    file, named = NAMES_IN_COCO[kind]
    project.write(f"images/{file}", photo(1, (100, 50)))
    (image,) = COCO["images"]
    project.write("coco.json", {**COCO, "images": [{**image, "file_name": named}]})
    (box,) = sent(project, "{format: coco, file: coco.json}")
    assert box["bbox2d"] == pytest.approx(BOX_THERE)


def test_crowds_and_images_that_are_no_datapoints_are_told(one: Project) -> None:
    image, (made,) = COCO["images"][0], COCO["annotations"]
    one.write(
        "coco.json",
        {
            **COCO,
            "images": [image, {**image, "id": 2, "file_name": "x.png"}, {**image, "id": 3}],
            "annotations": [{**made, "iscrowd": 1}, {**made, "id": 2, "image_id": 2}],
        }
        | {"images": [image, {**image, "id": 2, "file_name": "x.png"}]},
    )
    ran = planned(one, "{format: coco, file: coco.json}")
    assert ran.code == 0, ran.err
    assert "annotations of crowds (iscrowd) become labels as all others do; there are 1" in ran.err
    assert "1 image of `coco.json` is no datapoint here: `x.png`" in ran.err


POSES = {
    "17 points of three": ("0 .5 .5 .4 .4" + " .5 .5 2" * 17, "17 points of 3"),
    "points that nobody saw": ("0 .5 .5 .4 .4 .4 .4 1 0 0 0", "2 points of 3"),
    "points of two whose outline crosses": (
        "0 .5 .5 .3 .2 .6 .45 .4 .5 .6 .55",
        "3 points of 2",
    ),
    "two lines": ("0 .5 .5 .4 .4 .4 .4 2\n1 .3 .3 .2 .2 .3 .3 0", "1 points of 3"),
    "predictions": ("0 .5 .5 .4 .4 .5 .5 2 .45 .45 2 .6 .6 1", "3 points of 3"),
}


@pytest.mark.parametrize("kind", POSES)
def test_poses_of_yolo_are_no_polygons(one: Project, kind: str) -> None:
    text, points = POSES[kind]
    one.write("labels/a.txt", text + "\n")
    ran = planned(one, '{format: yolo, file: "labels/{stem}.txt", classes: [car, bus]}')
    assert ran.code == INVALID
    assert "labels/a.txt:1:1: these lines seem to be poses: a box and " in ran.err
    assert points in ran.err


@pytest.mark.parametrize(
    "text",
    [
        "0 .1 .1 .2 .1 .2 .2",
        "0 .1 .1 .9 .1 .9 .9 .1 .9",
        "0 0 0 1 0 1 1 0 1",
        "0 .52 .5 .5 .52 .48 .5 .5 .48\n1 .1 .1 .3 .1 .3 .3",
        "0 .2 .2 .8 .2 .8 .8 .5 .9 .2 .8",
        "0 0 .3 .2 0 1 .4 1 .9 0 1",
    ],
)
def test_polygons_of_yolo_are_no_poses(one: Project, text: str) -> None:
    one.write("labels/a.txt", text + "\n")
    ran = planned(one, '{format: yolo, file: "labels/{stem}.txt", classes: [car, bus]}')
    assert ran.code == 0, ran.err
    assert "poses" not in ran.err
