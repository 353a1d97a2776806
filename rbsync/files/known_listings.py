"""The port of a memory of listings, for who knows of a folder that it did not change."""

from __future__ import annotations

from typing import Protocol

from rbsync.files.listing import Listing


class KnownListings(Protocol):
    """Keeps listings from one plan to the next."""

    def get(self, folder: str) -> Listing | None:
        """A listing that is still true; None where nobody knows that."""

    def begin(self, folder: str) -> int:
        """Notes that a folder is about to be listed."""

    def put(self, folder: str, listing: Listing, begun: int) -> None:
        """Takes the listing of a folder; ``begun`` is what `begin` returned."""


class NoListings:
    """Keeps none. Satisfies ``KnownListings``."""

    def get(self, folder: str) -> None:  # noqa: ARG002
        return None

    def begin(self, folder: str) -> int:  # noqa: ARG002
        return 0

    def put(self, folder: str, listing: Listing, begun: int) -> None:
        pass


NO_LISTINGS = NoListings()
