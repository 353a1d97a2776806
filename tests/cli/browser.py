"""A real browser that opens a page and tells all that it said and asked for.

How pages look is in `tests/golden/pages`, a third of their size; `UPDATE_GOLDEN=1` with
`RBSYNC_PICTURES=full` draws them anew. Look at them then. CI looks at each page wide and light, and
narrow and dark; `RBSYNC_PICTURES=full` at the other two as well.

It is Debian's Chromium, driven by Playwright. Where there is none, its tests are skipped; in CI
`.ci/run` installs it.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
SHOWN = "article:not([hidden]) figure[data-picture]"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GOLDEN = Path(__file__).parent.parent / "golden" / "pages"
IS_FULL = os.environ.get("RBSYNC_PICTURES") == "full"
LOOKS = ((1400, "light"), (400, "dark"), (1400, "dark"), (400, "light"))
HEIGHT, SCALE = 900, 3
DIFFERS, MOST = 24, 0.01
"""A difference of a colour that is seen, and the part of a picture that may have such."""
STILL = r"""() => {
    const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (all.nextNode())
        all.currentNode.data = all.currentNode.data.replace(
            /\d{4}-\d\d-\d\d[ T][\d:.]+(Z|[+]00:00)?/g, "2026-01-02 03:04:05");
}"""
LAID = """[...document.images].every((one) => one.src && one.complete)
    && [...document.querySelectorAll("#grid a")].every((one) => one.querySelector(".name"))"""
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"
)


@dataclass
class Opened:
    """An open page; ``said`` is what its console and its mistakes were."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def hear(self, message: Any) -> None:
        # A screenshot of what is drawn in three dimensions reads it back, and without a graphics
        # card that is slow: no page can help it.
        if not (message.type == "warning" and "GPU stall due to ReadPixels" in message.text):
            self.said.append(message.text)

    def drawn(self) -> None:
        """Waits until every picture is drawn."""
        self.page.evaluate(f"document.querySelectorAll('{SHOWN}').forEach(show)")
        self.until(f"[...document.querySelectorAll('{SHOWN}')].every((one) => one.dataset.ready)")

    def until(self, holds: str) -> None:
        """Waits until an expression of the page holds. The limit of time is that of the test."""
        # Not by `wait_for_function`: it has the page itself evaluate text, which is not allowed to.
        while not self.page.evaluate(holds):
            self.page.wait_for_timeout(20)

    def choose(self, mode: str) -> None:
        self.page.check(f"input[value={mode}]")

    def pixels(
        self, canvas: int = 0, within: str = "article:not([hidden])"
    ) -> list[tuple[int, int, int]]:
        """The colours of a canvas of the first picture that is shown, row by row."""
        flat = self.page.evaluate(
            """([at, within]) => {
                const one = document.querySelectorAll(`${within} canvas`)[at];
                const pen = one.getContext("2d");
                return Array.from(pen.getImageData(0, 0, one.width, one.height).data);
            }""",
            [canvas, within],
        )
        return list(zip(flat[::4], flat[1::4], flat[2::4], strict=True))

    def violations(self) -> list[str]:
        """What a screen reader or a keyboard would stumble over."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def is_for_everybody(self, name: str) -> None:
        """Nothing on it is in anybody's way, and it looks as it did, in each size and light."""
        self.page.evaluate(STILL)
        sheet = [self._look(*look) for look in LOOKS[: len(LOOKS) if IS_FULL else 2]]
        file = GOLDEN / f"{name}.png"
        if os.environ.get("UPDATE_GOLDEN") and IS_FULL:
            _pasted(sheet).save(file, optimize=True)
        golden = Image.open(file).convert("RGB")
        left = 0
        for (width, scheme), shot in zip(LOOKS, sheet, strict=False):
            part = golden.crop((left, 0, left + shot.width, shot.height))
            left += shot.width
            apart = np.abs(np.asarray(part, int) - np.asarray(shot, int)).max(axis=-1) > DIFFERS
            if apart.mean() > MOST:
                shot.save(f"{tempfile.gettempdir()}/{name}-{width}-{scheme}.png")
            assert apart.mean() <= MOST, (name, width, scheme, f"{apart.mean():.1%} differs")

    def _look(self, width: int, scheme: Any) -> Image.Image:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)
        self.page.evaluate("scrollTo(0, 0)")
        # The next frame has what is laid anew, and its pictures are asked for after that.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        self.until(LAID)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        assert self.violations() == []
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        return shot.resize((width // SCALE, HEIGHT // SCALE), Image.Resampling.BOX)


def _pasted(shots: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (sum(one.width for one in shots), shots[0].height))
    left = 0
    for one in shots:
        sheet.paste(one, (left, 0))
        left += one.width
    return sheet.quantize(128, dither=Image.Dither.NONE)


class Browser:
    """A running Chromium."""

    def __init__(self, running: Any) -> None:
        self._running = running

    @contextmanager
    def open(self, place: Path | str, width: int = 1400, scheme: str = "light") -> Iterator[Opened]:
        """A page in a window of its own; it may have said nothing and asked nobody else."""
        context = self._running.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        opened = Opened(context.new_page())
        opened.page.on("console", opened.hear)
        opened.page.on("pageerror", lambda one: opened.said.append(str(one)))
        # Nobody answers it: a page that asks something waits, and its test ends there.
        opened.page.on("dialog", lambda one: opened.said.append(one.message))
        opened.page.on("request", lambda one: opened.asked.append(one.url))
        try:
            url = place if isinstance(place, str) else place.as_uri()
            opened.page.goto(url)
            yield opened
        finally:
            context.close()
        assert opened.said == [], opened.said
        own = ("data:", "file:") if url.startswith("file:") else ("data:", url.partition("#")[0])
        assert [one for one in opened.asked if not one.startswith(own)] == []


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root it has no sandbox to run in; it opens nothing here but files of the test.
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Browser(running)
        running.close()
