"""What others change while an update is under way is there afterwards, whichever facet it is.

One update of a datapoint is several requests. People, or a colleague's rbsync, come before the
first one and between any two of them. ``RBSYNC_THREE_VERSIONS=all`` runs every case; without it
each way to come in between is met by one case of each kind of change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from unittest import mock

import pytest

from rbsync.backends.local.project import LocalProject
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.errors import ExitCode
from rbsync.model.fingerprint import Facet
from tests.scenarios.test_conflicts import has
from tests.scenarios.two_clones import ServedTeam, Team, box, team

EVERY = os.environ.get("RBSYNC_THREE_VERSIONS") == "all"
MUTATIONS = (
    "updateTaskItemsSDK",
    "updateTasksLabelsSDK",
    "updateTasksPrioritiesSDK",
    "updateTaskItemsSDK",
)
"""The requests of an update of all facets, in their order."""

HERE: dict[str, dict[str, Any]] = {
    "items": {"item": "here"},
    "labels": {"labels": [box("bus")]},
    "settings": {"priority": 0.75, "metadata": {"site": "B"}},
}


class Other(NamedTuple):
    """A change of a facet by others, to another value than is declared."""

    facet: Facet
    another: dict[str, Any]


OTHERS = {
    "item": Other("items", {"item": "there"}),
    "labels": Other("labels", {"labels": [box("bus"), box("car", 0.6)]}),
    "priority": Other("settings", {"priority": 0.25}),
    "metadata": Other("settings", {"metadata": {"site": "C"}}),
}
ROWS = ("only theirs", "the same", "a conflict", "a key beside")


class Cell(NamedTuple):
    """One case: what others change, after how many requests, and what is declared meanwhile."""

    kind: str
    row: str
    what: str
    after: int

    @property
    def is_sampled(self) -> bool:
        """Tells whether it is run each time: every row, facet and gap comes up."""
        place = list(OTHERS).index(self.what) + ROWS.index(self.row)
        if self.kind == "local":
            return place % 2 == 0
        return (self.after + place) % 4 == (0 if self.kind == "served" else 2)

    def here(self) -> dict[str, Any]:
        """What is declared anew: of all facets but, in the first row, the one of the others."""
        facet = OTHERS[self.what].facet
        skipped = facet if self.row == "only theirs" else None
        return {
            key: value for one, own in HERE.items() if one != skipped for key, value in own.items()
        }

    def there(self) -> dict[str, Any]:
        """What others change."""
        if self.row == "a key beside":
            return {"metadata": {"site": "A", "note": "seen"}}
        other = OTHERS[self.what]
        return HERE[other.facet] if self.row == "the same" else other.another


def cells() -> Iterator[Cell]:
    for kind in ("local", "served", "rewriting"):
        for row in ROWS:
            for what in OTHERS:
                for after in range(1 if kind == "local" else len(MUTATIONS)):
                    # A key beside is a change of metadata, and nothing else.
                    if row != "a key beside" or what == "metadata":
                        yield Cell(kind, row, what, after)


CELLS = [one for one in cells() if EVERY or one.is_sampled]


class Desk:
    """A team whose datapoint is put back between the cases, so that a service is begun once."""

    def __init__(self, people: Team) -> None:
        self.people = people

    def put_back(self) -> None:
        mine, yours = self.people.mine, self.people.yours
        self.people.write(mine, yours)
        self.people.delete()
        assert mine.run("refresh").code == ExitCode.DONE
        assert mine.apply().last_line.startswith("Apply complete: 1 created, 0 updated")
        assert yours.run("refresh").code == ExitCode.DONE

    def apply_with(self, after: int, others: Callable[[], None]) -> int:
        """Applies mine, with others coming after some of its requests, or right before it."""
        calls: list[str] = []

        def come() -> None:
            if len(calls) == after and "others" not in calls:
                calls.append("others")
                others()

        def ask(client: Client, operation: Operation, **variables: Any) -> Any:
            answer = original_ask(client, operation, **variables)
            if operation.name in MUTATIONS:
                calls.append(operation.name)
                come()
            return answer

        def update(project: LocalProject, *given: Any) -> None:
            come()
            original_update(project, *given)

        original_ask, original_update = Client.ask, LocalProject.update
        mine = self.people.mine
        assert mine.run("plan", "-o", "plan.json").code == ExitCode.DONE
        is_served = isinstance(self.people, ServedTeam)
        if is_served:
            come()
        with (
            mock.patch.object(Client, "ask", ask),
            mock.patch.object(LocalProject, "update", original_update if is_served else update),
        ):
            code = mine.run("apply", "plan.json").code
        assert "others" in calls
        return code


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Desk]]:
    with (
        team("local", tmp_path_factory.mktemp("local")) as local,
        team("served", tmp_path_factory.mktemp("served")) as served,
        team("rewriting", tmp_path_factory.mktemp("rewriting")) as rewriting,
    ):
        made = {"local": local, "served": served, "rewriting": rewriting}
        yield {kind: Desk(one) for kind, one in made.items()}


@pytest.mark.parametrize("cell", CELLS, ids=lambda one: "-".join(map(str, one)))
def test_what_others_change_in_the_middle_is_there_afterwards(
    desks: Mapping[str, Desk], cell: Cell
) -> None:
    desk = desks[cell.kind]
    people, there, facet = desk.people, cell.there(), OTHERS[cell.what].facet
    desk.put_back()
    people.write(people.mine, **cell.here())
    code = desk.apply_with(cell.after, lambda: people.others(facet, **there))
    if cell.row == "a conflict":
        assert code in (ExitCode.DONE, ExitCode.SOME_FAILED)
    else:
        assert code == ExitCode.DONE
        assert has(people.present(), cell.here() if cell.row != "only theirs" else there)
    expected = {"metadata": {"note": "seen"}} if cell.row == "a key beside" else there
    assert has(people.present(), expected)
    for clone in (people.mine, people.yours, people.mine):
        clone.apply()
        assert has(people.present(), expected)
    assert people.mine.apply("--theirs", "a").code == ExitCode.DONE
    assert people.mine.plan()["actions"] == []
    assert has(people.present(), expected)
