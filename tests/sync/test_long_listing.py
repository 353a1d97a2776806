"""A listing with sizes, times and categories, of the names that are wanted."""

from __future__ import annotations

import os

from rbsync.sync.long_listing import long_listing
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open


def test_each_task_has_its_size_and_the_categories_of_its_labels(
    folder: Project, opened: Open
) -> None:
    folder.write("a.json", [BOX, BOX])
    assert folder.apply().code == 0
    with opened() as workspace:
        listed = list(long_listing(workspace, lambda name: name < "c"))
    assert [(one.task.name, one.categories) for one in listed] == [
        ("a.png", ("car",)),
        ("b.png", ()),
    ]
    sizes = [os.path.getsize(folder.folder / name) for name in ("a.png", "b.png")]
    assert [one.kept.size for one in listed] == sizes
