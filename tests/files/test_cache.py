"""What is remembered between runs saves reading, and never hides a change."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rbsync.files import tree_hashing as trees
from rbsync.files.cache import Cache, Row
from rbsync.files.file_facts import Answers, Hashed, Stat, stat_of
from tests.files.folder import LONG_AGO, Folder, without_privileges

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settled(monkeypatch) -> None:
    """Files are safe to remember at once, so that no test has to wait for seconds."""
    monkeypatch.setattr(trees, "RACY", -(10**9))


def reading(folder: Folder, *paths: str, **options: object) -> tuple[int, int]:
    """How many files and bytes a run of its own reads."""
    folder.contents(*paths, **options)
    return folder.read


@pytest.mark.usefixtures("settled")
class TestRemembered:
    def test_an_unchanged_tree_is_not_read_again(self, folder) -> None:
        for path in ("a", "b/c", "b/d"):
            folder.write(path, b"123")
        first = folder.contents("a", "b/c", "b/d")
        assert folder.read == (3, 9)
        assert folder.contents("a", "b/c", "b/d") == first
        assert folder.read == (0, 0)

    def test_what_would_be_read_is_known_before(self, folder) -> None:
        folder.write("a", b"123")
        folder.write("b", b"45")
        tree = folder.tree()
        places = [tree.place("a"), tree.place("b"), tree.place("a")]
        assert tree.contents.total(places) == (2, 5)
        folder.hash(tree, "a", "b")
        assert tree.contents.total(places) == (0, 0)
        assert folder.tree().contents.total([]) == (0, 0)

    def test_only_what_changed_is_read_again(self, folder) -> None:
        for path in ("a", "b", "c"):
            folder.write(path, b"123")
        folder.contents("a", "b", "c")
        folder.write("b", b"4567")
        folder.write("d", b"8")
        (folder.root / "c").unlink()
        assert reading(folder, "a", "b", "d") == (2, 5)
        assert reading(folder, "a", "b", "d") == (0, 0)

    def test_one_byte_changed_with_size_and_time_put_back_is_seen(self, folder) -> None:
        file = folder.write("a", b"123")
        before = file.stat()
        (first,) = folder.contents("a")
        folder.tick()
        with open(file, "r+b") as opened:
            opened.write(b"X")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = file.stat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        (second,) = folder.contents("a")
        assert folder.read == (1, 3)
        assert second != first

    def test_a_file_replaced_by_one_of_the_same_size_and_time_is_seen(self, folder) -> None:
        folder.write("a", b"123", at=LONG_AGO)
        (first,) = folder.contents("a")
        os.replace(folder.write("new", b"456", at=LONG_AGO), folder.root / "a")
        assert folder.contents("a") != [first]

    def test_a_file_that_was_only_touched_is_read_and_is_the_same(self, folder) -> None:
        file = folder.write("a", b"123")
        first = folder.contents("a")
        folder.tick()
        os.utime(file)
        assert folder.contents("a") == first
        assert folder.read == (1, 3)

    def test_what_moved_to_another_folder_is_read_again(self, folder) -> None:
        folder.write("a/x", b"123")
        folder.contents("a/x")
        (folder.root / "a").rename(folder.root / "b")
        assert reading(folder, "b/x") == (1, 3)

    def test_who_wants_everything_read_gets_it(self, folder) -> None:
        folder.write("a", b"123")
        folder.contents("a")
        assert reading(folder, "a", rehash=True) == (1, 3)

    def test_another_algorithm_remembers_nothing_of_the_first(self, folder) -> None:
        folder.write("a", b"123")
        folder.contents("a")
        assert reading(folder, "a", algorithm="sha256") == (1, 3)
        assert reading(folder, "a", algorithm="sha256") == (0, 0)
        assert reading(folder, "a") == (1, 3)

    def test_a_cache_that_is_damaged_is_thrown_away(self, folder) -> None:
        folder.write("a", b"123")
        first = folder.contents("a")
        file = folder.root / ".rbsync/cache.db"
        for damage in (b"no database at all " * 500, b"", b"SQLite format 3\0" + bytes(5000)):
            file.write_bytes(damage)
            for suffix in ("-wal", "-shm"):
                Path(f"{file}{suffix}").write_bytes(b"left over")
            assert folder.contents("a") == first
            assert folder.read == (1, 3)
            assert reading(folder, "a") == (0, 0)

    def test_a_cache_that_turns_out_to_be_damaged_later_is_thrown_away(self, folder) -> None:
        for number in range(200):
            folder.write(f"{number}/a", b"123")
        paths = [f"{number}/a" for number in range(200)]
        first = folder.contents(*paths)
        file = folder.root / ".rbsync/cache.db"
        with sqlite3.connect(file) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        data = bytearray(file.read_bytes())
        data[4096 * 4 :] = b"\xff" * (len(data) - 4096 * 4)
        file.write_bytes(data)
        assert folder.contents(*paths) == first
        assert folder.contents(*paths) == first
        assert reading(folder, *paths) == (0, 0)

    def test_a_flipped_bit_in_what_is_remembered_is_not_believed(self, folder) -> None:
        folder.write("a", b"123")
        first = folder.contents("a")
        for column in ("digests", "kinds", "stats", "seal"):
            with sqlite3.connect(folder.root / ".rbsync/cache.db") as db:
                (blob,) = db.execute(f"SELECT {column} FROM folder").fetchone()
                flipped = bytes([blob[0] ^ 1]) + blob[1:]
                db.execute(f"UPDATE folder SET {column} = ?", (flipped,))
            assert folder.contents("a") == first
            assert folder.read == (1, 3)

    def test_a_cache_of_another_version_is_made_anew(self, folder) -> None:
        folder.write("a", b"123")
        first = folder.contents("a")
        with sqlite3.connect(folder.root / ".rbsync/cache.db") as db:
            db.executescript(
                "UPDATE memo SET value = '99:xxh3:16';"
                "DROP TABLE folder; CREATE TABLE folder (something TEXT)"
            )
        assert folder.contents("a") == first
        assert folder.read == (1, 3)
        assert reading(folder, "a") == (0, 0)

    def test_without_a_folder_to_write_to_nothing_is_remembered(self, folder) -> None:
        folder.write("a", b"123")
        assert reading(folder, "a", cache="none/cache.db") == (1, 3)
        assert not (folder.root / "none").exists()

    def test_a_cache_whose_place_is_taken_costs_time_only(self, folder) -> None:
        folder.write("a", b"123")
        (folder.root / "taken.db").mkdir()
        for _ in range(2):
            assert folder.contents("a", cache="taken.db") != [None]
            assert folder.read == (1, 3)
        cache = Cache(str(folder.root / "taken.db"), "xxh3")
        cache.put_memo("a", "b")
        assert (cache.memo("a"), cache.checked("c"), cache.folder("")) == (None, {}, None)
        cache.close()

    def test_a_folder_that_is_read_only_costs_time_only(self, shared: Folder) -> None:
        shared.write("a", b"123")
        shared.contents("a")
        (shared.root / ".rbsync").chmod(0o555)
        shared.write("a", b"4567")
        with without_privileges():
            for _ in range(2):
                assert reading(shared, "a") == (1, 4)


def test_what_was_written_just_now_is_read_again(folder) -> None:
    folder.write("a", b"123")
    folder.write("old", b"4567", at=LONG_AGO)
    tree = folder.tree()
    folder.hash(tree, "a", "old")
    assert not tree.is_settled()
    assert reading(folder, "a", "old") == (2, 7), (
        "a changed ctime is young, whatever the mtime says"
    )


def test_a_time_in_the_future_is_never_trusted(folder, monkeypatch) -> None:
    file = folder.write("a", b"123", at=time.time_ns() + 10**15)
    tree = folder.tree()
    stat = stat_of(file.stat())._replace(ctime=LONG_AGO)
    assert tree.contents.is_racy(stat, time.time_ns())
    assert not tree.contents.is_racy(stat._replace(mtime=LONG_AGO), time.time_ns())


def test_young_is_what_changed_less_than_three_seconds_before_it_was_read(folder) -> None:
    tree = folder.tree()
    tree._cache.clock_offset = 0
    stat = stat_of(folder.write("a").stat())._replace(mtime=LONG_AGO, ctime=LONG_AGO)
    for time_of in ("mtime", "ctime"):
        changed = stat._replace(**{time_of: LONG_AGO + 1})
        assert tree.contents.is_racy(changed, LONG_AGO + 3_000_000_000)
        assert not tree.contents.is_racy(changed, LONG_AGO + 3_000_000_001)


def test_a_file_system_whose_clock_is_slow_makes_more_files_young(folder) -> None:
    tree = folder.tree()
    tree._cache.clock_offset = -5_000_000_000
    stat = stat_of(folder.write("a").stat())._replace(mtime=LONG_AGO, ctime=LONG_AGO)
    assert tree.contents.is_racy(stat, LONG_AGO + 7_999_999_999)
    assert not tree.contents.is_racy(stat, LONG_AGO + 8_000_000_000)


def test_the_clock_of_the_file_system_is_asked_and_leaves_nothing_behind(folder) -> None:
    cache = Cache(str(folder.root / ".rbsync/cache.db"), "xxh3")
    assert -(10**9) < cache.clock_offset <= 0
    assert not [one for one in os.listdir(folder.root / ".rbsync") if "clock" in one]
    cache.close()


def test_a_link_in_the_place_of_the_clock_is_not_followed(folder) -> None:
    victim = folder.write("victim", at=LONG_AGO)
    folder.link(f".rbsync/.clock-{os.getpid()}", victim)
    Cache(str(folder.root / ".rbsync/cache.db"), "xxh3").close()
    assert victim.stat().st_mtime_ns == LONG_AGO


def test_memos_and_checks_are_kept_for_the_next_run(folder) -> None:
    path = str(folder.root / ".rbsync/cache.db")
    cache = Cache(path, "xxh3")
    assert cache.memo("k") is None
    cache.put_memo("k", 'välue "1"')
    cache.put_checked("labels:1", [("xxh3:a", "xxh3:b"), ("xxh3:c", "xxh3:d")])
    cache.close()
    cache = Cache(path, "xxh3")
    assert cache.memo("k") == 'välue "1"'
    assert cache.checked("labels:1") == {"xxh3:a": "xxh3:b", "xxh3:c": "xxh3:d"}
    assert cache.checked("labels:2") == {}
    cache.close()


def test_a_memo_that_was_tampered_with_is_none(folder) -> None:
    path = str(folder.root / ".rbsync/cache.db")
    cache = Cache(path, "xxh3")
    cache.put_memo("k", "1234")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE memo SET value = replace(value, '1234', '1235') WHERE key = 'k'")
    assert cache.memo("k") is None
    cache.close()


def test_a_check_that_was_tampered_with_is_none(folder) -> None:
    """The labels of a file with its content would be others, and be sent again."""
    path = str(folder.root / ".rbsync/cache.db")
    for column in ("content", "context", "fingerprint"):
        cache = Cache(path, "xxh3")
        cache.put_checked("labels:1", [("xxh3:a", "xxh3:b")])
        with sqlite3.connect(path) as db:
            db.execute(f"UPDATE checked SET {column} = replace({column}, ':', '.')")
        assert [cache.checked(context) for context in ("labels:1", "labels.1")] == [{}, {}]
        cache.close()
        os.unlink(path)


def test_a_file_with_an_error_that_is_no_text_is_made_anew(folder) -> None:
    """The database quotes what it cannot understand of its own tables, byte for byte."""
    path = Path(folder.root / ".rbsync/cache.db")
    cache = Cache(str(path), "xxh3")
    cache.put_memo("k", "v")
    cache._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    cache.close()
    made = path.read_bytes()
    damaged = made.replace(b"tablefolder", b"tablef\xcflder").replace(
        b"CREATE TABLE", b"CREATE TA\xcfLE"
    )
    assert damaged != made
    path.write_bytes(damaged)
    cache = Cache(str(path), "xxh3")
    cache.put_memo("k", "w")
    assert cache.memo("k") == "w"
    cache.close()


def test_a_full_disk_or_a_lock_forgets_and_goes_on(folder) -> None:
    path = str(folder.root / ".rbsync/cache.db")
    cache = Cache(path, "xxh3")
    cache._db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    cache.put_memo("k", "v")
    other.execute("COMMIT")
    assert cache.memo("k") is None
    cache.put_memo("k", "v")
    assert cache.memo("k") == "v"
    other.close()
    cache.close()


def test_a_row_is_opened_up_as_the_listing_that_it_was(folder) -> None:
    folder.write("d/a", b"1")
    folder.write("d/b", b"22")
    tree = folder.tree()
    listing = tree.listing("d")
    hashed = Hashed(Stat(*listing.stats[:4]), b"\x07" * 16, 3, 0)
    listing.take([0], Answers.of([hashed], 16), 16)
    row = tree._row("d")
    again = row.listing("d")
    assert (again.names, again.stats, again.digests, again.kinds) == (
        listing.names,
        listing.stats,
        listing.digests,
        listing.kinds,
    )
    assert Row(b"", b"", b"", b"").listing("d").names == []


SCRIPT = """
import sys
from pathlib import Path
from rbsync.files import tree_hashing
from tests.files.folder import Folder
tree_hashing.RACY = -10**9
folder = Folder(Path(sys.argv[1]))
for _ in range(15):
    found = folder.contents(*[f"{number}/a" for number in range(20)])
    assert None not in found
    for number in range(20):
        folder.tree()._cache.put_memo(f"{number}", "x")
print(len(set(found)), folder.read)
"""


def test_two_processes_may_use_one_cache_at_once(folder) -> None:
    for number in range(20):
        folder.write(f"{number}/a", f"{number}")
    (folder.root / ".rbsync/cache.db").unlink(missing_ok=True)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder.root)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(one.communicate(), one.returncode) for one in running]
    assert ended == [(("20 (0, 0)\n", ""), 0)] * 2
