"""The common base of models of documents, and the words for a document of another shape."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError


class Part(BaseModel):
    """Readers ignore members that they do not know: a newer version may have added them."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def first_error(error: ValidationError, *, below: int = 0) -> str:
    """The place and the message of the first thing that is wrong.

    The first ``below`` steps of the place are left out: of a union they name the model.
    """
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"][below:]))
    return f"{where}: {first['msg']}" if where else first["msg"]
