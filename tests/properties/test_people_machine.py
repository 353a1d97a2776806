"""Stories of a team: two clones, a job without a state, and an annotator, at one project.

Whatever they do, and wherever a command dies, every drawing that anybody ever made is at the
project or in a history, and nobody's run replaced a drawing that its clone had not seen.
``PEOPLE_MACHINE=nightly`` tells more and longer stories; a number instead tells so many of twelve
steps, others each time, so that thousands can be told in pieces.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rbsync.applier import retrying
from rbsync.backends.base import TaskContent
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from tests.applier.mortal import CrashError
from tests.properties.one_life import OneLife
from tests.properties.team_at_work import (
    NOTHING,
    Clone,
    Declared,
    Place,
    base_of,
    drawing_of,
    is_as_stamped,
    kept_in,
)
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Ran
from tests.scenarios.two_clones import LocalClone
from tests.service.serving import serving
from tests.stories import tell

ASKED = os.environ.get("PEOPLE_MACHINE", "")
NIGHTLY = ASKED == "nightly"
STORIES, STEPS = (2000, 30) if NIGHTLY else (int(ASKED or 50), 12 if ASKED else 10)
ROOM = "/dev/shm" if os.path.isdir("/dev/shm") else None
KINDS = ("local", "served", "rewriting")
EXPECTED = {
    ExitCode.DONE,
    ExitCode.ERROR,
    ExitCode.SOME_FAILED,
    ExitCode.STALE,
    ExitCode.REFUSED,
    ExitCode.INCOMPLETE,
    # Of a saved plan: it was made before anybody knew what became of a run that died.
    ExitCode.UNSETTLED,
}

# Few names, so that what one does to a task meets what others did.
FIRST = ("a", "b", "file")
NAMES = (*FIRST, "c")
names = st.sampled_from(NAMES)
clones = st.sampled_from(["mine", "yours"])


@dataclass(frozen=True)
class Chance:
    """What happens while a command runs: where it dies, and who draws right before which look."""

    step: int = 0
    after: bool = False
    drawn: tuple[tuple[int, str], ...] = ()


chances = st.builds(
    Chance,
    step=st.sampled_from([0, 0, 0, *range(1, 16)]),
    after=st.booleans(),
    drawn=st.lists(st.tuples(st.integers(1, 5), names), max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Choice:
    """What somebody decides for all names: about orphans, conflicts and moves."""

    prune: bool = False
    decision: str = ""
    on_move: str = ""

    @property
    def options(self) -> list[str]:
        moves = ["--on-move", self.on_move] if self.on_move else []
        decided = [self.decision, "**"] if self.decision else []
        return ["--prune"] * self.prune + decided + moves


choices = st.builds(
    Choice,
    prune=st.booleans(),
    decision=st.sampled_from(["", "", "", "--ours", "--theirs"]),
    on_move=st.sampled_from(["", "", "", "carry", "keep", "recreate"]),
)


class Story(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="people-machine-", dir=ROOM))
        self.open = ExitStack()
        self.drawings = 0
        self.everything: set[int] = set()
        """The drawings that were at the project, but for those that their own authors replaced."""
        self.clones: dict[str, Clone] = {}
        self.repository: dict[str, Declared] = {}
        self.moved: dict[str, str] = {}
        self.in_git: set[int] = set()
        self.jobs = 0

    @initialize(kind=st.sampled_from(KINDS))
    def begin(self, kind: str) -> None:
        self.kind = kind
        self.url = ""
        if kind == "local":
            self.place = Place(self.folder / "local/.rbsync/project", None)
        else:
            served = serving(
                self.folder / "service", type="IMAGE_BBOX", rewrites=kind == "rewriting"
            )
            client = self.open.enter_context(served)
            self.url = client.url
            self.place = Place(self.folder / "service", client)
        self.repository = {name: Declared(name, self._new_drawing()) for name in FIRST}
        self.in_git = {one.drawing for one in self.repository.values()}
        for name in ("mine", "yours"):
            self.clones[name] = self._clone(name)
        self._run(self.clones["mine"], "apply", "--yes")

    def _clone(self, name: str) -> Clone:
        if self.kind == "local":
            local = LocalClone(self.folder / "local", name)
            own = local.folder / ".rbsync"
            made = Clone(local, f"{name}-", own / f"{name}.db", own / "history")
        else:
            remote = RemoteProject(self.folder / name, self.url)
            own = remote.folder / ".rbsync"
            made = Clone(remote, "", own / "state.db", own / "history")
        made.files, made.moved = dict(self.repository), dict(self.moved)
        made.write()
        return made

    def _new_drawing(self) -> int:
        self.drawings += 1
        return self.drawings

    # What people do with files.

    @rule(who=clones, name=names, what=st.sampled_from(["drawing", "none", "item", "settings"]))
    def edit(self, who: str, name: str, what: str) -> None:
        clone = self.clones[who]
        one = clone.files.get(name, Declared(name))
        match what:
            case "drawing":
                one = replace(one, drawing=self._new_drawing())
                self.in_git.add(one.drawing)
            case "none":
                one = replace(one, drawing=NOTHING)
            case "item":
                one = replace(one, item=one.item + 1)
            case _:
                one = replace(one, settings=(one.settings + 1) % 10)
        clone.files[name] = one
        clone.write()

    @rule(who=clones, name=names)
    def undeclare(self, who: str, name: str) -> None:
        self.clones[who].files.pop(name, None)
        self.clones[who].write()

    @rule(who=clones, old=names, new=names, is_other=st.booleans(), is_told=st.booleans())
    def rename(self, who: str, old: str, new: str, is_other: bool, is_told: bool) -> None:
        """Another item may come with the new name; then content alone does not tell of a move."""
        clone = self.clones[who]
        if old not in clone.files or new in clone.files:
            return
        one = clone.files.pop(old)
        clone.files[new] = replace(one, item=one.item + is_other)
        if is_told:
            clone.moved[old] = new
        clone.write()

    @rule(who=clones)
    def push(self, who: str) -> None:
        self.repository = dict(self.clones[who].files)
        self.moved = dict(self.clones[who].moved)

    @rule(who=clones)
    def fetch(self, who: str) -> None:
        self.clones[who].files = dict(self.repository)
        self.clones[who].moved = dict(self.moved)
        self.clones[who].write()

    # What people do at the project.

    @rule(name=names, is_empty=st.sampled_from([False, False, False, True]))
    def draw(self, name: str, is_empty: bool) -> None:
        if self._is_open(name):
            self._draw(name, NOTHING if is_empty else self._new_drawing())

    def _is_open(self, name: str) -> bool:
        """Tells whether people can draw there."""
        return name in self.place.tasks() and not self.place.is_put_away(name)

    def _draw(self, name: str, drawing: int) -> None:
        self._forget(name)
        self.place.draw(name, drawing)
        self._is_there(drawing)

    def _forget(self, name: str) -> None:
        """Who replaces a drawing by hand, or deletes it, does not want it any more."""
        task = self.place.tasks()[name]
        self.everything.discard(drawing_of(task.labels))
        for clone in self.clones.values():
            clone.foreign |= {name, base_of(task)}

    @rule(name=names)
    def somebody_deletes(self, name: str) -> None:
        if name in self.place.tasks():
            self._forget(name)
            self.place.remove(name)

    # What people, and jobs, do with rbsync.

    @rule(who=clones, choice=choices, redo=st.booleans(), chance=chances)
    def apply(self, who: str, choice: Choice, redo: bool, chance: Chance) -> None:
        chosen = [*choice.options, *(["--redo", "**"] * redo)]
        clone = self.clones[who]
        self._run(clone, "apply", "--yes", "--force", *chosen, chance=chance)

    @rule(who=clones, choice=choices)
    def save_plan(self, who: str, choice: Choice) -> None:
        clone = self.clones[who]
        self._take_in_stamps(clone)
        if choice.decision:
            # The plan shows what it is about to overwrite, or to leave.
            self._see_all(clone)
        file = f"{clone.prefix}plan.json"
        ran = clone.project.run("plan", "-o", file, *choice.options)
        assert ran.code in EXPECTED, ran
        clone.has_plan = (clone.project.folder / file).exists()

    @precondition(lambda self: any(one.has_plan for one in self.clones.values()))
    @rule(who=clones, chance=chances)
    def apply_plan(self, who: str, chance: Chance) -> None:
        clone = self.clones[who]
        if clone.has_plan:
            self._run(clone, "apply", f"{clone.prefix}plan.json", "--force", chance=chance)

    @rule(choice=choices, keeps=st.booleans(), chance=chances)
    def job(self, choice: Choice, keeps: bool, chance: Chance) -> None:
        """A job in a fresh clone, whose folder is thrown away; ``keeps`` has its history kept."""
        self.jobs += 1
        clone = self._clone(f"job{self.jobs}")
        chosen = list(choice.options)
        if keeps:
            clone.history = self.folder / "kept"
            chosen += ["--history", str(clone.history)]
        clone.foreign = set(NAMES)
        self._run(clone, "apply", "--yes", "--force", *chosen, chance=chance, CI="true")
        if not keeps and self.kind != "local":
            self._throw_away(clone)

    def _throw_away(self, clone: Clone) -> None:
        """What a job left of rbsync's own is in git; what people drew must have been kept."""
        shutil.rmtree(clone.project.folder)
        present = set(self._present().values())
        self.everything -= self.in_git - present

    @rule(who=clones, chance=chances)
    def undo(self, who: str, chance: Chance) -> None:
        self._run(self.clones[who], "undo", "--yes", "--force", chance=chance, judged=False)

    @rule(who=clones)
    def pull(self, who: str) -> None:
        clone = self.clones[who]
        self._take_in_stamps(clone)
        ran = clone.project.run("pull")
        assert ran.code in EXPECTED, ran
        clone.read()
        self.in_git |= {one.drawing for one in clone.files.values()}

    @rule(who=clones)
    def refresh(self, who: str) -> None:
        clone = self.clones[who]
        self._see_stamped(clone, NAMES)
        assert clone.project.run("refresh").code in EXPECTED

    @rule(who=clones)
    def lose_state(self, who: str) -> None:
        for name in ("", "-wal", "-shm"):
            Path(f"{self.clones[who].state}{name}").unlink(missing_ok=True)
        self.clones[who].foreign = set(NAMES)

    # What must hold.

    def _present(self) -> dict[str, int]:
        return {name: drawing_of(one.labels) for name, one in self.place.tasks().items()}

    def _is_there(self, drawing: int) -> None:
        if drawing != NOTHING:
            self.everything.add(drawing)

    def _take_in_stamps(self, clone: Clone) -> None:
        """Of what a state does not know, a command may take the stamps for what was left."""
        self._see_stamped(clone, clone.unrecorded(NAMES))

    def _see_stamped(self, clone: Clone, some: Sequence[str] | set[str]) -> None:
        for name, task in self.place.tasks().items():
            if name in some and is_as_stamped(task):
                clone.seen.add(drawing_of(task.labels))

    def _see_all(self, clone: Clone) -> None:
        clone.seen.update(self._present().values())

    def _run(
        self,
        clone: Clone,
        *arguments: str,
        chance: Chance = Chance(),
        judged: bool = True,
        **environment: str,
    ) -> Ran | None:
        """Runs a command; it replaces nothing that its clone had not seen when it began."""
        self._take_in_stamps(clone)
        if "--ours" in arguments or "--theirs" in arguments:
            self._see_all(clone)
        before = self.place.tasks()
        seen = set(clone.seen)
        meanwhile = Meanwhile(self, chance.drawn)
        life = OneLife(chance.step, after=chance.after, meanwhile=meanwhile)
        ran: Ran | None = None
        try:
            with life.lived(embedded=self.kind == "local"):
                ran = clone.project.run(*arguments, "--json", "--jobs", "1", **environment)
        except CrashError:
            assert chance.step
        told = before | meanwhile.before
        self._check_replaced(told, meanwhile.drawn, seen)
        self._note_changes(clone, before, meanwhile.drawn)
        if ran is not None:
            assert ran.code in EXPECTED, ran
            if judged:
                self._check_conflicts(clone, ran, told)
        return ran

    def _check_replaced(
        self, before: dict[str, TaskContent], drawn: dict[str, int], seen: set[int]
    ) -> None:
        present = self._present()
        for name, task in before.items():
            was = drawn.get(name, drawing_of(task.labels))
            if present.get(name) == was or _has_moved(was, before, present):
                continue
            said = f"{name}: {was} {{}}, and is {present.get(name)}"
            assert name not in drawn, said.format("was drawn meanwhile")
            assert was in seen, said.format("was not seen")

    def _note_changes(
        self, clone: Clone, before: dict[str, TaskContent], drawn: dict[str, int]
    ) -> None:
        after = self.place.tasks()
        touched = [
            name for name in NAMES if _essence(before.get(name)) != _essence(after.get(name))
        ]
        changed = [one[name] for one in (before, after) for name in touched if name in one]
        for other in self.clones.values():
            if other is not clone:
                other.foreign.update(touched, map(base_of, changed))
        # What was there before, and what people drew meanwhile, may have been carried unseen.
        others = {drawing_of(one.labels) for one in before.values()} | set(drawn.values())
        sent = {drawing_of(one.labels) for one in after.values()} - others
        clone.seen |= sent
        self.everything |= sent - {NOTHING}

    def _check_conflicts(self, clone: Clone, ran: Ran, before: dict[str, TaskContent]) -> None:
        """Nobody is told of others' work where nobody else has done any."""
        if ran.code != ExitCode.SOME_FAILED:
            return
        for one in ran.json["outcomes"]:
            is_decided = "taken back" in one["note"] or "not to be moved" in one["note"]
            if one["outcome"] == "failed" or (one["action"] == "blocked" and not is_decided):
                name = one["name"]
                first = {base_of(before[name])} if name in before else set()
                assert clone.is_touched(name) or first & clone.foreign, ran.out

    def teardown(self) -> None:
        try:
            if self.clones:
                self._check_nothing_is_lost()
                self._check_convergence()
                self._check_nothing_is_lost()
        finally:
            self.open.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _check_nothing_is_lost(self) -> None:
        kept = set(self._present().values()).union(*(kept_in(one) for one in self._histories()))
        assert self.everything <= kept, self.everything - kept

    def _histories(self) -> set[Path]:
        return {self.folder / "kept", *(one.history for one in self.clones.values())}

    def _check_convergence(self) -> None:
        """Who decides for all that is declared gets it, and has nothing left to do."""
        clone = self.clones["mine"]
        decided = ("--ours", "**", "--redo", "**", "--prune")
        # Another task may have a name that was deleted behind a clone's back.
        self.refresh("mine")
        for _ in range(2):
            ran = self._run(clone, "apply", "--yes", "--force", *decided)
        assert ran is not None
        assert ran.code == ExitCode.DONE, ran
        # What others drew since, over what is declared, stays: nothing here speaks against it.
        settled = [name for name in NAMES if not clone.is_touched(name)]
        present = self._present()
        for name in settled:
            one = clone.files.get(name)
            assert present.get(name) == (one.drawing if one else None)
        ran = clone.project.run("plan", "--prune", "--json")
        assert (ran.code, ran.json["actions"]) == (ExitCode.DONE, [])


