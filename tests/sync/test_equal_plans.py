"""Changes by which a plan that remembered once told something else than one that did not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from rbsync.dataset.build import Readers
from rbsync.dataset.items import Files
from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.sync import workspace as workspaces
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import open_workspace
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import IN_FOLDERS, Open, no_cache

pytestmark = pytest.mark.usefixtures("old_files")

Step = Callable[[Path], object]


@pytest.fixture
def known(applied: Open) -> Open:
    """As `applied`, after a plan that is remembered."""
    with applied() as workspace:
        assert not make_plan(workspace).actions
    return applied


@pytest.fixture
def folder(tmp_path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(IN_FOLDERS)
    for number, name in enumerate(("a/1", "a/2", "b/3")):
        made.write(f"images/{name}.png", png(number))
    for name in ("1", "9"):
        made.write(f"labels/{name}.json", [BOX])
    return made


def told(folder: Project, *, keep_going: bool, file: str = "rbsync.yaml") -> Any:
    """All that a plan says; or all that is wrong."""
    try:
        with chdir(folder.folder), open_workspace(load_manifest(file)) as workspace:
            plan = make_plan(workspace, PlanOptions(keep_going=keep_going))
    except UserError as error:
        return error.problems
    compared = (one.name for one in dataclasses.fields(plan) if one.compare)
    return {name: getattr(plan, name) for name in compared}


def check(folder: Project, monkeypatch: pytest.MonkeyPatch, file: str = "rbsync.yaml") -> None:
    """Plans as users do, with and without ``--keep-going``, and once remembering nothing."""
    for keep_going in (False, True):
        plans = [told(folder, keep_going=keep_going, file=file) for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(workspaces, "Cache", no_cache)
            expected = told(folder, keep_going=keep_going, file=file)
        assert plans == [expected, expected]


def apply(opened: Open) -> None:
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions(force=True))


def become(kind: str) -> Step:
    """A step after which this stands at `labels`, nothing for an empty text.

    The folder itself is kept beside it.
    """

    def step(folder: Path) -> None:
        labels, kept = folder / "labels", folder / "kept"
        if not kept.exists():
            labels.rename(kept)
        elif labels.is_dir() and not labels.is_symlink():
            labels.rmdir()
        else:
            labels.unlink(missing_ok=True)
        if kind == "file":
            labels.write_bytes(b"")
        elif kind == "folder":
            labels.mkdir()
        elif kind:
            labels.symlink_to("kept" if kind == "link" else kind)

    return step


LABELS = {
    # The folder was forgotten when it was gone, and nobody looked for what came in its place.
    "empty, gone, a link": ("folder", "apply", "", "link"),
    # What could not be read spoke for the labels, and stood for ever.
    "a file, nothing": ("", "file", "nowhere"),
    "a file, empty": ("", "file", "folder"),
    # Its other label files were those that had been seen when nobody could look into it.
    "a file, a link": ("", "file", "link"),
}


@pytest.mark.parametrize("story", LABELS)
def test_a_folder_of_labels_that_is_something_else(
    folder: Project, applied: Open, monkeypatch: pytest.MonkeyPatch, story: str
) -> None:
    check(folder, monkeypatch)
    for kind in LABELS[story]:
        if kind == "apply":
            apply(applied)
        else:
            become(kind)(folder.folder)
        check(folder, monkeypatch)


def test_what_is_told_of_all_label_files_is_told_while_one_is_looked_at_again(
    folder: Project, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.manifest(
        IN_FOLDERS.replace(
            '"labels/{stem}.json?"', '{format: labelme, file: "labels/{stem}.json?"}'
        )
    )
    for name, label in (("1", "car"), ("2", "car"), ("2", "tram")):
        box = {"label": label, "points": [[0, 0], [1, 1]], "shape_type": "rectangle"}
        drawn = {"shapes": [box], "imageHeight": 2, "imageWidth": 2, "imagePath": f"{name}0.png"}
        folder.write(f"labels/{name}.json", drawn)
        check(folder, monkeypatch)
        # What is not done yet, or wrong, is looked at again by each plan, and the first file not.
        if name == "1":
            apply(opened)
    assert [
        one.code for one in told(folder, keep_going=True)["warnings"] if one.location.line == 5
    ] == ["other-picture"]


@pytest.mark.usefixtures("applied")
def test_a_folder_of_a_source_is_missed_that_was_empty_before(
    folder: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.manifest(IN_FOLDERS + "  - {glob: 'more/*.png', allow_empty: true}\n")
    more = folder.write("more/1.png", png(7))
    check(folder, monkeypatch)
    for remove in (more.unlink, more.parent.rmdir):
        remove()
        check(folder, monkeypatch)
    assert "`more` does not exist" in told(folder, keep_going=False)[0].message


@pytest.mark.usefixtures("applied")
def test_a_label_file_is_no_stray_once_its_image_is_there(
    folder: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(folder, monkeypatch)
    assert "`9.json`" in told(folder, keep_going=False)["warnings"][0].message
    folder.write("images/b/9.png", png(9))
    check(folder, monkeypatch)
    assert not told(folder, keep_going=False)["warnings"]


@pytest.mark.usefixtures("applied")
def test_a_warning_names_the_manifest_as_it_is_spelt_now(
    folder: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("rbsync.yaml", str(folder.folder / "rbsync.yaml"), "./rbsync.yaml"):
        check(folder, monkeypatch, file)
        (warning,) = told(folder, keep_going=False, file=file)["warnings"]
        assert warning.location.file == file


@pytest.mark.usefixtures("applied")
def test_a_warning_of_two_sources_names_their_lines_as_they_are_now(
    folder: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = IN_FOLDERS + "  - {glob: 'images/a/*.png', name: 'again/{stem}'}\n"
    for comment in ("", "# One.\n", "# One.\n# Two.\n", ""):
        folder.manifest(comment + text)
        check(folder, monkeypatch)
        warnings = told(folder, keep_going=False)["warnings"]
        # The head of each manifest here has one line.
        assert [one.message.count(f":{4 + comment.count(chr(10))})") for one in warnings] == [0, 1]


def plan_while(
    folder: Project,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[], object],
    before: tuple[type, str],
) -> None:
    """A plan during which a step is taken, before the call of some method."""
    method = getattr(*before)

    def later(*given: Any) -> None:
        step()
        method(*given)

    with monkeypatch.context() as patched:
        patched.setattr(*before, later)
        told(folder, keep_going=True)


ALL_READ = Files, "check_structure"
ALL_MADE = Readers, "conclude"


@pytest.mark.parametrize("moment", [ALL_READ, ALL_MADE])
def test_a_link_on_the_way_that_is_switched_during_a_plan(
    folder: Project, opened: Open, monkeypatch: pytest.MonkeyPatch, moment: tuple[type, str]
) -> None:
    for version in (1, 2):
        folder.write(f"data/{version}/1.png", png(version))
    current = folder.folder / "data/current"
    current.symlink_to("1")
    (folder.folder / "images/b/9.png").symlink_to("../../data/current/1.png")

    def switch() -> None:
        current.unlink()
        current.symlink_to("2")

    apply(opened)
    # A plan of everything.
    folder.manifest(IN_FOLDERS + "policy: {prune: true}\n")
    plan_while(folder, monkeypatch, switch, moment)
    check(folder, monkeypatch)
    assert len(told(folder, keep_going=False)["actions"]) == 1


@pytest.mark.parametrize("moment", [ALL_READ, ALL_MADE])
def test_a_link_that_leads_nowhere_in_the_middle_of_a_plan(
    folder: Project, monkeypatch: pytest.MonkeyPatch, moment: tuple[type, str]
) -> None:
    link = folder.folder / "images/b/9.png"
    link.symlink_to("../a/1.png")

    def switch() -> None:
        link.unlink()
        link.symlink_to("../a/nowhere.png")

    plan_while(folder, monkeypatch, switch, moment)
    check(folder, monkeypatch)


def test_a_decision_about_nothing_is_told_where_there_is_nothing_to_do(known: Open) -> None:
    for option in (PlanOptions(theirs=("nobody",)), PlanOptions(ours=("nobody",))):
        with known() as workspace:
            plan = make_plan(workspace, option)
        assert not plan.actions
        assert "no datapoint has the name `nobody`" in plan.warnings[-1].message
