"""Sparse checkouts, in which a lock would be that of a part of the files."""

from __future__ import annotations

import os
from contextlib import suppress

from rbsync.errors import Problem, UserError
from rbsync.locks.folder import FOLDER, read_files
from rbsync.locks.parsing import read_lock
from rbsync.sync.git import is_sparse, left_out

SPARSE_HINT = (
    "this checkout is sparse, and a lock written here would lack the other files: "
    "`git sparse-checkout disable` brings them"
)


def refuse_part(root: str, folder: str) -> None:
    """Raises UserError where locked files, or files of the lock, are away by a sparse checkout."""
    if not is_sparse(root):
        return
    # A file that git leaves out may be here all the same.
    away = {path for path in left_out(root) if not os.path.lexists(os.path.join(root, path))}
    lost = sorted(path for path in away if path.startswith(f"{FOLDER}/"))
    # One that cannot be read is written anew.
    with suppress(UserError):
        lock = read_lock(read_files(folder) or {}, FOLDER)
        labels = (path for note in lock.notes.values() for path in note.label_files)
        lost += sorted(away.intersection({*lock.sums, *labels}))
    if lost:
        number = f"{len(lost):,} locked files are" if len(lost) > 1 else "a locked file is"
        message = f"{number} not here: `{lost[0]}`"
        raise UserError([Problem("not-locked", message, hint=SPARSE_HINT)])
