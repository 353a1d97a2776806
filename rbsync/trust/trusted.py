"""All that the trusted side says, in one value that goes with the manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rbsync.errors import UsageError
from rbsync.trust.config import Config, command_of, config_path, read_config

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_MOST = 64 << 20
_MOST_DIGITS = 19

Environ = Mapping[str, str]


def is_on(text: str) -> bool | None:
    """Returns the meaning of a switch of the environment, None for none. Raises ValueError."""
    word = text.strip().lower()
    if not word:
        return None
    if word not in _YES | _NO:
        raise ValueError(f"expected 1 or 0, found `{text}`")
    return word in _YES


def is_of_a_fork(environ: Environ) -> bool:
    """Tells whether what runs here was proposed from a repository that is not this one.

    Where a pull request's origin cannot be told, it counts as a fork's.
    """
    if environ.get("CI", "").strip().lower() in {"", *_NO}:
        return False
    return any(said(environ) for said in _SERVICES)


def _github(environ: Environ) -> bool:
    name = environ.get("GITHUB_EVENT_NAME", "")
    if name != "workflow_run" and not name.startswith("pull_request"):
        return False
    event = _read(environ.get("GITHUB_EVENT_PATH", ""))
    if name == "workflow_run":
        run = _member(event, "workflow_run")
        if _member(run, "event") == "push":
            return False
        return _differ(_member(run, "head_repository"), _member(event, "repository"))
    request = _member(event, "pull_request")
    head, base = (_member(_member(request, one), "repo") for one in ("head", "base"))
    return _differ(head, base)


def _differ(head: Any, base: Any) -> bool:
    """A repository's id stays when it is renamed, and no other one is ever given it."""
    for key in ("id", "full_name"):
        ours, theirs = _member(head, key), _member(base, key)
        if ours is not None and theirs is not None:
            return bool(ours != theirs)
    return True


def _read(path: str) -> Any:
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(_MOST))
    except (OSError, ValueError, RecursionError):
        return None


def _member(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _differs(source: str, target: str) -> Callable[[Environ], bool]:
    def differs(environ: Environ) -> bool:
        given = environ.get(source, "")
        return bool(given) and given != environ.get(target, "")

    return differs


def _is_said(variable: str) -> Callable[[Environ], bool]:
    return lambda environ: environ.get(variable, "").strip().lower() not in {"", *_NO}


_SERVICES: tuple[Callable[[Environ], bool], ...] = (
    _github,
    _differs("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_PROJECT_ID"),  # GitLab
    _is_said("SYSTEM_PULLREQUEST_ISFORK"),  # Azure Pipelines
    _is_said("CIRCLE_PR_REPONAME"),  # CircleCI sets it for forks alone
    _is_said("CHANGE_FORK"),  # Jenkins, too
    _differs("TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_REPO_SLUG"),
)


_FREE_VARIABLES = frozenset({"RB_ORG_ID", "RB_PROJECT_ID"})
_FREE_PREFIX = "RBSYNC_VAR_"
_SECRET = ("token", "secret", "passw", "rbsync_api_key")
_MAYBE_SECRET = ("key", "credential")


@dataclass(frozen=True, slots=True)
class Given:
    """The options of the command line about trust; the folders are absolute."""

    env: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    url: str = ""
    profile: str = ""
    policy: tuple[str, ...] = ()
    allow_private_urls: bool = False
    untrusted: bool = False
    executor: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """The things that a manifest may make use of beside itself and its folder.

    ``buckets`` may be listed as whoever runs this, and ``endpoints`` are where those of a scheme
    are. ``url`` is what a key without a profile is bound to, empty for the vendor's service.
    ``policy`` are policies that the command line and the environment set, ``own_policy`` those
    of the user's file. ``state`` is the URL of the state that it names, ``executor`` who
    reads files and converts masks, empty for threads here, and ``config`` is where that file is,
    for hints. ``untrusted`` says that the manifest is a stranger's: no key is read
    and no host is asked. ``max_pixels`` is how many pixels of a mask a manifest may choose as its
    limit, where that is more than the usual one, and ``max_labels`` how many labels a file may
    have, where that is more than usual.
    """

    env: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ()
    buckets: frozenset[str] = frozenset()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    org_id: str = ""
    profile: str = ""
    api_key_command: tuple[str, ...] = ()
    allow_private_urls: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)
    own_policy: Mapping[str, Any] = field(default_factory=dict)
    untrusted: bool = False
    max_pixels: int = 0
    max_labels: int = 0
    state: str = ""
    executor: str = ""
    config: str = ""

    def allows_variable(self, name: str) -> bool:
        """Tells whether a manifest may read a variable of the environment."""
        return name in _FREE_VARIABLES or name.startswith(_FREE_PREFIX) or name in self.env

    def allows_bucket(self, name: str) -> bool:
        """Tells whether a manifest may have a bucket listed."""
        return name in self.buckets


