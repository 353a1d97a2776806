"""One datapoint for every file that matches."""

from __future__ import annotations

import os

from tests.files.folder import without_privileges
from tests.hints.following import follows


def test_every_file_that_matches_is_a_datapoint(declared) -> None:
    declared.write("images/b.png", "images/a.PNG", "images/sub/c.png", "images/d.txt", "e.png")
    (first, *others) = declared.expand(glob="images/**/*.png")
    assert (first.name, first.items, first.labels) == ("images/a.PNG", ("images/a.PNG",), None)
    assert first.settings is declared.settings
    assert str(first.origin) == "rbsync.yaml:2:5"
    assert [one.name for one in others] == ["images/b.png", "images/sub/c.png"]
    assert declared.silent()


def test_the_order_is_that_of_folders_and_names(declared) -> None:
    declared.write(*(f"{folder}/{name}.png" for folder in "ba" for name in ("10", "9", "B", "a")))
    assert declared.names(glob="**/*.png") == [
        f"{folder}/{name}.png" for folder in "ab" for name in ("10", "9", "B", "a")
    ]


def test_names_follow_a_template_with_captures(declared) -> None:
    declared.write("s1/t1_a.nii.gz", "s2/t2_b.nii.gz")
    assert declared.names(glob="{case}/{series}_{part}.nii.gz", name="{case}-{series}{suffix}") == [
        "s1-t1.nii.gz",
        "s2-t2.nii.gz",
    ]


def test_hidden_files_are_left_out(declared) -> None:
    declared.write(".hidden.png", ".dir/a.png", "a.png")
    assert declared.names(glob="**/*.png") == ["a.png"]
    assert declared.names(glob=".*.png", allow_empty=True) == []


def test_ignored_files_are_left_out_wherever_the_rules_stand(declared) -> None:
    declared.write("images/a.png", "images/b.png", "images/old/c.png", "images/keep/b.png")
    declared.write(".rbsyncignore", data="b.png\nold/\n")
    declared.write("images/keep/.rbsyncignore", data="!b.png\n")
    for pattern in ("images/**/*.png", "**/*.png"):
        assert declared.names(glob=pattern) == ["images/a.png", "images/keep/b.png"]
    assert declared.names(glob="images/*.png") == ["images/a.png"]


def test_what_is_excluded_is_left_out(declared) -> None:
    declared.write("a/1.png", "a/thumbs/2.png", "a/b/thumbs/c/3.png", "a/4.tmp.png", "thumbs/5.png")
    exclude = ["**/thumbs/**", "a/*.tmp.png"]
    assert declared.names(glob="**/*.png", exclude=exclude) == ["a/1.png"]


def test_label_files_stand_beside_by_name(declared) -> None:
    declared.write("i/a.png", "i/b.png", "labels/i/a.json")
    must = declared.expand(glob="i/*.png", labels="labels/{dir}/{stem}.json")
    assert [one.labels for one in must] == ["labels/i/a.json", "labels/i/b.json"]
    may = declared.expand(glob="i/*.png", labels="labels/{dir}/{stem}.json?")
    assert [one.labels for one in may] == ["labels/i/a.json", None]
    captured = declared.expand(glob="i/{x}.png", labels="labels/i/{x}.json?")
    assert [one.labels for one in captured] == ["labels/i/a.json", None]


def test_optional_labels_in_a_folder_that_is_missing_are_none(declared) -> None:
    declared.write("a.png")
    assert [one.labels for one in declared.expand(glob="*.png", labels="none/{stem}.json?")] == [
        None
    ]
    assert "none" in declared.tree.folders()


def test_optional_labels_that_exist_but_cannot_be_used_are_not_passed_over(declared) -> None:
    declared.write("a.png", "b.png")
    (declared.root / "a.json").mkdir()
    declared.link("b.json", "../outside.json")
    found = declared.expand(glob="*.png", labels="{stem}.json?")
    assert [one.labels for one in found] == ["a.json", "b.json"]


def test_a_link_to_a_file_is_a_file(declared) -> None:
    declared.write("data/a.bin")
    declared.link("images/a.png", "../data/a.bin")
    declared.link("images/gone.png", "../data/gone.bin")
    assert declared.names(glob="images/*.png") == ["images/a.png", "images/gone.png"]


@follows("name the folder in a source of its own")
def test_a_link_to_a_folder_is_told_and_not_followed(declared) -> None:
    declared.write("data/a.png", "images/b.png")
    declared.link("images/more", "../data")
    assert declared.names(glob="images/*") == ["images/b.png"]
    assert declared.warnings == [
        "link: rbsync.yaml:3:6: `images/more` is a link to a folder and is not followed\n"
        "    name the folder in a source of its own"
    ]
    assert declared.names(glob="data/*.png") == ["data/a.png"]
    assert declared.warnings == []


