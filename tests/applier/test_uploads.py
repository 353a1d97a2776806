"""Files on their way: sent once, checked while they are sent, and sent again where that helps."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from rbsync.applier import pipeline
from rbsync.applier.cancellation import INTERRUPTED, Cancellation
from rbsync.applier.content import LocalContent
from rbsync.backends.base import (
    Backend,
    Before,
    Body,
    Created,
    Draft,
    LabelText,
    Rejected,
    unasked,
)
from rbsync.errors import BackendError, ExitCode
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Item, Labels
from rbsync.model.fingerprint import Facet, digest, of_value
from rbsync.model.plan import Create, Policy
from rbsync.planner.decide import Rules
from tests.applier.faulty import Chooser, Fault, Faulty, always, failing, lost, script
from tests.applier.site import Site, by_url, datapoint, inline_labels, pending, stamps
from tests.builders import OWNER

SLOW = always(upload=Fault(seconds=0.05))


def twins(site: Site, number: int) -> list[Datapoint]:
    return [site.file(f"{each:02}", b"the same") for each in range(number)]


def test_the_same_content_is_sent_once_also_when_several_want_it_at_once(site: Site) -> None:
    backend = Faulty(site.project, SLOW)
    assert site.run(twins(site, 12), backend, jobs=4).exit_code == ExitCode.DONE
    assert len(backend.called("upload")) == 1
    assert len(site.tasks()) == 12


def test_the_same_file_twice_in_a_datapoint_is_sent_once(site: Site) -> None:
    item = site.write("a.png", b"a")
    backend = Faulty(site.project)
    site.run([datapoint("a", [item, item])], backend, jobs=1)
    assert len(backend.called("upload")) == 1
    assert site.tasks()["a"].items == ("a.png", "a.png")


def test_different_files_are_sent_side_by_side(site: Site) -> None:
    four = threading.Barrier(4)

    def watch(method: str, _: tuple[str, ...]) -> None:
        if method == "upload":
            four.wait(60)

    backend = Faulty(site.project, SLOW, watch=watch)
    site.run([site.file(f"{number}") for number in range(8)], backend, jobs=4)
    assert backend.most["upload"] == 4


def test_when_one_of_two_equal_files_changed_the_other_is_sent_in_its_place(site: Site) -> None:
    """The one that changed is the first to be sent, and the others wait for it meanwhile."""
    first, *others = twins(site, 4)
    under_way = threading.Event()

    def watch(method: str, about: tuple[str, ...]) -> None:
        if method == "upload" and about == ("00.png",):
            under_way.set()
        elif method == "upload":
            assert under_way.wait(20)

    # A worker comes to the shared content only when its own file, before it, was sent.
    later = [
        datapoint(one.name, [site.write(f"own {one.name}", one.name.encode()), *one.items])
        for one in others
    ]
    (site.folder / "00.png").write_bytes(b"anything")
    backend = Faulty(site.project, SLOW, watch=watch)
    run = site.run([first, *later], backend, jobs=4)
    assert run.results == {"00": "changed", "01": "applied", "02": "applied", "03": "applied"}
    assert list(site.project.verify()) == []


def test_the_same_content_is_sent_again_for_another_storage(site: Site) -> None:
    backend = Faulty(site.project)
    site.run([site.file("a", b"x"), site.file("b", b"x", storage="mine")], backend)
    assert len(backend.called("upload")) == 2


def grow(site: Site) -> None:
    (site.folder / "03.png").write_bytes(b"03 and more")


def shrink(site: Site) -> None:
    (site.folder / "03.png").write_bytes(b"0")


def same_size(site: Site) -> None:
    path = site.folder / "03.png"
    found = path.stat()
    path.write_bytes(b"30")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def remove(site: Site) -> None:
    (site.folder / "03.png").unlink()


def lead_out(site: Site) -> None:
    remove(site)
    (site.folder / "03.png").symlink_to("/etc/hostname")


@pytest.mark.parametrize("change", [grow, shrink, same_size, remove, lead_out])
def test_a_file_that_changed_fails_and_the_others_are_applied(
    site: Site, change: Callable[[Site], None]
) -> None:
    desired = [site.file(f"{number:02}") for number in range(8)]
    made = site.plan(desired)
    change(site)
    run = site.run(made)
    assert run.exit_code == ExitCode.SOME_FAILED
    assert {name for name, one in run.results.items() if one != "applied"} == {"03"}
    assert run.result("03") == "changed"
    assert "03" not in site.tasks()
    assert len(site.tasks()) == 7
    assert str(site.folder) not in str(run.outcomes)
    record = site.store.record("03")
    assert record is not None
    assert (record.applied, record.pending) == (None, None)


def test_of_a_datapoint_with_one_changed_file_nothing_is_created(site: Site) -> None:
    items = [site.write(f"{number}.png", b"%d" % number) for number in range(5)]
    made = site.plan([datapoint("series", items)])
    (site.folder / "4.png").write_bytes(b"!")
    backend = Faulty(site.project)
    assert site.run(made, backend).result("series") == "changed"
    assert backend.called("create") == []


def test_a_file_that_changes_between_two_tries_is_noticed(site: Site) -> None:
    desired = [site.file("a", b"before")]
    path = site.folder / "a.png"

    def choose(method: str, _: Sequence[str]) -> Fault | None:
        if method == "upload" and path.read_bytes() == b"before":
            path.write_bytes(b"after!")
            return lost(after=True)
        return None

    assert site.run(desired, Faulty(site.project, choose)).result("a") == "changed"
    assert site.tasks() == {}


def test_an_upload_is_tried_four_times_and_its_failure_is_that_datapoints_own(site: Site) -> None:
    def choose(method: str, about: Sequence[str]) -> Fault | None:
        return failing() if method == "upload" and "b.png" in about else None

    backend = Faulty(site.project, choose)
    run = site.run([site.file("a"), site.file("b"), site.file("c")], backend)
    assert run.results == {"a": "applied", "b": "transient", "c": "applied"}
    assert backend.called("upload").count(("b.png",)) == 4
    record = site.store.record("b")
    assert record is not None
    assert record.failure is not None
    assert (record.failure.phase, record.failure.attempts) == ("upload", 4)


def test_an_upload_whose_answer_was_lost_is_repeated(site: Site) -> None:
    backend = Faulty(site.project, script(upload=[lost(after=True), lost(after=False)]))
    assert site.run([site.file("a")], backend).exit_code == ExitCode.DONE
    assert len(backend.called("upload")) == 3


def test_a_backend_that_read_only_half_of_a_file_stored_something_else(site: Site) -> None:
    class Half(Faulty):
        def upload(self, body: Body, *, storage: str) -> str:
            body.read(2)
            return "blobs/x"

    backend = Half(site.project)
    assert site.run([site.file("a", b"four")], backend).result("a") == "changed"
    assert backend.called("create") == []


def test_uploads_of_earlier_runs_are_reused_where_the_backend_keeps_them(site: Site) -> None:
    refused = always(create=Fault(reject="quota"))
    desired = [site.file(f"{number}") for number in range(4)]
    site.run(desired, Faulty(site.project, refused, keeps_uploads=True))
    (site.folder / "0.png").unlink()
    backend = Faulty(site.project, keeps_uploads=True)
    assert site.run(desired, backend).exit_code == ExitCode.DONE
    assert backend.called("upload") == []
    assert site.stamps() == stamps(desired)


def test_uploads_are_not_remembered_where_the_backend_does_not_keep_them(site: Site) -> None:
    desired = [site.file("a")]
    site.run(desired, Faulty(site.project, always(create=Fault(reject="quota"))))
    with site.store.writer(OWNER, timeout=0) as writer:
        assert writer.uploads([digest(b"a")], "redbrick") == {}
    backend = Faulty(site.project)
    site.run(desired, backend)
    assert len(backend.called("upload")) == 1


def test_what_was_uploaded_for_a_datapoint_that_failed_is_remembered(site: Site) -> None:
    items = [site.write(f"{number}.png", b"%d" % number) for number in range(3)]
    made = site.plan([datapoint("series", items)])
    (site.folder / "2.png").write_bytes(b"!")
    site.run(made, Faulty(site.project, keeps_uploads=True))
    with site.store.writer(OWNER, timeout=0) as writer:
        found = writer.uploads([item.content for item in items], "redbrick")
    assert set(found) == {items[0].content, items[1].content}


def test_a_slow_upload_does_not_hold_back_what_is_ready(site: Site) -> None:
    """Datapoints are created while others are still being uploaded."""
    created_at: list[int] = []

    def watch(method: str, _: Sequence[str]) -> None:
        if method == "create":
            created_at.append(len(backend.called("upload")))

    backend = Faulty(site.project, always(upload=Fault(seconds=0.1)), watch=watch)
    site.run([site.file(f"{number:02}") for number in range(12)], backend, jobs=1)
    assert created_at[0] < 6


def test_large_labels_are_sent_before_more_of_them_are_read(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(LocalContent):
        def labels(self, labels: Labels) -> tuple[LabelText, str]:
            read.append(1)
            return super().labels(labels)

    read: list[int] = []
    created: list[str] = []
    held: list[int] = []

    def watch(method: str, names: Sequence[str]) -> None:
        if method == "create":
            held.append(len(read) - len(created))
            created.extend(names)

    site.content = Counting(Roots(str(site.folder)), "xxh3")
    monkeypatch.setattr(pipeline, "HELD_BYTES", 2 * len(inline_labels(0.5).inline))
    url = Item.remote("https://example.org/a.png")
    desired = [datapoint(f"{n:02}", [url], inline_labels(0.5)) for n in range(40)]
    done = site.run(desired, Faulty(site.project, watch=watch), jobs=1)
    assert set(done.results.values()) == {"applied"}
    assert max(held) <= 5


def test_bytes_are_counted_when_they_were_sent(site: Site) -> None:
    counted: list[int] = []
    site.run([site.file("a", b"12345"), by_url("b"), *twins(site, 3)], sent=counted.append)
    assert sorted(counted) == [5, 8]


def labels_from(site: Site, ref: str, text: bytes) -> Labels:
    return Labels("objects", of_value(ref), (site.write(ref, text),))


POINT = b'[{"category": [["object", "car"]], "point": {"xnorm": 0.5, "ynorm": 0.5}}]'


def test_labels_are_read_from_their_file(site: Site) -> None:
    labels = labels_from(site, "a.json", POINT)
    site.run([datapoint("a", [Item.remote("https://example.org/a.png")], labels)])
    (task,) = site.tasks().values()
    assert task.labels == 1
    assert "0.5" in (site.project.labels(task.task_id) or "")


@pytest.mark.parametrize("text", [b"[]", b"{", b"", POINT + b" "])
def test_a_label_file_that_changed_fails_its_datapoint(site: Site, text: bytes) -> None:
    labels = labels_from(site, "a.json", POINT)
    made = site.plan([datapoint("a", [Item.remote("https://example.org/a.png")], labels)])
    (site.folder / "a.json").write_bytes(text)
    assert site.run(made).result("a") == "changed"
    assert site.tasks() == {}


def test_a_label_file_that_becomes_shorter_while_it_is_read_fails_its_datapoint(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labels_from(site, "a.json", POINT)
    made = site.plan([datapoint("a", [Item.remote("https://example.org/a.png")], labels)])
    fstat = os.fstat

    def cut(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        if found.st_size == len(POINT):
            os.truncate(site.folder / "a.json", 3)
        return found

    monkeypatch.setattr(os, "fstat", cut)
    run = site.run(made)
    assert run.result("a") == "changed", run


def test_a_file_that_cannot_be_read_is_tried_again_by_the_next_run(site: Site) -> None:
    desired = [site.file("a"), site.file("b")]
    (site.folder / "a.png").unlink()
    (site.folder / "a.png").mkdir()
    run = site.run(desired)
    assert run.results == {"a": "transient", "b": "applied"}
    assert "a.png cannot be read: a.png is not a regular file" in str(run.outcomes)
    (site.folder / "a.png").rmdir()
    assert site.run([site.file("a"), desired[1]]).exit_code == ExitCode.DONE


def test_an_error_of_the_service_names_no_file(site: Site) -> None:
    fault = Fault(BackendError("too big", kind="quota", status=413))
    run = site.run([site.file("a")], Faulty(site.project, always(upload=fault)))
    failure = run.outcomes[0].failure
    assert failure is not None
    assert (failure.kind, failure.status, failure.attempts) == ("quota", 413, 1)


NO_FAULT = script()


class Emptied(Faulty):
    """A project that lost the files of earlier runs, and refuses what was to be made of them."""

    def __init__(self, backend: Backend, how: BackendError, choose: Chooser = NO_FAULT) -> None:
        super().__init__(backend, choose, keeps_uploads=True, batch=1)
        self._how = how
        self._kept: set[str] = set()

    def upload(self, body: Body, *, storage: str) -> str:
        ref = super().upload(body, storage=storage)
        self._kept.add(ref)
        return ref

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        self._check(drafts[0])
        return super().create(drafts)

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], before: Before = unasked
    ) -> None:
        self._check(draft)
        super().update(task_id, draft, changed, before)

    def _check(self, draft: Draft) -> None:
        if any(ref.startswith("blobs/") and ref not in self._kept for _, ref in draft.items):
            raise self._how


DENIED = BackendError("no such file", sent=True, answered=True, status=200)
REFUSED = BackendError("no such file", kind="invalid", status=400)
NO_FILE = pytest.mark.parametrize("how", [DENIED, REFUSED], ids=["denied", "400"])


def sent_before(site: Site, *desired: Datapoint) -> None:
    """Their files are uploaded, and nothing is created."""
    refused = always(create=Fault(reject="quota"))
    site.run(desired, Faulty(site.project, refused, keeps_uploads=True))


@NO_FILE
def test_files_that_are_gone_are_sent_again(site: Site, how: BackendError) -> None:
    desired = [site.file("a"), site.file("b"), *twins(site, 3), by_url("url")]
    sent_before(site, *desired)
    backend = Emptied(site.project, how)
    run = site.run(desired, backend, max_failures=1)
    assert run.exit_code == ExitCode.DONE, run
    assert len(backend.called("upload")) == 3
    assert site.stamps() == stamps(desired)
    assert not pending(site.store.records())


@NO_FILE
def test_files_that_are_gone_are_sent_again_for_an_update(site: Site, how: BackendError) -> None:
    sent_before(site, site.file("a", b"new"))
    old = site.file("a", b"old")
    site.run([old])
    backend = Emptied(site.project, how)
    assert site.run([site.file("a", b"new")], backend).exit_code == ExitCode.DONE
    assert len(backend.called("upload")) == 1
    assert site.stamps() == stamps([site.file("a", b"new")])


@NO_FILE
def test_what_replaces_another_one_gets_new_files_in_the_next_run(
    site: Site, how: BackendError
) -> None:
    site.run([site.file("a", b"old")])
    desired = [site.file("a", b"new")]
    sent_before(site, datapoint("b", desired[0].items))
    rules = Rules(Policy(on_change="replace"))
    assert site.run(desired, Emptied(site.project, how), rules=rules).exit_code != ExitCode.DONE
    assert site.tasks() == {}
    backend = Emptied(site.project, how)
    assert site.run(desired, backend, rules=Rules(insist=True)).exit_code == ExitCode.DONE
    assert len(backend.called("upload")) == 1


def test_files_that_are_gone_are_forgotten_for_good(site: Site) -> None:
    desired = [site.file("a"), site.file("b")]
    sent_before(site, *desired)
    (site.folder / "a.png").unlink()
    run = site.run(desired, Emptied(site.project, DENIED))
    assert run.results == {"a": "changed", "b": "applied"}
    assert not pending(site.store.records())
    with site.store.writer(OWNER, timeout=0) as writer:
        found = writer.uploads([one.items[0].content for one in desired], "redbrick")
    assert set(found) == {desired[1].items[0].content}


def test_a_refusal_of_another_cause_sends_the_files_once_more_and_is_told(site: Site) -> None:
    desired = [site.file("a")]
    sent_before(site, *desired)
    backend = Faulty(site.project, always(create=Fault(DENIED)), keeps_uploads=True)
    run = site.run(desired, backend)
    assert run.result("a") == "transient"
    assert "the last answer was: no such file" in str(run.outcomes[0].failure)
    assert len(backend.called("upload")) == 1


def test_a_lost_answer_sends_no_file_again(site: Site) -> None:
    desired = [site.file("a")]
    sent_before(site, *desired)
    faults = script(create=[lost(after=False), lost(after=True)])
    backend = Faulty(site.project, faults, keeps_uploads=True)
    assert site.run(desired, backend).exit_code == ExitCode.DONE
    assert backend.called("upload") == []


def test_a_stop_leaves_what_was_to_be_sent_anew_to_the_next_run(site: Site) -> None:
    desired = [site.file("a")]
    sent_before(site, *desired)
    stop = Cancellation()

    def choose(method: str, _: Sequence[str]) -> Fault | None:
        if method == "upload":
            stop.request(INTERRUPTED)
        return None

    run = site.run(desired, Emptied(site.project, DENIED, choose), stop=stop)
    assert run.exit_code == ExitCode.INTERRUPTED
    assert run.result("a") == "ambiguous"
    assert site.run(desired, Faulty(site.project, keeps_uploads=True)).exit_code == ExitCode.DONE
    assert site.stamps() == stamps(desired)


def test_what_is_missing_at_the_project_gets_new_files(site: Site) -> None:
    desired = [site.file("a"), site.file("b")]
    sent_before(site, *desired)
    backend = Faulty(site.project, keeps_uploads=True)
    missing = Create(desired[0], "missing", "the project does not have it any more")
    made = replace(site.plan(desired), actions=(missing, Create(desired[1], "new", "")))
    assert site.run(made, backend).exit_code == ExitCode.DONE
    assert backend.called("upload") == [("a.png",)]
