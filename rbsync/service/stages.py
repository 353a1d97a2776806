"""The pipeline of the project: people label, and what they finish is ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rbsync.backends.local.task_rows import ARCHIVED, FIRST_STAGE, LAST_STAGE
from rbsync.service.refusal import RefusalError

OUTPUT = "Output"
_PLACES = {name.upper(): name for name in (FIRST_STAGE, LAST_STAGE, ARCHIVED)}
_PLACES[OUTPUT.upper()] = LAST_STAGE


def pipeline() -> list[dict[str, Any]]:
    """The stages as the service describes them, in their order."""
    return [
        _stage("Input", "labelset-input", FIRST_STAGE),
        _stage(FIRST_STAGE, "manual-labeling", OUTPUT, '{"isPrimaryStage":true}'),
        _stage(OUTPUT, "labelset-output", LAST_STAGE),
    ]


def first_of(stages: Sequence[Mapping[str, Any]]) -> str:
    """The name of the first stage in which people work."""
    bricks = ("labelset-input", "labelset-output")
    names = (str(one["stageName"]) for one in stages if one["brickName"] not in bricks)
    return next(names, FIRST_STAGE)


def _stage(name: str, brick: str, following: str, config: str = "{}") -> dict[str, Any]:
    routing = {"__typename": "NextRouting", "nextStageName": following}
    return {"stageName": name, "brickName": brick, "stageConfig": config, "routing": routing}


def place_of(name: str, first: str = FIRST_STAGE) -> str:
    """Returns where tasks of a stage are: those of the output are behind it.

    ``first`` is what the first stage is called. Raises RefusalError.
    """
    if name == first:
        return FIRST_STAGE
    if name.upper() not in _PLACES:
        raise RefusalError(f'there is no stage "{name}" in the project')
    return _PLACES[name.upper()]
