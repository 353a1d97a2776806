"""A virtual environment with the vendor's SDK, whose needs are not ours; built once and kept.

It is kept in the folder that ``RBSYNC_VENDOR_VENV`` names, else in pytest's cache. Run as a
program, this file builds the one that is named.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests.registries import install

REQUIREMENT = "redbrick-sdk==2.35.4"
START = Path(__file__).with_name("vendor_start.py")
KEPT = os.environ.get("RBSYNC_VENDOR_VENV")
_OUT_OF_REACH = ("from versions: none", "NewConnectionError", "ConnectTimeoutError", "Max retries")


def vendor_python(config: pytest.Config) -> str:
    """The interpreter that has the SDK; skips the test when pip cannot reach its index.

    Where the environment says ``CI`` the test fails instead.
    """
    return _built(Path(KEPT) if KEPT else config.cache.mkdir("redbrick-sdk-2.35.4"))


def _built(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "venv" / "bin" / "python"
    ready = folder / "ready"
    with FileLock(folder / "lock"):
        if not ready.exists():
            venv = [sys.executable, "-m", "venv", "--clear", "--without-pip"]
            subprocess.run([*venv, str(folder / "venv")], check=True, timeout=900)
            _install(str(python))
            ready.write_text(REQUIREMENT)
    return str(python)


def _install(python: str) -> None:
    # With a pip that is there already, and without compiling 900 MB of which little is imported:
    # that takes half the time.
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", "--quiet"]
    command = [*pip, "--retries", "2", "--timeout", "20", REQUIREMENT]
    install(command, _OUT_OF_REACH, f"pip cannot reach its index, so {REQUIREMENT} was not run")


def run_client(config: pytest.Config, client: Path, work: Path, *arguments: str) -> None:
    """Runs a script with the SDK in the folder ``work``, as a user's whose home that is."""
    python = vendor_python(config)
    environment = {
        key: one for key, one in os.environ.items() if not key.lower().endswith("_proxy")
    }
    environment |= {"HOME": str(work), "VIRTUAL_ENV": str(work)}
    # What it imports is compiled by the first run.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [python, str(START), str(client), *arguments],
        check=False,
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


if __name__ == "__main__":
    assert KEPT, "RBSYNC_VENDOR_VENV names no folder"
    _built(Path(KEPT))
