"""A plan as Markdown: within the limit of a comment, its counts right, whatever the plan is."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.cli.plan_facts import About
from rbsync.cli.render.markdown import plan_markdown
from rbsync.cli.render.markdown_page import LIMIT
from rbsync.errors import Location, Problem
from rbsync.label_changes.change_kinds import ClassChange, LabelChanges
from rbsync.model.datapoint import Datapoint, Item, Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.plan import Action, Basis, Blocked, Create, Delete, Plan, Replace, Update
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.trust.test_markdown import NAMES, pages

HERE = Location("rbsync.yaml", 1, 1)
PRINT = Fingerprint("a", "b", "c")
KINDS: tuple[type[Action], ...] = (Delete, Blocked, Replace, Update, Create)
WORDS = ("to delete", "blocked", "to replace", "to update", "to create")
MILLION = 1_000_000 if os.environ.get("RBSYNC_VERSIONS") == "full" else 10_000


def action(kind: type[Action], name: str) -> Action:
    datapoint = Datapoint(name, (Item(name, "xxh3:1", 9),), None, Settings(), PRINT, HERE)
    if kind is Create:
        return Create(datapoint, "new", "not there yet")
    if kind is Delete:
        return Delete(name, "t", "orphan", "not declared")
    if kind is Blocked:
        return Blocked(name, "conflict", f"others changed {name}")
    assert kind in (Replace, Update)
    changed = Update if kind is Update else Replace
    return changed(datapoint, ("labels",), "t", "changed", "changed: labels")


def plan_of(actions: Sequence[Action], **more: object) -> Plan:
    return Plan(tuple(actions), 0, "", len(actions), Basis("", 0, ""), **more)  # type: ignore[arg-type]


def check(plan: Plan, **more: object) -> str:
    """Returns the page, whose counts are those of the plan in both renderers."""
    text = plan_markdown(plan, **more)  # type: ignore[arg-type]
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= LIMIT
    for page in pages(text):
        assert "|" not in "".join(page.prose), "a table is none"
        assert page.elements.count("details") == page.elements.count("summary")
    for kind, word in zip(KINDS, WORDS, strict=True):
        count = sum(1 for one in plan.actions if type(one) is kind)
        found = re.search(rf"^#### ([\d,]+) {word}.*?(?=^####|\Z)", text, re.DOTALL | re.MULTILINE)
        assert bool(found) == bool(count)
        if found:
            assert number(found[1]) == count
            assert count == shown(found[0])
    return text


def shown(section: str) -> int:
    """The rows of a section, those that are only counted included."""
    more = re.findall(r"^… and ([\d,]+) more(?: here)?\.$", section, re.MULTILINE)
    return len(re.findall(r"^\| `", section, re.MULTILINE)) + sum(map(number, more))


def number(text: str) -> int:
    return int(text.replace(",", ""))


NAME = st.one_of(
    st.sampled_from(NAMES), st.text(max_size=12), st.text("x/\U0001f600", max_size=400)
)
ACTIONS = st.lists(st.tuples(st.sampled_from(KINDS), NAME, st.integers(1, 40)), max_size=8)


@settings(max_examples=15, deadline=None)
@given(ACTIONS)
def test_the_page_of_any_plan_has_its_counts(drawn: list[tuple[type[Action], str, int]]) -> None:
    actions = [
        action(kind, f"n{place}/{number_}{name}")
        for place, (kind, name, many) in enumerate(drawn)
        for number_ in range(many)
    ]
    check(plan_of(actions))


@pytest.mark.parametrize(("kind", "folders"), [(Create, 1), *((one, 500) for one in KINDS)])
def test_a_plan_of_very_many_actions_fits(kind: type[Action], folders: int) -> None:
    letters = "\U0001f600" * 30
    many = MILLION if kind is Create else MILLION // 5
    actions = [action(kind, f"f{n % folders}/{letters}{n}") for n in range(many)]
    text = check(plan_of(actions))
    assert len(text) > LIMIT / 4


def test_what_deletes_and_what_blocks_is_cut_last() -> None:
    actions = [action(kind, f"x{n:05}") for kind in (Create, Update) for n in range(1500)]
    actions += [action(kind, f"y{n:05}") for kind in (Delete, Blocked) for n in range(200)]
    text = check(plan_of(actions))
    assert text.count("| `-` | `y") == text.count("| `!` | `y") == 200
    assert "… and" in text.partition("to update")[2]


def test_warnings_without_end_leave_room_for_the_plan() -> None:
    warnings = tuple(Problem("x", "w" * 5000 + str(n), HERE, "h" * 900) for n in range(5000))
    text = check(plan_of([action(Delete, "gone")], warnings=warnings))
    assert "… and 4,980 warnings more." in text
    assert "`gone`" in text


def test_the_guard_and_what_changes_in_labels_are_told() -> None:
    refused = Problem("guard", "the plan would delete too much", HERE, "pass --force")
    change = LabelChanges((ClassChange("penny", 20, 0, 1000, 1020),))
    text = check(
        plan_of([action(Update, "a"), action(Delete, "b")], refused=refused), labels={"a": change}
    )
    assert "The guard will refuse this (exit code 6):" in text
    assert "`labels: penny +20 px (IoU 0.980) (changed: labels)`" in text


def test_the_hidden_lines_find_the_comment_and_say_what_it_is_of() -> None:
    about = About("sha256:" + "a" * 64, "0f", "b" * 40, "c" * 40, "rbsync:1:sha256:" + "d" * 64)
    text = check(plan_of([]), about=about)
    assert text.startswith("<!-- rbsync-plan 0f -->\n")
    assert text.endswith(
        f"<!-- plan {about.digest} · head {about.head} · base {about.base} "
        f"· dataset {about.version} -->\n"
    )


def test_no_hidden_line_can_be_ended_by_what_stands_in_it() -> None:
    evil = "--><img src=x>"
    text = check(plan_of([]), about=About(evil, evil, evil, evil, evil))
    assert "img" not in text


def test_images_without_labels_are_compared_with_nothing(tmp_path: Path) -> None:
    folder = Project(tmp_path / "one")
    folder.write("a.png", png(1))
    folder.manifest("datapoints:\n  - glob: '*.png'\n")
    assert folder.run("plan", "--html", "plan.html").code == 0
    page = (folder.folder / "plan.html").read_text()
    assert "<figure" in page
    assert "<fieldset hidden><legend>Compare" in page


def test_what_nothing_declares_any_more_is_told_on_the_page_and_in_a_comment(
    tmp_path: Path,
) -> None:
    folder = Project(tmp_path / "one")
    for number, name in enumerate("abc"):
        folder.write(f"{name}.png", png(number))
    folder.manifest("datapoints:\n  - glob: '*.png'\n")
    assert folder.apply().code == 0
    (folder.folder / "b.png").unlink()
    told = "1 datapoint is in the project and not in the manifest (--prune deletes them)."
    ran = folder.run("plan", "-v", "--html", "plan.html")
    assert f"{told}\n  b.png\n" in ran.err
    assert told in (folder.folder / "plan.html").read_text()
    assert told in folder.run("plan", "--markdown", "-").out.splitlines()
