"""What every backend must hold to. A backend's test class inherits ``BackendTests``.

It says how to make a project in ``make``; all else comes through the port.
"""

from __future__ import annotations

import json
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.base import (
    Backend,
    Created,
    Draft,
    LabelFile,
    LabelText,
    MisnamedError,
    NamedTask,
    Rejected,
    Task,
    TaskContent,
)
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from rbsync.model.datapoint import SeriesSettings, Settings
from rbsync.model.fingerprint import FACETS, Facet, Fingerprint, digest
from tests.builders import OTHER, PRINT

URL = "https://example.org/pictures/frame20.png"
BOX: dict[str, Any] = {
    "category": [["object", "car"]],
    "bbox2d": {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.2, "hnorm": 0.2},
}
SEGMENT = {"category": [["object", "car"]], "attributes": [], "dicom": {"instanceid": 1}}
POINT = {"category": [["object", "car"]], "point": {"xnorm": 0.5, "ynorm": 0.5}}
NAMES = [
    "ordinary.png",
    "with spaces/and folders/a b.png",
    "O'Hara; DROP TABLE tasks; --",
    "größe.png",
    "gro\u0308ße.png",
    "日本語/画像.png",
    "🦊.png",
    "100%_[a-z]*?.png",
    "GRÖSSE.PNG",
    "Ordinary.png",
    "n" * 512,
]


def labels(*objects: Mapping[str, Any]) -> LabelText:
    return LabelText(json.dumps(objects), len(objects))


def mapped(files: Mapping[int, bytes]) -> LabelText:
    """One label for each series that has a label map, of these bytes."""
    objects = [SEGMENT | {"volumeindex": series} for series in files]
    maps = tuple(LabelFile(series, data) for series, data in files.items())
    return LabelText(json.dumps(objects), len(objects), files=maps)


def maps_of(backend: Backend) -> dict[str, dict[int, bytes]]:
    """The bytes of all label maps by task and series."""
    return {
        one.task.name: {found.series: found.read() for found in one.maps} for one in backend.read()
    }


def only(backend: Backend) -> TaskContent:
    """What is in the one task."""
    (found,) = backend.read()
    return found


def draft(
    name: str,
    *,
    items: Sequence[tuple[str, str]] = (("frame20.png", URL),),
    labels: LabelText | None = None,
    fingerprint: Fingerprint = PRINT,
    storage: str = "public",
    **settings: Any,
) -> Draft:
    """A datapoint whose one item is a URL, unless told otherwise."""
    return Draft(name, tuple(items), labels, Settings(storage, **settings), fingerprint)


def ids(answers: Sequence[Created | Rejected]) -> list[str]:
    """The task ids of answers, all of which must say that they were created."""
    return [one.task_id for one in answers if isinstance(one, Created) or pytest.fail(str(one))]


def kinds(answers: Sequence[Created | Rejected]) -> list[str]:
    return ["created" if isinstance(one, Created) else one.failure.kind for one in answers]


