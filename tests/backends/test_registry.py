"""Every backend is one line, and loads when it is asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from rbsync.backends import BACKENDS

HEAVY = {"numpy", "PIL", "pydantic", "requests", "yaml", "rich"}


@pytest.mark.parametrize("kind", BACKENDS.built_in)
def test_a_registered_backend_loads(kind: str) -> None:
    settings = BACKENDS.member(kind)
    assert BACKENDS.objection(kind, settings) == ""
    assert settings.__doc__


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        BACKENDS.member("cloud")


def test_the_local_backend_loads_nothing_heavy() -> None:
    code = "import sys, rbsync.backends.local; print(*sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "rbsync" in loaded
    assert not loaded & HEAVY
