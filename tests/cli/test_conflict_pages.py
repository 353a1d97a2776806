"""A conflict on a plan's page and in `rbsync browse`: both sides, and what they began with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from rbsync.errors import ExitCode
from tests.cli.browser import Browser, Opened, chromium, needs_chromium
from tests.cli.test_browse import browsing, planned
from tests.masks.pictures import png
from tests.scenarios.pictures import photo
from tests.scenarios.project import Project
from tests.scenarios.test_refresh import relabel
from tests.scenarios.test_versions import commit, git

ADDED, REMOVED, SWAPPED = (0, 158, 115), (213, 94, 0), (230, 159, 0)
COLOURS = {"car": (255, 0, 0), "bus": (0, 255, 0)}
LEFT, THERE, HERE = "as last left", "at the project", "as declared"
PAIRS = ((THERE, HERE), (LEFT, THERE), (LEFT, HERE))
Box = tuple[int, int, int, int]
SIDES: dict[str, dict[str, Box]] = {
    LEFT: {"car": (2, 3, 12, 15), "bus": (15, 20, 25, 38)},
    THERE: {"car": (2, 3, 10, 15), "bus": (15, 20, 25, 38)},
    HERE: {"car": (2, 3, 12, 20), "bus": (15, 24, 25, 38)},
}
"""The rectangle (top, left, bottom, right) of each class, on each side."""


def grid(side: str) -> np.ndarray:
    index = np.zeros((30, 40), np.uint8)
    for number, (top, left, bottom, right) in enumerate(SIDES[side].values(), 1):
        index[top:bottom, left:right] = number
    return index


def mask(side: str) -> bytes:
    return png(np.array([(0, 0, 0), *COLOURS.values()], np.uint8)[grid(side)])


def labels(side: str) -> list[dict[str, Any]]:
    """As somebody draws them in RedBrick."""
    return [
        {
            "category": [["object", name]],
            "attributes": [],
            "pixel": {
                "imagesize": [40, 30],
                "regions": [[[left, top], [right, top], [right, bottom], [left, bottom]]],
                "holes": [],
            },
        }
        for name, (top, left, bottom, right) in SIDES[side].items()
    ]


def counts(before: str, after: str) -> tuple[int, int, int]:
    """Pixels that come, that go, and that become another class."""
    old, new = grid(before), grid(after)
    both = (old > 0) & (new > 0)
    return (
        int(((old == 0) & (new > 0)).sum()),
        int(((old > 0) & (new == 0)).sum()),
        int((both & (old != new)).sum()),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Masks in git, changed here and at the project; of `k` git has no earlier one."""
    made = Project(tmp_path_factory.mktemp("conflict"))
    made.write(".gitignore", ".rbsync/\n*.html\nmasks/k.png\n")
    made.write("class_map.json", {name: list(colour) for name, colour in COLOURS.items()})
    for name in "km":
        made.write(f"images/{name}.png", photo(3, (40, 30)))
        made.write(f"masks/{name}.png", mask(LEFT))
    made.manifest(
        "masks:\n  - {glob: 'masks/*.png', image: 'images/{stem}.png', class_map: class_map.json,"
        " encoding: pixel}\n"
    )
    git(made, "init", "-q", "-b", "main")
    commit(made)
    assert made.apply().code == 0
    for name in "km":
        relabel(made, name, *labels(THERE))
        made.write(f"masks/{name}.png", mask(HERE))
    # What is declared is committed too: what was left is in an earlier commit.
    commit(made)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def url(site: Project) -> Iterator[str]:
    with browsing(site) as found:
        planned(found)
        yield found


def compared(opened: Opened, figure: str, between: tuple[str, str]) -> None:
    """Each of the four ways shows the pixels of both sides that differ, and no others."""
    opened.choose("difference")
    found = Counter(opened.pixels(0, figure))
    assert (found[ADDED], found[REMOVED], found[SWAPPED]) == counts(*between)
    opened.choose("pair")
    sides = [opened.pixels(canvas, figure) for canvas in (0, 1)]
    for side, pixels in zip(between, sides, strict=True):
        assert same_parts(pixels, grid(side))
    slider = opened.page.locator(f"{figure} input[type=range]").first
    for mode in ("onion", "swipe"):
        opened.choose(mode)
        for value, pixels in (("0", sides[0]), ("100", sides[1])):
            slider.fill(value)
            assert opened.pixels(0, figure) == pixels


