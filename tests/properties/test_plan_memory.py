"""Stories of edits, plans and runs: what is remembered of files never changes a plan.

After each step the plan that uses what earlier ones remembered is compared with one that
remembers nothing. ``PLAN_STORIES=2000`` tells so many stories instead of a few.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import rbsync.files.tree_hashing as trees
from rbsync.dataset import remembered
from rbsync.errors import RbsyncError, UserError
from rbsync.files import listings_on_disk
from rbsync.manifest.load import load_manifest
from rbsync.model.plan import Plan
from rbsync.sync import memo
from rbsync.sync import workspace as workspaces
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.state_editing import forget
from rbsync.sync.workspace import Workspace, open_workspace
from tests.dicoms import dicom
from tests.masks.pictures import painted
from tests.masks.pictures import png as picture
from tests.scenarios.pictures import CLASSES, EMPTY, ONE, photo
from tests.scenarios.project import BOX, Project
from tests.stories import tell
from tests.sync.conftest import no_cache

MOST_CALLS = 30_000
"""About as many as a plan of everything takes here."""
STORIES = int(os.environ.get("PLAN_STORIES", "0"))
ROOM = "/dev/shm" if os.path.isdir("/dev/shm") else None

ACCENTED = "\u00e9.png"
FOLDERS = ("images/a", "images/b", "images/b/deep")
FILES = ("1.png", "2.png", "3.PNG", ACCENTED, unicodedata.normalize("NFD", ACCENTED))
IMAGES = ("1.png", *(f"{folder}/{file}" for folder in FOLDERS for file in FILES))
STEMS = ("1", "2", "3", "\u00e9")
LABELS = tuple(
    f"{folder}/{stem}.{suffix}"
    for folder in ("labels", "labels/a", "labels/b", "images/a")
    for stem in STEMS
    for suffix in ("json", "JSON")
)
MASKS = tuple(f"masks{folder}/{stem}.png" for folder in ("", "/a") for stem in STEMS)
FRAMES = tuple(f"videos/{video}/{number}.png" for video in "xy" for number in (1, 2, 10))
SLICES = ("scans/1.dcm", "scans/2.dcm", "scans/more/1.dcm")
PICTURES = st.sampled_from((*IMAGES, *FRAMES, *SLICES))
MOVED = (
    "scans/more",
    "images/a",
    "images/b",
    "images/c",
    "labels",
    "labels/a",
    "masks",
    "videos/x",
    "videos/z",
)

# Most of them find something, so that most plans are about actions and not about mistakes.
GLOBS = (
    "images/**/*.png",
    "images/**/*.{png,PNG}",
    "images/{site}/*.png",
    "images/a/*.png",
    "images/${RBSYNC_VAR_SITE:-a}/*.png",
)
NAMES = ("{path}", "{path}", "{path}", "{dir}-{stem}", "{stem}")
LABELLED = (
    "",
    "labels/{stem}.json?",
    "labels/{parent}/{stem}.json?",
    "{dir}/{stem}.json?",
    "labels/{parent}/{stem}.json",
)
EXCLUDED = ("", "", "**/3.*", "images/b/**", "images/none/**")
IGNORED = ("2.png\n", "deep/\n", "*.json\n", "# nothing\n", "!1.png\n*.png\n")
OTHERS = {
    "more": "datapoints:  - {glob: 'images/a/*.png', name: 'again/{stem}'}",
    "root": "datapoints:  - {glob: '*.png', allow_empty: true}",
    "frames": "datapoints:  - {frames: 'videos/*/', labels: 'labels/{file}.json?'}",
    "list": "datapoints:  - {items_list: list.json}",
    "explicit": "datapoints:  - {name: by hand, items: [images/a/1.png], labels: labels/1.json}",
    "urls": "datapoints:  - {name: far, items: ['https://example.com/a.png'], storage: public}",
    "masks": "masks:  - {glob: 'masks/**/*.png', image: 'images/a/{stem}.png',"
    " name: 'mask/{path}', class_map: class_map.json, allow_empty: true}",
    "coco": "masks:  - {coco: coco.json, images: images/b}",
    "series": "datapoints:  - {name: study, series: [{items: 'scans/**/*.dcm'}]}",
    "masked": "datapoints:  - {glob: 'images/b/*.png', name: 'masked/{stem}',"
    " mask: 'masks/{stem}.png?', class_map: class_map.json, exclude: ['images/b/3*'],"
    " allow_empty: true}",
    "by hand": "datapoints:  - {name: masked by hand, items: [images/b/1.png],"
    " mask: 'masks/1.png?', class_map: class_map.json}",
    "whole": "datapoints:  - {glob: 'images/b/*.png', name: 'whole/{stem}',"
    " complete_when: {marker: '{stem}.json'}, allow_empty: true}",
}
HEADS = (
    "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}",
    "project: {type: IMAGE_MULTI, taxonomy: [car, bus, tram]}",
    "project: {type: IMAGE_MULTI, taxonomy: [bus]}",
    "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\ndefaults: {priority: 0.5}",
    "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\nhash: sha256",
)
SITES = ("a", "b", "nowhere")
SOME_OTHERS = st.sets(st.sampled_from(sorted(OTHERS)), max_size=3)
LISTS: dict[str, Callable[[int], Any]] = {
    "list.json": lambda n: [
        {"name": f"listed {at}", "items": [f"images/b/{at}.png"], "priority": n / 10}
        for at in (1, 2)
    ],
    "class_map.json": lambda n: dict(list(CLASSES.items())[: 1 + n % 2]),
    "coco.json": lambda n: {
        "images": [{"id": 1, "file_name": "1.png", "width": 4, "height": 3}],
        "categories": [{"id": 8, "name": "car"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 8, "iscrowd": 0,
             "segmentation": [[0, 0, 1 + n % 3, 0, 2, 2, 0, 2]]},
        ],
    },
}  # fmt: skip
OPTIONS = (
    PlanOptions(),
    PlanOptions(keep_going=True),
    PlanOptions(keep_going=True, prune=True),
    PlanOptions(keep_going=True, target="images/a/**"),
    PlanOptions(keep_going=True, insist=True, on_move="recreate"),
    PlanOptions(prune=True, target="again/*"),
    PlanOptions(keep_going=True, offline=True),
    PlanOptions(keep_going=True, plans_again=True),
)
options = st.sampled_from(OPTIONS)
versions = st.integers(0, 3)


def written(path: str, version: int) -> bytes:
    """A file's content, sound for its name."""
    if path.endswith((".json", ".JSON")):
        make = LISTS.get(path)
        return json.dumps(make(version) if make else [{**BOX}] * (version % 3)).encode()
    if path.endswith(".dcm"):
        return dicom(version)
    if path.startswith("masks"):
        return picture(painted(EMPTY if version == 3 else ONE, CLASSES))
    # Most scans of one machine have one size: size alone tells nothing.
    return photo(version, (4, 3), compress_level=0)


