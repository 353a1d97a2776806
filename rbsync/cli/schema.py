"""`rbsync schema`."""

from __future__ import annotations

import click

from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, note, result
from rbsync.cli.streams import write_out
from rbsync.errors import ExitCode, UsageError


@click.command("schema")
@click.argument("name", required=False)
@with_common_options
def command(common: CommonOptions, name: str | None) -> int:
    """Print the JSON Schema called NAME, or list the names.

    `manifest` is that of rbsync.yaml, for editors, with what installed plug-ins add. The others
    are those of what commands print with --json: `plan` and `ls` of the commands of these names,
    `state-list` of `state list`, `report` of `apply` and `retry`, and `error` of any command that
    fails. What --json-lines prints has its schema in the same place, under `$defs/Line`.
    `redbrick` is the protocol of the service, in GraphQL.

    Example:
      rbsync schema manifest > rbsync.schema.json
    """
    from rbsync.documents.schemas import schema_names

    if name is not None:
        try:
            write_out(_text(name))
        except KeyError:
            raise _unknown(name, schema_names()) from None
        return ExitCode.DONE
    names = schema_names()
    if common.json:
        document(common, {"schemas": names})
        return ExitCode.DONE
    for one in names:
        result(common, one)
    note(common, "Print one with: rbsync schema NAME")
    return ExitCode.DONE


def _text(name: str) -> str:
    from rbsync.documents.schemas import published
    from rbsync.manifest.json_schema import has_plugins, schema_text

    if name == "manifest" and has_plugins():
        return schema_text(plugins=True)
    return published(name)


def _unknown(name: str, names: list[str]) -> UsageError:
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`rbsync schema` lists all names"
    return UsageError(f"there is no schema `{name}`", hint=hint)
