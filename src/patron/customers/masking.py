"""Hiding what says who somebody is from those who only need to know what they are like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patron.customers.conditions import PERSONAL

MASK = "•••"


def masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without e-mail, phone and birth date: a mask says that there is one, None that there is none.

    A date has no mask, so a birth date is always None.
    """
    return {name: _mask(name, value) if name in PERSONAL else value for name, value in row.items()}


def _mask(name: str, value: Any) -> str | None:
    return None if value is None or name == "date_of_birth" else MASK
