"""The errors of masks, said so that the user knows what to do next."""

from __future__ import annotations

from rbsync.errors import Location, Problem, UserError


class MaskError(UserError):
    """A mask, class map, segmentation or label that cannot be converted as it stands.

    ``code`` is a stable slug such as ``undeclared-colour``. The message says what is wrong and,
    where there is a position, gives it as (column, row); ``hint`` is the next step.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", file: str = "") -> None:
        self.code = code
        self.message = message
        self.file = file
        location = Location(file) if file else None
        super().__init__([Problem(code, message, location, hint)], hint=hint)

    def at(self, location: Location) -> Problem:
        """The same problem at another place, such as the manifest line that names the mask."""
        # The place becomes the manifest's line, so that the name of the mask has to move into the
        # text.
        message = f"{self.file}: {self.message}" if self.file else self.message
        return Problem(self.code, message, location, self.hint)

    def __reduce__(self) -> tuple[object, ...]:
        """Who converts in processes of their own gets errors back as they were."""
        return _rebuild, (self.code, self.message, self.hint, self.file)


class ShapeError(Exception):
    """The reason that a shape cannot become pixels; its owner adds whose shape it is."""


def many(number: int, word: str) -> str:
    """``1 pixel``, ``2 pixels``, ``1,000 pixels``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _rebuild(code: str, message: str, hint: str, file: str) -> MaskError:
    return MaskError(code, message, hint=hint, file=file)
