"""Files on their way: sent once, checked while they are sent, and sent again where that helps."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import pytest

from rbsync.applier import pipeline
from rbsync.applier.content import LocalContent
from rbsync.backends.base import Body, LabelText
from rbsync.errors import BackendError, ExitCode
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Item, Labels
from rbsync.model.fingerprint import digest, of_value
from tests.applier.faulty import Fault, Faulty, always, failing, lost, script
from tests.applier.site import Site, by_url, datapoint, inline_labels, stamps
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
    backend = Faulty(site.project, SLOW)
    site.run([site.file(f"{number}") for number in range(8)], backend, jobs=4)
    assert backend.most["upload"] == 4


def test_when_one_of_two_equal_files_changed_the_other_is_sent_in_its_place(site: Site) -> None:
    desired = twins(site, 4)
    (site.folder / "00.png").write_bytes(b"anything")
    run = site.run(desired, Faulty(site.project, SLOW), jobs=4)
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
