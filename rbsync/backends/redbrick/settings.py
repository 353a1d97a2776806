"""The keys of ``backend`` for the real service."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from rbsync.backends.base import Backend
from rbsync.backends.redbrick.api.constants import DEFAULT_URL
from rbsync.backends.redbrick.api.ids import UUID_HINT, is_uuid
from rbsync.backends.settings import BackendSettings, Judge, Objection, Surroundings
from rbsync.checks import Check
from rbsync.trust import Trust

if TYPE_CHECKING:
    from rbsync.backends.redbrick.api.credentials import Credentials


_WHICH_HINT = (
    "give `project_id`, as in the address of the project's page, /ORG_ID/projects/PROJECT_ID; or "
    "`project: {name: ...}`, for one that `rbsync apply --project` finds or makes"
)


class RedbrickSettings(BackendSettings):
    """A project of the RedBrick AI service."""

    kind: Literal["redbrick"] = Field(
        description="The project is one of the RedBrick AI service.", examples=["redbrick"]
    )
    url: str = Field(
        DEFAULT_URL,
        description="The address of the service, which must be the one that the API key is for: "
        "that of its profile, of --url or RBSYNC_URL, else the vendor's. A service on this "
        "machine may be named instead of the vendor's.",
        examples=[DEFAULT_URL],
    )
    org_id: str = Field(description="The organisation's id.", examples=["${RB_ORG_ID}"])
    project_id: str = Field(
        "",
        description="The project's id. Left out, it is the project that `project:` gives a name, "
        "which `apply --project` makes where it is not there.",
        examples=["2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"],
    )

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """Ids that are none; another service or organization than those that the key is for."""
        from rbsync.backends.redbrick.binding import objections

        by_name = "project_id" not in self.model_fields_set
        if by_name and not judge.name:
            message = "neither `project_id` nor a name of the project says which one it is"
            yield Objection("kind", "no-project-id", message, _WHICH_HINT)
        for key in ("org_id",) if by_name else ("org_id", "project_id"):
            if not is_uuid(getattr(self, key)):
                yield Objection(key, "no-uuid", f"`{key}` must be a UUID", UUID_HINT)
        if not judge.trust.untrusted:
            yield from objections(self.service(judge.trust, judge.environ), self.org_id, judge)

    def service(self, trust: Trust, environ: Mapping[str, str] = os.environ) -> str:
        """The URL: what is written, else that of the service which the key is for."""
        from rbsync.backends.redbrick.api.credentials import bound_to

        return self.url if "url" in self.model_fields_set else bound_to(trust, environ).url

    def checks(self, surroundings: Surroundings) -> Iterator[Check]:
        """Looks at the address, the proxy, the line, the clock, the key, and the project."""
        from rbsync.backends.redbrick.checkup import Checkup

        read = _reader(surroundings.trust)
        url = self.service(surroundings.trust)
        name = surroundings.name or ""
        yield from Checkup(url, self.org_id, self.project_id, read, name).checks()

    def open(self, surroundings: Surroundings) -> Backend:
        from rbsync.backends.redbrick.api.client import SECONDS
        from rbsync.backends.redbrick.api.credentials import key_for
        from rbsync.backends.redbrick.backend import RedbrickBackend

        url = self.service(surroundings.trust)
        read = _reader(surroundings.trust)
        return RedbrickBackend(
            url,
            self.org_id,
            self.project_id,
            lambda: key_for(read(), url, self.org_id),
            stamp=surroundings.stamp,
            seconds=surroundings.seconds or SECONDS,
            reading=surroundings.reading,
            name=surroundings.name or "",
        )


def _reader(trust: Trust) -> Callable[[], Credentials]:
    """Reads the key when it is wanted, and not earlier."""
    from rbsync.backends.redbrick.api.credentials import read_credentials

    return partial(
        read_credentials,
        profile=trust.profile,
        command=trust.api_key_command,
        url=trust.url,
        org_id=trust.org_id,
    )
