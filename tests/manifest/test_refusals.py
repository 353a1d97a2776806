"""What is refused, word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.manifest.document import read_document
from rbsync.manifest.file_text import read_limited
from rbsync.manifest.limits import Limits
from tests.manifest.reading import read, refusal

ALIAS = "\n    for text that begins with `*`, put quotes around it"
TAG = "the tag `{}` is not allowed\n    remove it, or put quotes around the value"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            "rbsync.yaml:3:1: the key `a` is given twice, first in line 1\n    keep one of them",
        ),
        (
            "a: !!python/name:os.system x",
            "rbsync.yaml:1:4: " + TAG.format("!!python/name:os.system"),
        ),
        ("a: !thing {b: 1}", "rbsync.yaml:1:4: " + TAG.format("!thing")),
        ("a: !!set {b}", "rbsync.yaml:1:4: " + TAG.format("!!set")),
        ("? [1]\n: 2", "rbsync.yaml:1:3: a key must be plain text, not a mapping or a list"),
        ("a: &x 1\n*x : 2", "rbsync.yaml:2:1: a key must be plain text, not an alias"),
        ("a: &x [*x]", "rbsync.yaml:1:8: the alias `*x` contains itself"),
        ("a: *x", "rbsync.yaml:1:4: the alias `*x` has no anchor before it" + ALIAS),
        ("<<: 5", "rbsync.yaml:1:5: `<<` takes a mapping or a list of mappings"),
        ("a: 1\n---\nb: 2", "rbsync.yaml:2:1: a second document begins here; a file holds one"),
        ("[" * 33, "rbsync.yaml:1:33: nested deeper than 32 levels, the limit"),
        (
            b"a: b\nc: \xff",
            "rbsync.yaml:2:4: byte 8 (0xff) is not valid UTF-8\n    save the file as UTF-8",
        ),
        (b"a: \0", "rbsync.yaml:1:4: a NUL byte at byte 3"),
        (
            "a: 1".encode("utf-16"),
            "rbsync.yaml:1:1: the file is UTF-16, not UTF-8\n    save it as UTF-8",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "rbsync.yaml:1:1: the file is a Git LFS pointer\n"
            "    the file itself is not here: run `git lfs pull`",
        ),
        *(
            (
                "a: 1".encode(one),
                f"rbsync.yaml:1:1: the file is {one[:6]}, not UTF-8\n    save it as UTF-8",
            )
            for one in ("UTF-16-LE", "UTF-16-BE", "UTF-32", "UTF-32-LE")
        ),
        (b"a: \x07", "rbsync.yaml:1:4: the file has a character that YAML does not allow: U+0007"),
    ],
)
def test_it_is_refused_with_its_place(text: str | bytes, message: str) -> None:
    assert refusal(text) == message


def test_invalid_utf_8_is_found_at_its_byte_across_chunks() -> None:
    data = b"#" * ((1 << 20) - 1) + "é".encode()[:1] + b"x"
    assert f"byte {(1 << 20) - 1} (0xc3) is not valid UTF-8" in refusal(data)


def test_a_file_cut_off_inside_a_character_is_refused() -> None:
    assert "byte 3 (0xc3) is not valid UTF-8" in refusal(b"a: \xc3")


def test_a_tab_is_shown_with_the_line_and_a_caret() -> None:
    assert refusal("a:\n\t- b") == (
        "rbsync.yaml:2:1: no value can begin with this character\n"
        "     - b\n"
        "    ^\n"
        "    YAML is indented with spaces; this line has a tab"
    )


def test_a_syntax_error_is_shown_with_the_line_and_a_caret() -> None:
    assert refusal("a: [1, 2\nb: 3\n") == (
        "rbsync.yaml:2:2: a `,` or `]` is expected here, in the list that begins in line 1\n"
        "    b: 3\n"
        "     ^\n"
        "    the `[` that begins there is not closed"
    )


def test_a_merge_that_is_not_resolved_is_told_as_that() -> None:
    assert refusal("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\n").startswith(
        "rbsync.yaml:2:1: a merge conflict that is not resolved\n    <<<<<<< HEAD\n    ^\n"
    )


@pytest.mark.parametrize("text", ["a: [", "a: [1,\n", "a: {b: [1],\n\n"])
def test_a_bracket_that_nothing_closes_is_told_as_that(text: str) -> None:
    assert refusal(text).endswith("\n    the file ends before a `[` or `{` above is closed")


def test_where_the_text_has_ended_there_is_no_line_to_show() -> None:
    assert refusal('a:\n  - "b\n') == (
        "rbsync.yaml:3:1: the file ends here, in the quoted text that begins in line 2\n"
        "    the quote that begins there is not closed"
    )


def test_a_source_line_is_shown_without_its_secret() -> None:
    shown = refusal("a: [\napi_key: hunter2: }\n")
    assert "hunter2" not in shown
    assert "api_key: ***" in shown


def test_a_long_source_line_is_cut_around_the_caret() -> None:
    lines = refusal("[" + "a, " * 10_000 + "}").splitlines()
    assert max(map(len, lines)) < 120
    assert lines[1][lines[2].index("^")] == "}"


def test_problems_that_can_be_passed_over_are_told_together() -> None:
    document = read("a: !x 1\na: 2\nb: {c: 1, c: 2, d: 3}", strict=False)
    assert [one.code for one in document.problems] == ["tag", "duplicate-key", "duplicate-key"]
    assert document.value == {"a": "1", "b": {"c": "1", "d": "3"}}


def test_more_nodes_than_the_limit_are_refused_where_they_pass_it() -> None:
    with pytest.raises(UserError, match="1:29: more than 10 keys and values, the limit"):
        read_document(b"[" + b"a, " * 20 + b"]", "m.yaml", limits=Limits(nodes=10))


def test_a_missing_file_a_folder_and_a_pipe_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, message in [
        (
            "missing",
            "m.yaml: there is no such file"
            "\n    `rbsync init` writes a manifest; -f names one, and -C its folder",
        ),
        ("pipe", "m.yaml: it is not a regular file"),
        (
            "folder",
            "m.yaml: it is not a regular file\n    -f names the manifest itself, and -C its folder",
        ),
    ]:
        with pytest.raises(UserError) as caught:
            read_limited(str(tmp_path / name), "m.yaml")
        assert str(caught.value) == message


def test_a_file_over_the_limit_is_refused_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(b"a" * (3 << 20))
    with pytest.raises(UserError, match="the file has 3 MiB; the limit is 2 MiB"):
        read_limited(str(path), "m.yaml", Limits(size=2 << 20))
