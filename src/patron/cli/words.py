"""Numbers, dates and counts in words for people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_MAGNITUDES = ((10**9, 10**9, "B"), (10**6, 10**6, "M"), (10**4, 10**3, "K"))  # from, divided by, letter


def whole(number: float) -> str:
    """Return 1234567 as '1,234,567'."""
    return f"{number:,.0f}"


def exact(number: Any) -> str:
    """Return a whole number without decimals, and any other with two."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def money(amount: Decimal | float) -> str:
    """Return an amount with two decimals."""
    return f"{amount:,.2f}"


def compact(amount: Decimal | float) -> str:
    """Return an amount in three or four digits: 8.02 M, 34.1 K, 1,234, 175.26."""
    value = Decimal(str(amount))
    for least, divisor, letter in _MAGNITUDES:
        if abs(value) >= least:
            return f"{_digits(value / divisor)} {letter}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def percent(share: float, decimals: int = 1) -> str:
    """Return 0.647 as '64.7%'."""
    return f"{share:.{decimals}%}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return '1 row' or '2 rows'."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def day(when: date) -> str:
    """Return '31 Dec 2025'."""
    return f"{when.day} {when:%b %Y}"


def minute(when: datetime) -> str:
    """Return '2025-12-31 14:05'."""
    return f"{when:%Y-%m-%d %H:%M}"


def seconds(elapsed: timedelta | float) -> str:
    """Return '0.21 s', '12.3 s' or '3 min 20 s'."""
    value = elapsed.total_seconds() if isinstance(elapsed, timedelta) else elapsed
    if value >= 60:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes} min {rest} s"
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def _digits(value: Decimal) -> str:
    places = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"


def size(number: int) -> str:
    """Return a number of bytes as '1.4 MB'."""
    value = float(number)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def place(url: str) -> str:
    """Return a database's URL as it may be shown: without any secret that it may hold."""
    from patron.engines.address import shown

    return shown(url)
