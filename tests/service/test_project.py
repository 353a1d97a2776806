"""What the service says of the project: its pipeline, taxonomy, storages and people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from graphql import build_schema

from rbsync.labels.taxonomy import Attribute, Category, Taxonomy
from rbsync.service.executable_schema import schema_text
from tests.service.serving import ORG, PROJECT, PUBLIC, REDBRICK, Client, serving, taxonomy

ROOT = Path(__file__).parents[2]
OTHER = "aaaaaaaa-0000-4000-8000-00000000000f"


def test_the_schema_that_is_shown_is_the_schema_that_is_served() -> None:
    shown = (ROOT / "schemas" / "redbrick.graphql").read_text("utf-8")
    assert shown == schema_text()
    assert build_schema(shown).query_type


def test_one_request_opens_the_project(client: Client) -> None:
    found = client.ask("project")
    assert found["orgId"] == ORG
    assert found["projectId"] == PROJECT
    assert found["name"] == "project"
    assert found["status"] == "CREATION_SUCCESS"
    assert found["tdType"] == "DICOM_SEGMENTATION"
    assert found["consensusSettings"] == {"enabled": False}
    assert found["workspace"] is None
    assert datetime.fromisoformat(found["createdAt"]) <= datetime.fromisoformat(found["updatedAt"])


def test_the_pipeline_leads_from_input_to_ground_truth(client: Client) -> None:
    stages = client.ask("project")["stages"]
    assert [(one["stageName"], one["brickName"], one["routing"]) for one in stages] == [
        ("Input", "labelset-input", {"nextStageName": "Label"}),
        ("Label", "manual-labeling", {"nextStageName": "Output"}),
        ("Output", "labelset-output", {"nextStageName": "END"}),
    ]
    assert client.ask("stages") == stages


def test_another_project_does_not_exist(client: Client) -> None:
    assert client.ask("project", projectId=OTHER) is None
    assert "no such project" in client.error("stages", projectId=OTHER)
    assert "no such organization" in client.error("getLabelStorage", orgId=OTHER)


def test_ids_are_compared_as_uuids(client: Client) -> None:
    assert client.ask("project", orgId=ORG.upper())["orgId"] == ORG


def test_the_type_is_that_of_the_project(folder: Path) -> None:
    with serving(folder, type="IMAGE_SEGMENTATION") as client:
        assert client.ask("project")["tdType"] == "IMAGE_SEGMENTATION"


def test_a_plain_taxonomy_has_the_old_form(folder: Path) -> None:
    with serving(folder, taxonomy=taxonomy("car", "bus")) as client:
        found = client.ask("project")["taxonomy"]
    assert found["isNew"] is False
    assert found["objectTypes"] == []
    (root,) = found["categories"]
    assert root["name"] == "object"
    assert [(one["name"], one["classId"]) for one in root["children"]] == [("car", 0), ("bus", 1)]


def test_a_taxonomy_with_label_types_has_the_new_form(folder: Path) -> None:
    organ = Category("liver", 3, attributes=(Attribute("seen", "select", ("yes", "no")),))
    given = Taxonomy(
        "tax-a", 1, (Category("organs", 0, (organ._replace(label_type="SEGMENTATION"),)),)
    )
    with serving(folder, taxonomy=given) as client:
        found = client.ask("project")["taxonomy"]
    assert found["isNew"] is True
    assert found["categories"] == []
    (one,) = found["objectTypes"]
    assert (one["category"], one["classId"], one["labelType"]) == ("liver", 3, "SEGMENTATION")
    assert one["parents"] == ["organs"]
    (attribute,) = one["attributes"]
    assert attribute["attrType"] == "SELECT"
    assert [option["name"] for option in attribute["options"]] == ["yes", "no"]


def test_the_taxonomy_is_found_by_name_and_by_id(folder: Path) -> None:
    with serving(folder, taxonomy=taxonomy("car")) as client:
        name = client.ask("project")["taxonomy"]["name"]
        found = client.ask("taxonomy", name=name)
        assert found == client.ask("taxonomy", taxId=found["taxId"])
        assert client.ask("taxonomy", name="another") is None
        assert [one["name"] for one in client.ask("taxonomies", first=10, skip=0)] == [name]
        assert client.ask("taxonomies", first=10, skip=10) == []


def test_there_are_the_two_storages_that_everybody_has(client: Client) -> None:
    assert [_storage(one) for one in client.ask("storageMethods")] == [
        (PUBLIC, "PUBLIC", False),
        (REDBRICK, "REDBRICK", False),
    ]


def test_a_bucket_that_the_service_was_told_of_is_a_storage(folder: Path) -> None:
    with serving(folder, storages=(OTHER,)) as client:
        bucket = client.ask("storageMethods")[-1]
        assert _storage(bucket) == (OTHER, "AWS_S3", False)
        assert bucket["details"]["access"]
        assert bucket["details"]["roleArn"] is None
        client.create("scan", items=["scans/1.dcm"], storageId=OTHER)
        datapoint = client.task("scan")["datapoint"]
    assert datapoint["items"] == ["scans/1.dcm"]
    assert datapoint["itemsPresigned"] == [None]
    assert datapoint["storageMethod"] == {"storageId": OTHER}


def test_labels_are_stored_with_the_project(client: Client) -> None:
    assert client.ask("getLabelStorage") == {"storageId": REDBRICK, "path": f"{ORG}/{PROJECT}"}


def test_there_is_one_person(client: Client) -> None:
    (member,) = client.ask("members", onlyActive=False)
    assert member["user"] == client.ask("me")
    assert member["active"] is True


def _storage(one: dict[str, Any]) -> tuple[str, str, bool]:
    return one["storageId"], one["provider"], one["deleted"]
