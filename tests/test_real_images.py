"""The trees of photographs that other tests rely on are what they claim to be."""

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from tests import real_images
from tests.real_images import LARGEST, SMALLEST, build_tree

COUNT = 120

FORMAT_OF_SUFFIX = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".bmp": "BMP"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("photographs")


@pytest.fixture(scope="module")
def tree(root: Path) -> list[Path]:
    return build_tree(root, COUNT)


def relative_names(root: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def contents(root: Path, paths: list[Path]) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_returns_exactly_the_files_on_disk_in_sorted_order(root: Path, tree: list[Path]) -> None:
    assert len(tree) == COUNT
    assert tree == sorted(path for path in root.rglob("*") if path.is_file())


def test_every_file_has_its_own_bytes(tree: list[Path]) -> None:
    assert len({path.read_bytes() for path in tree}) == COUNT


def test_a_tile_drawn_again_is_not_written_again(
    tree: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nine places to cut and three formats: 20 draws without a memory would repeat themselves.
    with Image.open(tree[0]) as image:
        photograph = image.resize((66, 66)).convert("RGB")
    monkeypatch.setattr(real_images, "_photographs", lambda: (photograph,))
    monkeypatch.setattr(real_images, "LARGEST", SMALLEST)
    paths = build_tree(tmp_path, 20)
    assert len({path.read_bytes() for path in paths}) == 20


def test_every_file_is_a_complete_image_of_the_format_its_suffix_names(tree: list[Path]) -> None:
    for path in tree:
        with Image.open(path) as image:
            image.load()
            assert image.format == FORMAT_OF_SUFFIX[path.suffix.lower()], path
            assert SMALLEST <= min(image.size) <= max(image.size) <= LARGEST, path


def test_all_formats_occur_in_like_numbers(tree: list[Path]) -> None:
    formats = Counter(FORMAT_OF_SUFFIX[path.suffix.lower()] for path in tree)
    assert set(formats) == {"JPEG", "PNG", "BMP"}
    assert min(formats.values()) >= COUNT // 5


def test_the_pixels_are_photographs_and_not_flat_colour(tree: list[Path]) -> None:
    deviations = []
    for path in tree:
        with Image.open(path) as image:
            deviations.append(ImageStat.Stat(image.convert("L")).stddev[0])
    # A tile of night sky alone may be nearly flat; a tree of them may not.
    assert sum(deviation > 5 for deviation in deviations) > COUNT * 0.8


def test_grey_and_colour_images_both_occur(tree: list[Path]) -> None:
    modes = set()
    for path in tree:
        with Image.open(path) as image:
            modes.add(image.mode)
    assert modes == {"L", "RGB"}


def test_names_hold_what_makes_names_hard(root: Path, tree: list[Path]) -> None:
    names = relative_names(root, tree)
    assert any(" " in name.rpartition("/")[0] for name in names)
    assert any(" " in name.rpartition("/")[2] for name in names)
    assert any(name.count("/") >= 3 for name in names)
    assert {".PNG", ".JPG"} <= {path.suffix for path in tree}


def test_names_are_nfc_in_several_scripts(root: Path, tree: list[Path]) -> None:
    names = relative_names(root, tree)
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
    letters = {letter for name in names for letter in name if letter.isalpha()}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL"} <= scripts
    # Without a letter that NFD would take apart, nothing here could catch a lost normalisation.
    assert any(unicodedata.normalize("NFD", name) != name for name in names)


def test_no_two_names_differ_only_in_case(root: Path, tree: list[Path]) -> None:
    assert len({name.casefold() for name in relative_names(root, tree)}) == COUNT


def test_equal_base_names_stand_in_different_folders(tree: list[Path]) -> None:
    folders_of: dict[str, set[Path]] = {}
    for path in tree:
        folders_of.setdefault(path.name, set()).add(path.parent)
    assert max(len(folders) for folders in folders_of.values()) >= 2


def test_the_same_seed_gives_the_same_tree(root: Path, tree: list[Path], tmp_path: Path) -> None:
    assert contents(tmp_path, build_tree(tmp_path, COUNT)) == contents(root, tree)


def test_another_seed_gives_other_pixels_under_the_same_names(
    root: Path, tree: list[Path], tmp_path: Path
) -> None:
    first = contents(root, tree)
    second = contents(tmp_path, build_tree(tmp_path, COUNT, seed=1))
    assert first.keys() == second.keys()
    assert set(first.values()).isdisjoint(second.values())


def test_a_longer_tree_begins_with_the_shorter_one(
    root: Path, tree: list[Path], tmp_path: Path
) -> None:
    shorter = contents(tmp_path, build_tree(tmp_path, COUNT // 2))
    assert shorter.items() <= contents(root, tree).items()


def test_no_files_are_no_tree(tmp_path: Path) -> None:
    assert build_tree(tmp_path / "empty", 0) == []
    assert not (tmp_path / "empty").exists()
