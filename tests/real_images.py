"""Folders full of real photographs, cut from the pictures that scikit-image ships."""

import hashlib
import io
import random
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

# Photographs of different kinds (portrait, texture, night sky, microscope; three are grey),
# each with its licence stated by scikit-image and in its wheel since 0.25.
PHOTOGRAPHS = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "rocket.jpg",
)

# All names are NFC, in scripts with one and with several code points per letter, written left to
# right and right to left.
FOLDERS = (
    "plain",
    "with space",
    "deep/er/and deeper",
    "Zürich Süd/Kamera 1",
    "Київ/день 2",
    "Αθήνα",
    "東京/病院 三",
    "서울",
    "القاهرة",
    "ירושלים/a b",
    "मुंबई",
)
STEMS = ("frame", "IMG 20", "überblick", "снимок", "写真")

# The length has no factor in common with that of FOLDERS, so that every folder gets every suffix.
SUFFIXES = (".jpg", ".png", ".bmp", ".JPG", ".PNG", ".jpeg", ".BMP")

SMALLEST, LARGEST = 64, 128


def build_tree(root: Path, count: int, *, seed: int = 0) -> list[Path]:
    """Write `count` image files below `root` and return their paths, sorted.

    The files are JPEG, PNG and BMP tiles of real photographs, no two with the same bytes. Their
    names depend on `count` alone; their content depends on `seed` and the installed Pillow.
    """
    rng = random.Random(seed)
    written: set[bytes] = set()
    paths = [root / _relative_path(index) for index in range(count)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_new_tile(path.suffix, rng, written))
    return sorted(paths)


def _relative_path(index: int) -> Path:
    """One more file in each folder in turn, so that base names recur from folder to folder."""
    number, folder = divmod(index, len(FOLDERS))
    stem = STEMS[number % len(STEMS)]
    return Path(FOLDERS[folder], f"{stem}{number}{SUFFIXES[index % len(SUFFIXES)]}")


def _new_tile(suffix: str, rng: random.Random, written: set[bytes]) -> bytes:
    """The first tile drawn whose bytes are not among those already written."""
    # Plain sky looks alike in many places: one draw alone does not make a distinct file.
    while True:
        content = _encode(_cut(rng.choice(_photographs()), rng), suffix)
        digest = hashlib.sha256(content).digest()
        if digest not in written:
            written.add(digest)
            return content


def _cut(photograph: Image.Image, rng: random.Random) -> Image.Image:
    width, height = rng.randint(SMALLEST, LARGEST), rng.randint(SMALLEST, LARGEST)
    left = rng.randint(0, photograph.width - width)
    top = rng.randint(0, photograph.height - height)
    return photograph.crop((left, top, left + width, top + height))


def _encode(tile: Image.Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    match suffix.lower():
        case ".jpg" | ".jpeg":
            tile.save(buffer, "JPEG", quality=88)
        case ".png":
            # The default level takes several times as long for files hardly smaller.
            tile.save(buffer, "PNG", compress_level=1)
        case ".bmp":
            tile.save(buffer, "BMP")
        case _:
            raise ValueError(f"no image format for the suffix {suffix!r}")
    return buffer.getvalue()


@cache
def _photographs() -> tuple[Image.Image, ...]:
    folder = _picture_folder()
    return tuple(_read(folder / name) for name in PHOTOGRAPHS)


def _picture_folder() -> Path:
    # Located, not imported: only the package's files are of use here.
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("scikit-image is missing: pip install 'rbsync[test]'")
    return Path(spec.origin).parent / "data"


def _read(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        photograph = opened.convert("L" if opened.mode == "L" else "RGB")
    # A colour profile or comment of the whole picture would outweigh the pixels of a tile.
    photograph.info.clear()
    return photograph
