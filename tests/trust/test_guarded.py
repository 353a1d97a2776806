"""However a stranger's manifest is written, it deletes no more than the guard lets pass."""

from __future__ import annotations

import pytest

from tests.scenarios.project import Project

POLICY = "policy: {prune: true, max_delete: 100%}\n"


def declare(project: Project, count: int, policy: str = "") -> None:
    entries = "".join(
        f"  - {{name: p{at:03}, storage: public, items: ['https://example.org/{at}.png']}}\n"
        for at in range(count)
    )
    project.manifest(f"{policy}datapoints:{' []' if not count else ''}\n{entries}")


@pytest.fixture
def many(project: Project) -> Project:
    declare(project, 40)
    assert project.apply().code == 0
    return project


@pytest.mark.parametrize("left", [0, 1, 19])
def test_more_than_half_needs_force(many: Project, left: int) -> None:
    declare(many, left, POLICY)
    refused = many.apply()
    assert refused.code == 6
    assert len(many.names()) == 40
    assert many.apply("--force").code == 0
    assert len(many.names()) == left


def test_half_of_them_is_for_the_manifest_to_say(many: Project) -> None:
    declare(many, 20, POLICY)
    assert many.apply().code == 0
    assert len(many.names()) == 20


def test_an_empty_manifest_deletes_not_even_a_few(project: Project) -> None:
    declare(project, 3)
    project.apply()
    declare(project, 0, POLICY)
    refused = project.apply()
    assert refused.code == 6
    assert "the manifest declares no datapoints at all" in refused.err
    assert len(project.names()) == 3
    project.run("plan", "-o", "p.json")
    assert project.run("apply", "p.json").code == 6
    assert len(project.names()) == 3


def test_a_part_of_a_manifest_that_is_not_empty_may_be(project: Project) -> None:
    declare(project, 3)
    project.apply()
    declare(project, 2, POLICY)
    assert project.apply("--target", "p002").code == 0
    assert project.names() == ["p000", "p001"]
