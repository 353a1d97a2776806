"""The fault of one file below the roots."""

from __future__ import annotations

from rbsync.files.body import open_body
from rbsync.files.kinds import Kind
from rbsync.files.roots import Roots
from rbsync.files.structure import Fault, Span, fault_of
from rbsync.model.fingerprint import Algorithm


def fault_at(roots: Roots, path: str, kind: Kind, algorithm: Algorithm) -> Fault | None:
    """Returns what is wrong with a file's structure; None for a whole one. Raises OSError."""
    with open_body(roots, path, algorithm) as body:
        return fault_of(kind, Span(body.fileno(), body.size))
