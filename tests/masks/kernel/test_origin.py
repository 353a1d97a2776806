"""Which twin reads masks is told, and a source tree does not hide the compiled kernel silently."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rbsync
from rbsync.masks.kernel.compiled import describe, find, hidden
from tests.masks.pictures import png

PACKAGE = Path(rbsync.__file__).parent
NO_KERNEL = shutil.ignore_patterns("_kernel.*.so", "_kernel*.pyd", "__pycache__")
READ = (
    "import sys; from rbsync.masks import read_mask; "
    "read_mask(sys.argv[1], {'car': (255, 0, 0)}, ignore_colors=[(0, 0, 0)])"
)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with a package each: a source tree without a kernel, and one that has it."""
    tree, site = tmp_path / "tree", tmp_path / "site"
    shutil.copytree(PACKAGE, tree / "rbsync", ignore=NO_KERNEL)
    shutil.copytree(PACKAGE, site / "rbsync", ignore=shutil.ignore_patterns("__pycache__"))
    return tree, site


def run(path: list[Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=path[0],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=True,
    )


needs_kernel = pytest.mark.skipif(not find(), reason="this machine has no compiled kernel")


@needs_kernel
def test_the_version_says_that_a_tree_hides_the_kernel(folders: tuple[Path, Path]) -> None:
    tree, site = folders
    told = run([tree, site], "-m", "rbsync", "--version", "-v").stdout.splitlines()
    assert told[0].startswith("rbsync ")
    assert told[2] == f"package  {tree / 'rbsync'}"
    start = "masks    NumPy, for this package has no compiled kernel and hides "
    assert told[3].startswith(start + str(site / "rbsync" / "masks" / "kernel" / "_kernel."))


@needs_kernel
def test_the_version_says_that_the_kernel_is_at_work(folders: tuple[Path, Path]) -> None:
    tree, site = folders
    told = run([site, tree], "-m", "rbsync", "-v", "--version").stdout.splitlines()
    assert told[3].startswith(f"masks    the compiled kernel, {site}")


@needs_kernel
def test_a_mask_that_is_read_without_a_hidden_kernel_says_so_once(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    tree, site = folders
    mask = tmp_path / "mask.png"
    mask.write_bytes(png(np.array([[(255, 0, 0), (0, 0, 0)]], np.uint8)))
    hides = run([tree, site], "-c", READ, str(mask)).stderr
    assert hides.count("masks are read without the compiled kernel") == 1
    assert f"is found before {site / 'rbsync' / 'masks' / 'kernel'}" in hides
    for path in ([tree], [site, tree]):
        assert not run(path, "-c", READ, str(mask)).stderr


def test_what_is_found_here_is_what_is_told() -> None:
    told = describe()
    assert told.startswith("the compiled kernel, ") == bool(find()), told
    assert not hidden() or not find()
