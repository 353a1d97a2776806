"""What a second run finds changed."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

NO_CHANGES = "No changes. The project matches the manifest."


def touch_back(file: Path, before: os.stat_result) -> None:
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_second_run_has_nothing_to_do(three: Project) -> None:
    first = three.apply()
    assert (first.code, first.last_line) == (
        0,
        "Apply complete: 3 created, 0 updated, 0 deleted, 0 failed.",
    )
    second = three.apply()
    assert (second.code, second.last_line) == (0, NO_CHANGES)


def test_a_run_with_nothing_to_do_changes_no_byte_of_the_state(three: Project) -> None:
    three.apply()
    state = three.folder / ".rbsync/state.db"
    before = (state.read_bytes(), state.stat().st_mtime_ns)
    assert three.apply().last_line == NO_CHANGES
    assert three.run("plan").last_line == NO_CHANGES
    assert (state.read_bytes(), state.stat().st_mtime_ns) == before
    assert not (three.folder / ".rbsync/state.db-wal").exists()


def test_one_byte_changed_with_size_and_time_put_back_is_an_update_of_the_items(
    three: Project,
) -> None:
    three.apply()
    file = three.folder / "images/b.png"
    before = file.stat()
    file.write_bytes(png(77))
    touch_back(file, before)
    assert file.stat().st_size == before.st_size
    assert three.actions() == ["update images/b.png items"]
    assert three.apply().last_line == "Apply complete: 0 created, 1 updated, 0 deleted, 0 failed."
    assert three.run("plan").last_line == NO_CHANGES


def test_the_same_holds_when_the_cache_has_grown_old(three: Project) -> None:
    three.apply()
    time.sleep(3.2)  # past the time in which every file is read again as a matter of course
    assert three.run("plan").last_line == NO_CHANGES
    assert three.run("plan").last_line == NO_CHANGES
    file = three.folder / "images/b.png"
    before = file.stat()
    file.write_bytes(png(78))
    touch_back(file, before)
    assert three.actions() == ["update images/b.png items"]


def test_rehash_reads_every_file_although_nothing_seems_changed(three: Project) -> None:
    size = 8 << 20
    three.write("images/large.png", png(5) + bytes(size))
    three.apply()
    time.sleep(3.2)
    assert three.run("plan").last_line == NO_CHANGES
    before = bytes_read()
    assert three.run("plan").last_line == NO_CHANGES
    between = bytes_read()
    assert three.run("plan", "--rehash").last_line == NO_CHANGES
    assert between - before < size <= bytes_read() - between


def bytes_read() -> int:
    """How many bytes this process has asked for so far."""
    (line,) = re.findall(r"^rchar: (\d+)$", Path("/proc/self/io").read_text(), re.MULTILINE)
    return int(line)


def test_a_label_that_moved_is_an_update_of_the_labels(three: Project) -> None:
    three.apply()
    moved = {**BOX, "bbox2d": {**BOX["bbox2d"], "xnorm": 0.15}}  # type: ignore[dict-item]
    three.write("labels/a.json", [moved])
    assert three.actions() == ["update images/a.png labels"]
    three.apply()
    assert three.run("plan").last_line == NO_CHANGES


def test_labels_written_in_another_way_are_the_same(three: Project) -> None:
    three.apply()
    other = {key: BOX[key] for key in reversed(BOX)}
    text = json.dumps([{**other, "labelid": None}], indent=4).replace("0.1", "1e-1")
    three.write("labels/a.json", text)
    assert three.run("plan").last_line == NO_CHANGES


def test_a_file_that_was_only_touched_is_unchanged(three: Project) -> None:
    three.apply()
    os.utime(three.folder / "images/a.png")
    assert three.run("plan").last_line == NO_CHANGES


def test_other_settings_are_an_update_of_the_settings(three: Project) -> None:
    three.apply()
    three.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
        "datapoints:\n"
        '  - {glob: "images/**/*.png", labels: "labels/{stem}.json?", metadata: {site: A}}\n'
    )
    assert three.actions() == [f"update images/{name}.png settings" for name in "abc"]
    three.apply()
    assert [task["metadata"] for task in three.tasks()] == [{"site": "A"}] * 3


def test_a_new_file_is_created_and_a_missing_one_is_left_alone(three: Project) -> None:
    three.apply()
    three.write("images/d.png", png(9))
    (three.folder / "images/b.png").unlink()
    plan = three.plan()
    assert [one["name"] for one in plan["actions"]] == ["images/d.png"]
    assert plan["orphans"] == ["images/b.png"]


def test_prune_deletes_what_is_not_declared(three: Project) -> None:
    three.apply()
    (three.folder / "images/b.png").unlink()
    assert three.actions("--prune") == ["delete images/b.png"]
    done = three.apply("--prune")
    assert done.last_line == "Apply complete: 0 created, 0 updated, 1 deleted, 0 failed."
    assert three.names() == ["images/a.png", "images/c.png"]
    assert three.run("plan", "--prune").last_line == NO_CHANGES


def test_the_guard_stops_a_mass_delete(project: Project) -> None:
    for number in range(30):
        project.write(f"images/{number:02}.png", png(number))
    project.apply()
    for number in range(1, 30):
        (project.folder / f"images/{number:02}.png").unlink()
    stopped = project.apply("--prune")
    assert stopped.code == 6
    assert "would delete or replace 29 of 30 datapoints" in stopped.err
    assert "--force" in stopped.err
    assert len(project.names()) == 30
    assert project.apply("--prune", "--force").code == 0
    assert project.names() == ["images/00.png"]


def test_a_protected_datapoint_is_blocked_and_no_failure(three: Project) -> None:
    three.apply()
    three.write("images/b.png", png(50))
    text = (three.folder / "rbsync.yaml").read_text()
    three.write("rbsync.yaml", text + "policy: {on_change: protect}\n")
    done = three.apply()
    assert done.code == 0
    assert done.last_line.endswith("0 failed, 1 blocked.")


def test_replace_deletes_and_creates(three: Project) -> None:
    three.apply()
    before = {task["name"]: task["task_id"] for task in three.tasks()}
    three.write("images/b.png", png(50))
    replace = ("--policy", "on_change=replace")
    assert three.actions(*replace) == ["replace images/b.png items"]
    assert three.apply(*replace).code == 0
    after = {task["name"]: task["task_id"] for task in three.tasks()}
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == ["images/b.png"]
    assert three.run("plan").last_line == NO_CHANGES


def test_a_taxonomy_file_that_changed_is_read_again(project: Project) -> None:
    project.write("images/a.png", png(1))
    project.write("labels/a.json", [BOX])
    project.write("rules/taxonomy.json", {"name": "t", "categories": categories("car", "bus")})
    project.manifest(
        "project: {type: IMAGE_BBOX, taxonomy: rules/taxonomy.json}\n"
        "datapoints:\n"
        '  - {glob: "images/*.png", labels: "labels/{stem}.json"}\n'
    )
    project.apply()
    time.sleep(3.2)
    assert project.run("plan").last_line == NO_CHANGES
    assert project.run("plan").last_line == NO_CHANGES
    project.write("rules/taxonomy.json", {"name": "t", "categories": categories("lorry", "bus")})
    refused = project.run("plan")
    assert refused.code == 65
    assert "car" in refused.err


def categories(*names: str) -> list[dict[str, object]]:
    """A taxonomy's tree of one level."""
    children = [{"name": name, "classId": at, "children": []} for at, name in enumerate(names)]
    return [{"name": "object", "children": children}]
