"""The Python interface: what the command line does, as three functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from rbsync.manifest.load import load_manifest as load
from rbsync.manifest.manifest import Manifest
from rbsync.model.outcome import Outcome, Report
from rbsync.model.plan import OnConflict, OnMove, Plan
from rbsync.sync.applying import GIVE_UP_AFTER, ApplyOptions, apply_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.sync.workspace import open_workspace
from rbsync.trust import Given, read_trust


def load_manifest(
    path: str | os.PathLike[str] = "rbsync.yaml",
    *,
    env: Sequence[str] = (),
    roots: Sequence[str | os.PathLike[str]] = (),
    buckets: Sequence[str] = (),
    url: str = "",
    profile: str = "",
    policy: Mapping[str, object] | None = None,
    allow_private_urls: bool = False,
    untrusted: bool = False,
    executor: str = "",
) -> Manifest:
    """Reads a manifest. Raises UserError with all problems.

    A manifest may be a stranger's. Beside what the environment and the user's configuration
    allow, it may read the variables ``env``, name the folders ``roots`` as its roots and the
    service at ``url``, for which the key then is, have ``buckets`` listed with your credentials,
    and have items at addresses of an inner network with ``allow_private_urls``. ``policy`` goes
    before its own. ``executor`` is who reads its files and converts its masks, as the command line
    takes it. For one that is ``untrusted`` no key is read and no host is asked.
    """
    given = Given(
        env=tuple(env),
        roots=tuple(os.path.abspath(one) for one in roots),
        buckets=tuple(buckets),
        url=url,
        profile=profile,
        policy=tuple(f"{key}={value}" for key, value in (policy or {}).items()),
        allow_private_urls=allow_private_urls,
        untrusted=untrusted,
        executor=executor,
    )
    return load(os.fspath(path), trust=read_trust(given=given))


def plan(
    manifest: Manifest | str | os.PathLike[str] = "rbsync.yaml",
    *,
    target: str | None = None,
    prune: bool | None = None,
    keep_going: bool = False,
    ours: Sequence[str] = (),
    theirs: Sequence[str] = (),
    redo: Sequence[str] = (),
    on_conflict: OnConflict | None = None,
    on_move: OnMove | None = None,
    offline: bool = False,
) -> Plan:
    """Returns what the project lacks; changes nothing.

    ``target`` is a glob of names, ``prune`` overrides the manifest's policy, and ``keep_going``
    blocks the datapoints that have problems instead of raising. What others changed at the project
    since is blocked as a conflict; it is overwritten where its name is one of ``ours``, and stays
    where it is one of ``theirs``, which are names and globs; ``on_conflict`` says so for the rest.
    What was taken back is held until its name is one of ``redo``.
    ``on_move`` is what becomes of tasks whose datapoints have other names now.
    ``offline`` does not look at what the project has now. Raises UserError with all problems of
    the manifest and its files, and StoreError for a state that cannot be used.
    """
    found = manifest if isinstance(manifest, Manifest) else load_manifest(manifest)
    options = PlanOptions(
        target=target,
        prune=prune,
        keep_going=keep_going,
        ours=tuple(ours),
        theirs=tuple(theirs),
        redo=tuple(redo),
        on_conflict=on_conflict,
        on_move=on_move,
        offline=offline,
    )
    # A plan in a notebook that waits ten minutes for a service, without a word, looks hung: some
    # attempts are made, and the error says the rest.
    with open_workspace(found) as workspace:
        return make_plan(workspace, options)


def apply(
    plan: Plan,
    manifest: Manifest | str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    max_failures: int | None = None,
    force: bool = False,
    lock_timeout: float = 600.0,
    give_up_after: float = GIVE_UP_AFTER,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """Makes the project what a plan says; ``report.failures`` has what failed.

    ``manifest`` is needed for a plan that was read from a file, and else the plan's own.
    ``give_up_after`` is for how many seconds a service that does not answer is waited for.
    Raises StaleError when state or manifest changed since the plan was made, RefusedError when
    the guard stops it (unless ``force``), LockedError and StoreError.
    """
    # A plan knows its manifest's path and not its content, which may have changed since: it is
    # read again, and apply compares.
    given = plan.source if manifest is None else manifest
    found = given if isinstance(given, Manifest) else load_manifest(given)
    with open_workspace(found, give_up_after=give_up_after) as workspace:
        return apply_plan(
            workspace,
            plan,
            ApplyOptions(
                # A plan of this process was perhaps looked at; one of a file was saved as it is.
                renewal="unsettled" if plan.source else "nothing",
                force=force,
                jobs=jobs,
                max_failures=max_failures,
                lock_timeout=lock_timeout,
                give_up_after=give_up_after,
                stop=workspace.stop,
                done=on_outcome,
            ),
        )
