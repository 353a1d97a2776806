"""What was seen of files and told of them comes out of a memory as it went in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rbsync.dataset.expanding import Seeking
from rbsync.dataset.notes import Held
from rbsync.dataset.remembered import Remembered, Seen
from rbsync.dataset.told import Stray
from rbsync.dataset.units import Summary
from rbsync.errors import Location, Problem
from rbsync.files.ignore import Match
from rbsync.manifest.load import load_manifest
from rbsync.sync.remembered_members import Written, id_of, key_of, remembered_in, remembered_json

PLACE = Location("m.yaml", 3, 5)
KNOWN = Remembered(
    seen={"": Seen("s", b"\x00\xff", ("a",), False), "a": Seen("t")},
    reads=frozenset({"list.json", ".rbsyncignore"}),
    rules=frozenset({".rbsyncignore"}),
    units={
        (0, "a"): Summary(3, 1 << 130, ("a",), 1, {"a": (".json",)}),
        (1, None): Summary(0, 0, ()),
    },
    seeking={1: Seeking({"a"}, {"list.json"}, ["a/1.png"])},
    strays={"labels": Stray(("x.json",), PLACE)},
    held=[
        Held(Problem("empty", "nothing", PLACE, "look"), (0, "a"), "row", True, frozenset({"n"})),
        Held(Problem("empty", "nothing"), (1, None), file="f", number=2),
    ],
    unsettled={(1, None): frozenset({"r"})},
    matched={"key": Match("a/b", True)},
)


def test_all_members_come_back_as_they_were() -> None:
    assert remembered_in(json.loads(json.dumps(remembered_json(KNOWN)))) == KNOWN


@pytest.mark.parametrize("key", [(0, ""), (0, "a/b"), (7, None)])
def test_a_unit_is_found_again_by_its_id(key: tuple[int, str | None]) -> None:
    assert key_of(*id_of(key)) == key


def test_places_are_moved_with_what_the_manifest_says(tmp_path: Path) -> None:
    file, text = tmp_path / "m.yaml", 'version: 1\ndatapoints:\n  - glob: "a/*.png"\n'
    file.write_text(text)
    before = load_manifest(file, {})
    place = Location(before.file, 3, 5)
    held = Held(Problem("empty", "nothing", place), (0, None))
    known = replace(KNOWN, held=[held], strays={"a": Stray(("x.json",), place)})
    written = Written.of(before, known)
    assert written.moved(known, before) is known
    file.write_text(f"# of site a\n{text}")
    moved = written.moved(known, load_manifest(file, {}))
    assert moved is not None
    assert [one.problem.location for one in moved.held] == [place._replace(line=4)]
    assert moved.strays["a"].origin == place._replace(line=4)
    file.write_text("version: 1\ndatapoints: []\n")
    assert written.moved(known, load_manifest(file, {})) is None
