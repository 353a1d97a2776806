"""The facts of a plan beside what it would do."""

from __future__ import annotations

from typing import NamedTuple


class About(NamedTuple):
    """The facts that a plan's page hides in comments, for programs.

    ``key`` tells the comments of several manifests apart. ``head`` and ``base`` are git
    revisions, ``version`` is that of the locked dataset; all may be empty.
    """

    digest: str = ""
    key: str = ""
    head: str = ""
    base: str = ""
    version: str = ""


NO_FACTS = About()
NOT_KNOWN = "not known to be locked; `rbsync lock --check` tells"
"""In place of a version."""
