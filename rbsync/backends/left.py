"""Marks what we left in a datapoint, to know it again after the service has added to it.

A service may give labels ids, statistics and defaults, and people add keys to metadata. Such
members are not ours: what we left is unchanged when every member that we sent is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import starmap, zip_longest
from typing import Any

from rbsync.backends.base import NOTHING_LEFT, Draft, LabelText, Left, TaskContent
from rbsync.labels.normal import normal_labels
from rbsync.model.datapoint import SeriesSettings, Settings, series_settings
from rbsync.model.fingerprint import FACETS, Facet, algorithm_of, of_value

MOST_LABELS = 1000
"""Labels that are looked through member by member; more are known by their content alone."""

UNNOTED = ("*",)
"""In place of the members of labels that are not noted: too many, or in the embedded project."""

_ALIKE: Mapping[float | None, frozenset[float | None]] = {
    0.0: frozenset({None}),
    None: frozenset({0.0}),
}

MADE_MEMBERS = ("attributes", "category", "pixel")
"""Members of the outlines that are made of a mask."""


_Pairs = tuple[tuple[str, str], ...]


def left_of(draft: Draft, changed: Collection[Facet], before: Left) -> Left:
    """Returns what is left by a draft that changes some facets of a datapoint."""
    left = before
    if "settings" in changed:
        _, ground_truth, priority, metadata, series = draft.settings
        kept = tuple(sorted(metadata.items()))
        said = tuple((one.name, tuple(sorted(one.metadata.items()))) for one in series)
        left = left._replace(
            keys=tuple(key for key, _ in kept),
            priority=priority,
            settings=_settings_left(ground_truth, priority, kept, said),
            series=members_of_series(series),
        )
    if "labels" in changed:
        members, digest = _labels_left(draft.labels)
        left = left._replace(members=members, labels=digest)
    return left


# Datapoints of one source mostly have the same settings, and each create notes their digest.
@lru_cache(maxsize=256)
def _settings_left(
    ground_truth: bool,
    priority: float | None,
    metadata: _Pairs,
    series: tuple[tuple[str, _Pairs], ...],
) -> str:
    every = tuple(SeriesSettings(name, dict(pairs)) for name, pairs in series)
    # The storage is called by several words, so that nothing is said of it.
    return Settings("", ground_truth, priority, dict(metadata), every).fingerprint()


def has_settings(
    found: TaskContent,
    wanted: str,
    truths: Sequence[bool] = (False, True),
    declared: Settings | None = None,
) -> bool:
    """Tells whether a datapoint has the settings of a digest, and one of these ground truths.

    Others may have added keys to the metadata: only those that we left are ours. A priority that
    is as ``declared`` already counts as the one that we left: settings take several requests, and
    a run may have been cut off between them.
    """
    task, keys = found.task, found.left.keys
    every = [(task.metadata, task.series)]
    # Services may name series that nobody named.
    if task.series:
        every.append((task.metadata, ()))
    if keys is not None:
        own = {key: one for key, one in task.metadata.items() if key in keys}
        every.append((own, series_left(task.series, found.left.series)))
    priorities = {task.priority}
    if declared and found.left != NOTHING_LEFT and task.priority == declared.priority:
        priorities.add(found.left.priority)
    # Of a priority that was never given a service may make the lowest, or none of the lowest.
    priorities |= _ALIKE.get(task.priority, frozenset())
    algorithm = algorithm_of(wanted)
    variants = [
        Settings(storage, truth, priority, metadata, series)
        for priority in priorities
        for metadata, series in every
        for storage in found.storages
        for truth in truths
    ]
    if any(one.fingerprint(algorithm) == wanted for one in variants):
        return True
    # What was put back has also the keys that others had added before, so that its digest is not
    # that of what was declared then; but the stamp that says so has a note of what was sent.
    if task.stamp is None or task.stamp.settings != wanted or not found.left.settings:
        return False
    return any(one._replace(storage="").fingerprint() == found.left.settings for one in variants)


def is_taken_back(found: TaskContent, draft: Draft) -> bool:
    """Tells whether a datapoint is ground truth by us, and the draft says that it is none.

    What people have finished does not go back to the start because another setting changed.
    """
    if not found.task.ground_truth or draft.settings.ground_truth:
        return False
    # Others may have changed the rest of the settings since: then those declared tell.
    declared = draft.settings._replace(ground_truth=True)
    return not draft.left or any(
        has_settings(found, one, truths=(True,)) or declared.fingerprint(algorithm_of(one)) == one
        for one in draft.left
    )


def with_added(
    declared: Mapping[str, str], present: Mapping[str, str], left: Left
) -> dict[str, str]:
    """The declared metadata, and what others have added beside what we left."""
    keys = present if left.keys is None else left.keys
    added = {key: value for key, value in present.items() if key not in keys}
    return {**added, **declared}


def members_of_series(series: Sequence[SeriesSettings]) -> tuple[tuple[str, ...], ...]:
    """The members that are said of each series: `name`, and `metadata.KEY`."""
    return tuple(
        (*(("name",) if one.name else ()), *(f"metadata.{key}" for key in sorted(one.metadata)))
        for one in series
    )


def series_left(
    present: Sequence[SeriesSettings], members: Sequence[Collection[str]]
) -> tuple[SeriesSettings, ...]:
    """The settings of series that are there, with only the members that were left of each."""
    return series_settings(
        SeriesSettings(
            one.name if "name" in said else "",
            {key: text for key, text in one.metadata.items() if f"metadata.{key}" in said},
        )
        for one, said in zip(present, members, strict=False)
    )


def series_with_added(
    declared: Sequence[SeriesSettings], present: Sequence[SeriesSettings], left: Left
) -> tuple[SeriesSettings, ...]:
    """The declared settings of series, and what others have added beside what we left."""
    members = members_of_series(present) if left.keys is None else left.series
    every = zip_longest(declared, present, members)
    return series_settings(starmap(_series_with_added, every))


def _series_with_added(
    declared: SeriesSettings | None, present: SeriesSettings | None, said: Sequence[str] | None
) -> SeriesSettings:
    own, theirs, ours = declared or SeriesSettings(), present or SeriesSettings(), said or ()
    added = {key: one for key, one in theirs.metadata.items() if f"metadata.{key}" not in ours}
    name = own.name or ("" if "name" in ours else theirs.name)
    return SeriesSettings(name, {**added, **own.metadata})


def told_by(draft: Draft, changed: Collection[Facet]) -> list[Facet]:
    """The facets of which a draft says what is there now; others may be another client's."""
    told = {*changed, *(facet for one in draft.mark.declined for facet in one.facets)}
    return [one for one in FACETS if one in told]


