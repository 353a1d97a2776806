"""Every document of the protocol is answered, by its name: one that is missing is seen."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema

from rbsync.service.answers.registry import ANSWERS
from rbsync.service.executable_schema import make_schema

# By the names that the vendor's client gives its documents, the root fields that they ask for.
QUERIES = {
    "generateItemsListSDK": "generateItemsList",
    "getLabelStorageSDK": "getLabelStorage",
    "getOrgSDK": "organization",
    "getProjectSDK": "project",
    "getProjectsSDK": "projects",
    "getStagesSDK": "stages",
    "getTaxonomiesSDK": "taxonomies",
    "getTaxonomySDK": "taxonomy",
    "itemListUploadPresignSDK": "itemListUploadPresign",
    "itemsUploadPresignSDK": "itemsUploadPresign",
    "membersSDK": "members",
    "presignItemSDK": "presignItem",
    "presignItemsSDK": "presignItems",
    "presignUploadsSDK": "presignUploads",
    "storageMethodSDK": "storageMethod",
    "storageMethodsSDK": "storageMethods",
    "taskDataSDK": "taskData",
    "taskSDK": "task",
    "tasksListSDK": "genericTasks",
    "tasksPagedSDK": "tasksPaged",
    "validateAndConvertToImportFormatSDK": "validateAndConvertToImportFormat",
}
MUTATIONS = {
    "archiveProjectSDK": "archiveProject",
    "createDatapointSDK": "createDatapoint",
    "createProjectSimpleSDK": "createProjectSimple",
    "createStorageSDK": "createStorage",
    "createTaxonomyNewSDK": "createTaxonomyNew",
    "deleteDatapointsSDK": "deleteDatapoints",
    "deleteTasksNamesSDK": "deleteTasks",
    "deleteTasksSDK": "deleteTasks",
    "importTasksFromWorkspaceSDK": "importTasksFromWorkspace",
    "itemListUploadSuccessSDK": "itemListUploadSuccess",
    "moveTaskToStartSDK": "moveTaskToStart",
    "moveTasksSDK": "moveTasks",
    "putLabelingTaskSDK": "putManualLabelingTask",
    "putReviewTaskSDK": "putExpertReviewTask",
    "putTaskAndLabelsSDK": "putManualLabelingTaskAndLabels",
    "removeProject": "removeProject",
    "removeStorageSDK": "removeStorage",
    "removeTaxonomySDK": "removeTaxonomy",
    "restoreProject": "restoreProject",
    "toggleReferenceStandardTaskSDK": "toggleReferenceStandardTask",
    "updateDatapointAttributesSDK": "updateDatapointAttributes",
    "updateLabelStorageSDK": "updateLabelStorage",
    "updateStageSDK": "updateStage",
    "updateStorageSDK": "updateStorage",
    "updateTaskItemsSDK": "updateTaskItems",
    "updateTasksLabelsSDK": "putLabels",
    "updateTasksPrioritiesSDK": "updateTasksPriorities",
    "updateTaxonomySDK": "updateTaxonomy",
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return make_schema()


@pytest.mark.parametrize(("name", "field"), [*QUERIES.items(), *MUTATIONS.items()])
def test_a_document_of_the_protocol_is_answered(
    schema: GraphQLSchema, name: str, field: str
) -> None:
    kind = schema.query_type if name in QUERIES else schema.mutation_type
    assert kind is not None
    assert field in kind.fields
    assert f"{kind.name}.{field}" in ANSWERS


def test_every_field_of_the_schema_is_answered(schema: GraphQLSchema) -> None:
    every = {
        f"{kind.name}.{field}"
        for kind in (schema.query_type, schema.mutation_type)
        if kind is not None
        for field in kind.fields
    }
    assert every - ANSWERS.keys() == set()
