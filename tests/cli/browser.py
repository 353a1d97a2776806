"""A real browser that opens a page and tells all that it said and asked for.

It is Debian's Chromium, driven by Playwright. Where there is none, its tests are skipped; in CI
`.ci/run` installs it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
SHOWN = "article:not([hidden]) figure[data-picture]"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
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