class Story(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.project = Project(Path(tempfile.mkdtemp(prefix="plan-memory-", dir=ROOM)))
        self.folder = self.project.folder
        self.planned: list[str] = []
        self.sources: tuple[str, ...] = ()

    @initialize(
        glob=st.sampled_from(GLOBS[:2]),
        labels=st.sampled_from(LABELLED[:4]),
        most=st.sampled_from((5_000, 2)),
        least=st.sampled_from((listings_on_disk.LEAST, 1)),
    )
    def begin(self, glob: str, labels: str, most: int, least: int) -> None:
        """In half of the stories a few files at once are a burst, and listings are put away."""
        remembered.MOST_IN_PARTS, listings_on_disk.LEAST = most, least
        for path in ("images/a/1.png", "images/a/2.png", "images/b/1.png", "images/b/deep/1.png"):
            self._write(path, 0)
        self._write("labels/1.json", 1)
        self._write("labels/a/1.json", 1)
        self._write("images/a/1.json", 1)
        self._write("masks/1.png", 0)
        self._write("videos/x/1.png", 0)
        self._write("scans/1.dcm", 0)
        for path in LISTS:
            self._write(path, 1)
        self._declare(glob, "{path}", labels, "", frozenset(), prune=False)
        self._run(OPTIONS[0])
        self._check(OPTIONS[0])
        self._check(OPTIONS[0])

    @rule(path=PICTURES, version=versions, option=options)
    def write_a_picture(self, path: str, version: int, option: PlanOptions) -> None:
        self._write(path, version)
        self._check(option)

    @rule(
        path=st.sampled_from((*LABELS, *MASKS, *LISTS)),
        version=versions,
        option=options,
    )
    def write_what_belongs_to_pictures(self, path: str, version: int, option: PlanOptions) -> None:
        self._write(path, version)
        self._check(option)

    @rule(data=st.data(), option=options)
    def remove(self, data: st.DataObject, option: PlanOptions) -> None:
        if path := self._any(data):
            path.unlink()
            self._check(option)

    @rule(data=st.data(), path=PICTURES, option=options)
    def rename(self, data: st.DataObject, path: str, option: PlanOptions) -> None:
        old, new = self._any(data), self.folder / path
        if old and not new.is_dir():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
            self._check(option)

    @rule(old=st.sampled_from(MOVED), new=st.sampled_from(MOVED), option=options)
    def rename_a_folder(self, old: str, new: str, option: PlanOptions) -> None:
        here, there = self.folder / old, self.folder / new
        if here.is_dir() and not there.exists() and not new.startswith(old):
            there.parent.mkdir(parents=True, exist_ok=True)
            here.rename(there)
            self._check(option)

    @rule(path=st.sampled_from(MOVED), option=options)
    def remove_a_folder(self, path: str, option: PlanOptions) -> None:
        if (self.folder / path).is_dir():
            shutil.rmtree(self.folder / path)
            self._check(option)

    @rule(data=st.data(), option=options)
    def become_a_folder(self, data: st.DataObject, option: PlanOptions) -> None:
        """A file gives its name to a folder that has it, and has it back."""
        if path := self._any(data):
            draft = path.with_name("draft")
            path.rename(draft)
            path.mkdir()
            draft.rename(path / "1.png")
            self._check(option)
            (path / "1.png").rename(draft)
            path.rmdir()
            draft.rename(path)
            self._check(option)

    @rule(data=st.data(), option=options)
    def spell_otherwise(self, data: st.DataObject, option: PlanOptions) -> None:
        """The same name in capitals, or no more in them."""
        if path := self._any(data):
            path.rename(path.with_name(path.name.swapcase()))
            self._check(option)

    @rule(data=st.data(), option=options)
    def go_and_come_back(self, data: st.DataObject, option: PlanOptions) -> None:
        """A file is away for one plan, and is then what it was, with its time."""
        if path := self._any(data):
            away = Path(tempfile.mkdtemp(dir=self.folder.parent)) / "away"
            path.rename(away)
            self._check(option)
            path.parent.mkdir(parents=True, exist_ok=True)
            away.rename(path)
            away.parent.rmdir()
            self._check(option)

    @rule(data=st.data(), mode=st.sampled_from((0o444, 0o755)), option=options)
    def change_permissions(self, data: st.DataObject, mode: int, option: PlanOptions) -> None:
        if path := self._any(data):
            path.chmod(mode)
            self._check(option)

    @rule(data=st.data(), version=versions, option=options)
    def write_unseen(self, data: st.DataObject, version: int, option: PlanOptions) -> None:
        """Other bytes with the old time, as `cp -p` and `rsync -t` leave them."""
        if path := self._any(data):
            before = path.stat()
            path.write_bytes(written(self._name(path), version))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            self._check(option)

    @rule(data=st.data(), version=versions, option=options)
    def swap(self, data: st.DataObject, version: int, option: PlanOptions) -> None:
        """Another file in its place, with the old time, as editors do it."""
        if path := self._any(data):
            before, draft = path.stat(), path.with_name(".draft")
            draft.write_bytes(written(self._name(path), version))
            os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
            draft.rename(path)
            self._check(option)

    @rule(data=st.data(), option=options)
    def touch(self, data: st.DataObject, option: PlanOptions) -> None:
        if path := self._any(data):
            os.utime(path, ns=(10**18, 10**18))
            self._check(option)

    @rule(
        folder=st.sampled_from(("", "images", "images/a", "labels")),
        text=st.sampled_from(("", *IGNORED)),
        option=options,
    )
    def ignore(self, folder: str, text: str, option: PlanOptions) -> None:
        path = self.folder / folder / ".rbsyncignore"
        if text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        else:
            path.unlink(missing_ok=True)
        self._check(option)

    @rule(path=PICTURES, there=st.sampled_from((*IMAGES, "images/b", "nowhere")), option=options)
    def link(self, path: str, there: str, option: PlanOptions) -> None:
        file = self.folder / path
        if not file.is_dir():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            file.symlink_to(os.path.relpath(self.folder / there, file.parent))
            self._check(option)

    @rule(
        glob=st.sampled_from(GLOBS),
        name=st.sampled_from(NAMES),
        labels=st.sampled_from(LABELLED),
        exclude=st.sampled_from(EXCLUDED),
        others=SOME_OTHERS,
        prune=st.booleans(),
        option=options,
    )
    def declare(
        self,
        glob: str,
        name: str,
        labels: str,
        exclude: str,
        others: frozenset[str],
        prune: bool,
        option: PlanOptions,
    ) -> None:
        self._declare(glob, name, labels, exclude, others, prune=prune)
        self._check(option)

    @rule(head=st.sampled_from(HEADS), option=options)
    def declare_it_otherwise(self, head: str, option: PlanOptions) -> None:
        """Other classes, settings of all, or digests, and the same sources."""
        _, *rest = self.sources
        self._write_manifest(head, *rest)
        self._check(option)

    @rule(lines=st.integers(0, 3), option=options)
    def say_the_same_elsewhere(self, lines: int, option: PlanOptions) -> None:
        """Comments before all else, and at the end."""
        self.project.manifest("# Nothing.\n" * lines + "\n".join(self.sources) + "\n# No more.\n")
        self._check(option)

    @rule(site=st.sampled_from(SITES), option=options)
    def change_the_environment(self, site: str, option: PlanOptions) -> None:
        with mock.patch.dict(os.environ, {"RBSYNC_VAR_SITE": site}):
            self._check(option)
        self._check(option)

    @rule(glob=st.sampled_from(GLOBS), name=st.sampled_from(NAMES), option=options)
    def plan_another_manifest(self, glob: str, name: str, option: PlanOptions) -> None:
        """Two manifests of one folder have one memory."""
        kept = self.sources
        self._write_manifest(HEADS[0], "", _sources({"glob": glob, "name": name}, frozenset()))
        (self.folder / "rbsync.yaml").rename(self.folder / "other.yaml")
        self._write_manifest(*kept)
        self._check(option, "other.yaml")
        self._check(option)

    @rule(option=options)
    def plan(self, option: PlanOptions) -> None:
        self._check(option)

    @rule(option=options)
    def look_too_early(self, option: PlanOptions) -> None:
        """A plan while nothing is old enough to be believed."""
        with mock.patch.object(trees, "RACY", 3 * 10**9):
            self._check(option)

    @rule(calls=st.integers(1, MOST_CALLS), option=options)
    def be_killed_while_planning(self, calls: int, option: PlanOptions) -> None:
        """Only what the plan wrote of its memory until then is left."""
        child = os.fork()
        if not child:
            _die_after(calls)
            self._told(option)
            os._exit(0)
        os.waitpid(child, 0)
        self._check(option)

    @rule(option=options)
    def lose_what_is_remembered(self, option: PlanOptions) -> None:
        for file in (self.folder / ".rbsync").glob("cache.db*"):
            file.unlink()
        self._check(option)

    @rule(option=options, after=options)
    def apply(self, option: PlanOptions, after: PlanOptions) -> None:
        self._run(option)
        self._check(after)

    @rule(data=st.data(), option=options)
    def fail(self, data: st.DataObject, option: PlanOptions) -> None:
        """A run in which a picture changes after it was planned."""
        if path := self._any(data):
            self._run(option, lambda: path.write_bytes(photo(77)))
            self._check(option)

    @precondition(lambda self: self.planned)
    @rule(data=st.data(), option=options)
    def forget_a_record(self, data: st.DataObject, option: PlanOptions) -> None:
        with self._opened() as workspace:
            known = sorted(workspace.store.records())
            if known:
                forget(workspace, (data.draw(st.sampled_from(known)),), 1.0)
        self._check(option)

    def _write(self, path: str, version: int) -> None:
        file = self.folder / path
        if not file.is_dir():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True) if file.is_symlink() else None
            file.write_bytes(written(path, version))

    def _declare(
        self,
        glob: str,
        name: str,
        labels: str,
        exclude: str,
        others: frozenset[str],
        *,
        prune: bool,
    ) -> None:
        source = {"glob": glob, "name": name}
        if labels:
            source["labels"] = labels
        whole = source | ({"exclude": [exclude]} if exclude else {})
        policy = f"policy: {{prune: {json.dumps(prune)}, max_delete: 1.0}}"
        self._write_manifest(HEADS[0], policy, _sources(whole, others))

    def _write_manifest(self, *parts: str) -> None:
        self.sources = parts
        self.project.manifest("\n".join(parts) + "\n")

    def _any(self, data: st.DataObject) -> Path | None:
        """A file that is there, and is not rbsync's own."""
        files = sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix != ".yaml" and ".rbsync" not in path.parts
        )
        return data.draw(st.sampled_from(files)) if files else None

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    @contextmanager
    def _opened(self, file: str = "rbsync.yaml") -> Iterator[Workspace]:
        manifest = load_manifest(str(self.folder / file))
        with open_workspace(manifest) as workspace:
            yield workspace

    def _run(self, option: PlanOptions, meanwhile: Callable[[], object] = lambda: None) -> None:
        try:
            with self._opened() as workspace:
                plan = make_plan(workspace, option)
                meanwhile()
                applying = ApplyOptions(option, renewal="nothing", force=True)
                apply_plan(workspace, plan, applying)
                self.planned = [*self.planned, *plan.names]
        except RbsyncError:
            return

    def _check(self, option: PlanOptions, file: str = "rbsync.yaml") -> None:
        """Compares the plan, and the one after it, with that of who remembers nothing."""
        told = self._told(option, file)
        again = self._told(option, file) if STORIES else told
        with mock.patch.object(workspaces, "Cache", no_cache):
            expected = self._told(option, file)
        assert told == expected
        assert again == expected

    def _told(self, option: PlanOptions, file: str = "rbsync.yaml") -> object:
        """All that a plan says; or all that is wrong."""
        try:
            with self._opened(file) as workspace:
                plan = make_plan(workspace, option)
        except UserError as error:
            return [str(one) for one in error.problems], error.hint
        except RbsyncError as error:
            return type(error), str(error)
        return _facts(plan)

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _sources(source: dict[str, Any], others: frozenset[str]) -> str:
    parts = {"datapoints": [f"  - {json.dumps(source)}"], "masks": []}
    for other in sorted(others):
        key, _, line = OTHERS[other].partition(":")
        parts[key].append(line)
    return "\n".join("\n".join([f"{key}:", *some]) for key, some in parts.items() if some)


def _die_after(calls: int) -> None:
    """Kills this process after so many calls of functions, be they Python's or C's."""
    left = calls

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


def _facts(plan: Plan) -> dict[str, Any]:
    """A plan member by member, so that a difference is told by its name."""
    compared = (one.name for one in dataclasses.fields(plan) if one.compare)
    return {name: getattr(plan, name) for name in compared}


@pytest.fixture(autouse=True)
def old_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What just changed counts as old: between two steps the clock of the disk moves on."""
    # Set back with this, for each story sets its own.
    monkeypatch.setattr(remembered, "MOST_IN_PARTS", remembered.MOST_IN_PARTS)
    monkeypatch.setattr(listings_on_disk, "LEAST", listings_on_disk.LEAST)
    monkeypatch.setattr(listings_on_disk, "FEW", 0)
    monkeypatch.setattr(memo, "MOST_OF_UNIT", 0)
    monkeypatch.setattr(trees, "RACY", -(10**9))


# Two thousand stories take hours.
@pytest.mark.timeout(0 if STORIES else 600)
def test_a_plan_is_the_same_with_and_without_what_is_remembered() -> None:
    tell(Story, stories=STORIES or 12, steps=40 if STORIES else 12)
