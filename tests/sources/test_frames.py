"""One video for every folder, its frames in natural order."""

from __future__ import annotations

import os

import pytest


def test_every_folder_is_a_video_with_its_frames_in_natural_order(declared) -> None:
    numbers = (10, 2, 1, 100, 20)
    declared.write(*(f"videos/b/frame{number}.png" for number in numbers))
    declared.write("videos/a/0.jpg", "videos/a/notes.txt", "videos/top.png")
    a, b = declared.expand(frames="videos/*/")
    assert (a.name, a.items) == ("videos/a", ("videos/a/0.jpg",))
    assert b.items == tuple(f"videos/b/frame{number}.png" for number in sorted(numbers))
    assert declared.silent()


@pytest.mark.parametrize(
    "names",
    [
        ["f1.png", "f01.png", "f001.png"],
        ["a2b10.png", "a10b2.png", "a2b9.png"],
        ["F1.png", "f1.png", "f2.png", "F2.png"],
        ["1.png", "1_a.png", "-1.png", "1.5.png"],
        ["ü1.png", "u1.png", "\u0661.png", "\u4e00.png"],
    ],
)
def test_the_order_of_frames_is_never_that_of_the_disk(declared, names) -> None:
    orders = set()
    for number, ordered in enumerate((names, names[::-1])):
        declared.write(*(f"{number}/{name}" for name in ordered))
        (entry,) = declared.expand(frames=f"{number}")
        orders.add(tuple(item.partition("/")[2] for item in entry.items))
    assert len(orders) == 1
    assert sorted(*orders) == sorted(names)


def test_names_follow_a_template_with_captures(declared) -> None:
    declared.write("site1/cam2/1.png")
    templates = {
        "{dir}": "site1/cam2",
        "{path}": "site1/cam2",
        "{file}": "cam2",
        "{stem}": "cam2",
        "{parent}": "site1",
        "{s}-{c}": "1-2",
    }
    for name, wanted in templates.items():
        assert declared.names(frames="site{s}/cam{c}/", name=name) == [wanted]


def test_labels_are_named_after_the_folder(declared) -> None:
    declared.write("v/a/1.png", "v/b/1.png", "labels/a.json")
    entries = declared.expand(frames="v/*", labels="labels/{stem}.json?")
    assert [one.labels for one in entries] == ["labels/a.json", None]


def test_only_what_the_pattern_names_is_a_frame(declared) -> None:
    declared.write("v/1.png", "v/2.jpg", "v/.3.png", "v/4.png", ".rbsyncignore")
    declared.write(".rbsyncignore", data="4.png\n")
    (entry,) = declared.expand(frames="v", pattern="*.png")
    assert entry.items == ("v/1.png",)


def test_frames_may_be_links_and_stand_where_their_names_do(declared) -> None:
    declared.write("data/x", "v/1.png", "v/3.png")
    declared.link("v/2.png", "../data/x")
    (entry,) = declared.expand(frames="v")
    assert entry.items == ("v/1.png", "v/2.png", "v/3.png")


def test_the_folder_of_the_manifest_may_be_a_video(declared) -> None:
    declared.write("1.png", "2.png")
    (entry,) = declared.expand(frames="**", name="all{path}")
    assert (entry.name, entry.items) == ("all", ("1.png", "2.png"))


def test_a_folder_without_frames_is_a_problem(declared) -> None:
    declared.write("v/a/1.png", "v/b/notes.txt")
    (declared.root / "v/c/sub").mkdir(parents=True)
    assert declared.names(frames="v/*/") == ["v/a"]
    hint = "\n    change `pattern`, or leave the folder out in `.rbsyncignore`"
    assert declared.problems == [
        f"empty-video: rbsync.yaml:3:6: the folder `v/{name}` has no file that is a frame{hint}"
        for name in "bc"
    ]


def test_folders_on_the_way_to_others_are_no_videos(declared) -> None:
    declared.write("v/a/cam/1.png", "v/b/1.png", "v/c/d/notes.txt")
    assert declared.names(frames="v/**") == ["v/a/cam", "v/b"]
    (problem,) = declared.problems
    assert "the folder `v/c/d` has no file that is a frame" in problem


def test_frames_that_are_not_utf8_are_refused(declared) -> None:
    declared.write("v/1.png", os.fsdecode(b"v/\xe9.png"))
    declared.names(frames="v")
    assert declared.problems == [
        "encoding: rbsync.yaml:3:6: the path 'v/\\udce9.png' is not UTF-8\n"
        "    rename the file or its folder"
    ]


def test_no_folder_at_all_is_a_problem_or_a_warning(declared) -> None:
    (declared.root / "v").mkdir()
    assert declared.names(frames="v/*/") == []
    assert declared.problems == [
        "empty-glob: rbsync.yaml:3:6: no file matches `v/*/`\n"
        "    check the spelling and the case, or say `allow_empty: true`"
    ]
    assert declared.names(frames="v/*/", allow_empty=True) == []
    assert declared.warnings == ["empty-source: rbsync.yaml:3:6: no file matches `v/*/`"]


def test_a_folder_that_is_missing_is_unknown(declared) -> None:
    assert declared.names(frames="videos/*/") == []
    assert declared.unread == ["unreadable: rbsync.yaml:3:6: the folder `videos` does not exist"]
    assert declared.problems == []


def test_mistakes_have_their_places(declared) -> None:
    assert declared.names(frames="[a", pattern="sub/*.png") == []
    assert declared.problems == [
        "pattern: rbsync.yaml:3:6: `[` has no `]` in `[a/*`",
        "pattern: rbsync.yaml:6:6: `sub/*.png` is matched against the names of one folder's files\n"
        "    name the folder of the frames itself under `frames`",
    ]
    assert declared.names(frames="a", pattern="{") == []
    assert declared.problems == ["pattern: rbsync.yaml:6:6: `{` has no `}` in `{`"]
    assert declared.names(frames="a", name="{suffix}") == []
    assert declared.problems == [
        "template: rbsync.yaml:4:6: `{suffix}` is not known here "
        "(known: path, dir, parent, file, stem)"
    ]
