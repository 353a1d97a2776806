"""The answer to a task, as it travels back to whoever handed it out."""

from __future__ import annotations

import io
import os
import pickle
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

import xxhash

LARGE = 1 << 20
"""Bytes of an answer from which on it comes as a file: a scheduler is no way for pictures."""
_PART = 1 << 11
"""Bytes of a text from which on it travels beside the rest. Of 512 smaller ones none is large."""


class Answer(NamedTuple):
    """The answers to the calls of a task, pickled without their large texts and bytes.

    These follow in their order: in ``rest``, or in the file ``name`` of the run's folder, whose
    bytes have ``digest``.
    """

    pickled: bytes
    rest: bytes = b""
    name: str = ""
    digest: str = ""


class _Parting(pickle.Pickler):
    """Pickles all but large texts and bytes, which it puts aside."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.parts: list[bytes] = []

    def persistent_id(self, value: Any) -> tuple[bool, int] | None:
        is_text = type(value) is str
        if not (is_text or type(value) is bytes) or len(value) < _PART:
            return None
        part = value.encode("utf-8", "surrogatepass") if is_text else value
        self.parts.append(part)
        return is_text, len(part)


class _Joining(pickle.Unpickler):
    """The inverse of `_Parting`; ``read`` returns so many of the bytes that follow."""

    def __init__(self, pickled: bytes, read: Callable[[int], bytes]) -> None:
        super().__init__(io.BytesIO(pickled))
        self._read = read

    def persistent_load(self, part: tuple[bool, int]) -> str | bytes:
        is_text, size = part
        data = self._read(size)
        return data.decode("utf-8", "surrogatepass") if is_text else data


def answer_of(folder: str, found: Sequence[Any]) -> Answer:
    """The answer of a worker. A large one is put into the folder of the run, where there is one."""
    file = io.BytesIO()
    parting = _Parting(file)
    parting.dump(found)
    pickled, parts = file.getvalue(), parting.parts
    if folder and sum(map(len, parts)) > LARGE:
        # One that may not write there sends it the long way.
        with suppress(OSError):
            return _stored(folder, pickled, parts)
    return Answer(pickled, b"".join(parts))


def _stored(folder: str, pickled: bytes, parts: Sequence[bytes]) -> Answer:
    name, digest = secrets.token_hex(16), xxhash.xxh3_128()
    with open(os.path.join(folder, name), "xb") as file:
        for one in parts:
            file.write(one)
            digest.update(one)
    return Answer(pickled, b"", name, digest.hexdigest())


def found_in(folder: str, answer: Answer, number: int) -> list[Any]:
    """The answers to a task of so many calls.

    Raises OSError and ValueError for one that was lost on the way, or is of another task.
    """
    found = _fetched(folder, answer) if answer.name else _carried(answer)
    if not isinstance(found, list) or len(found) != number:
        raise ValueError("the answer is not one to the calls of the task")
    return found


def _carried(answer: Answer) -> Any:
    return _Joining(answer.pickled, io.BytesIO(answer.rest).read).load()


def _fetched(folder: str, answer: Answer) -> Any:
    path, digest = os.path.join(folder, os.path.basename(answer.name)), xxhash.xxh3_128()

    def read(size: int) -> bytes:
        data = file.read(size)
        digest.update(data)
        return data

    # Who else may write to a shared disk must not have code run here: what lies there is text and
    # bytes, which nobody unpickles. One that was cut off, or not all seen yet, has another digest.
    with open(path, "rb") as file:
        found = _Joining(answer.pickled, read).load()
    os.unlink(path)
    if digest.hexdigest() != answer.digest:
        raise ValueError("the answer is not the one that the worker wrote")
    return found
