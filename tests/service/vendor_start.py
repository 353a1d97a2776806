"""Starts a script that uses the vendor's SDK. Arguments: the script, and its own.

Stands alone, as the script does.
"""

from __future__ import annotations

import asyncio
import runpy
import sys
from typing import Any

_sleep = asyncio.sleep


async def shortly(_delay: float, result: Any = None) -> Any:
    """Lets the others go on, and no more.

    The SDK gives its connections up to half a second to close, one task after another: 12 of the
    15 seconds that a script of ours takes. Those to loopback are closed at once.
    """
    return await _sleep(0, result)


setattr(asyncio, "sleep", shortly)  # noqa: B010  (the overloads of its types are of no concern)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