def same_parts(pixels: list[tuple[int, int, int]], index: np.ndarray) -> bool:
    """Tells whether a photograph is tinted just where a mask has a class."""
    plain = np.asarray(pixels, int).reshape(*index.shape, 3)
    # The photograph is grey enough: a class makes red or green of it.
    tints = {number: plain[index == number].mean(0) for number in (0, 1, 2)}
    return all(
        np.abs(tints[one] - tints[other]).max() > 20 for one, other in ((0, 1), (0, 2), (1, 2))
    )


@needs_chromium
def test_a_plan_shows_all_pairs_of_sides_with_the_pixels_that_differ(
    site: Project, browser: Browser
) -> None:
    assert site.run("plan", "--html", "plan.html").code == ExitCode.DONE
    with browser.open(site.folder / "plan.html") as opened:
        opened.page.fill("[data-filter=name]", "m labels")
        opened.drawn()
        figures = opened.page.locator("article:not([hidden]) figure")
        assert figures.count() == len(PAIRS)
        for at, between in enumerate(PAIRS):
            caption = figures.nth(at).locator("figcaption").inner_text()
            assert caption.lower().startswith(f"{' and '.join(between)}. ")
            compared(opened, f"article:not([hidden]) figure:nth-of-type({at + 1})", between)
        opened.choose("pair")
        told = figures.first.inner_text()
        assert "At the project" in told
        assert "As declared" in told
        heads = opened.page.locator("article:not([hidden]) thead th").all_inner_texts()
        assert heads[1:3] == ["At the project", "As declared"]
        opened.choose("difference")
        opened.page.fill("[data-filter=name]", "")
        opened.drawn()
        opened.is_for_everybody("conflict")


@needs_chromium
def test_browse_shows_all_pairs_of_sides_with_the_pixels_that_were_counted(
    url: str, browser: Browser
) -> None:
    told = requests.get(f"{url}datapoint?name=m", timeout=30).json()
    classes = told["changes"]["classes"]
    gained, lost, swapped = counts(THERE, HERE)
    assert sum(one["gained"] for one in classes) == gained + swapped
    assert sum(one["lost"] for one in classes) == lost + swapped
    with browser.open(f"{url}#m") as opened:
        opened.page.wait_for_selector("#facts[data-ready]")
        opened.page.wait_for_selector("#figures[data-ready]")
        compared(opened, "#figures", PAIRS[0])
        for between in (*PAIRS[1:], PAIRS[0]):
            opened.page.evaluate("delete document.getElementById('figures').dataset.ready")
            opened.page.get_by_role("button", name=" and ".join(between)).focus()
            opened.page.keyboard.press("Enter")
            opened.page.wait_for_selector("#figures[data-ready]")
            compared(opened, "#figures", between)
        opened.choose("difference")
        opened.is_for_everybody("browse-conflict")


def test_what_nobody_kept_is_not_shown(url: str) -> None:
    told = requests.get(f"{url}datapoint?name=k", timeout=30).json()
    assert (told["status"], told["between"], told["ways"]) == ("conflict", [THERE, HERE], [])
    assert [len(told["pictures"]), len(told["changes"]["classes"])] == [1, 2]
    more = requests.get(f"{url}version?name=k&at=there", timeout=30).json()
    assert more == {"pictures": [], "labels": "this version was not kept"}


def test_commands_of_a_conflict_decide_it(url: str) -> None:
    told = requests.get(f"{url}datapoint?name=m", timeout=30).json()
    commands = [one["command"] for one in told["commands"]]
    assert commands[1:3] == ["rbsync apply --ours m", "rbsync apply --theirs m"]
    assert not [one for one in commands if "--target" in one]


def test_the_thumbnail_of_a_conflict_is_what_is_there(site: Project, url: str) -> None:
    """Nobody has decided what comes."""
    shown = [requests.get(f"{url}thumbnail?name={one}", timeout=30).headers["ETag"] for one in "km"]
    assert shown[0] == shown[1]


def test_that_nothing_was_left_is_known_without_git(tmp_path: Path) -> None:
    made = Project(tmp_path)
    made.write("a.png", photo(3, (40, 30)))
    made.manifest("datapoints:\n  - {glob: '*.png', labels: '{stem}.json?'}\n")
    assert made.apply().code == 0
    relabel(made, "a.png", *labels(THERE))
    made.write("a.json", labels(HERE))
    with browsing(made) as url:
        planned(url)
        told = requests.get(f"{url}datapoint?name=a.png", timeout=30).json()
        assert [one["at"] for one in told["ways"]] == ["", "there", "here"]
        more = requests.get(f"{url}version?name=a.png&at=here", timeout=30).json()
        assert sum(one["lost"] for one in more["changes"]["classes"]) == 0
