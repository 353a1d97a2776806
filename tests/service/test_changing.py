"""Changing tasks: items, metadata, labels, priorities, stages, and their end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.service.serving import PUBLIC, REDBRICK, URL, Client

DONE = {"ok": True, "message": None}
NOBODY = "cccccccc-0000-4000-8000-000000000003"
OTHER_URL = "https://example.org/b.png"
LABEL = {"category": [["object", "car"]], "point": {"xnorm": 0.5, "ynorm": 0.5}}


def created(client: Client, name: str = "a", **variables: Any) -> str:
    return str(client.create(name, **variables)["taskId"])


def test_new_items_take_the_place_of_the_old(client: Client) -> None:
    task_id = created(client, seriesInfo=[{"itemsIndices": [0], "name": "s"}], priority=0.5)
    path = client.upload(b"new")
    changed = {"taskId": task_id, "storageId": REDBRICK, "items": [path]}
    assert client.ask("updateTaskItems", **changed) == DONE
    found = client.task("a")
    assert found["datapoint"]["items"] == [path]
    assert found["datapoint"]["storageMethod"] == {"storageId": REDBRICK}
    assert found["datapoint"]["seriesInfo"][0]["name"] == "s"
    assert found["priority"] == 0.5


def test_items_are_added_behind_the_old(client: Client) -> None:
    task_id = created(client, seriesInfo=[{"itemsIndices": [0], "name": "s"}])
    added = {"items": [OTHER_URL], "seriesInfo": [{"itemsIndices": [0], "name": "t"}]}
    given = {"taskId": task_id, "storageId": PUBLIC, "append": True, **added}
    assert client.ask("updateTaskItems", **given) == DONE
    datapoint = client.task("a")["datapoint"]
    assert datapoint["items"] == [URL, OTHER_URL]
    series = [(one["name"], one["itemsIndices"]) for one in datapoint["seriesInfo"]]
    assert series == [("s", [0]), ("t", [1])]


def test_metadata_changes_alone(client: Client) -> None:
    task_id = created(client, metaData='{"k":"v"}', attributes='{"a":1}', isGroundTruth=True)
    given = {"taskId": task_id, "storageId": PUBLIC, "metaData": '{"q":"1"}'}
    assert client.ask("updateTaskItems", **given) == DONE
    found = client.task("a")
    assert json.loads(found["datapoint"]["metaData"]) == {"q": "1"}
    assert found["datapoint"]["attributes"] == '{"a":1}'
    assert found["datapoint"]["items"] == [URL]
    assert found["currentStageName"] == "END"


def test_items_that_are_nowhere_change_nothing(client: Client) -> None:
    given = {"taskId": created(client), "storageId": REDBRICK, "items": ["x/y.png"]}
    answer = client.ask("updateTaskItems", **given)
    assert answer["ok"] is False
    assert "was not uploaded" in answer["message"]
    assert client.task("a")["datapoint"]["items"] == [URL]


def test_labels_are_replaced_and_removed(client: Client) -> None:
    task_id = created(client, labelsData=json.dumps([LABEL, LABEL]))
    one = {"taskId": task_id, "labelsData": json.dumps([LABEL]), "extraData": "null"}
    assert client.ask("putLabels", **one) == DONE
    found = client.task("a")
    assert json.loads(found["latestTaskData"]["labelsData"]) == [LABEL]
    assert found["currentStageName"] == "Label"
    assert client.ask("putLabels", taskId=task_id, labelsData="[]", finalize=True) == DONE
    found = client.task("a")
    assert found["latestTaskData"]["labelsData"] == "[]"
    assert found["currentStageName"] == "END"


def test_a_label_map_goes_with_the_labels_that_it_was_for(client: Client) -> None:
    path = client.upload(b"map")
    label = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}}
    maps = [{"labelName": path, "seriesIndex": 0}]
    task_id = created(client, labelsData=json.dumps([label]), labelsMap=maps)
    assert client.task("a")["latestTaskData"]["labelsMap"]
    client.ask("putLabels", taskId=task_id, labelsData=json.dumps([LABEL]))
    assert client.task("a")["latestTaskData"]["labelsMap"] == []


def test_labels_of_no_task_are_an_error(client: Client) -> None:
    message = client.error("putLabels", taskId=NOBODY, labelsData="[]")
    assert message == f"there is no task {NOBODY} in the project"


def test_priorities_change_together(client: Client) -> None:
    ids = [created(client, name) for name in ("a", "b")]
    tasks = [{"taskId": one, "priority": 0.25} for one in ids]
    assert client.ask("updateTasksPriorities", tasks=tasks) == DONE
    assert [client.task(name)["priority"] for name in ("a", "b")] == [0.25, 0.25]
    with_nobody = [{"taskId": ids[0], "priority": 1.0}, {"taskId": NOBODY, "priority": 1.0}]
    answer = client.ask("updateTasksPriorities", tasks=with_nobody)
    assert answer == {"ok": False, "message": f"no task {NOBODY}"}
    assert client.task("a")["priority"] == 0.25
    answer = client.ask("updateTasksPriorities", tasks=[{"taskId": ids[0], "priority": 2.0}])
    assert "from 0 to 1" in answer["message"]


@pytest.mark.parametrize(
    ("stage", "place"),
    [("END", "END"), ("Output", "END"), ("ARCHIVED", "ARCHIVED"), ("Label", "Label")],
)
def test_tasks_are_moved(client: Client, stage: str, place: str) -> None:
    task_id = created(client)
    assert client.ask("moveTasks", taskIds=[task_id], stageName=stage) == DONE
    assert client.task("a")["currentStageName"] == place
    assert client.ask("moveTaskToStart", taskId=task_id) == DONE
    assert client.task("a")["currentStageName"] == "Label"


def test_a_move_to_nowhere_or_of_nobody_says_so(client: Client) -> None:
    task_id = created(client)
    answer = client.ask("moveTasks", taskIds=[task_id], stageName="Nowhere")
    assert answer == {"ok": False, "message": 'there is no stage "Nowhere" in the project'}
    answer = client.ask("moveTasks", taskIds=[task_id, NOBODY], stageName="END")
    assert answer == {"ok": False, "message": f"no task {NOBODY}"}
    assert client.task("a")["currentStageName"] == "Label"


def test_tasks_are_deleted_by_id_and_by_name(client: Client) -> None:
    ids = [created(client, name) for name in ("a", "b", "c")]
    assert client.ask("deleteTasks", taskIds=[ids[0], NOBODY]) == DONE
    assert client.ask("deleteTasks", taskNames=["b", "nothing"]) == DONE
    assert client.names() == ["c"]


def test_no_more_than_fifty_at_once(client: Client) -> None:
    names = [f"name {number}" for number in range(51)]
    answer = client.ask("deleteTasks", taskNames=names)
    assert answer == {"ok": False, "message": "51 tasks at once; the limit is 50"}


def test_a_review_passes_a_task_on_or_back(client: Client) -> None:
    task_id = client.create("a")["taskId"]
    review = {"stageName": "Review_1", "taskId": task_id, "elapsedTimeMs": 0}
    for passed, stage in ((True, "END"), (False, "Label")):
        assert client.ask("putExpertReviewTask", **review, reviewVal=passed)["ok"]
        assert client.task("a")["currentStageName"] == stage
