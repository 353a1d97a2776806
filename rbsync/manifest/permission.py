"""Takes out of a manifest what only the trusted side may say, and tells where that belongs."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from rbsync.backends.redbrick.api.constants import KEY_LENGTH
from rbsync.backends.settings import BackendSettings
from rbsync.backends.surroundings import Judge
from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.document import Document
from rbsync.manifest.manifest import Placed
from rbsync.manifest.manifest_model import ManifestModel, PolicyModel
from rbsync.manifest.positions import Path
from rbsync.trust import Trust
from rbsync.trust.places import is_below, real_path, repository_of
from rbsync.trust.policies import weakens

COMMAND = "api_key_command"


USUAL_PIXELS = 1 << 27
"""The most pixels of a mask that any manifest may allow: the default of `max_pixels`."""


class Permission:
    """The limits of what one manifest may say; ``problems`` has what it says beyond them.

    ``is_barred`` says that the project which it names is not one that it may use: a command
    that goes on in spite of problems must not go on with that project, nor with another one.
    """

    def __init__(self, document: Document, trust: Trust, environ: Mapping[str, str]) -> None:
        self.trust = trust
        self.problems: list[Problem] = []
        self.is_barred = False
        self._document = document
        self._environ = environ
        self._root = os.path.dirname(os.path.abspath(document.file))

    def without_commands(self, value: dict[str, Any]) -> dict[str, Any]:
        """The manifest's head without a command that would print the key."""
        backend = value.get("backend")
        if not isinstance(backend, dict) or COMMAND not in backend:
            return value
        place = self._document.locate(("backend", COMMAND), key=True)
        message = f"`{COMMAND}` does not count in a manifest: it would run a stranger's program"
        hint = self._command_hint(self._document.value["backend"][COMMAND])
        # Else the first that is told would be that there is no key.
        self.is_barred = True
        self.problems.append(Problem("api-key-command", message, place, hint))
        return {**value, "backend": {key: backend[key] for key in backend if key != COMMAND}}

    def _command_hint(self, words: Any) -> str:
        """Returns where the command belongs, word for word, unless it may be a key by mistake."""
        # The hint repeats the words only where these are a command: a key that was pasted here
        # would be shown in a log.
        if self.trust.untrusted or not _is_command(words):
            return f"it belongs in your own configuration, {self.trust.config}"
        return (
            f"if it is your own command, write `{COMMAND} = {json.dumps(words)}` in "
            f"{self.trust.config}, or set RBSYNC_API_KEY_COMMAND={shlex.quote(shlex.join(words))}; "
            "then remove it here"
        )

    def permitted(self, settings: ManifestModel) -> ManifestModel:
        """The settings as far as they count; what does not is reported."""
        self._judge(settings.backend, settings.project.name or self._name_as_written())
        return settings.model_copy(
            update={"policy": self._policy(settings.policy), "roots": self._roots(settings.roots)}
        )

    def limited(self, placed: Placed) -> Placed:
        """A mask source with the usual limit, after reporting one that would take more memory."""
        chosen = getattr(placed.source, "max_pixels", None) or 0
        allowed = max(USUAL_PIXELS, self.trust.max_pixels)
        if chosen <= allowed:
            return placed
        message = f"a manifest may not raise `max_pixels` above {allowed:,}: it would take memory"
        hint = (
            f"if the masks are that large, say so outside of the manifest: RBSYNC_MAX_PIXELS="
            f"{chosen}, or `max_pixels = {chosen}` in {self.trust.config}"
        )
        self._report("max-pixels", message, (*placed.path, "max_pixels"), hint)
        source: Any = placed.source
        return placed._replace(source=replace(source, max_pixels=None))

    def _judge(self, backend: BackendSettings, name: str) -> None:
        judge = Judge(self._root, self.trust, self._environ, self._filled(), name)
        for key, code, message, hint in backend.objections(judge):
            self.is_barred = True
            self._report(code, message, ("backend", key), hint)

    def _name_as_written(self) -> str:
        # Where the type is misspelt, the settings have nothing of `project`, the name included.
        written = self._document.value.get("project")
        return str(written.get("name") or "") if isinstance(written, dict) else ""

    def _filled(self) -> dict[str, str]:
        """Returns what of the backend came out of variables."""
        written = self._document.value.get("backend")
        members = written.items() if isinstance(written, dict) else ()
        return {key: str(value) for key, value in members if "$" in str(value)}

    def _roots(self, roots: list[str]) -> list[str]:
        return [one for at, one in enumerate(roots) if self._takes_root(one, ("roots", at))]

    def _takes_root(self, root: str, path: Path) -> bool:
        # With links followed: a link in the repository may lead anywhere.
        try:
            real = real_path(os.path.join(self._root, root))
        except OSError as error:
            self._report("root", f"the root `{root}` cannot be used: {error.strerror}", path)
            return False
        if real == os.path.realpath("/"):
            self._report("root", "the whole file system is no root", path, "name a folder of it")
            return False
        allowed = (repository_of(self._root), *map(os.path.realpath, self.trust.roots))
        # Who keeps the manifest at the top of the file system did not thereby allow all of it.
        if any(is_below(real, one) for one in allowed if one != "/"):
            return True
        shown = real if os.path.isabs(root) else root
        message = f"the root `{shown}` lies outside of the manifest's repository"
        hint = (
            f"if it may be read, say so outside of the manifest: --root {shlex.quote(shown)}, "
            f"RBSYNC_ROOTS={shlex.quote(shown)}, or `roots = [{json.dumps(real)}]` in "
            f"{self.trust.config}"
        )
        self._report("root", message, path, hint)
        return False

    def _policy(self, declared: PolicyModel) -> PolicyModel:
        """The user's own policies, tightened by the manifest's, under those of this run."""
        own, run = (self._checked(one) for one in (self.trust.own_policy, self.trust.policy))
        chosen = dict(own)
        # Only what the manifest says: a model's defaults would undo the user's own stricter policy.
        for key in declared.model_fields_set:
            value = getattr(declared, key)
            # What the user chose as well is no weakening: the same lines may stand in both files.
            default = PolicyModel.model_fields[key].default
            if weakens(key, value, run.get(key, own.get(key, default))):
                self._refuse_policy(key)
            else:
                chosen[key] = value
        # All values were validated, each in its own model; the run comes last, as the person is
        # there now.
        return PolicyModel.model_construct(**{**chosen, **run})

    def _refuse_policy(self, key: str) -> None:
        written = self._document.value["policy"][key]
        message = f"a manifest may not choose `{key}: {written}`, which protects others' work less"
        table = f"`{key} = {_toml(written)}` under [policy] in {self.trust.config}"
        hint = (
            f"if you want it, say so outside of the manifest: --policy {key}={written}, "
            f"RBSYNC_POLICY={key}={written}, or {table}"
        )
        self._report("policy", message, ("policy", key), hint)

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Policies of the trusted side as values. Raises UserError for unknown and wrong ones."""
        try:
            model = PolicyModel.model_validate(dict(given))
        except ValidationError as error:
            raise UserError([self._policy_problem(error, given)]) from None
        return {key: getattr(model, key) for key in given}

    def _policy_problem(self, error: ValidationError, given: Mapping[str, Any]) -> Problem:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        known = ", ".join(PolicyModel.model_fields)
        if key not in PolicyModel.model_fields:
            message = f"there is no policy `{key}`"
        else:
            expected = "it is true or false" if first["type"].startswith("bool") else first["msg"]
            expected = expected.replace("Input should be", "it is")
            message = f"the policy `{key}` cannot be `{given.get(key)}`: {expected}"
        place = Location(self.trust.config) if given is self.trust.own_policy else None
        return Problem("policy", message, place, f"known policies: {known}")

    def _report(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self._document.locate(path), hint))


def _is_command(words: Any) -> bool:
    return (
        isinstance(words, list)
        # A word as long as a key may be one.
        and all(isinstance(one, str) and len(one) != KEY_LENGTH for one in words)
        and bool(words)
    )


def _toml(written: Any) -> str:
    text = str(written)
    return text if text in ("true", "false") or text.isdigit() else json.dumps(text)
