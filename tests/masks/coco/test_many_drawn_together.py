"""What annotations cover is what pycocotools draws, whatever is drawn beside it."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from rbsync.masks import coco_labels, decode_pixel
from rbsync.masks.coco import drawing

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def polygon(chance: random.Random, width: int, height: int) -> list[float]:
    """Some lie partly outside; many corners have one digit, as tools write them, or none."""
    size = chance.choice([0.5, 5, width])
    middle = chance.uniform(-0.2, 1.2) * width, chance.uniform(-0.2, 1.2) * height
    found: list[float] = []
    for _ in range(chance.randrange(3, 9)):
        for at, most in zip(middle, (width, height), strict=True):
            one = min(max(at + chance.uniform(-size, size), -most), 2 * most)
            found.append(chance.choice([one, round(one, 1), int(one)]))
    return found


def shape(chance: random.Random, width: int, height: int) -> Any:
    if chance.random() < 0.2:
        cuts = [0, *sorted(chance.choices(range(width * height + 1), k=3)), width * height]
        counts = [after - before for before, after in pairwise(cuts)]
        return {"size": [height, width], "counts": counts}
    return [polygon(chance, width, height) for _ in range(chance.choice([1, 1, 1, 2, 3]))]


def drawn(one: Any, width: int, height: int) -> np.ndarray[Any, Any]:
    codes = coco_mask.frPyObjects(one, height, width)
    code = coco_mask.merge(codes) if isinstance(codes, list) else codes
    return np.asarray(coco_mask.decode(code)).astype(bool)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 50), (64, 48), (300, 41)])
def test_many_are_what_each_is_alone(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_CANVAS", 4_000)
    chance, (width, height) = random.Random(str(size)), size
    shapes = [shape(chance, width, height) for _ in range(70)]
    image = {"id": 1, "file_name": "a", "width": width, "height": height}
    annotations = [
        {"id": at, "image_id": 1, "category_id": 1, "segmentation": one}
        for at, one in enumerate(shapes)
    ]
    categories = [{"id": 1, "name": "cat"}]
    labels = coco_labels({"images": [image], "categories": categories, "annotations": annotations})
    pictures = [drawn(one, width, height) for one in shapes]
    seen = [one for one in pictures if one.any()]
    assert len(labels["a"]) == len(seen)
    for label, picture in zip(labels["a"], seen, strict=True):
        mask = decode_pixel([label], {"cat": (1, 1, 1)}, imagesize=size)
        assert (mask[:, :, 0] == picture).all()
