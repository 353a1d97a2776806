"""Files that somebody swaps for links while commands run: what is outside is never taken."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.scenarios.pictures import png
from tests.trust.site import Site


@contextmanager
def swapping(site: Site) -> Iterator[None]:
    """A picture, its labels and a folder are what they should be, and links, by turns."""
    folder, ended = site.project.folder, threading.Event()
    swaps = (
        ("images/a.png", site.outside / "secret.png", png(2)),
        ("labels/a.json", site.outside / "secret.json", json.dumps([]).encode()),
        ("list.json", site.outside / "secret.json", b"[]"),
    )

    def swap() -> None:
        while not ended.is_set():
            for path, target, content in swaps:
                os.symlink(target, folder / "link")
                os.replace(folder / "link", folder / path)
                (folder / "file").write_bytes(content)
                os.replace(folder / "file", folder / path)
            os.rename(folder / "scans", folder / "away")
            os.symlink(site.outside / "folder", folder / "scans")
            os.unlink(folder / "scans")
            os.rename(folder / "away", folder / "scans")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_no_command_takes_a_file_from_outside(site: Site) -> None:
    site.project.write("labels/a.json", [])
    site.project.write("scans/b.png", png(3))
    site.project.write("list.json", [])
    site.manifest(
        "datapoints:\n"
        "  - {glob: images/*.png, labels: 'labels/{stem}.json'}\n"
        "  - {glob: scans/*.png, allow_empty: true}\n"
        "  - {items_list: list.json, allow_empty: true}\n"
    )
    with swapping(site):
        for words in ("plan --rehash", "apply --yes --keep-going", "lock", "validate") * 3:
            ran = site.run(*words.split())
            assert "Traceback" not in ran.err, ran.err
            assert site.leaks(ran) == [], (words, ran)
