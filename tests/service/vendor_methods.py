"""Tries every public method and property of the vendor's SDK. Arguments: as of ``vendor_client``.

Stands alone, as that does. Writes to ``methods.json`` what came of each, and which ones the
installed package has.
"""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ["REDBRICK_DISABLE_VERSION_CHECK"] = "1"
os.environ["REDBRICK_SDK_LOG_LEVEL"] = "60"

import redbrick
from redbrick.common import entities
from redbrick.common.settings import HangingProtocol, LabelValidation, Webhook

PUBLIC = "11111111-1111-1111-1111-111111111111"
URL = "https://example.org/a.png"
START, END = dt.datetime(2026, 1, 1), dt.datetime(2026, 12, 31)
TYPES = [{"category": "liver", "classId": 0, "labelType": "SEGMENTATION"}]
BUCKET = redbrick.StorageMethod.AWSS3.Details(
    bucket="b", region="r", access_key_id="x", secret_access_key="y"
)

service, org_id, project_id, key = sys.argv[1:5]
org = redbrick.get_org(org_id, key, service)
project = redbrick.get_project(org_id, project_id, key, service)
upload, export, labeling = project.upload, project.export, project.labeling
team, force, settings, releases = org.team, project.workforce, project.settings, project.releases
storage = org.storage
results: dict[str, str] = {}


def tried(owner: str, **calls: Callable[[], Any]) -> None:
    """Does each, and keeps what was wrong with it, empty for nothing."""
    for name, call in calls.items():
        try:
            found = call()
            if inspect.iscoroutine(found):
                found.close()
            results[f"{owner}.{name}"] = ""
        except Exception as error:
            results[f"{owner}.{name}"] = f"{type(error).__name__}: {error}"


def read(owner: str, of: Any, *names: str) -> None:
    tried(owner, **{name: lambda name=name: getattr(of, name) for name in names})


def a_task(name: str) -> dict[str, Any]:
    return {"name": name, "series": [{"items": URL}]}


created: list[Any] = []
tasks = [a_task(name) for name in "abcde"]
tried(
    "Upload",
    create_datapoints=lambda: created.extend(upload.create_datapoints(PUBLIC, tasks)),
)
ids = {one["name"]: one["taskId"] for one in export.list_tasks(search=redbrick.TaskFilters.ALL)}
me = str(org.team.list_members()[0].user_id)
member = redbrick.ProjectMember(member_id=me, role=redbrick.ProjectMember.Role.ADMIN)
invitation = redbrick.OrgInvite(email="x@example.org", role=redbrick.OrgMember.Role.MEMBER)


def tax_id(name: str) -> str:
    return str(org.get_taxonomy(name=name)["taxId"])


def project_of(name: str) -> str:
    return str(org.get_project(name=name).project_id)


def newest() -> str:
    return str(storage.list_storages()[-1].storage_id)


# Projects that are archived have no names to be found by.
gone: list[str] = []


def put_away() -> Any:
    gone.append(project_of("p1"))
    return org.archive_project(gone[0])


