"""What all documents have in common."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model


class Document(BaseModel):
    """The base of all documents."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class OfBuild(Document):
    """What is of one build."""

    build_id: int
    """The build."""
    as_of: date
    """The last day whose facts it saw."""


class Made(BaseModel):
    """The base of documents that are made of declarations, which bring the meanings of their fields.

    They have no source to look for docstrings in, and looking for it took most of the time in which a server starts.
    """


class MadeOfBuild(OfBuild):
    """The base of those that are of one build."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def model_of(
    name: str,
    fields: dict[str, tuple[Any, str]],
    base: type[BaseModel] = Made,
    *,
    always: Collection[str] | None = None,
) -> type[BaseModel]:
    """Return a model with these fields: each a type and a meaning.

    Only those of `always` have to be there, where it is given.
    """
    made: dict[str, Any] = {
        field: (kind, _described(said, is_required=always is None or field in always))
        for field, (kind, said) in fields.items()
    }
    return create_model(name, __base__=base, **made)


def _described(said: str, *, is_required: bool) -> Any:
    if is_required:
        return Field(description=said)
    return Field(default_factory=lambda: None, description=said)  # a default would stand in the description
