"""What is sent is read from the user's files or made in memory: no folder is shared with others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.masks.pictures import painted
from tests.masks.pictures import png as picture
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.project import Project
from tests.service.serving import KEY

WATCHED = """
import json, os, sys

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
seen = []

def watch(event, given):
    if event.startswith("tempfile."):
        seen.append(given[0])
    elif event == "open" and isinstance(given[0], str) and (given[2] or 0) & WRITING:
        seen.append(os.path.abspath(given[0]))
    elif event in ("os.mkdir", "sqlite3.connect"):
        seen.append(os.path.abspath(str(given[0]).removeprefix("file:")))

sys.addaudithook(watch)
from rbsync.cli.main import main
code = main(sys.argv[1:])
print(json.dumps(seen), file=sys.stderr)
sys.exit(code)
"""
MASKS = """\
masks:
  - {{glob: masks/*.png, image: "images/{{stem}}.png", class_map: class_map.json, encoding: {0}}}
"""


def written_to(project: Project, *arguments: str) -> list[str]:
    """All that a command writes to or makes, as Python itself tells."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, *arguments],
        cwd=project.folder,
        env={**os.environ, "RBSYNC_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.mark.parametrize("encoding", ["pixel", "nifti"])
def test_nothing_is_written_beside_the_state(tmp_path: Path, encoding: str) -> None:
    classes = {"car": (255, 0, 0), "bus": (0, 255, 0)}
    index = np.zeros((40, 60), np.uint8)
    index[3:17, 5:30], index[20:35, 10:50] = 1, 2
    with served(tmp_path / "service") as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.write("class_map.json", {name: list(one) for name, one in classes.items()})
        for name in "ab":
            project.write(f"images/{name}.png", picture(painted(index * 0, classes)))
            project.write(f"masks/{name}.png", picture(painted(index, classes)))
        project.manifest(MASKS.format(encoding))
        found = written_to(project, "apply", "--yes")
        assert project.names() == ["a", "b"]
    own = f"{project.folder}/.rbsync"
    assert any(one.startswith(f"{own}/state.db") for one in found), "it is seen what is written"
    # The newest serial stands outside of the folder, so that a state that is put back is noticed.
    serials = f"{os.environ['XDG_STATE_HOME']}/rbsync"
    places = (own, serials)
    elsewhere = [one for one in found if not any(f"{one}/".startswith(f"{at}/") for at in places)]
    assert [one for one in elsewhere if one != os.path.dirname(serials)] == []