def read_trust(environ: Mapping[str, str] | None = None, given: Given | None = None) -> Trust:
    """Puts together the command line, the environment and the user's configuration.

    What is set more than once counts from the command line, then from the environment. Raises
    UserError for a configuration that is wrong, and UsageError for wrong variables.
    """
    environ, given = os.environ if environ is None else environ, given or Given()
    untrusted = given.untrusted or _is_untrusted(environ)
    config = Config(config_path(environ)) if untrusted else read_config(environ)
    return Trust(
        env=frozenset(_names([*given.env, environ.get("RBSYNC_ENV", ""), *config.env])),
        roots=(*given.roots, *_folders(environ), *config.roots),
        buckets=frozenset(
            [
                *_listed(" ".join([*given.buckets, environ.get("RBSYNC_BUCKETS", "")])),
                *config.buckets,
            ]
        ),
        endpoints=config.endpoints,
        url=given.url or environ.get("RBSYNC_URL", "") or config.url,
        org_id=config.org_id.lower(),
        profile=given.profile or config.profile,
        api_key_command=() if untrusted else _command(environ) or config.api_key_command,
        allow_private_urls=given.allow_private_urls
        or _switch(environ, "RBSYNC_ALLOW_PRIVATE_URLS")
        or config.allow_private_urls,
        policy=_policies([*environ.get("RBSYNC_POLICY", "").split(), *given.policy]),
        own_policy=config.policy,
        untrusted=untrusted,
        max_pixels=_number(environ, "RBSYNC_MAX_PIXELS") or config.max_pixels,
        max_labels=_number(environ, "RBSYNC_MAX_LABELS") or config.max_labels,
        state=config.state,
        # A stranger's pictures are decoded here, and not where others' work is done.
        executor="" if untrusted else _executor(environ, given, config),
        config=config.path,
    )


def _executor(environ: Mapping[str, str], given: Given, config: Config) -> str:
    return given.executor or environ.get("RBSYNC_EXECUTOR", "") or config.executor


def secret_values(environ: Mapping[str, str], trust: Trust) -> frozenset[str]:
    """The values of variables that are called like secrets.

    One that is called a key may be a project's, and is none once the trusted side names it.
    """
    return frozenset(
        value.strip()
        for name, value in environ.items()
        if not name.startswith(_FREE_PREFIX)
        and (_has(_SECRET, name) or (_has(_MAYBE_SECRET, name) and name not in trust.env))
    )


def _has(words: tuple[str, ...], name: str) -> bool:
    return any(word in name.lower() for word in words)


def _is_untrusted(environ: Mapping[str, str]) -> bool:
    said = _said(environ, "RBSYNC_UNTRUSTED")
    return is_of_a_fork(environ) if said is None else said


def _switch(environ: Mapping[str, str], name: str) -> bool:
    return bool(_said(environ, name))


def _said(environ: Mapping[str, str], name: str) -> bool | None:
    try:
        return is_on(environ.get(name, ""))
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name, "").strip()
    if text and not (text.isdecimal() and text.isascii() and len(text) < _MOST_DIGITS):
        raise UsageError(f"{name}: expected a whole number, found `{text}`")
    return int(text or 0)


def _listed(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _names(texts: Iterable[str]) -> list[str]:
    names = [name for text in texts for name in _listed(text)]
    for name in names:
        if not (name.isidentifier() and name.isascii()):
            raise UsageError(
                f"`{name}` is no name of a variable", hint="give names alone: --env NAME"
            )
    return names


def _folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Absolute, so that a run from another folder allows the same."""
    given = environ.get("RBSYNC_ROOTS", "").split(os.pathsep)
    return tuple(os.path.abspath(os.path.expanduser(one)) for one in given if one)


def _command(environ: Mapping[str, str]) -> tuple[str, ...]:
    text = environ.get("RBSYNC_API_KEY_COMMAND", "")
    try:
        return command_of(text) if text.strip() else ()
    except ValueError as error:
        raise UsageError(f"RBSYNC_API_KEY_COMMAND: {error}") from None


def _policies(texts: Iterable[str]) -> dict[str, Any]:
    policies: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            hint = "write it as --policy KEY=VALUE, such as --policy on_change=replace"
            raise UsageError(f"`{text}` is no policy", hint=hint)
        policies[key.strip()] = value.strip()
    return policies
