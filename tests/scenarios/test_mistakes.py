"""A manifest with many mistakes: all are told in one run, each at its place."""

from __future__ import annotations

import re
import sqlite3

from tests.dicoms import dicom
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

MANIFEST = """\
version: 1
project:
  type: IMAGE_BBOX
  taxonomy: [car, bus]
datapoints:
  - glob: images/*.png
    labls: labels/x.json
  - name: twice
    name: once more
    items: [images/a.png]
  - name: wrong type
    items: images/a.png
  - name: images/a.png
    items: [images/b.png]
  - name: not there
    items: [images/none.png]
  - name: outside
    items: [../outside.png]
  - name: a link outside
    items: [link.png]
  - name: unknown category
    items: [images/a.png]
    labels: labels/unknown.json
  - name: no geometry
    items: [images/a.png]
    labels:
      - category: [[object, car]]
        attributes: []
  - name: too large
    items: [images/a.png]
    labels:
      - category: [[object, car]]
        attributes: []
        bbox2d: {xnorm: 1.5, ynorm: 0.2, wnorm: 0.1, hnorm: 0.1}
  - glob: nothing/*.png
  - name: ${RBSYNC_TEST_UNDEFINED}
    items: [images/a.png]
"""

EXPECTED = {
    "unknown key": ("rbsync.yaml", 7, "labls"),
    "duplicate key": ("rbsync.yaml", 9, "name"),
    "wrong type": ("rbsync.yaml", 12, "list"),
    "duplicate name": ("rbsync.yaml", 13, "images/a.png"),
    "missing file": ("rbsync.yaml", 16, "images/none.png"),
    "outside": ("rbsync.yaml", 18, "../outside.png"),
    "link outside": ("rbsync.yaml", 20, "link.png"),
    "unknown category": ("labels/unknown.json", 2, "cra"),
    "no geometry": ("rbsync.yaml", 27, "geometry"),
    "over 1": ("rbsync.yaml", 34, "xnorm"),
    "empty glob": ("rbsync.yaml", 35, "nothing/*.png"),
    "undefined variable": ("rbsync.yaml", 36, "RBSYNC_TEST_UNDEFINED"),
}


def prepare(project: Project) -> None:
    project.write("images/a.png", png(1))
    project.write("images/b.png", png(2))
    project.write("../outside.png", png(3))
    (project.folder / "link.png").symlink_to("../outside.png")
    unknown = {**BOX, "category": [["object", "cra"]]}
    project.write("labels/unknown.json", "[\n" + str(unknown).replace("'", '"') + "\n]")
    (project.folder / "nothing").mkdir()
    project.write("rbsync.yaml", MANIFEST)


def places(text: str) -> list[tuple[str, int, str]]:
    """File, line and message of each problem that was printed."""
    found = re.findall(r"^(\S+?):(\d+):\d+: (.*)$", text, re.MULTILINE)
    return [(file, int(line), message) for file, line, message in found]


def test_twelve_mistakes_are_told_at_once_each_with_its_line(project: Project) -> None:
    prepare(project)
    ran = project.run("plan")
    assert ran.code == 65
    found = places(ran.err)
    for what, (file, line, word) in EXPECTED.items():
        matching = [one for one in found if one[:2] == (file, line) and word in one[2]]
        assert matching, f"{what} is not reported at {file}:{line}: {ran.err}"
    assert len(found) == len(EXPECTED), ran.err
    assert "12 problems; nothing was sent." in ran.err


def test_apply_sends_nothing_then(project: Project) -> None:
    prepare(project)
    assert project.apply().code == 65
    assert not (project.folder / ".rbsync/project").exists()
    assert not (project.folder / ".rbsync/state.db").exists()


def test_validate_tells_the_same_and_json_too(project: Project) -> None:
    prepare(project)
    assert project.run("validate").err == project.run("plan").err
    document = project.run("validate", "--json").json
    assert len(document["problems"]) == 12
    assert document["exit_code"] == 65


def test_keep_going_does_the_datapoints_that_are_right(project: Project) -> None:
    prepare(project)
    ran = project.apply("--keep-going")
    assert ran.code == 9
    # What is declared twice is not created: nobody knows which of the two is meant.
    assert project.names() == ["images/b.png", "twice"]


def test_a_key_that_is_nearly_right_is_guessed(project: Project) -> None:
    prepare(project)
    assert "did you mean `labels`?" in project.run("plan").err


def test_a_taxonomy_of_nothing_but_brackets_is_a_problem_at_its_place(project: Project) -> None:
    project.write("deep.json", "[" * 100_000)
    project.manifest("project: {taxonomy: deep.json}\n")
    refused = project.run("plan")
    assert refused.code == 65
    message = "rbsync.yaml:2:21: the taxonomy cannot be read: it is nested too deeply"
    assert message in refused.err


def test_a_project_of_a_type_that_is_not_known_is_an_error_of_every_command(
    three: Project,
) -> None:
    three.apply()
    connection = sqlite3.connect(three.folder / ".rbsync/project/project.db")
    with connection:
        connection.execute("UPDATE project SET type = 'image_bbox'")
    connection.close()
    for command in ("plan", "apply", "status", "serve"):
        refused = three.run(command, *(["--yes"] if command == "apply" else []))
        assert refused.code == 65, refused
        assert "the project is of type image_bbox, which this rbsync does not know" in refused.err
        assert (
            "give backend and state another path each, or delete the project's folder"
            in refused.err
        )


QUICKTIME = b"\x00\x00\x00\x14ftypqt  \x20\x05\x03\x00qt  "
OLD_QUICKTIME = b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat"


def test_a_mov_and_what_has_no_suffix_are_refused_when_they_are_planned(project: Project) -> None:
    project.write("clips/new.mov", QUICKTIME)
    project.write("clips/old.mov", OLD_QUICKTIME)
    project.write("clips/README", b"of the clips")
    project.write("clips/scan", dicom(1))
    entries = "".join(
        f"  - {{name: {name}, items: [clips/{name}]}}\n"
        for name in ("new.mov", "old.mov", "README", "scan")
    )
    project.manifest(f"datapoints:\n{entries}")
    refused = project.run("plan")
    assert refused.code == 65
    assert refused.err.count("rbsync.yaml:") == 3, refused.err
    for line, why in (
        (3, "new.mov: the file is a QuickTime file; accepted are png, jpg, bmp, DICOM"),
        (4, "old.mov: the file is a QuickTime file; accepted are png, jpg, bmp, DICOM"),
        (5, "README: the file is of a kind that is not known; accepted are png, jpg, bmp, DICOM"),
    ):
        assert re.search(rf"rbsync\.yaml:{line}:\d+: .*{re.escape(why)}", refused.err), refused.err
    done = project.apply("--keep-going")
    assert "Apply complete: 1 created" in done.out
    assert project.names() == ["scan"]
