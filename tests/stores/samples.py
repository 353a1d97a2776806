"""Records that the tests of the SQLite store put and find again."""

from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Intent, Record
from tests.builders import PRINT


def many(number: int, start: int = 0) -> list[Record]:
    return [Record(f"patient-{i:06}", PRINT, f"task-{i}") for i in range(start, start + number)]


def golden() -> dict[str, Record]:
    """What every ``golden/*.sql`` holds, whatever its format."""
    other = Fingerprint("sha256:" + "a" * 64, "xxh3:" + "b" * 32, "xxh3:" + "c" * 32)
    failure = Failure("invalid", "create", 'Item "x" isn\'t\nan image.', 2, 422, "Look at it.")
    return {
        one.name: one
        for one in (
            Record("applied", PRINT, "task-1"),
            Record("creating", pending=Intent("creating", "create", PRINT, 1778311535.25)),
            Record("deleting", PRINT, "task-2", pending=Intent("deleting", "delete", None, 2.0)),
            Record("failed at first", failure=failure, attempted=PRINT),
            Record("failed later", other, "task-3", failure, PRINT),
            Record("ünïcode 'and\nnewline", PRINT, "task-4"),
        )
    }
