"""Many names, folded by folder until they fit on so many lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Fold(NamedTuple):
    """Names in a folder; ``folders`` is how many folders they are in, that one included.

    ``folder`` ends with a slash, and is empty for names that are in none. ``mark`` says that not
    all that is in it is meant: ``*`` what is in none of its folders, ``…`` what other folds lack.
    """

    folder: str
    names: Sequence[str]
    folders: int = 1
    mark: str = ""

    @property
    def label(self) -> str:
        """The folder for people."""
        return f"{self.folder}{self.mark}" or "./"


Count = Callable[[Sequence[str]], int]


def folded(names: Iterable[str], most: int, count: Count = len) -> list[Fold]:
    """Folds names into at most so many folders, in their order; the largest are told apart first.

    A name may stand for others of its folder: then ``count`` says how many some names are.

    A folder whose folders are too many for the lines that are left stays one fold. Only where that
    leaves nothing but the one are its largest folders shown, and the rest as one.
    """
    done: list[Fold] = []
    open_ = [_fold("", list(names))]
    while open_:
        largest = max(open_, key=lambda one: count(one.names))
        open_.remove(largest)
        parts = _parts(largest)
        room = most - len(done) - len(open_)
        if len(parts) <= 1:
            done.append(largest)
        elif len(parts) <= room:
            open_ += parts
        # Of 300 folders in one the largest say more than the one line that all are in it.
        elif not done and not open_:
            done += _largest(largest, parts, room, count)
        else:
            done.append(largest)
    return sorted(done, key=lambda one: (one.mark == "…", one.folder, one.mark))


def _largest(whole: Fold, parts: Sequence[Fold], room: int, count: Count) -> list[Fold]:
    ordered = sorted(parts, key=lambda one: -count(one.names))
    shown, left = ordered[: room - 1], ordered[room - 1 :]
    names = [name for one in left for name in one.names]
    return [*shown, Fold(whole.folder, names, sum(one.folders for one in left), "…")]


def _parts(fold: Fold) -> list[Fold]:
    """The folders within a fold; the names that are in none of them are one more."""
    if fold.folders == 1:
        return [fold]
    start = len(fold.folder)
    groups: dict[str, list[str]] = {}
    for name in fold.names:
        cut = name.find("/", start) + 1
        groups.setdefault(name[:cut] if cut else "", []).append(name)
    loose = groups.pop("", None)
    inner = [_fold(folder, some) for folder, some in groups.items()]
    return [*inner, Fold(fold.folder, loose, 1, "*")] if loose else inner


def _fold(folder: str, names: Sequence[str]) -> Fold:
    """A folder with what is in it, or the one folder in it that has all of that."""
    folders = {name.rpartition("/")[0] for name in names}
    common = _common(folders)
    if len(folders) == 1:
        return Fold(common or folder, names)
    return Fold(common if len(common) > len(folder) else folder, names, len(folders))


def _common(folders: Iterable[str]) -> str:
    """The folder that all of these are, or are in; with a slash at its end, or empty."""
    first, last = min(folders).split("/"), max(folders).split("/")
    same = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        same += 1
    return "".join(f"{part}/" for part in first[:same] if part or same > 1)
