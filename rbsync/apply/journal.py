"""What a run writes down: intents before they are sent, results soon after they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from rbsync.errors import StoreError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.outcome import Outcome
from rbsync.model.state import Intent, Record
from rbsync.stores.base import Upload, Writer

GROUP = 100
"""Results that may wait together for one durable commit."""

GROUP_SECONDS = 0.2


class Journal:
    """Groups results into durable commits, and gives outcomes out only when they are safe.

    When the state cannot be written, ``rescue`` gets what is known and not yet recorded.
    """

    def __init__(
        self,
        writer: Writer,
        records: Mapping[str, Record],
        clock: Callable[[], float],
        rescue: Callable[[Sequence[Record], Sequence[str]], None],
    ) -> None:
        self._writer = writer
        self._before = records
        self._clock = clock
        self._rescue = rescue
        self._waiting: list[tuple[Outcome, Record | None]] = []
        self._uploads: list[Upload] = []
        self._oldest = 0.0

    def before(self, name: str) -> Record:
        """What was known of a name when the run began."""
        return self._before.get(name) or Record(name)

    def intend(self, operation: str, names: Iterable[tuple[str, Fingerprint | None]]) -> None:
        """Writes down, durably, what is about to be sent. Raises StoreError."""
        self._keep_uploads()
        now = self._clock()
        self._writer.intend([Intent(name, operation, print_, now) for name, print_ in names])

    def uploaded(self, uploads: Iterable[Upload]) -> None:
        """Takes in uploads, to be recorded with the next commit."""
        self._uploads += uploads

    def add(self, outcome: Outcome, record: Record | None) -> None:
        """Takes in a result: the record that it leaves, None when it leaves none."""
        if not self._waiting:
            self._oldest = self._clock()
        self._waiting.append((outcome, record))

    def due(self) -> bool:
        """Whether a commit should not wait longer."""
        return bool(self._waiting) and (
            len(self._waiting) >= GROUP or self._clock() - self._oldest >= GROUP_SECONDS
        )

    def commit(self, *, forget: Sequence[str] = ()) -> list[Outcome]:
        """Makes what waits durable and returns its outcomes. Raises StoreError."""
        waiting, self._waiting = self._waiting, []
        uploads, self._uploads = self._uploads, []
        if not (waiting or uploads or forget):
            return []
        records = [record for _, record in waiting if record is not None]
        removed = [*forget, *(outcome.name for outcome, record in waiting if record is None)]
        try:
            self._writer.commit(records, removed=removed, uploads=uploads)
        except StoreError:
            self._rescue(records, removed)
            raise
        return [outcome for outcome, _ in waiting]

    def _keep_uploads(self) -> None:
        if self._uploads:
            uploads, self._uploads = self._uploads, []
            self._writer.commit(uploads=uploads)
