"""What every table and column holds and where it comes from; it changes with Patron's version alone."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from patron.api.answers import PRIVATE, etag, unchanged
from patron.api.context import Asked
from patron.api.problems import documented
from patron.api.rendering import answer
from patron.api.schemas.dictionary import LineageNode, TableColumns, Tables
from patron.api.security import Viewer
from patron.contract import IdType
from patron.errors import ContractError, NotFound
from patron.model.dictionary import columns, tables
from patron.model.lineage import Node, lineage

router = APIRouter(
    prefix="/dictionary", tags=["dictionary"], responses={304: {"description": "As the ETag says."}}
)
Name = Annotated[str, Path(max_length=100, examples=["customer_360"])]
ColumnName = Annotated[str, Path(max_length=100, examples=["churn_risk_score"])]


@router.get("", response_model=Tables, summary="All tables")
async def list_tables(request: Request, caller: Viewer) -> Response:
    """Return every table, view and step of the model with its meaning."""
    return _answer(request, {"tables": [asdict(one) for one in tables()]})


@router.get("/{table}", response_model=TableColumns, responses=documented(404), summary="A table's columns")
async def get_table(request: Request, context: Asked, caller: Viewer, table: Name) -> Response:
    """Return a table's columns, each with its type, meaning, unit and sources."""
    return _answer(request, _table(table, context.settings.id_type), context.settings.id_type)


@router.get(
    "/{table}/{column}", response_model=LineageNode, responses=documented(404), summary="A column's lineage"
)
async def get_lineage(request: Request, caller: Viewer, table: Name, column: ColumnName) -> Response:
    """Return what a column is made of, as a tree whose leaves are contract columns and settings."""
    try:
        return _answer(request, _tree(lineage(column, table)))
    except ContractError as error:
        raise NotFound(str(error)) from error


def _answer(request: Request, document: Any, *depends: object) -> Response:
    tag = etag(0, *depends)
    return unchanged(request, tag) or answer(document, {"ETag": tag, "Cache-Control": PRIVATE})


@cache
def _table(name: str, id_type: IdType) -> dict[str, Any]:
    for one in tables():
        if one.name == name:
            return {**asdict(one), "columns": [asdict(entry) for entry in columns(name, id_type)]}
    raise NotFound(f"The dictionary has no table '{name}'; see /api/v1/dictionary for what there is.")


def _tree(node: Node) -> dict[str, Any]:
    return {"name": node.name, "inputs": [_tree(one) for one in node.inputs]}
