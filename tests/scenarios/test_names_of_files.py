"""Names of files as disks and people spell them: Unicode's form and the case of suffixes."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from tests.scenarios.pictures import CLASSES, png
from tests.scenarios.project import BOX, Project


def mask() -> bytes:
    """As large as its picture, and all car."""
    file = io.BytesIO()
    Image.new("RGB", (2, 2), CLASSES["car"]).save(file, "PNG")
    return file.getvalue()


def apart(text: str) -> str:
    """As a Mac writes it: the accents behind their letters."""
    return unicodedata.normalize("NFD", text)


@pytest.fixture(params=[apart, str], ids=["accents apart", "accents on letters"])
def on_disk(request: pytest.FixtureRequest) -> object:
    return request.param


def test_label_files_are_found_in_either_form_and_with_any_suffix(project: Project) -> None:
    project.write(f"images/{apart('Müller')}.png", png(1))
    project.write("images/Zoë.png", png(2))
    project.write("images/c.png", png(3))
    project.write("labels/Müller.json", [BOX])
    project.write(f"labels/{apart('Zoë')}.json", [BOX])
    project.write("labels/c.JSON", [BOX])
    ran = project.apply()
    assert (ran.code, ran.err.count("warning")) == (0, 0)
    assert [one["labels"] for one in project.tasks()] == [1, 1, 1]
    assert project.run("plan").last_line.startswith("No changes")


def test_everything_that_names_a_file_names_it_in_either_form(
    tmp_path: Path, on_disk: object
) -> None:
    assert callable(on_disk)
    other = apart if on_disk is str else str
    project = Project(tmp_path / "data")
    project.write(on_disk("Köln/à/é.PNG"), png(1))
    project.write(on_disk("Bäume/é.png"), png(2))
    project.write(on_disk("Bäume/ß.png"), mask())
    project.write(on_disk("mäsk/ß.png"), mask())
    project.write(on_disk("klassen/fü.json"), {name: list(one) for name, one in CLASSES.items()})
    project.write(on_disk("liste/è.json"), [{"name": "l", "items": [other("../Bäume/é.png")]}])
    project.manifest(
        other(
            "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
            "datapoints:\n"
            '  - {glob: "Köln/**/*.{png,PNG}", name: "{stem}"}\n'
            "  - {name: explicit, items: [Bäume/é.PNG]}\n"
            "  - {items_list: liste/è.json}\n"
            "masks:\n"
            '  - {glob: "mäsk/*.png", image: "Bäume/{stem}.png", class_map: klassen/fü.json,'
            " name: m}\n"
        )
    )
    ran = project.apply()
    assert ran.last_line == "Apply complete: 4 created, 0 updated, 0 deleted, 0 failed.", ran.err
    assert sorted(one["name"] for one in project.tasks()) == ["explicit", "l", "m", "é"]


def test_a_file_that_is_written_anew_in_the_other_form_is_no_change(project: Project) -> None:
    file = project.write("images/Müller.png", png(1))
    project.write("labels/Müller.json", [BOX])
    project.apply()
    file.rename(project.folder / "images" / apart("Müller.png"))
    assert project.run("plan").last_line.startswith("No changes")


def test_of_two_spellings_of_one_name_nobody_is_chosen(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    project.write("a.PNG", png(1))
    project.write("a.Png", png(2))
    project.manifest("datapoints:\n  - {name: a, items: [a.png]}\n")
    ran = project.run("plan")
    assert ran.code == 65
    assert "there is no file `a.png`" in ran.err


JOINED = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Hindi": "\u0915\u094d\u200d\u0937",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
}


@pytest.mark.parametrize("name", JOINED.values(), ids=JOINED)
def test_joiners_are_part_of_names_and_shown_as_they_are(project: Project, name: str) -> None:
    project.write(f"images/{name}.png", png(1))
    ran = project.run("plan")
    assert ran.code == 0
    assert f"images/{name}.png" in ran.err


@pytest.mark.parametrize("hidden", ["\u202e", "\u00ad", "\u200b", "\u2066"])
def test_what_hides_in_a_name_is_refused_with_a_way_out(project: Project, hidden: str) -> None:
    project.write(f"images/a{hidden}b.png", png(1))
    ran = project.run("plan")
    assert ran.code == 65
    assert f"has the invisible character U+{ord(hidden):04X}" in ran.err
    assert "rename the file, or give the datapoint another `name`" in ran.err
    (project.folder / f"images/a{hidden}b.png").rename(project.folder / "images/ab.png")
    assert project.run("plan").code == 0
