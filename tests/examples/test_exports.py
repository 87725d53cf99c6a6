"""Exports as shops have them, from a folder to customer_360 by nothing but what `patron map` proposes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from patron.engines import Engine, connect
from patron.settings import Settings
from patron.sources.load import LoadReport, load
from patron.sources.mapping.model import parse_mapping
from patron.sources.recognition import Recognised, recognise
from tests.sources import lineitems
from tests.sources.files import counts, write

# What each export has a counterpart for, and of what it is made.
LINE_ITEMS = {
    "customer_info": {"customer_id": "Kundennummer", "last_name": "Kundenname"},
    "product_catalog": {"product_id": "Artikelnummer", "product_name": "Bezeichnung", "price": "Einzelpreis"},
    "purchase_transactions": {
        "transaction_id": "RechnungNr || '-' || Position",
        "customer_id": "Kundennummer",
        "product_id": "Artikelnummer",
        "purchase_date": "Rechnungsdatum",
        "quantity": "Menge",
        "total_amount": "Menge * Einzelpreis",
        "order_id": "RechnungNr",
    },
}
EVENTS = {
    "customer_info": {"customer_id": "user_id"},
    "website_behavior": {
        "session_id": "session_id",
        "customer_id": "user_id",
        "visit_date": "timestamp",
        "source": "acquisition_channel",
    },
}


@pytest.fixture
def shop() -> Iterator[Engine]:
    """Empty contract tables with ids of text."""
    with connect(":memory:", Settings(id_type="text")) as engine:
        engine.init()
        yield engine


def proposed(folder: Path, work: Path) -> Recognised:
    work.mkdir()
    return recognise([str(folder)], work, "text", str(folder))


def share_recognised(found: Recognised, wanted: dict[str, dict[str, str]]) -> float:
    """Return the share of columns with a counterpart that are proposed as sure and from the right column."""
    asked = [
        (table, column, source) for table, columns in wanted.items() for column, source in columns.items()
    ]
    right = [one for one in asked if found.tables.get(one[0], {}).get(one[1]) == one[2]]
    return len(right) / len(asked)


def accounts_for_all(report: LoadReport) -> bool:
    return report.rows_read == report.inserted + report.quarantined and report.quarantined == sum(
        sum(codes.values()) for codes in report.reasons.values()
    )


def test_line_items_with_every_trouble(shop: Engine, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    troubles = lineitems.write(tmp_path / "exports", 3_000)
    found = proposed(tmp_path / "exports", tmp_path / "work")
    assert share_recognised(found, LINE_ITEMS) >= 0.9
    report = load(shop, tmp_path / "exports", mapping=parse_mapping(found.text))
    assert accounts_for_all(report)
    assert counts(report, "purchase_transactions").rows_read == 3_000
    reasons = Counter(report.reasons["purchase_transactions"])
    waiting = reasons.pop("unknown_product", 0)  # whose product could only be had from a broken row
    assert reasons == troubles - Counter(sound=troubles["sound"])
    assert counts(report, "purchase_transactions").inserted == troubles["sound"] - waiting
    shop.build(date(2011, 12, 31))
    stored = shop.query("SELECT COUNT(*) AS rows, SUM(total_amount) AS amount FROM purchase_transactions")[0]
    told = shop.query("SELECT SUM(total_lifetime_value) AS amount FROM customer_360")[0]
    assert stored["rows"] == counts(report, "purchase_transactions").inserted
    assert told["amount"] == stored["amount"]


def test_a_log_of_web_events(shop: Engine, tmp_path: Path) -> None:
    head = "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort,user_lifecycle\n"
    rows = [
        f"user_{n % 7:04},sess_{n % 42:06},{'home' if n % 3 else 'cart'},"
        f"2024-03-{n % 42 % 28 + 1:02} 10:{n // 42:02}:07,desktop,{'email' if n % 2 else 'search'},2024-01,returning"
        for n in range(420)
    ]
    write(tmp_path / "log" / "ecom.csv.gz", head + "\n".join(rows) + "\n")
    found = proposed(tmp_path / "log", tmp_path / "work")
    assert share_recognised(found, EVENTS) >= 0.9
    report = load(shop, tmp_path / "log", mapping=parse_mapping(found.text))
    assert (report.inserted, report.quarantined) == (7 + 42, 0)
    visits = shop.query("SELECT * FROM website_behavior ORDER BY session_id")
    assert [(row["pages_viewed"], row["time_spent"]) for row in visits] == [(10, 9 * 60)] * 42
    assert (visits[1]["customer_id"], visits[1]["source"], str(visits[1]["visit_date"])) == (
        "user_0001",
        "email",
        "2024-03-02",
    )
