"""A manifest may not name a service that its key is not for: a key goes only to its own."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from rbsync.backends.redbrick.api.address import hosts_named, read_address
from rbsync.backends.redbrick.api.credentials import Bound, bound_to
from rbsync.backends.redbrick.api.ids import is_uuid
from rbsync.backends.surroundings import Judge, Objection
from rbsync.errors import UserError
from rbsync.trust import Trust

_CONFIG = (".redbrick", "config")
"""The file by which the vendor's command line knows the project of a folder."""


class Place(NamedTuple):
    """The project that a folder is known to be of; empty is what nobody says."""

    url: str = ""
    org_id: str = ""
    project_id: str = ""


def known_place(folder: str, trust: Trust) -> Place:
    """The place that the vendor's command line keeps of a folder, else what a profile says."""
    bound = bound_to(trust)
    url = "" if bound.said_by == "nobody" else bound.url
    config = configparser.RawConfigParser()
    # What cannot be read says nothing: a first manifest is written all the same.
    path = os.path.join(folder, *_CONFIG)
    with suppress(OSError, ValueError, configparser.Error), open(path, encoding="utf-8") as file:
        config.read_file(file)
    org_id = config.get("org", "id", fallback="") or bound.org_id
    ids = [org_id, config.get("project", "id", fallback="")]
    return Place(url, *(one.lower() if is_uuid(one) else "" for one in ids))


def objections(url: str, org_id: str, judge: Judge) -> Iterator[Objection]:
    """Yields what a service at ``url`` and its organization have against them.

    What a profile itself says is looked at when its key is asked for, and then no key is had.
    """
    bound = bound_to(judge.trust, judge.environ)
    yield from _service(url, bound, judge)
    if bound.org_id and bound.org_id != org_id.lower() and not bound.is_profile:
        message = f"the {bound.source} is for the organization {bound.org_id}, which this is not"
        hint = f"correct the manifest, or `org_id` in {judge.trust.config}"
        yield Objection("org_id", "organization", message, hint)


def _service(url: str, bound: Bound, judge: Judge) -> Iterator[Objection]:
    written = judge.filled.get("url")
    try:
        read_address(url)
    except UserError as error:
        first = error.problems[0]
        message = f"`{written}` stands for no address of a service" if written else first.message
        yield Objection("url", first.code, message, first.hint)
        return
    if bound.is_for(url) or bound.said_by == "profile":
        return
    try:
        read_address(bound.url)
    except UserError as error:
        # Else the two would be told apart by parts that it does not have.
        first = error.problems[0]
        message = f"the URL that is said outside of the manifest: {first.message}"
        yield Objection("url", first.code, message, first.hint)
        return
    ours, theirs = hosts_named(bound.url, url)
    theirs, url = (f"the one of `{written}`", "URL") if written else (theirs, url)
    message = f"the {bound.source} is for {ours}, and the manifest names {theirs}"
    hint = (
        "a manifest does not choose where a key goes; if that service is yours, say so outside of "
        f"it: --url {url}, RBSYNC_URL={url}, or `url = {json.dumps(url)}` in {judge.trust.config}"
    )
    yield Objection("url", "backend-url", message, hint)
