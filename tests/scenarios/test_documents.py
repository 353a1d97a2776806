"""Every command prints a document with `--json`, the same as before and as its schema says.

`UPDATE_GOLDEN=1 pytest -n0 tests/scenarios/test_documents.py` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rbsync.applier.recovery_file import RecoveryFile
from rbsync.documents.catalogue import document_of
from rbsync.documents.text import dump
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Intent, Record
from rbsync.stores.base import Owner
from rbsync.stores.sqlite import SqliteStore
from tests.scenarios.pictures import photo, png
from tests.scenarios.project import Project
from tests.scenarios.test_exports import outline
from tests.scenarios.test_refresh import BOX, OTHER_BOX, create, delete, relabel
from tests.schemas import commands, validator

HOW = (
    "run `UPDATE_GOLDEN=1 pytest -n0 tests/scenarios/test_documents.py`, and look at what it wrote"
)
GOLDEN = Path(__file__).parents[1] / "golden" / "printed"
PRINT = Fingerprint("xxh3:" + "a" * 32, "", "xxh3:" + "b" * 32)
FAILURE = Failure("throttled", "upload", "too many requests", 4, 429, "wait a while")
OWNER = Owner("ada", "pc", 7, "run", 0.0)


Before = Callable[[Project], None]


def store(project: Project) -> SqliteStore:
    return SqliteStore(project.folder / ".rbsync/state.db")


def applied(project: Project) -> None:
    project.apply()


def with_drift(project: Project) -> None:
    project.apply()
    delete(project, "images/c.png")
    create(project, "stranger")
    relabel(project, "images/a.png", OTHER_BOX)


def with_edits(project: Project) -> None:
    project.apply()
    relabel(project, "images/a.png", OTHER_BOX)
    relabel(project, "images/b.png", OTHER_BOX)
    project.write("labels/b.json", [BOX])


def with_news(project: Project) -> None:
    project.apply()
    project.write("images/d.png", png(9))
    project.write("labels/a.json", [OTHER_BOX])


def with_failure(project: Project) -> None:
    project.apply()
    project.write("images/d.png", png(9))
    with store(project).writer(OWNER, timeout=5) as writer:
        writer.commit([Record("images/d.png", failure=FAILURE, attempted=PRINT)])


def with_intent(project: Project) -> None:
    with_failure(project)
    with store(project).writer(OWNER, timeout=5) as writer:
        writer.intend([Intent("images/e.png", "create", PRINT, 1e9)])


def with_lost_records(project: Project) -> None:
    project.apply()
    project.run("state", "rm", "images/a.png", "images/b.png")
    relabel(project, "images/b.png", BOX)


def with_lookalikes(project: Project) -> None:
    project.write("images/A.png", png(10))


def with_pulled_state(project: Project) -> None:
    project.apply()
    project.write("pulled.json", project.run("state", "pull").out)


def with_results_left_over(project: Project) -> None:
    project.apply()
    RecoveryFile(str(project.folder / ".rbsync/errored.jsonl")).keep(
        [Record("d", failure=FAILURE)], []
    )


def with_outlines(project: Project) -> None:
    project.manifest("project: {type: IMAGE_MULTI}\ndatapoints:\n  - items_list: items.json\n")
    labels = [outline("car"), outline("car"), BOX]
    project.write("images/a.png", photo(1))
    project.write("items.json", [{"name": "a", "items": ["images/a.png"], "labels": labels}])
    assert project.apply().code == 0


def with_news_applied(project: Project) -> None:
    with_news(project)
    assert project.apply().code == 0


def with_a_lock(project: Project) -> None:
    project.run("lock")
    with_news(project)


def only_locked(project: Project) -> None:
    project.run("lock")


def locked_and_applied(project: Project) -> None:
    project.run("lock")
    project.apply()


def with_lock_files(project: Project) -> None:
    line = f"{'0' * 64}  a.png\n"
    project.write("base.sums", "")
    project.write("ours.sums", line)
    project.write("theirs.sums", line.replace("0", "1"))


CASES: dict[str, tuple[Before, list[str]]] = {
    "adopt": (with_lost_records, []),
    "apply": (with_news, ["--yes"]),
    "pull": (with_edits, []),
    "completion": (applied, ["bash"]),
    "diff": (with_a_lock, ["rbsync.lock"]),
    "drift": (with_drift, []),
    "explain": (with_failure, ["images/d.png"]),
    "export bagit": (only_locked, ["bag"]),
    "export croissant": (only_locked, ["croissant.json"]),
    "export labels": (applied, ["exported"]),
    "export masks": (with_outlines, ["exported"]),
    "failures": (with_failure, []),
    "init": (applied, ["--force"]),
    "lock": (with_a_lock, ["--check"]),
    "merge-driver": (with_lock_files, ["base.sums", "ours.sums", "theirs.sums", "%2E.sums"]),
    "plan": (with_news, []),
    "report": (with_news_applied, []),
    "refresh": (with_drift, []),
    "release": (locked_and_applied, ["v1"]),
    "retry": (with_failure, ["--yes"]),
    "show": (applied, ["images/a.png"]),
    "state backup": (applied, ["copy.db"]),
    "state list": (with_intent, []),
    "state migrate": (applied, ["sqlite:elsewhere.db"]),
    "state mv": (applied, ["images/a.png", "a"]),
    "state pull": (with_intent, []),
    "state push": (with_pulled_state, ["pulled.json"]),
    "state recover": (with_results_left_over, []),
    "state rm": (applied, ["images/a.png"]),
    "state show": (with_failure, ["images/d.png"]),
    "status": (with_intent, []),
    "undo": (with_news_applied, ["--yes"]),
    "verify": (with_a_lock, []),
    "validate": (with_lookalikes, []),
    "watch": (with_news, ["--once", "--settle", "0"]),
}
"""How a command is run here that needs more than an apply before it and its own name."""

COMMANDS = [one for one in commands() if one not in ("browse", "serve")]
"""The commands that are run here; those that do not end have their own tests."""


def shown(document: dict[str, Any], folder: Path) -> str:
    """The document with what differs from run to run made equal."""
    text = dump(document).replace(str(folder), "FOLDER")
    text = re.sub(r"xxh3:[0-9a-f]{32}", "xxh3:DIGEST", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:DIGEST", text)
    text = re.sub(r'"bytes": [1-9][0-9]*', '"bytes": 1', text)
    text = re.sub(r'"(started|ended|time)": [0-9.]+', r'"\1": 1.0', text)
    text = re.sub(r'"(id|run)": "[0-9a-f]{12}"', r'"\1": "RUN"', text)
    text = re.sub(r'"(user|host|revision)": "[^"]*"', r'"\1": ""', text)
    text = re.sub(r'"created_at": "[^"]*"', '"created_at": "TIME"', text)
    seen = '"verdict": "ok", "found": "", "hint": ""'
    text = re.sub(r'"verdict": "[^"]*", "found": "[^"]*", "hint": "[^"]*"', seen, text)
    text = re.sub(r"moved-[0-9]{8}-[0-9]{6}", "moved-TIME", text)
    return re.sub(r'"meta": \{.*\}', '"meta": {}', text)


def printed(project: Project, command: str, flag: str) -> str:
    before, arguments = CASES.get(command, (applied, []))
    before(project)
    ran = project.run(*command.split(), *arguments, flag)
    assert ran.out, f"{ran.err}\nif it needs arguments here, add it to CASES"
    return ran.out


def check_golden(name: str, text: str) -> None:
    golden = GOLDEN / f"{name}-v1.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert golden.exists(), f"{golden.name} is not written yet: {HOW}"
    assert text == golden.read_text(), f"if it is meant to say something else: {HOW}"


def test_no_case_is_of_a_command_that_is_gone() -> None:
    assert set(CASES) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_printed_is_a_document_as_it_was(three: Project, command: str) -> None:
    document = json.loads(printed(three, command, "--json"))
    validator(document_of(command), lines=False).validate(document)
    text = shown(document, three.folder)
    check_golden(command.replace(" ", "-"), text)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_line_is_an_object_of_the_schema(three: Project, command: str) -> None:
    if command == "state pull":
        return
    for line in printed(three, command, "--json-lines").splitlines():
        validator(document_of(command), lines=True).validate(json.loads(line))


@pytest.mark.parametrize(
    ("name", "manifest", "arguments", "code"),
    [
        ("manifest", "datapoint: []\nmask: []\n", ["plan"], 65),
        ("unknown", "", ["explain", "images/x.png"], 1),
        ("usage", "", ["ls", "--no-such-option"], 64),
    ],
)
def test_a_command_that_fails_prints_what_is_wrong(
    three: Project, name: str, manifest: str, arguments: list[str], code: int
) -> None:
    if manifest:
        three.manifest(manifest)
    ran = three.run(*arguments, "--json")
    assert ran.code == code
    check_golden(f"error-{name}", shown(ran.json, three.folder))
    if name == "unknown":
        assert ran.json["problems"][0]["hint"], "the hint is for programs too"
