"""The Python interface of the service's upload page, on rbsync's own applier.

`get_project` opens a project; its ``upload`` has `create_datapoints` and
`create_datapoint_from_masks`. Nothing is written beside the caller's files: no state, no cache.
"""

from rbsync.sdk.project import Project, get_project
from rbsync.sdk.storage_method import StorageMethod
from rbsync.sdk.upload import Upload

__all__ = ["get_project", "Project", "StorageMethod", "Upload"]
