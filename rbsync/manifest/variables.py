"""Which variables of the environment a manifest may read, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from rbsync.errors import Problem
from rbsync.manifest.document import Document
from rbsync.manifest.environment import Missing, Refusal
from rbsync.trust import Trust
from rbsync.trust.trusted import secret_values

# A secret of as many characters is looked for inside of values too: it is there on purpose.
_WITHIN = 16


def refusals(trust: Trust, environ: Mapping[str, str]) -> Callable[[str, str], Refusal]:
    """Says of a variable's name and value why a manifest may not have it."""
    secrets = secret_values(environ, trust)
    if not trust.untrusted:
        from rbsync.backends.redbrick.api.credentials import saved_keys

        secrets |= saved_keys(environ)

    def refusal(name: str, value: str) -> Refusal:
        if not trust.allows_variable(name):
            return "not-allowed"
        return "secret" if _holds(value, secrets) else ""

    return refusal


def _holds(value: str, secrets: Iterable[str]) -> bool:
    return any(
        # Short ones only as a whole: a key `abc` must not forbid every value that has these
        # letters.
        secret == value.strip() or (len(secret) >= _WITHIN and secret in value)
        for secret in secrets
        if secret
    )


def unfilled(document: Document, missing: Iterable[Missing], trust: Trust) -> Iterator[Problem]:
    """The problems of what could not be filled. No value is told, nor whether there is one."""
    for path, name, refused in missing:
        place = document.locate(path)
        if not name:
            message = "`${` begins a variable that cannot be understood"
            hint = "write ${NAME} or ${NAME:-default}, and $$ for a dollar"
            yield Problem("variable", message, place, hint)
        elif refused:
            yield _refused(name, refused, trust)._replace(location=place)
        else:
            message = f"the environment variable `{name}` is not set"
            hint = f"set it, or give a default: ${{{name}:-default}}"
            yield Problem("undefined-variable", message, place, hint)


def _refused(name: str, refused: Refusal, trust: Trust) -> Problem:
    if refused == "secret":
        message = f"the environment variable `{name}` holds a secret, which no manifest may read"
        return Problem("secret-variable", message, hint="set it to a value that is no secret")
    message = f"a manifest may not read the environment variable `{name}`"
    hint = (
        f"if it may, say so outside of the manifest: --env {name}, RBSYNC_ENV={name}, or "
        f'`env = ["{name}"]` in {trust.config}; or read RBSYNC_VAR_{name} here and set that'
    )
    return Problem("variable-not-allowed", message, hint=hint)
