"""One page of HTML: what all of them have in common, and the parts that they are made of."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from rbsync.cli.escaping import for_html
from rbsync.cli.render.numbers import plural
from rbsync.label_changes.change_kinds import LabelChanges
from rbsync.label_changes.change_wording import BEFORE_AFTER, Between, told

MODES = (
    ("difference", "Difference"),
    ("pair", "Side by side"),
    ("swipe", "Swipe"),
    ("onion", "Blend"),
)
"""The ways of comparing, by the words of the script; the first one is on."""


class Row(NamedTuple):
    """Something to be listed: its folder ends with a slash, and is empty for none."""

    folder: str
    name: str
    said: str = ""
    reason: str = ""


class Change(NamedTuple):
    """Something to be looked at; ``pictures`` are as `change_views` makes them.

    ``between`` is what the two sides of it are called.
    """

    name: str
    said: str
    reason: str = ""
    labels: LabelChanges | None = None
    pictures: Sequence[Mapping[str, Any]] = ()
    between: Between = BEFORE_AFTER


class Section(NamedTuple):
    """Changes and rows under a heading. ``action`` is a word of the stylesheet too."""

    action: str
    heading: str
    changes: Sequence[Change] = ()
    rows: Sequence[Row] = ()


class Page(NamedTuple):
    """A page: ``counts`` are numbers with their words, ``links`` are pages with what is on them."""

    title: str
    lead: str
    counts: Sequence[tuple[str, str, str]] = ()
    told: Sequence[str] = ()
    sections: Sequence[Section] = ()
    links: Sequence[tuple[str, str]] = ()


def page_html(page: Page) -> str:
    """The page as text. All that others wrote in it is text there, too."""
    style, drawing, rest = (
        files("rbsync.cli.pages").joinpath(name).read_text("utf-8")
        for name in ("page.css", "picture.js", "page.js")
    )
    script = drawing + rest
    pictures: list[Mapping[str, Any]] = []
    # First of all, for it fills the list of pictures that the script gets.
    body = "".join(_body(page, pictures))
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{for_html(page.title)}</title>\n<style>{style}</style>\n",
            f"<body>\n<main>\n{body}</main>\n",
            f'<script type="application/json" id="pictures">{_json(pictures)}</script>\n',
            f"<script>{script}</script>\n</html>\n",
        )
    )


def _policy(style: str, script: str) -> str:
    """Only what stands in the page itself may run, and nothing may be fetched from anywhere."""
    # With `unsafe-inline` a script in a name would run, were it not escaped in one place.
    hashes = (base64.b64encode(sha256(text.encode()).digest()).decode() for text in (style, script))
    own_style, own_script = hashes
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{own_style}'; "
        f"script-src 'sha256-{own_script}'; base-uri 'none'; form-action 'none'"
    )


def _json(content: Any) -> str:
    # `</script>` within a name would end the element, whatever it stands in.
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _body(page: Page, pictures: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"<h1>{for_html(page.title)}</h1>\n"
    yield f'<p class="lead">{for_html(page.lead)}</p>\n' if page.lead else ""
    if page.counts:
        yield '<ul class="counts">\n'
        for number, what, kind in page.counts:
            yield f'<li class="{kind}"><b>{for_html(number)}</b> {for_html(what)}</li>\n'
        yield "</ul>\n"
    for line in page.told:
        yield f'<p class="told">{for_html(line)}</p>\n'
    if page.links:
        yield '<h2>Pages</h2>\n<ol class="pages">\n'
        for path, what in page.links:
            yield f'<li><a href="{for_html(path)}">{for_html(what)}</a></li>\n'
        yield "</ol>\n"
    if page.sections:
        yield from _tools(page.sections)
    for section in page.sections:
        yield from _section(section, pictures)


def _tools(sections: Sequence[Section]) -> Iterator[str]:
    changes = [one for section in sections for one in section.changes]
    rows = [one for section in sections for one in section.rows]
    folders = sorted({*(_folder(one.name) for one in changes), *(one.folder for one in rows)})
    classes = sorted({name for one in changes for name in _class_names(one)})
    reasons = sorted({*(one.reason for one in changes), *(one.reason for one in rows)} - {""})
    actions = [(one.action, one.action) for one in sections]
    # No form: a key in its field would send it, and the policy forbids that with an error.
    yield '<div class="tools" role="search">\n'
    yield '<label>Name<input type="search" data-filter="name" autocomplete="off"></label>\n'
    yield from _select("Action", "action", actions)
    yield from _select("Folder", "folder", [(one, one or "(none)") for one in folders])
    yield from _select("Class", "classes", [(one, one) for one in classes])
    yield from _select("Reason", "reason", [(one, one) for one in reasons])
    # Also with nothing to compare, as of images without labels: the script asks which is chosen.
    pictures = [picture for one in changes for picture in one.pictures]
    is_compared = any(
        one.get("before") or one.get("after") or any(one.get("objects", ()))
        for one in pictures
        if not one.get("same")
    )
    hidden = "" if is_compared else " hidden"
    yield f"<fieldset{hidden}><legend>Compare</legend>\n"
    for number, (mode, what) in enumerate(MODES):
        checked = "" if number else " checked"
        yield f'<label><input type="radio" name="mode" value="{mode}"{checked}>{what}</label>\n'
    yield '</fieldset>\n<output id="count" class="quiet" aria-live="polite"></output>\n</div>\n'


def _select(what: str, name: str, options: Sequence[tuple[str, str]]) -> Iterator[str]:
    if len(options) < 2:
        return
    yield f'<label>{what}<select data-filter="{name}"><option value="">all</option>'
    for value, said in options:
        yield f'<option value="{for_html(value)}">{for_html(said)}</option>'
    yield "</select></label>\n"


def _section(section: Section, pictures: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f'<section data-group data-action="{section.action}">\n'
    yield f'<h2 class="{section.action}">{for_html(section.heading)}</h2>\n'
    for one in section.changes:
        yield from _article(one, section.action, pictures)
    yield from _rows(section.rows)
    yield "</section>\n"


def _article(one: Change, action: str, pictures: list[Mapping[str, Any]]) -> Iterator[str]:
    # For the filters, which read no words of the page: these may be anything.
    facts = {
        "text": f"{one.name} {one.said}".lower(),
        "action": action,
        "folder": _folder(one.name),
        "classes": "\n".join(_class_names(one)),
        "reason": one.reason,
    }
    marked = " ".join(f'data-{key}="{_attribute(value)}"' for key, value in facts.items())
    yield f'<article {marked}>\n<h3 class="name">{for_html(one.name)}</h3>\n'
    yield f'<p class="quiet">{for_html(one.said)}</p>\n'
    if one.pictures:
        yield f'<div class="change">\n<div class="{"strip" if len(one.pictures) > 1 else ""}">\n'
        for picture in one.pictures:
            yield f'<figure data-picture="{len(pictures)}" data-name="{for_html(one.name)}">'
            yield f"<figcaption class=quiet>{for_html(_caption(picture))}</figcaption></figure>\n"
            pictures.append({"between": one.between, **picture})
        yield "</div>\n"
    if one.labels is not None:
        yield from _labels(one.labels, one)
    yield "</div>\n</article>\n" if one.pictures else "</article>\n"


def _attribute(text: str) -> str:
    """A quoted value in which line breaks stay what they are: they part words of a list."""
    return "\n".join(map(for_html, text.split("\n")))


def _caption(picture: Mapping[str, Any]) -> str:
    width, height = picture["size"]
    left, top, across, down = picture["box"]
    if (across, down) == (width, height):
        shown = f"All of {width} x {height} pixels"
    else:
        shown = f"{across} x {down} of {width} x {height} pixels, from {left}, {top}"
    if picture["scale"] < 1:
        shown += f", at {picture['scale']:.0%}"
    title = picture.get("title", "")
    return f"{title[:1].upper()}{title[1:]}. {shown}." if title else f"{shown}."


def _labels(changes: LabelChanges, of: Change) -> Iterator[str]:
    yield f'<div><p class="quiet">{for_html(told(changes))}</p>\n'
    if changes.classes:
        # A screen reader lists the regions of a page, of which each has its own name.
        yield '<div class="scroll" tabindex="0" role="region" '
        yield f'aria-label="Classes of {for_html(of.name)}">\n<table>\n'
        before, after = (side.capitalize() for side in of.between)
        yield f"<thead><tr><th scope=col>Class<th scope=col>{before}<th scope=col>{after}"
        yield "<th scope=col>Gained<th scope=col>Lost<th scope=col>IoU</tr></thead>\n<tbody>\n"
        for one in changes.classes:
            numbers = (one.before, one.after, one.gained, one.lost)
            cells = "".join(f"<td>{number:,}" for number in numbers)
            # Two sizes have no pixels in common, and of no pixels nothing is a part.
            iou = f"{one.iou:.3f}" if not changes.resized and one.before + one.gained else "-"
            yield f"<tr><th scope=row>{for_html(one.name)}{cells}<td>{iou}</tr>\n"
        yield "</tbody>\n</table>\n</div>\n"
    yield "</div>\n"


def _rows(rows: Iterable[Row]) -> Iterator[str]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.folder, []).append(row)
    for folder, some in groups.items():
        yield f'<details open data-group data-folder="{for_html(folder)}"><summary>'
        yield f'<span class="name">{for_html(folder or "(no folder)")}</span> '
        yield f"<small>{plural(len(some), 'datapoint')}</small></summary>\n"
        yield '<ul class="rows">\n'
        for one in some:
            said = f"<small>{for_html(one.said)}</small>" if one.said else ""
            reason = f' data-reason="{for_html(one.reason)}"' if one.reason else ""
            yield f"<li{reason}>{for_html(one.name)}{said}\n"
        yield "</ul></details>\n"


def _folder(name: str) -> str:
    folder, slash, _ = name.rpartition("/")
    return folder + slash


def _class_names(one: Change) -> list[str]:
    if one.labels is None:
        return []
    names = [each.name for each in one.labels.classes]
    return list(dict.fromkeys([*names, *(each.category for each in one.labels.objects)]))
