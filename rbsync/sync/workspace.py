"""The workspace of every use case: a manifest, its files, its state and its project."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

from rbsync.applier.breaker import Breaker, Outage
from rbsync.applier.cancellation import Cancellation
from rbsync.applier.recovery_file import RecoveryFile
from rbsync.applier.retrying import Retrier
from rbsync.backends.base import Backend, Reading
from rbsync.backends.surroundings import Surroundings
from rbsync.dataset.build_inputs import BuildInputs, Watcher
from rbsync.dataset.declared_taxonomy import declared_taxonomy
from rbsync.errors import Problem, StoreError, UserError
from rbsync.files.cache import Cache
from rbsync.files.known_listings import NO_LISTINGS, KnownListings
from rbsync.files.readiness import ALWAYS, Readiness
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.labels.taxonomy import Taxonomy
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.order import shortened
from rbsync.stores import Waiting, open_store
from rbsync.stores.base import Store
from rbsync.stores.history import FOLDER as HISTORY
from rbsync.stores.history import open_history
from rbsync.stores.history.base import History
from rbsync.stores.history.memory import MemoryHistory
from rbsync.stores.history.sqlite import SqliteHistory
from rbsync.sync.bucket_listing import bucket_listings, bucket_objects
from rbsync.sync.first_look import FirstLook
from rbsync.sync.recovery import Settling
from rbsync.sync.unasked import UnaskedBackend
from rbsync.trust.places import check_own_folder

# Each is loaded by those who need it: a plan that finds nothing to do needs none of them.
if TYPE_CHECKING:
    from concurrent.futures import Executor

    from rbsync.applier.content import Content, LocalContent
    from rbsync.executors.assured import Helpers


def open_backend(
    manifest: Manifest, taxonomy: Taxonomy, reading: Reading, home: str = ""
) -> Backend:
    """The backend; nothing is made or asked yet. A service is asked questions with ``reading``.

    ``home`` is the folder that the project is in, where it is not the manifest's.

    Raises UserError, with all problems of the manifest, for one that cannot or may not be used.
    """
    if manifest.is_barred:
        raise UserError(shortened(manifest.problems))
    if manifest.trust.untrusted:
        return cast("Backend", UnaskedBackend())
    return manifest.settings.backend.open(surroundings(manifest, taxonomy, reading, home))


def surroundings(
    manifest: Manifest, taxonomy: Taxonomy, reading: Reading, home: str = ""
) -> Surroundings:
    """The surroundings that the backend of a manifest is opened in."""
    settings = manifest.settings
    return Surroundings(
        root=home or manifest.root,
        type=settings.project.type,
        taxonomy=taxonomy,
        stamp=settings.policy.stamp,
        algorithm=settings.hash,
        trust=manifest.trust,
        reading=reading,
        name=settings.project.name,
    )


FOLDER = ".rbsync"
# Beside what plans remember, by another hash: what was read once for a lock is not read again.
SUMS = "sums.db"
STATE_VARIABLE = "RBSYNC_STATE_URL"
LEFT = "the command is over"
"""A thread of the backend may be waiting to ask again, and nobody wants to know any more."""
NO_HISTORY = "none"
"""In place of a folder: the user wants none."""

_LANDMARKS = 8
"""Entries of a root that a worker is asked for: a folder of the same name may be another disk."""

READERS = min(4, os.cpu_count() or 1)


class Unwatched:
    """Sees nothing."""

    def begin(self, files: int, size: int) -> None:
        """Satisfies ``Watcher``."""

    def advance(self, files: int, size: int) -> None:
        """Satisfies ``Watcher``."""

    def end(self) -> None:
        """Satisfies ``Watcher``."""


@dataclass(frozen=True)
class Workspace:
    """Open until the `open_workspace` that made it ends.

    ``retrier`` is the one of all requests, and ``stop`` ends its pauses. ``history_at`` is where
    the user wants the history to be: a folder, `NO_HISTORY`, or empty for beside the state.
    ``note`` tells the user something, each thing once. ``is_new`` says that there was no state
    when it was opened. ``revision`` is the commit that the manifest was taken from, empty for the
    files as they are.
    """

    manifest: Manifest
    inputs: BuildInputs
    store: Store
    backend: Backend
    recovery_file: RecoveryFile
    roots: Roots
    taxonomy: Taxonomy
    settling: Settling
    first_look: FirstLook
    retrier: Retrier
    stop: Cancellation
    history: History
    note: Callable[[str], None] = lambda _: None
    history_at: str = ""
    is_new: bool = False
    revision: str = ""

    @property
    def content(self) -> Content:
        local = self._local_content()
        if self.inputs.helpers is None:
            return local
        from rbsync.applier.handed_out_masks import ConvertedElsewhere

        return ConvertedElsewhere(local, self.inputs.helpers)

    def _local_content(self) -> LocalContent:
        from rbsync.applier.content import LocalContent

        return LocalContent(
            self.roots,
            self.manifest.settings.hash,
            self.backend.capabilities.masks,
            self.history.content,
        )


@contextmanager
def open_workspace(
    manifest: Manifest,
    *,
    watcher: Watcher | None = None,
    rehash: bool = False,
    state: str = "",
    history: str = "",
    home: str = "",
    revision: str = "",
    note: Callable[[str], None] = lambda _: None,
    stop: Cancellation | None = None,
    readiness: Readiness = ALWAYS,
    known: KnownListings = NO_LISTINGS,
    sums: bool = False,
    give_up_after: float = 0.0,
    outage: Callable[[Outage], None] = lambda _: None,
) -> Iterator[Workspace]:
    """Opens what a manifest speaks of. Makes nothing but a folder for what is remembered.

    ``state`` is the URL of the state, by default that of `STATE_VARIABLE`. ``home`` is the folder
    of state and project, where the manifest is that of a ``revision``. ``note`` is told what is
    waited for; ``stop`` ends all waiting. ``readiness`` says which files are finished, and
    ``known`` keeps the listings of folders that did not change since. With ``sums`` files are known
    by their SHA-256. ``give_up_after`` is for how many seconds a service that does not answer is
    waited for (``outage`` is told), and at most for a minute a state's server; 0 for some attempts
    only.
    """
    manifest = _by_sums(manifest) if sums else manifest
    retrier = _retrier(stop := stop or Cancellation(), give_up_after, outage)
    with contextlib.ExitStack() as stack:
        folder = _own_folder(manifest, home := home or manifest.root, stack)
        remembered = os.path.join(folder, SUMS if sums else "cache.db")
        note = _once(note)
        roots = _roots(manifest, readiness, folder)
        tree_of = partial(Tree, roots, rehash=rehash, known=known)
        helpers = _helpers(manifest, roots, folder, note, stack)
        inputs = _inputs(manifest, tree_of, remembered, watcher, helpers, stack)
        taxonomy = _taxonomy(manifest, inputs)
        backend = _closing(stack, _backend(manifest, taxonomy, retrier, home))
        stack.callback(stop.request, LEFT)
        waiting = Waiting(give_up_after, stop.pause, note)
        store = _closing(stack, _store(manifest, state, home, waiting))
        yield Workspace(
            manifest,
            inputs,
            store,
            backend,
            RecoveryFile(os.path.join(folder, "errored.jsonl")),
            roots,
            taxonomy,
            Settling(backend, note),
            FirstLook(backend, note),
            retrier,
            stop,
            _closing(stack, _history(store, folder, history)),
            note,
            history,
            _is_new(store),
            revision,
        )


Closed = TypeVar("Closed", Backend, Store, History)


def _closing(stack: contextlib.ExitStack, opened: Closed) -> Closed:
    stack.callback(opened.close)
    return opened


def _backend(manifest: Manifest, taxonomy: Taxonomy, retrier: Retrier, home: str) -> Backend:
    backend = open_backend(manifest, taxonomy, retrier.read, home)
    retrier.plain_questions = (backend.describe, backend.storages)
    return backend


def _retrier(stop: Cancellation, give_up_after: float, outage: Callable[[Outage], None]) -> Retrier:
    patient = Breaker(stop.pause, give_up_after=give_up_after, tell=outage)
    return Retrier(stop.pause, questions=patient if give_up_after else None)


def _taxonomy(manifest: Manifest, inputs: BuildInputs) -> Taxonomy:
    """The declared taxonomy.

    Raises UserError for a manifest that names no project to be used, or no taxonomy, with all that
    is wrong with it: who mistyped the backend hears of the files in the same run. Nothing is opened
    or asked.
    """
    taxonomy, problems = Taxonomy(), tuple[Problem, ...]()
    try:
        taxonomy = declared_taxonomy(manifest, inputs.tree)
    except UserError as error:
        problems = error.problems
    if manifest.is_barred or problems:
        from rbsync.dataset.build import build

        every = replace(manifest, problems=(*problems, *manifest.problems))
        kind = manifest.settings.project.type or ""
        try:
            build(every, inputs, project_type=kind, taxonomy=taxonomy)
        except UserError as error:
            # Not with what it says of the others: without a project none of them can be done.
            raise UserError(error.problems) from None
    return taxonomy


def _once(note: Callable[[str], None]) -> Callable[[str], None]:
    """Passes on each text the first time."""
    said: set[str] = set()

    def told(text: str) -> None:
        if text not in said:
            said.add(text)
            note(text)

    return told


def _roots(manifest: Manifest, readiness: Readiness, folder: str) -> Roots:
    objects = bucket_objects(manifest, folder)
    return Roots(manifest.root, manifest.settings.roots, readiness, objects)


def _by_sums(manifest: Manifest) -> Manifest:
    """A manifest whose files are known by their SHA-256."""
    settings = manifest.settings._replace(hash="sha256")
    return replace(manifest, settings=settings)


def _inputs(
    manifest: Manifest,
    tree_of: Callable[..., Tree],
    remembered: str,
    watcher: Watcher | None,
    helpers: Callable[[], Helpers] | None,
    stack: contextlib.ExitStack,
) -> BuildInputs:
    """The files of a manifest, read by threads; ``remembered`` is the file of what is known."""
    algorithm = manifest.settings.hash
    cache = Cache(remembered, algorithm)
    stack.callback(cache.close)
    # Of its own, so that threads end where they would have if they had begun here.
    threads = stack.enter_context(contextlib.ExitStack())
    tree = tree_of(cache, algorithm, buckets=bucket_listings(manifest))
    stack.callback(tree.close)
    watched = watcher or Unwatched()
    return BuildInputs(tree, cache, partial(_readers, threads), watched, helpers)


def _readers(stack: contextlib.ExitStack) -> Executor:
    from concurrent.futures import ThreadPoolExecutor

    # Threads and not processes: hashing and decoding release the interpreter, and starting
    # processes takes longer than most plans.
    return stack.enter_context(ThreadPoolExecutor(READERS, "rbsync-read"))


# As with the state, a manifest never chooses it: whoever is sent tasks is sent what files are
# called, and answers what they say.
def _helpers(
    manifest: Manifest,
    roots: Roots,
    folder: str,
    note: Callable[[str], None],
    stack: contextlib.ExitStack,
) -> Callable[[], Helpers] | None:
    """Opens those who read files elsewhere. Raises UsageError for an unknown executor."""
    if not manifest.trust.executor:
        return None
    from rbsync.executors.choice import helpers_of

    return helpers_of(
        manifest.trust.executor,
        lambda: _landmarks(roots),
        os.path.join(folder, "executor"),
        note,
        stack,
    )


def _landmarks(roots: Roots) -> list[str]:
    """Some paths that whoever reads the files has to see, a few of each root."""
    found = [*roots.folders]
    for root in roots.folders:
        # A root that cannot be listed is told of when its files are.
        with contextlib.suppress(OSError), os.scandir(root) as entries:
            found += sorted(one.path for one in islice(entries, _LANDMARKS))
    return found


def _own_folder(manifest: Manifest, home: str, stack: contextlib.ExitStack) -> str:
    """The folder for what is remembered; one that is thrown away for an untrusted manifest."""
    if manifest.trust.untrusted:
        from tempfile import TemporaryDirectory

        return stack.enter_context(TemporaryDirectory(prefix="rbsync-"))
    check_own_folder(home, FOLDER)
    folder = os.path.join(home, FOLDER)
    _make_folder(folder)
    return folder


# A manifest never chooses it: whoever writes one must not be able to send a password somewhere.
def _store(manifest: Manifest, given: str, home: str, waiting: Waiting) -> Store:
    """A state that a pull request may have brought along says nothing of the project."""
    if manifest.trust.untrusted:
        return open_store("memory:untrusted", home)
    url = given or os.environ.get(STATE_VARIABLE, "") or manifest.trust.state
    # One in memory is nobody's but this process's.
    is_shared = bool(url) and not url.startswith("memory:")
    if not is_shared and manifest.settings.state == "required":
        from rbsync.sync.unnamed_state import UnnamedState

        return cast("Store", UnnamedState(manifest.locate(("state",))))
    return open_store(url, home, waiting)


def _is_new(store: Store) -> bool:
    """Tells whether there is no state; one that cannot be read is there."""
    try:
        return store.header() is None
    except (StoreError, UserError):
        return False


def _history(store: Store, folder: str, history: str) -> History:
    if history == NO_HISTORY:
        return MemoryHistory()
    if history:
        return SqliteHistory(os.path.abspath(history))
    return open_history(store, os.path.join(folder, HISTORY))


def _make_folder(folder: str) -> None:
    """A folder that git ignores; where it cannot be made, nothing is remembered."""
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".gitignore"), "x") as file:
            file.write("*\n")
