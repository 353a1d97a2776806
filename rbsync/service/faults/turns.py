"""Whose turn it is."""

from __future__ import annotations

import random
from collections.abc import Set as AbstractSet

from rbsync.service.faults.script import ANYTHING, Fault


class Turns:
    """A rule that counts. ``is_due`` is asked once a request."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = 0
        self._played = 0
        self._random = random.Random(fault.seed)  # noqa: S311  (to be repeated, not guessed)

    def is_due(self, kinds: AbstractSet[str], *, taken: bool) -> bool:
        """Whether it plays now; ``taken`` says that another rule does already."""
        fault = self.fault
        if ANYTHING not in fault.kind and kinds.isdisjoint(fault.kind):
            return False
        self._seen += 1
        if not self._is_its_time() or taken or self._played == fault.times:
            return False
        self._played += 1
        return True

    def _is_its_time(self) -> bool:
        fault = self.fault
        if fault.nth:
            return self._seen in fault.nth
        if fault.every is not None:
            return self._seen % fault.every == 0
        return fault.chance is None or self._random.random() < fault.chance
