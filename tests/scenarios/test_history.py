"""What the history keeps, for how long, and what it notices."""

from __future__ import annotations

import shutil
import sqlite3
import time
import zlib
from contextlib import closing

from rbsync.errors import ExitCode
from tests.hints.following import follows
from tests.scenarios.annotating import save_labels
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

OTHER_BOX = {**BOX, "category": [["object", "bus"]]}


def test_an_older_state_that_is_put_back_is_noticed_before_anything_is_sent(
    three: Project,
) -> None:
    three.apply()
    state = three.folder / ".rbsync/state.db"
    shutil.copy(state, three.folder / "copy.db")
    for version in range(50, 53):
        three.write("images/a.png", png(version))
        three.apply()
    tasks = three.tasks()
    for one in state.parent.glob("state.db*"):
        one.unlink()
    shutil.copy(three.folder / "copy.db", state)
    for command in (["plan"], ["apply", "--yes"], ["undo", "--yes"], ["pull"], ["adopt"]):
        refused(three, *command)
    # What is done by hand makes it no newer one.
    for name in "abc":
        assert three.run("state", "rm", f"images/{name}.png").code == ExitCode.DONE
    refused(three, "plan")
    assert three.tasks() == tasks
    assert three.run("refresh").code == ExitCode.DONE
    assert three.run("plan").last_line == "No changes. The project matches the manifest."
    # What its later runs had left is no news any more, on this machine or another one.
    three.write("images/a.png", png(60))
    for home in ({}, {"XDG_STATE_HOME": str(three.folder / "elsewhere")}):
        assert three.run("plan", **home).last_line.startswith("Plan: 0 to create, 1 to update")


def refused(project: Project, *command: str) -> None:
    ran = project.run(*command)
    assert (ran.code, "`rbsync refresh`" in ran.err) == (ExitCode.STATE, True), ran.err


def test_a_document_of_before_a_run_that_is_pushed_wants_a_refresh(three: Project) -> None:
    three.apply()
    three.write("old.json", three.run("state", "pull").out)
    three.write("images/a.png", png(50))
    three.apply()
    assert three.run("state", "push", "--force", "old.json").code == ExitCode.DONE
    refused(three, "pull")
    refused(three, "plan")
    assert three.run("refresh").code == ExitCode.DONE
    assert three.run("plan").last_line == "No changes. The project matches the manifest."


def test_a_signed_url_is_not_kept_and_what_needs_it_is_not_put_back(three: Project) -> None:
    url = "https://bucket.example.org/a.png?X-Amz-Signature=0123456789abcdef"
    three.write("items.json", [{"name": "signed", "items": [url], "labels": [BOX]}])
    three.manifest("datapoints:\n  - items_list: items.json\n    storage: public\n")
    assert three.apply().code == ExitCode.DONE, three.apply().err
    three.write("items.json", [{"name": "other", "items": [url[:-1]]}])
    three.apply("--prune", "--force")
    history = three.folder / ".rbsync/history/history.db"
    with closing(sqlite3.connect(history)) as file:
        dump = "\n".join(file.iterdump())
        kept = [row[0] for row in file.execute("SELECT data FROM content")]
    assert kept
    assert all(b"0123456789abcde" not in zlib.decompress(one) for one in kept)
    assert "0123456789abcde" not in dump
    ran = three.run("undo", "--yes")
    assert "its items had URLs with signatures" in ran.err


def test_what_is_older_than_the_policy_says_is_swept(three: Project) -> None:
    three.apply()
    history = three.folder / ".rbsync/history/history.db"
    with closing(sqlite3.connect(history)) as file, file:
        file.execute("UPDATE run SET started = ?", (time.time() - 91 * 86400,))
    three.write("images/a.png", png(50))
    three.apply()
    runs = three.run("log", "--json").json["runs"]
    assert [one["updated"] for one in runs] == [1]


@follows("keep the history where it lasts with --history DIR, or pass --history none")
def test_a_job_does_not_take_away_what_people_made_without_a_lasting_history(
    three: Project,
) -> None:
    three.write("labels/a.json", [BOX])
    three.apply()
    name = three.names()[0]
    save_labels(three.folder / ".rbsync/project", name, [OTHER_BOX, OTHER_BOX])
    three.write("labels/a.json", [BOX, OTHER_BOX])
    for one in (three.folder / ".rbsync").glob("state.db*"):
        one.unlink()
    ran = three.run("apply", "--yes", "--ours", name, CI="true")
    assert ran.code == ExitCode.REFUSED, (ran.out, ran.err)
    assert "--history DIR" in ran.err
    ran = three.run("apply", "--yes", "--ours", name, "--history", "kept", CI="true")
    assert ran.code == ExitCode.DONE, ran.err
    ran = three.run("undo", "--yes", "--history", "kept")
    assert ran.code == ExitCode.DONE, ran.err
    assert next(one for one in three.tasks() if one["name"] == name)["labels"] == 2
