"""A statement about a lock, as in-toto's verifiers read it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from rbsync.sync.attesting import statement
from rbsync.sync.git import revision_of
from rbsync.sync.locking import write_lock
from tests.scenarios.pictures import png
from tests.scenarios.project import Project
from tests.sync.conftest import Open


def stated(opened: Open) -> dict[str, Any]:
    """The statement about the lock of the files at hand, once that is written."""
    with opened(sums=True) as workspace:
        found: dict[str, Any] = json.loads(
            statement(write_lock(workspace), workspace.manifest.root)
        )
    return found


def digest_of_folder(folder: Path) -> str:
    """As in-toto's `dirHash` has it: the digest of the lines that `sha256sum *` prints."""
    files = sorted(folder.glob("*.sums"))
    lines = [f"{sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
    return sha256("".join(lines).encode()).hexdigest()


def test_the_subject_is_the_lock_folder_by_the_digest_of_its_files(
    folder: Project, opened: Open
) -> None:
    told = stated(opened)
    digest = digest_of_folder(folder.folder / "rbsync.lock")
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["subject"] == [{"name": "rbsync.lock", "digest": {"dirHash": digest}}]
    assert told["predicate"]["version"].endswith(digest)
    assert (told["predicate"]["datapoints"], told["predicate"]["files"]) == (3, 3)


def test_the_revision_is_the_commit_that_has_the_lock(committed: Project, opened: Open) -> None:
    assert stated(opened)["predicate"]["revision"] == revision_of(str(committed.folder))


def test_a_lock_that_no_commit_has_is_stated_without_a_revision(
    committed: Project, opened: Open
) -> None:
    committed.write("d.png", png(78))
    assert "revision" not in stated(opened)["predicate"]


def test_a_folder_without_git_is_stated_without_a_revision(opened: Open) -> None:
    assert "revision" not in stated(opened)["predicate"]
