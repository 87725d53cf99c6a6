"""A large table of which every row would be refused alike ends a load at once, with what has to be said first."""

from __future__ import annotations

from pathlib import Path

import pytest

from patron.engines import Engine
from patron.errors import SourceError
from patron.settings import Settings
from patron.sources import hopeless
from patron.sources.load import load
from patron.sources.mapping.model import parse_mapping
from tests.conftest import MakeEngine
from tests.sources.files import keys, shop_files, stored

PURCHASES = "transaction_id,customer_id,purchase_date,total_amount\n"
LETTERS = PURCHASES + "A-1,1,2024-01-05,5.00\nA-2,2,2024-01-05,5.00\n"
DAYS = PURCHASES + "1,1,5. Jan,5.00\n2,2,6. Jan,5.00\n"
PLAIN = """
[purchase_transactions]
from = "purchase_transactions.csv"
[purchase_transactions.columns]
transaction_id = "transaction_id"
customer_id = "customer_id"
purchase_date = "purchase_date"
total_amount = "total_amount"
"""


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hopeless, "MANY", 2)


@pytest.mark.parametrize("mapping", [None, PLAIN])
@pytest.mark.parametrize(
    ("content", "reason", "remedy", "by_mapping"),
    [
        (
            LETTERS,
            "transaction_id 'A-1' is not a number",
            'if such ids are right, set id_type = "text" in patron.toml and load into a new database.',
            'if such ids are right, set id_type = "text" in patron.toml and load into a new database.',
        ),
        (
            DAYS,
            "purchase_date '5. Jan' is not a date such as 2024-03-31",
            "put it right in the file, or say in a mapping how it is read.",
            "put it right in the mapping.",
        ),
    ],
)
def test_nothing_is_stored_and_the_remedy_is_named(
    engine: Engine,
    tmp_path: Path,
    mapping: str | None,
    content: str,
    reason: str,
    remedy: str,
    by_mapping: str,
) -> None:
    shop_files(tmp_path, purchase_transactions=content)
    with pytest.raises(SourceError) as failure:
        load(engine, tmp_path, mapping=parse_mapping(mapping) if mapping else None)
    assert str(failure.value) == (
        f"Nothing of {tmp_path} was loaded, since each of the 2 rows of purchase_transactions would be refused for the "
        f"same reason (purchase_transactions.csv:2: {reason}); {by_mapping if mapping else remedy}"
    )
    for table in ("customer_info", "quarantine", "loads"):
        assert engine.query(f"SELECT * FROM {table}") == []


def test_what_is_named_helps(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(id_type="text"))
    load(engine, shop_files(tmp_path, purchase_transactions=LETTERS))
    assert keys(engine, "purchase_transactions") == ["A-1", "A-2"]


@pytest.mark.parametrize(
    "other",
    ["3,1,2024-01-05,5.00", "A-3,1,5. Jan,5.00\n3,1,5. Jan,5.00", "no row"],
)
def test_one_row_of_another_kind_is_hope_enough(engine: Engine, tmp_path: Path, other: str) -> None:
    report = load(engine, shop_files(tmp_path, purchase_transactions=f"{LETTERS}{other}\n"))
    assert report.quarantined >= 2
    assert len(stored(engine, "customer_info")) == 3


def test_fewer_rows_go_to_the_quarantine(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hopeless, "MANY", 3)
    report = load(engine, shop_files(tmp_path, purchase_transactions=LETTERS))
    assert report.reasons == {"purchase_transactions": {"not_a_number": 2}}