read("RBOrganization", org, "name", "org_id")
tried(
    "RBOrganization",
    create_taxonomy=lambda: org.create_taxonomy("tx", object_types=TYPES),
    get_taxonomy=lambda: org.get_taxonomy(name="tx"),
    update_taxonomy=lambda: org.update_taxonomy(tax_id("tx"), object_types=TYPES),
    taxonomies=lambda: org.taxonomies(only_name=False),
    create_project=lambda: org.create_project("p1", "tx", reviews=1),
    create_project_advanced=lambda: org.create_project_advanced("p2", "tx", project.stages),
    get_project=lambda: org.get_project(name="p1"),
    projects=org.projects,
    projects_raw=org.projects_raw,
    archive_project=put_away,
    unarchive_project=lambda: org.unarchive_project(gone[0]),
    delete_project=lambda: org.delete_project(gone[0]),
    delete_projects=lambda: org.delete_projects([project_of("p2")]),
    delete_taxonomies=lambda: org.delete_taxonomies([tax_id("tx")]),
    labeling_time=lambda: org.labeling_time(START, END),
    create_workspace=lambda: org.create_workspace("w"),
    workspaces_raw=org.workspaces_raw,
    create_dataset=lambda: org.create_dataset("d"),
    get_dataset=lambda: org.get_dataset("d"),
    delete_dataset=lambda: org.delete_dataset("d"),
)
org.create_taxonomy("ty", object_types=TYPES)
tried("RBOrganization", delete_taxonomy=lambda: org.delete_taxonomy(name="ty"))
tried(
    "Storage",
    create_storage=lambda: storage.create_storage(
        redbrick.StorageMethod.AWSS3(storage_id="", name="n", details=BUCKET)
    ),
    list_storages=storage.list_storages,
    get_storage=lambda: storage.get_storage(newest()),
    update_storage=lambda: storage.update_storage(newest(), BUCKET),
    verify_storage=lambda: storage.verify_storage(newest(), "a.png"),
    delete_storage=lambda: storage.delete_storage(newest()),
)
tried(
    "Team",
    list_members=team.list_members,
    get_member=lambda: team.get_member(me),
    get_members_productivity=lambda: team.get_members_productivity(None, START, END),
    invite_user=lambda: team.invite_user(invitation),
    list_invites=team.list_invites,
    revoke_invitation=lambda: team.revoke_invitation(invitation),
    disable_members=lambda: team.disable_members([me]),
    enable_members=lambda: team.enable_members([me]),
)
read(
    "RBProject",
    project,
    *[
        "archived",
        "created_at",
        "label_storage",
        "name",
        "org_id",
        "project_id",
        "stages",
        "taxonomy",
        "taxonomy_name",
    ],
    *["updated_at", "url", "workspace_id"],
)
tried("RBProject", update_stage=lambda: project.update_stage(project.stages[0]))
tried(
    "Workforce",
    add_members=lambda: force.add_members([member]),
    list_members=force.list_members,
    get_member=lambda: force.get_member(me),
    update_members=lambda: force.update_members([member]),
    get_members_productivity=lambda: force.get_members_productivity(None, START, END),
    remove_members=lambda: force.remove_members([me]),
)
for name, value in {
    "hanging_protocol": HangingProtocol(enabled=True, script="x"),
    "label_validation": LabelValidation(enabled=True, enforce=False, script="x"),
    "task_duplication": 2,
    "webhook": Webhook(enabled=True, url="https://example.org/hook"),
}.items():
    tried("Settings", **{name: lambda name=name, value=value: setattr(settings, name, value)})
    if getattr(settings, name) != value:
        results[f"Settings.{name}"] = f"{value} was set, {getattr(settings, name)} came back"
