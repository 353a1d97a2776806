"""Pictures for the tests of masks: random class indices of many textures, and their colours."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from rbsync.masks import ClassMap

Array = npt.NDArray[Any]


def colours(classes: int) -> ClassMap:
    """A class map with that many distinct colours, none of them black."""
    numbers = (np.arange(1, classes + 1) * 40503) % 0xFFFFFF + 1
    return {
        f"class {i}": (int(n) & 255, int(n) >> 8 & 255, int(n) >> 16) for i, n in enumerate(numbers)
    }


def painted(index: Array, class_map: ClassMap) -> npt.NDArray[np.uint8]:
    """The RGB mask of a class index, on black."""
    return np.array([(0, 0, 0), *class_map.values()], np.uint8)[index]


def png(picture: Array | Image.Image, **options: Any) -> bytes:
    """The bytes of a PNG."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def noise(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    return rng.integers(0, classes + 1, shape)


def speckle(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    return np.where(rng.random(shape) < 0.05, rng.integers(1, classes + 1, shape), 0)


def blobs(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    """Smooth fields cut at levels, as an image segmentation looks."""
    field = rng.standard_normal(shape)
    for axis in (0, 1):
        for step in (1, 2, 4, 8):
            field = field + np.roll(field, step, axis)
    low, high = field.min(), field.max() + 1e-9
    return ((field - low) / (high - low) * (classes + 1)).astype(np.int64)


def patches(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    """Every class next to every other, without background."""
    height, width = shape
    points = rng.random((min(classes, 40), 2)) * (height, width)
    y, x = np.mgrid[:height, :width]
    distances = [(y - p[0]) ** 2 + (x - p[1]) ** 2 for p in points]
    return np.argmin(distances, axis=0) % classes + 1


def nested(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    """Rings in rings, down to single pixels."""
    height, width = shape
    y, x = np.mgrid[:height, :width]
    depth = np.minimum(np.minimum(y, height - 1 - y), np.minimum(x, width - 1 - x))
    return rng.integers(0, classes + 1, int(depth.max()) + 1)[depth]


def diagonals(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    """A checkerboard with holes: pixels of one class that share only corners."""
    height, width = shape
    y, x = np.mgrid[:height, :width]
    board = ((x + y) % 2) * rng.integers(1, classes + 1)
    return np.where(rng.random(shape) < 0.1, rng.integers(0, classes + 1, shape), board)


def border(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Array:
    """Classes along the edge of the picture and nothing inside."""
    inside = noise(rng, shape, classes)
    inside[1:-1, 1:-1] = 0
    return inside


TEXTURES: dict[str, Callable[[np.random.Generator, tuple[int, int], int], Array]] = {
    f.__name__: f for f in (noise, speckle, blobs, patches, nested, diagonals, border)
}


def smallest_type(index: Array) -> Array:
    return index.astype(np.min_scalar_type(int(index.max())))


@st.composite
def indices(draw: st.DrawFn, side: int = 200, classes: int = 300) -> Array:
    """Class indices of 1 x 1 to 200 x 200 pixels and 1 to 300 classes, of all textures."""
    texture = TEXTURES[draw(st.sampled_from(sorted(TEXTURES)))]
    shape = draw(st.tuples(st.integers(1, side), st.integers(1, side)))
    count = draw(st.one_of(st.integers(1, 4), st.integers(1, classes)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return smallest_type(texture(rng, shape, count))


def small_indices() -> st.SearchStrategy[Array]:
    """Class indices drawn pixel by pixel, so that a failure shrinks to a picture one can read."""
    shape = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)
    return arrays.arrays(np.uint8, shape, elements=st.integers(0, 3))
