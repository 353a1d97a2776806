"""The answers by the fields that they belong to.

An answer takes the Call and the arguments of its field, whose names are written the Python way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rbsync.service.answers import (
    converting,
    items_lists,
    labeling,
    moving,
    people,
    presigns,
    project,
    storages,
    task_changes,
    task_creation,
    task_listing,
    taxonomy,
)

ANSWERS: dict[str, Callable[..., Any]] = {
    "Query.me": people.me,
    "Query.members": people.members,
    "Query.organization": people.organization,
    "Query.organizations": people.organizations,
    "Query.project": project.project,
    "Query.projects": project.projects,
    "Query.stages": project.stages,
    "Query.taxonomy": taxonomy.taxonomy,
    "Query.taxonomies": taxonomy.taxonomies,
    "Query.storageMethods": storages.storage_methods,
    "Query.storageMethod": storages.storage_method,
    "Query.getLabelStorage": storages.label_storage,
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
    "Mutation.createDatapoint": task_creation.create_datapoint,
    "Mutation.itemListUploadSuccess": items_lists.item_list_upload_success,
    "Mutation.updateTaskItems": task_changes.update_task_items,
    "Mutation.putLabels": labeling.put_labels,
    "Mutation.putManualLabelingTaskAndLabels": labeling.put_task_and_labels,
    "Mutation.putManualLabelingTask": labeling.put_task,
    "Mutation.updateTasksPriorities": moving.update_tasks_priorities,
    "Mutation.moveTasks": moving.move_tasks,
    "Mutation.moveTaskToStart": moving.move_task_to_start,
    "Mutation.deleteTasks": moving.delete_tasks,
}
