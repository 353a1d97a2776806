"""Pages of plans, differences and runs, as text and in a real browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from rbsync.cli.pages.html_page import MODES, Change, Page, Row, Section, page_html
from rbsync.cli.pages.many_pages import CHANGES, ROWS, paged, write_pages
from rbsync.cli.pages.report_page import report_pages
from rbsync.label_changes.change_kinds import ClassChange, LabelChanges
from rbsync.label_changes.label_content import LabelContent
from rbsync.masks.classes.class_index import ClassIndex
from rbsync.masks.volumes.label_volume import LabelVolume
from rbsync.pictures.change_pictures import Detail
from rbsync.pictures.views import change_views
from tests.cli.browser import Browser, chromium, needs_chromium
from tests.masks.pictures import png
from tests.pictures.kinds import nifti, scan, upright_photographs
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project

COLOURS = {"car": (255, 0, 0), "bus": (0, 255, 0)}
HOSTILE = "<img src=x onerror=alert(1)>&\"'`${1}</script>"
PLACE = {"xnorm": 0.1, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}
IN_A_NAME = HOSTILE.replace("/", "")
SIZE = (40, 30)
DETAIL = Detail()
GREY = 100
ADDED, REMOVED, SWAPPED = (0, 158, 115), (213, 94, 0), (230, 159, 0)


def masks() -> tuple[np.ndarray, np.ndarray]:
    """A mask before and after: pixels come, go, and become another class."""
    before = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    before[2:12, 3:15] = 1
    before[15:25, 20:38] = 2
    after = before.copy()
    after[2:5, 3:15] = 0
    after[26:29, 1:8] = 1
    after[15:18, 20:26] = 1
    return before, after


def coloured(index: np.ndarray) -> bytes:
    return png(np.array([(0, 0, 0), *COLOURS.values()], np.uint8)[index])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A mask and a box that changed, hostile names, and pages of all that there is."""
    made = Project(tmp_path_factory.mktemp("site"))
    before, after = masks()
    made.write("class_map.json", {name: list(colour) for name, colour in COLOURS.items()})
    made.write("images/m.png", grey())
    made.write("masks/m.png", coloured(before))
    made.write("boxes/b.png", photo(7, (60, 40)))
    made.write("boxes/b.json", [BOX])
    made.write("boxes/gone.png", photo(8))
    made.manifest(
        "project: {type: IMAGE_MULTI, taxonomy: [car, bus]}\n"
        "datapoints:\n  - {glob: 'boxes/*.png', labels: 'boxes/{stem}.json?'}\n"
        "masks:\n"
        '  - {glob: "masks/*.png", image: "images/{stem}.png", class_map: class_map.json,'
        " encoding: pixel}\n"
        "policy: {prune: true, max_delete: 1}\n"
    )
    assert made.apply().code == 0
    assert made.run("lock").code == 0
    (made.folder / "before").mkdir()
    (made.folder / "rbsync.lock").rename(made.folder / "before/rbsync.lock")
    made.write("masks/m.png", coloured(after))
    made.write("boxes/b.json", [{**BOX, "bbox2d": {**PLACE, "xnorm": 0.15}}])
    (made.folder / "boxes/gone.png").unlink()
    made.write(f"boxes/{IN_A_NAME}.png", photo(9))
    assert made.run("plan", "--html", "plan.html").code == 0
    assert made.run("report", "--html", "report.html").code == 0
    assert made.run("diff", "before", "--html", "diff.html").code == 2
    return made


def grey() -> bytes:
    return png(np.full((SIZE[1], SIZE[0], 3), GREY, np.uint8))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def test_a_page_runs_only_what_stands_in_it_and_asks_nobody(site: Project) -> None:
    for name in ("plan", "diff", "report"):
        text = (site.folder / f"{name}.html").read_text()
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
        assert "unsafe" not in policy
        assert not re.search(r"(?:src|href)=\"?(?!data:)[a-z]*:?//", text)
        assert "<img" not in text
        assert text.count("</script>") == 2


