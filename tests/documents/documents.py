"""Plans and reports of every kind, small ones by hand and any at all by chance."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from rbsync.errors import ExitCode, Location, Problem
from rbsync.model.datapoint import Datapoint, Item, Labels, Settings
from rbsync.model.fingerprint import FACETS, Fingerprint
from rbsync.model.outcome import Failure, Outcome, Report, Result, Verb
from rbsync.model.plan import Basis, Blocked, Create, Delete, Plan, Replace, Update
from rbsync.reasons import FAILURE_KINDS, Phase, Reason

META = {"made_at": "2026-05-09T10:12:15Z", "rbsync": "0.1.0"}

FRAMES = Datapoint(
    "vidéo 1",
    (Item("v/frame2.png", "xxh3:" + "a" * 32, 2048), Item("v/frame10.png", "xxh3:" + "b" * 32, 7)),
    Labels("objects", "xxh3:" + "c" * 32, (Item("v.json", "xxh3:" + "d" * 32, 512),)),
    Settings("redbrick", True, 0.5, {"site": "Zürich", "empty": ""}),
    Fingerprint("xxh3:" + "e" * 32, "xxh3:" + "c" * 32, "xxh3:" + "f" * 32),
    Location("rbsync.yaml", 12, 5),
)
PUBLIC = Datapoint(
    "public one",
    (Item.remote("http://datasets.redbrickai.com/car-vids/car-1/frame20.png"),),
    Labels("objects", "xxh3:" + "1" * 32, inline='[{"category":"car"}]'),
    Settings("public"),
    Fingerprint("xxh3:" + "2" * 32, "xxh3:" + "1" * 32, "xxh3:" + "3" * 32),
    Location("items.json"),
)
PLAN = Plan(
    actions=(
        Create(PUBLIC, "new", "the project does not have it"),
        Update(FRAMES, ("items", "labels"), "task-1", "changed", "changed: items, labels"),
        Replace(
            FRAMES._replace(name="z", labels=None),
            ("settings",),
            "task-2",
            "retry",
            "changed: settings; created anew",
        ),
        Delete("gone", "task-3", "orphan", "the manifest does not declare it"),
        Blocked("odd", "invalid", "rbsync.yaml:3:5: a.gif: the file is a GIF file\n    convert it"),
    ),
    unchanged=4312,
    dataset="xxh3:" + "9" * 32,
    datapoints=4316,
    basis=Basis("4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11", 12, "xxh3:" + "8" * 32, "local:0f5c"),
    orphans=("left over",),
    forgotten=("never came to anything",),
    unread=(
        Problem("unreadable", "the folder `b` cannot be read", Location("rbsync.yaml", 9, 3), "?"),
    ),
    warnings=(Problem("lookalike", "the names `a` and `A` differ only in case or form"),),
    recorded=4315,
)
REPORT = Report(
    (
        Outcome("public one", "create", "applied", "task-9"),
        Outcome("vidéo 1", "update", "applied", "task-1", note="it was there already"),
        Outcome("z", "replace", "applied", "task-10"),
        Outcome(
            "later",
            "create",
            "failed",
            failure=Failure("throttled", "upload", "too many", 4, 429, "wait"),
        ),
        Outcome("gone", "delete", "removed", "task-3"),
        Outcome("after", "create", "skipped"),
        Outcome("odd", "blocked", "skipped", note="invalid"),
    ),
    ExitCode.SOME_FAILED,
    unchanged=4312,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SIZES = st.integers(0, 2**53)
CONTENTS = st.builds("xxh3:{}".format, TEXT)
ITEMS = st.builds(Item, TEXT, CONTENTS, SIZES) | st.builds(Item.remote, TEXT)
FINGERPRINTS = st.builds(Fingerprint, TEXT, TEXT, TEXT)
SETTINGS = st.builds(
    Settings,
    TEXT,
    st.booleans(),
    st.none() | st.floats(0, 1),
    st.dictionaries(TEXT, TEXT, max_size=3),
)
LABELS = st.builds(Labels, st.just("objects"), TEXT, st.lists(ITEMS, max_size=1).map(tuple), TEXT)
FILES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1)
PLACES = FILES.map(Location) | st.builds(
    Location, FILES, st.integers(1, 10**6), st.integers(0, 10**6)
)
DATAPOINTS = st.builds(
    Datapoint,
    TEXT,
    st.lists(ITEMS, min_size=1, max_size=3).map(tuple),
    st.none() | LABELS,
    SETTINGS,
    FINGERPRINTS,
    PLACES,
)
PROBLEMS = st.builds(Problem, TEXT, TEXT, st.none() | PLACES, TEXT)
CHANGED = st.lists(st.sampled_from(FACETS), unique=True).map(tuple)
REASONS = st.sampled_from(get_args(Reason))
ACTIONS = st.one_of(
    st.builds(Create, DATAPOINTS, REASONS, TEXT),
    st.builds(Update, DATAPOINTS, CHANGED, TEXT, REASONS, TEXT),
    st.builds(Replace, DATAPOINTS, CHANGED, TEXT, REASONS, TEXT),
    st.builds(Delete, TEXT, TEXT, REASONS, TEXT),
    st.builds(Blocked, TEXT, REASONS, TEXT),
)


def some(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, max_size=3).map(tuple)


PLANS = st.builds(
    Plan,
    some(ACTIONS),
    SIZES,
    TEXT,
    SIZES,
    st.builds(Basis, TEXT, SIZES, TEXT, TEXT),
    some(TEXT),
    some(TEXT),
    some(PROBLEMS),
    some(PROBLEMS),
    SIZES,
)
FAILURES = st.builds(
    Failure,
    st.sampled_from(FAILURE_KINDS),
    st.sampled_from(get_args(Phase)),
    TEXT,
    st.integers(1, 9),
    st.none() | st.integers(100, 599),
    TEXT,
)
REPORTS = st.builds(
    Report,
    some(
        st.builds(
            Outcome,
            TEXT,
            st.sampled_from(get_args(Verb)),
            st.sampled_from(get_args(Result)),
            TEXT,
            st.none() | FAILURES,
            TEXT,
        )
    ),
    st.sampled_from(ExitCode),
    SIZES,
)
