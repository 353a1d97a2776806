"""Names in another spelling: accents kept apart as a Mac writes them, a suffix in capitals."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from rbsync.files.kinds import suffix_of
from rbsync.files.listing import Listing


def composed(name: str) -> str:
    """A name with accents on their letters: some disks keep them apart."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """A file's name without regard to its Unicode form and to the case of its suffix."""
    suffix = suffix_of(name)
    return composed(name[: len(name) - len(suffix)]) + suffix


class Spellings:
    """Finds files and folders whose names are spelt otherwise on the disk.

    Each folder is sorted out once.
    """

    def __init__(self, listing: Callable[[str], Listing]) -> None:
        """``listing`` raises OSError for a folder that cannot be listed."""
        self._listing = listing
        self._files: dict[str, dict[str, list[str]]] = {}
        self._folders: dict[str, dict[str, list[str]]] = {}

    def find(self, path: str) -> str:
        """The path as the disk spells it; empty when there is none, or several.

        Of several nobody can tell which was meant.
        """
        *folders, name = path.split("/")
        at = ""
        for one in folders:
            found = self._one(self._folders, at, composed(one), one)
            if not found:
                return ""
            at = f"{at}/{found}" if at else found
        found = self._one(self._files, at, folded(name), name)
        found = found or self._one(self._folders, at, composed(name), name)
        return f"{at}/{found}" if at and found else found

    def _one(
        self, known: dict[str, dict[str, list[str]]], folder: str, form: str, name: str
    ) -> str:
        if folder not in known:
            try:
                listing = self._listing(folder)
            except OSError:
                return ""
            is_file = known is self._files
            names = (*listing.names, *listing.links) if is_file else listing.folders
            known[folder] = _by_form(names, folded if is_file else composed)
        found = known[folder].get(form, [])
        if name in found:
            return name
        return found[0] if len(found) == 1 else ""


def _by_form(names: Iterable[str], form: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(form(name), []).append(name)
    return found