@pytest.mark.parametrize("wrote", [HOSTILE, "\u202egnp\n<img src=x>\u2028" + "y" * 490])
def test_what_others_wrote_is_text_wherever_it_stands(wrote: str) -> None:
    row = Row(f"{wrote}/", wrote, wrote, wrote)
    change = Change(wrote, wrote, wrote)
    section = Section("create", wrote, [change], [row])
    text = page_html(Page(wrote, wrote, told=[wrote], sections=[section]))
    assert "<img" not in text
    assert text.count("</script>") == 2
    # What turns the letters after it around, or cannot be seen, is spelt out.
    assert not {"\u202e", "\u2028"}.intersection(text)


def test_each_table_of_classes_has_a_name_of_its_own() -> None:
    """A screen reader lists the regions of a page by their names."""
    labels = LabelChanges((ClassChange("car", 3, 0, 1000, 1003),))
    changes = [Change(name, "labels", labels=labels) for name in ('a"', "b")]
    text = page_html(Page("Plan", "", sections=[Section("update", "2 to update", changes)]))
    assert re.findall(r'aria-label="(Classes of [^"]*)"', text) == [
        "Classes of a&quot;",
        "Classes of b",
    ]


def test_100_000_creates_are_pages_of_less_than_five_megabytes_together() -> None:
    rows = [Row(f"images/site-{n % 300:03}/", f"scan-{n:06}.png") for n in range(100_000)]
    rows.sort()
    page = Page("Plan", "", sections=[Section("create", "100,000 to create", rows=rows)])
    pages = dict(paged(page, "plan.html"))
    assert len(pages) == 1 + len(rows) // ROWS
    assert sum(map(len, pages.values())) < 5_000_000
    links = re.findall(r'href="([^"]+)"', pages[""])
    assert links == [path for path in pages if path]
    assert sum(text.count("<li>scan-") for text in pages.values()) == len(rows)


def test_a_class_has_one_colour_on_all_pages_of_a_plan() -> None:
    pixels = np.ones((4, 4), np.uint8)
    changes = []
    for at in range(CHANGES + 1):
        mask = LabelContent(picture=ClassIndex(pixels, ("car" if at else "bus",)))
        drawn = change_views(LabelContent(), mask, [], DETAIL)
        changes.append(Change(f"{at}", "", pictures=drawn))
    both = Change("both", "", pictures=change_views(mask, mask, [], DETAIL))
    section = Section("update", "all", [both, *changes])
    pages = dict(paged(Page("Plan", "", sections=[section]), "plan.html"))
    colours = re.findall(r'\["(car|bus)","(#[0-9a-f]{6})"\]', "".join(pages.values()))
    assert len(colours) == len(changes) + 1
    assert len(set(colours)) == 2


def test_a_change_and_a_row_of_one_kind_are_on_one_page() -> None:
    section = Section("update", "2 to update", [Change("a.png", "labels")], [Row("", "b.png")])
    assert [path for path, _ in paged(Page("Plan", "", sections=[section]), "plan.html")] == [""]


def test_a_report_lists_by_name_in_whatever_order_the_requests_ended() -> None:
    names = ["c.png", "b/2.png", "a/1.png", "b/1.png"]
    outcomes = [{"name": one, "action": "create", "outcome": "applied"} for one in names]
    report = {"summary": {}, "exit_code": 0, "meta": {"created": "now"}, "outcomes": outcomes}
    ((_, text),) = report_pages(report, {}, "report.html")
    folders = re.findall(r'data-folder="([^"]*)"', text)
    assert (folders, re.findall(r"<li>([^<]*)", text)) == (
        ["a/", "b/", ""],
        ["1.png", "1.png", "2.png", "c.png"],
    )


