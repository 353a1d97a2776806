"""Whether a run is for the pull request of a fork, by what CI services say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import UsageError
from rbsync.trust import read_trust

OURS, THEIRS = {"id": 1, "full_name": "us/data"}, {"id": 2, "full_name": "them/data"}


def github(folder: Path, name: str, event: Any) -> dict[str, str]:
    path = folder / "event.json"
    path.write_text(event if isinstance(event, str) else json.dumps(event))
    return {
        "CI": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "XDG_CONFIG_HOME": str(folder),
    }


def request(head: Any, base: Any = OURS) -> dict[str, Any]:
    return {"pull_request": {"head": {"repo": head}, "base": {"repo": base}}}


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
@pytest.mark.parametrize(
    ("event", "untrusted"),
    [
        (request(OURS), False),
        (request(THEIRS), True),
        (request({**OURS, "full_name": "us/renamed"}), False),
        (request({**THEIRS, "full_name": "us/data"}), True),
        (request(None), True),
        (request({}), True),
        ({}, True),
        ([], True),
        ("{", True),
        ("[" * 100_000, True),
    ],
)
def test_on_github(tmp_path: Path, name: str, event: Any, untrusted: bool) -> None:
    assert read_trust(github(tmp_path, name, event)).untrusted is untrusted


def test_a_missing_event_counts_as_a_forks(tmp_path: Path) -> None:
    known = {**github(tmp_path, "pull_request", {}), "GITHUB_EVENT_PATH": "/nowhere"}
    assert read_trust(known).untrusted


def test_a_push_is_trusted_and_so_is_a_run_that_is_not_in_ci(tmp_path: Path) -> None:
    assert not read_trust(github(tmp_path, "push", request(THEIRS))).untrusted
    here = {**github(tmp_path, "pull_request", request(THEIRS)), "CI": ""}
    assert not read_trust(here).untrusted


@pytest.mark.parametrize(
    ("event", "head", "untrusted"),
    [
        ("pull_request", THEIRS, True),
        ("pull_request", OURS, False),
        ("push", THEIRS, False),
        ("pull_request", None, True),
    ],
)
def test_a_run_that_another_run_started(
    tmp_path: Path, event: str, head: Any, untrusted: bool
) -> None:
    run = {"workflow_run": {"event": event, "head_repository": head}, "repository": OURS}
    assert read_trust(github(tmp_path, "workflow_run", run)).untrusted is untrusted


@pytest.mark.parametrize(
    ("known", "untrusted"),
    [
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", "CI_PROJECT_ID": "1"}, True),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_PROJECT_ID": "1"}, False),
        ({"CI_PROJECT_ID": "1"}, False),
        ({"SYSTEM_PULLREQUEST_ISFORK": "True"}, True),
        ({"SYSTEM_PULLREQUEST_ISFORK": "False"}, False),
        ({"CIRCLE_PR_REPONAME": "data"}, True),
        ({"CHANGE_FORK": "them"}, True),
        ({"TRAVIS_PULL_REQUEST_SLUG": "them/data", "TRAVIS_REPO_SLUG": "us/data"}, True),
        ({"TRAVIS_PULL_REQUEST_SLUG": "", "TRAVIS_REPO_SLUG": "us/data"}, False),
    ],
)
def test_elsewhere(tmp_path: Path, known: dict[str, str], untrusted: bool) -> None:
    environment = {"CI": "true", "XDG_CONFIG_HOME": str(tmp_path), **known}
    assert read_trust(environment).untrusted is untrusted
    assert not read_trust({**environment, "RBSYNC_UNTRUSTED": "0"}).untrusted
    assert read_trust({**environment, "RBSYNC_UNTRUSTED": "1"}).untrusted


def test_a_switch_that_is_neither_on_nor_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="RBSYNC_UNTRUSTED: expected 1 or 0, found `maybe`"):
        read_trust({"RBSYNC_UNTRUSTED": "maybe", "XDG_CONFIG_HOME": str(tmp_path)})
