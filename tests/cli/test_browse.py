"""`rbsync browse`: a real server over a real project, asked as a browser asks, and in a browser."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import requests

from rbsync.errors import ExitCode
from tests.cli.browser import Browser, chromium, needs_chromium
from tests.masks.pictures import png
from tests.scenarios.pictures import photo
from tests.scenarios.project import BOX, Project
from tests.schemas import validator

HOSTILE = "<img src=x onerror=alert(1)>&\"'[x]"
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """A mask that changes, a box, a hostile name, and one that is new."""
    made = Project(tmp_path_factory.mktemp("browsed"))
    made.write("class_map.json", {name: list(colour) for name, colour in COLOURS.items()})
    made.write("images/m.png", photo(3, (40, 30)))
    made.write("masks/m.png", mask(later=False))
    made.write("boxes/b.png", photo(7, (60, 40)))
    made.write("boxes/b.json", [BOX])
    made.write(f"boxes/{HOSTILE}.png", photo(9))
    made.manifest(
        "datapoints:\n  - {glob: 'boxes/*.png', labels: 'boxes/{stem}.json?'}\n"
        "masks:\n  - {glob: 'masks/*.png', image: 'images/{stem}.png', class_map: class_map.json,"
        " encoding: pixel}\n"
    )
    assert made.apply().code == 0
    made.write("masks/m.png", mask(later=True))
    made.write("boxes/new.png", photo(11))
    with browsing(made) as url:
        yield made, url


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
    assert rows(url)["total"] == 4
    assert [one["name"] for one in rows(url, status="planned")["rows"]] == ["boxes/new.png", "m"]
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
@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (400, "dark")])
def test_the_page_is_for_everybody(
    site: tuple[Project, str], browser: Browser, width: int, scheme: str
) -> None:
    with browser.open(site[1], width, scheme) as opened:
        page = opened.page
        page.wait_for_selector("body[data-ready]")
        opened.until("document.querySelectorAll('#grid .name').length === 4")
        assert opened.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("#grid a", has_text="boxes/b.png").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#figures[data-ready]")
        page.wait_for_selector("#facts[data-ready]")
        assert opened.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.keyboard.press("Escape")
        page.wait_for_selector("#list:not([hidden])")


@needs_chromium
def test_hostile_names_are_text_there(site: tuple[Project, str], browser: Browser) -> None:
    with browser.open(site[1]) as opened:
        link = opened.page.locator("#grid a", has_text="onerror")
        link.locator(".name").wait_for()
        link.click()
        opened.page.wait_for_selector("#facts[data-ready]")
        assert "<img src=x" in opened.page.locator("#title").inner_text()
        assert opened.page.locator("#one img").count() == 0


@needs_chromium
def test_the_difference_there_has_the_pixels_that_were_counted(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    with browser.open(f"{site[1]}#{quote('m')}") as opened:
        opened.page.wait_for_selector("#figures[data-ready]")
        found = Counter(opened.pixels(within="#figures"))
        assert (found[ADDED], found[REMOVED], found[SWAPPED]) == (0, 36, 18)


@needs_chromium
def test_a_keyboard_reaches_the_last_of_the_list(
    site: tuple[Project, str], browser: Browser
) -> None:
    planned(site[1])
    with browser.open(site[1]) as opened:
        opened.until("document.querySelectorAll('#grid .name').length === 4")
        opened.page.locator("#grid a[tabindex='0']").focus()
        for key, name in (("End", "m"), ("Home", "boxes/<img"), ("ArrowRight", "boxes/b")):
            opened.page.keyboard.press(key)
            opened.until(f"document.activeElement.innerText.startsWith({name!r})")


def test_a_run_that_goes_on_is_seen_without_asking_again(site: tuple[Project, str]) -> None:
    # Last of all: the others have seen the project as it was.
    made, url = site
    planned(url)
    with requests.get(f"{url}events", stream=True, timeout=60) as answer:
        events = (json.loads(one[6:]) for one in answer.iter_lines() if one)
        assert next(events)["counts"] == {"in step": 2, "planned": 2}
        assert made.apply().code == 0
        assert next(one for one in events if one["counts"] == {"in step": 4})["changed"]


def test_the_manifest_of_a_stranger_is_not_shown(site: tuple[Project, str]) -> None:
    ran = site[0].run("--untrusted", "browse", "--port", "0")
    assert (ran.code, ran.out) == (ExitCode.REFUSED, "")
