"""What is said of masks that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rbsync.masks.error import MaskError


def said(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """The message of the MaskError that a call raises."""
    with pytest.raises(MaskError) as caught:
        call(*arguments, **options)
    return str(caught.value)
