"""Many entries on several pages, with a first one that leads to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from rbsync.cli.pages.html_page import Change, Page, Row, Section, page_html
from rbsync.pictures.class_colours import names_of, recoloured
from rbsync.written_files import failures, write_whole

ROWS = 2000
"""Rows of a page; a page of more is slow to look through."""
CHANGES = 500
"""Changes of a page, each of which may have a picture."""


class _Part(NamedTuple):
    """A run of entries of one section, small enough for a page."""

    section: Section
    changes: Sequence[Change]
    rows: Sequence[Row]


def write_pages(path: str, pages: Callable[[str], Iterator[tuple[str, str]]]) -> None:
    """Writes pages: the first one at a path, the others in a folder of its name beside it.

    Raises RbsyncError where they cannot be written.
    """
    folder, file = os.path.split(path)
    for below, text in pages(file):
        place = os.path.join(folder, *below.split("/")) if below else path
        with failures(place):
            os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        write_whole(place, text)


def paged(page: Page, file: str) -> Iterator[tuple[str, str]]:
    """The page, or a first one that leads to the others, each with its path.

    The path of the first is empty, and ``file`` its name; the others are in the folder of that
    name with ``.pages`` in place of its suffix.
    """
    page = _in_one_colour_each(page)
    if all(len(one.changes) <= CHANGES and len(one.rows) <= ROWS for one in page.sections):
        yield "", page_html(page)
        return
    parts = [part for section in page.sections for part in _parts(section)]
    stem = os.path.splitext(file)[0]
    links = []
    for number, part in enumerate(parts, 1):
        path = f"{stem}.pages/{number:04}.html"
        title = f"{part.section.heading}, page {number} of {len(parts)}"
        # A `#` or `?` in a name would end the path of a link.
        links.append((quote(path), f"{part.section.action}: {_reach(part)}"))
        one = part.section._replace(changes=part.changes, rows=part.rows)
        back = [(f"../{quote(file)}", "All pages")]
        yield path, page_html(Page(title, _reach(part), sections=[one], links=back))
    # Last, so that it leads to no page that is not written yet.
    yield "", page_html(page._replace(sections=(), links=links))


def _in_one_colour_each(page: Page) -> Page:
    """The page on which a class has the same colour in all pictures."""
    changes = [one for section in page.sections for one in section.changes]
    known = names_of(picture for one in changes for picture in one.pictures)
    sections = [
        one._replace(
            changes=[
                change._replace(pictures=recoloured(change.pictures, known))
                for change in one.changes
            ]
        )
        for one in page.sections
    ]
    return page._replace(sections=sections)


def _parts(section: Section) -> Iterator[_Part]:
    for at in range(0, len(section.changes), CHANGES):
        yield _Part(section, section.changes[at : at + CHANGES], ())
    for at in range(0, len(section.rows), ROWS):
        yield _Part(section, (), section.rows[at : at + ROWS])


def _reach(part: _Part) -> str:
    """From which name to which a page has them."""
    if part.changes:
        return f"{part.changes[0].name} to {part.changes[-1].name}"
    first, last = part.rows[0], part.rows[-1]
    return f"{first.folder}{first.name} to {last.folder}{last.name}"
