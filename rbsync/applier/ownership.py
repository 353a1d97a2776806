"""Ownership of a task: it is ours when it is what was sent, by its stamp or part by part."""

from __future__ import annotations

from collections.abc import Mapping

from rbsync.backends.base import Draft, MadeOf, Task
from rbsync.files.kinds import AVI, MP4
from rbsync.model.datapoint import REMOTE
from rbsync.model.fingerprint import Fingerprint, algorithm_of, of_items, without_pin

_VIDEOS = tuple(f".{suffix}" for kind in (MP4, AVI) for suffix in kind.suffixes)


def is_draft(task: Task, draft: Draft, *, stamps: bool) -> bool:
    """Tells whether a task is what a draft was to become; ``stamps`` is whether rbsync leaves them.

    What nobody stamped is compared: where its items are kept, how many labels it has, and all
    settings but its stage.
    """
    # With a stamp nothing else counts. People may have moved the task or changed its priority, and
    # it is ours all the same.
    if stamps or task.stamp is not None:
        return task.stamp == draft.fingerprint
    made, wanted = task.made_of, draft.settings
    return (
        made is not None
        and _are_equal(made.refs, tuple(ref for _, ref in draft.items))
        and task.labels == (draft.labels.count if draft.labels else 0)
        and wanted.storage in made.storages
        and (task.priority or 0.0) == (wanted.priority or 0.0)
        and wanted.metadata == task.metadata
        and wanted.series in (task.series, ())
    )


def is_print(task: Task, wanted: Fingerprint, contents: Mapping[str, str], *, stamps: bool) -> bool:
    """As `is_draft`, by a fingerprint, which tells whether there are labels and not how many.

    ``contents`` are the content identities of files that were uploaded, by where they are kept.
    """
    if stamps or task.stamp is not None:
        return task.stamp == wanted
    made = task.made_of
    return (
        made is not None
        and _has_items(made, wanted.items, contents)
        and bool(task.labels) == bool(wanted.labels)
        and _has_settings(task, made, wanted.settings)
    )


def _are_equal(refs: tuple[str, ...], sent: tuple[str, ...]) -> bool:
    """The service makes other items of a video, and nobody knows which."""
    return refs == sent or any(map(_is_video, sent))


def _has_items(made: MadeOf, wanted: str, contents: Mapping[str, str]) -> bool:
    # A video comes back as frames whose refs nobody here chose; the file that was uploaded is all
    # that can be recognised.
    if any(content == wanted and _is_video(ref) for ref, content in contents.items()):
        return True
    found = [contents.get(ref, REMOTE + ref) for ref in made.refs]
    return of_items(found, algorithm_of(wanted), made.series) == without_pin(wanted)


def _has_settings(task: Task, made: MadeOf, wanted: str) -> bool:
    """In which stage it is does not count, for people move tasks on."""
    # A ground-truth task that was sent back to labeling has the other stage. It must not look
    # foreign for that.
    return any(
        task.settings(storage)._replace(ground_truth=truth).fingerprint(algorithm_of(wanted))
        == wanted
        for storage in made.storages
        for truth in (False, True)
    )


def _is_video(ref: str) -> bool:
    return ref.lower().endswith(_VIDEOS)