tried(
    "Settings",
    toggle_reference_standard_task=lambda: settings.toggle_reference_standard_task(ids["a"], True),
)
tried(
    "Labeling",
    assign_tasks=lambda: labeling.assign_tasks([ids["a"]], email="offline@rbsync.invalid"),
    put_tasks=lambda: labeling.put_tasks("Label", [{"taskId": ids["a"], **a_task("a")}]),
    move_tasks_to_start=lambda: labeling.move_tasks_to_start([ids["a"]]),
)
tried(
    "Upload",
    create_comment=lambda: upload.create_comment(ids["a"], "what is this?"),
    delete_comment=lambda: upload.delete_comment(ids["a"], ids["a"]),
    generate_items_list=lambda: upload.generate_items_list([["a/1.dcm"]], "DICOM3D", False),
    import_from_dataset=lambda: upload.import_from_dataset("d"),
    import_tasks_from_workspace=lambda: upload.import_tasks_from_workspace(project_id, []),
    send_tasks_to_stage=lambda: upload.send_tasks_to_stage([ids["b"]], "END"),
    update_tasks_priority=lambda: upload.update_tasks_priority(
        [{"taskId": ids["a"], "priority": 0.5}]
    ),
    update_task_items=lambda: upload.update_task_items(
        PUBLIC, [{"taskId": ids["a"], **a_task("a")}], append=True
    ),
    update_tasks_labels=lambda: upload.update_tasks_labels([{"taskId": ids["a"], "series": [{}]}]),
)
made = releases.create_release
tried(
    "Releases",
    create_release=lambda: made("v1", only_ground_truth=False),
    get_release=lambda: releases.get_release("v1"),
    list_releases=releases.list_releases,
    export_release=lambda: list(releases.export_release("v1")),
)
tried(
    "Export",
    list_tasks=lambda: list(export.list_tasks()),
    export_tasks=lambda: list(export.export_tasks(destination="out")),
    export_task_labels=lambda: export.export_task_labels(ids["a"]),
    get_active_time=lambda: list(export.get_active_time(stage_name="Label")),
    get_task_events=lambda: list(export.get_task_events(only_ground_truth=False)),
    get_raw_data_latest=lambda: list(export.get_raw_data_latest(10)),
    preprocess_export=lambda: export.preprocess_export(project.taxonomy, False),
)
events = {one["taskId"]: one for one in export.get_task_events(only_ground_truth=False)}
if not events[ids["a"]]["events"]:
    results["Export.get_task_events"] = "there is no event of a task that was made"
tried(
    "Upload",
    archive_tasks=lambda: upload.archive_tasks([ids["c"]]),
    delete_tasks=lambda: upload.delete_tasks([ids["d"]]),
    delete_tasks_by_name=lambda: upload.delete_tasks_by_name(["e"]),
)
found = org.workspaces_raw()[0]["workspaceId"]
dp_id = next(one["response"]["dpId"] for one in created if one["name"] == "a")


def _made(answers: Any) -> None:
    for one in answers or ():
        if one.get("error"):
            raise RuntimeError(one["error"])


workspace = redbrick.get_workspace(org_id, found, key, service)
read("RBWorkspace", workspace, "name", "org_id", "workspace_id", "cohorts", "metadata_schema")
read("RBWorkspace", workspace, "classification_schema")
tried(
    "RBWorkspace",
    add_datapoints_to_cohort=lambda: workspace.add_datapoints_to_cohort("c", [project_id]),
    remove_datapoints_from_cohort=lambda: workspace.remove_datapoints_from_cohort(
        "c", [project_id]
    ),
    add_datapoints_to_projects=lambda: workspace.add_datapoints_to_projects(
        [project_id], [project_id]
    ),
    archive_datapoints=lambda: workspace.archive_datapoints([project_id]),
    unarchive_datapoints=lambda: workspace.unarchive_datapoints([project_id]),
    get_datapoints=lambda: list(workspace.get_datapoints()),
    import_from_dataset=lambda: workspace.import_from_dataset("d"),
    update_cohorts=lambda: workspace.update_cohorts([]),
    update_schema=lambda: workspace.update_schema([]),
    create_datapoints=lambda: _made(workspace.create_datapoints(PUBLIC, [a_task("w")])),
    update_datapoints_metadata=lambda: _made(
        workspace.update_datapoints_metadata(PUBLIC, [{"dpId": dp_id, "metaData": {"a": "b"}}])
    ),
    update_datapoint_attributes=lambda: workspace.update_datapoint_attributes(dp_id, {"a": 1}),
    delete_datapoints=lambda: workspace.delete_datapoints([dp_id]),
)
tried(
    "RBProject",
    set_label_storage=lambda: project.set_label_storage(project.label_storage[0], "labels/here"),
)

known = {
    f"{name}.{member}"
    for name, one in {**vars(entities), **vars(redbrick)}.items()
    if inspect.isclass(one) and inspect.isabstract(one) and one.__module__.startswith("redbrick")
    for member in dir(one)
    if not member.startswith("_")
}
with open("methods.json", "w", encoding="utf-8") as file:
    json.dump({"results": results, "known": sorted(known)}, file)
