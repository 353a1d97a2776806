"""Two versions of a dataset as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rbsync.cli.escaping import for_markdown
from rbsync.cli.plan_facts import NO_PAGE, HtmlPage
from rbsync.cli.render.difference_view import facets_told
from rbsync.cli.render.markdown_page import Page, Row, Section, page_line
from rbsync.cli.render.numbers import plural
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.locks.differences import Difference

_FEW = 10


def difference_markdown(
    found: Difference,
    labels: Mapping[str, LabelChanges],
    *,
    before: str,
    after: str,
    html: HtmlPage = NO_PAGE,
) -> str:
    """The difference as a page that is no longer than a comment may be.

    ``labels`` says what changed in labels, by the names of datapoints; ``before`` and ``after``
    are the versions, ``html`` is the page with pictures.
    """
    page = Page()
    page.add("### rbsync diff\n")
    page.add(f"\n{for_markdown(before)} to {for_markdown(after)}\n")
    if not found:
        page.add("\nNo difference.\n")
    page.add(page_line(html))
    page.add_sections([one for one in _sections(found, labels) if one.rows])
    return page.text()


def _sections(found: Difference, labels: Mapping[str, LabelChanges]) -> Iterator[Section]:
    yield _named("-", found.removed, "removed")
    changed = [Row("~", one.name, facets_told(one, labels)) for one in found.changed]
    yield Section(f"{len(changed):,} changed", changed)
    moved = [Row("→", one.name, f"was {one.before}", _folder(one.name)) for one in found.moved]
    yield Section(f"{len(moved):,} moved", moved, len(moved) > _FEW)
    yield _named("+", found.added, "added")
    same = found.reencoded
    yield _named("~", same, "with other bytes and the same meaning", "label file")
    yield _named("-", found.missing, "gone", is_of_files=True)
    yield _named("+", found.extra, "new", is_of_files=True)
    yield _named("~", found.bytes, "with other bytes", is_of_files=True)


def _named(
    symbol: str, names: Sequence[str], what: str, said: str = "", *, is_of_files: bool = False
) -> Section:
    rows = [Row(symbol, one, said, _folder(one)) for one in names]
    count = plural(len(rows), "file") if is_of_files else f"{len(rows):,}"
    return Section(f"{count} {what}", rows, len(rows) > _FEW)


def _folder(name: str) -> str:
    return name.rpartition("/")[0] or "."
