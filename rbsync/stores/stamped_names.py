"""Names of copies, by the time when they are made."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain, count


def stamped_name(before: str, after: str, taken: Callable[[str], bool], dash: str = "-") -> str:
    """A name with the time of now (UTC, to the second) that is not ``taken``.

    Two copies within one second have a number, so that neither is refused or replaced.
    """
    stamp = before + time.strftime(f"%Y%m%d{dash}%H%M%S", time.gmtime())
    numbers = chain([""], (f"{dash}{number}" for number in count(2)))
    names = (f"{stamp}{number}{after}" for number in numbers)
    return next(name for name in names if not taken(name))
