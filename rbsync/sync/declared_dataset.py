"""The dataset that a workspace's manifest declares, for the project that it is meant for."""

from __future__ import annotations

from rbsync.backends.base import Project
from rbsync.dataset.build import build
from rbsync.dataset.notes import Notes
from rbsync.errors import Problem
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.model.datapoint import Dataset
from rbsync.sources.masked import MaskedSource
from rbsync.sync.workspace import Workspace


def expand(
    workspace: Workspace,
    project: Project | None = None,
    *,
    keep_going: bool = False,
    notes: Notes | None = None,
) -> Dataset:
    """The dataset that the manifest declares. Raises UserError with all problems.

    Where the manifest does not say what the project is, ``project`` does. ``notes`` take what is
    to be remembered of it.
    """
    declared = workspace.manifest.settings.project
    taxonomy = workspace.taxonomy
    # A manifest without a taxonomy is checked against that of the project, or the service would
    # refuse what the plan promised.
    if project is not None and not taxonomy.categories:
        taxonomy = read_taxonomy(list(project.categories))
    return build(
        workspace.manifest,
        workspace.inputs,
        project_type=declared.type or (project.type if project else ""),
        taxonomy=taxonomy,
        keep_going=keep_going,
        notes=notes,
    )


def unused_classes(workspace: Workspace) -> tuple[Problem, ...]:
    """Says which classes of class maps no mask has. Nothing where the manifest declares no masks.

    The sources are expanded for it once more, and masks are as they are remembered. To keep what
    each mask lacks with what a plan remembers would cost every plan of 100,000 masks, for what is
    told only to those who ask for more.
    """
    manifest = workspace.manifest
    has_masks = any(
        isinstance(one.source, MaskedSource) and one.source.mask for one in manifest.datapoints
    )
    return expand(workspace, keep_going=True).unused if has_masks or manifest.masks else ()
