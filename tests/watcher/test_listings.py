"""Listings that are kept from one look to the next."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

from rbsync.files.cache import Cache
from rbsync.files.listing import Listing
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.watcher.listings import WatchedListings


def listing(name: str) -> Listing:
    return Listing("a", name.encode(), array("q", [1, 2, 3, 4]), [], {}, [])


def watched() -> WatchedListings:
    listings = WatchedListings()
    listings.watch(["a", "b"])
    return listings


def test_a_listing_is_kept_until_something_happens_in_its_folder() -> None:
    listings = watched()
    one = listing("1")
    listings.put("a", one, listings.begin("a"))
    listings.changed("b")
    assert listings.get("a") is one
    listings.changed("a")
    assert listings.get("a") is None


def test_what_happens_while_a_folder_is_listed_is_not_missed() -> None:
    listings = watched()
    begun = listings.begin("a")
    listings.changed("a")
    listings.put("a", listing("1"), begun)
    assert listings.get("a") is None
    begun = listings.begin("a")
    listings.all_changed()
    listings.put("a", listing("1"), begun)
    assert listings.get("a") is None


def test_a_folder_that_is_not_watched_is_listed_each_time() -> None:
    listings = watched()
    listings.put("c", listing("1"), listings.begin("c"))
    assert listings.get("c") is None
    listings.put("a", listing("1"), listings.begin("a"))
    listings.watch(["b"])
    assert listings.get("a") is None


def test_a_tree_lists_only_what_changed(tmp_path: Path) -> None:
    listings = watched()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"x")

    def found() -> list[list[str]]:
        tree = Tree(Roots(str(tmp_path)), Cache(os.devnull, "xxh3"), known=listings)
        return [sorted(tree.listing(name).names) for name in ("a", "b")]

    assert found() == [["1.png"], ["1.png"]]
    (tmp_path / "a/2.png").write_bytes(b"x")
    (tmp_path / "b/2.png").write_bytes(b"x")
    listings.changed("a")
    # Nothing was told of the other one.
    assert found() == [["1.png", "2.png"], ["1.png"]]
