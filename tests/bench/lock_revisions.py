"""The first `rbsync diff` of two revisions of a lock in a clone that knows nothing yet.

    python tests/bench/lock_revisions.py               # locks of 1,000,000 files
    python tests/bench/lock_revisions.py --smoke       # of 2,000
    python tests/bench/lock_revisions.py --write       # the table, into this folder

The locks are written without the files that they are of. Each difference is told in a clone of its
own, twice, with an empty cache of the user's at first; `git` is the time in which git gives out the
texts of one lock. `--keep` is a folder in which the repository stays.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from rbsync.locks.folder import FOLDER, write_files  # noqa: E402  (found through the path above)
from rbsync.locks.layout import files_of  # noqa: E402  (as said)
from rbsync.locks.lock_content import SETTINGS, Lock, Note  # noqa: E402  (as said)
from tests.bench.growth import Cost, cost_of, rbsync  # noqa: E402  (as said)
from tests.bench.lock_changes import git  # noqa: E402  (as said)
from tests.bench.report import machine, write  # noqa: E402  (as said)

PER_FOLDER = 1000
NAMES = ("one changed", "one in each folder", "all changed")


def lock_texts(count: int, is_changed: Callable[[int], bool]) -> dict[str, bytes]:
    """The files of a lock of so many pictures, a thousand a folder, some of them changed."""
    texts: dict[str, bytes] = {}
    settings = SETTINGS + hashlib.sha256(b"settings").hexdigest()
    # Folder by folder: all of them at once take a gigabyte.
    for folder in range(0, count, PER_FOLDER):
        lock = Lock()
        for number in range(folder, min(folder + PER_FOLDER, count)):
            path = f"images/{folder // PER_FOLDER:04}/{number % PER_FOLDER:04}.png"
            content = f"{number} {is_changed(number)}".encode()
            lock.sums[path] = hashlib.sha256(content).hexdigest()
            lock.notes[path] = Note(path, path, settings, 1000 + number % 977)
        texts.update(files_of(lock))
    return texts


def prepare(folder: Path, count: int) -> None:
    """Makes a repository with the locks, each a tag."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "rbsync.yaml").write_text('version: 1\ndatapoints:\n  - glob: "images/**/*.png"\n')
    kinds: list[Callable[[int], bool]] = [
        lambda _: False,
        lambda number: number == 0,
        lambda number: number % PER_FOLDER == 1,
        lambda _: True,
    ]
    for name, is_changed in zip(("first", *NAMES), kinds, strict=True):
        write_files(str(folder / FOLDER), lock_texts(count, is_changed))
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", name)
        git(folder, "tag", name.replace(" ", "-"))
    git(folder, "gc", "-q")


def costs(repository: Path, clone: Path) -> Iterator[tuple[str, Cost]]:
    """The costs of each difference, first and again, and of git alone."""
    # Exit code 2 says that there is a difference.
    script = '"$@" > /dev/null || test $? = 2'
    for name in NAMES:
        shutil.rmtree(clone, ignore_errors=True)
        subprocess.run(["git", "clone", "-q", str(repository), str(clone / "data")], check=True)
        os.environ["XDG_CACHE_HOME"] = str(clone / "cache")
        diff = rbsync(clone / "data", "diff", "first", name.replace(" ", "-"))
        for turn in ("first", "again"):
            yield f"{name}, {turn}", cost_of(["sh", "-c", script, "sh", *diff])
    listed = f"git -C {clone}/data ls-tree --full-tree first:{FOLDER} | awk '{{print $3}}'"
    batch = f"git -C {clone}/data cat-file --batch > /dev/null"
    yield "git", cost_of(["sh", "-c", f"{listed} | {batch}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder on the disk that is to be measured")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    count = 2000 if given.smoke else given.files
    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as name:
        repository = Path(name) / "repository"
        if not repository.exists():
            prepare(repository, count)
        lines = [
            f"{count:,} files, measured on {machine('xxhash')}.",
            "",
            "| `diff` of two locks | s of the clock | s of the processor | MiB |",
            "|---|---|---|---|",
        ]
        for label, cost in costs(repository, Path(name) / "clone"):
            row = f"| {label} | {cost.wall:.2f} | {cost.processor:.2f} | {cost.memory:.0f} |"
            print(row, flush=True)
            lines.append(row)
    if given.write:
        write("lock-revisions", lines)


if __name__ == "__main__":
    main()
