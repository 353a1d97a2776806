"""URLs that files may be sent to and fetched from for some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rbsync.backends.redbrick.api.address import is_safe_upload
from rbsync.backends.redbrick.api.answers import Node
from rbsync.backends.redbrick.api.client import Client, Operation
from rbsync.backends.redbrick.http.network_errors import denied

PRESIGN_ITEMS = Operation(
    "itemsUploadPresignSDK",
    """query itemsUploadPresignSDK(
  $orgId: UUID!, $projectId: UUID!, $files: [String]!, $fileType: [String]!
) {
  itemsUploadPresign(orgId: $orgId, projectId: $projectId, files: $files, fileType: $fileType) {
    items { presignedUrl filePath fileName }
  }
}""",
)

PRESIGN_LABELS = Operation(
    "presignUploadsSDK",
    """query presignUploadsSDK(
  $orgId: UUID!, $projectId: UUID!,
  $filesData: [String!]!, $fileTypeData: String!, $fileEncodingData: String,
  $filesSeg: [String!]!, $fileTypeSeg: String!, $fileEncodingSeg: String
) {
  presignData: presignUploads(
    orgId: $orgId, projectId: $projectId,
    files: $filesData, fileType: $fileTypeData, fileEncoding: $fileEncodingData
  ) { presignedUrl filePath fileName }
  presignSeg: presignUploads(
    orgId: $orgId, projectId: $projectId,
    files: $filesSeg, fileType: $fileTypeSeg, fileEncoding: $fileEncodingSeg
  ) { presignedUrl filePath fileName }
}""",
)

PRESIGN_LIST = Operation(
    "itemListUploadPresignSDK",
    """query itemListUploadPresignSDK($orgId: UUID!, $fileName: String!) {
  itemListUploadPresign(orgId: $orgId, fileName: $fileName) {
    presignedUrl filePath fileName uploadId
  }
}""",
)

PRESIGN_DOWNLOADS = Operation(
    "presignItemsSDK",
    """query presignItemsSDK($orgId: UUID!, $storageId: UUID!, $items: [String]!) {
  presignItems(orgId: $orgId, storageId: $storageId, items: $items)
}""",
)


MAP_TYPE = "application/octet-stream"


class Place(NamedTuple):
    """An address that a file may be sent to, and the path by which it is spoken of afterwards."""

    url: str
    path: str
    name: str

    def __repr__(self) -> str:
        # The URL is left out: whoever reads it in a traceback may write to the storage.
        return f"Place(path={self.path!r})"


class ListPlace(NamedTuple):
    """An address that an items list may be sent to."""

    place: Place
    upload_id: str


def presign_items(client: Client, files: Sequence[tuple[str, str]]) -> list[Place]:
    """A place for each file, given as its name and MIME type. The names must differ."""
    answer = client.ask(
        PRESIGN_ITEMS, files=[name for name, _ in files], fileType=[mime for _, mime in files]
    )
    places = [_place(client, one) for one in answer.node("itemsUploadPresign").nodes("items")]
    # Two files of one name get one place, and the second upload would replace the first, whose
    # datapoint then shows the wrong picture.
    if len(places) != len(files) or len({one.path for one in places}) != len(places):
        raise denied(f"{len(files)} different upload URLs were asked for, and not all came")
    return places


def presign_labels(client: Client, name: str) -> Place:
    """A place for a gzipped file of labels."""
    return _one_place(client, "presignData", filesData=[name], filesSeg=[])


def presign_map(client: Client, name: str) -> Place:
    """A place for a label map."""
    return _one_place(client, "presignSeg", filesData=[], filesSeg=[name])


def _one_place(client: Client, key: str, **files: Any) -> Place:
    answer = client.ask(
        PRESIGN_LABELS,
        **files,
        fileTypeData="application/json",
        fileEncodingData="gzip",
        fileTypeSeg=MAP_TYPE,
        fileEncodingSeg=None,
    )
    places = answer.nodes(key)
    if len(places) != 1:
        raise denied("an upload URL for labels was asked for, and none came")
    return _place(client, places[0])


def presign_list(client: Client, name: str) -> ListPlace:
    """A place for an items list."""
    answer = client.ask(PRESIGN_LIST, projectId=..., fileName=name)
    found = answer.node("itemListUploadPresign")
    return ListPlace(_place(client, found), found.filled("uploadId"))


def presign_downloads(client: Client, storage_id: str, paths: Sequence[str]) -> list[str]:
    """The URLs to fetch files from, in order; empty for one that cannot be had."""
    answer = client.ask(PRESIGN_DOWNLOADS, projectId=..., storageId=storage_id, items=list(paths))
    urls = answer.texts("presignItems")
    if len(urls) != len(paths):
        raise denied(f"{len(paths)} download URLs were asked for, and {len(urls)} came")
    return urls


def _place(client: Client, node: Node) -> Place:
    url = node.filled("presignedUrl")
    # Patients' images over plain HTTP, because an answer said so, is what this stops.
    if not is_safe_upload(url, client.address):
        raise denied("the service gave an upload URL that is not https")
    return Place(url, node.filled("filePath"), node.text_or_none("fileName") or "")
