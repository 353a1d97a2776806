"""The page's own viewers against NiiVue, OpenSeadragon and PhotoSwipe, in the same browser.

    npm install --prefix FOLDER @niivue/niivue openseadragon photoswipe
    python tests/bench/viewers.py FOLDER/node_modules

Scans have 181 x 217 x 181 voxels with a segmentation, the large picture 12,000 x 9,000 pixels with
a mask. Seconds are from the click until something is drawn, medians of three; script is what a page
loads, as it is delivered and packed by gzip.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.bench.pictures import browsing, photographs, rbsync  # noqa: E402
from tests.bench.report import machine  # noqa: E402
from tests.cli.browser import Browser, chromium  # noqa: E402
from tests.masks.pictures import png  # noqa: E402
from tests.pictures.kinds import nifti  # noqa: E402

SHAPE, LARGE, TILE = (181, 217, 181), (12_000, 9_000), 256
Image.MAX_IMAGE_PIXELS = None
MANIFEST = """\
version: 1
datapoints:
  - {name: scan, series: [{items: scan.nii, segmentations: spot.nii, segment_map: {1: spot}}]}
masks:
  - {glob: large.png, image: large.jpg, class_map: class_map.json}
"""
SCAN = """<!doctype html><canvas id=c width=1200 height=800></canvas>
<script src="/@niivue/niivue/dist/niivue.umd.js"></script><script>
(async () => {
  const viewer = new niivue.Niivue();
  await viewer.attachToCanvas(document.getElementById("c"));
  const spot = { url: "/spot.nii", colormap: "red", opacity: 0.5 };
  await viewer.loadVolumes([{ url: "/scan.nii" }, spot]);
  viewer.setSliceType(viewer.sliceTypeMultiplanar);
  viewer.drawScene();
  document.body.dataset.ready = "true";
})();
</script>"""
TILED = """<!doctype html><div id=v style="width:1200px;height:800px"></div>
<script src="/openseadragon/build/openseadragon/openseadragon.min.js"></script><script>
const still = { animationTime: 0, immediateRender: true };
const viewer = OpenSeadragon({ id: "v", tileSources: "/large.dzi", ...still });
const full = () => new Promise((done) => {
  const look = () => viewer.world.getItemAt(0)?.getFullyLoaded() ? done() : setTimeout(look, 10);
  look();
});
viewer.addOnceHandler("open", () => full().then(() => { document.body.dataset.ready = "true"; }));
</script>"""


def write(folder: Path) -> None:
    """A scan and a large picture, each with its labels."""
    rng = np.random.default_rng(4)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    inside = (grid**2).sum(0) < 0.8
    values = np.where(inside, 700 + 90 * np.sin(grid[0] * 23) + rng.normal(0, 30, SHAPE), 5)
    (folder / "scan.nii").write_bytes(nifti(values.astype(np.int16), np.eye(4)))
    spot = ((grid - 0.2) ** 2).sum(0) < 0.05
    (folder / "spot.nii").write_bytes(nifti(spot.astype(np.uint8), np.eye(4)))
    photographs(*(one // 4 for one in LARGE))[0].resize(LARGE).save(
        folder / "large.jpg", quality=88
    )
    mask = np.zeros((LARGE[1], LARGE[0], 3), np.uint8)
    mask[3000:5000, 4000:7000, 0] = 255
    (folder / "large.png").write_bytes(png(mask, compress_level=1))
    (folder / "class_map.json").write_text('{"car": [255, 0, 0]}')
    (folder / "rbsync.yaml").write_text(MANIFEST)


def tiles(folder: Path) -> float:
    """Cuts the large picture as OpenSeadragon asks for it; returns the seconds that takes."""
    started = time.perf_counter()
    image: Image.Image = Image.open(folder / "large.jpg")
    level = (max(LARGE) - 1).bit_length()
    while level >= 0:
        place = folder / f"large_files/{level}"
        place.mkdir(parents=True)
        for top in range(0, image.height, TILE):
            for left in range(0, image.width, TILE):
                box = (left, top, min(left + TILE, image.width), min(top + TILE, image.height))
                image.crop(box).save(place / f"{left // TILE}_{top // TILE}.jpg", quality=85)
        image, level = image.resize([max(1, -(-one // 2)) for one in image.size]), level - 1
    (folder / "large.dzi").write_text(
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" '
        f'TileSize="{TILE}"><Size Width="{LARGE[0]}" Height="{LARGE[1]}"/></Image>'
    )
    return time.perf_counter() - started


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, or of the packages."""

    packages = ""

    def translate_path(self, path: str) -> str:
        own = super().translate_path(path)
        return (
            own if Path(own).exists() else f"{self.packages}/{path.lstrip('/').partition('?')[0]}"
        )

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path, packages: str) -> Iterator[str]:
    Quiet.packages = packages
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def taken(
    browser: Browser, url: str, steps: Callable[[Any], None], ready: str
) -> tuple[float, float]:
    """Seconds until a page is ready, and until what is done with it is; medians of three."""
    found = []
    for _ in range(3):
        started = time.perf_counter()
        with browser.open(url) as opened:
            opened.said.clear()
            opened.page.wait_for_selector(ready, state="attached")
            first = time.perf_counter() - started
            started = time.perf_counter()
            steps(opened)
            found.append((first, time.perf_counter() - started))
            # Others may ask for what they like here: only their speed is of interest.
            opened.said.clear()
            opened.asked.clear()
    return statistics.median(one for one, _ in found), statistics.median(two for _, two in found)


