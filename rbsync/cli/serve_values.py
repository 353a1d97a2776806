"""What the options of `rbsync serve` take. Each raises click.BadParameter, which is wrong usage."""

from __future__ import annotations

from uuid import UUID

import click

_EXAMPLE = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"


def a_type(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A project type of the service, or empty."""
    from rbsync.labels import project_type

    try:
        return project_type(value).name
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def an_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A UUID as the service writes it, or empty."""
    if value and not _is_uuid(value):
        raise click.BadParameter(f'"{value}" is not a UUID such as {_EXAMPLE}')
    return value


def ids(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(an_id(context, parameter, one) for one in values)


def a_key(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """An API key that clients can send, or empty; no message shows it."""
    from rbsync.backends.redbrick.api.constants import KEY_LENGTH
    from rbsync.backends.redbrick.api.credentials import ODD_CHARACTERS, is_sendable

    # Clients leave out what surrounds a key, such as the line break of a file.
    key = (value or "").strip()
    if key and len(key) != KEY_LENGTH:
        message = f"the API key has {len(key)} characters; the service's have {KEY_LENGTH}"
        raise click.BadParameter(message)
    if not is_sendable(key):
        raise click.BadParameter(f"the API key has {ODD_CHARACTERS}")
    return key


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