def test_links_lead_there_and_back_whatever_the_file_is_called() -> None:
    rows = [Row("", f"{n:05}.png") for n in range(ROWS + 1)]
    page = Page("Plan", "", sections=[Section("create", "many", rows=rows)])
    pages = dict(paged(page, "plan #1?.htm"))
    links = re.findall(r'href="([^"]+)"', pages[""])
    assert list(map(unquote, links)) == ["plan #1?.pages/0001.html", "plan #1?.pages/0002.html"]
    assert not set("#?").intersection("".join(links))
    (back,) = re.findall(r'href="([^"]+)"', pages[unquote(links[0])])
    assert unquote(back) == "../plan #1?.htm"


@needs_chromium
@pytest.mark.parametrize("name", ["plan", "diff", "report"])
def test_a_page_is_for_everybody(site: Project, browser: Browser, name: str) -> None:
    with browser.open(site.folder / f"{name}.html") as opened:
        opened.drawn()
        opened.is_for_everybody(name)


@needs_chromium
def test_the_pages_of_a_long_plan_are_for_everybody(tmp_path: Path, browser: Browser) -> None:
    rows = [Row(f"images/site-{n // 900}/", f"scan-{n:05}.png") for n in range(ROWS + 1)]
    page = Page(
        "Plan",
        "",
        [("2,001", "to create", "create")],
        sections=[Section("create", "+ 2,001 datapoints to create", rows=rows)],
    )
    write_pages(str(tmp_path / "long.html"), partial(paged, page))
    with browser.open(tmp_path / "long.html") as opened:
        opened.is_for_everybody("pages")
        opened.page.get_by_role("link").first.focus()
        opened.page.keyboard.press("Enter")
        opened.page.wait_for_selector("h2.create")
        opened.is_for_everybody("pages-one")


@needs_chromium
def test_the_difference_shows_just_the_pixels_that_were_counted(
    site: Project, browser: Browser
) -> None:
    plan = json.loads(site.run("plan", "--json", "-v").out)
    changed = next(one for one in plan["actions"] if one["name"] == "m")
    told = {one["name"]: one for one in changed["label_changes"]["classes"]}
    with browser.open(site.folder / "plan.html") as opened:
        opened.page.select_option("select[data-filter=classes]", "bus")
        opened.drawn()
        found = Counter(opened.pixels())
        gained, lost = (sum(one[key] for one in told.values()) for key in ("gained", "lost"))
        assert found[ADDED] + found[SWAPPED] == gained
        assert found[REMOVED] + found[SWAPPED] == lost
        for name, other in (("car", "bus"), ("bus", "car")):
            opened.page.locator("article:not([hidden])").get_by_label(other).uncheck()
            found = Counter(opened.pixels())
            assert (found[ADDED], found[REMOVED]) == (told[name]["gained"], told[name]["lost"])
            opened.page.locator("article:not([hidden])").get_by_label(other).check()


@needs_chromium
def test_a_picture_with_nothing_to_compare_is_shown_as_it_is(
    tmp_path: Path, browser: Browser
) -> None:
    folder = Project(tmp_path)
    folder.manifest("datapoints:\n  - glob: '*.png'\n")
    folder.write("a.png", photo(1))
    assert folder.apply().code == 0
    folder.write("a.png", photo(2))
    folder.write("b.png", photo(3))
    assert folder.run("plan", "--html", "plan.html").code == 0
    with browser.open(folder.folder / "plan.html") as opened:
        opened.drawn()
        assert opened.page.locator("figure").count() == 2
        assert "Difference" not in opened.page.locator("main").inner_text()


