"""What tables and columns hold and where it comes from."""

from __future__ import annotations

from patron.api.schemas.base import Document


class ColumnMeaning(Document):
    """What a column holds and where it comes from."""

    column: str
    type: str
    meaning: str
    unit: str | None
    sources: list[str]
    parameters: list[str]
    steps: list[str]


class TableMeaning(Document):
    """What a table, view or step holds."""

    name: str
    kind: str
    meaning: str
    grain: str | None
    reads: list[str]


class Tables(Document):
    """All tables, views and steps."""

    tables: list[TableMeaning]


class TableColumns(TableMeaning):
    """A table with its columns."""

    columns: list[ColumnMeaning]


class LineageNode(Document):
    """A column and what it is made of."""

    name: str
    inputs: list[LineageNode]
