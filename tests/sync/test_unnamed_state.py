"""Where a team's state is wanted and none is named, nothing is read, written or started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rbsync.errors import Location, UserError
from rbsync.stores.base import Movable, Traced
from rbsync.stores.history.base import KeepsHistory
from rbsync.sync.unnamed_state import UnnamedState
from tests.builders import OWNER

STATE: Any = UnnamedState(Location("rbsync.yaml", 2, 8))


@pytest.mark.parametrize(
    "question",
    [
        lambda: STATE.header(),
        lambda: STATE.records(),
        lambda: STATE.is_settled(),
        lambda: STATE.writer(OWNER, timeout=0),
        lambda: STATE.backup("copy.db"),
        lambda: STATE.unlock(),
    ],
)
def test_whoever_asks_is_told_where_the_manifest_wants_it(question: Callable[[], object]) -> None:
    with pytest.raises(UserError) as caught:
        question()
    (problem,) = caught.value.problems
    assert str(problem.location) == "rbsync.yaml:2:8"
    assert "RBSYNC_STATE_URL" in problem.hint


def test_it_has_nothing_that_only_some_stores_have_and_can_be_closed() -> None:
    assert not isinstance(STATE, Traced | Movable | KeepsHistory)
    STATE.close()
