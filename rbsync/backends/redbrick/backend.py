"""The backend of the real service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from rbsync.backends.base import (
    Before,
    Body,
    Capabilities,
    Created,
    Draft,
    GapsError,
    IncompleteError,
    LabelText,
    NamedTask,
    NewProject,
    Project,
    Reading,
    Rejected,
    Release,
    StoredKey,
    Task,
    TaskContent,
    every_name,
    no_name,
    once,
    unasked,
)
from rbsync.backends.redbrick.api.address import read_address
from rbsync.backends.redbrick.api.client import SECONDS, Client
from rbsync.backends.redbrick.api.constants import AZURE, END
from rbsync.backends.redbrick.api.credentials import ApiKey
from rbsync.backends.redbrick.api.operations.project import Stages
from rbsync.backends.redbrick.api.operations.releases import create_release, list_releases
from rbsync.backends.redbrick.api.operations.tasks import FoundTask
from rbsync.backends.redbrick.changing import Changer
from rbsync.backends.redbrick.creating import Creator, taken, with_flags_of_today
from rbsync.backends.redbrick.finding import Finder
from rbsync.backends.redbrick.http.network_errors import DeniedError, problem
from rbsync.backends.redbrick.http.transport import Transport
from rbsync.backends.redbrick.open_project import Name, OpenProject
from rbsync.backends.redbrick.storage_keys import stored_key
from rbsync.backends.redbrick.uploading import Uploader
from rbsync.backends.rules import Flaw
from rbsync.errors import BackendError
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.fingerprint import Facet
from rbsync.model.outcome import Failure
from rbsync.model.storages import id_of, is_at_service
from rbsync.reasons import AMBIGUOUS, AUTH, PASSING

# The service gives up on a request of its own after 26 s: then it cannot land any more.
QUARANTINE_SECONDS = 30.0

# What was answered is done; a search may lag behind by as much.
STALENESS_SECONDS = 5.0

PAGE = 50
CONCURRENCY = 10
# With the latency of a real network, width is what decides. The service's own client has up to 50
# connections open.
JOBS = 24

_CAPABILITIES = Capabilities(
    at_hand=False,
    batch=1,
    quarantine=QUARANTINE_SECONDS,
    keeps_uploads=True,
    jobs=JOBS,
    masks="nifti",
    makes_project=False,
)
_STORAGE_HINT = "files are sent to `storage: redbrick`; others take URLs or keys"


class RedbrickBackend:
    """A project of the service at ``url``. Satisfies ``backends.base.Backend``.

    ``api_key`` may be a function that finds the key: it is called before the first request, not
    earlier. ``quarantine`` is how many seconds a request may still land after its answer was
    lost, ``stamp`` whether fingerprints are left in the metadata, ``batch`` how many creates one
    call takes, ``page`` how many tasks are listed at a time, ``seconds`` how long a request may
    take, ``reading`` how questions are asked. An empty ``project_id`` is that of the project called
    ``name``. Raises UserError for a URL that cannot be used; all else is found out later.
    """

    def __init__(
        self,
        url: str,
        org_id: str,
        project_id: str,
        api_key: ApiKey | str | Callable[[], ApiKey],
        *,
        quarantine: float = QUARANTINE_SECONDS,
        stamp: bool = True,
        batch: int = _CAPABILITIES.batch,
        page: int = PAGE,
        seconds: float = SECONDS,
        reading: Reading = once,
        name: str = "",
    ) -> None:
        # Tests set a short quarantine; what was answered cannot be in doubt for longer than what
        # was lost.
        staleness = min(quarantine, STALENESS_SECONDS)
        self.capabilities = replace(
            _CAPABILITIES, batch=batch, quarantine=quarantine, staleness=staleness, stamps=stamp
        )
        self._api_key = api_key
        self._transport = Transport()
        known = None if project_id else Name(name)
        self._client = client = Client(
            self._transport,
            read_address(url),
            org_id.lower(),
            project_id.lower(),
            self._key,
            seconds=seconds,
            reading=reading,
            find=known.find if known else None,
        )
        self.is_by_name = known is not None
        self._executor = ThreadPoolExecutor(CONCURRENCY, "rbsync-redbrick")
        self._opened = OpenProject(client, known)
        self._uploader = Uploader(client)
        self._finder = Finder(client, self._executor, page, CONCURRENCY, stamps=stamp)
        self._creator = Creator(client, self._uploader, self._finder, stamp)
        self._changer = Changer(client, self._uploader, self._finder, self._creator)

    def _key(self) -> ApiKey:
        if not isinstance(self._api_key, ApiKey):
            given = self._api_key
            self._api_key = ApiKey(given) if isinstance(given, str) else given()
        return self._api_key

    def project(self) -> Project:
        """Returns what the project is; raises BackendError when there is none."""
        return self._opened.require()

    def describe(self) -> Project | None:
        """Returns what the project is, None when there is none."""
        return self._opened.look()

    def members(self) -> dict[str, str]:
        """The roles of people in the project, by their e-mail."""
        return self._opened.members()

    def extend(self, taxonomy: Taxonomy) -> list[str]:
        """Adds the categories that the project lacks, takes none away, and returns their names."""
        return self._opened.extend(taxonomy)

    def make(self, new: NewProject) -> str:
        """Makes a project, once, and returns its id."""
        return self._opened.make(new)

    def storages(self) -> dict[str, str] | None:
        """The other storages of the organization; None when the service does not want to say."""
        try:
            return {one.storage_id.lower(): one.name for one in self._opened.storages()}
        except DeniedError:
            return None

    def buckets(self) -> dict[str, str]:
        """The buckets that storages lead to, by their ids, as far as the service says."""
        try:
            found = self._opened.storages()
        except DeniedError:
            return {}
        known = (one for one in found if one.bucket or one.provider == AZURE)
        return {one.storage_id.lower(): one.bucket for one in known}

    def stored_key(self, storage: str, key: str) -> StoredKey:
        """Satisfies ``KnowsBuckets``."""
        return stored_key(self._client, storage, key)

    def flaw(self, draft: Draft) -> Flaw | None:
        """Returns why the project, as it was when it was opened, would refuse a datapoint; None if
        not.
        """
        return self._opened.flaw(draft)

    def upload(self, body: Body, *, storage: str) -> str:
        """Stores a file in the service's own storage and returns its path there."""
        if not is_at_service(id_of(storage)):
            message = f"{body.name}: a file cannot be uploaded to the storage `{storage}`"
            raise problem(message, kind="invalid", hint=_STORAGE_HINT)
        return self._uploader.item(body)

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        """Creates datapoints, several at a time, and answers in their order.

        A failure to create the only one is raised, and so is one that keeps all from being sent.
        """
        if len(drafts) > self.capabilities.batch:
            message = f"{len(drafts)} datapoints at once; the limit is {self.capabilities.batch}"
            raise problem(message, kind="invalid")
        if len(drafts) == 1:
            answers = [self._create(drafts[0])]
        else:
            answers = list(self._executor.map(self._create, _once_each(drafts)))
        failures = [one for one in answers if isinstance(one, BackendError)]
        # A batch of which nothing was sent is one failure to be tried again as a whole. Where some
        # were sent, each tells its own.
        if failures and len(failures) == len(answers) and _same(failures):
            raise failures[0]
        return [
            _rejected(draft, answer) if isinstance(answer, BackendError) else answer
            for draft, answer in zip(drafts, answers, strict=True)
        ]

    def _create(self, draft: Draft | Rejected) -> Created | Rejected | BackendError:
        if isinstance(draft, Rejected):
            return draft
        flaw = self._opened.flaw(draft)
        if flaw:
            failure = Failure("invalid", "create", flaw.message, hint=flaw.hint)
            return Rejected(draft.name, failure)
        try:
            return self._creator.create(with_flags_of_today(draft))
        except BackendError as error:
            return error

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], before: Before = unasked
    ) -> None:
        """Changes facets of a datapoint, its stamp last; each request has a look of its own.

        The service has no condition on what it is told, so that others may still come between
        such a look and the one request after it.
        """
        flaw = self._opened.flaw(draft, changed)
        if flaw:
            raise problem(f"{draft.name}: {flaw.message}", kind="invalid", hint=flaw.hint)
        draft = with_flags_of_today(draft)
        self._changer.update(task_id, draft, changed, self._opened.stages, before)

    def delete(self, tasks: Sequence[NamedTask], before: Before = unasked) -> dict[str, str]:
        """Deletes tasks; returns those that it left alone, with the names that they have.

        The service deletes by id whatever the name is, so that each task is looked at before.
        """
        return self._changer.delete(tasks, self._opened.stages, before)

    def put_away(self, task_ids: Sequence[str]) -> None:
        """Archives tasks: nobody can save labels in one that is archived."""
        self._changer.put_away(task_ids)

    def take_out(self, task_ids: Sequence[str], finished: Collection[str]) -> None:
        """Takes tasks out of the archive, as far as they are there."""
        self._changer.take_out(task_ids, finished)

    def put_labels(self, task_id: str, labels: LabelText) -> None:
        """Gives a task other labels; its stamp stays as it is."""
        self._changer.put_labels(task_id, labels)

    def put_settings(
        self, task_id: str, priority: float | None, metadata: Mapping[str, str]
    ) -> None:
        """Gives a task another priority and other metadata; its stamp stays as it is."""
        self._changer.put_settings(task_id, priority, metadata)

    def find(
        self, names: Sequence[str], *, counted: Callable[[str], bool] = every_name
    ) -> dict[str, Task]:
        """The datapoints of exactly these names: searched for, or listed when they are many."""
        light = not any(map(counted, names))
        found = self._finder.by_name(names, light=light)
        stages = self._opened.stages if found else Stages()
        seen = {name: self._seen(one, stages) for name, one in found.items()}
        tasks = {name: one for name, one in seen.items() if isinstance(one, Task)}
        # What was found is passed on with the error: a search that failed for one of fifty names
        # must not leave the other forty-nine unsettled.
        if len(tasks) < len(seen):
            errors = {name: one for name, one in seen.items() if isinstance(one, BackendError)}
            raise IncompleteError(_worst(list(errors.values())), tasks, errors)
        return tasks

    def count(self) -> int:
        """Returns how many tasks there are. Raises BackendError."""
        return self._finder.count()

    def made(self, task_id: str) -> Task | None:
        """The task of an id that a create was answered with, None when there is none."""
        light = self.capabilities.stamps
        found = self._finder.made(task_id, light=light)
        return self._finder.task(found, self._opened.stages, counted=not light) if found else None

    def _seen(self, found: FoundTask | BackendError, stages: Stages) -> Task | BackendError:
        try:
            if isinstance(found, BackendError):
                return found
            return self._finder.task(found, stages, counted=not self.capabilities.stamps)
        except BackendError as error:
            return error

    def list(self, *, counted: Callable[[str], bool] = every_name) -> Iterator[Task]:
        """All datapoints, by name, once all of them are known.

        Labels that are in a file have to be fetched to be ``counted``.
        """
        stages, gaps = self._opened.stages, None
        found: list[Task] = []
        try:
            # One by one: what came before a gap is kept.
            for one in self._finder.every(light=counted is no_name):
                found.append(  # noqa: PERF401
                    self._finder.task(one, stages, counted=counted(one.name))
                )
        except GapsError as error:
            gaps = error
        # All first, then sorted: a listing that turns out to lack a part must not have been half
        # used.
        return _and_then(sorted(found, key=lambda one: one.name), gaps)

    def release(self, name: str, *, ground_truth_only: bool) -> Release:
        """Makes a release. Where the answer is lost, it may have been made."""
        return Release(*create_release(self._client, name, END if ground_truth_only else None))

    def releases(self) -> tuple[Release, ...]:
        """All releases of the project."""
        return tuple(Release(*one) for one in list_releases(self._client))

    def released(self, release_id: str) -> Iterator[TaskContent]:
        """The datapoints of a release, in the order of the service."""
        stages = self._opened.stages
        return (self._finder.content(one, stages) for one in self._finder.released(release_id))

    def read(self) -> Iterator[TaskContent]:
        """All datapoints with what is in them, in the order of the service."""
        stages = self._opened.stages
        return (self._finder.content(one, stages) for one in self._finder.every())

    def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
        """The tasks of these ids that exist, by id: one by one, or listed where that is less."""
        stages = self._opened.stages
        ids = list(dict.fromkeys(task_ids))
        if self._finder.is_listing_less(len(ids)):
            return self._listed(frozenset(ids), stages)
        ask = partial(self._finder.by_id, stages=stages)
        found = map(ask, ids) if len(ids) == 1 else self._executor.map(ask, ids)
        return {one.task.task_id: one for one in found if one is not None}

    def _listed(self, ids: frozenset[str], stages: Stages) -> dict[str, TaskContent]:
        """Those of the tasks that a listing has; one that it has as a sibling is asked for."""
        found: dict[str, TaskContent] = {}
        for one in self._finder.every():
            if one.task_id in ids:
                found[one.task_id] = self._finder.content(one, stages)
            for sibling in ids.intersection(one.siblings):
                content = self._finder.by_id(sibling, stages)
                found |= {sibling: content} if content else {}
        return found

    def close(self) -> None:
        """Closes the connections and ends the threads; nothing can be asked any more."""
        # Ctrl-C must not wait for requests that nobody wants the answers of.
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._transport.close()


def _and_then(tasks: Sequence[Task], error: GapsError | None) -> Iterator[Task]:
    yield from tasks
    if error is not None:
        raise error


def _worst(errors: Sequence[BackendError]) -> BackendError:
    """The one that says most: a key that is not accepted is so for every name."""
    return next((one for one in errors if one.kind == AUTH), errors[0])


def _once_each(drafts: Sequence[Draft]) -> Iterator[Draft | Rejected]:
    """The drafts, but a refusal for one whose name another one before it has."""
    seen: set[str] = set()
    for draft in drafts:
        yield taken(draft) if draft.name in seen else draft
        seen.add(draft.name)


def _same(failures: Sequence[BackendError]) -> bool:
    """Tells whether failures of a whole batch are one: a single one, or none of it was sent."""
    return len(failures) == 1 or not any(one.sent for one in failures)


def _rejected(draft: Draft, error: BackendError) -> Rejected:
    """One failure of a batch; what may have been done must be looked up."""
    doubtful = error.sent and error.kind in PASSING
    kind = AMBIGUOUS if doubtful else error.kind
    failure = Failure(kind, "create", str(error), status=error.status, hint=error.hint)
    return Rejected(draft.name, failure)
