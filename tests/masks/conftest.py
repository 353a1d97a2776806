"""Both implementations of what the kernel does, so that one test proves the two."""

import shutil

import pytest

from rbsync.masks.kernel import compiled


@pytest.fixture(params=["compiled", "numpy"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test twice: with the compiled kernel and without."""
    name: str = request.param
    if name == "numpy":
        monkeypatch.setattr(compiled, "available", lambda: False)
    else:
        require_kernel()
    return name


def require_kernel() -> None:
    """The kernel is optional where nothing can compile it, and only there."""
    if not compiled.available():
        if shutil.which("cc"):
            pytest.fail("the kernel is not built: install rbsync with pip, in place or not")
        pytest.skip("no C compiler on this machine")


@pytest.fixture(scope="session")
def built_kernel() -> None:
    require_kernel()
