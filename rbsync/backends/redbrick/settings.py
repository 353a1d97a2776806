"""The keys of ``backend`` for the real service."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field

from rbsync.backends.base import Backend
from rbsync.backends.settings import BackendSettings, Surroundings


class RedbrickSettings(BackendSettings):
    """A project of the RedBrick AI service."""

    kind: Literal["redbrick"] = Field(
        description="The project is one of the RedBrick AI service.", examples=["redbrick"]
    )
    url: str = Field(
        "https://api.redbrickai.com",
        description="The address of the service.",
        examples=["https://api.redbrickai.com"],
    )
    org_id: str = Field(description="The organisation's id.", examples=["${RB_ORG_ID}"])
    project_id: str = Field(
        description="The project's id.", examples=["2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"]
    )
    api_key_command: list[str] | None = Field(
        None,
        min_length=1,
        description="A command and its arguments that print the API key. The key itself is never "
        "written here.",
        examples=[["pass", "show", "redbrick"]],
    )

    def open(self, surroundings: Surroundings) -> Backend:
        from rbsync.backends.redbrick.api.credentials import key_for, read_credentials
        from rbsync.backends.redbrick.backend import RedbrickBackend

        command = self.api_key_command or ()
        read = partial(read_credentials, profile=surroundings.profile, command=command)
        return RedbrickBackend(
            self.url,
            self.org_id,
            self.project_id,
            lambda: key_for(read(), self.url, self.org_id),
            stamp=surroundings.stamp,
            reading=surroundings.reading,
        )
