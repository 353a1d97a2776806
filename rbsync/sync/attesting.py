"""An in-toto statement about a lock, to be signed by other programs."""

from __future__ import annotations

import json
from typing import Any

from rbsync.locks.folder import FOLDER
from rbsync.sync.git import GitError, git, revision_of
from rbsync.sync.locking import Locked

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:rbsync:lock:1"


def statement(locked: Locked, root: str) -> str:
    """The JSON text of a statement on the lock in a folder, and on the revision that has it.

    The digest is that of a folder as in-toto's `dirHash` is, in hex digits.
    """
    predicate: dict[str, Any] = {
        "version": locked.digest,
        "datapoints": locked.datapoints,
        "files": locked.files,
    }
    if revision := committed_lock(root):
        predicate["revision"] = revision
    subject = {"name": FOLDER, "digest": {"dirHash": locked.digest.rpartition(":")[2]}}
    told = {
        "_type": STATEMENT,
        "subject": [subject],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }
    return json.dumps(told, indent=2) + "\n"


def committed_lock(root: str) -> str:
    """The commit that has the lock as it is; empty where none has."""
    try:
        changed = git(root, "status", "--porcelain", "-z", "--", FOLDER)
    except GitError:
        return ""
    # A lock that is not committed yet is not that of the commit that is checked out.
    return "" if changed else revision_of(root)
