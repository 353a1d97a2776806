"""Look-ups and listings are complete or fail; changes are done in a safe order."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest

from rbsync.backends.base import Created, LabelText, NamedTask, Rejected, no_name
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.stamp import Metadata, metadata_text, read_metadata
from rbsync.errors import BackendError
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from tests.backends.redbrick.samples import URL, draft
from tests.backends.redbrick.wire import (
    KEY,
    ORG,
    PROJECT,
    PROJECT_ANSWER,
    TAXONOMY,
    Request,
    Wire,
    data,
    reply,
    task,
)
from tests.builders import PRINT

STAMP = ";".join(PRINT)
STORAGE = {"storageId": "11111111-1111-1111-1111-111111111111"}


def paged(wire: Wire, pages: list[Any], count: int) -> None:
    """Serves pages, whose cursors are their numbers, and says that there are so many tasks."""

    def answer(request: Request, _: object) -> bytes:
        if request.variables["first"] == 0:
            return data(tasksPaged={"count": count})
        page = pages[int(request.variables["after"] or 0)]
        return page if isinstance(page, bytes) else data(tasksPaged=page)

    wire.answers["tasksPagedSDK"] = answer


def page(names: str, cursor: str | None) -> dict[str, Any]:
    return {"entries": [task(f"id of {name}", name) for name in names], "cursor": cursor}


def names(backend: RedbrickBackend) -> list[str]:
    return [one.name for one in backend.list()]


def test_a_listing_goes_on_over_empty_pages(wire: Wire, backend: RedbrickBackend) -> None:
    paged(wire, [page("b", "1"), page("", "2"), page("", "3"), page("a", None)], 2)
    assert names(backend) == ["a", "b"]


def test_a_task_that_moves_between_pages_is_listed_once(
    wire: Wire, backend: RedbrickBackend
) -> None:
    paged(wire, [page("ab", "1"), page("bc", None)], 3)
    assert names(backend) == ["a", "b", "c"]


def test_a_page_with_errors_is_not_trusted(wire: Wire, backend: RedbrickBackend) -> None:
    broken = {"data": {"tasksPaged": page("c", None)}, "errors": [{"message": "oops"}]}
    paged(wire, [page("ab", "1"), reply(json.dumps(broken))], 2)
    with pytest.raises(BackendError, match="oops"):
        names(backend)
    with pytest.raises(BackendError, match="oops"):
        backend.find([str(at) for at in range(51)])


@pytest.mark.parametrize("entries", [None, "x", [None], [{"taskId": ""}], [{}]])
def test_a_page_of_another_shape_is_not_trusted(
    wire: Wire, backend: RedbrickBackend, entries: Any
) -> None:
    paged(wire, [{"entries": entries, "cursor": None}], 3)
    with pytest.raises(BackendError):
        names(backend)


def test_a_lost_page_is_noticed(wire: Wire, backend: RedbrickBackend) -> None:
    paged(wire, [page("ab", None)], 3)
    with pytest.raises(BackendError, match="the listing has 2 of 3 tasks"):
        names(backend)


def test_a_cursor_that_repeats_is_noticed(wire: Wire, backend: RedbrickBackend) -> None:
    paged(wire, [page("a", "1"), page("b", "0")], 2)
    with pytest.raises(BackendError, match="round in circles"):
        names(backend)


def test_a_listing_without_end_is_noticed(wire: Wire, backend: RedbrickBackend) -> None:
    paged(wire, [page("a", str(at + 1)) for at in range(1000)], 1)
    with pytest.raises(BackendError, match="round in circles"):
        names(backend)
    assert len(wire.requests) < 110


def test_few_names_are_searched_for_and_only_exact_ones_found(
    wire: Wire, backend: RedbrickBackend
) -> None:
    near = [{"taskId": f"id of {n}", "datapoint": {"name": n}} for n in ("ab", "A", "a ", "a")]
    wire.answers["tasksListSDK"] = {"genericTasks": {"entries": near, "cursor": None}}
    assert backend.find(["a"])["a"].task_id == "id of a"
    (search,) = wire.of("tasksListSDK")
    assert search.variables["taskSearch"] == '"a"'
    assert wire.of("tasksPagedSDK") == []


@pytest.mark.parametrize("number", [1, 51])
def test_labels_are_fetched_only_where_their_number_is_wanted(
    wire: Wire, backend: RedbrickBackend, number: int
) -> None:
    """A look-up of 32 MB of labels a name told of none of them."""
    wanted = [f"{at}" for at in range(number)]
    found = {"taskId": "id of 0", "datapoint": {"name": "0"}}
    wire.answers["tasksListSDK"] = {"genericTasks": {"entries": [found], "cursor": None}}
    paged(wire, [{"entries": [task("id of 0", "0")], "cursor": None}] * 2, 1)
    assert list(backend.find(wanted, counted=no_name)) == ["0"]
    asked = [one.document for one in wire.requests if one.operation.startswith("task")]
    assert asked
    assert not any("labelsData" in one for one in asked)
    backend.find(wanted)
    assert any("labelsData" in one.document for one in wire.requests)


@pytest.mark.parametrize("wanted", [['a"b'], ["a\\"], [f"{at}" for at in range(51)]])
def test_many_names_and_odd_ones_are_looked_up_in_one_pass(
    wire: Wire, backend: RedbrickBackend, wanted: list[str]
) -> None:
    paged(wire, [{"entries": [task("1", wanted[0])], "cursor": None}], 1)
    assert list(backend.find(wanted)) == [wanted[0]]
    assert wire.of("tasksListSDK") == []
    listing = [one for one in wire.of("tasksPagedSDK") if one.variables["stageName"] is None]
    assert len(listing) == 2


def test_what_a_task_is(wire: Wire, backend: RedbrickBackend) -> None:
    metadata = {"site": "A", "rbsync_fingerprint": STAMP, "count": 3}
    one = task(
        "1",
        "a",
        metaData=json.dumps(metadata),
        currentStageName="END",
        priority=0.5,
        labelsData='[{"a": 1}, {}]',
    )
    two = task("2", "b", currentStageName="Output", metaData="not JSON", storageMethod=STORAGE)
    paged(wire, [{"entries": [two, one], "cursor": None}], 2)
    first, second = backend.list()
    assert (first.stamp, first.items, first.labels) == (PRINT, ("one.png",), 2)
    assert (first.ground_truth, first.priority) == (True, 0.5)
    assert first.metadata == {"site": "A", "count": "3"}
    assert (second.stamp, second.items, second.metadata) == (None, ("a/b/one.png",), {})
    assert second.ground_truth


@pytest.mark.parametrize("pack", [lambda one: one, gzip.compress])
def test_labels_in_a_file_are_counted(wire: Wire, backend: RedbrickBackend, pack: Any) -> None:
    labels = {"labelsData": "[]", "labelsDataPath": "x/data.json", "labelsStorage": STORAGE}
    paged(wire, [{"entries": [task("1", "a", **labels)], "cursor": None}], 1)
    wire.gets = reply(pack(json.dumps([{}] * 1500).encode()))
    assert next(iter(backend.list())).labels == 1500
    assert wire.of("presignItemsSDK")[0].variables["items"] == ["x/data.json"]
    assert "apikey" not in wire.of("GET")[0].headers


def test_labels_that_cannot_be_fetched_are_not_none(wire: Wire, backend: RedbrickBackend) -> None:
    labels = {"labelsDataPath": "x/data.json", "labelsStorage": STORAGE}
    paged(wire, [{"entries": [task("1", "a", **labels)], "cursor": None}], 1)
    wire.gets = reply("", "404 Not Found")
    with pytest.raises(BackendError, match='the labels of "a"'):
        list(backend.list())


def taken(wire: Wire, name: str) -> None:
    entries = [{"taskId": "1", "datapoint": {"name": name}}]
    wire.answers["tasksListSDK"] = {"genericTasks": {"entries": entries, "cursor": None}}


@pytest.mark.parametrize(
    "answer",
    ['{"data": {"createDatapoint": null}}', '{"errors": [{"message": "whatever"}]}'],
)
def test_a_name_that_is_taken_is_a_conflict_however_it_is_said(
    wire: Wire, backend: RedbrickBackend, answer: str
) -> None:
    wire.answers["createDatapointSDK"] = reply(answer)
    taken(wire, "case-1")
    (found,) = backend.create([draft()])
    assert isinstance(found, Rejected)
    assert found.failure.kind == "conflict"


TAKEN_IN = Failure(
    "ambiguous", "take in", "the service agreed to take in the video, and does not show it yet"
)


@pytest.mark.parametrize("status", ["401 No", "429 Slow", "404 Not Found"])
def test_a_look_up_that_fails_does_not_make_a_create_unsent(
    wire: Wire, backend: RedbrickBackend, status: str
) -> None:
    wire.answers["createDatapointSDK"] = reply('{"data": {"createDatapoint": null}}')
    wire.answers["tasksListSDK"] = reply("", status)
    video = draft("vid", items=(("c.mp4", "org/images/1/c.mp4"),), storage="redbrick")
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    assert (raised.value.kind, raised.value.sent) == ("transient", True)
    assert backend.create([video]) == [Rejected("vid", TAKEN_IN)]


@pytest.mark.parametrize("message", ["already exists", "name must be unique", "duplicate"])
def test_no_wording_of_an_error_makes_a_conflict(
    wire: Wire, backend: RedbrickBackend, message: str
) -> None:
    wire.answers["createDatapointSDK"] = reply(json.dumps({"errors": [{"message": message}]}))
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    assert (raised.value.kind, raised.value.sent) == ("invalid", True)


def test_a_batch_tells_each_of_its_datapoints_what_became_of_it(wire: Wire) -> None:
    backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, batch=50, seconds=2)
    said = {
        "fine": reply('{"data": {"createDatapoint": {"taskId": "1"}}}'),
        "lost": None,
        "slow": reply("", "429 Slow"),
        "wrong": reply("", "400 Bad"),
    }
    wire.answers["createDatapointSDK"] = lambda request, _: said[request.variables["name"]]
    answers = backend.create([draft(name) for name in (*said, "", "fine")])
    kinds = ["fine" if isinstance(one, Created) else one.failure.kind for one in answers]
    assert kinds == ["fine", "ambiguous", "throttled", "invalid", "invalid", "conflict"]
    wire.answers["createDatapointSDK"] = reply("", "429 Slow", Retry_After="3")
    with pytest.raises(BackendError) as raised:
        backend.create([draft("a"), draft("b")])
    assert (raised.value.kind, raised.value.sent, raised.value.retry_after) == (
        "throttled",
        False,
        3.0,
    )


def test_a_video_goes_by_an_items_list(wire: Wire, backend: RedbrickBackend) -> None:
    taken(wire, "vid")
    clip = (("clips/clip.mp4", "org/images/1/clip.mp4"),)
    video = draft("vid", items=clip, storage="redbrick", ground_truth=True)
    assert backend.create([video]) == [Created("vid", "1")]
    assert wire.operations() == [
        "getProjectSDK",
        "itemListUploadPresignSDK",
        "PUT",
        "itemListUploadSuccessSDK",
        "tasksListSDK",
    ]
    (put,) = wire.of("PUT")
    assert put.headers["content-type"] == "application/json"
    (entry,) = json.loads(put.body)
    assert (entry["name"], entry["items"]) == ("vid", ["org/images/1/clip.mp4"])
    assert entry["metaData"]["rbsync_fingerprint"] == STAMP
    payload = wire.of("itemListUploadSuccessSDK")[0].variables["payload"]
    assert payload["isGroundTruth"] is True


def test_a_video_need_not_be_the_first_item(wire: Wire, backend: RedbrickBackend) -> None:
    taken(wire, "vid")
    items = (("a.png", "org/images/1/a.png"), ("clip.MP4", "org/images/2/clip.MP4"))
    backend.create([draft("vid", items=items, storage="redbrick")])
    assert wire.of("itemListUploadSuccessSDK")
    assert wire.of("createDatapointSDK") == []


def test_a_video_that_is_still_taken_in_is_not_known_yet(
    wire: Wire, backend: RedbrickBackend
) -> None:
    video = draft("vid", items=(("c.avi", "org/images/1/c.avi"),), storage="redbrick")
    assert backend.create([video]) == [Rejected("vid", TAKEN_IN)]


def test_a_list_that_is_not_taken_is_no_success(wire: Wire, backend: RedbrickBackend) -> None:
    wire.answers["itemListUploadSuccessSDK"] = {"itemListUploadSuccess": {"ok": False}}
    video = draft("vid", items=(("c.mp4", "org/images/1/c.mp4"),), storage="redbrick")
    with pytest.raises(BackendError, match="did not take"):
        backend.create([video])


def test_an_update_leaves_its_stamp_last(wire: Wire, backend: RedbrickBackend) -> None:
    old = {"site": "A", "rbsync_fingerprint": "a;b;c", "rbsync_items": '["x.png"]'}
    wire.answers["taskSDK"] = {
        "task": task("1", "case-1", metaData=json.dumps(old), currentStageName="END", priority=0.5)
    }
    new = draft(items=(("b", URL),), labels=LabelText("[]", 0), metadata={"site": "B"})
    backend.update("1", new, ["items", "labels", "settings"])
    changes = [
        "updateTaskItemsSDK",
        "updateTasksLabelsSDK",
        "updateTasksPrioritiesSDK",
        "moveTaskToStartSDK",
        "updateTaskItemsSDK",
    ]
    # Each change comes right after a look of its own.
    assert wire.operations()[1:] == [one for each in changes for one in ("taskSDK", each)]
    first, last = wire.of("updateTaskItemsSDK")
    assert first.variables["items"] == [URL]
    # Until the rest is done, the stamp speaks of the items alone.
    assert json.loads(first.variables["metaData"]) == {
        "site": "A",
        "rbsync_fingerprint": ";".join([STAMP.split(";")[0], "b", "c"]),
        "rbsync_items": '["b"]',
    }
    assert last.variables["items"] is None
    own = Settings("", metadata={"site": "B"}).fingerprint()
    expected = {
        "site": "B",
        "rbsync_fingerprint": STAMP,
        "rbsync_items": '["b"]',
        "rbsync_left": f'[["site"],null,[],"","{own}"]',
    }
    assert json.loads(last.variables["metaData"]) == expected
    assert wire.of("updateTasksPrioritiesSDK")[0].variables["tasks"] == [
        {"taskId": "1", "priority": None}
    ]


def test_an_update_that_fails_leaves_no_stamp(wire: Wire, backend: RedbrickBackend) -> None:
    wire.answers["taskSDK"] = {"task": task("1", "case-1")}
    wire.answers["updateTasksLabelsSDK"] = {"putLabels": {"ok": False, "message": "no"}}
    with pytest.raises(BackendError, match="refused it: no"):
        backend.update("1", draft(labels=LabelText("[]", 0)), ["labels"])
    assert wire.of("updateTaskItemsSDK") == []


@pytest.mark.parametrize("answer", [None, {"ok": True, "message": "not allowed"}])
def test_a_move_that_says_anything_has_failed(
    wire: Wire, backend: RedbrickBackend, answer: Any
) -> None:
    wire.answers["taskSDK"] = {"task": task("1", "case-1")}
    wire.answers["moveTasksSDK"] = {"moveTasks": answer}
    with pytest.raises(BackendError):
        backend.update("1", draft(ground_truth=True), ["settings"])
    assert wire.of("moveTasksSDK")[0].variables["stageName"] == "END"
    assert wire.of("updateTaskItemsSDK") == []


@pytest.mark.parametrize("found", [None, task("1", "another")])
def test_an_update_of_another_task_is_a_conflict(
    wire: Wire, backend: RedbrickBackend, found: Any
) -> None:
    wire.answers["taskSDK"] = {"task": found}
    with pytest.raises(BackendError) as raised:
        backend.update("1", draft(), ["items"])
    assert raised.value.kind == "conflict"
    assert wire.of("updateTaskItemsSDK") == []


def holds(wire: Wire, *there: str) -> None:
    """Answers that these tasks are there, each named after its id."""

    def look(request: Request, _: object) -> bytes:
        one = request.variables["taskId"]
        return data(task=task(one, one) if one in there else None)

    wire.answers["taskSDK"] = look


def named(*ids: str) -> list[NamedTask]:
    return [NamedTask(one, one) for one in ids]


def test_deletes_go_by_fifties(wire: Wire, backend: RedbrickBackend) -> None:
    every = [str(at) for at in range(120)]
    holds(wire, *every)
    assert backend.delete(named(*every, "0")) == {}
    sizes = [len(one.variables["taskIds"]) for one in wire.of("deleteTasksSDK")]
    assert sizes == [50, 50, 20]


def test_a_refused_delete_is_decided_by_what_is_still_there(
    wire: Wire, backend: RedbrickBackend
) -> None:
    there = ["1", "2", "3"]

    def delete(request: Request, _: object) -> bytes:
        # Somebody else was faster.
        holds(wire, "1", "2")
        fine = "3" not in request.variables["taskIds"]
        return data(deleteTasks={"ok": fine})

    holds(wire, *there)
    wire.answers["deleteTasksSDK"] = delete
    backend.delete(named("1", "3", "2"))
    assert [one.variables["taskIds"] for one in wire.of("deleteTasksSDK")] == [
        ["1", "3", "2"],
        ["1", "2"],
    ]


def test_what_is_not_there_is_not_asked_to_be_deleted(wire: Wire, backend: RedbrickBackend) -> None:
    holds(wire, "1")
    assert backend.delete(named("gone")) == {}
    assert wire.of("deleteTasksSDK") == []


def test_a_delete_leaves_tasks_of_other_names_alone(wire: Wire, backend: RedbrickBackend) -> None:
    holds(wire, "1", "2")
    assert backend.delete([NamedTask("1", "1"), NamedTask("x", "2")]) == {"2": "2"}
    assert [one.variables["taskIds"] for one in wire.of("deleteTasksSDK")] == [["1"]]


def test_a_delete_that_does_nothing_fails(wire: Wire, backend: RedbrickBackend) -> None:
    holds(wire, "1")
    wire.answers["deleteTasksSDK"] = {"deleteTasks": {"ok": False}}
    with pytest.raises(BackendError, match="refused"):
        backend.delete(named("1"))


@pytest.mark.parametrize(
    "metadata",
    [
        Metadata({}),
        Metadata({"a": "ü", "b": ""}),
        Metadata({}, PRINT),
        Metadata({"a": "1"}, Fingerprint("", "", "x"), ("a;b", "日本")),
    ],
)
def test_metadata_comes_back_as_it_was_left(metadata: Metadata) -> None:
    assert read_metadata(metadata_text(metadata) or "") == metadata


def test_item_names_that_are_too_many_are_left_out() -> None:
    text = metadata_text(Metadata({}, PRINT, tuple(f"frame {at}.png" for at in range(5000))))
    assert text is not None
    assert len(text) < 1000


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "3", '{"rbsync_fingerprint": 3}'])
def test_metadata_of_others_is_no_trouble(text: str) -> None:
    assert read_metadata(text) == Metadata({})


def test_an_old_taxonomy_and_a_bare_one_are_read(wire: Wire, backend: RedbrickBackend) -> None:
    leaf = {"name": "car", "classId": 0, "children": []}
    for children, expected in (([leaf], ("car",)), ([], ())):
        old = {"name": "t", "categories": [{"name": "object", "children": children}]}
        answer = {"project": {**PROJECT_ANSWER["project"], "taxonomy": old}}
        wire.answers["getProjectSDK"] = answer
        assert backend.project().categories == expected


def test_a_taxonomy_that_came_by_name_alone_is_asked_for(
    wire: Wire, backend: RedbrickBackend
) -> None:
    thin = {"project": {**PROJECT_ANSWER["project"], "taxonomy": {"name": "tax-a"}}}
    wire.answers |= {"getProjectSDK": thin, "getTaxonomySDK": {"taxonomy": TAXONOMY}}
    assert backend.project().categories == ("liver", "tumor")


def test_whether_there_are_archived_tasks_is_asked_once_by_all_threads(
    wire: Wire, backend: RedbrickBackend
) -> None:
    wire.answers["tasksListSDK"] = {"genericTasks": {"entries": [], "cursor": None}}

    def slowly(_: Request, __: object) -> bytes:
        # All look names up meanwhile, and all find none.
        time.sleep(0.2)
        return data(tasksPaged={"count": 0})

    wire.answers["tasksPagedSDK"] = slowly
    assert backend.find([f"n{at}" for at in range(16)]) == {}
    assert len(wire.of("tasksPagedSDK")) == 1
