"""Everything a datapoint needs before it can be created: its files sent, its labels read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rbsync.applier.action_failures import FailedError, changed, unreadable
from rbsync.applier.cancellation import Cancellation
from rbsync.applier.content import Content
from rbsync.applier.retrying import StoppedError
from rbsync.applier.uploads import Kept, Key, Uploads
from rbsync.backends.base import NO_MARK, Draft, LabelText, Mark
from rbsync.model.datapoint import Item, Labels
from rbsync.model.outcome import Failure
from rbsync.model.plan import Create, Replace, Update

Change = Create | Update | Replace


class Prepared(NamedTuple):
    """An action that is ready to be sent.

    ``gone`` says that what it replaces was deleted already. ``recalled`` are the contents of its
    files that were sent by an earlier run.
    """

    action: Change
    draft: Draft
    gone: bool = False
    recalled: tuple[Key, ...] = ()

    @property
    def name(self) -> str:
        return self.draft.name

    @property
    def weight(self) -> int:
        """The bytes of its labels, about."""
        labels = self.draft.labels
        return len(labels.json) + sum(len(one.data) for one in labels.files) if labels else 0


class Preparer:
    """Sends files and reads labels. For any number of threads."""

    def __init__(
        self, uploads: Uploads, content: Content, stop: Cancellation, mark: Mark = NO_MARK
    ) -> None:
        """``mark`` is what the stamps of this run say."""
        self._mark = mark
        self._uploads = uploads
        self._content = content
        self._stop = stop

    def is_instant(self, action: Change) -> bool:
        """Tells whether there is nothing to send or to read first, and so nothing to wait for."""
        one = action.datapoint
        return one.labels is None and not any(item.is_local for item in one.items)

    def expect(self, actions: Sequence[Change]) -> None:
        """This thread will prepare these, one after the other."""
        self._content.expect(list(filter(None, map(changed_labels, actions))))

    def prepare(self, action: Change) -> Prepared | Failure | None:
        """Makes an action ready; None when the run is being stopped."""
        one = action.datapoint
        try:
            kept, labels = self._kept(action), self._labels(action)
        except FailedError as error:
            return error.failure
        except StoppedError:
            return None
        # Asked again after the files: sending them may have taken minutes, and an action that is
        # handed on now would get an intent.
        if self._stop.requested:
            return None
        items = tuple((item.ref, found.ref) for item, found in kept)
        recalled = tuple(found.recalled for _, found in kept if found.recalled)
        mark = self._mark._replace(declined=action.declined)
        draft = Draft(one.name, items, labels, one.settings, one.fingerprint, one.series, mark)
        return Prepared(action, draft, recalled=recalled)

    def forget(self, recalled: Sequence[Key]) -> None:
        """Has files sent anew when an action that needs them is prepared again."""
        self._uploads.forget(recalled)

    def _kept(self, action: Change) -> list[tuple[Item, Kept]]:
        """The items, with where the backend keeps them; not all of them after a stop."""
        # New labels of a video of 2 GB must not send the video again.
        if isinstance(action, Update) and "items" not in action.changed:
            return []
        storage = action.datapoint.settings.storage
        found = []
        for item in action.datapoint.items:
            if item.is_local:
                self._uploads.wait()
            if self._stop.requested:
                break
            found.append((item, self._uploads.kept(item, storage)))
        return found

    def _labels(self, action: Change) -> LabelText | None:
        labels = changed_labels(action)
        if labels is None:
            return None
        paths = ", ".join(item.ref for item in labels.inputs)
        try:
            text, content = self._content.labels(labels)
        except OSError as error:
            raise FailedError(unreadable(paths, error)) from error
        # Contents are compared in the order of the plan; the same files in another order are
        # another mask.
        if content != " ".join(item.content for item in labels.inputs):
            raise FailedError(changed(paths, "read"))
        return text


def changed_labels(action: Change) -> Labels | None:
    """The labels that an action sends."""
    if isinstance(action, Update) and "labels" not in action.changed:
        return None
    return action.datapoint.labels