def _essence(task: TaskContent | None) -> Any:
    return task and (task.task, task.labels, task.refs)


def _has_moved(drawing: int, before: dict[str, TaskContent], present: dict[str, int]) -> bool:
    """Tells whether a drawing is there by a name by which it was not."""
    old = {name for name, one in before.items() if drawing_of(one.labels) == drawing}
    return drawing != NOTHING and any(
        there == drawing and name not in old for name, there in present.items()
    )


class Meanwhile:
    """Somebody who draws right before some of the looks of a run."""

    def __init__(self, story: Story, drawn: Sequence[tuple[int, str]]) -> None:
        self._story = story
        self._plan = drawn
        self._looks = 0
        self.drawn: dict[str, int] = {}
        self.before: dict[str, Any] = {}

    def __call__(self) -> None:
        self._looks += 1
        for look, name in self._plan:
            if look == self._looks:
                self._draw(name)

    def _draw(self, name: str) -> None:
        if self._story._is_open(name):
            self.before[name] = self._story.place.tasks()[name]
            self.drawn[name] = self._story._new_drawing()
            self._story._draw(name, self.drawn[name])


@pytest.mark.timeout(7200 if ASKED else 300)
def test_nobodys_work_is_lost_and_nothing_unseen_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "BASE_SECONDS", 0.0)
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    # What a dead command has sent is answered by the time it is dead.
    monkeypatch.setitem(defaults, "quarantine", 0.001)
    tell(
        Story,
        stories=STORIES,
        steps=STEPS,
        derandomize=not ASKED,
        database=None,
        phases=(Phase.generate, Phase.shrink) if ASKED else (Phase.generate,),
    )
