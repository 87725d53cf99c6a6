"""The shop that is served: sample data, and a few rows of the kind that break pages."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from tests.browser.sites import Site, patron

LAST_DAY = date(2025, 12, 31)
UGLY = 9_000_001
LONG = 9_000_002  # a customer with a longer history than any page asks for at once
LONG_HISTORY = 6_000


@contextmanager
def made(url: str, folder: Path, customers: int) -> Iterator[Site]:
    """Make a shop with so many customers and a few more, build it, and serve it."""
    patron(url, "sample", "--customers", customers, folder=folder)
    patron(url, "load", str(_more(folder)), folder=folder)
    patron(url, "build", "--as-of", LAST_DAY, folder=folder)
    with Site(url, folder) as site:
        yield site


def _more(folder: Path) -> Path:
    more = folder / "more"
    more.mkdir()
    people = [
        (UGLY, "<img src=x onerror=alert(1)>", '=HYPERLINK("http://example.com")', "o'hara&co@example.com"),
        (
            LONG,
            "Maximiliane-Theodora-Alexandrina",
            "von und zu Hohenfels-Niederwaldkirchen",
            "long@example.com",
        ),
    ]
    _write(
        more / "customer_info.csv",
        ("customer_id", "first_name", "last_name", "email", "registration_date"),
        [(*one, "2019-05-01") for one in people],
    )
    bought = [
        (UGLY * 1000 + number, LONG, 1, LAST_DAY - timedelta(days=number % 1500), 1, "9.99")
        for number in range(LONG_HISTORY)
    ]
    refused = [
        (1, "99999999", 1, "2025-01-01", 1, "5.00"),  # nobody's
        (2, UGLY, 1, "2025-02-30", 1, "5.00"),  # no day
        (3, UGLY, 1, "2025-03-01", 1, "5.001"),  # no amount
        (4, UGLY, 1, "2025-02-31", 1, "5.00"),
    ]
    _write(
        more / "purchase_transactions.csv",
        ("transaction_id", "customer_id", "product_id", "purchase_date", "quantity", "total_amount"),
        bought + [(UGLY * 10 + number, *rest) for number, *rest in refused],
    )
    return more


def _write(file: Path, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows(rows)
