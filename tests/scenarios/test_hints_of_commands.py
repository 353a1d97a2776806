"""Hints of the commands, followed: each command that a hint leads to succeeds."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project

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
        "put the project back, or remove .rbsync/state.db to start anew",
        "plan",
        (moved("gone", ".rbsync/project"), "plan", removed(".rbsync/state.db"), APPLY),
        (APPLY, moved(".rbsync/project", "gone")),
    ),
    "another project for one state": Story(
        "use a folder of its own for each project, or remove .rbsync/state.db",
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
