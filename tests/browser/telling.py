"""How values look to a reader in the United States, written apart from the page's own code."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import SupportsFloat

NONE = "\u2013"
Number = Decimal | float | int


def count(value: Number | None) -> str:
    """1,240"""
    return NONE if value is None else f"{int(value):,}"


def money(value: Number | None) -> str:
    """$1,240.00"""
    if value is None:
        return NONE
    amount = _rounded(value, 2)
    return f"{'-' if amount < 0 else ''}${abs(amount):,}"


def share(value: Number | None) -> str:
    """12.3%"""
    return NONE if value is None else f"{_rounded(Decimal(str(value)) * 100, 1):,}%"


def mean(value: Number) -> str:
    """3.70"""
    return str(_rounded(value, 2))


def month(value: date) -> str:
    """Mar 2025"""
    return value.strftime("%b %Y")


def day(value: date) -> str:
    """Mar 1, 2025"""
    return f"{value.strftime('%b')} {value.day}, {value.year}"


def short(value: SupportsFloat, sign: str = "") -> str:
    """1.24M, of three digits that count"""
    number = float(value)
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= size * 0.9995:
            return f"{sign}{float(f'{number / size:.3g}'):g}{letter}"
    return f"{sign}{float(f'{number:.3g}'):g}"


def _rounded(value: Number, places: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
