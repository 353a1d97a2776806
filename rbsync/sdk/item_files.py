"""The items of a datapoint: local files that are there and of a kind that is accepted, or refs."""

from __future__ import annotations

import os

from rbsync.dataset.items import wrong_url
from rbsync.files.hashing import hash_files
from rbsync.files.kinds import KINDS, objection
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Item
from rbsync.model.fingerprint import Algorithm
from rbsync.model.storages import is_public, is_uploaded
from rbsync.sdk.arguments import refusal

ALGORITHM: Algorithm = "xxh3"


def all_files() -> Roots:
    """Any file of this machine; a relative path starts at the working directory of now."""
    return Roots(os.getcwd(), ("/",))


def read_item(roots: Roots, path: str, storage: str) -> Item:
    """One item, whose file is read when it is one. Raises UserError."""
    try:
        # A name that is not UTF-8 comes with lone surrogates, which no request can carry.
        path.encode()
    except UnicodeEncodeError:
        raise refusal(f"the item {path!a} is not UTF-8", "rename the file") from None
    if is_uploaded(storage):
        return _read_file(roots, path)
    wrong = wrong_url(path) if is_public(storage) else ""
    if wrong:
        raise refusal(f"`{path}` {wrong}", "for files on this machine use StorageMethod.REDBRICK")
    return Item.remote(path)


def _read_file(roots: Roots, path: str) -> Item:
    try:
        folder, name = os.path.split(roots.resolve(path))
    except OSError as error:
        raise refusal(f"`{path}` {error.strerror}") from error
    (answer,) = hash_files(roots, folder, [name], ALGORITHM)
    if isinstance(answer, FileNotFoundError):
        raise refusal(f"there is no file `{path}`", _where(roots, path)) from answer
    if isinstance(answer, OSError):
        raise refusal(f"`{path}` cannot be read: {answer.strerror or answer}") from answer
    wrong = objection(path, KINDS[answer.kind])
    if wrong:
        raise refusal(f"{path}: {wrong}")
    return Item(path, f"{ALGORITHM}:{answer.digest.hex()}", answer.stat.size)


def _where(roots: Roots, path: str) -> str:
    if "://" in path:
        return "for URLs use StorageMethod.PUBLIC"
    if os.path.isabs(path):
        return ""
    return f"a relative path starts at the working directory, {roots.main}"
