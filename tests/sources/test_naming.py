"""Names made from paths."""

from __future__ import annotations

import pytest

from rbsync.sources.naming import Template, TemplateError, split_suffix

PATH = "images/site b/scan.v2.nii.gz"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{path}", PATH),
        ("{dir}", "images/site b"),
        ("{parent}", "site b"),
        ("{file}", "scan.v2.nii.gz"),
        ("{stem}", "scan.v2"),
        ("{suffix}", ".nii.gz"),
        ("{dir}/{stem}{suffix}", PATH),
        ("just text", "just text"),
        ("{{{stem}}}", "{scan.v2}"),
        ("{parent}: {stem}!", "site b: scan.v2!"),
        ("", ""),
    ],
)
def test_fields_are_parts_of_the_path(template, name) -> None:
    assert Template(template).fill(PATH, {}) == name


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a.png", ("", "", "a", ".png")),
        ("d/A.PNG", ("d", "d", "A", ".PNG")),
        ("x/y/a", ("x/y", "y", "a", "")),
        ("a.", ("", "", "a.", "")),
        ("d/a.NII.GZ", ("d", "d", "a", ".NII.GZ")),
        ("a.b.c", ("", "", "a.b", ".c")),
        ("a.\u0130", ("", "", "a", ".\u0130")),
        ("d.e/f", ("d.e", "d.e", "f", "")),
    ],
)
def test_every_path_has_all_fields(path, parts) -> None:
    fields = Template("{dir}|{parent}|{stem}|{suffix}").fill(path, {})
    assert tuple(fields.split("|")) == parts


def test_a_name_is_its_stem_and_its_suffix() -> None:
    for name in ("a.png", "a.nii.gz", "a", ".png", "a.b.c", "a.\u0130", "\u0130.nii.gz"):
        assert "".join(split_suffix(name)) == name


def test_captures_win_over_fields_of_the_same_name() -> None:
    assert Template("{path}/{stem}", ["path"]).fill("a/b.png", {"path": "c"}) == "c/b"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{pth}",
            "`{pth}` is not known here; did you mean `{path}`? "
            "(known: path, dir, parent, stem, suffix, file, case)",
        ),
        (
            "{0}",
            "`{0}` is not known here (known: path, dir, parent, stem, suffix, file, case)",
        ),
        ("{stem", "`{stem` cannot be read: expected '}' before end of string"),
        ("stem}", "`stem}` cannot be read: Single '}' encountered in format string"),
        ("{stem:>10}", "`{stem:>10}` has a format or a conversion; only `{field}` is known"),
        ("{stem!r}", "`{stem!r}` has a format or a conversion; only `{field}` is known"),
        ("a{}", "`a{}` has braces with nothing in them; `{{` stands for `{`"),
    ],
)
def test_mistakes_are_told_word_for_word(template, message) -> None:
    with pytest.raises(TemplateError) as caught:
        Template(template, ["case"])
    assert str(caught.value) == message
