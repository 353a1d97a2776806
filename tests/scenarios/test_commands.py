"""The smaller commands, as people use them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rbsync.errors import ExitCode
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Intent, Record
from rbsync.stores.base import Owner
from rbsync.stores.sqlite import SqliteStore
from tests.hints.following import follows
from tests.scenarios.pictures import photo, png
from tests.scenarios.project import BOX, Project
from tests.schemas import schema


def test_init_writes_a_manifest_that_plans(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("scans/a.png", png(1))
    project.write("scans/b.JPG", photo(1, format="JPEG"))
    project.write("labels/a.json", [BOX])
    made = project.run("init")
    assert (made.code, made.last_line) == (0, "rbsync.yaml")
    text = (tmp_path / "rbsync.yaml").read_text()
    assert '- glob: "scans/*.{png,jpg}"' in text
    assert "2 when this was written" in text
    assert project.run("plan").last_line.startswith("Plan: 2 to create")


def test_init_in_an_empty_folder_says_so_and_still_plans(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.run("init")
    assert "No image, scan or video was found here yet." in (tmp_path / "rbsync.yaml").read_text()
    assert project.run("plan").code == 0


def test_init_overwrites_nothing(three: Project) -> None:
    before = (three.folder / "rbsync.yaml").read_bytes()
    refused = three.run("init")
    assert refused.code == 1
    assert "--force" in refused.err
    assert (three.folder / "rbsync.yaml").read_bytes() == before


def test_init_from_an_items_list(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("images/a.png", png(1))
    project.write("items.json", [{"name": "one", "items": ["images/a.png"]}])
    assert project.run("init", "--from", "items.json").code == 0
    assert project.apply().code == 0
    assert project.names() == ["one"]


def test_init_from_an_exported_folder_names_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("export/class_map.json", {"car": [1, 2, 3]})
    assert project.run("init", "--from", "export/").code == 0
    assert '- folder: "export"' in (tmp_path / "rbsync.yaml").read_text()


def test_init_from_something_else_is_refused(tmp_path: Path) -> None:
    refused = Project(tmp_path).run("init", "--from", "nothing")
    assert refused.code == 65
    assert "`nothing` is neither an items list" in refused.err


def test_expand_prints_names_in_order_and_items_with_v(three: Project) -> None:
    ran = three.run("expand")
    assert ran.out.splitlines() == [f"images/{name}.png" for name in "abc"]
    assert three.run("expand", "-v").err.count("    images/") == 3
    document = three.run("expand", "--json").json
    assert [one["name"] for one in document["datapoints"]] == ran.out.splitlines()
    assert document["dataset"]["digest"].startswith("xxh3-sum:")


def test_status_before_and_after(three: Project) -> None:
    before = three.run("status")
    assert "state     none yet" in before.out
    assert not (three.folder / ".rbsync/state.db").exists()
    three.apply()
    after = three.run("status", "--json").json
    assert after["state"]["applied"] == 3
    assert after["project"]["type"] == "IMAGE_BBOX"
    assert after["lock"] is None


def test_explain_shows_each_facet(three: Project) -> None:
    three.apply()
    three.write("images/b.png", png(88))
    ran = three.run("explain", "images/b.png")
    assert ran.out.startswith("images/b.png: update (changed): changed: items")
    found = three.run("explain", "images/b.png", "--json").json
    assert {facet: one["equal"] for facet, one in found["facets"].items()} == {
        "items": False,
        "labels": True,
        "settings": True,
    }


def test_explain_guesses_at_a_wrong_name(three: Project) -> None:
    ran = three.run("explain", "images/a.pgn")
    assert ran.code == 1
    assert "did you mean `images/a.png`?" in ran.err


def test_explain_knows_orphans(three: Project) -> None:
    three.apply()
    (three.folder / "images/c.png").unlink()
    assert "does not declare it" in three.run("explain", "images/c.png").out


def test_a_refused_datapoint_waits_until_its_content_changes_or_retry(project: Project) -> None:
    """The project was made with another taxonomy than the plan was checked against."""
    project.write("images/a.png", png(1))
    project.write("labels/a.json", [BOX])
    assert project.apply().code == 0
    assert project.run("failures").last_line == "Nothing has failed."
    assert project.run("retry", "--yes").last_line == "Nothing has failed."


def test_ls_can_be_narrowed(three: Project) -> None:
    three.apply()
    assert three.run("ls", "*b.png").out == "images/b.png  (1 item)\n"
    assert three.run("ls", "*a.png").out == "images/a.png  (1 item, 1 label)\n"
    assert three.run("ls", "images/{a,b}.*", "--json").json["tasks"][1]["name"] == "images/b.png"
    assert three.run("ls", "*/*/b.png").out == ""


@follows("`rbsync expand` lists all names")
@pytest.mark.parametrize("option", ["--ours", "--theirs", "--redo"])
def test_a_decision_about_a_name_that_nothing_has_is_told(three: Project, option: str) -> None:
    three.apply()
    told = (
        f"warning: `{option}`: no datapoint has the name `images/z.png`\n"
        "    `rbsync expand` lists all names\n"
    )
    three.write("images/b.png", png(77))
    assert told in three.run("plan", option, "images/z.png").err
    assert told in three.run("apply", "--yes", option, "images/z.png").err
    listed = json.loads(three.run("expand", "--json").out)["datapoints"]
    for name in (listed[0]["name"], "images/z*"):
        assert "no datapoint" not in three.run("plan", option, name).err


def test_a_target_that_nothing_matches_is_told(three: Project) -> None:
    assert three.run("plan", "--target", "image/*").err == (
        "warning: no datapoint has a name that matches `image/*`\n"
        "    `rbsync expand` lists all names; "
        "`*` stays between two slashes, `**` goes past them\n"
    )
    assert "matches `*`" in three.run("plan", "--target", "*").err
    assert "matches" not in three.run("plan", "--target", "**").err
    wrong = three.run("plan", "--target", "images/[a")
    assert wrong.code == 64
    assert wrong.err.startswith("error: the pattern `images/[a` cannot be read: `[` has no `]`")
    three.apply()
    assert three.run("plan", "--target", "images/a*").err == ""
    three.manifest("datapoints: []\n")
    assert "warning" not in three.run("plan", "--target", "images/a*").err


def test_the_state_by_hand(three: Project) -> None:
    three.apply()
    assert len(three.run("state", "list").out.splitlines()) == 3
    shown = three.run("state", "show", "images/a.png", "--json").json
    assert shown["name"] == "images/a.png"
    assert three.run("state", "mv", "images/a.png", "renamed").code == 0
    assert three.run("state", "rm", "renamed").code == 0
    assert len(list((three.folder / ".rbsync/backups").iterdir())) == 2
    names = [one["name"] for one in three.run("state", "list", "--json").json["records"]]
    assert names == ["images/b.png", "images/c.png"]


def test_every_change_of_the_state_is_a_document_too(three: Project) -> None:
    three.apply()
    three.write("state.json", three.run("state", "pull").out)
    expected: dict[tuple[str, ...], dict[str, Any]] = {
        ("state", "mv", "images/a.png", "z"): {
            "old": "images/a.png",
            "new": "z",
            "records": 1,
        },
        ("state", "rm", "z", "images/b.png"): {"removed": ["images/b.png", "z"]},
        ("state", "push", "--force", "state.json"): {"records": 3},
        ("state", "backup", "copy.db"): {"path": "copy.db"},
        ("state", "unlock"): {"taken_from": None},
    }
    for command, facts in expected.items():
        assert three.run("--json", *command).json == {"format_version": 1, **facts}
    three.write(".rbsync/errored.jsonl", "")
    recovered = three.run("--json", "state", "recover").json
    assert recovered == {"format_version": 1, "recovered": 0}


def test_a_retry_with_nothing_to_do_is_an_empty_report(three: Project) -> None:
    three.apply()
    assert three.run("retry").out == "Nothing has failed.\n"
    report = three.run("retry", "--json").json
    assert (report["outcomes"], report["exit_code"]) == ([], 0)
    jsonschema.validate(report, schema("report"))


def test_a_forgotten_record_is_adopted_again_and_not_created_twice(three: Project) -> None:
    three.apply()
    before = three.tasks()
    three.run("state", "rm", "images/a.png")
    assert three.actions() == ["create images/a.png"]
    done = three.apply()
    assert done.code == 0, done.err
    assert three.tasks() == before
    assert three.actions() == []


def test_a_name_that_somebody_else_took_is_a_conflict_and_stays_untouched(three: Project) -> None:
    three.apply()
    before = three.tasks()
    three.run("state", "rm", "images/a.png")
    three.write("images/a.png", png(60))
    done = three.apply()
    assert done.code == 3
    assert "the project has another datapoint of this name" in done.err
    assert three.tasks() == before


def test_pull_and_push_are_inverse(three: Project) -> None:
    three.apply()
    pulled = three.run("state", "pull").out
    three.write("state.json", pulled)
    three.run("state", "rm", "images/a.png")
    refused = three.run("state", "push", "state.json")
    assert refused.code == 5
    assert three.run("state", "push", "state.json", "--force").code == 0
    assert json.loads(three.run("state", "pull").out)["records"] == json.loads(pulled)["records"]
    assert three.actions() == []


def test_results_that_could_not_be_written_are_taken_in(three: Project) -> None:
    three.apply()
    (record,) = [
        one for one in three.run("state", "pull").json["records"] if one["name"] == "images/a.png"
    ]
    unsettle(three, Record("images/a.png", Fingerprint(*record["applied"])))
    three.write(".rbsync/errored.jsonl", json.dumps(record) + "\n")
    refused = three.apply()
    assert refused.code == 1
    assert "rbsync state recover" in refused.err
    assert three.run("state", "recover").last_line == "1 result taken in."
    assert three.apply().last_line == "No changes. The project matches the manifest."


def test_what_an_earlier_run_left_open_is_settled_by_looking(three: Project) -> None:
    three.apply()
    before = three.tasks()
    fingerprint = Fingerprint(*before[0]["fingerprint"].values())
    unsettle(three, Record("images/a.png", fingerprint))
    assert "1 not settled" in three.run("status").out
    assert three.actions() == []
    assert three.apply().code == 0
    assert "0 not settled" in three.run("status").out
    assert three.tasks() == before


def test_a_record_that_is_not_settled_gets_no_other_name(three: Project) -> None:
    three.apply()
    unsettle(three, Record("images/a.png", Fingerprint("xxh3:1", "", "")))
    refused = three.run("state", "mv", "images/a.png", "renamed")
    assert refused.code == 1
    assert refused.err.splitlines()[0] == (
        "error: an earlier run left `images/a.png` open: its result is unknown"
    )
    assert "1 not settled" in three.run("status").out


def unsettle(project: Project, record: Record) -> None:
    """Makes the state one whose run ended between a create and its result."""
    store = SqliteStore(project.folder / ".rbsync/state.db")
    with store.writer(Owner("somebody", "here", 1, "run", 0.0), timeout=5) as writer:
        writer.commit(removed=[record.name])
        writer.intend([Intent(record.name, "create", record.applied)])


def test_nobody_is_asked_where_nobody_can_answer(three: Project) -> None:
    refused = three.run("apply")
    assert refused.code == 64
    assert "pass --yes, or apply a plan" in refused.err
    assert not (three.folder / ".rbsync/state.db").exists()


def test_flags_can_come_from_the_environment(three: Project) -> None:
    assert three.run("apply", RBSYNC_APPLY_YES="1").code == 0
    assert three.run("plan", RBSYNC_JSON="1").json["actions"] == []


def test_global_options_stand_before_or_after_the_command(three: Project) -> None:
    folder = three.folder.name
    above = Project(three.folder.parent)
    before = above.run("-C", folder, "--json", "plan").json
    after = above.run("plan", "--json", "-C", folder).json
    assert before["actions"] == after["actions"]


def test_a_state_of_another_project_is_refused(three: Project, tmp_path: Path) -> None:
    three.apply()
    other = Project(tmp_path / "other")
    other.write("images/a.png", png(1))
    other.manifest('datapoints:\n  - glob: "images/*.png"\n')
    other.apply()
    (other.folder / ".rbsync/state.db").write_bytes(
        (three.folder / ".rbsync/state.db").read_bytes()
    )
    refused = other.run("plan")
    assert refused.code == 12
    assert "the state belongs to the project local:" in refused.err


def test_a_damaged_state_is_refused_and_left_as_it_is(three: Project) -> None:
    three.apply()
    state = three.folder / ".rbsync/state.db"
    state.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    before = state.read_bytes()
    refused = three.apply()
    assert refused.code == 12
    assert "is damaged" in refused.err
    assert state.read_bytes() == before


def test_control_characters_reach_no_terminal(three: Project) -> None:
    three.write("rbsync.yaml", 'version: 1\ndatapoints:\n  - glob: "x\\e[31m*.png"\n')
    ran = three.run("plan")
    assert ran.code == 65
    assert "\x1b" not in ran.err
    assert "\\x1b[31m" in ran.err


def test_on_a_terminal_it_asks_and_shows_bars(three: Project) -> None:
    code, shown = on_a_terminal(three.folder, ["apply"], answer=b"y\n")
    assert code == 0, shown
    assert "Apply this?" in shown
    assert "3 created" in shown
    assert len(three.names()) == 3


def test_on_a_terminal_no_is_no(three: Project) -> None:
    code, shown = on_a_terminal(three.folder, ["apply"], answer=b"n\n")
    assert code == 1, shown
    assert not (three.folder / ".rbsync/state.db").exists()


def test_no_color_is_respected(three: Project) -> None:
    _, colored = on_a_terminal(three.folder, ["plan"])
    assert "\x1b[32m" in colored
    _, plain = on_a_terminal(three.folder, ["plan"], NO_COLOR="1")
    assert "\x1b[3" not in plain


def on_a_terminal(
    folder: Path, arguments: list[str], answer: bytes = b"", **environment: str
) -> tuple[int, str]:
    """Runs a command with a pseudo-terminal for all three streams."""
    master, slave = pty.openpty()
    known = {name: one for name, one in os.environ.items() if name != "NO_COLOR"}
    running = subprocess.Popen(
        [sys.executable, "-m", "rbsync", *arguments],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**known, "TERM": "xterm", **environment},
    )
    os.close(slave)
    os.write(master, answer)
    shown = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    return running.wait(timeout=30), shown.decode(errors="replace")


def test_a_broken_manifest_explains_nothing(three: Project) -> None:
    three.apply()
    text = (three.folder / "rbsync.yaml").read_text()
    (three.folder / "rbsync.yaml").write_text(text + "nonsense: 1\n")
    ran = three.run("explain", "images/a.png")
    assert (ran.code, "nonsense" in ran.err) == (ExitCode.INVALID, True)


def test_a_report_that_cannot_be_written_does_not_hide_what_was_done(three: Project) -> None:
    (three.folder / ".rbsync/report.json").mkdir(parents=True)
    ran = three.apply()
    assert (ran.code, ran.last_line) == (
        0,
        "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed.",
    )
    assert "warning: the report is not kept: " in ran.err
