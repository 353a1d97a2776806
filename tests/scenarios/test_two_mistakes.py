"""Two mistakes in one entry: neither hides the other, and each has the place of its value."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.pictures import photo, png
from tests.scenarios.project import Project

HEAD = "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
ENTRIES = {
    "a key, a field, a number": (
        '  - glob: "images/*.png"\n    lables: x\n    name: "{sten}"\n    priority: 3\n',
        {
            "4:11": "broken",
            "5:5": "unknown key `lables`",
            "6:11": "did you mean `{stem}`",
            "7:15": "at most 1",
        },
    ),
    "a folder, a field, a storage": (
        '  - frames: "video/*/"\n    name: "{dri}"\n    storage: nowhere\n',
        {"4:13": "does not exist", "5:11": "did you mean `{dir}`", "6:14": "is no storage"},
    ),
    "two files, labels, a number": (
        "  - name: a\n    items: [none.png, ../x.png]\n    labels: none.json\n    priority: 7\n",
        {"5:13": "no file `none", "5:23": "leads out", "6:13": "no file", "7:15": "at most 1"},
    ),
    "a variable, a file, labels out of range": (
        '  - name: a\n    items: [none.png, "${RBSYNC_VAR_NONE}"]\n'
        "    labels: [{category: [[object, car]], point: {xnorm: 4, ynorm: 0}}]\n",
        {"5:13": "no file", "5:23": "is not set", "6:57": "from 0 to 1, not 4"},
    ),
    "a name that is taken, a file": (
        "  - {name: a, items: [images/a.png]}\n  - name: a\n    items: [none.png]\n",
        {"5:11": "declared at rbsync.yaml:4:5 already", "6:13": "no file `none.png`"},
    ),
    "an invisible character, a file": (
        '  - name: "a\\u202eb"\n    items: [none.png]\n',
        {"4:11": "invisible", "5:13": "no file"},
    ),
    "a type, labels out of range": (
        "  - name: a\n    items: images/a.png\n    labels: [{point: {xnorm: 4, ynorm: 0}}]\n",
        {"5:12": "expected a list", "6:14": "is missing", "6:30": "not 4"},
    ),
    "URLs, metadata": (
        '  - name: a\n    storage: public\n    items: ["ftp://x", "http://127.0.0.1/x"]\n'
        "    metadata: {rbsync.x: a}\n",
        {"6:13": "is no URL", "6:24": "loopback", "7:26": "is reserved"},
    ),
    "a broken file, a missing one, labels": (
        "  - name: a\n    items: [images/cut.png, none.png]\n    labels: [{point: 5}]\n",
        {"5:13": "broken", "5:29": "no file", "6:14": "is missing", "6:22": "must be an object"},
    ),
    "a pattern, a field, labels": (
        '  - glob: "images/[*.png"\n    name: "{sten}"\n    labels: "{labl}.json"\n',
        {"4:11": "[", "5:11": "{stem}", "6:13": "{labl}"},
    ),
    "an exclusion, a field": (
        '  - glob: "images/*.png"\n    exclude: ["[x"]\n    labels: "{labl}.json"\n',
        {"5:15": "[x", "6:13": "{labl}"},
    ),
    "two series": (
        "  - name: a\n    series:\n      - {items: none/*.dcm}\n"
        "      - {items: images/a.png, segment_map: {x: liver}}\n    priority: 2\n",
        {"6:17": "does not exist", "7:44": "no `segm", "7:48": "is no value", "8:15": "at most 1"},
    ),
}
MASKS = {
    "a class map, a field, a threshold, a folder": (
        '  - glob: masks/*.png\n    image: "{sten}.png"\n    class_map: none.json\n'
        "    threshold: 999\n",
        {"4:11": "not exist", "5:12": "{stem}", "6:16": "no file", "7:16": "at most 255"},
    ),
    "colours of wrong lengths, of a wrong type, a class map": (
        '  - glob: masks/*.png\n    image: "images/a.png"\n    class_map: none.json\n'
        "    ignore_colors: [[0, 0], [1, 2, 3, 4], [0, 0, 300], 5, [0, 0, x]]\n",
        {
            "4:11": "not exist",
            "6:16": "no file",
            "7:21": "ignore_colors has the colour [0, 0], not three numbers",
            "7:29": "the colour [1, 2, 3, 4], not three numbers",
            "7:43": "outside of the integers 0-255",
            "7:56": "expected a list, found `5`",
            "7:66": "expected a whole number, found `x`",
        },
    ),
    "a colour of two, a field, a limit": (
        '  - folder: m\n    ignore_colors: [[0, 0]]\n    images: "nope/"\n    max_pixels: 0\n',
        {"4:13": "_map.json`", "5:21": "not three", "6:13": "not exist", "7:17": "at least 1"},
    ),
    "a missing image, a stray colour": (
        '  - glob: images/m.png\n    image: "none.png"\n    class_map: classes.json\n',
        {"4:11": "undeclared colour", "5:12": "no file `none.png`"},
    ),
}


@pytest.fixture
def images(project: Project) -> Project:
    project.write("images/a.png", png(1))
    project.write("images/cut.png", photo(2)[:40])
    project.write("images/m.png", photo(3))
    project.write("classes.json", {"car": [255, 0, 0]})
    project.write("m/class_map.json", {"car": [255, 0, 0]})
    return project


def told(project: Project, manifest: str) -> dict[str, str]:
    """The places and messages of the problems, of which each has a place of its own."""
    project.manifest(HEAD + manifest)
    ran = project.run("validate")
    assert ran.code == 65, ran.err
    found = re.findall(r"^rbsync\.yaml:(\d+:\d+): (.*)$", ran.err, re.MULTILINE)
    assert len(dict(found)) == len(found), ran.err
    return dict(found)


@pytest.mark.parametrize("kind", [*ENTRIES, *MASKS])
def test_no_mistake_of_an_entry_hides_another(images: Project, kind: str) -> None:
    key = "datapoints" if kind in ENTRIES else "masks"
    entry, expected = {**ENTRIES, **MASKS}[kind]
    assert_told(images, f"{key}:\n{entry}", expected)


def assert_told(images: Project, manifest: str, expected: dict[str, str]) -> None:
    """Each mistake is told at its place, and no other."""
    found = told(images, manifest)
    assert found.keys() == expected.keys(), found
    for place, words in expected.items():
        assert words in found[place]


MORE = {
    "a key of complete_when, a field": (
        'datapoints:\n  - glob: "images/a.png"\n    complete_when: {akey: 1}\n    name: "{sten}"\n',
        {"5:21": "unknown key `akey`", "6:11": "`{stem}`"},
    ),
    "a key of a series, the name, a storage": (
        "datapoints:\n  - name: ''\n    series: [{itms: x}]\n    priority: 7\n",
        {"4:11": "name is empty", "5:14": "is missing", "5:15": "`itms`", "6:15": "at most 1"},
    ),
    "a name that is taken, of a study": (
        "datapoints:\n  - {name: a, items: [images/a.png]}\n  - name: a\n"
        "    series: [{items: none.png}]\n",
        {"5:11": "declared at rbsync.yaml:4:5 already", "6:22": "no file `none.png`"},
    ),
    "a folder of frames, a pattern": (
        'datapoints:\n  - frames: "video/*/"\n    pattern: "[x"\n    labels: "{x}.json"\n',
        {"4:13": "does not exist", "5:14": "has no `]`", "6:13": "{x}"},
    ),
    "a folder of masks, an exclusion": (
        'masks:\n  - glob: "masks/*.png"\n    exclude: ["[x"]\n    image: "{sten}.png"\n'
        "    class_map: none.json\n",
        {"4:11": "does not exist", "5:15": "`]`", "6:12": "`{stem}`", "7:16": "no file"},
    ),
    "a pattern without a class, fields": (
        'masks:\n  - per_class: "m/{case}.png"\n    image: "{sten}.png"\n    name: "{y}"\n',
        {"4:16": "which class", "5:12": "{sten}", "6:11": "{y}"},
    ),
    "a mask, its class map, its image": (
        "datapoints:\n  - name: a\n    items: [none.png]\n    mask: nomask.png\n"
        "    class_map: no.json\n    ignore_colors: [[0, 0], [300, 0, 0]]\n",
        {"5:13": "no file `none.png`", "6:11": "no file `nomask.png`", "7:16": "no file `no.json`",
         "8:21": "[0, 0], not three", "8:29": "outside of the integers"},
    ),
    "an image of COCO, a priority": (
        "masks:\n  - coco: k.json\n    images: nope/\n    priority: 7\n",
        {"4:11": "no file `nope/a.png`", "6:15": "at most 1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MORE)
def test_no_mistake_of_any_entry_hides_another_and_each_is_told_at_its_value(
    images: Project, kind: str
) -> None:
    images.write(
        "k.json",
        {
            "images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3}],
            "categories": [],
            "annotations": [],
        },
    )
    entry, expected = MORE[kind]
    assert_told(images, entry, expected)


def test_all_entries_with_two_mistakes_are_told_in_one_run(images: Project) -> None:
    lines = "".join(entry for entry, _ in ENTRIES.values())
    images.manifest(HEAD + "datapoints:\n" + lines)
    ran = images.run("validate")
    # The name `a` is taken by nearly all.
    problems = sum(len(expected) for _, expected in ENTRIES.values())
    found = re.search(r"(\d+) problems; nothing was sent", ran.err)
    assert found
    assert int(found[1]) >= problems


def test_what_is_wrong_blocks_and_the_others_go_on(images: Project) -> None:
    images.manifest(
        HEAD + "datapoints:\n  - {name: a, items: [images/a.png], priority: 7}\n"
        "  - {name: b, items: [images/m.png]}\n"
        '  - {glob: "images/m*.png", labels: "{labl}.json"}\n'
    )
    ran = images.run("plan", "--keep-going")
    assert (ran.code, ran.last_line[:19]) == (9, "Plan: 1 to create, ")
    assert "2 blocked" in ran.last_line
    assert "rbsync.yaml:4:48: must be at most 1" in ran.err


EVERY = {
    "project: {type: IMAGE_MULTY, taxonomy: [car], nmae: x}": {
        ":17": "did you mean `IMAGE_MULTI`", ":47": "unknown key `nmae`"},
    "backend: {kind: locale, path: 5}": {":17": "did you mean `local`"},
    "storages: {scans: no-uuid, more: x}": {":19": "is a UUID", ":34": "is a UUID"},
    "defaults: {storage: redbrick, ground_truth: maybe, priority: 3}": {
        ":45": "true or false", ":62": "at most 1"},
    "policy: {prune: perhaps, on_change: destroy}": {
        ":17": "true or false", ":37": "found `destroy`"},
    'moved: [{from: a, to: "{case}"}, {form: a}]': {
        ":9": "is not in `a`", ":34": "`from` is missing", ":35": "did you mean `from`"},
    "datapoints:": {},
    '  - {name: "", items: [none.png], labels: [{point: 5}]}': {
        ":12": "the name is empty", ":24": "no file `none.png`", ":44": "category: is missing",
        ":52": "must be an object"},
    '  - {glob: "images/[*.png", name: "{sten}"}': {":12": "has no `]`", ":35": "`{stem}`"},
    '  - {glob: "images/b.png", mask: "{sten}.png?", class_map: none.json}': {
        ":12": "no file matches", ":34": "`{stem}`", ":60": "no file `none.json`"},
    '  - {frames: "video/*/", name: "{dri}"}': {":14": "does not exist", ":32": "`{dir}`"},
    "  - {items_list: list.json, storage: nowhere, lables: x}": {
        ":38": "is no storage", ":47": "unknown key `lables`"},
    "  - {items_list: none.json, priority: 9}": {":18": "cannot be read", ":39": "at most 1"},
    "  - {name: s, series: [{items: none.nii, segmentations: no.nii, segment_map: {x: b}}]}": {
        ":32": "no file `none.nii`", ":57": "no file `no.nii`", ":82": "no value of a voxel"},
    '  - {glob: "images/[", labels: {format: labelmy, file: x}}': {
        ":12": "has no `]`", ":41": "did you mean `labelme`"},
    '  - {glob: "images/a.png", labels: {format: coco, file: none.json}, priority: 7}': {
        ":36": "no file `none.json`", ":79": "at most 1"},
    "masks:": {},
    '  - {glob: "masks/*.png", image: "{sten}.png", class_map: none.json}': {
        ":12": "does not exist", ":34": "`{stem}`", ":59": "no file `none.json`"},
    "  - {folder: export, images: images/, threshold: 999}": {
        ":14": "outside of the integers", ":39": "unknown key `threshold`"},
    "  - {coco: none.json, metadata: {rbsync.x: a}}": {":12": "no file", ":44": "is reserved"},
    "  - {coco: coco.json, images: images/, priority: 5}": {
        ":12": "has the category_id 9", ":50": "at most 1"},
    '  - {image: "{case}.png", name: a, per_class: "m/{case}/*.png", threshold: 999}': {
        ":47": "does not say which class",
        ":76": "at most 255"},
}  # fmt: skip
"""Each line of a manifest, with the columns of its mistakes."""
LISTS = {"list.json:1:2": "`priority` must be a number", "list.json:1:52": "unknown key `lables`"}


def test_two_mistakes_in_every_entry_are_all_told_at_their_values(images: Project) -> None:
    images.write(
        "list.json",
        [{"name": "l", "items": ["x.png"], "priority": 7}, {"items": ["y.png"], "lables": 1}],
    )
    images.write("export/class_map.json", {"car": [999, 0, 0]})
    images.write("export/datapoint_map.json", {"a.png": 5})
    listed = {"id": 1, "file_name": "a.png", "width": 4, "height": 3}
    wrong = [{"id": 5, "image_id": 1, "category_id": 9}, {"id": 6, "image_id": 7, "category_id": 1}]
    images.write(
        "coco.json",
        {"images": [listed], "categories": [{"id": 1, "name": "car"}], "annotations": wrong},
    )
    images.manifest("\n".join(EVERY))
    for command in ("validate", "plan"):
        ran = images.run(command)
        assert ran.code == 65
        found = re.findall(r"^(\S+:\d+:\d+): (.*)$", ran.err, re.MULTILINE)
        for line, expected in enumerate(EVERY.values(), 2):
            for column, words in expected.items():
                place = f"rbsync.yaml:{line}{column}"
                assert [one for at, one in found if at == place and words in one], (place, ran.err)
        for place, words in LISTS.items():
            assert [one for at, one in found if at == place and words in one], place
        assert "annotation 6 has the image_id 7" in ran.err


def test_what_is_wrong_in_files_is_told_whatever_else_is_wrong(images: Project) -> None:
    images.write("labels/a.json", [{"point": 5}])
    images.write("labels/a.txt", "7 0.5 0.5 0.1 0.1\n0 0.5 x 0.1 0.1\n")
    images.write("list.jsonl", '{"nam": "k", "items": ["q.png"]}\n')
    images.write("wrong.json", {"car": [255, 0, 0], "bus": [255, 0, 0], "van": [300, 0, 0]})
    images.write("other.json", {"car": [0, 99, 7], "elephant": [0, 255, 0]})
    images.write("export/class_map.json", {"car": [300, 0, 0]})
    images.write("export/datapoint_map.json", {"a.png": "none.png"})
    images.write("export/a.png", png(1))
    lines = {
        "project: {type: IMAGE_MULTI, taxonomy: [car, bus, car]}": ["2:40: the taxonomy cannot"],
        "defaults: {storage: nowhere}": ["3:21: `nowhere` is no storage"],
        'moved: [{from: "a/{x}", to: "b/{y}"}]': ["4:9: `{y}` is not in `a/{x}`"],
        "datapoints:": [],
        '  - {glob: "images/a.png", name: "{sten}", labels: "labels/{stem}.json", '
        "storage: redbrick}": [
            "6:34: `{sten}`", "labels/a.json:1:12: label [0].point: must be an object"],
        '  - {glob: "images/a.png", labels: {format: yolo, file: "labels/{stem}.txt", '
        "classes: [car]}, storage: redbrick}": [
            "labels/a.txt:1:1: the class 7 has no name; there are 1; line 2 cannot be read either"],
        "  - {items_list: list.jsonl, storage: redbrick}": [
            "list.jsonl:1:1: unknown key `nam`", "list.jsonl:1:24: there is no file `q.png`"],
        "  - {name: s, storage: redbrick, series: [{items: [x.nii, y.nii]}, {items: z/*.nii}]}": [
            "9:52: there is no file `x.nii`", "9:59: there is no file `y.nii`",
            "9:76: the folder `z` does not exist"],
        "masks:": [],
        '  - {glob: "images/m.png", image: "none.png", class_map: wrong.json, '
        "storage: redbrick}": [
            "11:35: there is no file `none.png`",
            "11:58: wrong.json: category 'van' has the colour [300, 0, 0], outside of the integers "
            "0-255; categories 'car' and 'bus' have one colour, (255, 0, 0)"],
        '  - {glob: "images/m.png", image: "images/a.png", name: "{sten}", '
        "class_map: wrong.json, storage: redbrick}": ["12:57: `{sten}`"],
        "  - {folder: export, images: elsewhere/, storage: redbrick}": [
            "13:14: export/class_map.json: category 'car'",
            "13:30: the folder `elsewhere` does not exist"],
        "  - {coco: none.json}": ["14:12: there is no file `none.json`"],
    }  # fmt: skip
    images.manifest("\n".join(lines))
    ran = images.run("validate")
    for said in lines.values():
        for one in said:
            place = one if one[0].isalpha() else f"rbsync.yaml:{one}"
            assert f"\n{place}" in f"\n{ran.err}", (place, ran.err)
    # A category that the taxonomy lacks is told where its class map is named.
    images.manifest(
        "project: {type: IMAGE_MULTI, taxonomy: [car]}\nmasks:\n"
        '  - {glob: "images/m.png", image: "images/a.png", class_map: other.json}\n'
    )
    place = 'rbsync.yaml:4:62: other.json: the category "elephant" is not in the taxonomy'
    assert place in images.run("validate").err


def test_a_misspelt_storage_of_our_own_hides_no_missing_file(project: Project) -> None:
    """Of any other name the items may be keys, which are nowhere here."""
    entry = "  - {{name: {0}, storage: {1}, items: [{0}.png], labels: {0}.json}}\n"
    project.manifest("datapoints:\n" + entry.format("a", "redbrik") + entry.format("b", "scans"))
    told = project.run("plan").err
    assert 'did you mean "redbrick"? known are' in told
    for missing in ("a.png", "a.json", "b.json"):
        assert f"there is no file `{missing}`" in told
    assert "b.png" not in told
