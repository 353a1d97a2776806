"""Creating what was checked: a plan of creates, run with a state that nobody keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rbsync.applier.cancellation import Cancellation
from rbsync.applier.retrying import Retrier
from rbsync.applier.run import Options
from rbsync.applier.run import apply as run
from rbsync.backends.base import LabelText
from rbsync.files.body import FileBody, open_body
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Datapoint, Labels
from rbsync.model.outcome import Failure, Outcome
from rbsync.model.plan import Basis, Create, Plan
from rbsync.reasons import NEW, FailureKind
from rbsync.sdk.item_files import ALGORITHM
from rbsync.stores.memory import MemoryStore
from rbsync.sync.applying import whoami

if TYPE_CHECKING:
    from rbsync.backends.base import Backend

_AGAIN = "try again with what this call returns; what is there already is not made twice"
# What a caller can do next, where the applier's own advice is for the command line.
_NEXT: dict[FailureKind, str] = {
    "transient": _AGAIN,
    "throttled": _AGAIN,
    "ambiguous": _AGAIN,
    "changed": "try again to take it as it is now",
    "conflict": "rename this one, or delete the other one first",
}

# What the service has agreed to make is not to be given again: that would make it twice.
_FINE = ("applied", "accepted", "recognised")


class GivenContent:
    """Local files, and the labels that a caller gave. Satisfies ``applier.content.Content``."""

    def __init__(self, roots: Roots, texts: Mapping[str, LabelText]) -> None:
        """``texts`` are the labels by their fingerprints."""
        self._roots = roots
        self._texts = texts

    def open(self, path: str) -> FileBody:
        return open_body(self._roots, path, ALGORITHM)

    def labels(self, labels: Labels) -> tuple[LabelText, str]:
        return self._texts[labels.fingerprint], ""

    def expect(self, labels: Sequence[Labels]) -> None:
        """They are texts already."""


def deliver(
    backend: Backend, datapoints: Sequence[Datapoint], content: GivenContent, retrier: Retrier
) -> dict[str, str]:
    """Creates datapoints of different names; answers by name why some were not created.

    ``retrier`` is the one that the backend reads with.
    """
    if not datapoints:
        return {}
    actions = tuple(Create(one, NEW, "it was asked for") for one in datapoints)
    plan = Plan(actions, 0, "", len(actions), Basis("", 0, ""))
    with MemoryStore().writer(whoami(), timeout=0.0) as writer:
        outcomes = run(
            plan,
            backend=backend,
            writer=writer,
            content=content,
            stop=Cancellation(),
            options=Options(backend.capabilities.jobs, has_state=False),
            retrier=retrier,
            set_aside=lambda records, removed: None,  # noqa: ARG005  (memory can always be written)
        )
        # Recognised: an earlier call made it of the same content. To ask twice is no mistake.
        return {one.name: _why(one) for one in outcomes if one.result not in _FINE}


def _why(outcome: Outcome) -> str:
    if outcome.failure is None:
        return f"it was not sent: {outcome.note}"
    return _told(outcome.failure)


def _told(failure: Failure) -> str:
    return with_hint(failure.message, _NEXT.get(failure.kind, failure.hint))


def with_hint(message: str, hint: str) -> str:
    """An error as one line of text."""
    return f"{message} ({hint})" if hint else message
