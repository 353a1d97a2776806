"""Calls are parted into tasks by their bytes, and answers that are not believed are found here."""

from __future__ import annotations

import os
from functools import partial

from rbsync.errors import UserError
from rbsync.executors.batches import UNSURE, Share, do_all, settled
from tests.executors.calls import times, unreadable, wrong


def test_tasks_follow_the_bytes_and_not_the_files() -> None:
    share = Share(100, 4)
    sizes = [60, 30, 20, 500, 1, 1, 1, 1, 1, 0]
    assert list(share.tasks(sizes, int)) == [[60, 30], [20], [500], [1, 1, 1, 1], [1, 0]]


def test_less_than_one_task_is_not_worth_the_way() -> None:
    share = Share(100, 4)
    assert not share.is_worth_it(3, 99)
    assert share.is_worth_it(4, 0)
    assert share.is_worth_it(1, 100)


def test_an_answer_that_is_not_believed_is_found_out_here() -> None:
    calls = [partial(times, 2, 3), partial(unreadable, os.getpid()), partial(wrong, "a.png")]
    answers = [6, UNSURE, UserError("a.png is wrong")]
    assert list(settled(calls, answers))[:2] == [6, 7]
    # A file that is wrong is an answer; a disk that is gone may be gone for one worker alone.
    done = do_all([partial(wrong, "a.png"), partial(unreadable, 0)])
    assert str(done[0]) == "a.png is wrong\n    mend it"
    assert done[1] is UNSURE
    assert isinstance(next(settled([partial(unreadable, 0)], [UNSURE])), OSError)