def nothing(_: Any) -> None:
    pass


def nearer(opened: Any) -> None:
    """The page's own steps to an eighth of the picture, where each of its pixels is there."""
    for _ in range(3):
        said = opened.page.locator(".zoom output").inner_text()
        opened.page.get_by_role("button", name="Closer").click()
        opened.until(f"document.querySelector('.zoom output').innerText !== {said!r}")


def nearer_by_tiles(opened: Any) -> None:
    opened.page.evaluate("viewer.viewport.zoomTo(8 * viewer.viewport.getHomeZoom(), null, true)")
    opened.page.evaluate("full()")


def size(*files: Path) -> str:
    data = b"".join(one.read_bytes() for one in files)
    return f"{len(data) / 1000:,.0f} kB, {len(gzip.compress(data)) / 1000:,.0f} kB packed"


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("packages", type=Path)
    packages = parser.parse_args().packages.resolve()
    pages = ROOT / "rbsync/cli/pages"
    niivue = packages / "@niivue/niivue/dist/niivue.umd.js"
    seadragon = packages / "openseadragon/build/openseadragon/openseadragon.min.js"
    swipe = packages / "photoswipe/dist"
    print(machine("playwright"), flush=True)
    print(
        f"ours: scans {size(pages / 'scan.js', pages / 'picture.js')}; parts of large pictures "
        f"{size(pages / 'zoom.js', pages / 'picture.js')}; all of browse "
        f"{size(*(pages / f'{one}.js' for one in ('browse', 'picture', 'scan', 'zoom')))}"
    )
    print(
        f"NiiVue {size(niivue)}; OpenSeadragon {size(seadragon)}; PhotoSwipe "
        f"{size(swipe / 'photoswipe.esm.min.js', swipe / 'photoswipe-lightbox.esm.min.js')}"
    )
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        folder = Path(place)
        write(folder)
        print(f"tiles for OpenSeadragon: {tiles(folder):.1f} s", flush=True)
        (folder / "scan.html").write_text(SCAN)
        (folder / "tiled.html").write_text(TILED)
        with serving(folder, str(packages)) as url:
            drawn, _ = taken(browser, f"{url}scan.html", nothing, "body[data-ready]")
            print(f"NiiVue: scan drawn after {drawn:.2f} s")
            drawn, zoomed = taken(browser, f"{url}tiled.html", nearer_by_tiles, "body[data-ready]")
            print(
                f"OpenSeadragon: drawn after {drawn:.2f} s, "
                f"eight times as near after {zoomed:.2f} s"
            )
        rbsync(folder, "apply", "--yes", "--force")
        with browsing(folder) as (url, _):
            drawn, _ = taken(browser, f"{url}#scan", nothing, "#scan[data-ready]")
            print(f"ours: scan with its labels drawn after {drawn:.2f} s")
            large = f"{url}#{quote('large')}"
            drawn, zoomed = taken(browser, large, nearer, "#figures[data-ready]")
            print(f"ours: drawn after {drawn:.2f} s, eight times as near after {zoomed:.2f} s")


if __name__ == "__main__":
    main()
