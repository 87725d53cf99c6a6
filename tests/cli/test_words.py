"""How numbers, places and letters are put for people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from patron.cli.documents import dumped
from patron.cli.letters import printable
from patron.cli.words import compact, counted, day, exact, minute, percent, place, seconds, size


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (compact(Decimal("8203571.37")), "8.20 M"),
        (compact(12_345_678_901), "12.3 B"),
        (compact(691_000), "691 K"),
        (compact(10_000), "10.0 K"),
        (compact(9_999), "9,999"),
        (compact(Decimal("175.258")), "175.26"),
        (compact(Decimal("-2500000")), "-2.50 M"),
        (compact(0), "0.00"),
        (counted(1, "row"), "1 row"),
        (counted(1200, "row"), "1,200 rows"),
        (day(date(2025, 2, 3)), "3 Feb 2025"),
        (exact(Decimal("5000.00")), "5,000"),
        (exact(Decimal("8017744.15")), "8,017,744.15"),
        (minute(datetime(2025, 2, 3, 4, 5, 59)), "2025-02-03 04:05"),
        (percent(0.6474), "64.7%"),
        (seconds(0.204), "0.20 s"),
        (seconds(12.34), "12.3 s"),
        (seconds(timedelta(minutes=3, seconds=20)), "3 min 20 s"),
        (size(999), "999 bytes"),
        (size(1_600_000), "1.6 MB"),
        (size(52_000_000_000), "52.0 GB"),
    ],
)
def test_numbers_and_days(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("shop.duckdb", "shop.duckdb"),
        ("duckdb:////data/a:b@c.duckdb", "//data/a:b@c.duckdb"),
        ("postgresql://me:secret@host:5432/shop", "postgresql://me@host:5432/shop"),
        ("postgresql://me@host/shop?password=secret&sslmode=require", "postgresql://me@host/shop"),
        ("postgresql://me:se@cret@host/shop", "postgresql://…"),
        ("postgresql://me:p%40ss@host/shop", "postgresql://me@host/shop"),
    ],
)
def test_places_are_shown_without_their_password(url: str, shown: str) -> None:
    assert place(url) == shown


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x7f", "\x9b", "\n", "\r", "\u2028", "\u202e", "\u2066"])
def test_letters_that_move_the_cursor_are_replaced(letter: str) -> None:
    assert printable(f"a{letter}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_letters_of_any_language_are_kept() -> None:
    text = "José 山田\u3000太郎 العربية \u200cمی \U0001f642 e\u0301 \xa0"
    assert printable(text) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("5000.00"), "5000"),
        (Decimal("4596039.58"), "4596039.58"),
        (Decimal("99999999999.99"), "99999999999.99"),
        (datetime(2025, 1, 2, 3, 4, 5), '"2025-01-02T03:04:05Z"'),
        (date(2025, 1, 2), '"2025-01-02"'),
        ("é", '"é"'),
        (None, "null"),
    ],
)
def test_json_values(value: Any, written: str) -> None:
    assert dumped(value) == written
