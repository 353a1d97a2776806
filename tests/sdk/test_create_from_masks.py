"""``project.upload.create_datapoint_from_masks`` against a service on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rbsync
from rbsync import StorageMethod
from rbsync.sdk import Project
from tests.hints.following import follows
from tests.masks.pictures import TEXTURES, colours, noise, painted
from tests.sdk.conftest import Serve
from tests.service.serving import PUBLIC, REDBRICK, URL, Client, taxonomy

RED = {"car": [255, 0, 0]}


def stored(client: Client, name: str) -> list[dict[str, Any]]:
    return list(json.loads(client.task(name)["latestTaskData"]["labelsData"]))


def red(height: int = 4, width: int = 6) -> Any:
    mask = np.zeros((height, width, 3), np.uint8)
    mask[1:3, 2:5] = (255, 0, 0)
    return mask


def error(project: Project, mask: Any, class_map: Any = RED, image: Any = URL) -> str:
    """What is wrong with a mask, which is not created."""
    (failed,) = project.upload.create_datapoint_from_masks(PUBLIC, mask, class_map, image)
    assert set(failed) == {"name", "items", "error"}
    return str(failed["error"])


@pytest.mark.parametrize("texture", sorted(TEXTURES))
def test_a_mask_comes_back_as_the_same_picture(serve: Serve, texture: str) -> None:
    client, project = serve(type="IMAGE_SEGMENTATION")
    class_map = colours(5)
    mask = painted(TEXTURES[texture](np.random.default_rng(7), (40, 60), 5), class_map)
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, mask, class_map, URL, encoding="pixel") == []
    back = rbsync.masks.decode_pixel(stored(client, URL), class_map)
    assert np.array_equal(back, mask)


@pytest.mark.parametrize("texture", sorted(TEXTURES))
def test_a_mask_is_sent_as_a_label_map_and_comes_back(serve: Serve, texture: str) -> None:
    client, project = serve(type="IMAGE_SEGMENTATION")
    class_map = colours(5)
    mask = painted(TEXTURES[texture](np.random.default_rng(7), (40, 60), 5), class_map)
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, mask, class_map, URL) == []
    (found,) = client.task(URL)["latestTaskData"]["labelsMap"]
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[found["labelName"]])
    data = client.session.get(address).content
    back = rbsync.masks.decode_nifti(data, stored(client, URL), class_map)
    assert np.array_equal(back, mask)


def test_an_encoding_that_there_is_not_is_an_error(serve: Serve) -> None:
    client, project = serve()
    create: Any = project.upload.create_datapoint_from_masks
    (failed,) = create(PUBLIC, red(), RED, URL, encoding="rle")
    assert failed["error"] == "`encoding` must be one of auto, pixel, nifti, not 'rle'"
    assert client.names() == []


def test_the_datapoint_is_named_by_the_path_as_it_is_written(serve: Serve, here: Path) -> None:
    from PIL import Image

    client, project = serve()
    (here / "images").mkdir()
    Image.new("RGB", (6, 4)).save(here / "images" / "a.png")
    path = Path("images") / "a.png"
    create = project.upload.create_datapoint_from_masks
    assert create(StorageMethod.REDBRICK, red(), RED, path) == []
    found = client.task("images/a.png")
    assert found["datapoint"]["storageMethod"] == {"storageId": REDBRICK}
    assert found["datapoint"]["items"][0].endswith("/a.png")
    assert found["currentStageName"] == "Label"


def test_the_other_spelling_of_the_page_is_the_same(serve: Serve) -> None:
    client, project = serve()
    call = project.upload.create_datapoint_from_mask
    assert call(storage_id=PUBLIC, mask=red(), class_map=RED, image_path=URL) == []
    assert client.names() == [URL]


def test_one_class_and_none_are_masks_too(serve: Serve) -> None:
    client, project = serve()
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, red(), RED, URL) == []
    empty = np.zeros((4, 6, 3), np.uint8)
    assert create(PUBLIC, empty, RED, URL + "?empty") == []
    assert [one["category"] for one in stored(client, URL)] == [[["object", "car"]]]
    assert stored(client, URL + "?empty") == []


def test_a_mask_given_twice_is_created_once(serve: Serve) -> None:
    client, project = serve()
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, red(), RED, URL) == create(PUBLIC, red(), RED, URL) == []
    (failed,) = create(PUBLIC, red()[:, ::-1], RED, URL)
    assert "the project has another datapoint of this name" in failed["error"]
    assert client.names() == [URL]


def test_a_colour_that_is_not_declared_is_an_error(serve: Serve) -> None:
    client, project = serve()
    mask = red()
    mask[0, 3] = (0, 0, 254)
    assert error(project, mask) == (
        "undeclared colour (0, 0, 254) in 1 pixel, first at column 3, row 0; "
        "nearest is 'car' (255, 0, 0) "
        "(add the colour to the class map or to ignore_colors, or repair the mask)"
    )
    assert client.names() == []


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.zeros((4, 6, 4), np.uint8), "a mask is an array of shape (m, n, 3) and dtype uint8"),
        (np.zeros((4, 6), np.uint8), "this one has shape (4, 6)"),
        (np.zeros((4, 6, 3), np.float64), "and dtype float64"),
        (np.zeros((0, 6, 3), np.uint8), "this one has shape (0, 6, 3)"),
        ("mask.png", "a mask is a NumPy array, not a value of type str"),
        (None, "a mask is a NumPy array, not a value of type NoneType"),
    ],
)
def test_what_is_no_mask_is_an_error(serve: Serve, mask: Any, expected: str) -> None:
    _, project = serve()
    assert expected in error(project, mask)


@follows("an image opened with PIL becomes one by np.array(image)[:, :, :3]")
def test_an_image_of_pil_becomes_a_mask(serve: Serve) -> None:
    client, project = serve()
    image: Any = Image.new("RGBA", (6, 4), (255, 0, 0, 255))
    assert "an image opened with PIL becomes one by np.array(image)[:, :, :3]" in error(
        project, image
    )
    mask = np.array(image)[:, :, :3]
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, mask, {"car": [255, 0, 0]}, "http://example.org/a.png") == []
    assert client.names() == ["http://example.org/a.png"]


@pytest.mark.parametrize(
    ("class_map", "expected"),
    [
        (None, "a class map is an object {category: [r, g, b]}"),
        ({"car": [255, 0]}, "category 'car' has the colour [255, 0], not three numbers"),
        ({"a": [1, 1, 1], "b": [1, 1, 1]}, "categories 'a' and 'b' have one colour"),
    ],
)
def test_what_is_no_class_map_is_an_error(serve: Serve, class_map: Any, expected: str) -> None:
    _, project = serve()
    assert expected in error(project, red(), class_map)


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        (3, "the class map: a category is a name, not 3"),
        ("", "the class map: the category '': its name is empty"),
        (
            "a\nb",
            "the class map: the category 'a\\nb': "
            "its name has a control character, or bytes that are not text",
        ),
        (
            "\ud800",
            "the class map: the category '\\ud800': "
            "its name has a control character, or bytes that are not text",
        ),
    ],
)
def test_what_is_no_name_of_a_category_is_an_error(
    serve: Serve, category: Any, expected: str
) -> None:
    client, project = serve()
    assert error(project, red(), {category: [255, 0, 0]}) == expected
    assert error(project, red(), {"car": [255, 0, 0], category: [0, 255, 0]}) == expected
    assert client.names() == []


@pytest.mark.parametrize("image", [None, "", b"a.png", 7])
def test_what_is_no_image_path_is_an_error(serve: Serve, image: Any) -> None:
    _, project = serve()
    assert "`image_path` must be a path or URL" in error(project, red(), RED, image)


def test_an_image_that_is_not_there_is_an_error(serve: Serve, here: Path) -> None:
    _, project = serve()
    create = project.upload.create_datapoint_from_masks
    (failed,) = create(REDBRICK, red(), RED, "gone.png")
    assert failed["error"] == (
        f"there is no file `gone.png` (a relative path starts at the working directory, {here})"
    )


def test_a_project_of_boxes_takes_no_masks(serve: Serve) -> None:
    client, project = serve(type="IMAGE_BBOX")
    assert error(project, red()) == (
        "a project of type IMAGE_BBOX takes no masks "
        "(masks need IMAGE_SEGMENTATION, IMAGE_MULTI or DICOM_SEGMENTATION)"
    )
    assert client.names() == []


def test_a_category_that_the_project_lacks_is_an_error(serve: Serve) -> None:
    _, project = serve(type="IMAGE_SEGMENTATION", taxonomy=taxonomy("cars"))
    assert error(project, red()) == (
        'the class map: the category "car" is not in the taxonomy (did you mean "cars"?)'
    )


def test_many_small_regions_are_sent_whole(serve: Serve) -> None:
    client, project = serve()
    class_map = colours(200)
    mask = painted(noise(np.random.default_rng(1), (120, 120), 200), class_map)
    create = project.upload.create_datapoint_from_masks
    assert create(PUBLIC, mask, class_map, URL, encoding="pixel") == []
    assert np.array_equal(rbsync.masks.decode_pixel(stored(client, URL), class_map), mask)
