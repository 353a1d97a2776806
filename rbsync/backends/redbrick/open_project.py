"""The project once it is open: what it is, and the rules that follow from that."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.backends.base import Draft, NewProject, Project
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.operations.new_projects import (
    Named,
    create_project,
    create_taxonomy,
    project_of,
)
from rbsync.backends.redbrick.api.operations.project import (
    ProjectFacts,
    Stages,
    Storage,
    open_project,
    storages,
)
from rbsync.backends.redbrick.api.operations.project_changes import extend_taxonomy, members
from rbsync.backends.redbrick.http.network_errors import problem
from rbsync.backends.rules import Flaw, Rules
from rbsync.errors import UserError
from rbsync.labels.category import ROOT
from rbsync.labels.project_types import PROJECT_TYPES, project_type
from rbsync.labels.taxonomy import Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.model.fingerprint import FACETS, Facet
from rbsync.model.storages import BUILT_IN_IDS

READY = "CREATION_SUCCESS"
_CREATING = "CREATING"
MISSING_HINT = (
    "check `org_id` and `project_id` by the address of the project's page, "
    "/ORG_ID/projects/PROJECT_ID, and that the key may see the project"
)


NAMED_HINT = (
    "`rbsync apply --project` makes it; or check `org_id` and the name, or give its `project_id` "
    "below `backend`"
)


class Name:
    """Finds the project of a name, for clients that are not told its id."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = Named()

    def find(self, client: Client) -> str:
        """The project's id. Raises BackendError when there is none, or nobody knows which."""
        if not self.look(client):
            message = f'{client.address.host} has no project called "{self.name}"'
            raise problem(message, kind="invalid", hint=NAMED_HINT)
        return self.found.project_id

    def look(self, client: Client) -> bool:
        """Tells whether there is one now."""
        self.found = project_of(client, self.name)
        return bool(self.found.project_id)


class OpenProject:
    """Asks the service what the project is, once, and again when told to."""

    def __init__(self, client: Client, name: Name | None = None) -> None:
        """``name`` is that of a project whose id the client is not told."""
        self._client = client
        self._name = name
        self._facts: ProjectFacts | None = None
        self._rules: Rules | None = None
        self._lock = threading.Lock()

    def look(self) -> Project | None:
        """Returns what the project is now; None when there is none. Raises BackendError."""
        if self._name and not self._name.found.project_id and not self._name.look(self._client):
            return None
        facts = open_project(self._client)
        if facts is None:
            return None
        _check_status(facts)
        rules = _rules(facts)
        with self._lock:
            self._facts, self._rules = facts, rules
        categories = tuple(one.name for one in rules.taxonomy.walk())
        known = _known_type(facts)
        unknown = "" if known else facts.type
        others = self._name.found.others if self._name else 0
        return Project(self.identity, facts.name, known, categories, unknown, facts.working, others)

    @property
    def identity(self) -> str:
        """Returns what a state is bound to."""
        client = self._client
        return f"redbrick:{client.address.host}/{client.org_id}/{client.project_id}"

    def require(self) -> Project:
        """As `look`, but raises BackendError when there is no project."""
        found = self.look()
        if found is None:
            # By name, that is said with it.
            _ = self._client.project_id
            message = f"{self._client.address.host} has no project {self._client.project_id}"
            raise problem(message, kind="invalid", hint=MISSING_HINT)
        return found

    def flaw(self, draft: Draft, facets: Sequence[Facet] = FACETS) -> Flaw | None:
        """Returns why the project would not accept facets of a datapoint; None when it would."""
        return self._known()[1].flaw(draft, facets)

    @property
    def stages(self) -> Stages:
        """Returns where tasks begin and end."""
        return self._known()[0].stages

    def members(self) -> dict[str, str]:
        """The roles of people in the project, by their e-mail."""
        return members(self._client)

    def extend(self, taxonomy: Taxonomy) -> list[str]:
        """Adds the categories that the project lacks; what is known of it is as it is then."""
        facts, rules = self._known()
        is_empty = not rules.taxonomy.categories
        names = extend_taxonomy(self._client, facts, taxonomy, is_empty=is_empty)
        if names:
            self.require()
        return names

    def make(self, new: NewProject) -> str:
        """Makes a project, and its taxonomy where there is none of that name; returns its id."""
        name = new.taxonomy.name or new.name
        version = create_taxonomy(self._client, name, new.taxonomy, new.type)
        return create_project(self._client, new.name, new.type, new.stages, (name, version))

    def storages(self) -> list[Storage]:
        """The storages of the organization beside those that every one has."""
        return [one for one in storages(self._client) if one.storage_id not in BUILT_IN_IDS]

    def _known(self) -> tuple[ProjectFacts, Rules]:
        if self._facts is None or self._rules is None:
            self.require()
        assert self._facts is not None  # noqa: S101  (require has set both)
        assert self._rules is not None  # noqa: S101  (as above)
        return self._facts, self._rules


def _check_status(facts: ProjectFacts) -> None:
    if facts.status == _CREATING:
        raise problem(f'the project "{facts.name}" is still being made', hint="try again soon")
    if facts.status != READY:
        message = f'the project "{facts.name}" cannot be used: its status is {facts.status}'
        raise problem(message, kind="invalid")


def _without_bare_root(taxonomy: Mapping[str, Any]) -> dict[str, Any]:
    """An old taxonomy that has nothing but its root has no categories."""
    categories = taxonomy["categories"] or []
    # What is no list is not read here: the reader of taxonomies says so.
    if isinstance(categories, list):
        categories = [one for one in categories if not _is_bare(one)]
    return {**taxonomy, "categories": categories}


def _is_bare(category: object) -> bool:
    if not isinstance(category, Mapping):
        return False
    return category.get("name") == ROOT and not category.get("children")


def _known_type(facts: ProjectFacts) -> str:
    return facts.type if facts.type in PROJECT_TYPES else ""


def _rules(facts: ProjectFacts) -> Rules:
    """Returns what can be checked here; a type or taxonomy of a later service restricts nothing."""
    try:
        taxonomy = read_taxonomy(_without_bare_root(facts.taxonomy))
    except UserError:
        taxonomy = Taxonomy()
    return Rules(project_type(_known_type(facts)), taxonomy)
