"""A bit of the state flips, and rbsync goes on: what becomes of the project.

``python -m tests.stores.bit_flips 1000`` flips a thousand bits, one at a time, and prints how each
ended; 1 is the exit code when one of them did something to the project that nobody asked for.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rbsync.errors import ExitCode
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project, Ran

KEPT = 20
GOES = "images/15.png"
CHANGES = ("images/3.png", "images/11.png")
Ending = Literal["detected", "harmless", "healed", "wrong"]
STATE = ".rbsync/state.db"
MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\n"
    'datapoints:\n  - glob: "images/*.png"\n    labels: "labels/{stem}.json?"\n'
)


@dataclass
class Endings:
    """How flips ended, and what the wrong ones did, by the number of the bit."""

    count: Counter[Ending] = field(default_factory=Counter)
    wrong: dict[int, str] = field(default_factory=dict)


class Machine(Project):
    """A folder with a manifest, and the user's own state beside it, as on a machine of its own."""

    def run(self, *arguments: str, **environment: str) -> Ran:
        home = {"XDG_STATE_HOME": str(self.folder / "home")}
        return super().run(*arguments, **{**home, **environment})


def prepared(folder: Path) -> Project:
    """A project of which one file is gone and two have changed since it was applied."""
    project = Machine(folder)
    project.manifest(MANIFEST)
    for at in range(KEPT):
        project.write(f"images/{at}.png", png(at))
        project.write(f"labels/{at}.json", [BOX] * (at % 3))
    assert project.apply().code == 0
    (folder / GOES).unlink()
    for at, name in enumerate(CHANGES):
        project.write(name, png(100 + at))
    return project


def contents(project: Project) -> dict[str, tuple[str, int, str]]:
    """The task, the number of labels and the items' identity of each datapoint."""
    return {
        one["name"]: (one["task_id"], one["labels"], (one["fingerprint"] or {}).get("items", ""))
        for one in project.tasks()
    }


def flipped(
    template: Path, bit: int, expected: dict[str, tuple[str, int, str]]
) -> tuple[Ending, str]:
    """What comes of applying once, and once more, with one bit of the state flipped."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        shutil.copytree(template, folder)
        project = Machine(folder)
        state = folder / STATE
        raw = bytearray(state.read_bytes())
        raw[bit // 8] ^= 1 << bit % 8
        state.write_bytes(raw)
        before = contents(project)
        planned = project.run("plan", "--prune")
        first = project.apply("--prune")
        after = contents(project)
        if first.code == ExitCode.STATE:
            return ("detected", "") if after == before else ("wrong", f"12, and {after}")
        if planned.code not in (0, first.code):
            return "wrong", f"plan ended with {planned.code}, apply with {first.code}"
        if after == expected:
            again = project.apply("--prune")
            fine = again.code == 0 and contents(project) == expected
            return ("harmless", "") if fine else ("wrong", f"{again.code}: {again.err}")
        if first.code == 0:
            return "wrong", f"{first.out}{first.err}: {set(after.items()) ^ set(expected.items())}"
        # It was refused for another reason than damage: nothing but what was asked for was done.
        undone = {name: one for name, one in after.items() if expected.get(name) != one}
        fine = all(before.get(name) == one for name, one in undone.items())
        return ("healed", "") if fine else ("wrong", f"{first.code}: {first.err}: {undone}")


def flip(number: int, seed: int) -> Endings:
    """Flips random bits of a state, each in a copy of one project."""
    endings = Endings()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        template = Path(place) / "template"
        prepared(template)
        size = (template / STATE).stat().st_size
        shutil.copytree(template, Path(place) / "whole")
        whole = Machine(Path(place) / "whole")
        assert whole.apply("--prune").code == 0
        expected = contents(whole)
        assert len(expected) == KEPT - 1
        for bit in (chance.randrange(size * 8) for _ in range(number)):
            ending, what = flipped(template, bit, expected)
            endings.count[ending] += 1
            if ending == "wrong":
                endings.wrong[bit] = what
    return endings


def main() -> int:
    """Flips as many bits as are asked for, and prints how they ended."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    found = flip(number, seed)
    sys.stdout.write(f"{number} flips, seed {seed}: {dict(found.count)}\n")
    for bit, what in found.wrong.items():
        sys.stdout.write(f"bit {bit}: {what}\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
