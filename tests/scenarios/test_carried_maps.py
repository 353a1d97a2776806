"""A carried task takes its label maps along: masks and segmentations that are NIfTI files there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from rbsync.applier.carried_labels import labels_of
from rbsync.backends.left import only_members
from rbsync.backends.local.backend import LocalBackend
from rbsync.backends.redbrick.backend import RedbrickBackend
from tests.masks.pictures import painted
from tests.masks.pictures import png as mask_png
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import CLASSES, ONE, index_of, photo
from tests.service.serving import serving
from tests.sync.two_folders import HEAD, MASKS, clone

OTHER = index_of("bb..", "cc.b", "...b")
MEMBERS = ("category", "pixel", "pixel.regions", "pixel.holes", "dicom", "dicom.instanceid")
ENCODINGS = ("pixel", "nifti")
CARRY = ("--on-move", "carry", "--ours", "**")


class Site:
    """A service, a project whose masks were renamed, and a colleague who did not do so."""

    def __init__(self, folder: Path, url: str, encoding: str) -> None:
        self._place = folder / "service"
        self.mine = RemoteProject(folder / "mine", url)
        self.mine.write("images/x.png", photo(1))
        self.draw(self.mine, "x", ONE)
        self.mine.write("class_map.json", {name: list(one) for name, one in CLASSES.items()})
        self.mine.manifest(HEAD + MASKS % f", encoding: {encoding}")
        assert self.mine.apply().code == 0
        self.theirs = clone(self.mine, "theirs")
        for kind in ("images", "masks"):
            (self.mine.folder / f"{kind}/x.png").rename(self.mine.folder / f"{kind}/z.png")

    @staticmethod
    def draw(project: RemoteProject, name: str, mask: Any) -> None:
        project.write(f"masks/{name}.png", mask_png(painted(mask, CLASSES)))

    def labels(self, name: str) -> list[Any]:
        """The labels of a task, but for what the service has added to them, and its maps."""
        with closing(LocalBackend(self._place)) as backend:
            (found,) = [one for one in backend.read() if one.task.name == name]
            sent = only_members(labels_of(found), MEMBERS)
            return [sent, [one.read() for one in found.maps]]

    def maps(self) -> dict[str, list[bytes]]:
        """The label maps of all tasks, by their names."""
        with closing(LocalBackend(self._place)) as backend:
            return {one.task.name: [each.read() for each in one.maps] for one in backend.read()}


@pytest.fixture
def encoding() -> str:
    return "nifti"


@pytest.fixture
def site(tmp_path: Path, encoding: str) -> Iterator[Site]:
    with serving(tmp_path / "service", type="IMAGE_MULTI", rewrites=True) as service:
        yield Site(tmp_path, service.url, encoding)


def test_a_label_map_is_carried_byte_for_byte(site: Site) -> None:
    before = site.maps()["x"]
    ran = site.mine.apply()
    assert ran.code == 0, ran
    assert len(before) == 1
    assert site.maps() == {"z": before}
    assert site.mine.plan()["actions"] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_mask_that_was_carried_is_known_again_and_drawn_anew(site: Site) -> None:
    assert site.mine.apply().code == 0
    site.draw(site.mine, "z", OTHER)
    assert site.mine.actions() == ["update z labels"]
    assert site.mine.apply().code == 0
    assert site.mine.plan("--refresh")["actions"] == []


def test_a_label_map_of_others_is_kept_or_carried_as_is_decided(site: Site) -> None:
    site.draw(site.theirs, "x", OTHER)
    assert site.theirs.apply().code == 0
    drawn = site.maps()["x"]
    assert site.mine.apply().code == 0
    assert site.maps() == {"x": drawn}
    ran = site.mine.apply(*CARRY)
    assert ran.code == 0, ran
    assert site.maps() == {"z": drawn}


def test_a_label_map_that_is_saved_in_the_middle_comes_along(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.draw(site.theirs, "x", OTHER)
    put_away, drawn = RedbrickBackend.put_away, []

    def meanwhile(self: RedbrickBackend, ids: Any) -> None:
        assert site.theirs.apply().code == 0
        drawn.extend(site.maps()["x"])
        put_away(self, ids)

    monkeypatch.setattr(RedbrickBackend, "put_away", meanwhile)
    ran = site.mine.apply()
    assert ran.code == 0, ran
    assert len(drawn) == 1
    assert site.maps() == {"z": drawn}
    site.draw(site.mine, "z", OTHER)
    assert site.mine.plan()["actions"] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("is_drawn", [False, True])
def test_a_carry_that_is_cut_off_goes_on_with_what_was_drawn_since(
    site: Site, is_drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Ends a run at once, as a kill does."""

    def killed(_: RedbrickBackend, __: Any) -> None:
        raise KilledError

    with monkeypatch.context() as meanwhile, suppress(KilledError):
        meanwhile.setattr(RedbrickBackend, "put_away", killed)
        site.mine.apply()
    assert site.labels("z") == site.labels("x")
    if is_drawn:
        site.draw(site.theirs, "x", OTHER)
        assert site.theirs.apply().code == 0
    drawn = site.labels("x")
    ran = site.mine.apply()
    assert ran.code == 0, ran
    assert site.mine.names() == ["z"]
    assert site.labels("z") == drawn
