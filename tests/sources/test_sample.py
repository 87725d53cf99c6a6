"""Sample data: the same from the same seed, true to the contract, and like a real shop."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from string import ascii_uppercase

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.contract import CONTRACT, FACTS, IdType, Table
from patron.contract.tables import EARLIEST_YEAR
from patron.engines import Progress
from patron.engines.arrow import arrow_schema
from patron.errors import SourceError
from patron.settings import Settings
from patron.sources.sample import Sample, chunks, generate, store, write_parquet, writing
from tests.conftest import MakeEngine
from tests.sources.samples import row, tables

END = date(2025, 12, 31)


def digest(sample: Sample) -> str:
    hashed = hashlib.sha256()
    for table, batch in generate(sample):
        hashed.update(table.name.encode())
        hashed.update(batch.serialize())
    return hashed.hexdigest()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 70)


# -- the same from the same seed -----------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
def test_same_seed_same_bytes_with_any_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    several = digest(Sample(300, seed=5))
    monkeypatch.setattr(chunks, "WORKERS", 1)
    assert digest(Sample(300, seed=5)) == several


@pytest.mark.parametrize(
    "other", [Sample(300, seed=6), Sample(301, seed=5), Sample(300, 5, date(2024, 6, 30))]
)
def test_another_sample_differs(other: Sample) -> None:
    assert digest(other) != digest(Sample(300, seed=5))


# -- true to the contract ------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("id_type", ["bigint", "text"])
def test_every_batch_has_the_contracts_schema(id_type: IdType) -> None:
    seen = set()
    for table, batch in generate(Sample(150, id_type=id_type)):
        batch.validate(full=True)
        assert batch.schema == arrow_schema(table, id_type)
        for column in table.columns:
            assert not (column.required and batch[column.name].null_count), column.name
        seen.add(table)
    assert seen == set(CONTRACT)


def test_text_ids_name_the_same_things() -> None:
    numbers, texts = tables(Sample(100)), tables(Sample(100, id_type="text"))
    for table in CONTRACT:
        for column in table.columns:
            values = texts[table.name][column.name].to_pylist()
            if column.type == "id":
                values = [value and int(value.strip(ascii_uppercase)) for value in values]
            assert values == numbers[table.name][column.name].to_pylist(), column.name


@pytest.mark.usefixtures("small_chunks")
def test_ids_are_dense_over_all_chunks_and_rows_stand_by_customer() -> None:
    for name, table in tables(Sample(300)).items():
        key = table.column(0).to_pylist()
        assert key == list(range(1, len(key) + 1)), name
        if "customer_id" in table.column_names:
            customers = table["customer_id"].to_pylist()
            assert customers == sorted(customers), name


@pytest.mark.usefixtures("small_chunks")
def test_chunks_come_with_parents_before_children() -> None:
    known: dict[str, set[int]] = {table.name: set() for table in CONTRACT}
    for table, batch in generate(Sample(300)):
        for column in table.references:
            assert column.references is not None
            assert set(batch[column.name].drop_null().to_pylist()) <= known[column.references], column.name
        known[table.name] |= set(batch.column(0).to_pylist())


@pytest.mark.usefixtures("small_chunks")
def test_an_order_is_one_visit_of_one_customer() -> None:
    orders: dict[int, set[object]] = {}
    for line in tables(Sample(300))["purchase_transactions"].to_pylist():
        if line["order_id"] is not None and line["total_amount"] > 0:
            visit = (line["customer_id"], line["purchase_date"], line["store_id"])
            orders.setdefault(line["order_id"], set()).add(visit)
    assert orders
    assert all(len(visits) == 1 for visits in orders.values())
    assert sorted(orders) == list(range(1, len(orders) + 1))


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_facts_lie_in_the_history_and_after_registration(
    shop: duckdb.DuckDBPyConnection, table: Table
) -> None:
    name, day = table.name, table.date
    first, last, early = row(
        shop,
        f"SELECT min({day})::DATE, max({day})::DATE, count(*) FILTER ({day}::DATE < registration_date) "
        f"FROM {name} JOIN customer_info USING (customer_id)",
    )
    assert early == 0
    assert date(2020, 1, 1) <= first < date(2020, 4, 1)
    assert date(2025, 12, 10) < last <= END


def test_the_history_ends_on_the_day_asked_for() -> None:
    days = tables(Sample(300, end=date(2023, 5, 17)))["purchase_transactions"]["purchase_date"].to_pylist()
    assert max(days) in {date(2023, 5, 16), date(2023, 5, 17)}


@pytest.mark.parametrize(
    "wrong",
    [
        "FROM purchase_transactions JOIN product_catalog USING (product_id) WHERE purchase_date < launch_date",
        "FROM product_views JOIN product_catalog USING (product_id) WHERE viewed_at::DATE < launch_date",
        "FROM customer_service JOIN product_catalog USING (product_id) WHERE interaction_date < launch_date",
        "FROM product_views v JOIN website_behavior s USING (session_id) "
        "WHERE viewed_at::DATE <> visit_date OR v.customer_id <> s.customer_id",
        "FROM campaign_responses JOIN marketing_campaigns USING (campaign_id) "
        "WHERE response_date NOT BETWEEN start_date AND end_date",
        "FROM campaign_responses r WHERE response_type = 'purchase' AND NOT EXISTS (FROM purchase_transactions p "
        "WHERE p.customer_id = r.customer_id AND p.purchase_date = r.response_date AND total_amount > 0)",
        "FROM purchase_transactions WHERE total_amount = 0 OR (total_amount > 0) <> (quantity > 0)",
        "FROM website_behavior WHERE pages_viewed < 1 OR time_spent < 0",
        "FROM customer_service WHERE satisfaction_score NOT BETWEEN 1 AND 5",
        "FROM (SELECT order_id FROM purchase_transactions WHERE total_amount > 0 AND order_id IS NOT NULL "
        "GROUP BY ALL HAVING count(*) > 6)",
        "FROM (SELECT email FROM customer_info WHERE email IS NOT NULL GROUP BY ALL HAVING count(*) > 1)",
        "FROM customer_info WHERE date_of_birth > registration_date - 18 * 365",
    ],
)
def test_nothing_contradicts_itself(shop: duckdb.DuckDBPyConnection, wrong: str) -> None:
    assert row(shop, f"SELECT count(*) {wrong}") == (0,)


def test_a_return_follows_its_sale_and_gives_back_no_more_than_was_paid(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    returns, orphans = row(
        shop,
        """
        SELECT count(*), count(*) FILTER (NOT EXISTS (
            FROM purchase_transactions AS sale
            WHERE sale.customer_id = back.customer_id AND sale.product_id = back.product_id
              AND sale.order_id IS NOT DISTINCT FROM back.order_id AND sale.store_id = back.store_id
              AND sale.purchase_date BETWEEN back.purchase_date - 45 AND back.purchase_date - 1
              AND sale.total_amount >= -back.total_amount AND sale.quantity >= -back.quantity))
        FROM purchase_transactions AS back WHERE total_amount < 0
        """,
    )
    assert returns > 1000
    assert orphans == 0


# -- any size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("customers", [1, 2, 10, 100])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_few_customers_have_a_small_shop(customers: int, seed: int) -> None:
    made = tables(Sample(customers, seed))
    assert set(made) == {table.name for table in CONTRACT}
    assert made["customer_info"].num_rows == customers
    assert 20 <= made["product_catalog"].num_rows <= 100
    assert 20 <= made["marketing_campaigns"].num_rows <= 120


@pytest.mark.parametrize(
    ("customers", "seed", "end", "word"),
    [
        (0, 1, END, "customer"),
        (-5, 1, END, "customer"),
        (1, -1, END, "seed"),
        (1, 1, date(2009, 12, 31), "2009"),
        (1, 1, date(2200, 1, 1), "2200"),
    ],
)
def test_senseless_samples_are_refused(customers: int, seed: int, end: date, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        Sample(customers, seed, end)


@pytest.mark.parametrize("end", [date(2010, 1, 1), date(2024, 2, 29), date(2199, 12, 31)])
def test_any_end_gives_dates_that_the_contract_takes(end: date) -> None:
    for name, table in tables(Sample(200, end=end)).items():
        for field in table.schema:
            if pa.types.is_date(field.type):
                days = [day for day in table[field.name].to_pylist() if day is not None]
                assert min(days).year >= EARLIEST_YEAR, (name, field.name)
                assert max(days) <= end, (name, field.name)


# -- where it goes -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("id_type", ["bigint", "text"])
def test_parquet_files_hold_what_was_generated(tmp_path: Path, id_type: IdType) -> None:
    sample = Sample(200, id_type=id_type)
    steps: list[Progress] = []
    rows = write_parquet(sample, tmp_path / "new" / "folder", steps.append)
    expected = tables(sample)
    assert rows == {name: table.num_rows for name, table in expected.items()}
    for name, table in expected.items():
        assert pq.read_table(tmp_path / "new" / "folder" / f"{name}.parquet").equals(table), name
    assert len(list((tmp_path / "new" / "folder").iterdir())) == len(CONTRACT)
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert (done[0], done[-1], steps[-1].total) == (0, 200, 200)


def test_a_folder_with_tables_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "customer_service.csv").write_text("interaction_id\n")
    with pytest.raises(SourceError, match=r"customer_service\.csv is there already"):
        write_parquet(Sample(5), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["customer_service.csv"]


def test_a_failed_write_leaves_no_table_behind(tmp_path: Path) -> None:
    def fail(_: Progress) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(SourceError, match="No space left on device"):
        write_parquet(Sample(5), tmp_path, fail)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="file"):
        write_parquet(Sample(5), tmp_path / "file")


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("id_type", "group_bytes"), [("bigint", 1 << 30), ("text", 0)])
def test_a_database_holds_what_was_generated(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch, id_type: IdType, group_bytes: int
) -> None:
    monkeypatch.setattr(writing, "GROUP_BYTES", group_bytes)
    sample = Sample(150, id_type=id_type)
    engine = make_engine(Settings(id_type=id_type))
    steps: list[Progress] = []
    rows = store(sample, engine, steps.append)
    made = tables(sample)
    for table in CONTRACT:
        expected = made[table.name].to_pylist()
        stored = engine.query(f"SELECT * FROM {table.name}")
        assert sorted(stored, key=lambda found: found[table.key.name]) == expected, table.name
        assert rows[table.name] == len(expected)
    assert steps[-1].done == 150


def test_sample_data_is_never_mixed_with_others(make_engine: MakeEngine) -> None:
    engine = make_engine()
    before = store(Sample(5), engine)
    with pytest.raises(SourceError, match="customer_info has rows already"):
        store(Sample(5), engine)
    (count,) = engine.query("SELECT count(*) AS customers FROM customer_info")
    assert count["customers"] == before["customer_info"]
