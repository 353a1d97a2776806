"""The choice of an executor is read, and what is none is refused without a word of it."""

from __future__ import annotations

import pytest

from rbsync.errors import UsageError
from rbsync.executors.choice import Choice, read_choice


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("", Choice("threads")),
        ("threads", Choice("threads")),
        (" processes ", Choice("processes")),
        ("dask:tcp://scheduler:8786", Choice("dask", "tcp://scheduler:8786")),
        ("dask:tls://[::1]:8786", Choice("dask", "tls://[::1]:8786")),
    ],
)
def test_a_choice_is_read(text: str, choice: Choice) -> None:
    assert read_choice(text) == choice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ray", "there is no executor `ray`"),
        ("threads:4", "the executor `threads` has no address"),
        ("dask", "the executor's address is not that of a scheduler"),
        ("dask:scheduler:8786", "the executor's address is not that of a scheduler"),
        ("dask:file:///etc/passwd", "the executor's address is not that of a scheduler"),
    ],
)
def test_what_is_none_is_refused_with_what_is_known(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$") as raised:
        read_choice(text)
    assert "dask:tcp://HOST:PORT" in raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "dask:tcp://ann:canary-1@scheduler:8786",
        "dask:tls://canary-1@scheduler:8786",
        "dask:tcp://scheduler:8786?password=canary-1",
        "dask:tcp://scheduler:8786/canary-1",
        "https://ann:canary-1@scheduler:8786",
        "canary-1 and more",
    ],
)
def test_no_word_of_a_wrong_address_is_repeated(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_choice(text)
    assert "canary" not in f"{raised.value} {raised.value.hint}"
