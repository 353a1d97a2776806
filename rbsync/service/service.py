"""The project that is served, and what answers need to know of the call that they answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from rbsync.backends.local.backend import DATABASE
from rbsync.backends.local.blobs import Blobs, is_ref
from rbsync.backends.local.database import Database
from rbsync.backends.local.kept_releases import Releases
from rbsync.backends.local.meta import Meta
from rbsync.backends.local.opening import Wish
from rbsync.backends.local.project import LocalProject
from rbsync.backends.local.task_rows import FIRST_STAGE
from rbsync.backends.local.uploaded_files import Upload, Uploads
from rbsync.labels.taxonomy import Taxonomy
from rbsync.service.account import Account
from rbsync.service.bucket_addresses import SignedBuckets
from rbsync.service.configuration import ServiceSettings
from rbsync.service.group_commit import GroupCommit
from rbsync.service.refusal import RefusalError
from rbsync.service.signing import Permission, Signer
from rbsync.service.stages import first_of, pipeline, place_of


@dataclass(frozen=True)
class Service:
    """Operations are done one after the other: each sees what it changes as it is."""

    settings: ServiceSettings
    meta: Meta
    project: LocalProject
    uploads: Uploads
    releases: Releases
    signer: Signer
    group_commit: GroupCommit
    account: Account
    # Of siblings; the last of them takes the task with it.
    deleted: set[str] = field(default_factory=set)
    # Of a project that a client has made: the one that is served, which has what is the
    # organization's.
    home: Service | None = None
    others: dict[str, Service] = field(default_factory=dict)
    buckets: SignedBuckets = field(default_factory=SignedBuckets)

    @cached_property
    def project_id(self) -> str:
        return self.settings.project_id or self.meta.project_id

    @cached_property
    def org_id(self) -> str:
        # The same at each start: a state is bound to organization and project.
        return self.settings.org_id or str(uuid5(NAMESPACE_OID, self.meta.project_id))

    @property
    def main(self) -> Service:
        """The project that is served, also for one that a client has made."""
        return self.home or self

    @property
    def made(self) -> dict[str, Any] | None:
        """The facts that a client made the project of; None for the one that is served."""
        found: dict[str, Any] | None = None
        if self.home is not None:
            found = self.account.get("projects", self.project_id)
        return found

    @cached_property
    def files(self) -> str:
        """The beginning of the paths of files of this project."""
        return f"{self.org_id}/{self.project_id}" if self.home else self.org_id

    def of(self, project_id: str) -> Service:
        """The service of a project that a client has made; else this one, which refuses others."""
        key = project_id.lower()
        if self.home is not None or self.account.get("projects", key) is None:
            return self
        if key not in self.others:
            self.others[key] = _open_other(self, key)
        return self.others[key]

    def holder(self, path: str) -> Service:
        """The service of the project that has the file of a path, or shall have it."""
        parts = path.split("/", 2)
        is_ours = len(parts) == 3 and parts[0] == self.org_id
        return self.main.of(parts[1]) if is_ours else self.main

    def has_bucket(self, storage_id: str) -> bool:
        """Tells whether a storage is a bucket that was given, or made by a client."""
        known = {one.lower() for one in self.settings.storages}
        return storage_id.lower() in known or bool(self.account.get("storages", storage_id))

    def taxonomy(self) -> Taxonomy:
        """The taxonomy as it is now: clients may have extended it."""
        return (self.project.describe() or self.meta).read_taxonomy()

    def stages(self) -> list[dict[str, Any]]:
        """The pipeline as clients may have changed it."""
        every = self.made["stages"] if self.made else pipeline()
        return [{**one, **(self.account.get("stages", one["stageName"]) or {})} for one in every]

    def place_of(self, stage: str) -> str:
        """Returns where tasks of a stage are. Raises RefusalError."""
        return place_of(stage, first_of(self.stages()))

    def stage_at(self, place: str) -> str:
        """The name of the stage whose tasks are there."""
        return first_of(self.stages()) if self.made and place == FIRST_STAGE else place

    def upload(self, path: str) -> Upload | None:
        """A file by its path: one that was uploaded, or one that rbsync put in the project."""
        # Tasks that rbsync made in this folder without the service have refs where clients expect
        # paths.
        if is_ref(path):
            return Upload(path, path, 0, "", "")
        return self.holder(path).uploads.find([path]).get(path)

    def close(self) -> None:
        for key, one in self.others.items():
            one.close()
            # Removed while it was in use: an operation cannot take away the database that it is in.
            if self.account.get("projects", key) is None:
                shutil.rmtree(_folder(self, key), ignore_errors=True)
        self.group_commit.close()
        self.project.close()


@dataclass(frozen=True)
class Call:
    """One request; ``reached`` tells the address of ours that its sender used."""

    service: Service
    reached: Callable[[], str]

    @property
    def base(self) -> str:
        """Returns what presigned addresses start with."""
        return self.reached().rstrip("/")

    def check_org(self, org_id: str) -> None:
        """Raises RefusalError."""
        if org_id.lower() != self.service.org_id.lower():
            raise RefusalError("there is no such organization, or the key is not one of it")

    def check_project(self, org_id: str, project_id: str | None) -> None:
        """Raises RefusalError."""
        self.check_org(org_id)
        if (project_id or "").lower() != self.service.project_id.lower():
            raise RefusalError("there is no such project in the organization")

    def to_put(self, path: str, type: str, encoding: str = "") -> str:  # noqa: A002  (the wire's word)
        """The address to put a file at."""
        return self.service.signer.address(self.base, Permission("PUT", path, type, encoding))

    def to_get(self, path: str) -> str | None:
        """The address to get a file from, None when there is no such file."""
        # An item that is a URL is not stored here: there is nothing to sign.
        if path.startswith(("http://", "https://")):
            return path
        if self.service.upload(path) is None:
            return None
        return self.service.signer.address(self.base, Permission("GET", path))

    def to_get_from_bucket(self, key: str) -> str:
        """The address that a bucket signs for a key, whether there is such a file or not."""
        return self.service.signer.address(self.base, Permission("GET", key))


def open_service(settings: ServiceSettings) -> Service:
    """Opens the project of a folder, and makes one that is not there.

    Raises UserError when it is of another type or does not fit the taxonomy, and BackendError.
    """
    folder = os.path.abspath(settings.path)
    wish = Wish("", settings.type, settings.taxonomy, os.path.basename(folder))
    return _opened(settings, wish, Signer(settings.address_seconds))


PROJECTS = "projects"
"""The folder for those that clients have made, each by its id."""


def _folder(home: Service, key: str) -> str:
    return os.path.join(os.path.abspath(home.settings.path), PROJECTS, key)


def _open_other(home: Service, key: str) -> Service:
    """The service of a project that a client has made, in a folder of its own."""
    made = home.account.get("projects", key)
    settings = replace(
        home.settings, path=_folder(home, key), org_id=home.org_id, project_id=made["projectId"]
    )
    wish = Wish(made["name"], made["tdType"], None, made["name"])
    return _opened(settings, wish, home.signer, home)


def _opened(
    settings: ServiceSettings, wish: Wish, signer: Signer, home: Service | None = None
) -> Service:
    folder = os.path.abspath(settings.path)
    blobs = Blobs(folder)
    database = Database(os.path.join(folder, DATABASE))
    project = LocalProject(database, blobs, wish)
    uploads = Uploads(database, blobs)
    meta, releases = project.open(), Releases(database)
    group_commit = GroupCommit(database, home.group_commit.turn if home else None)
    account = Account(folder, home.account if home else None)
    made = Service(settings, meta, project, uploads, releases, signer, group_commit, account)
    return replace(made, home=home)
