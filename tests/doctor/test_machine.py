"""What is told of this machine."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rbsync.doctor import machine
from rbsync.doctor.machine import file_system_of, machine_checks

ROOT = Path(__file__).parent.parent.parent


def test_every_part_of_this_machine_is_told(tmp_path: Path) -> None:
    found = {one.name: one for one in machine_checks(str(tmp_path / "not/there/yet"))}
    assert {"rbsync", "masks", "SQLite", "disk of the state", "space", "extra coco"} <= set(found)
    assert all(one.found for one in found.values())
    assert "failed" not in {one.verdict for one in found.values()}


def test_every_extra_that_users_install_is_told(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"test", "dev"}
    found = {one.name for one in machine_checks(str(tmp_path))}
    assert {one.removeprefix("extra ") for one in found if one.startswith("extra ")} == extras


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/data/x", "nfs4"), ("/data", "nfs4"), ("/database", "ext4"), ("/data/local/x", "xfs")],
)
def test_the_nearest_mount_above_a_folder_tells_its_kind(
    tmp_path: Path, folder: str, kind: str
) -> None:
    mounts = tmp_path / "mounts"
    rows = ["/dev/a / ext4 rw 0 0", "host:/x /data nfs4 rw 0 0", "/dev/b /data/local xfs rw 0 0"]
    mounts.write_text("\n".join([*rows, "odd"]) + "\n")
    assert file_system_of(folder, str(mounts)) == kind


def test_where_the_system_does_not_tell_nothing_is_guessed(tmp_path: Path) -> None:
    assert file_system_of("/data", str(tmp_path / "nothing")) == ""


def test_a_state_over_a_network_is_a_warning_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "file_system_of", lambda _: "nfs4")
    found = {one.name: one for one in machine_checks(str(tmp_path))}["disk of the state"]
    assert found.verdict == "warning"
    assert "--state sqlite:" in found.hint
