"""Hostile names, shown by GitHub's own renderer and by another one: text, and nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rbsync.cli.render.markdown import plan_markdown
from rbsync.errors import Location, Problem
from rbsync.model.plan import Basis, Blocked, Plan

NAMES = [
    "@octocat",
    "@org/team please look",
    "\\@octocat",
    "&#64;octocat",
    "<img src=https://evil.example/x.png>",
    "<!-- ",
    "-->",
    "<script>alert(1)</script>",
    "</details><h1>done</h1>",
    "</code></td></table><a href=https://evil.example>x</a>",
    "[x](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "[x]: https://evil.example",
    "https://evil.example/x",
    "www.evil.example",
    "someone@evil.example",
    "<https://evil.example>",
    "#1 and GH-1 and org/repo#1",
    "a | b | c",
    "a \\| b",
    "\\",
    "`",
    "``` `` `",
    "`](https://evil.example)`",
    "`@octocat`",
    "`` @octocat ` @octocat",
    "*bold* _em_ ~~gone~~",
    "# heading",
    "---",
    "- [ ] task",
    ":smile:",
    "$`x`$ $$x$$",
    "a\n\n# heading\n\n@octocat",
    "a\r\n| b | c |\r\n|---|---|\r\n| @x | y |",
    "\u202etxt.exe",
    " leading and trailing ",
    "\u200b@octocat",
]


class Page(HTMLParser):
    """The elements of a page, and its text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.prose: list[str] = []
        self.code: list[str] = []
        self.comments: list[str] = []
        self._depth = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self._depth += tag == "code"
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.code[-1] += data
        else:
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def pages(markdown: str) -> list[Page]:
    """The text as both renderers show it, with all that they can be made to show."""
    github = cmarkgfm.github_flavored_markdown_to_html(
        markdown, options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    )
    other = MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(markdown)
    return [Page(github), Page(other)]


def plan_of(*names: str) -> Plan:
    here = Location(names[0], 1, 1)
    return Plan(
        actions=tuple(Blocked(name, "invalid", f"because of {name}") for name in names),
        unchanged=0,
        dataset="",
        datapoints=len(names),
        basis=Basis("", 0, ""),
        warnings=tuple(Problem("link", f"`{name}` is a link", here, name) for name in names),
    )


def check(names: list[str]) -> None:
    """What is shown of names has the elements that harmless names have, and no others."""
    harmless = pages(plan_markdown(plan_of(*(f"n{at}" for at in range(len(names))))))
    for page, other in zip(pages(plan_markdown(plan_of(*names))), harmless, strict=True):
        assert page.elements == other.elements
        assert page.comments == other.comments
        assert len(page.comments) == 2
        assert len(page.code) == len(other.code)
        prose = "".join(page.prose)
        assert not re.search(r"[@<]|evil|octocat|GH-1", prose), prose


def test_names_of_all_kinds_are_text_and_each_has_its_row() -> None:
    check(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_whole(name: str) -> None:
    for page in pages(plan_markdown(plan_of(name))):
        shown = page.code[-2].strip()
        assert re.sub(r"\\(x|u|n|r)\w*", "", shown) or name in ("|",)
        if re.fullmatch(r"[\w@#:/.&;<>=\- ]+", name, re.ASCII):
            assert shown == name.strip()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("@a|`\\<>![]()#*_~\n\r\t:/.- &;", max_size=20), min_size=1, max_size=3))
def test_no_text_of_any_kind_gets_out_of_its_cell(names: list[str]) -> None:
    check([f"x{one}" for one in names])
