"""What the local project has beside the port: pages, labels, items, counts, garbage."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rbsync.backends.base import LabelText, NamedTask, Rejected
from rbsync.backends.local import LocalBackend
from rbsync.backends.local.task_rows import StoredTask
from rbsync.errors import BackendError
from rbsync.model.fingerprint import Fingerprint
from tests.backends.local.conftest import Put
from tests.conformance.backends import BOX, URL, draft, ids, kinds, labels

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def stored(backend: LocalBackend, task_id: str) -> StoredTask:
    found = backend.stored(task_id)
    assert found is not None
    return found


def test_a_task_has_ids_times_a_storage_and_a_stage(backend: LocalBackend) -> None:
    plain, truth = ids(backend.create([draft("a"), draft("b", ground_truth=True)]))
    found = stored(backend, plain)
    assert UUID4.fullmatch(plain)
    assert UUID4.fullmatch(found.dp_id)
    assert found.dp_id != plain
    assert TIME.fullmatch(found.created_at)
    assert found.updated_at == found.created_at
    assert (found.storage, found.stage) == ("public", "Label")
    assert found.items == (("frame20.png", URL),)
    assert stored(backend, truth).stage == "END"


def test_ground_truth_moves_a_task_to_the_end_and_back(backend: LocalBackend) -> None:
    (task_id,) = ids(backend.create([draft("a")]))
    backend.update(task_id, draft("a", ground_truth=True), ["settings"])
    assert stored(backend, task_id).stage == "END"
    backend.update(task_id, draft("a", storage="redbrick"), ["settings"])
    found = stored(backend, task_id)
    assert (found.stage, found.storage) == ("Label", "redbrick")
    assert found.updated_at > found.created_at


def test_labels_are_kept_as_they_were_given(backend: LocalBackend) -> None:
    text = labels(BOX, {**BOX, "labelid": "ü", "trackid": None})
    (task_id,) = ids(backend.create([draft("a", labels=text)]))
    assert backend.labels(task_id) == text.json
    backend.update(task_id, draft("a", labels=labels()), ["labels"])
    assert backend.labels(task_id) == "[]"
    backend.update(task_id, draft("a"), ["labels"])
    assert backend.labels(task_id) is None


def test_labels_go_with_their_task(backend: LocalBackend) -> None:
    (task_id,) = ids(backend.create([draft("a", labels=labels(BOX))]))
    backend.delete([NamedTask("a", task_id)])
    assert backend.labels(task_id) is None
    assert backend.counts() == (0, 0, 0)


def test_an_empty_fingerprint_leaves_no_stamp(backend: LocalBackend) -> None:
    backend.create([draft("a", fingerprint=Fingerprint("", "", ""))])
    assert backend.find(["a"])["a"].stamp is None


def test_counts_are_those_of_all_tasks(backend: LocalBackend) -> None:
    backend.create([draft("a", labels=labels(BOX, BOX)), draft("b", ground_truth=True)])
    assert backend.counts() == (2, 1, 2)


def test_pages_go_on_where_the_last_one_ended(backend: LocalBackend) -> None:
    names = ["ü", "a", "b", "🦊", "c", "B", "日本"]
    backend.create([draft(name) for name in names])
    found, cursor, pages = [], None, 0
    while cursor is not None or pages == 0:
        page = backend.page(cursor, first=3)
        found += [one.task.name for one in page.tasks]
        cursor, pages = page.cursor, pages + 1
    assert found == sorted(names)
    assert pages == 3


def test_a_last_page_that_is_full_has_no_cursor(backend: LocalBackend) -> None:
    backend.create([draft("a"), draft("b")])
    assert backend.page(first=2).cursor is None
    assert backend.page(first=0) == ((), None)


def test_a_page_is_not_shifted_by_what_goes_before_it(backend: LocalBackend) -> None:
    made = ids(backend.create([draft(name) for name in "abcdef"]))
    page = backend.page(first=3)
    backend.delete(list(map(NamedTask, "ab", made)))
    backend.create([draft("aa")])
    rest = backend.page(page.cursor, first=3)
    assert [one.task.name for one in rest.tasks] == ["d", "e", "f"]


def test_a_page_may_be_of_one_stage(backend: LocalBackend) -> None:
    backend.create([draft(name, ground_truth=name in "bd") for name in "abcd"])
    ended = backend.page(first=1, stage="END")
    rest = backend.page(ended.cursor, first=5, stage="END")
    assert [one.task.name for one in (*ended.tasks, *rest.tasks)] == ["b", "d"]


@pytest.mark.parametrize("cursor", ["?", "ü", "abc", "//8="])
def test_a_cursor_of_somebody_else_is_refused(backend: LocalBackend, cursor: str) -> None:
    backend.project()
    with pytest.raises(BackendError, match="the cursor is not one of this project"):
        backend.page(cursor)


def test_a_task_never_refers_to_a_file_that_is_not_stored(
    backend: LocalBackend, folder: Path, put: Put
) -> None:
    ref = put(backend, b"data")
    os.unlink(folder / ref)
    lost = draft("lost", items=[("a", ref)], storage="redbrick")
    answers = backend.create([lost, draft("fine")])
    assert kinds(answers) == ["transient", "created"]
    (task_id,) = ids(backend.create([draft("b")]))
    with pytest.raises(BackendError, match="is not stored in the project"):
        backend.update(task_id, lost._replace(name="b"), ["items"])


def test_an_update_under_another_name_is_refused(backend: LocalBackend) -> None:
    (task_id,) = ids(backend.create([draft("a")]))
    with pytest.raises(BackendError, match="is that of `a`, not of `b`"):
        backend.update(task_id, draft("b"), ["settings"])


def test_deleting_leaves_the_file_until_garbage_is_collected(
    backend: LocalBackend, folder: Path, put: Put
) -> None:
    kept, gone = put(backend, b"kept"), put(backend, b"gone")
    backend.delete([NamedTask(gone, backend.find([gone])[gone].task_id)])
    assert (folder / gone).exists()
    assert backend.collect_garbage().files == 0
    assert backend.collect_garbage(grace=-1) == (1, 4)
    assert not (folder / gone).exists()
    assert (folder / kept).read_bytes() == b"kept"


def test_verify_finds_a_file_that_was_edited(backend: LocalBackend, folder: Path, put: Put) -> None:
    ref = put(backend, b"data")
    assert list(backend.verify()) == []
    (folder / ref).chmod(0o644)
    (folder / ref).write_bytes(b"DATA")
    assert [(one.ref, one.reason) for one in backend.verify()] == [(ref, "changed")]


def test_a_failed_batch_creates_nothing_of_it(backend: LocalBackend) -> None:
    bad = draft("b")._replace(items=((object(), URL),))  # type: ignore[arg-type] # it breaks down there
    with pytest.raises(TypeError):
        backend.create([draft("a"), bad])
    assert list(backend.list()) == []


def test_metadata_and_the_count_of_labels_are_checked(backend: LocalBackend) -> None:
    miscounted = LabelText(labels(BOX).json, 2)
    answers = backend.create([draft("a", metadata={"a": 1}), draft("b", labels=miscounted)])
    assert [one.failure.message for one in answers if isinstance(one, Rejected)] == [
        "its metadata must be strings by name",
        "it has 1 labels, not 2",
    ]