def test_what_has_a_files_name_and_is_none_is_not_passed_over(declared) -> None:
    declared.write("a.png")
    os.mkfifo(declared.root / "b.png")
    (declared.root / "c.png").mkdir()
    assert declared.names(glob="*.png") == ["a.png", "b.png"]


@follows("rename the file or its folder")
def test_names_that_are_not_utf8_are_refused(declared) -> None:
    declared.write(os.fsdecode(b"caf\xe9/a.png"), "b.png")
    assert declared.names(glob="**/*.png", name="{stem}") == ["b"]
    assert declared.problems == [
        "encoding: rbsync.yaml:3:6: the path 'caf\\udce9/a.png' is not UTF-8\n"
        "    rename the file or its folder"
    ]
    (declared.root / os.fsdecode(b"caf\xe9")).rename(declared.root / "café")
    assert declared.names(glob="**/*.png", name="{stem}") == ["b", "a"]
    assert declared.problems == []


def test_a_pattern_that_matches_nothing_is_a_problem(declared) -> None:
    declared.write("images/a.jpg")
    assert declared.names(glob="images/*.png") == []
    assert declared.problems == [
        "empty-glob: rbsync.yaml:3:6: no file matches `images/*.png`\n"
        "    check the spelling and the case, or say `allow_empty: true`"
    ]


def test_a_pattern_that_may_match_nothing_warns(declared) -> None:
    assert declared.names(glob="*.png", allow_empty=True) == []
    assert declared.problems == []
    assert declared.warnings == ["empty-source: rbsync.yaml:3:6: no file matches `*.png`"]


def test_a_folder_that_is_missing_is_unknown_and_told_once(declared) -> None:
    for allow_empty in (False, True):
        assert declared.names(glob="images/*.png", allow_empty=allow_empty) == []
        assert declared.unread == [
            "unreadable: rbsync.yaml:3:6: the folder `images` does not exist"
        ]
        assert declared.problems == declared.warnings == []


def test_a_folder_that_cannot_be_read_is_unknown(shared) -> None:
    shared.write("a/x.png", "b/x.png")
    (shared.root / "a").chmod(0)
    with without_privileges():
        assert shared.names(glob="**/*.png") == ["b/x.png"]
        assert shared.unread == [
            "unreadable: rbsync.yaml:3:6: the folder `a` cannot be read: Permission denied"
        ]


def test_rules_that_cannot_be_read_are_told_with_their_folder(declared) -> None:
    declared.write(".rbsyncignore", data="[z-a]\n")
    declared.write("a.png")
    assert declared.names(glob="*.png") == []
    assert declared.unread == [
        "unreadable: rbsync.yaml:3:6: the folder `.` cannot be read: "
        "line 1 of its `.rbsyncignore` is no gitignore rule"
    ]


def test_a_folder_outside_is_refused_unless_it_is_allowed(declared) -> None:
    (declared.root.parent / "more/sub").mkdir(parents=True)
    (declared.root.parent / "more/sub/a.png").write_bytes(b"x")
    assert declared.names(glob="../more/*/*.png") == []
    assert declared.unread == [
        "unreadable: rbsync.yaml:3:6: the folder `../more` cannot be read: "
        "leads out of the manifest's folder"
        "\n    to allow it, name that folder under `roots`"
    ]
    assert declared.names(["../more"], glob="../more/*/*.png") == ["../more/sub/a.png"]
    absolute = f"{declared.root.parent}/more"
    assert declared.names([absolute], glob=f"{absolute}/*/*.png", name="{stem}") == ["a"]


def test_all_mistakes_of_a_source_have_their_places(declared) -> None:
    declared.write("a.png")
    assert declared.expand(glob="[a", exclude=["x", "{}"]) == []
    assert declared.problems == [
        "pattern: rbsync.yaml:3:6: `[` has no `]` in `[a`",
        "pattern: rbsync.yaml:7:7: `{}` is neither a choice `{a,b}` nor a name",
    ]
    assert declared.expand(glob="*.png", name="{x}", labels="{y}") == []
    known = "(known: path, dir, parent, stem, suffix, file)"
    assert declared.problems == [
        f"template: rbsync.yaml:4:6: `{{x}}` is not known here {known}",
        f"template: rbsync.yaml:5:6: `{{y}}` is not known here {known}",
    ]


def test_wrong_labels_alone_do_not_hide_the_datapoints(declared) -> None:
    declared.write("a.png")
    assert declared.expand(glob="*.png", labels="{y}") == []
    (entry,) = declared.doubtful
    assert (entry.name, entry.labels, len(declared.problems)) == ("a.png", None, 1)
