"""Keys that are no paths, and objects that only make folders: neither is an item."""

from __future__ import annotations

import pytest

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import InBucket, manifest
from tests.s3_server import PAGE

NAMELESS = [
    "a//b.png",
    "../c.png",
    "./d.png",
    "\x01e.png",
    "new\nline.png",
    "f.png//",
    "x/\x7f.png",
]


@pytest.mark.parametrize("pattern", ["data/**/*.png", "data/*.png", "data/*/*.png", "**"])
def test_keys_without_names_are_told_and_left_out_and_all_else_is_as_before(
    project: InBucket, pattern: str
) -> None:
    project.put({"data/a/1.png": "x", "data/x/1.png": "x"})
    project.manifest(manifest(project.bucket, pattern))
    project.apply()
    count = len(project.names())
    project.put({f"data/{key}": "x" for key in NAMELESS})
    project.put({"data/0/007.png": "another content", "data/top.png": "another content"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.DONE, (ran.out, ran.err)
    assert "to create" not in ran.out or "0 to create" in ran.out
    assert "0 to delete" in ran.out
    expected = {"data/*.png": 1, "data/*/*.png": 1}.get(pattern, 2)
    assert f"{expected} to update" in ran.out, "versions are the same by either way of listing"
    assert "0 deleted" in project.apply("--prune").out
    assert len(project.names()) == count
    assert project.run("plan", "--prune").out.startswith("No changes")


def test_which_keys_are_left_out_is_told_with_the_line(project: InBucket) -> None:
    project.put({"data/0//b.png": "x", "data/0//c.png": "x", "data/1/\x1b[2J.png": "x"})
    for _ in range(2):
        ran = project.run("plan")
        assert ran.code == ExitCode.DONE, ran.err
        assert "rbsync.yaml:5:" in ran.err
        told = f"`s3://{project.bucket}/data/0//` is no path, and left out"
        assert told in ran.err, ran.err
        assert ran.err.count("left out") == 2, "one line for each folder that has some"
        assert "\x1b[2J" not in ran.err
        assert "301 to create" in ran.out


def test_a_key_that_begins_with_a_slash_is_not_taken_for_another(project: InBucket) -> None:
    project.put({"/top.png": "x", "/data/top.png": "x"})
    project.manifest(manifest(project.bucket, "**/*.png"))
    ran = project.run("plan")
    assert ran.code == ExitCode.DONE, ran.err
    assert "302 to create" in ran.out, "as many as there are without them"
    assert f"`s3://{project.bucket}//` is no path, and left out" in ran.err


@pytest.mark.parametrize("pattern", ["data/**", "data/**/*.png", "data/*/*"])
def test_an_empty_object_that_makes_a_folder_is_no_item(project: InBucket, pattern: str) -> None:
    project.manifest(manifest(project.bucket, pattern))
    project.put({f"data/{at:02d}/x.png": "x" for at in range(20)})
    before = project.actions()
    markers = ["data/00/deep/", "data/00/deep/er.png/", "data/01/a.png/", "data/2.png/", "data/"]
    project.put(dict.fromkeys(markers, ""))
    assert project.actions() == before
    project.put({"data/00/empty.png": ""})
    assert project.actions() == sorted([*before, "create data/00/empty.png"])


def test_a_page_that_is_cut_short_is_seen_among_keys_without_names(project: InBucket) -> None:
    project.put({"data/1//x.png": "x"})
    project.apply()
    project.s3.disturb({"data/1/": "cut short"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/data/1` is not known" in ran.out + ran.err
    assert "0 to delete" in ran.out


def test_a_listing_that_repeats_itself_ends(project: InBucket) -> None:
    project.put({f"many/{at:02d}/{file}.png": "x" for at in range(20) for file in range(PAGE + 1)})
    project.manifest(manifest(project.bucket, "many/**"))
    project.s3.disturb({"many/07/": "endless"})
    ran = project.run("plan")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/many/07` is not known: the listing repeats itself" in ran.err
    assert f"{19 * (PAGE + 1):,} to create" in ran.out


def test_the_listing_of_one_folder_that_repeats_itself_ends(project: InBucket) -> None:
    """The library takes in all pages before it tells of one."""
    project.manifest(manifest(project.bucket, "data/0/*.png"))
    assert "150 created" in project.apply().out
    project.s3.disturb({"data/0/": "endless"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/data/0` is not known: the listing repeats itself" in ran.err
    assert "0 to delete" in ran.out


@pytest.mark.parametrize("pattern", ["mine/**/*.png", "mine/*.png"])
@pytest.mark.parametrize("folders", [0, 20])
def test_keys_before_one_without_a_name_on_the_same_page_are_items(
    project: InBucket, pattern: str, folders: int
) -> None:
    own = {f"mine/{name}.png": "x" for name in "abc"}
    more = {f"mine/d{at:02d}/{name}.png": "x" for at in range(folders) for name in "ab"}
    nameless = {"mine/z//x.png": "x", "mine/\x7f.png": "x", "mine/d00/z/./x.png": "x"}
    project.put({**own, **more, **nameless})
    project.manifest(manifest(project.bucket, pattern))
    wanted = sorted({**own, **(more if "**" in pattern else {})})
    assert project.actions() == [f"create {one}" for one in wanted]


def test_a_listing_of_keys_as_they_are_that_repeats_itself_says_so(project: InBucket) -> None:
    project.put({f"many/{at:03d}.png": "x" for at in range(PAGE + 1)} | {"many//x.png": "x"})
    project.manifest(manifest(project.bucket, "many/**"))
    project.s3.disturb({"many/": "endless"})
    ran = project.run("plan")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/many` is not known: the listing repeats itself" in ran.err


def test_folders_that_are_cut_off_behind_a_key_without_a_name_are_unknown(
    project: InBucket,
) -> None:
    """Behind the first page there are folders alone, of which a list of one folder has no keys."""
    project.put({f"mine/a{at:03d}/x.png": "x" for at in range(2 * PAGE)} | {"mine//x.png": "x"})
    project.manifest(manifest(project.bucket, "mine/**/*.png"))
    assert f"{2 * PAGE} created" in project.apply().out
    project.s3.disturb({"mine/": "cut short"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/mine` is not known: the listing ended" in ran.err
    assert "0 to delete" in ran.out


@pytest.mark.parametrize("count", [1, 3, 150])
def test_many_empty_objects_cost_no_request_each(project: InBucket, count: int) -> None:
    """Files without a byte, beside marks of folders: both are told as `a/b`."""
    files = {f"mine/{at:02d}/e{name:03d}.png": "" for at in range(20) for name in range(count)}
    marks = {f"mine/{at:02d}/f{name:03d}.png/": "" for at in range(20) for name in range(count)}
    project.put({**files, **marks})
    project.manifest(manifest(project.bucket, "mine/**/*.png"))
    project.s3.asked()
    assert project.actions() == sorted(f"create {one}" for one in files)
    pages = 1 + 2 * count // PAGE
    # Of each folder its pages, the look behind the last, and its folders, or two single objects.
    assert len(project.s3.asked()) <= 20 * (2 * pages + 3) + 10
