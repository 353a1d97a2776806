"""Tells by what the CI service says if this run is for the pull request of a fork."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_MOST = 64 << 20

Environ = Mapping[str, str]


def is_on(text: str) -> bool | None:
    """Returns the meaning of a switch of the environment, None for none. Raises ValueError."""
    word = text.strip().lower()
    if not word:
        return None
    if word not in _YES | _NO:
        raise ValueError(f"expected 1 or 0, found `{text}`")
    return word in _YES


def is_of_a_fork(environ: Environ) -> bool:
    """Tells whether what runs here was proposed from a repository that is not this one.

    Where a pull request's origin cannot be told, it counts as a fork's.
    """
    if environ.get("CI", "").strip().lower() in {"", *_NO}:
        return False
    return any(said(environ) for said in _SERVICES)


def _github(environ: Environ) -> bool:
    name = environ.get("GITHUB_EVENT_NAME", "")
    if name != "workflow_run" and not name.startswith("pull_request"):
        return False
    event = _read(environ.get("GITHUB_EVENT_PATH", ""))
    if name == "workflow_run":
        run = _member(event, "workflow_run")
        if _member(run, "event") == "push":
            return False
        return _differ(_member(run, "head_repository"), _member(event, "repository"))
    request = _member(event, "pull_request")
    head, base = (_member(_member(request, one), "repo") for one in ("head", "base"))
    return _differ(head, base)


def _differ(head: Any, base: Any) -> bool:
    """A repository's id stays when it is renamed, and no other one is ever given it."""
    for key in ("id", "full_name"):
        ours, theirs = _member(head, key), _member(base, key)
        if ours is not None and theirs is not None:
            return bool(ours != theirs)
    return True


def _read(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return None


def _member(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _differs(source: str, target: str) -> Callable[[Environ], bool]:
    def differs(environ: Environ) -> bool:
        given = environ.get(source, "")
        return bool(given) and given != environ.get(target, "")

    return differs


def _is_said(variable: str) -> Callable[[Environ], bool]:
    return lambda environ: environ.get(variable, "").strip().lower() not in {"", *_NO}


_SERVICES: tuple[Callable[[Environ], bool], ...] = (
    _github,
    _differs("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_PROJECT_ID"),  # GitLab
    _is_said("SYSTEM_PULLREQUEST_ISFORK"),  # Azure Pipelines
    _is_said("CIRCLE_PR_REPONAME"),  # CircleCI sets it for forks alone
    _is_said("CHANGE_FORK"),  # Jenkins, too
    _differs("TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_REPO_SLUG"),
)
