"""The documents by the names of their schemas, and the commands that print them.

A command that prints JSON gets its document in two steps:

1. Write its model in a file of this folder, on top of `Document`. The command ``state list`` has
   the model ``StateListDocument``, and the schema ``schemas/state-list.schema.json``. Each member
   that its name does not explain has a description.
2. Write the schemas anew with ``python -m rbsync.documents.schemas schemas``, and the document
   that it prints with ``UPDATE_GOLDEN=1 pytest -n0 tests/scenarios/test_documents.py``, which runs
   all commands. Look at ``tests/golden/printed/``: it has what the command said of three images.

With ``--json-lines`` an entry of each list that `rbsync.documents.text.ENTRIES` knows stands on a
line of its own. The schema has the lines under ``$defs/Line``; nothing is to be done for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from rbsync import documents
from rbsync.documents.parts import Document
from rbsync.documents.watch_document import event_schemas

_SUFFIX = "Document"


def _models(base: type[Document]) -> Iterator[type[Document]]:
    for one in base.__subclasses__():
        yield one
        yield from _models(one)


def _documents() -> dict[str, type[Document]]:
    for one in iter_modules(documents.__path__, f"{documents.__name__}."):
        # This module is being imported: it has no document that is not in one of the others.
        if one.name != __name__:
            import_module(one.name)
    found = {_name(one.__name__): one for one in _models(Document)}
    return dict(sorted(found.items()))


def _name(model: str) -> str:
    """The name of a model's schema: ``state-list`` of ``StateListDocument``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", model.removesuffix(_SUFFIX)).lower()


DOCUMENTS: Mapping[str, type[Document]] = _documents()
"""The models by the names of their schemas, in order."""

_OTHERS: Mapping[str, str] = {
    "apply": "report",
    "retry": "report",
    "schema": "schemas",
    "state force-unlock": "state-unlock",
    "state pull": "state",
    "undo": "report",
}
"""The documents of the commands that do not print one of their own name."""


def document_of(command: str) -> str:
    """The document of a command (``state list``), whether there is such a one or not.

    A command that ends in an error prints the document ``error``.
    """
    return _OTHERS.get(command, command.replace(" ", "-"))


def events_of(document: str) -> Mapping[str, Mapping[str, Any]]:
    """The schemas of what ``--json-lines`` tells before a document; none for most."""
    return event_schemas() if document == "watch" else {}
