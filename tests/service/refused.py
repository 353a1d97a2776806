"""How many datapoints a service refuses, in the tests that have it do so."""

from __future__ import annotations

import os

import pytest

_USUAL = 300
"""Seconds that a test may take."""


def sizes_refused(*small: int) -> list[object]:
    """The sizes of every run, and those of ``RBSYNC_REFUSED="5 200 2000"``.

    Thousands take minutes on a busy machine, which is no fault: what counts are the requests.
    """
    more = map(int, os.environ.get("RBSYNC_REFUSED", "").split())
    return [
        *small,
        *(pytest.param(one, marks=pytest.mark.timeout(_USUAL + one)) for one in more),
    ]
