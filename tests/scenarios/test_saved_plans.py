"""A plan that is written down, and applied later."""

from __future__ import annotations

import hashlib
import json
import os

import jsonschema
import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.schemas import schema


def test_a_saved_plan_is_applied_exactly(three: Project) -> None:
    three.run("plan", "-o", "p.json")
    three.write("images/later.png", png(8))
    done = three.run("apply", "p.json")
    assert done.code == 0
    assert three.names() == ["images/a.png", "images/b.png", "images/c.png"]
    assert three.actions() == ["create images/later.png"]


def test_after_another_apply_it_is_stale_and_nothing_is_done(three: Project) -> None:
    three.apply("--target", "images/c.png")
    three.run("plan", "-o", "p.json", "--target", "images/a.png")
    three.apply("--target", "images/b.png")
    refused = three.run("apply", "p.json")
    assert refused.code == 5
    assert "the state has moved on since the plan was made" in refused.err
    assert three.names() == ["images/b.png", "images/c.png"]


def test_after_a_change_of_the_manifest_it_is_stale(three: Project) -> None:
    three.run("plan", "-o", "p.json")
    three.write("rbsync.yaml", (three.folder / "rbsync.yaml").read_text() + "# more\n")
    refused = three.run("apply", "p.json")
    assert refused.code == 5
    assert "the manifest has changed since the plan was made" in refused.err


def test_a_file_changed_since_then_fails_and_the_others_are_applied(three: Project) -> None:
    three.run("plan", "-o", "p.json")
    three.write("images/b.png", png(99))
    done = three.run("apply", "p.json", "--json")
    assert done.code == 3
    by_name = {one["name"]: one for one in done.json["outcomes"]}
    assert by_name["images/b.png"]["error"]["class"] == "changed"
    assert three.names() == ["images/a.png", "images/c.png"]
    (action,) = three.plan()["actions"]
    assert (action["action"], action["name"], action["reason"]) == (
        "create",
        "images/b.png",
        "retry",
    )
    assert three.run("failures").err.startswith("changed while trying to upload: 1")
    assert three.run("retry", "--yes").code == 0
    assert len(three.names()) == 3


def test_a_plan_that_somebody_pointed_elsewhere_opens_nothing_outside(three: Project) -> None:
    three.folder.parent.joinpath("secret.png").write_bytes(png(1))
    three.run("plan", "-o", "p.json")
    text = (three.folder / "p.json").read_text().replace("images/a.png", "../secret.png")
    three.write("p.json", text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    done = three.run("apply", "p.json", "--json", "--expect", f"sha256:{digest}")
    assert done.code == 3
    failed = [one for one in done.json["outcomes"] if one["outcome"] == "failed"]
    assert [one["name"] for one in failed] == ["../secret.png"]
    assert "leads out of the manifest's folder" in failed[0]["error"]["message"]


def test_what_is_no_plan_is_refused(three: Project) -> None:
    three.write("p.json", "[]")
    refused = three.run("apply", "p.json")
    assert refused.code == 65
    assert "p.json: this is no plan" in refused.err


def test_plan_json_fits_its_schema_and_is_the_same_twice(three: Project) -> None:
    three.apply("--target", "images/a.png")
    three.write("images/a.png", png(40))
    first, second = three.plan(), three.plan()
    jsonschema.validate(first, schema("plan"))
    assert first.pop("meta").keys() == {"created", "rbsync"}
    second.pop("meta")
    assert json.dumps(first) == json.dumps(second)
    assert first["summary"] == {
        "create": 2,
        "update": 1,
        "delete": 0,
        "blocked": 0,
        "keep": 0,
        "labels_removed": 0,
        "move": 0,
        "fewer_labels": 0,
        "bytes": sum(len((three.folder / f"images/{name}.png").read_bytes()) for name in "abc"),
    }


def test_the_report_fits_its_schema_and_is_kept(three: Project) -> None:
    report = three.apply("--json").json
    jsonschema.validate(report, schema("report"))
    assert report["summary"]["created"] == 3
    kept = json.loads((three.folder / ".rbsync/report.json").read_text())
    assert kept == report


def test_the_markdown_of_a_plan_has_a_row_for_each_action(three: Project) -> None:
    three.write("images/odd|`name`.png", png(7))
    three.run("plan", "--markdown", "plan.md")
    text = (three.folder / "plan.md").read_text()
    assert "Plan: 4 to create" in text
    assert "| `+` | ``images/odd\\x7c`name`.png`` |" in text


@pytest.mark.parametrize("command", [("plan",), ("diff", "lock")])
def test_markdown_is_printed_for_a_pipe(three: Project, command: tuple[str, ...]) -> None:
    three.run("lock")
    three.write("images/new.png", png(7))
    before = sorted(os.listdir(three.folder))
    told = three.run(*command, "--markdown", "-")
    assert sorted(os.listdir(three.folder)) == before
    three.run(*command, "--markdown", "told.md")
    assert told.out == (three.folder / "told.md").read_text()
    both = three.run(*command, "--markdown", "-", "--json")
    assert both.code == 64
    (problem,) = both.json["problems"]
    assert problem["message"].startswith("--json and --markdown - are both printed; write one")
    assert three.run(*command, "--markdown", "told.md", "--json").out.startswith("{")


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "-o"),
        ("plan", "--html"),
        ("diff", "lock", "--html"),
        ("report", "--html"),
        ("doctor", "--report"),
        ("lock", "--attest"),
        ("export", "labels"),
        ("state", "backup"),
        ("watch", "--once", "--health"),
    ],
)
def test_a_file_that_is_put_in_its_place_whole_is_no_pipe(
    three: Project, command: tuple[str, ...]
) -> None:
    three.apply()
    three.run("lock")
    ran = three.run(*command, "-")
    assert ran.code == 64
    assert "standard output is no file; write ./- for one of this name" in ran.err
    assert not (three.folder / "-").exists()
    three.run(*command, "./-")
    assert (three.folder / "-").exists()


def test_the_exit_code_tells_of_changes_when_asked(three: Project) -> None:
    assert three.run("plan").code == 0
    assert three.run("plan", "--detailed-exitcode").code == 2
    three.apply()
    assert three.run("plan", "--detailed-exitcode").code == 0
