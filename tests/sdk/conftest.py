"""A service for the test that asks for one, and a project of it opened as the page opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import rbsync
from rbsync.sdk import Project
from tests.proxies import forget_proxies
from tests.service.serving import KEY, ORG, PROJECT, NearClient, serving

Serve = Callable[..., tuple[NearClient, Project]]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_proxies(monkeypatch)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a service with the given settings and opens its project."""
    with ExitStack() as stack:

        def run(**settings: Any) -> tuple[NearClient, Project]:
            client = stack.enter_context(serving(tmp_path / "project", **settings))
            project = rbsync.get_project(KEY, client.url, ORG, PROJECT)
            return client, stack.enter_context(project)

        yield run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