@needs_chromium
def test_each_way_of_comparing_shows_the_right_side(site: Project, browser: Browser) -> None:
    before, after = masks()
    with browser.open(site.folder / "plan.html") as opened:
        opened.page.select_option("select[data-filter=classes]", "bus")
        opened.drawn()
        opened.choose("pair")
        sides = [classes(opened.pixels(canvas)) for canvas in (0, 1)]
        assert [one.tolist() for one in sides] == [before.tolist(), after.tolist()]
        opened.choose("onion")
        slider = opened.page.locator("article:not([hidden]) input[type=range]")
        for value, side in (("0", before), ("100", after)):
            slider.fill(value)
            assert classes(opened.pixels()).tolist() == side.tolist()
        opened.choose("swipe")
        slider.fill("50")
        shown, middle = classes(opened.pixels()), SIZE[0] // 2
        # The line itself is two pixels wide.
        assert (shown[:, : middle - 1] == after[:, : middle - 1]).all()
        assert (shown[:, middle + 1 :] == before[:, middle + 1 :]).all()


def classes(pixels: list[tuple[int, int, int]]) -> np.ndarray:
    """The class of each pixel by its colour, in the order in which colours come."""
    grid = np.array(pixels).reshape(SIZE[1], SIZE[0], 3)
    known = [tuple(one) for one in (grid[0, 0], grid[10, 10], grid[20, 30])]
    assert len(set(known)) == 3
    number = np.full(grid.shape[:2], 9)
    for at, colour in enumerate(known):
        number[(grid == colour).all(-1)] = at
    return number


@needs_chromium
def test_a_keyboard_is_enough(site: Project, browser: Browser) -> None:
    with browser.open(site.folder / "plan.html") as opened:
        press = opened.page.keyboard.press
        press("Tab")
        opened.page.keyboard.type("GONE")
        assert opened.page.locator("#count").inner_text() == "1 shown"
        for _ in range(4):
            press("Backspace")
        for _ in range(20):
            press("Tab")
            if opened.page.evaluate("document.activeElement.name") == "mode":
                break
        for mode, _ in MODES[1:]:
            press("ArrowRight")
            assert opened.page.locator("input[name=mode]:checked").get_attribute("value") == mode


@needs_chromium
def test_hostile_names_are_shown_and_do_nothing(site: Project, browser: Browser) -> None:
    with browser.open(site.folder / "plan.html") as opened:
        assert (
            opened.page.locator("h3", has_text="onerror").inner_text() == f"boxes/{IN_A_NAME}.png"
        )
        assert opened.page.locator("img").count() == 0


@needs_chromium
def test_each_kind_of_item_is_on_the_page_as_it_is_meant(tmp_path: Path, browser: Browser) -> None:
    """A scan's planes, frames, a slice, and photographs: bright in the canvas where labelled."""
    grey, labels = scan()
    affine = np.eye(3, 4, dtype=np.float32)
    volume = LabelContent(volumes={0: LabelVolume(labels, affine, {1: "spot"})})
    mask = np.zeros((30, 20), np.uint8)
    mask[:5] = 1
    sky = LabelContent(picture=ClassIndex(mask, ("sky",)))
    files = {**upright_photographs(), "scan.nii": nifti(grey, np.eye(4))}
    kinds = {name: [data] for name, data in files.items()} | {"frames": [files["png"]] * 3}
    changes = []
    for name, items in kinds.items():
        after = volume if name == "scan.nii" else sky
        read = [partial(bytes, one) for one in items]
        changes.append(Change(name, "", pictures=change_views(LabelContent(), after, read, DETAIL)))
    page = tmp_path / "page.html"
    page.write_text(page_html(Page("All", "", sections=[Section("update", "all", changes)])))
    with browser.open(page) as opened:
        opened.drawn()
        assert opened.violations() == []
        opened.choose("pair")
        number = opened.page.locator("figure").count()
        assert number == len(files) - 1 + 3 + 3
        for at in range(number):
            plain, drawn = (np.array(opened.pixels(2 * at + side), int) for side in (0, 1))
            bright, labelled = plain.min(-1) > 150, (plain != drawn).any(-1)
            assert labelled.any()
            assert (bright == labelled).mean() > 0.85, at
