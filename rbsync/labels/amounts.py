"""Limits of what files may have: what a stranger writes without a fault must not cost minutes."""

from __future__ import annotations

from typing import NamedTuple

MOST_LABELS = 50_000

MARKS_EACH = 50
"""Commas and brackets that a label may have on the average: as many as are read and checked in a
few seconds. They are counted in the text, since who reads it to count its values has done the work
already."""

OBJECT_MARKS = 5
"""The marks that an object counts for: its members are looked up one by one."""

LETTERS_EACH = (32 << 20) // MOST_LABELS
"""Letters of a label that was made of something else, on the average: 32 MiB together."""


class Limits(NamedTuple):
    """So many ``labels`` one datapoint may have.

    With ``of_all`` all datapoints of one file together have no more: the manifest is a stranger's.
    """

    labels: int = MOST_LABELS
    of_all: bool = False

    @property
    def marks(self) -> int:
        """The commas and brackets that the text of so many labels may have."""
        return MARKS_EACH * self.labels

    @property
    def letters(self) -> int:
        """The letters that so many labels may have that are made of something else."""
        return LETTERS_EACH * self.labels


USUAL = Limits()


def marks_of(text: str | bytes) -> int:
    """The commas and brackets of a JSON text, weighed."""
    if isinstance(text, bytes):
        return sum(map(text.count, (b",", b"["))) + OBJECT_MARKS * text.count(b"{")
    return sum(map(text.count, ",[")) + OBJECT_MARKS * text.count("{")


def too_many_marks(limits: Limits) -> str:
    """The message that a text has too many commas and brackets."""
    return (
        f"the file has more than {limits.marks:,} commas and brackets, of which each object "
        f"counts for {OBJECT_MARKS}; so many are allowed"
    )


def labels_for(marks: int) -> int:
    """So many labels must be allowed for a text of so many marks."""
    return -(-marks // MARKS_EACH)


def more_labels(number: int) -> str:
    """The hint for a file that is meant to have so many labels."""
    # A stranger's file must not cost minutes: only the trusted side knows that it is no stranger's.
    return (
        "if it is meant to be that large, say so outside of the manifest: "
        f"RBSYNC_MAX_LABELS={number}, or `max_labels = {number}` in your own configuration"
    )