def left_of_carried(draft: Draft) -> Left:
    """Returns what is left by a draft that is made of another task, whose note is its mark's.

    Where that has `UNNOTED` labels they are those of others, and the members of what is noted of
    them begin with it.
    """
    own = draft.mark.left
    members, digest = _labels_left(draft.labels)
    if own.members == UNNOTED:
        members = UNNOTED if members == UNNOTED else (*UNNOTED, *members)
    return own._replace(members=members, labels=digest)


def _labels_left(labels: LabelText | None) -> tuple[tuple[str, ...], str]:
    if labels is None or not labels.count:
        return (), ""
    if labels.made_of:
        return MADE_MEMBERS, ""
    if labels.count > MOST_LABELS:
        return UNNOTED, ""
    sent = normal_labels(json.loads(labels.json))
    members = tuple(sorted(set(_paths(sent, ""))))
    return members, of_value(only_members(sent, members))


def only_members(labels: Sequence[Any], members: Collection[str]) -> list[Any]:
    """The labels without the members that are not among those of the paths.

    ``MADE_MEMBERS`` are kept whole, with all that is in them.
    """
    kept = frozenset(members)
    labels = normal_labels(labels)
    if kept == frozenset(MADE_MEMBERS):
        return [_members_of_mask(one) for one in labels]
    return [_only(one, "", kept) for one in labels]


def _members_of_mask(label: Any) -> Any:
    if not isinstance(label, Mapping):
        return label
    return {key: label[key] for key in MADE_MEMBERS if key in label}


def members_of(labels: Sequence[Any]) -> frozenset[str]:
    """The paths of all members of labels."""
    return frozenset(_paths(normal_labels(labels), ""))


def has_labels_noted(found: TaskContent, labels: Sequence[Any], wanted: str) -> bool:
    """Tells whether the stamp says that labels are those of a digest, and its note that they are.

    Labels that were put back have what the service added to them before: their digest is not that
    of what was declared then.
    """
    stamp = found.task.stamp
    # Of a label map only its labels are noted, not what people have drawn in it since. Labels of
    # others that were carried along are noted too, and are not those of the stamp.
    if stamp is None or stamp.labels != wanted or found.maps or UNNOTED[0] in found.left.members:
        return False
    return bool(has_labels_left(found, labels))


def has_labels_left(found: TaskContent, labels: Sequence[Any]) -> bool | None:
    """Tells whether labels are those that were left in a datapoint, by what was noted there.

    None where that was not noted: there were too many of them, or they were made of a mask.
    """
    left = found.left
    if left == NOTHING_LEFT or (left.members and not left.labels):
        return None
    if not left.labels:
        return not labels
    return of_value(only_members(labels, left.members)) == left.labels


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield f"{path}{key}"
            yield from _paths(member, f"{path}{key}.")
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for one in value:
            yield from _paths(one, path)


def _only(value: Any, path: str, kept: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _only(member, f"{path}{key}.", kept)
            for key, member in value.items()
            if f"{path}{key}" in kept
        }
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return [_only(one, path, kept) for one in value]
    return value


# Datapoints of one source mostly leave the same.
@lru_cache(maxsize=256)
def left_text(left: Left) -> str:
    """Returns what was left as compact JSON text."""
    said = [left.keys, left.priority, left.members, left.labels, left.settings]
    return json.dumps(
        # Earlier versions read five members, and nothing of a sixth.
        [*said, left.series] if left.series else said,
        separators=(",", ":"),
        ensure_ascii=False,
    )


def read_left(text: object) -> Left:
    """Returns what was left, from its text; nothing where that is not as it was written."""
    return _read_left(str(text))


@lru_cache(maxsize=256)
def _read_left(text: str) -> Left:
    try:
        keys, priority, members, labels, settings, *series = json.loads(text)
        return Left(
            None if keys is None else tuple(map(str, keys)),
            None if priority is None else float(priority),
            tuple(map(str, members)),
            str(labels),
            str(settings),
            tuple(tuple(map(str, one)) for one in (series[0] if series else ())),
        )
    except (ValueError, TypeError, RecursionError):
        return NOTHING_LEFT
