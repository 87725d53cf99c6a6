"""What all documents have in common."""

from __future__ import annotations

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


def model_of(
    name: str, fields: dict[str, tuple[Any, str]], base: type[BaseModel] = Document
) -> type[BaseModel]:
    """Return a model with these fields: each a type and a meaning."""
    made: dict[str, Any] = {field: (kind, Field(description=said)) for field, (kind, said) in fields.items()}
    return create_model(name, __base__=base, **made)
