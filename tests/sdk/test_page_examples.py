"""The two examples of the service's upload page, with a local URL and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.masks.pictures import blobs, colours, painted
from tests.scenarios.pictures import png
from tests.sdk.conftest import Serve
from tests.service.serving import KEY, ORG, PROJECT, Client, taxonomy

OPEN = """
import rbsync as redbrick

project = redbrick.get_project(api_key, url, org_id, project_id)
"""

DATAPOINTS = (
    OPEN
    + """
datapoints = [
    {
        "name": "my-first-upload",
        "items": ["https://datasets.s3.amazonaws.com/cars/image.png"],
    }
]
result = project.upload.create_datapoints(redbrick.StorageMethod.PUBLIC, datapoints)
"""
)

MASKS = (
    OPEN
    + """
import json
import os

import numpy as np
from PIL import Image

with open(os.path.join(folder, "class_map.json")) as file:
    class_map = json.load(file)
with open(os.path.join(folder, "datapoint_map.json")) as file:
    datapoint_map = json.load(file)

result = []
for mask_name in datapoint_map:
    mask = np.array(Image.open(os.path.join(folder, mask_name)))[:, :, 0:3]
    result += project.upload.create_datapoint_from_masks(
        storage_id, mask, class_map, datapoint_map[mask_name]
    )
"""
)


def run(text: str, client: Client, **names: str) -> list[dict[str, Any]]:
    given: dict[str, Any] = {
        "api_key": KEY,
        "url": client.url,
        "org_id": ORG,
        "project_id": PROJECT,
        **names,
    }
    exec(text, given)
    failed: list[dict[str, Any]] = given["result"]
    return failed


def export(folder: Path, images: list[str]) -> None:
    """An exported folder of RGBA masks, with floats in its class map."""
    folder.mkdir()
    class_map = colours(3)
    for number, _ in enumerate(images):
        picture = painted(blobs(np.random.default_rng(number), (20, 30), 3), class_map)
        alpha = np.full((20, 30, 1), 255, np.uint8)
        Image.fromarray(np.dstack([picture, alpha])).save(folder / f"task{number}.png")
    floats = {name: [value / 255 for value in colour] for name, colour in class_map.items()}
    (folder / "class_map.json").write_text(json.dumps(floats))
    named = {f"task{number}.png": image for number, image in enumerate(images)}
    (folder / "datapoint_map.json").write_text(json.dumps(named))


def test_the_example_of_datapoints_runs(serve: Serve) -> None:
    client, _ = serve()
    assert run(DATAPOINTS, client) == []
    assert client.names() == ["my-first-upload"]


def test_the_example_of_masks_runs_with_addresses(serve: Serve, tmp_path: Path) -> None:
    client, _ = serve(type="IMAGE_SEGMENTATION", taxonomy=taxonomy(*colours(3)))
    images = [f"https://example.org/{number}.png" for number in range(3)]
    export(tmp_path / "masks", images)
    public = "11111111-1111-1111-1111-111111111111"
    assert run(MASKS, client, folder=str(tmp_path / "masks"), storage_id=public) == []
    assert sorted(client.names()) == images


def test_the_example_of_masks_runs_with_files(serve: Serve, here: Path) -> None:
    client, _ = serve(type="IMAGE_MULTI")
    images = ["0.png", "1.png"]
    for number, name in enumerate(images):
        Image.new("RGB", (30, 20), (number, 0, 0)).save(here / name)
    (here / "small.png").write_bytes(png(1))
    export(here / "masks", [*images, "small.png"])
    redbrick = "22222222-2222-2222-2222-222222222222"
    (failed,) = run(MASKS, client, folder="masks", storage_id=redbrick)
    assert (failed["name"], failed["items"]) == ("small.png", ["small.png"])
    assert failed["error"] == (
        "the mask is 30 x 20 pixels, but its image is 2 x 2 "
        "(make a mask of the image's size, as it is shown (EXIF orientation applied))"
    )
    assert sorted(client.names()) == images
