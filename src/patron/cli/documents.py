"""JSON documents: the same values that people see, in shapes that programs read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any


def dumped(document: Any) -> str:
    """Return a document as JSON text, letters as they are."""
    return json.dumps(plain(document), ensure_ascii=False, indent=2)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: dates in ISO 8601, instants in UTC, decimals as numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return utc(value).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, Path) else value


def utc(instant: datetime) -> datetime:
    """Return an instant in UTC; engines that keep no time zone keep it in UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
