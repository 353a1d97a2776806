"""Hints of the commands, followed: each command that a hint leads to succeeds."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple
from unittest import mock

import pytest

from rbsync.cli import running
from rbsync.doctor.probing import _difference
from rbsync.errors import StoreError
from rbsync.model.record import Intent, Record
from rbsync.stores.history.sqlite import FORMAT
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER
from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git

Step = str | Callable[[Project], Any]


class Story(NamedTuple):
    """What is done, the command that gets a hint, and what is done by following it.

    A step that is text is a command of rbsync, which must succeed; what it prints goes to the
    file after ``>``. ``environment`` is that of the wrong command.
    """

    said: str
    wrong: str
    follow: tuple[Step, ...]
    before: tuple[Step, ...] = ()
    environment: dict[str, str] = {}  # noqa: RUF012 - a named tuple's default, never changed


def take(project: Project, step: Step) -> None:
    if not isinstance(step, str):
        step(project)
        return
    command, _, target = step.partition(" > ")
    ran = project.run(*shlex.split(command))
    assert ran.code == 0, (step, ran.out, ran.err)
    if target:
        project.write(target, ran.out)


def edited(project: Project) -> None:
    """Another picture: there is something to do."""
    project.write("images/a.png", png(77))


def declared(more: str = "") -> Step:
    def step(project: Project) -> None:
        text = (project.folder / "rbsync.yaml").read_text()
        project.write("rbsync.yaml", f"{text}{more}# another text\n")

    return step


def copied(old: str, new: str) -> Step:
    return lambda project: shutil.copy(project.folder / old, project.folder / new)


def moved(old: str, new: str) -> Step:
    return lambda project: (project.folder / old).rename(project.folder / new)


def removed(path: str) -> Step:
    return lambda project: (project.folder / path).unlink()


def written(path: str, text: str | list[Any] | dict[str, Any]) -> Step:
    return lambda project: project.write(path, text)


def without_two(project: Project) -> None:
    for name in "bc":
        (project.folder / f"images/{name}.png").unlink()


def nineteen_fewer(project: Project) -> None:
    for number in range(19):
        (project.folder / f"images/{number}.png").unlink()


def replaced(old: str, new: str) -> Step:
    def step(project: Project) -> None:
        text = (project.folder / "rbsync.yaml").read_text()
        project.write("rbsync.yaml", re.sub(old, new, text))

    return step


def typed(kind: str) -> Step:
    return replaced("type: [A-Z_]+", f"type: {kind}")


def known(names: str) -> Step:
    return replaced(r"taxonomy: \[[^]]*\]", f"taxonomy: [{names}]")


def at_database(project: Project, text: str) -> None:
    """Changes the embedded project as no program of ours would."""
    with contextlib.closing(sqlite3.connect(project.folder / ".rbsync/project/project.db")) as one:
        one.execute("PRAGMA foreign_keys = ON")
        one.execute(text)
        one.commit()


def deleted_at_the_project(project: Project) -> None:
    at_database(project, "DELETE FROM tasks WHERE name = 'images/a.png'")


def relabelled(project: Project) -> None:
    project.write("labels/a.json", [BOX, BOX])


def left_open(project: Project) -> None:
    store = SqliteStore(project.folder / ".rbsync/state.db")
    with store.writer(OWNER, timeout=0) as writer:
        record = store.records()["images/a.png"]
        writer.intend([Intent("images/a.png", "update", record.applied, 1.0)])


def history_of(version: int) -> Step:
    def step(project: Project) -> None:
        (file,) = (project.folder / ".rbsync/history").glob("*.db")
        with contextlib.closing(sqlite3.connect(file)) as one:
            one.execute("UPDATE meta SET format = ?", (version,))
            one.commit()

    return step


def committed(project: Project) -> None:
    project.write(".gitignore", ".rbsync/\n")
    git(project, "init", "-q", "-b", "main")
    commit(project)


def digest_of(project: Project) -> str:
    return hashlib.sha256((project.folder / "other.json").read_bytes()).hexdigest()


def changed_document(path: str, **other: Any) -> Step:
    """A document with other members."""

    def step(project: Project) -> None:
        file = project.folder / path
        file.write_text(json.dumps({**json.loads(file.read_text()), **other}))

    return step


APPLY = "apply --yes"
PUT_BACK = (APPLY, copied(".rbsync/state.db", "old.db"), edited, APPLY)

STORIES = {
    "a name that nobody has": Story(
        "`rbsync expand` lists all names", "explain zzzzzz", ("expand", "explain images/a.png")
    ),
    "no folder to export to": Story(
        "a variable may be unset; this folder is `.`",
        "export labels ''",
        ("export labels . --force",),
        (APPLY,),
    ),
    "an export that is there": Story(
        "name another one, or pass --force to write over what has the same names",
        "export labels out.json",
        ("export labels other.json", "export labels out.json --force"),
        (APPLY, "export labels out.json"),
    ),
    "a manifest that is there": Story(
        "pass --force to overwrite it", "init", ("init --force", "validate")
    ),
    "a lock of strangers": Story(
        "leave out --locked, or compare with `rbsync diff REVISION`",
        "plan --untrusted --locked",
        ("plan --untrusted",),
        ("lock",),
    ),
    "a name without a history": Story("`rbsync log` lists the runs", "log zzz", ("log",), (APPLY,)),
    "nothing to take back": Story(
        "the next `rbsync apply` begins it", "undo --yes", (APPLY, "undo --yes --force")
    ),
    "no time": Story(
        "for example 2h, 3d, 2026-05-01 or 2026-05-01T08:00Z",
        "undo --since gestern --yes",
        ("undo --since 2026-05-01 --yes --force",),
        (APPLY,),
    ),
    "no report": Story(
        "`rbsync apply` leaves one when it has done something", "report", (APPLY, "report")
    ),
    "no such schema": Story(
        "`rbsync schema` lists all names", "schema zzzzz", ("schema", "schema plan")
    ),
    "a name that the state lacks": Story(
        "`rbsync state list` lists all",
        "state show zzz",
        ("state list", "state show images/a.png"),
        (APPLY,),
    ),
    "no state to edit": Story(
        "the first `rbsync apply` makes it",
        "state rm images/a.png",
        (APPLY, "state rm images/a.png"),
    ),
    "an older state": Story(
        "pull it again, or pass --force",
        "state push old.json",
        ("state pull > new.json", "state push new.json", "state push old.json --force"),
        (APPLY, "state pull > old.json", edited, APPLY),
    ),
    "another state": Story(
        "pass --force to take it",
        "state push other.json",
        ("state push other.json --force",),
        (
            APPLY,
            "state pull > other.json",
            changed_document("other.json", lineage="00000000-0000-4000-8000-000000000000"),
        ),
    ),
    "a state that is none": Story(
        "`rbsync state pull` prints the state as it has to be",
        "state push bad.json",
        ("state pull > good.json", "state push good.json"),
        (APPLY, written("bad.json", {"records": 3})),
    ),
    "a state that was put back": Story(
        "the project has moved on since that copy was made: run `rbsync refresh`, then plan again",
        "plan",
        ("refresh", "plan", APPLY),
        (*PUT_BACK, copied("old.db", ".rbsync/state.db")),
    ),
    "a copy that is there": Story(
        "Give the backup another name.",
        "state backup copy.db",
        ("state backup other.db",),
        (APPLY, "state backup copy.db"),
    ),
    "another plan than the reviewed one": Story(
        "review it again: `rbsync plan --markdown plan.md`, or `rbsync plan`",
        f"apply --yes --expect sha256:{'0' * 64}",
        ("plan --markdown plan.md", APPLY),
    ),
    "a plan of another manifest": Story(
        "run `rbsync plan` again",
        "apply plan.json",
        ("plan -o plan.json", "apply plan.json"),
        ("plan -o plan.json", declared()),
    ),
    "a plan of an older state": Story(
        "run `rbsync plan` again",
        "apply plan.json",
        ("plan -o plan.json", "apply plan.json"),
        (APPLY, edited, "plan -o plan.json", APPLY, lambda one: one.write("images/b.png", png(9))),
    ),
    "a plan that is none": Story(
        "write it anew with `rbsync plan -o FILE`",
        "apply plan.json",
        ("plan -o plan.json", "apply plan.json"),
        (written("plan.json", "{}"),),
    ),
    "a plan that was changed": Story(
        "get the plan again from where it was made",
        f"apply plan.json --expect sha256:{'0' * 64}",
        ("plan -o plan.json", "apply plan.json"),
        ("plan -o plan.json",),
    ),
    "no lock": Story(
        "`rbsync lock` writes one from the files at hand", "verify", ("lock", "verify")
    ),
    "a lock that is a file": Story(
        "a lock is a folder of `.sums` files",
        "verify",
        (removed("rbsync.lock"), "lock", "verify"),
        (written("rbsync.lock", "version: 1"),),
    ),
    "a part of nothing": Story(
        "`rbsync expand` lists all names; `*` stays between two slashes, `**` goes past them",
        "plan --target '*.png'",
        ("expand", "apply --yes --target '**/*.png'"),
    ),
    "a release twice": Story(
        "`rbsync release` lists the releases",
        "release v1",
        ("release", "release v2"),
        (APPLY, "lock", "release v1"),
    ),
    "a release of what is not there": Story(
        "`rbsync apply` brings it there, and `rbsync verify --project` names all",
        "release v1",
        (APPLY, "verify --project", "release v1"),
        (APPLY, edited, "lock"),
    ),
    "a release without a name": Story(
        "take a short one, such as `v1`", "release ' '", ("release v1",), (APPLY, "lock")
    ),
    "a draft of nothing": Story(
        "an exported folder has a class_map.json in it",
        "init --force --from images",
        ("init --force --from export", "validate"),
        (
            written("export/class_map.json", {"car": [255, 0, 0]}),
            written("export/datapoint_map.json", {"t.png": "images/a.png"}),
            lambda one: one.write("export/t.png", png(0)),
        ),
    ),
    "a stranger's manifest": Story(
        "unset RBSYNC_UNTRUSTED, or set it to 0, where the manifest is your own",
        APPLY,
        (APPLY,),
        environment={"RBSYNC_UNTRUSTED": "1"},
    ),
    "drift without a state": Story(
        "`rbsync refresh` makes it of the project",
        "drift",
        ("refresh", "drift"),
        (APPLY, removed(".rbsync/state.db")),
    ),
    "no project to look at": Story(
        "the first `rbsync apply` makes it", "refresh", (APPLY, "refresh")
    ),
    "a project that was moved": Story(
        "put the project back, or start anew: remove .rbsync/state.db, or name another state by "
        "--state",
        "plan",
        (moved("gone", ".rbsync/project"), "plan", removed(".rbsync/state.db"), APPLY),
        (APPLY, moved(".rbsync/project", "gone")),
    ),
    "another state for a new project": Story(
        "put the project back, or start anew: remove .rbsync/state.db, or name another state by "
        "--state",
        "plan",
        (f"{APPLY} --state sqlite:another.db", "plan --state sqlite:another.db"),
        (APPLY, moved(".rbsync/project", "gone")),
    ),
    "another project for one state": Story(
        "use a folder of its own for each project, or start anew: remove .rbsync/state.db, or name "
        "another state by --state",
        "plan",
        (removed(".rbsync/state.db"), APPLY),
        (
            declared("backend: {kind: local, path: other}\n"),
            APPLY,
            moved(".rbsync/state.db", "kept.db"),
            lambda one: one.write(
                "rbsync.yaml",
                (one.folder / "rbsync.yaml").read_text().replace("path: other", "path: another"),
            ),
            APPLY,
            removed(".rbsync/state.db"),
            moved("kept.db", ".rbsync/state.db"),
        ),
    ),
    "a state of no store": Story(
        "known: sqlite:", "plan --state nope:x", ("plan --state sqlite:.rbsync/other.db",)
    ),
    "a variable with its value": Story(
        "give names alone: --env NAME", "plan --env BY=me", ("plan --env BY",)
    ),
    "half a policy": Story(
        "write it as --policy KEY=VALUE, such as --policy on_change=replace",
        "plan --policy on_change",
        ("plan --policy on_change=replace",),
    ),
    "no plan to write down": Story(
        "apply first, to try a datapoint", "doctor --write", (APPLY, "doctor --write")
    ),
    "results that wait": Story(
        "take them in with `rbsync state recover`",
        APPLY,
        ("state recover", APPLY),
        (APPLY, edited, written(".rbsync/errored.jsonl", "")),
    ),
    "results that are none": Story(
        "remove the line, then try again",
        "state recover",
        (written(".rbsync/errored.jsonl", ""), "state recover", APPLY),
        (APPLY, written(".rbsync/errored.jsonl", "none\n")),
    ),
    "a file that changed since the plan": Story(
        "run plan again to take it as it is now",
        "apply plan.json",
        ("plan -o plan.json", "apply plan.json"),
        ("plan -o plan.json", edited),
    ),
    "a file that cannot be read": Story(
        "see that the file can be read, then retry",
        "apply plan.json",
        (
            lambda one: (one.folder / "images/a.png").rmdir(),
            lambda one: one.write("images/a.png", png(0)),
            "retry --yes",
        ),
        (
            "plan -o plan.json",
            removed("images/a.png"),
            lambda one: (one.folder / "images/a.png").mkdir(),
        ),
    ),
    "a manifest that is not there": Story(
        "`rbsync init` writes a manifest; -f names one, and -C its folder",
        "plan -f none.yaml",
        ("init -f none.yaml", "plan -f none.yaml", "plan -f rbsync.yaml", "plan -C ."),
    ),
    "a description elsewhere": Story(
        "write it to ",
        "export croissant other/croissant.json",
        ("export croissant croissant.json",),
        ("lock",),
    ),
    "a history that is no history": Story(
        "Check the disk and the folder, or keep the history elsewhere: --history DIR.",
        "log",
        (
            "log --history elsewhere",
            lambda one: shutil.rmtree(one.folder / ".rbsync/history"),
            edited,
            APPLY,
            "log",
        ),
        (
            APPLY,
            lambda one: shutil.rmtree(one.folder / ".rbsync/history"),
            written(".rbsync/history/history.db", "this is no database, whatever its name says"),
        ),
    ),
    "a name that cannot be adopted": Story(
        "nothing was adopted; `rbsync ls` lists what the project has, `rbsync expand` all names",
        "adopt zzz",
        ("ls", "expand", "adopt images/a.png"),
        (APPLY, "state rm images/a.png"),
    ),
    "a project of another type": Story(
        "correct the type, or name another project",
        "plan",
        (typed("IMAGE_BBOX"), "plan"),
        (APPLY, typed("IMAGE_MULTI")),
    ),
    "a category that labels have": Story(
        "put them back, or delete the datapoints that use them first",
        APPLY,
        (known("car, bus"), APPLY, known("bus"), APPLY),
        (APPLY, known("bus"), removed("labels/a.json")),
    ),
    "another project's document": Story(
        "push it where that project's manifest is",
        "state push other.json",
        ("state push mine.json",),
        (
            APPLY,
            "state pull > mine.json",
            copied("mine.json", "other.json"),
            changed_document("other.json", target="local:other"),
        ),
    ),
    "a plan that came from elsewhere": Story(
        "run `rbsync plan` again, or, ",
        "apply other.json",
        ("plan -o plan.json", "apply plan.json"),
        (
            "plan -o plan.json",
            copied("plan.json", "other.json"),
            changed_document("other.json", foreign=True),
            "apply --yes --target images/a.png",
        ),
    ),
    "a plan of others that does more": Story(
        "where it was made, `rbsync plan -o` printed its digest: pass that as --expect sha256:…",
        "apply other.json",
        (lambda one: take(one, f"apply other.json --expect sha256:{digest_of(one)}"),),
        (
            APPLY,
            removed("images/b.png"),
            "plan --prune -o plan.json",
            copied("plan.json", "other.json"),
            changed_document("other.json", foreign=True),
        ),
    ),
    "a task that is gone": Story(
        "it was deleted behind our back: run `rbsync refresh`, then plan again",
        "apply plan.json",
        ("refresh", "plan", APPLY),
        (APPLY, relabelled, "plan -o plan.json", deleted_at_the_project),
    ),
    "a damaged project": Story(
        "put back a copy of the project's folder, or move it away and apply anew",
        "ls",
        (
            lambda one: shutil.rmtree(one.folder / ".rbsync/project"),
            moved("copy", ".rbsync/project"),
            "ls",
        ),
        (
            APPLY,
            lambda one: shutil.copytree(one.folder / ".rbsync/project", one.folder / "copy"),
            lambda one: at_database(one, "UPDATE tasks SET metadata = '{'"),
        ),
    ),
    "a project of an unknown type": Story(
        "delete the project's folder and the state, .rbsync/state.db, to start anew",
        "plan",
        (
            lambda one: shutil.rmtree(one.folder / ".rbsync/project"),
            removed(".rbsync/state.db"),
            APPLY,
        ),
        (APPLY, lambda one: at_database(one, "UPDATE project SET type = 'image_bbox'")),
    ),
    "a request that is open": Story(
        "`rbsync apply` or `rbsync refresh` looks it up",
        "state mv images/a.png z",
        ("refresh", "state mv images/a.png z"),
        (APPLY, left_open),
    ),
    "another task of the name": Story(
        "correct the state with `rbsync refresh`, then look at `rbsync plan`",
        "apply plan.json",
        ("refresh", "plan"),
        (
            APPLY,
            relabelled,
            "plan -o plan.json",
            lambda one: at_database(
                one, "UPDATE tasks SET name = 'elsewhere' WHERE name = 'images/a.png'"
            ),
            copied("images/a.png", "kept.png"),
            edited,
            "apply --yes --target images/a.png --state sqlite:.rbsync/other.db",
            copied("kept.png", "images/a.png"),
        ),
    ),
    "a history of a newer version": Story(
        "Upgrade rbsync. Nothing was read or written.",
        "log",
        (history_of(FORMAT), "log"),
        (APPLY, history_of(99)),
    ),
    "a revision without a lock": Story(
        "`git log -- rbsync.lock` lists the revisions that have one",
        "diff nowhere lock",
        ("diff HEAD lock",),
        ("lock", committed),
    ),
    "a commit that is not there": Story(
        "`git log` lists the commits",
        "apply --yes --at nowhere",
        ("apply --yes --at HEAD",),
        ("lock", committed),
    ),
    "a disk that is not mounted": Story(
        "is a disk not mounted? If the source is empty on purpose, pass --force",
        "apply --yes --prune",
        ("apply --yes --prune --force",),
        (
            lambda one: one.manifest(
                'datapoints:\n  - {glob: "images/a.png"}\n'
                '  - {glob: "images/[bc].png", allow_empty: true}\n'
            ),
            APPLY,
            without_two,
        ),
    ),
    "more than the policy allows": Story(
        ", pass --force",
        "apply --yes --prune",
        ("apply --yes --prune --force",),
        (
            lambda one: [one.write(f"images/{n}.png", png(100 + n)) for n in range(20)],
            APPLY,
            nineteen_fewer,
        ),
    ),
}


@pytest.mark.parametrize("kind", STORIES)
def test_the_hint_is_followed(three: Project, kind: str) -> None:
    one = STORIES[kind]
    for step in one.before:
        take(three, step)
    ran = three.run(*shlex.split(one.wrong), **one.environment)
    assert one.said in ran.err + ran.out, ran
    for step in one.follow:
        take(three, step)


@follows(
    "pass --yes to take it",
    "Let the other run end, then run `rbsync plan` to see what is left to do.",
)
def test_a_lock_that_is_taken_from_another_run(three: Project) -> None:
    assert three.apply().code == 0
    with SqliteStore(three.folder / ".rbsync/state.db").writer(OWNER, timeout=0) as writer:
        assert "pass --yes to take it" in three.run("state", "unlock").err
        assert three.run("state", "unlock", "--yes").code == 0
        edited(three)
        assert three.apply().code == 0
        with pytest.raises(StoreError) as raised:
            writer.commit([Record("late")])
    assert raised.value.hint.startswith("Let the other run end, then run `rbsync plan`")
    assert "No changes" in three.run("plan").out


@follows("plan a part of it with --target, and apply that first")
def test_a_plan_that_is_too_large(three: Project) -> None:
    assert three.run("plan", "-o", "plan.json").code == 0
    assert three.run("plan", "-o", "part.json", "--target", "images/a.png").code == 0
    most = (three.folder / "part.json").stat().st_size
    with mock.patch.object(running, "_LARGEST_PLAN", most):
        ran = three.run("apply", "plan.json")
        assert "plan a part of it with --target, and apply that first" in ran.err
        assert three.run("apply", "part.json").code == 0


@follows("pip install 'rbsync[serve]'", "pip install 'rbsync[browse]'")
@pytest.mark.parametrize(
    ("command", "module"),
    [("serve", "rbsync.service.app"), ("browse", "rbsync.browse.page_server")],
)
def test_a_command_without_its_extra(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: str, module: str
) -> None:
    """What is installed is found: the module that the command wants can be imported then."""
    with monkeypatch.context() as without:
        without.setitem(sys.modules, module, None)
        assert f"pip install 'rbsync[{command}]'" in project.run(command).err
    assert import_module(module)


@follows("attach this to an issue: rbsync should know its own again all the same")
def test_a_service_that_changes_what_it_is_given(three: Project) -> None:
    """What is attached is what the same command writes."""
    assert three.apply().code == 0
    found = _difference("priority", 1, 0.5)
    assert found.hint == (
        "attach this to an issue: rbsync should know its own again all the same "
        "(`rbsync doctor --write --report FILE`)"
    )
    assert three.run("doctor", "--write", "--report", "found.json").code == 0
    assert (three.folder / "found.json").stat().st_size
