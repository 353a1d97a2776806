"""The facts of a plan beside what it would do."""

from __future__ import annotations

from typing import NamedTuple

from rbsync.errors import UsageError


class HtmlPage(NamedTuple):
    """A page that was written beside; its address is empty where nobody said it."""

    file: str = ""
    url: str = ""


NO_PAGE = HtmlPage()


def page_at(file: str | None, url: str) -> HtmlPage:
    """The page of ``--html``. Raises UsageError for the address of one that is not written."""
    if url and not file:
        raise UsageError("`--page-url` says where the page of `--html` will be, and there is none")
    return HtmlPage(file, url) if file else NO_PAGE


class About(NamedTuple):
    """The facts that a plan's Markdown hides in comments, for programs.

    ``key`` tells the comments of several manifests apart. ``head`` and ``base`` are git
    revisions, ``version`` is that of the locked dataset; all may be empty. ``page`` is shown: the
    page with the pictures of the plan.
    """

    digest: str = ""
    key: str = ""
    head: str = ""
    base: str = ""
    version: str = ""
    page: HtmlPage = NO_PAGE


NO_FACTS = About()
NOT_KNOWN = "not known to be locked; `rbsync lock --check` tells"
"""In place of a version."""
