"""Finding tasks: pages, filters and searches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.service.serving import Client, serving

NAMES = [f"case-{number:02}" for number in range(25)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A project of 25 tasks: 5 of them ground truth, one archived."""
    folder: Path = tmp_path_factory.mktemp("listing") / "project"
    with serving(folder) as made:
        ids = {
            name: made.create(name, isGroundTruth=number % 5 == 0)["taskId"]
            for number, name in enumerate(NAMES)
        }
        made.ask("moveTasks", taskIds=[ids["case-07"]], stageName="ARCHIVED")
        yield made


def pages(client: Client, name: str, first: int, **variables: Any) -> list[list[str]]:
    found: list[list[str]] = []
    cursor = None
    while cursor or not found:
        page = client.ask(name, first=first, after=cursor, **variables)
        found.append([one["datapoint"]["name"] for one in page["entries"]])
        cursor = page["cursor"]
    return found


@pytest.mark.parametrize("operation", ["genericTasks", "tasksPaged"])
@pytest.mark.parametrize("first", [1, 10, 25, 26, 5000])
def test_pages_hold_every_task_once(client: Client, operation: str, first: int) -> None:
    found = pages(client, operation, first)
    assert [name for page in found for name in page] == NAMES
    assert {len(page) for page in found[:-1]} <= {first}


def test_counting_costs_no_page(client: Client) -> None:
    page = client.ask("tasksPaged", first=0)
    assert (page["count"], page["entries"], page["cursor"]) == (25, [], None)
    assert client.ask("tasksPaged", first=0, stageName="END")["count"] == 5


@pytest.mark.parametrize("stage", ["END", "Output"])
def test_ground_truth_is_what_is_behind_the_output(client: Client, stage: str) -> None:
    expected = [NAMES[0:20:5] + NAMES[20:21]]
    assert pages(client, "tasksPaged", 50, stageName=stage) == expected
    assert pages(client, "genericTasks", 50, stageName=stage) == expected


def test_archived_tasks_say_so(client: Client) -> None:
    (found,) = client.ask("tasksPaged", stageName="ARCHIVED")["entries"]
    assert found["currentStageName"] == "ARCHIVED"
    assert found["datapoint"]["archived"] is True


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('"case-01"', ["case-01"]),
        ('"case-0"', []),
        ('""', []),
        ("case-1", NAMES[10:20]),
        ("ase", []),
        ("case-%", []),
        ("CASE", []),
    ],
)
def test_a_search_is_for_a_start_or_a_quoted_name(
    client: Client, search: str, expected: list[str]
) -> None:
    assert client.names(taskSearch=search) == expected


def test_a_search_by_start_has_pages(client: Client) -> None:
    assert pages(client, "genericTasks", 4, taskSearch="case-2") == [NAMES[20:24], NAMES[24:]]


def test_a_task_is_found_by_its_id(client: Client) -> None:
    task_id = client.task("case-03")["taskId"]
    assert client.names(taskSearch=task_id, manualLabelingFilters={"taskId": task_id}) == [
        "case-03"
    ]
    assert client.names(taskSearch=task_id, stageName="END") == []


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 25),
        ({"userId": None}, 19),
        ({"userId": "somebody"}, 0),
        ({"status": "UNASSIGNED"}, 19),
        ({"status": "SKIPPED"}, 0),
        ({"reviewState": "FAILED"}, 0),
        ({"recentlyCompleted": True}, 5),
        ({"recentlyCompleted": True, "completedAtFrom": "2999-01-01T00:00:00Z"}, 0),
        ({"recentlyCompleted": True, "completedAtTo": "2999-01-01T00:00:00Z"}, 5),
    ],
)
def test_filters_keep_what_they_say(client: Client, filters: dict[str, Any], count: int) -> None:
    assert len(client.names(manualLabelingFilters=filters, first=50)) == count


def test_a_cache_time_asks_for_what_changed_since(client: Client) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert pages(client, "tasksPaged", 10, cacheTime=later) == [[], [], []]
    assert sum(map(len, pages(client, "tasksPaged", 10, cacheTime="2020-01-01T00:00:00Z"))) == 25


def test_one_task_and_its_labels(client: Client) -> None:
    found = client.task("case-04")
    data = client.ask("taskData", taskId=found["taskId"], tdId=found["latestTaskData"]["tdId"])
    assert data == found["latestTaskData"]
    assert client.ask("taskData", taskId=found["taskId"], tdId=found["taskId"]) is None
    assert client.ask("task", taskId=found["dpId"]) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"after": "!"}, "the cursor is not one of this project"),
        ({"first": -1}, "first is not negative"),
        ({"stageName": "Nowhere"}, 'there is no stage "Nowhere" in the project'),
        ({"manualLabelingFilters": {"completedAtFrom": "soon"}}, "'soon' is not a time"),
    ],
)
def test_a_wrong_question_is_refused(client: Client, given: dict[str, Any], message: str) -> None:
    assert client.error("genericTasks", **given) == message
