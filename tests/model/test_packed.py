"""Packed datapoints, creates and outcomes say what the objects would."""

from __future__ import annotations

from array import array

from rbsync.errors import ExitCode, Location
from rbsync.model.datapoint import Dataset, Settings
from rbsync.model.outcome import Failure, Outcome, Outcomes, Report
from rbsync.model.packed import Datapoints, FolderPoints, names_in_parts
from rbsync.model.plan import Actions, Create
from rbsync.planner.compare import parted, with_folders

ORIGIN = Location("rbsync.yaml", 3, 5)


def folder(path: str, *files: str, names: str = "") -> FolderPoints:
    digests = b"".join(bytes([number]) * 16 for number in range(len(files)))
    sizes = array("q", range(1, len(files) + 1))
    joined = "\0".join(files)
    return FolderPoints(path, joined, names, digests, sizes, Settings(), "f", ORIGIN, "xxh3")


ABOVE = folder("a", "b.png", "c.png")
BELOW = folder("a/b", "1.png")
CALLED = folder("z", "1.png", "2.png", names="one\0two")


def test_folders_that_alternate_come_in_the_order_of_names() -> None:
    single = next(iter(folder("", "a.png")))
    every = Datapoints([CALLED, BELOW, ABOVE], [single])
    names = ["a.png", "a/b.png", "a/b/1.png", "a/c.png", "one", "two"]
    assert [one.name for one in every] == sorted(names) == names
    assert len(every) == 6
    assert every[2].name == every[-4].name == "a/b/1.png"
    assert every == tuple(every)
    assert every != tuple(every)[1:]
    assert every[1:3] == tuple(every)[1:3]


def test_the_digest_of_packed_datapoints_is_that_of_the_objects() -> None:
    packed = Datapoints([ABOVE, CALLED], BELOW)
    assert Dataset(packed).digest == Dataset(tuple(packed)).digest


def test_a_packed_datapoint_has_its_file() -> None:
    (first, second) = CALLED
    assert (first.name, first.items[0].ref) == ("one", "z/1.png")
    assert (second.size, second.items[0].content) == (2, "xxh3:" + "01" * 16)
    assert second.fingerprint == (second.items[0].content, "", "f")


def test_one_of_a_folder_is_as_among_all() -> None:
    for points in (ABOVE, BELOW, CALLED):
        assert [points.only(at) for at in range(len(points))] == list(points)


def test_creates_of_folders_stand_among_the_others() -> None:
    again = Create(next(iter(BELOW)), "retry", "it failed before")
    actions = Actions([ABOVE], [again])
    assert [one.name for one in actions] == ["a/b.png", "a/b/1.png", "a/c.png"]
    assert actions == tuple(actions)
    assert actions[1] is again


def test_some_creates_are_told_apart_and_the_other_folders_stay_packed() -> None:
    again = Create(next(iter(BELOW)), "retry", "it failed before")
    whole, rest = parted(Actions([ABOVE, CALLED], [again]), {"a/c.png"})
    assert whole == [CALLED]
    assert [one.name for one in rest] == ["a/b.png", "a/b/1.png", "a/c.png"]
    left = with_folders(whole, [one for one in rest if one.name != "a/c.png"])
    assert isinstance(left, Actions)
    assert [one.name for one in left] == ["a/b.png", "a/b/1.png", "one", "two"]
    assert parted((again,), {"a/c.png"}) == ([], (again,))


def test_the_names_of_packed_datapoints_come_in_sorted_parts() -> None:
    every = Datapoints([ABOVE, CALLED], BELOW)
    parts = [*names_in_parts(every)]
    assert parts == [["a/b.png", "a/c.png"], ["one", "two"], ["a/b/1.png"]]
    assert [*names_in_parts(every, {id(ABOVE)})] == parts[1:]
    assert [*names_in_parts(tuple(every))] == [sorted(one.name for one in every)]


def test_outcomes_are_told_again_as_they_were() -> None:
    failure = Failure("quota", "upload", "full \udce4", hint="pay")
    given = [Outcome(f"n{number}", "create", "applied", str(number)) for number in range(1_500)]
    given[700] = Outcome("n700", "update", "failed", failure=failure)
    outcomes = Outcomes(given)
    assert outcomes == tuple(given)
    assert (outcomes[700], outcomes[-1], len(outcomes)) == (given[700], given[-1], 1_500)
    assert outcomes.failures == [given[700]]
    assert Report(outcomes, ExitCode.DONE).count("applied", "create") == 1_499
    assert outcomes.number("applied", ()) == 1_499
