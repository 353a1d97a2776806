"""What an environment says of proxies."""

from __future__ import annotations

import pytest

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def forget_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends no request takes a way round, whatever the environment says."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
