"""Nothing outside the manifest's folder and the roots that it allows is ever opened."""

from __future__ import annotations

import os
import random
import threading
import time
from functools import partial

import pytest

from rbsync.files.roots import OutsideError, Roots
from tests.files.folder import Folder

SECRET = "the secret key"


@pytest.fixture
def outside(tmp_path):
    file = tmp_path / "outside" / "secret.txt"
    file.parent.mkdir()
    file.write_text(SECRET)
    return file


def content(roots: Roots, path: str) -> str:
    with open(roots.open_file(path)) as file:
        return file.read()


def test_what_lies_in_the_folder_is_opened(folder: Folder) -> None:
    folder.write("a/b.txt", "inside")
    roots = Roots(str(folder.root))
    for path in ("a/b.txt", "./a/b.txt", "a/../a/b.txt", str(folder.root / "a/b.txt")):
        assert content(roots, path) == "inside"
    descriptor = roots.open_folder("a")
    assert os.listdir(descriptor) == ["b.txt"]
    os.close(descriptor)


def test_paths_that_lead_out_are_refused(folder, outside) -> None:
    roots = Roots(str(folder.root))
    folder.write("a/b.txt")
    for path in (
        "../outside/secret.txt",
        "a/../../outside/secret.txt",
        str(outside),
        "/etc/passwd",
        "..",
        str(folder.root) + "-and-more/x",
    ):
        for attempt in (roots.resolve, roots.open_file, roots.open_folder):
            with pytest.raises(OutsideError, match=r"] leads out of the manifest's folder: "):
                attempt(path)


def test_links_that_lead_out_are_refused(folder, outside) -> None:
    folder.link("file.txt", outside)
    folder.link("near.txt", "../outside/secret.txt")
    folder.link("folder", outside.parent)
    folder.link("chain", "folder")
    roots = Roots(str(folder.root))
    for path in ("file.txt", "near.txt", "folder/secret.txt", "chain/secret.txt"):
        with pytest.raises(OutsideError, match="is a link that leads out of the manifest's folder"):
            roots.open_file(path)
    with pytest.raises(OutsideError):
        roots.open_folder("folder")


def test_links_that_stay_inside_are_followed(folder) -> None:
    folder.write("a/b.txt", "inside")
    folder.link("c/d.txt", "../a/b.txt")
    folder.link("e", "a")
    roots = Roots(str(folder.root))
    assert content(roots, "c/d.txt") == content(roots, "e/b.txt") == "inside"


def test_what_the_manifest_allows_may_be_opened(folder, outside) -> None:
    folder.link("link.txt", outside)
    for allowed in ("../outside", str(outside.parent)):
        roots = Roots(str(folder.root), [allowed])
        assert content(roots, "../outside/secret.txt") == SECRET
        assert content(roots, str(outside)) == SECRET
        assert content(roots, "link.txt") == SECRET
        with pytest.raises(OutsideError):
            roots.open_file("../elsewhere.txt")


def test_what_an_allowed_root_links_to_is_not_allowed_with_it(folder, outside, tmp_path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/link.txt").symlink_to(outside)
    with pytest.raises(OutsideError):
        Roots(str(folder.root), ["../more"]).open_file("../more/link.txt")


def test_a_root_that_became_a_link_opens_what_it_leads_to_and_nothing_beside_it(
    folder, outside, tmp_path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    outside.parent.rename(elsewhere)
    outside.parent.symlink_to(elsewhere)
    roots = Roots(str(folder.root), [str(outside.parent)])
    # Opening the one says of the folder that has both that no link leads there.
    for path in (elsewhere, outside.parent, elsewhere):
        descriptor = roots.open_folder(str(path))
        assert os.listdir(descriptor) == ["secret.txt"]
        os.close(descriptor)
    with pytest.raises(OutsideError):
        roots.open_folder(str(tmp_path / "other"))


def test_the_folder_itself_may_be_reached_through_a_link(folder, tmp_path) -> None:
    folder.write("a.txt", "inside")
    (tmp_path / "alias").symlink_to(folder.root)
    roots = Roots(str(tmp_path / "alias"))
    assert content(roots, "a.txt") == "inside"
    assert content(roots, str(folder.root / "a.txt")) == "inside"


@pytest.mark.parametrize("path", ["a\0b", "a\0/b", "\ud800", "\ud800/x"])
def test_text_that_is_no_path_is_a_missing_file(folder, path) -> None:
    with pytest.raises(FileNotFoundError, match="is no path"):
        Roots(str(folder.root)).open_file(path)


def test_missing_files_are_missing_and_nothing_stays_open(folder) -> None:
    folder.write("a/b.txt")
    roots = Roots(str(folder.root))
    for path in ("none", "a/none", "none/b.txt"):
        with pytest.raises(FileNotFoundError):
            roots.open_file(path)
    with pytest.raises(NotADirectoryError):
        roots.open_file("a/b.txt/c")
    with pytest.raises(NotADirectoryError):
        roots.open_folder("a/b.txt")
    assert folder.opened() == []


def swapping(path, inside, outside, done: threading.Event) -> None:
    """Puts a link to the outside where the inside stood, and back, as often as it can."""
    spare, chance = f"{path}.spare", random.Random(7)
    while not done.is_set():
        for make in (lambda: os.symlink(outside, spare), inside):
            make()
            os.replace(spare, path)
            # On one processor the reader would else have its turns while it leads inside alone.
            if not chance.randrange(4):
                time.sleep(0.0005)


@pytest.mark.parametrize("which", ["file", "folder"])
def test_a_link_that_is_swapped_in_meanwhile_never_leads_out(folder, outside, which) -> None:
    folder.write("real/secret.txt", "inside")
    done = threading.Event()
    if which == "file":
        asked, swapped = "d/secret.txt", folder.write("d/secret.txt", "inside")
        spare = f"{swapped}.spare"
        target = outside
        real = folder.root / "real/secret.txt"
        inside = partial(os.link, real, spare)
    else:
        asked, swapped, target = "d/secret.txt", folder.link("d", "real"), outside.parent
        inside = partial(os.symlink, "real", f"{swapped}.spare")
    swapper = threading.Thread(target=swapping, args=(swapped, inside, target, done))
    swapper.start()
    roots = Roots(str(folder.root))
    seen = {"inside": 0, "refused": 0}
    try:
        until = time.monotonic() + 20
        while sum(seen.values()) < 4000 or (min(seen.values()) < 50 and time.monotonic() < until):
            try:
                found = content(roots, asked)
            except OSError:
                found = "refused"
            seen[found] += 1
    finally:
        done.set()
        swapper.join()
    assert set(seen) == {"inside", "refused"}
    assert min(seen.values()) >= 50
