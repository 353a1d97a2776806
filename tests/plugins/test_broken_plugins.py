"""Plug-ins that cannot be used: a clear message names their distribution, and others go on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.plugins.conftest import Installed

WITHOUT = """\
version: 1
defaults: {storage: public}
datapoints:
  - {name: a, items: ['https://example.org/a.png']}
"""
MISSING = "ModuleNotFoundError: No module named 'a_package_that_is_not_installed'"
NEXT = "pip uninstall rbsync-broken"


def test_nothing_that_does_not_need_them_notices(broken: Installed) -> None:
    broken.write("rbsync.yaml", WITHOUT)
    broken.run("apply", "--yes")
    broken.run("plan", "--detailed-exitcode")
    broken.run("validate")
    broken.run("ls")
    assert "LinesSource" in broken.run("schema", "manifest").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["broken"], 1),
        (["leave"], 1),
        (["crash"], 1),
        (["export", "broken", "out"], 1),
        (["plan", "--state", "cloud:x"], 1),
    ],
)
def test_what_needs_one_names_its_distribution(
    broken: Installed, arguments: list[str], code: int
) -> None:
    broken.write("rbsync.yaml", WITHOUT)
    done = broken.run(*arguments, code=code)
    assert "rbsync-broken 2.1" in done.err
    assert NEXT in done.err
    assert "Traceback" not in done.err


def test_a_manifest_that_needs_one_is_told_where(broken: Installed) -> None:
    broken.write("rbsync.yaml", "version: 1\ndatapoints:\n  - broken: x\n  - unlike: y\n")
    told = broken.run("plan", code=65).err
    assert "rbsync.yaml:3:5: the source `broken` of the distribution rbsync-broken 2.1" in told
    assert MISSING in told
    assert "rbsync.yaml:4:5: the source `unlike` of the distribution rbsync-broken 2.1" in told
    assert "it is no subclass of rbsync.sources.base.SourceModel" in told


def test_a_mask_format_that_cannot_be_loaded_is_told_where_it_is_named(broken: Installed) -> None:
    text = "{glob: '*.png', image: '{stem}.jpg', class_map: c.json, format: broken}"
    broken.write("rbsync.yaml", f"version: 1\nmasks:\n  - {text}\n")
    told = broken.run("validate", code=65).err
    assert "rbsync.yaml:3:69: the mask format `broken` of the distribution rbsync-broken" in told
    assert NEXT in told


def test_a_backend_that_cannot_be_loaded_ends_the_command(broken: Installed) -> None:
    broken.write("rbsync.yaml", "version: 1\nbackend: {kind: cloud}\ndatapoints: []\n")
    told = broken.run("ls", code=1).err
    who = "the backend `cloud` of the distribution rbsync-broken 2.1"
    assert f"{who} cannot be loaded: {MISSING}" in told


def test_a_mistake_in_a_plugin_is_not_one_of_ours(broken: Installed) -> None:
    told = broken.run("crash", code=1).err
    assert "the distribution rbsync-broken 2.1 has a mistake in" in told
    assert "crash.py:9: ZeroDivisionError" in told


def test_the_help_tells_of_those_that_cannot_be_loaded(broken: Installed) -> None:
    told = broken.run("--help").out.partition("Commands of plug-ins")[2]
    assert "Count the datapoints" in told
    assert "rbsync-broken 2.1" in told


def test_a_manifest_imports_nothing_by_its_text(broken: Installed) -> None:
    text = "version: 1\nbackend: {kind: 'rbsync_broken.missing:CloudSettings'}\ndatapoints: []\n"
    broken.write("rbsync.yaml", text)
    told = broken.run("validate", code=65).err
    assert "expected `local`, `redbrick`, `cloud` or `shelf`" in told
    broken.write("rbsync.yaml", WITHOUT)
    refused = broken.run("plan", "--state", "rbsync_broken.missing:x", code=64).err
    assert "no store has the URL of the state" in refused


@pytest.mark.parametrize("arguments", [["--version"], ["plan"], ["apply", "--yes"], ["ls"]])
def test_entry_points_are_not_read_for_what_is_built_in(
    broken: Installed, arguments: list[str]
) -> None:
    broken.write("rbsync.yaml", WITHOUT)
    script = (
        "import sys; from rbsync.cli.main import main; code = main(sys.argv[1:]);"
        "sys.exit(code or 'rbsync.plugins.installed' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=broken.folder,
        env=broken.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