class BackendTests(ABC):
    """The port's promises, one a test."""

    @abstractmethod
    def make(self, folder: Path, *, kind: str = "", categories: Sequence[str] = ()) -> Backend:
        """A project with nothing in it; the same one again for the same folder."""

    @pytest.fixture
    def backend(self, tmp_path: Path) -> Iterator[Backend]:
        made = self.make(tmp_path / "project")
        made.project()
        yield made
        made.close()

    @pytest.fixture
    def boxes(self, tmp_path: Path) -> Iterator[Backend]:
        """A project for boxes around cars and buses."""
        made = self.make(tmp_path / "boxes", kind="IMAGE_BBOX", categories=["car", "bus"])
        made.project()
        yield made
        made.close()

    @pytest.fixture
    def upload(self, backend: Backend, tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
        """Uploads bytes from a real file; answers the ref and the content identity."""

        def run(data: bytes) -> tuple[str, str]:
            path = tmp_path / f"upload-{threading.get_ident()}"
            path.write_bytes(data)
            with FileBody(os.open(path, os.O_RDONLY), "picture.png", "xxh3") as body:
                ref = backend.upload(body, storage="redbrick")
                return ref, body.content()

        return run

    def test_a_project_has_an_identity_for_good(self, tmp_path: Path) -> None:
        first = self.make(tmp_path / "project")
        found = first.project()
        assert found.identity
        assert first.project() == found
        first.close()
        again = self.make(tmp_path / "project")
        assert again.project().identity == found.identity
        again.close()

    def test_a_project_says_its_type_and_categories(self, boxes: Backend) -> None:
        found = boxes.project()
        assert (found.type, found.categories) == ("IMAGE_BBOX", ("car", "bus"))

    def test_a_new_project_is_empty(self, backend: Backend) -> None:
        assert list(backend.list()) == []
        assert backend.find(["a"]) == {}
        assert backend.find([]) == {}

    def test_a_datapoint_is_found_as_it_was_created(self, backend: Backend) -> None:
        settings: dict[str, Any] = {"ground_truth": True, "priority": 0.25, "metadata": {"a": "ü"}}
        made = draft("a", labels=labels(BOX, POINT), fingerprint=OTHER, **settings)
        (task_id,) = ids(backend.create([made]))
        expected = Task("a", task_id, OTHER, ("frame20.png",), 2, True, 0.25, {"a": "ü"})
        assert backend.find(["a"]) == {"a": expected}
        assert list(backend.list()) == [expected]

    def test_the_stamp_comes_back_as_it_was_given(self, backend: Backend) -> None:
        stamps = {"a": PRINT, "b": OTHER, "c": Fingerprint("xxh3:" + "9" * 32, "", "")}
        backend.create([draft(name, fingerprint=one) for name, one in stamps.items()])
        assert {name: task.stamp for name, task in backend.find(list(stamps)).items()} == stamps

    def test_what_is_created_is_there_after_reopening(self, tmp_path: Path) -> None:
        first = self.make(tmp_path / "project")
        made = ids(first.create([draft("a"), draft("b")]))
        first.close()
        again = self.make(tmp_path / "project")
        assert [task.task_id for task in again.list()] == made
        again.close()

    def test_answers_come_in_the_order_of_the_drafts(self, backend: Backend) -> None:
        names = [f"{at * 37 % 50:02}" for at in range(50)]
        answers = backend.create([draft(name) for name in names])
        assert [one.name for one in answers] == names
        found = backend.find(names)
        assert [found[name].task_id for name in names] == ids(answers)

    def test_nothing_to_create_is_no_trouble(self, backend: Backend) -> None:
        assert backend.create([]) == []

    def test_names_are_kept_to_the_letter(self, backend: Backend) -> None:
        made = ids(backend.create([draft(name) for name in NAMES]))
        found = backend.find(NAMES)
        assert {name: task.name for name, task in found.items()} == {name: name for name in NAMES}
        assert [found[name].task_id for name in NAMES] == made
        assert [task.name for task in backend.list()] == sorted(NAMES)

    def test_only_exact_names_are_found(self, backend: Backend) -> None:
        backend.create([draft("abc"), draft("größe")])
        near = ["ab", "abcd", "ABC", " abc", "abc ", "a%", "a*", "", "gro\u0308ße", "\udcff"]
        assert backend.find(near) == {}

    def test_any_number_of_names_is_found(self, backend: Backend) -> None:
        backend.create([draft("a"), draft("b")])
        many = [f"name {at}" for at in range(3000)]
        assert backend.find([*many, "b", "a", "b"]).keys() == {"a", "b"}

    def test_a_name_is_created_once(self, backend: Backend) -> None:
        (first,) = ids(backend.create([draft("a")]))
        answers = backend.create([draft("b"), draft("a", priority=1.0), draft("c"), draft("c")])
        assert kinds(answers) == ["created", "conflict", "created", "conflict"]
        assert [one.name for one in answers] == ["b", "a", "c", "c"]
        assert [task.name for task in backend.list()] == ["a", "b", "c"]
        kept = backend.find(["a"])["a"]
        assert (kept.task_id, kept.priority) == (first, None)

    def test_a_refused_datapoint_does_not_stop_the_others(self, boxes: Backend) -> None:
        tree = {**BOX, "category": [["object", "tree"]]}
        answers = boxes.create(
            [
                draft("box", labels=labels(BOX)),
                draft("point", labels=labels(POINT)),
                draft("tree", labels=labels(tree)),
                draft("two items", items=[("a", URL), ("b", URL)]),
                draft("no items", items=[]),
                draft("no labels"),
                draft("broken", labels=LabelText("[{", 1)),
            ]
        )
        expected = ["created", "invalid", "invalid", "created", "invalid", "created", "invalid"]
        assert kinds(answers) == expected
        assert [task.name for task in boxes.list()] == ["box", "no labels", "two items"]

    def test_a_refusal_says_what_is_wrong_and_where(self, boxes: Backend) -> None:
        wrong = {**BOX, "bbox2d": {**BOX["bbox2d"], "xnorm": 7}}
        (answer,) = boxes.create([draft("a", labels=labels(BOX, wrong))])
        assert isinstance(answer, Rejected)
        assert "xnorm" in answer.failure.message
        assert "7" in answer.failure.message
        assert answer.failure.phase == "create"

    @pytest.mark.parametrize("priority", [-0.1, 1.1, float("nan"), True])
    def test_a_priority_is_from_0_to_1(self, backend: Backend, priority: float) -> None:
        answers = backend.create([draft("a", priority=priority), draft("b", priority=1)])
        assert kinds(answers) == ["invalid", "created"]

    @pytest.mark.parametrize("name", ["", "a\nb", "a\0b", "n" * 513, "\udcff"])
    def test_a_name_that_cannot_be_one_is_refused(self, backend: Backend, name: str) -> None:
        assert kinds(backend.create([draft(name), draft("b")])) == ["invalid", "created"]

    def test_a_full_batch_is_created(self, backend: Backend) -> None:
        batch = backend.capabilities.batch
        answers = backend.create([draft(f"{at:04}") for at in range(batch)])
        assert len(set(ids(answers))) == batch

    def test_more_than_a_batch_is_refused_whole(self, backend: Backend) -> None:
        many = [draft(f"{at:04}") for at in range(backend.capabilities.batch + 1)]
        with pytest.raises(BackendError) as caught:
            backend.create(many)
        assert caught.value.kind == "invalid"
        assert list(backend.list()) == []

    def test_a_video_keeps_its_frames_in_order(self, backend: Backend) -> None:
        frames = [(f"frame{at}.png", f"{URL}?{at}") for at in (2, 10, 1, 3)]
        backend.create([draft("video", items=frames)])
        expected = ("frame2.png", "frame10.png", "frame1.png", "frame3.png")
        assert backend.find(["video"])["video"].items == expected

    def test_a_file_is_uploaded_and_used(
        self, backend: Backend, upload: Callable[[bytes], tuple[str, str]]
    ) -> None:
        data = os.urandom(70_000)
        ref, content = upload(data)
        assert content == digest(data)
        items = [("pictures/a.png", ref)]
        ids(backend.create([draft("a", items=items, storage="redbrick")]))
        assert backend.find(["a"])["a"].items == ("pictures/a.png",)

    def test_the_same_content_may_be_uploaded_and_used_twice(
        self, backend: Backend, upload: Callable[[bytes], tuple[str, str]]
    ) -> None:
        refs = [upload(b"the same bytes")[0] for _ in range(2)]
        drafts = [
            draft(name, items=[(f"{name}.png", ref)], storage="redbrick")
            for name, ref in zip("ab", refs, strict=True)
        ]
        assert len(set(ids(backend.create(drafts)))) == 2

    def test_an_upload_starts_at_the_first_byte(self, backend: Backend, tmp_path: Path) -> None:
        path = tmp_path / "picture.png"
        path.write_bytes(b"0123456789")
        with FileBody(os.open(path, os.O_RDONLY), "picture.png", "xxh3") as body:
            body.read(4)
            first = backend.upload(body, storage="redbrick")
            assert body.content() == digest(b"0123456789")
            assert first
            backend.upload(body, storage="redbrick")
            assert body.content() == digest(b"0123456789")

    @pytest.mark.parametrize("changed", ["items", "labels", "settings"])
    def test_one_facet_is_updated_and_the_others_stay(
        self, backend: Backend, changed: Facet
    ) -> None:
        before: dict[str, Any] = {"ground_truth": False, "priority": 0.5, "metadata": {"a": "1"}}
        (task_id,) = ids(backend.create([draft("a", labels=labels(BOX), **before)]))
        after: dict[str, Any] = {"ground_truth": True, "priority": None, "metadata": {"b": "2"}}
        new = draft(
            "a",
            items=[("new.png", URL + "?new")],
            labels=labels(BOX, POINT, BOX),
            fingerprint=OTHER,
            **after,
        )
        backend.update(task_id, new, [changed])
        settings = after if changed == "settings" else before
        expected = Task(
            "a",
            task_id,
            # The stamp says of each facet what was left: no work of others counts as ours.
            PRINT.merged(OTHER, [changed]),
            ("new.png",) if changed == "items" else ("frame20.png",),
            3 if changed == "labels" else 1,
            **settings,
        )
        assert backend.find(["a"]) == {"a": expected}

    def test_label_maps_come_back_with_their_labels(self, backend: Backend) -> None:
        # Not by chance a web page, which begins with `<`.
        data = {name: b"\x1f\x8b" + os.urandom(70_000) for name in "ab"}
        drafts = [draft(name, labels=mapped({0: one})) for name, one in data.items()]
        ids(backend.create([*drafts, draft("c", labels=labels(BOX)), draft("d")]))
        assert maps_of(backend) == {"a": {0: data["a"]}, "b": {0: data["b"]}, "c": {}, "d": {}}
        for one in backend.read():
            found = json.loads(one.labels)
            assert [label.get("dicom") for label in found] == (
                [{"instanceid": 1}] if one.maps else [None] * len(found)
            )
        assert backend.find(["a"])["a"].labels == 1

    def test_label_maps_are_those_of_their_series(self, backend: Backend) -> None:
        items = [(name, f"{URL}?{name}") for name in "abcd"]
        made = draft("a", items=items, labels=mapped({0: b"first", 2: b"third"}))
        ids(backend.create([made._replace(series=(1, 2, 1))]))
        assert maps_of(backend) == {"a": {0: b"first", 2: b"third"}}
        found = only(backend)
        assert found.series == (1, 2, 1)
        assert found.task.items == ("a", "b", "c", "d")

    def test_a_look_is_what_a_reading_of_everything_says_of_these_tasks(
        self, backend: Backend
    ) -> None:
        items = [(name, f"{URL}?{name}") for name in "abc"]
        plain = draft("a", items=items, labels=labels(BOX), priority=0.5, metadata={"k": "v"})
        filed = draft("b", labels=mapped({0: b"map"}))
        first, second, third = ids(backend.create([plain, filed, draft("c")]))
        every = {one.task.task_id: one for one in backend.read()}
        found = backend.look([first, second, third, "3f0c6d54-8b57-4b0c-9a53-0f6a2a0a7a11"])
        assert found.keys() == every.keys() == {first, second, third}
        for task_id, one in found.items():
            assert one._replace(maps=()) == every[task_id]._replace(maps=())
        assert [one.read() for one in found[second].maps] == [b"map"]
        assert found[first].refs == tuple(ref for _, ref in items)
        backend.delete([NamedTask("b", second)])
        assert backend.look([second, first, first]) == {first: every[first]}
        assert backend.look([]) == {}

    @pytest.mark.parametrize("files", [{1: b"x"}, {0: b"x", 3: b"y"}, {-1: b"x"}])
    def test_a_label_map_of_no_series_is_refused(
        self, backend: Backend, files: Mapping[int, bytes]
    ) -> None:
        maps = tuple(LabelFile(series, data) for series, data in files.items())
        wrong = draft("a", labels=LabelText(json.dumps([SEGMENT]), 1, files=maps))
        assert kinds(backend.create([wrong, draft("b")])) == ["invalid", "created"]

    def test_two_label_maps_of_one_series_are_refused(self, backend: Backend) -> None:
        maps = (LabelFile(0, b"x"), LabelFile(0, b"y"))
        wrong = draft("a", labels=LabelText(json.dumps([SEGMENT]), 1, files=maps))
        assert kinds(backend.create([wrong, draft("b")])) == ["invalid", "created"]

    def test_label_maps_are_changed_with_the_labels_alone(self, backend: Backend) -> None:
        old = draft("a", labels=mapped({0: b"old"}), metadata={"a": "1"})
        (task_id,) = ids(backend.create([old]))
        before = backend.find(["a"])["a"]
        for files in ({0: b"new"}, {0: b"newer"}):
            new = draft("a", items=[], labels=mapped(files), metadata={"a": "1"})
            backend.update(task_id, new, ["labels"])
            assert maps_of(backend) == {"a": files}
            assert backend.find(["a"])["a"] == before
        backend.update(task_id, draft("a", priority=0.5), ["settings"])
        assert maps_of(backend) == {"a": {0: b"newer"}}
        backend.update(task_id, draft("a", labels=labels(BOX)), ["labels"])
        assert maps_of(backend) == {"a": {}}

    def test_label_maps_can_be_given_to_what_had_none(self, backend: Backend) -> None:
        (task_id,) = ids(backend.create([draft("a", labels=labels(BOX))]))
        backend.update(task_id, draft("a", labels=mapped({0: b"map"})), ["labels"])
        assert maps_of(backend) == {"a": {0: b"map"}}
        backend.update(task_id, draft("a"), ["labels"])
        assert maps_of(backend) == {"a": {}}
        assert json.loads(only(backend).labels) == []

    def test_other_items_leave_the_label_maps_and_have_their_own_series(
        self, backend: Backend
    ) -> None:
        items = [(name, f"{URL}?{name}") for name in "abc"]
        made = draft("a", items=items, labels=mapped({0: b"map"}))._replace(series=(2, 1))
        (task_id,) = ids(backend.create([made]))
        for sizes in ((1, 2), (3,), (1, 1, 1)):
            backend.update(task_id, made._replace(series=sizes), ["items"])
            found = only(backend)
            assert (found.series, maps_of(backend)) == (sizes, {"a": {0: b"map"}})
        backend.update(task_id, draft("a", items=items[:2]), ["items"])
        assert only(backend).series in ((), (2,))
        assert only(backend).task.items == ("a", "b")

    def test_names_and_metadata_of_series_come_and_go_with_the_settings(
        self, backend: Backend
    ) -> None:
        named = (SeriesSettings("before"), SeriesSettings("after", {"contrast": "ü"}))
        items = [(name, f"{URL}?{name}") for name in "abc"]
        made = draft("a", items=items, metadata={"k": "v"})._replace(series=(2, 1))

        def with_names(*series: SeriesSettings) -> Draft:
            return made._replace(settings=made.settings._replace(series=series))

        (task_id,) = ids(backend.create([with_names(*named)]))
        assert only(backend).task.series == named
        # What is left alone stays, whatever else changes.
        backend.update(task_id, made._replace(series=(1, 2)), ["items"])
        assert (only(backend).task.series, only(backend).series) == (named, (1, 2))
        backend.update(task_id, made._replace(items=()), ["labels"])
        assert only(backend).task.series == named
        for series in ((SeriesSettings("x", {"k": "2"}),), (SeriesSettings(), SeriesSettings("y"))):
            backend.update(task_id, with_names(*series)._replace(items=()), ["settings"])
            assert (only(backend).task.series, only(backend).series) == (series, (1, 2))
            assert only(backend).task.metadata == {"k": "v"}
        backend.update(task_id, made._replace(items=()), ["settings"])
        assert (only(backend).task.series, only(backend).series) == ((), (1, 2))

    def test_all_facets_are_updated_at_once_and_back(self, backend: Backend) -> None:
        old = draft("a", labels=labels(BOX), priority=0.5)
        new = draft("a", items=[("b", URL)], labels=None, ground_truth=True, fingerprint=OTHER)
        (task_id,) = ids(backend.create([old]))
        before = backend.find(["a"])
        backend.update(task_id, new, ["items", "labels", "settings"])
        assert backend.find(["a"])["a"] == Task("a", task_id, OTHER, ("b",), 0, True)
        backend.update(task_id, old, ["items", "labels", "settings"])
        assert backend.find(["a"]) == before

    def test_an_update_obeys_the_same_rules(self, boxes: Backend) -> None:
        (task_id,) = ids(boxes.create([draft("a", labels=labels(BOX))]))
        before = boxes.find(["a"])
        none = draft("a", items=[])
        changes: list[tuple[Draft, Facet]] = [
            (draft("a", labels=labels(POINT)), "labels"),
            (none, "items"),
        ]
        for new, facet in changes:
            with pytest.raises(BackendError) as caught:
                boxes.update(task_id, new, [facet])
            assert caught.value.kind == "invalid"
        assert boxes.find(["a"]) == before

    def test_an_update_of_what_is_not_there_is_a_conflict(self, backend: Backend) -> None:
        (task_id,) = ids(backend.create([draft("a")]))
        backend.delete([NamedTask("a", task_id)])
        with pytest.raises(BackendError) as caught:
            backend.update(task_id, draft("a", priority=1.0), ["settings"])
        assert caught.value.kind == "conflict"
        assert backend.find(["a"]) == {}

    def test_deleting_is_for_good_and_may_be_repeated(self, backend: Backend) -> None:
        first, second = ids(backend.create([draft("a", labels=labels(BOX)), draft("b")]))
        backend.delete([NamedTask("a", first)])
        assert backend.delete([NamedTask("a", first)] * 2) == {}
        backend.delete([])
        assert [task.task_id for task in backend.list()] == [second]
        assert backend.find(["a"]) == {}

    def test_a_deleted_name_is_free_again(self, backend: Backend) -> None:
        (first,) = ids(backend.create([draft("a", labels=labels(BOX))]))
        backend.delete([NamedTask("a", first)])
        (second,) = ids(backend.create([draft("a")]))
        assert first != second
        assert backend.find(["a"])["a"].labels == 0
        backend.delete([NamedTask("a", first)])
        assert backend.find(["a"])["a"].task_id == second

    def test_a_delete_leaves_tasks_of_other_names_alone(self, backend: Backend) -> None:
        ids_ = ids(backend.create([draft(name) for name in "abc"]))
        asked = [NamedTask("a", ids_[0]), NamedTask("b", ids_[2]), NamedTask("x", ids_[1])]
        assert backend.delete(asked) == {ids_[2]: "c", ids_[1]: "b"}
        assert [task.name for task in backend.list()] == ["b", "c"]

    def test_an_update_of_a_task_of_another_name_changes_nothing(self, backend: Backend) -> None:
        first, _ = ids(backend.create([draft("a", labels=labels(BOX)), draft("b")]))
        before = backend.find(["a", "b"])
        for facet in FACETS:
            with pytest.raises(MisnamedError) as caught:
                backend.update(first, draft("b", priority=1.0, fingerprint=OTHER), [facet])
            assert (caught.value.kind, caught.value.found) == ("conflict", "a")
        assert backend.find(["a", "b"]) == before

    def test_a_thousand_tasks_are_listed_once_each_by_name(self, backend: Backend) -> None:
        batch = backend.capabilities.batch
        names = [f"{at * 7919 % 1050:05}" for at in range(1050)]
        for start in range(0, len(names), batch):
            ids(backend.create([draft(name) for name in names[start : start + batch]]))
        assert [task.name for task in backend.list()] == sorted(names)
        assert backend.find(names).keys() == set(names)

    def test_threads_create_each_name_once(self, backend: Backend) -> None:
        answers: list[Created | Rejected] = []
        start = threading.Barrier(4)

        def work(offset: int) -> None:
            start.wait()
            for at in range(6):
                names = [f"{(offset * 5 + at * 10 + n) % 60:03}" for n in range(15)]
                answers.extend(backend.create([draft(name) for name in names]))

        threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(kinds(answers)) == {"created", "conflict"}
        created = {one.name: one.task_id for one in answers if isinstance(one, Created)}
        assert kinds(answers).count("created") == len(created) == 60
        assert {task.name: task.task_id for task in backend.list()} == created
