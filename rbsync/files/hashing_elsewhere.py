"""Hashing by others, who have the same files: the numbers that count are those of this machine."""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rbsync.executors.assured import Helpers, Task
from rbsync.executors.batches import BYTES, settled
from rbsync.files.file_facts import UNSEEN, Answers
from rbsync.files.listing import FIELDS, Listing
from rbsync.files.reading_tasks import Work

IN_FLIGHT = 64


class Reading(NamedTuple):
    """Some files of a folder, by their indices in its listing, and the call that reads them."""

    folder: str
    indices: Sequence[int]
    work: Work


def hash_elsewhere(
    readings: Iterable[tuple[str, Sequence[int], Work]],
    listings: Mapping[str, Listing],
    helpers: Helpers,
) -> Iterator[tuple[str, Sequence[int], Answers]]:
    """Yields folders with indices of files, and what these are, as it is said by who reads here."""
    running: deque[tuple[list[Reading], int, Task]] = deque()

    def came() -> Iterator[tuple[str, Sequence[int], Answers]]:
        some, begun, task = running.popleft()
        for one, answers in zip(
            some, settled([each.work for each in some], task.result()), strict=True
        ):
            yield one.folder, one.indices, _here(one, listings[one.folder], answers, begun)

    def size_of(one: Reading) -> int:
        # A task has as many files as bytes: of small files it is the number that takes time.
        files = len(one.indices) * BYTES.size // BYTES.calls
        return max(files, sum(listings[one.folder].sizes(one.indices)))

    try:
        for some in BYTES.tasks((Reading(*one) for one in readings), size_of):
            task = helpers.hand_out([one.work for one in some])
            running.append((some, time.time_ns(), task))
            while len(running) >= IN_FLIGHT:
                yield from came()
        while running:
            yield from came()
    finally:
        for _, _, task in running:
            task.cancel()


def _here(one: Reading, listing: Listing, answers: Answers, begun: int) -> Answers:
    """The same answers by this machine's clock and numbers; ``begun`` is when they were asked."""
    listed = array("q")
    for index in one.indices:
        listed += listing.stats[index * FIELDS : (index + 1) * FIELDS]
    # Some shared disks give files other numbers on each machine, and may show one as it was some
    # seconds ago. What was remembered of it under such numbers would never be found again, or would
    # be that of another version.
    if answers.errors or UNSEEN in answers.kinds or not _are_alike(answers.stats, listed):
        return one.work()
    # They were read later than that; to think it earlier only has one read once more.
    return answers._replace(stats=listed, at=array("q", [begun]) * len(one.indices))


def _are_alike(there: array[int], here: array[int]) -> bool:
    """Tells whether files have the same sizes and times."""
    return there[::FIELDS] == here[::FIELDS] and there[1::FIELDS] == here[1::FIELDS]
