"""The project of a manifest that is not trusted is asked nothing."""

from __future__ import annotations

import pytest

from rbsync.errors import RefusedError
from rbsync.sync.unasked import UnaskedBackend, refuse


def test_it_knows_nothing_and_does_nothing() -> None:
    backend = UnaskedBackend()
    assert (backend.describe(), backend.storages()) == (None, None)
    backend.close()


@pytest.mark.parametrize("method", ["create", "read", "list", "delete", "update"])
def test_all_else_is_refused_when_it_is_reached_for(method: str) -> None:
    with pytest.raises(RefusedError, match=f"no project is asked for `{method}`") as caught:
        getattr(UnaskedBackend(), method)
    assert "RBSYNC_UNTRUSTED" in caught.value.hint


def test_what_only_some_backends_can_do_is_not_there() -> None:
    assert not hasattr(UnaskedBackend(), "rename")


def test_a_refusal_says_what_is_not_done() -> None:
    with pytest.raises(RefusedError, match="this command is not run: the manifest is not trusted"):
        refuse("this command is not run")
