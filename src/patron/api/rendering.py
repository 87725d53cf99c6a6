"""Documents as JSON: dates in ISO 8601, instants in UTC, money as numbers, ids as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from fastapi import Response

from patron.memory import PickedRows
from patron.memory.numbers import number

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def dumped(document: Any) -> bytes:
    """Return a document as JSON. Numbers that JSON has no word for, such as NaN, are null."""
    return orjson.dumps(document, default=_plain, option=_OPTIONS)


def answer(document: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """Return a document as a response."""
    return Response(dumped(document), status, headers, "application/json")


def with_text_ids(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its ids as text: a BIGINT may be more than JavaScript's numbers hold."""
    told = dict(row)
    for name in _ids_among(tuple(told)):
        if isinstance(told[name], int):
            told[name] = str(told[name])
    return told


def all_with_text_ids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the same columns as `with_text_ids` returns each; without ids they are the same rows."""
    if not rows:
        return rows
    for name in _ids_among(tuple(rows[0])):
        rows = [{**row, name: str(row[name])} if isinstance(row[name], int) else row for row in rows]
    return rows


def instant(moment: datetime | None) -> datetime | None:
    """Return an instant with its zone; engines that keep none keep it in UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@lru_cache(1000)
def _ids_among(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name.endswith("_id")]


def _plain(value: Any) -> Any:
    if isinstance(value, PickedRows):
        return orjson.Fragment(value.told())
    if isinstance(value, frozenset | set):
        return sorted(value)
    return number(value)
