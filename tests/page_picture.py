"""Draw the picture of a plan's page that the README shows; needs Chromium.

python -m tests.page_picture examples/quickstart/plan.png
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.browser import chromium
from tests.scenarios.project import Project

PHOTO = Path(__file__).parent.parent / "examples" / "quickstart" / "images" / "coffee.jpg"
CLASSES = {"coffee": (90, 50, 20), "saucer": (180, 30, 20), "spoon": (150, 150, 150)}
CENTRES = {
    "saucer": (279, 222, 201, 160),
    "coffee": (291, 143, 78, 50),
    "spoon": (365, 282, 38, 42),
}


def mask(bite: int) -> Image.Image:
    """Ellipses where things are, of which one is larger than it was."""
    rows, columns = np.mgrid[0:400, 0:600]
    pixels = np.zeros((400, 600, 3), np.uint8)
    for name, (x, y, wide, high) in CENTRES.items():
        grown = bite if name == "coffee" else 0
        inside = ((columns - x) / (wide + grown)) ** 2 + ((rows - y) / (high + grown)) ** 2 < 1
        pixels[inside] = CLASSES[name]
    return Image.fromarray(pixels)


def draw(path: Path) -> None:
    """Applies a mask, changes it, and takes a picture of the plan's page."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        project = Project(Path(folder))
        project.write("class_map.json", json.dumps(CLASSES))
        (project.folder / "masks").mkdir()
        shutil.copy(PHOTO, project.folder / "cup.jpg")
        project.manifest(
            "project: {type: IMAGE_SEGMENTATION, taxonomy: [coffee, saucer, spoon]}\n"
            'masks:\n  - {glob: "masks/*.png", image: "{stem}.jpg", class_map: class_map.json}\n'
        )
        mask(0).save(project.folder / "masks/cup.png")
        project.apply()
        mask(9).save(project.folder / "masks/cup.png")
        project.run("plan", "--html", "plan.html")
        with browser.open(project.folder / "plan.html", width=1000) as opened:
            opened.drawn()
            opened.choose("pair")
            opened.page.screenshot(
                path=str(path), clip={"x": 0, "y": 0, "width": 1000, "height": 680}
            )


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
