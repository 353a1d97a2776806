"""Opening a project, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import rbsync
from rbsync.errors import BackendError, RbsyncError, UserError
from tests.hints.following import follows
from tests.service.serving import KEY, ORG, PROJECT, PUBLIC, URL, serving

OTHER = "cccccccc-0000-4000-8000-000000000003"


def test_a_project_says_what_it_is_and_not_the_key(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "cars", type="IMAGE_BBOX") as client,
        rbsync.get_project(project_id=PROJECT, org_id=ORG, url=client.url, api_key=KEY) as project,
    ):
        assert repr(project) == "<Project 'cars' of type IMAGE_BBOX>"
        assert KEY not in repr(vars(project)) + repr(vars(project.upload))


def test_the_order_of_later_clients_means_what_it_means_there(tmp_path: Path) -> None:
    with serving(tmp_path / "cars") as client:
        for org, project_id in ((ORG, PROJECT), (UUID(ORG), UUID(PROJECT))):
            given: tuple[Any, ...] = (org, project_id, KEY, client.url)
            with rbsync.get_project(*given) as project:
                assert project.name == "cars"
    # Without a URL it is the vendor's; a wrong key is noticed before anybody is asked.
    with pytest.raises(BackendError, match="43 characters; this one has 5") as caught:
        rbsync.get_project(ORG, PROJECT, "wrong")
    assert "wrong" not in str(caught.value)


def test_keywords_need_no_url() -> None:
    with pytest.raises(BackendError, match="43 characters"):
        rbsync.get_project(org_id=ORG, project_id=PROJECT, api_key="k")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"api_key": None}, "`api_key` is missing: it is None"),
        ({"api_key": ""}, "`api_key` is missing: it is ''"),
        ({"url": None}, "`url` is missing"),
        ({"org_id": None}, "`org_id` is missing"),
        ({"project_id": "cars"}, "`project_id` must be a UUID"),
        ({"org_id": 7}, "`org_id` must be a UUID"),
        ({"api_key": b"k" * 43}, "`api_key` must be text, not bytes"),
    ],
)
def test_what_is_missing_or_wrong_is_named(wrong: dict[str, Any], message: str) -> None:
    good = {"api_key": KEY, "url": "http://localhost:1", "org_id": ORG, "project_id": PROJECT}
    with pytest.raises(UserError, match=message):
        rbsync.get_project(**{**good, **wrong})
    with pytest.raises(UserError) as caught:
        rbsync.get_project(**{**good, "org_id": "x", "project_id": None, **wrong})
    assert len(caught.value.problems) in (2, 3)


def test_notebooks_complete_what_there_is() -> None:
    assert {"apply", "get_project", "load_manifest", "masks", "plan", "StorageMethod"} <= set(
        dir(rbsync)
    )


def test_a_wrong_key_is_not_told(tmp_path: Path) -> None:
    wrong = "w" * 43
    with serving(tmp_path / "project") as client, pytest.raises(BackendError) as caught:
        rbsync.get_project(wrong, client.url, ORG, PROJECT)
    assert caught.value.kind == "auth"
    assert wrong not in str(caught.value)


def test_a_project_must_be_there(tmp_path: Path) -> None:
    with serving(tmp_path / "project") as client, pytest.raises(BackendError, match="no project"):
        rbsync.get_project(KEY, client.url, ORG, OTHER)


def test_a_url_must_be_safe() -> None:
    with pytest.raises(UserError, match="it is not an https URL"):
        rbsync.get_project(KEY, "http://example.org", ORG, PROJECT)


def test_the_key_is_in_no_error_of_a_datapoint(tmp_path: Path) -> None:
    with serving(tmp_path / "project") as client:
        project = rbsync.get_project(KEY, client.url, ORG, PROJECT)
        points = [{"name": KEY, "items": [f"ftp://{KEY}"]}, {"name": "ok", "items": [URL]}]
        (failed,) = project.upload.create_datapoints(PUBLIC, points)
        assert "is no URL" in failed["error"]
        assert KEY not in failed["error"]
        project.close()


@pytest.mark.parametrize("line", ["import rbsync", "import rbsync; rbsync.StorageMethod"])
def test_importing_costs_nothing(line: str) -> None:
    heavy = ["requests", "numpy", "PIL"]
    check = f"{line}; import sys; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@follows("open it again with `get_project`")
def test_a_closed_project_creates_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "project") as client:
        with rbsync.get_project(KEY, client.url, ORG, PROJECT) as project:
            assert project.upload.create_datapoints(PUBLIC, [{"name": "a", "items": [URL]}]) == []
        mask = np.zeros((2, 2, 3), np.uint8)
        with pytest.raises(RbsyncError) as in_a_list:
            project.upload.create_datapoints(PUBLIC, [{"name": "b", "items": [URL]}])
        with pytest.raises(RbsyncError) as with_a_mask:
            project.upload.create_datapoint_from_masks(PUBLIC, mask, {"car": [1, 1, 1]}, URL)
        for caught in (in_a_list, with_a_mask):
            assert str(caught.value) == "the project was closed"
            assert caught.value.hint == "open it again with `get_project`"
        assert client.names() == ["a"]
        with rbsync.get_project(KEY, client.url, ORG, PROJECT) as again:
            assert again.upload.create_datapoints(PUBLIC, [{"name": "b", "items": [URL]}]) == []


def test_a_service_that_is_busy_for_a_moment_can_be_opened(tmp_path: Path) -> None:
    busy = {"kind": "project", "do": "status", "status": 429, "retry_after": 0.05, "nth": 1}
    with serving(tmp_path / "project", faults=[busy]) as client:
        rbsync.get_project(KEY, client.url, ORG, PROJECT).close()
