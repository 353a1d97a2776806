"""Pages and `rbsync browse` at the sizes that they are promised for.

    python tests/bench/pictures.py masks       # a page of 500 changed masks of 1024 x 1024
    python tests/bench/pictures.py creates     # the pages of 100,000 creates
    python tests/bench/pictures.py browse      # 100,000 datapoints: first screen, memory, scrolling
    python tests/bench/pictures.py thumbnails  # 10,000 photographs of 1600 x 1200
    python tests/bench/pictures.py sizes       # 200 photographs of each size, up to 4000 x 3000
    python tests/bench/pictures.py --smoke all # each with a fiftieth of that

Whole processes are timed by the clock, with the seconds of processors beside it: where others use
the machine, half of the latter is what the clock would say on two idle processors at best.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import requests
from PIL import Image, ImageFilter

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.many_masks import MANIFEST, frayed  # noqa: E402
from tests.bench.report import machine  # noqa: E402
from tests.cli.browser import Browser, chromium  # noqa: E402
from tests.masks.pictures import colours, painted, png  # noqa: E402

SIDE, CLASSES = 1024, 20
SIZES = ((640, 480), (1600, 1200), (2592, 1944), (4000, 3000))
"""What data sets have, and what cameras and telephones make, up to twelve megapixels."""
FRAMES = """() => new Promise((done) => {
    const began = performance.now();
    let last = began, worst = 0, at = 0;
    const end = document.documentElement.scrollHeight - innerHeight;
    const step = (now) => {
        worst = Math.max(worst, now - last);
        last = now;
        if (at >= end) return done([worst, now - began]);
        at = Math.min(end, at + end / 400);
        scrollTo(0, at);
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""


def rbsync(folder: Path, *arguments: str) -> str:
    """Runs a command; returns its seconds, by the clock and of processors."""
    started, used = time.perf_counter(), _used()
    command = [sys.executable, "-m", "rbsync", "-q", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    return f"{seconds:.1f} s, {_used() - used:.1f} s of processors"


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def photographs(width: int, height: int) -> list[Image.Image]:
    """Eight pictures with edges and some grain, as of a camera."""
    rng = np.random.default_rng(1)
    made = []
    for _ in range(8):
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
        smooth = coarse.resize((width, height), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 6, (height, width, 1))
        pixels = np.clip(np.asarray(smooth, float) + grain, 0, 255).astype(np.uint8)
        made.append(Image.fromarray(pixels).filter(ImageFilter.UnsharpMask(3)))
    return made


def masks(folder: Path, number: int, browser: Browser) -> Iterator[str]:
    """Half of the masks change all over, half in one place."""
    rng = np.random.default_rng(0)
    class_map = colours(CLASSES)
    pictures, photos = [frayed(rng) for _ in range(8)], photographs(SIDE, SIDE)
    for kind in ("masks", "images"):
        (folder / kind).mkdir()
    (folder / "class_map.json").write_text(json.dumps(class_map))

    def make(at: int, *, later: bool) -> None:
        index = np.roll(pictures[at % 8], at, axis=1)
        if later and at % 2:
            index = np.where(np.roll(index, 1, axis=0) == 3, 3, index)
        elif later:
            index[300:420, 500:600] = at % CLASSES + 1
        (folder / f"masks/{at:04}.png").write_bytes(png(painted(index, class_map)))
        if not later:
            photo = photos[at % 8].copy()
            photo.paste((at % 256, at // 256, 0), (0, 0, 16, 16))
            photo.save(folder / f"images/{at:04}.jpg", quality=90)

    (folder / "rbsync.yaml").write_text(MANIFEST.replace("{stem}.png", "{stem}.jpg"))
    for later in (False, True):
        for at in range(number):
            make(at, later=later)
        if not later:
            rbsync(folder, "apply", "--yes", "--force")
    yield f"plan --html of {number:,} changed masks: {rbsync(folder, 'plan', '--html', 'p.html')}"
    yield f"the same again: {rbsync(folder, 'plan', '--html', 'p.html')}"
    yield _read(folder / "p.html", browser)


def creates(folder: Path, number: int, browser: Browser) -> Iterator[str]:
    for at in range(number):
        file = folder / f"images/site-{at % 300:03}/scan-{at:06}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(np.full((2, 2, 3), (at % 256, at >> 8 & 255, at >> 16), np.uint8)))
    (folder / "rbsync.yaml").write_text("version: 1\ndatapoints:\n  - {glob: 'images/**/*.png'}\n")
    yield f"plan --html of {number:,} creates: {rbsync(folder, 'plan', '--html', 'p.html')}"
    yield _read(folder / "p.html", browser)


def _read(page: Path, browser: Browser) -> str:
    """How large pages are, and how long a browser takes to have the first one to be read."""
    pages = [page, *page.parent.glob("p.pages/*.html")]
    whole = sum(one.stat().st_size for one in pages)
    with browser.open(page) as opened:
        # A quick machine asks before anything is painted.
        taken = opened.page.evaluate(
            "new Promise(told => new PerformanceObserver("
            "list => told(list.getEntries().at(-1).startTime)"
            ").observe({type: 'paint', buffered: true}))"
        )
        loaded = opened.page.evaluate(
            "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        )
    return (
        f"{len(pages)} pages, {whole / 1e6:.2f} MB; painted after {taken:.0f} ms, "
        f"ready after {loaded:.0f} ms"
    )


@contextmanager
def browsing(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of `rbsync browse`, and its process."""
    command = [sys.executable, "-m", "rbsync", "--json", "browse", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process.pid
        finally:
            process.terminate()


def _peak(process: int) -> str:
    text = Path(f"/proc/{process}/status").read_text()
    kib = next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM"))
    return f"{int(kib) / 1024:.0f} MiB at most"


def browse(folder: Path, number: int, browser: Browser) -> Iterator[str]:
    for at in range(number):
        file = folder / f"images/site-{at % 300:03}/scan-{at:06}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(np.full((2, 2, 3), divmod(at, 256) + (0,), np.uint8)))  # noqa: RUF005
    (folder / "rbsync.yaml").write_text("version: 1\ndatapoints:\n  - {glob: 'images/**/*.png'}\n")
    rbsync(folder, "apply", "--yes", "--force")
    with browsing(folder) as (url, process):
        started = time.perf_counter()
        yield from _scrolled(url, browser, started, number)
        yield f"server: {_peak(process)}"


def _scrolled(url: str, browser: Browser, started: float, number: int) -> Iterator[str]:
    with browser.open(url) as opened:
        opened.until("document.querySelectorAll('#grid .name').length > 10")
        yield f"first screen of {number:,}: {time.perf_counter() - started:.2f} s"
        for when in ("while the plan is made", "when it is there"):
            worst, took = opened.page.evaluate(FRAMES)
            yield f"to the end {when}: {took / 1000:.1f} s, worst frame {worst:.0f} ms"
            while not requests.get(f"{url}counts", timeout=60).json()["is_done"]:
                time.sleep(0.5)


def thumbnails(folder: Path, number: int, _: Browser) -> Iterator[str]:
    with _photographed(folder, number, (1600, 1200)) as (url, process):
        for what in ("drawn", "kept"):
            seconds, used, sizes = _thumbnailed(url, process, number)
            yield (
                f"{number:,} thumbnails {what}: {seconds:.1f} s, {used:.1f} s of processors, "
                f"{sizes / 1e6:.1f} MB"
            )
        yield f"server: {_peak(process)}"


def sizes(folder: Path, number: int, _: Browser) -> Iterator[str]:
    for width, height in SIZES:
        place = folder / f"{width}"
        with _photographed(place, number, (width, height)) as (url, process):
            seconds, used, _kept = _thumbnailed(url, process, number)
        kilobytes = (place / "one.jpg").stat().st_size / 1000
        each = used / number
        yield (
            f"{width} x {height}, {kilobytes:,.0f} kB: {1000 * each:.1f} ms of a processor each "
            f"({seconds:.1f} s by the clock for {number}), {120 / each:,.0f} a minute on two"
        )


@contextmanager
def _photographed(folder: Path, number: int, size: tuple[int, int]) -> Iterator[tuple[str, int]]:
    """`rbsync browse` over photographs of a size, once all of them are looked at."""
    (folder / "images").mkdir(parents=True)
    datas = []
    for one in photographs(*size):
        one.save(folder / "one.jpg", quality=90)
        datas.append((folder / "one.jpg").read_bytes())
    for at in range(number):
        # A comment makes each another file, as a photograph is.
        data, said = datas[at % 8], f"{at:08}".encode()
        marked = data[:2] + b"\xff\xfe\0\x0a" + said + data[2:]
        (folder / f"images/{at:05}.jpg").write_bytes(marked)
    (folder / "rbsync.yaml").write_text("version: 1\ndatapoints:\n  - {glob: 'images/*.jpg'}\n")
    rbsync(folder, "apply", "--yes", "--force")
    with browsing(folder) as (url, process):
        requests.get(f"{url}counts", timeout=60)
        while not requests.get(f"{url}counts", timeout=60).json()["is_done"]:
            time.sleep(0.5)
        yield url, process


def _thumbnailed(url: str, process: int, number: int) -> tuple[float, float, int]:
    """The seconds of all thumbnails, by the clock and of processors, and their bytes."""
    names = [f"images/{at:05}.jpg" for at in range(number)]
    started, used = time.perf_counter(), _used_by(process)
    with ThreadPoolExecutor(4) as threads:
        shares = list(threads.map(lambda at: _thumbnails(url, names[at::4]), range(4)))
    seconds = time.perf_counter() - started
    return seconds, _used_by(process) - used, sum(map(sum, shares))


def _thumbnails(url: str, names: Sequence[str]) -> list[int]:
    """The sizes of thumbnails that are asked for over one line, as a browser keeps several open.

    Plainly, since whoever asks works on the same processors.
    """
    place = urlsplit(url)
    line = HTTPConnection(place.hostname or "", place.port, timeout=60)
    sizes = []
    for name in names:
        line.request("GET", f"{place.path}thumbnail?name={quote(name)}")
        answer = line.getresponse()
        sizes.append(len(answer.read()))
        assert answer.status == HTTPStatus.OK, name
    line.close()
    return sizes


def _used_by(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


WHAT: dict[str, tuple[Any, int]] = {
    "masks": (masks, 500),
    "creates": (creates, 100_000),
    "browse": (browse, 100_000),
    "thumbnails": (thumbnails, 10_000),
    "sizes": (sizes, 200),
}


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("what", choices=[*WHAT, "all"])
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    print(machine("numpy", "pillow"), flush=True)
    for what, (measure, number) in WHAT.items():
        if options.what not in (what, "all"):
            continue
        with tempfile.TemporaryDirectory() as folder, chromium() as browser:
            for line in measure(Path(folder), number // 50 if options.smoke else number, browser):
                print(line, flush=True)


if __name__ == "__main__":
    main()
