"""Names of files as disks and people spell them: Unicode's form and the case of suffixes."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from tests.hints.following import follows
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
    assert f"images/{name}.png" in ran.out


@pytest.mark.parametrize("hidden", ["\u202e", "\u00ad", "\u200b", "\u2066"])
def test_what_hides_in_a_name_is_refused_with_a_way_out(project: Project, hidden: str) -> None:
    project.write(f"images/a{hidden}b.png", png(1))
    ran = project.run("plan")
    assert ran.code == 65
    assert f"has the invisible character U+{ord(hidden):04X}" in ran.err
    assert "rename the file, or give the datapoint another `name`" in ran.err
    (project.folder / f"images/a{hidden}b.png").rename(project.folder / "images/ab.png")
    assert project.run("plan").code == 0


GLOB_OF_ONE = 'datapoints:\n  - glob: "images/*.png"\n'


def told(project: Project, manifest: str, *said: str) -> None:
    project.manifest(manifest)
    ran = project.run("plan")
    assert ran.code == 65
    for one in said:
        assert one in ran.err, ran.err


@pytest.mark.parametrize("written", ["item", "glob", "folder"])
@follows("put back what it leads to, or take the link away")
def test_a_link_that_leads_nowhere_is_called_that(project: Project, written: str) -> None:
    project.write("images/a.png", png(1))
    (project.folder / "images/l.png").symlink_to("gone.png")
    (project.folder / "moved").symlink_to("gone")
    manifest, said = {
        "item": ("datapoints:\n  - {name: x, items: [images/l.png]}\n", "`images/l.png` is a link"),
        "glob": (GLOB_OF_ONE, "`images/l.png` is a link that leads nowhere: `gone.png` is not"),
        "folder": (
            'datapoints:\n  - glob: "moved/*.png"\n',
            "`moved` is a link that leads nowhere",
        ),
    }[written]
    told(project, manifest, said)
    # The hint is followed: what it leads to is put back.
    assert "put back what it leads to, or take the link away" in project.run("plan").err
    project.write("images/gone.png", png(2))
    project.write("gone/b.png", png(3))
    assert project.run("plan").code == 0


@pytest.mark.parametrize(
    ("manifest", "hint"),
    [
        ("datapoints:\n  - glob: 'images\\*.png'\n", "`images/*.png`"),
        ("datapoints:\n  - {name: a, items: ['images\\a.png']}\n", "`images/a.png`"),
        ("datapoints:\n  - items_list: l.csv\n", "`images/a.png`"),
    ],
)
def test_a_path_of_windows_is_told_with_slashes(project: Project, manifest: str, hint: str) -> None:
    project.write("images/a.png", png(1))
    project.write("l.csv", "name,item\na,images\\a.png\n")
    told(project, manifest, f"write / between folders: {hint}")
    project.manifest(manifest.replace("\\", "/"))
    project.write("l.csv", "name,item\na,images/a.png\n")
    assert project.run("plan").code == 0


@pytest.mark.parametrize(
    ("path", "pattern", "hint"),
    [
        ("im [x]/a.png", "im [x]/*.png", "im [[]x]/*.png"),
        ("images/a [1].png", "images/a [1].png", "images/a [[]1].png"),
    ],
)
def test_brackets_in_a_name_are_told_apart_from_a_choice(
    project: Project, path: str, pattern: str, hint: str
) -> None:
    project.write(path, png(1))
    told(project, f'datapoints:\n  - glob: "{pattern}"\n', f"brackets in its name write `{hint}`")
    project.manifest(f'datapoints:\n  - glob: "{hint}"\n')
    assert project.run("plan").code == 0


@pytest.mark.parametrize("command", ["explain", "show", "state show", "log"])
def test_a_name_is_found_however_a_shell_spells_it(project: Project, command: str) -> None:
    """A Mac's shell completes the names of files with their accents apart."""
    project.write("images/Möwe.png", png(1))
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    assert project.apply().code == 0
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "images/Möwe.png")
        ran = project.run(*command.split(), name)
        assert ran.code == 0, ran.err
        assert ran.out


def test_a_category_in_another_unicode_form_is_told_as_that(project: Project) -> None:
    """Its own word as a guess would look like a joke."""
    project.write("images/a.png", png(1))
    project.write(
        "l/a.json", [{**BOX, "category": [["object", unicodedata.normalize("NFD", "Möwe")]]}]
    )
    told(
        project,
        "project: {type: IMAGE_MULTI, taxonomy: [Möwe]}\n"
        'datapoints:\n  - {glob: "images/*.png", labels: "l/{stem}.json"}\n',
        '"Möwe" is written with other code points there: copy it from there',
    )


@pytest.mark.parametrize("file", ["labels", "class map"])
def test_another_encoding_is_told_with_its_byte(project: Project, file: str) -> None:
    project.write("images/a.png", png(1))
    project.write("x.json", b'{\n"\xe4": 1}')
    key = {"labels": "labels: x.json", "class map": "mask: images/a.png, class_map: x.json"}[file]
    told(
        project,
        "project: {type: IMAGE_MULTI, taxonomy: [car]}\n"
        f'datapoints:\n  - {{glob: "images/*.png", {key}}}\n',
        "no JSON text: byte 0xe4 in line 2 is not UTF-8; save it as UTF-8",
    )
