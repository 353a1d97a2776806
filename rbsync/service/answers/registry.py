"""The answers by the fields that they belong to.

An answer takes the Call and the arguments of its field, whose names are written the Python way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rbsync.service.answers import (
    converting,
    dataset_releases,
    labeling,
    presigns,
    project_facts,
    shown_taxonomy,
    storage_methods,
    task_changes,
    task_creation,
    task_listing,
)

ANSWERS: dict[str, Callable[..., Any]] = {
    "Query.me": project_facts.me,
    "Query.members": project_facts.members,
    "Query.organization": project_facts.organization,
    "Query.organizations": project_facts.organizations,
    "Query.project": project_facts.project,
    "Query.projects": project_facts.projects,
    "Query.stages": project_facts.stages,
    "Query.taxonomy": shown_taxonomy.taxonomy,
    "Query.taxonomies": shown_taxonomy.taxonomies,
    "Query.storageMethods": storage_methods.storage_methods,
    "Query.storageMethod": storage_methods.storage_method,
    "Query.getLabelStorage": storage_methods.label_storage,
    "Query.presignItem": presigns.presign_item,
    "Query.presignItems": presigns.presign_items,
    "Query.itemsUploadPresign": presigns.items_upload_presign,
    "Query.presignUploads": presigns.presign_uploads,
    "Query.itemListUploadPresign": presigns.item_list_upload_presign,
    "Query.validateAndConvertToImportFormat": converting.validate_and_convert,
    "Query.task": task_listing.task,
    "Query.taskData": task_listing.task_data,
    "Query.tasksPaged": task_listing.tasks_paged,
    "Query.genericTasks": task_listing.generic_tasks,
    "Query.datasetReleases": dataset_releases.dataset_releases,
    "Query.datasetRelease": dataset_releases.dataset_release,
    "Query.datasetReleaseData": dataset_releases.dataset_release_data,
    "Mutation.createDatasetRelease": dataset_releases.create_dataset_release,
    "Mutation.updateDatasetRelease": dataset_releases.update_dataset_release,
    "Mutation.createDatapoint": task_creation.create_datapoint,
    "Mutation.itemListUploadSuccess": converting.item_list_upload_success,
    "Mutation.updateTaskItems": task_changes.update_task_items,
    "Mutation.putLabels": labeling.put_labels,
    "Mutation.putManualLabelingTaskAndLabels": labeling.put_task_and_labels,
    "Mutation.putManualLabelingTask": labeling.put_task,
    "Mutation.updateTasksPriorities": task_changes.update_tasks_priorities,
    "Mutation.moveTasks": task_changes.move_tasks,
    "Mutation.moveTaskToStart": task_changes.move_task_to_start,
    "Mutation.deleteTasks": task_changes.delete_tasks,
}
