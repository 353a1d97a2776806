"""The documents by the names of their schemas, and the commands that print them.

A command that prints JSON gets its document in four steps:

1. Write its model beside the others in this folder, on top of `Document`. Each member that its
   name does not explain has a description.
2. Name the model in `DOCUMENTS`. That name is its schema's: ``schemas/NAME.schema.json``.
3. Name the command in `PRINTED_BY`, with its group where it has one (``state list``).
4. Write the schemas anew with ``python -m rbsync.documents.schemas schemas``, and give the
   command its arguments in ``tests/scenarios/test_documents.py``, which runs it and says what
   is amiss.

With ``--json-lines`` an entry of each list that `rbsync.documents.text.ENTRIES` knows stands on a
line of its own. The schema has the lines under ``$defs/Line``; nothing is to be done for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbsync.documents.comparisons import (
    AdoptDocument,
    DriftDocument,
    PullDocument,
    RefreshDocument,
)
from rbsync.documents.declarations import (
    ExpandDocument,
    ExplainDocument,
    InitDocument,
    ValidateDocument,
)
from rbsync.documents.history_documents import LogDocument
from rbsync.documents.inventory import (
    DoctorDocument,
    ExportLabelsDocument,
    ExportMasksDocument,
    LsDocument,
    SchemasDocument,
    ServeDocument,
    StatusDocument,
)
from rbsync.documents.parts import Document
from rbsync.documents.plan_document import PlanDocument
from rbsync.documents.problems import ErrorDocument, FailuresDocument
from rbsync.documents.records import (
    StateBackupDocument,
    StateCollectDocument,
    StateDocument,
    StateListDocument,
    StateMvDocument,
    StatePushDocument,
    StateRecoverDocument,
    StateRmDocument,
    StateShowDocument,
    StateUnlockDocument,
)
from rbsync.documents.report_document import ReportDocument
from rbsync.documents.versions import (
    DiffDocument,
    LockDocument,
    MergeDriverDocument,
    VerifyDocument,
)
from rbsync.documents.watch_document import WatchDocument, event_schemas

DOCUMENTS: Mapping[str, type[Document]] = {
    "adopt": AdoptDocument,
    "diff": DiffDocument,
    "doctor": DoctorDocument,
    "drift": DriftDocument,
    "error": ErrorDocument,
    "expand": ExpandDocument,
    "explain": ExplainDocument,
    "export-labels": ExportLabelsDocument,
    "export-masks": ExportMasksDocument,
    "failures": FailuresDocument,
    "init": InitDocument,
    "log": LogDocument,
    "lock": LockDocument,
    "ls": LsDocument,
    "merge-driver": MergeDriverDocument,
    "plan": PlanDocument,
    "pull": PullDocument,
    "refresh": RefreshDocument,
    "report": ReportDocument,
    "schemas": SchemasDocument,
    "serve": ServeDocument,
    "state": StateDocument,
    "state-backup": StateBackupDocument,
    "state-collect": StateCollectDocument,
    "state-list": StateListDocument,
    "state-mv": StateMvDocument,
    "state-push": StatePushDocument,
    "state-recover": StateRecoverDocument,
    "state-rm": StateRmDocument,
    "state-show": StateShowDocument,
    "state-unlock": StateUnlockDocument,
    "status": StatusDocument,
    "validate": ValidateDocument,
    "verify": VerifyDocument,
    "watch": WatchDocument,
}

PRINTED_BY: Mapping[str, str] = {
    "adopt": "adopt",
    "apply": "report",
    "diff": "diff",
    "doctor": "doctor",
    "drift": "drift",
    "expand": "expand",
    "explain": "explain",
    "export labels": "export-labels",
    "export masks": "export-masks",
    "failures": "failures",
    "init": "init",
    "log": "log",
    "lock": "lock",
    "ls": "ls",
    "merge-driver": "merge-driver",
    "plan": "plan",
    "pull": "pull",
    "refresh": "refresh",
    "retry": "report",
    "schema": "schemas",
    "serve": "serve",
    "state backup": "state-backup",
    "state collect": "state-collect",
    "state list": "state-list",
    "state mv": "state-mv",
    "state pull": "state",
    "state push": "state-push",
    "state recover": "state-recover",
    "state rm": "state-rm",
    "state show": "state-show",
    "state unlock": "state-unlock",
    "status": "status",
    "undo": "report",
    "validate": "validate",
    "verify": "verify",
    "watch": "watch",
}
"""The document of each command. One that ends in an error prints the document ``error``."""


def events_of(document: str) -> Mapping[str, Mapping[str, Any]]:
    """The schemas of what ``--json-lines`` tells before a document; none for most."""
    return event_schemas() if document == "watch" else {}
