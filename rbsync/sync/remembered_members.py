"""The finds of a plan or lock as JSON, and taken out of it with their places as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from rbsync.dataset.expanding import Seeking
from rbsync.dataset.notes import Held
from rbsync.dataset.remembered import Remembered, Seen
from rbsync.dataset.told import Stray
from rbsync.dataset.units import Summary, UnitKey
from rbsync.errors import Location, Problem, UserError
from rbsync.files.ignore import Match
from rbsync.manifest.manifest import Manifest

# No folder has this name.
_NO_FOLDER = "\0"


def id_of(key: UnitKey) -> tuple[int, str]:
    """The id of a unit in the cache."""
    return key[0], _NO_FOLDER if key[1] is None else key[1]


def key_of(source: int, folder: str) -> UnitKey:
    """The key of a unit as the cache has it."""
    return (source, None) if folder == _NO_FOLDER else (source, folder)


class Written(NamedTuple):
    """The text of a manifest that places are of, and its digest.

    Where nothing is told that has a place in it, or it is long, the ``text`` is empty.
    """

    digest: str
    text: str

    @classmethod
    def of(cls, manifest: Manifest, known: Remembered) -> Written:
        """The text that the places of what is remembered are of."""
        # Byte for byte, in JSON.
        text = manifest.text.decode("latin-1") if _places(known, manifest.file) else ""
        return cls(manifest.digest, text)

    def moved(self, known: Remembered, manifest: Manifest) -> Remembered | None:
        """The same with its places in a manifest that says the same, be it on other lines.

        None where a place cannot be found again.
        """
        places = _places(known, manifest.file)
        if self.digest == manifest.digest or not places:
            return known
        # What is told of two sources names the line of the other one.
        if any(f"{manifest.file}:" in one.problem.message for one in known.held):
            return None
        moves = self._moves(manifest)
        return _with_places(known, moves) if places <= moves.keys() else None

    def _moves(self, manifest: Manifest) -> Mapping[Location, Location]:
        # What reads a text takes longer to load than most plans take.
        from rbsync.manifest.document import read_document

        with suppress(UserError):
            before = read_document(self.text.encode("latin-1"), manifest.file)
            return before.moves_to(read_document(manifest.text, manifest.file)) or {}
        return {}


def _places(known: Remembered, file: str) -> set[Location]:
    """The places in a file of all that is told."""
    told = (one.problem.location for one in known.held)
    origins = (one.origin for one in known.strays.values())
    return {one for one in chain(told, origins) if one and one.file == file}


def _with_places(known: Remembered, moves: Mapping[Location, Location]) -> Remembered:
    strays = {folder: Stray(names, moves[place]) for folder, (names, place) in known.strays.items()}
    return replace(known, held=[_moved(one, moves) for one in known.held], strays=strays)


def _moved(one: Held, moves: Mapping[Location, Location]) -> Held:
    place = one.problem.location
    if place is None or place not in moves:
        return one
    return one._replace(problem=one.problem._replace(location=moves[place]))


def remembered_json(known: Remembered) -> dict[str, Any]:
    """The members that a memo has of what was seen."""
    seen = [
        [path, one.signature, one.files.hex(), list(one.below), one.is_plain]
        for path, one in known.seen.items()
    ]
    units = [
        [*id_of(key), one.count, f"{one.total:x}", one.folders, one.blocked, one.labelled]
        for key, one in known.units.items()
    ]
    seeking = [
        [number, sorted(one.folders), sorted(one.reads), one.witnesses]
        for number, one in known.seeking.items()
    ]
    held = [
        [problem, *id_of(key), row, is_of_all, sorted(names), file, number]
        for problem, key, row, is_of_all, names, file, number in known.held
    ]
    return {
        "seen": seen,
        "reads": sorted(known.reads),
        "rules": sorted(known.rules),
        "units": units,
        "seeking": seeking,
        "strays": known.strays,
        "held": held,
        "matched": known.matched,
        "unsettled": [[*id_of(key), sorted(rows)] for key, rows in known.unsettled.items()],
    }


def remembered_in(found: Mapping[str, Any]) -> Remembered:
    """The members of a memo as what was seen."""
    seen = {
        path: Seen(signature, bytes.fromhex(files), tuple(below), is_plain)
        for path, signature, files, below, is_plain in found["seen"]
    }
    units = {
        key_of(source, folder): _summary(count, total, *rest)
        for source, folder, count, total, *rest in found["units"]
    }
    seeking = {
        number: Seeking(set(folders), set(reads), witnesses)
        for number, folders, reads, witnesses in found["seeking"]
    }
    strays = {
        folder: Stray(tuple(names), Location(*origin))
        for folder, (names, origin) in found["strays"].items()
    }
    unsettled = {key_of(*unit): frozenset(rows) for *unit, rows in found["unsettled"]}
    held = [_held(*one) for one in found["held"]]
    reads, rules = frozenset(found["reads"]), frozenset(found["rules"])
    matched = {key: Match(*one) for key, one in found["matched"].items()}
    return Remembered(seen, reads, rules, units, seeking, strays, held, unsettled, matched)


def _summary(
    count: int, total: str, folders: list[str], blocked: int, labelled: dict[str, list[str]]
) -> Summary:
    suffixes = {folder: tuple(some) for folder, some in labelled.items()}
    return Summary(count, int(total, 16), tuple(folders), blocked, suffixes)


def _held(problem: list[Any], source: int, folder: str, *rest: Any) -> Held:
    code, message, place, hint = problem
    told = Problem(code, message, Location(*place) if place else None, hint)
    row, is_of_all, names, file, number = rest
    return Held(told, key_of(source, folder), row, is_of_all, frozenset(names), file, number)
