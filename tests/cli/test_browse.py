"""`rbsync browse`: a real server over a real project, asked as a browser asks, and in a browser."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import requests

from rbsync.errors import ExitCode
from tests.cli.browser import Browser, Opened, chromium, needs_chromium
from tests.masks.pictures import png
from tests.pictures.kinds import nifti, scan, series_slice, upright_photographs
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_refresh import create, relabel
from tests.schemas import validator

HOSTILE = "<img src=x onerror=alert(1)>&\"'[x]" + "y" * 190
STRANGE = "\u202egnp.x\n<img src=x onerror=alert(2)>" + "z" * 470
"""The name of a task of others, which nobody refuses to declare."""
ADDED, REMOVED, SWAPPED = (0, 158, 115), (213, 94, 0), (230, 159, 0)
COLOURS = {"car": (255, 0, 0), "bus": (0, 255, 0)}


def mask(*, later: bool) -> bytes:
    index = np.zeros((30, 40), np.uint8)
    index[2:12, 3:15] = 1
    index[15:25, 20:38] = 2
    if later:
        index[2:5, 3:15] = 0
        index[15:18, 20:26] = 1
    return png(np.array([(0, 0, 0), *COLOURS.values()], np.uint8)[index])


@contextmanager
def browsing(project: Project) -> Iterator[str]:
    """The address of a running `rbsync browse`, as its document has it."""
    process = project.start("--json", "browse", "--port", "0")
    try:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        validator("browse", lines=False).validate(found)
        yield found["url"]
    finally:
        process.terminate()
        process.communicate(timeout=30)


MANIFEST = """\
datapoints:
  - {glob: 'boxes/*.png', labels: 'boxes/{stem}.json?'}
  - {glob: 'kinds/*.*g', labels: kinds.json}
  - {frames: film/, labels: kinds.json}
  - {name: series, series: [{items: series/*.dcm}]}
  - name: scan
    series: [{items: scan.nii, segmentations: spot.nii, segment_map: {1: spot}}]
masks:
  - {glob: 'masks/*.png', image: 'images/{stem}.png', class_map: class_map.json, encoding: pixel}
"""
SKY = [[0, 0], [20, 0], [20, 5], [0, 5]]
MOVED_BOX = {**BOX, "bbox2d": {"xnorm": 0.5, "ynorm": 0.2, "wnorm": 0.3, "hnorm": 0.4}}
LABELS = [
    {
        "category": [["object", "sky"]],
        "attributes": [],
        "pixel": {"imagesize": [20, 30], "regions": [SKY], "holes": []},
    },
    {**BOX, "bbox2d": {"xnorm": 0, "ynorm": 0, "wnorm": 1, "hnorm": 1 / 6}},
]
SHOWN = "document.querySelectorAll('#grid .name').length > 3"
KINDS = {"png": "png", "turned": "jpg", "cmyk": "jpg", "deep": "png", "clear": "png"}
NUMBER = 5 + len(KINDS) + 3


def write_kinds(made: Project) -> None:
    """An item of each kind; of photographs the upper fifth is white, and labelled."""
    photographs = upright_photographs()
    for kind, ending in KINDS.items():
        made.write(f"kinds/{kind}.{ending}", photographs[kind])
    made.write("kinds.json", LABELS)
    for at in range(3):
        made.write(f"film/{at}.png", photographs["png"])
    grey, labels = scan()
    for at in range(grey.shape[2]):
        made.write(f"series/{at}.dcm", series_slice(grey[::-1, ::-1, at].T, at, (1, 1, 1)))
    made.write("scan.nii", nifti(grey, np.eye(4)))
    made.write("spot.nii", nifti(labels, np.eye(4)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A mask and a segmentation that change, a box that others moved, hostile names, all kinds."""
    made = Project(tmp_path_factory.mktemp("browsed"))
    made.write("class_map.json", {name: list(colour) for name, colour in COLOURS.items()})
    made.write("images/m.png", photo(3, (40, 30)))
    made.write("masks/m.png", mask(later=False))
    made.write("boxes/b.png", photo(7, (60, 40)))
    made.write("boxes/b.json", [BOX])
    made.write(f"boxes/{HOSTILE}.png", photo(9))
    write_kinds(made)
    made.manifest(MANIFEST)
    ran = made.apply()
    assert ran.code == 0, ran.err
    made.write("masks/m.png", mask(later=True))
    made.write("spot.nii", nifti(spot_later(), np.eye(4)))
    made.write("boxes/new.png", photo(11))
    relabel(made, "boxes/b.png", MOVED_BOX)
    create(made, "stranger")
    # As a service may have it: the embedded project takes no such name.
    with closing(sqlite3.connect(made.folder / ".rbsync/project/project.db")) as project, project:
        project.execute("UPDATE tasks SET name = ? WHERE name = 'stranger'", [STRANGE])
    return made


@pytest.fixture(scope="module")
def site(built: Project) -> Iterator[tuple[Project, str]]:
    """The project, and where it is browsed. No test changes it."""
    with browsing(built) as url:
        yield built, url


def spot_later() -> np.ndarray:
    """The label of the scan, which lost some voxels and gained others."""
    _, labels = scan()
    labels[4, 6:, 3] = 0
    labels[1:3, 2, 1] = 1
    return labels


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


def rows(url: str, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{url}rows", params=asked, timeout=30).json()
    return found


def planned(url: str) -> None:
    """Waits until the plan is made and all labels are read: the page counts it."""
    while not requests.get(f"{url}counts", timeout=30).json()["is_done"]:
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_what_another_page_makes_a_browser_send_is_refused(
    site: tuple[Project, str], headers: dict[str, str]
) -> None:
    assert requests.get(site[1], headers=headers, timeout=30).status_code == 403


@pytest.mark.parametrize("path", ["", "rows", "x/rows", "/", "%2e%2e/rows"])
def test_nobody_gets_anything_without_the_token(site: tuple[Project, str], path: str) -> None:
    _, url = site
    root = url.rsplit("/", 2)[0]
    assert requests.get(f"{root}/{path}", timeout=30).status_code == 403


def test_the_page_may_not_be_framed_and_runs_only_its_own(site: tuple[Project, str]) -> None:
    found = requests.get(site[1], timeout=30).headers
    assert found["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in found["Content-Security-Policy"]
    assert "script-src 'self';" in found["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in found


def test_it_listens_on_this_machine_alone(site: tuple[Project, str]) -> None:
    port = int(site[1].split(":")[2].split("/")[0])
    others = {
        str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    }
    for other in others - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError):  # noqa: PT011  (as the system has it)
            socket.create_connection((other, port), 1).close()


def test_filters_and_order_are_those_of_the_project(site: tuple[Project, str]) -> None:
    _, url = site
    planned(url)
    assert rows(url)["total"] == NUMBER
    found = [one["name"] for one in rows(url, status="planned")["rows"]]
    assert found == ["boxes/new.png", "m", "scan"]
    (drifted,) = rows(url, status="drifted")["rows"]
    assert (drifted["name"], drifted["said"]) == ("boxes/b.png", "others changed its labels")
    assert [one["name"] for one in rows(url, category="bus")["rows"]] == ["m"]
    assert rows(url, folder="boxes/")["total"] == 3
    assert [one["name"] for one in rows(url, words="BOXES b.P")["rows"]] == ["boxes/b.png"]
    assert rows(url, at=1, most=1)["rows"][0]["name"] == rows(url)["rows"][1]["name"]
    assert rows(url, words="' OR 1=1 --")["total"] == 0
    sizes = [one["size"] for one in rows(url, order="largest")["rows"] if one["size"] is not None]
    assert sizes == sorted(sizes, reverse=True)
    assert rows(url, least=max(sizes))["total"] == 1


def test_a_thumbnail_has_its_labels_and_is_kept_by_its_content(site: tuple[Project, str]) -> None:
    project, url = site
    planned(url)
    found = requests.get(f"{url}thumbnail?name=boxes/b.png", timeout=30)
    assert found.content.startswith(b"\xff\xd8")
    tag = {"If-None-Match": found.headers["ETag"]}
    again = requests.get(f"{url}thumbnail?name=boxes/b.png", headers=tag, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
    kept = [one for one in (project.folder / ".rbsync/thumbnails").rglob("*") if one.is_file()]
    assert found.content in [one.read_bytes() for one in kept]
    # One that was cut off is drawn anew.
    for one in kept:
        one.write_bytes(b"\xff\xd8")
    assert requests.get(f"{url}thumbnail?name=boxes/b.png", timeout=30).content == found.content


def test_a_datapoint_tells_its_changes_and_what_to_type(site: tuple[Project, str]) -> None:
    _, url = site
    planned(url)
    found = requests.get(f"{url}datapoint?name=m", timeout=30).json()
    classes = {one["name"]: one for one in found["changes"]["classes"]}
    assert (classes["car"]["gained"], classes["car"]["lost"]) == (18, 36)
    assert (classes["bus"]["gained"], classes["bus"]["lost"]) == (0, 18)
    assert "rbsync explain m" in [one["command"] for one in found["commands"]]
    assert requests.get(f"{url}datapoint?name=no", timeout=30).status_code == 404


@needs_chromium
def test_the_pages_are_for_everybody(site: tuple[Project, str], browser: Browser) -> None:
    planned(site[1])
    with browser.open(site[1]) as opened:
        page = opened.page
        page.wait_for_selector("body[data-ready]")
        opened.until(SHOWN)
        opened.until("[...document.images].every((one) => one.complete)")
        opened.is_for_everybody("browse")
        page.locator("#grid a", has_text="kinds/png").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#figures[data-ready]")
        page.wait_for_selector("#facts[data-ready]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#list:not([hidden])")
        for name, ready in (("m", "#figures[data-ready]"), ("scan", "#scan[data-ready]")):
            page.evaluate("(name) => { location.hash = name; }", name)
            opened.until(f"document.getElementById('title').innerText === {name!r}")
            page.wait_for_selector(ready)
            opened.is_for_everybody(f"browse-{name}")


@needs_chromium
def test_hostile_names_are_text_there(site: tuple[Project, str], browser: Browser) -> None:
    planned(site[1])
    with browser.open(site[1]) as opened:
        for part, seen_ in (
            ("alert(1)", "<img src=x"),
            ("alert(2)", "\\u202egnp.x\\u000a<img"),
        ):
            link = opened.page.locator("#grid a", has_text=part)
            link.locator(".name").wait_for()
            link.click()
            opened.until(f"document.getElementById('title').innerText.includes({seen_!r})")
            opened.page.wait_for_selector("#facts[data-ready]")
            assert opened.page.locator("#one img").count() == 0
            opened.page.keyboard.press("Escape")


@needs_chromium
def test_each_way_of_comparing_has_the_pixels_that_were_counted(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    with browser.open(f"{site[1]}#{quote('m')}") as opened:
        opened.page.wait_for_selector("#figures[data-ready]")
        found = Counter(opened.pixels(within="#figures"))
        # As many as are counted for the classes in `test_a_datapoint_tells_its_changes`.
        assert (found[ADDED], found[REMOVED], found[SWAPPED]) == (0, 36, 18)
        opened.choose("pair")
        sides = [opened.pixels(at, "#figures") for at in (0, 1)]
        assert sides[0] != sides[1]
        slider = opened.page.locator("#figures input[type=range]")
        opened.choose("onion")
        for value, side in (("0", sides[0]), ("100", sides[1])):
            slider.fill(value)
            assert opened.pixels(within="#figures") == side
        opened.choose("swipe")
        for value, side in (("0", sides[0]), ("100", sides[1])):
            slider.fill(value)
            assert opened.pixels(within="#figures") == side
        opened.choose("one")
        assert opened.pixels(within="#figures") == sides[1]


@needs_chromium
def test_each_kind_of_item_is_shown_there_as_it_is_meant(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    with browser.open(site[1]) as opened:
        for name in [*(f"kinds/{kind}.{ending}" for kind, ending in KINDS.items()), "film"]:
            opened.page.evaluate("(name) => { location.hash = encodeURIComponent(name); }", name)
            opened.until(f"document.getElementById('title').innerText === {name!r}")
            places = ["#figures", "#scan"] if name == "kinds/deep.png" else ["#figures"]
            opened.page.wait_for_selector(f"{places[-1]}[data-ready]", state="attached")
            for within in places:
                plain, drawn = (seen(opened, within, opacity) for opacity in ("0", "100"))
                assert plain[1:4, 2:18].min() > 150, name
                assert plain[8:, 2:18].max() < 100, name
                # The mask, whose colour is none of a photograph in black and white.
                assert np.ptp(drawn[1:4, 2:18], axis=-1).min() > 60, name
                assert (drawn[8:, 2:18] == plain[8:, 2:18]).all(), name
                # The line of the box below it.
                assert np.ptp(plain[4:6, 2:18], axis=-1).max() > 60, name


def seen(opened: Opened, within: str, opacity: str) -> np.ndarray:
    """The colours (height, width, 3) of a picture of 20 x 30 pixels."""
    opened.page.fill("#opacity", opacity)
    return np.array(opened.pixels(0, within), int).reshape(30, 20, 3)


@needs_chromium
def test_a_scan_is_led_through_slice_by_slice(site: tuple[Project, str], browser: Browser) -> None:
    """All slices of a plane together have the voxels that the difference counts."""
    planned(site[1])
    told = requests.get(f"{site[1]}datapoint?name=scan", timeout=30).json()
    (counted,) = told["changes"]["classes"]
    with browser.open(f"{site[1]}#scan") as opened:
        page = opened.page
        page.wait_for_selector("#scan[data-ready]")
        assert opened.violations() == []
        planes = page.locator("#scan figure")
        assert planes.count() == 4
        # The spot lies to the right, in front and on top, and is seen at those edges.
        assert [edges_of(planes.nth(at)) for at in range(4)] == [
            {"left": "P", "right": "A", "top": "S", "bottom": "I"},
            {"left": "L", "right": "R", "top": "S", "bottom": "I"},
            {"left": "L", "right": "R", "top": "A", "bottom": "P"},
            {},
        ]
        for plane, last in enumerate(scan()[0].shape):
            found: Counter[tuple[int, int, int]] = Counter()
            slider = planes.nth(plane).get_by_label("Slice of")
            slider.focus()
            page.keyboard.press("Home")
            for at in range(last):
                assert f"{at + 1} of {last}" in planes.nth(plane).inner_text()
                found.update(opened.pixels(2 * plane, "#scan"))
                page.keyboard.press("ArrowRight")
            assert (found[ADDED], found[REMOVED]) == (counted["gained"], counted["lost"])
        # In three dimensions both have their colours, dimmed by the light.
        assert all(number > 20 for number in solid(opened))
        page.locator("#scan").get_by_label("spot").uncheck()
        assert solid(opened) == [0, 0]


def edges_of(figure: Any) -> dict[str, str]:
    """The letters at the edges of a picture, by where they are seen."""
    found = {}
    whole = figure.locator("canvas").first.bounding_box()
    for edge in figure.locator(".edge:visible").all():
        place = edge.bounding_box()
        x, y = (
            (place[at] + place[size] / 2 - whole[at]) / whole[size]
            for at, size in (("x", "width"), ("y", "height"))
        )
        across, down = abs(x - 0.5), abs(y - 0.5)
        side = ("left", "right")[x > 0.5] if across > down else ("top", "bottom")[y > 0.5]
        found[side] = edge.inner_text()
    return found


@needs_chromium
def test_a_window_makes_a_scan_brighter(site: tuple[Project, str], browser: Browser) -> None:
    # The series: its own window shows the spot grey, where the scan has no grey between its two.
    with browser.open(f"{site[1]}#series") as opened:
        opened.page.wait_for_selector("#scan[data-ready]")
        before = sum(map(sum, opened.pixels(0, "#scan")))
        opened.page.get_by_label("White at").fill("100")
        assert sum(map(sum, opened.pixels(0, "#scan"))) > before


def solid(opened: Opened) -> list[int]:
    """The numbers of greenish and of reddish pixels of a scan in three dimensions."""
    found: list[int] = opened.page.evaluate(
        """() => {
            const pen = drawings.at(-1).pen, side = pen.canvas.width;
            const all = new Uint8Array(4 * side * side), counts = [0, 0];
            pen.readPixels(0, 0, side, side, pen.RGBA, pen.UNSIGNED_BYTE, all);
            for (let at = 0; at < all.length; at += 4) {
                counts[0] += all[at + 1] > all[at] + 30;
                counts[1] += all[at] > all[at + 2] + 30;
            }
            return counts;
        }"""
    )
    return found


@needs_chromium
def test_a_keyboard_reaches_the_last_of_the_list(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    with browser.open(site[1]) as opened:
        opened.until(SHOWN)
        opened.page.locator("#grid a[tabindex='0']").focus()
        for key, name in (("End", "\\u202egnp"), ("Home", "boxes/<img"), ("ArrowRight", "boxes/b")):
            opened.page.keyboard.press(key)
            opened.until(f"document.activeElement.innerText.includes({name!r})")


@needs_chromium
def test_the_arrows_lead_from_one_datapoint_to_the_next(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    names = [one["name"] for one in rows(site[1])["rows"]]
    title = "document.getElementById('title').innerText"
    with browser.open(site[1]) as opened:
        opened.until(SHOWN)
        opened.page.locator("#grid a", has_text="boxes/b.png").click()
        for key, name in (("ArrowRight", names[2]), ("ArrowLeft", names[1])):
            opened.until("!document.getElementById('later').hidden")
            opened.page.keyboard.press(key)
            opened.until(f"{title} === {name!r}")
        # Back in the list one stands where one was last.
        opened.page.keyboard.press("Escape")
        opened.until(f"document.activeElement.innerText.includes({names[1]!r})")


def test_a_run_that_goes_on_is_seen_without_asking_again(built: Project, tmp_path: Path) -> None:
    made = Project(shutil.copytree(built.folder, tmp_path / "copy", symlinks=True))
    with browsing(made) as url:
        planned(url)
        with requests.get(f"{url}events", stream=True, timeout=60) as answer:
            events = (json.loads(one[6:]) for one in answer.iter_lines() if one)
            assert next(events)["counts"] == {
                "drifted": 1,
                "in step": NUMBER - 5,
                "not ours": 1,
                "planned": 3,
            }
            assert made.apply().code == 0
            after = {"drifted": 1, "in step": NUMBER - 2, "not ours": 1}
            assert next(one for one in events if one["counts"] == after)["changed"]


def test_the_manifest_of_a_stranger_is_not_shown(site: tuple[Project, str]) -> None:
    ran = site[0].run("--untrusted", "browse", "--port", "0")
    assert (ran.code, ran.out) == (ExitCode.REFUSED, "")


@needs_chromium
def test_a_large_picture_is_led_into_until_each_pixel_is_there(
    tmp_path: Path, browser: Browser
) -> None:
    """Its mask has pixels by turns, which are not all there where it is as wide as a screen."""
    width, height = 2112, 320
    index = (np.indices((height, width)).sum(0) % 2).astype(np.uint8)
    made = Project(tmp_path)
    made.write("class_map.json", {"car": [255, 0, 0]})
    made.write("wide.png", png(np.full((height, width), 90, np.uint8), compress_level=1))
    made.write("wide.mask.png", png(index[..., None] * np.array([255, 0, 0], np.uint8)))
    made.manifest(
        "masks:\n  - {glob: '*.mask.png', image: 'wide.png', name: wide, encoding: nifti,"
        " class_map: class_map.json}\n"
    )
    assert made.apply().code == 0
    with browsing(made) as url, browser.open(f"{url}#wide") as opened:
        page = opened.page
        page.wait_for_selector("#figures[data-ready]")
        assert page.locator(".zoom output").inner_text() == "2112 x 320 pixels at 97 %"
        assert page.get_by_role("button", name="Farther").count() == 0
        for name, told in (
            ("Closer", "1056 x 160 of 2112 x 320 pixels, from 528, 80"),
            ("Closer", "528 x 80 of 2112 x 320 pixels, from 792, 120"),
            ("Closer", "264 x 64 of 2112 x 320 pixels, from 924, 140"),
            ("Right", "264 x 64 of 2112 x 320 pixels, from 1056, 140"),
            ("Down", "264 x 64 of 2112 x 320 pixels, from 1056, 172"),
        ):
            page.get_by_role("button", name=name).focus()
            page.keyboard.press("Enter")
            opened.until(f"document.querySelector('.zoom output').innerText === {told!r}")
        drawn = np.array(opened.pixels(within="#figures")).reshape(64, 264, 3)
        assert ((np.ptp(drawn, -1) > 0) == (index[172:236, 1056:1320] > 0)).all()
        assert opened.violations() == []
        page.get_by_role("button", name="Whole").click()
        opened.until("document.querySelector('.zoom output').innerText.startsWith('2112 x 320 p')")
