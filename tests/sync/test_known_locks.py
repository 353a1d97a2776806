"""Two locks that git has, compared in what differs (rbsync.sync.known_locks)."""

from __future__ import annotations

import pytest

import rbsync.sync.known_locks as known_locks
from rbsync.locks.differences import compare
from rbsync.locks.layout import digest_of, files_of
from rbsync.sync.known_locks import parts_apart
from rbsync.sync.revisions import texts_of, version_of
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git


@pytest.fixture
def history(folder: Project) -> Project:
    """Three folders of pictures, locked and tagged before and after one was changed."""
    folder.manifest('datapoints:\n  - {glob: "*/*.png", labels: "{parent}/{stem}.json?"}\n')
    for number, name in enumerate(("x/1", "x/2", "y/1", "z/1")):
        folder.write(f"{name}.png", png(number))
    folder.write("x/1.json", [BOX])
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "tag", "v1")
    folder.write("y/1.png", png(50))
    folder.write("y/2.png", png(51))
    commit(folder)
    git(folder, "tag", "v2")
    return folder


def test_what_differs_is_read_once_and_the_rest_not_again(
    history: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(history.folder)
    read: list[str] = []

    def noted(root: str, wanted: dict[str, str]) -> dict[str, bytes]:
        read.extend(wanted)
        return texts_of(root, wanted)

    old, new = version_of(root, "v1"), version_of(root, "v2")
    for _ in range(2):
        read.clear()
        monkeypatch.setattr(known_locks, "texts_of", noted)
        found = parts_apart(root, "v1", "v2")
        assert found
        first, second = found
        assert compare(first.lock, second.lock) == compare(old, new)
        digests = [digest_of(files_of(one)) for one in (old, new)]
        assert [first.digest, second.digest] == digests
    assert read == ["y.sums"] * 2


def test_a_lock_of_another_layout_is_read_as_a_whole(history: Project) -> None:
    lock = history.folder / "rbsync.lock"
    lines = (lock / "x.sums").read_bytes().splitlines(keepends=True)
    (lock / "x.sums").write_bytes(b"".join(lines[-2:] + lines[:-2]))
    git(history, "commit", "-qam", "another order")
    assert parts_apart(str(history.folder), "v2", "HEAD") is None
    assert history.run("diff", "v2", "HEAD").code == 0


def test_a_label_file_of_another_folder_is_told_by_all(history: Project) -> None:
    # The note on its datapoint stands in a lock file that did not change.
    history.manifest('datapoints:\n  - {glob: "*/*.png", labels: "labels/{parent}-{stem}.json?"}\n')
    history.write("labels/x-1.json", [BOX])
    commit(history)
    before = git(history, "rev-parse", "HEAD").stdout.strip()
    history.write("labels/x-1.json", b" " + (history.folder / "labels/x-1.json").read_bytes())
    commit(history)
    assert parts_apart(str(history.folder), before, "HEAD") is None
    found = history.run("diff", before, "HEAD", "--json").json["difference"]
    assert found["reencoded"] == ["labels/x-1.json"]
