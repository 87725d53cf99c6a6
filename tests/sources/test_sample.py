"""Sample data: the same from the same seed, true to the contract, and like a real shop."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import ascii_uppercase
from typing import Any

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

END = date(2025, 12, 31)


def tables(sample: Sample) -> dict[str, pa.Table]:
    batches: dict[str, list[pa.RecordBatch]] = {}
    for table, batch in generate(sample):
        batches.setdefault(table.name, []).append(batch)
    return {name: pa.Table.from_batches(parts) for name, parts in batches.items()}


def digest(sample: Sample) -> str:
    hashed = hashlib.sha256()
    for table, batch in generate(sample):
        hashed.update(table.name.encode())
        hashed.update(batch.serialize())
    return hashed.hexdigest()


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, table in tables(Sample(5000)).items():
            connection.register("arriving", table)
            connection.execute(f"CREATE TABLE {name} AS FROM arriving")
        yield connection


def row(shop: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    found = shop.execute(sql).fetchone()
    assert found is not None
    return found


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


# -- like a real shop ----------------------------------------------------------------------------------


def test_size_is_what_a_million_customers_are_meant_to_have(shop: duckdb.DuckDBPyConnection) -> None:
    for name, usual in {
        "purchase_transactions": 20.0,
        "website_behavior": 10.0,
        "campaign_responses": 5.0,
        "customer_service": 2.0,
        "product_views": 3.0,
    }.items():
        (rows,) = row(shop, f"SELECT count(*) / 5000 FROM {name}")
        assert rows == pytest.approx(usual, rel=0.2), name


def test_few_customers_bring_much_of_the_revenue(shop: duckdb.DuckDBPyConnection) -> None:
    high, medium, never, of_high = row(
        shop,
        """
        WITH spend AS (
            SELECT customer_id, coalesce(sum(total_amount), 0) AS value, count(transaction_id) AS lines
            FROM customer_info LEFT JOIN purchase_transactions USING (customer_id) GROUP BY ALL)
        SELECT avg((value > 10000)::INTEGER), avg((value > 5000 AND value <= 10000)::INTEGER),
               avg((lines = 0)::INTEGER), sum(value) FILTER (value > 10000) / sum(value)
        FROM spend
        """,
    )
    assert 0.01 < high < 0.05
    assert 0.03 < medium < 0.1
    assert 0.05 < never < 0.15
    assert 0.15 < of_high < 0.5


def test_every_rfm_cell_is_populated(shop: duckdb.DuckDBPyConnection) -> None:
    (cells,) = row(
        shop,
        """
        WITH buyers AS (
            SELECT max(purchase_date) AS last, count(DISTINCT order_id) + count(*) FILTER (order_id IS NULL) AS orders
            FROM purchase_transactions WHERE total_amount > 0 GROUP BY customer_id),
        cuts AS (
            SELECT quantile_disc(last, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_disc(orders, [0.2, 0.4, 0.6, 0.8]) AS f
            FROM buyers)
        SELECT count(DISTINCT (len(list_filter(r, lambda cut: last > cut)),
                               len(list_filter(f, lambda cut: orders > cut))))
        FROM buyers, cuts
        """,
    )
    assert cells == 25


def test_most_lines_are_in_baskets_and_some_tills_number_nothing(shop: duckdb.DuckDBPyConnection) -> None:
    in_baskets, alone = row(
        shop,
        """
        WITH sold AS (
            SELECT order_id, count(*) OVER (PARTITION BY order_id) AS lines
            FROM purchase_transactions WHERE total_amount > 0)
        SELECT avg((order_id IS NOT NULL AND lines > 1)::INTEGER), avg((order_id IS NULL)::INTEGER) FROM sold
        """,
    )
    assert 0.55 < in_baskets < 0.75
    assert 0.15 < alone < 0.35


def test_returns_differ_by_category_and_some_leave_the_goods(shop: duckdb.DuckDBPyConnection) -> None:
    clothing, groceries, goods_kept = row(
        shop,
        """
        SELECT avg((total_amount < 0)::INTEGER) FILTER (category = 'Clothing'),
               avg((total_amount < 0)::INTEGER) FILTER (category = 'Groceries'),
               count(*) FILTER (quantity = 0)
        FROM purchase_transactions JOIN product_catalog USING (product_id)
        """,
    )
    assert clothing > 0.08
    assert 0 < groceries < 0.02
    assert goods_kept > 50


def test_customers_prefer_what_they_like(shop: duckdb.DuckDBPyConnection) -> None:
    """The first category of a customer has far more than the largest category's share of all lines."""
    own, largest = row(
        shop,
        """
        WITH lines AS (
            SELECT customer_id, category, count(*) AS n
            FROM purchase_transactions JOIN product_catalog USING (product_id) WHERE total_amount > 0 GROUP BY ALL),
        customers AS (SELECT max(n) / sum(n) AS share FROM lines GROUP BY customer_id HAVING sum(n) >= 20),
        shop AS (SELECT sum(n) / sum(sum(n)) OVER () AS share FROM lines GROUP BY category)
        SELECT (SELECT avg(share) FROM customers), (SELECT max(share) FROM shop)
        """,
    )
    assert own > largest + 0.15


def test_business_grows_and_has_its_week_and_its_seasons(shop: duckdb.DuckDBPyConnection) -> None:
    yearly = shop.execute(
        "SELECT count(*) FROM purchase_transactions GROUP BY year(purchase_date) ORDER BY year(purchase_date)"
    ).fetchall()
    assert yearly == sorted(yearly)
    saturday, tuesday, december, february = row(
        shop,
        """
        SELECT count(*) FILTER (dayofweek(purchase_date) = 6), count(*) FILTER (dayofweek(purchase_date) = 2),
               count(*) FILTER (month(purchase_date) = 12), count(*) FILTER (month(purchase_date) = 2)
        FROM purchase_transactions
        """,
    )
    assert saturday > 1.3 * tuesday
    assert december > 1.3 * february


def test_some_customers_fade_away_and_some_come_back(shop: duckdb.DuckDBPyConnection) -> None:
    """Among those who used to buy at least every other month."""
    gone, back = row(
        shop,
        """
        WITH days AS (SELECT DISTINCT customer_id, purchase_date FROM purchase_transactions WHERE total_amount > 0),
        gaps AS (
            SELECT customer_id, purchase_date,
                   purchase_date - lag(purchase_date) OVER (PARTITION BY customer_id ORDER BY purchase_date) AS gap
            FROM days),
        customers AS (
            SELECT max(purchase_date) AS last, max(gap) AS longest FROM gaps
            GROUP BY customer_id HAVING count(*) >= 8 AND median(gap) < 60)
        SELECT avg((last < DATE '2025-12-31' - 240)::INTEGER), avg((longest > 240)::INTEGER) FROM customers
        """,
    )
    assert 0.15 < gone < 0.5
    assert 0.27 < back < 0.45


def test_campaigns_lift_sales_while_they_run(shop: duckdb.DuckDBPyConnection) -> None:
    """Days of campaigns for all against the same weekdays in the weeks around them without any campaign."""
    with_campaign, without = row(
        shop,
        """
        WITH days AS (
            SELECT day::DATE AS day,
                   EXISTS (FROM marketing_campaigns WHERE day BETWEEN start_date AND end_date) AS any_campaign,
                   EXISTS (FROM marketing_campaigns WHERE day BETWEEN start_date AND end_date
                           AND target_audience = 'All customers') AS for_all
            FROM range(DATE '2020-03-01', DATE '2025-12-01', INTERVAL 1 DAY) AS all_days (day)),
        sales AS (
            SELECT day, any_campaign, for_all, count(transaction_id) AS lines
            FROM days LEFT JOIN purchase_transactions ON purchase_date = day GROUP BY ALL)
        SELECT sum(during.lines), sum(before.lines)
        FROM sales AS during JOIN sales AS before
          ON before.day IN (during.day - 14, during.day + 14) AND during.for_all AND NOT before.any_campaign
        """,
    )
    assert with_campaign > 1.3 * without


def test_campaigns_tire_people(shop: duckdb.DuckDBPyConnection) -> None:
    """Of those who buy at the time and never unsubscribe, newcomers answer far more often than old customers."""
    fresh, tired = row(
        shop,
        """
        WITH sent AS (
            SELECT DISTINCT customer_id, campaign_id, start_date - registration_date AS tenure
            FROM marketing_campaigns
            JOIN purchase_transactions ON purchase_date BETWEEN start_date - 60 AND start_date + 60
            JOIN customer_info USING (customer_id)
            WHERE channel = 'email' AND target_audience = 'All customers' AND registration_date >= DATE '2020-01-01'
              AND customer_id NOT IN (
                  SELECT customer_id FROM campaign_responses WHERE response_type = 'unsubscribe')),
        answered AS (SELECT DISTINCT customer_id, campaign_id, TRUE AS yes FROM campaign_responses)
        SELECT count(yes) FILTER (tenure BETWEEN 0 AND 365) / count(*) FILTER (tenure BETWEEN 0 AND 365),
               count(yes) FILTER (tenure > 2 * 365) / count(*) FILTER (tenure > 2 * 365)
        FROM sent LEFT JOIN answered USING (customer_id, campaign_id)
        """,
    )
    assert fresh > 1.8 * tired > 0


def test_who_unsubscribes_hears_nothing_more(shop: duckdb.DuckDBPyConnection) -> None:
    left, answered_later = row(
        shop,
        """
        WITH gone AS (
            SELECT customer_id, start_date FROM campaign_responses JOIN marketing_campaigns USING (campaign_id)
            WHERE response_type = 'unsubscribe')
        SELECT (SELECT count(*) FROM gone), count(*)
        FROM campaign_responses AS r JOIN marketing_campaigns AS c USING (campaign_id) JOIN gone USING (customer_id)
        WHERE c.start_date > gone.start_date AND channel IN ('email', 'sms', 'push', 'direct mail')
        """,
    )
    assert left > 100
    assert answered_later == 0


def test_answers_are_of_the_four_types_on_several_channels(shop: duckdb.DuckDBPyConnection) -> None:
    (types,) = row(shop, "SELECT list_sort(list(DISTINCT response_type)) FROM campaign_responses")
    assert types == ["click", "open", "purchase", "unsubscribe"]
    (channels,) = row(
        shop,
        "SELECT count(DISTINCT channel) FROM campaign_responses JOIN marketing_campaigns USING (campaign_id)",
    )
    assert channels >= 3


def test_satisfaction_follows_resolution(shop: duckdb.DuckDBPyConnection) -> None:
    solved, unsolved, silent, spellings = row(
        shop,
        """
        SELECT avg(satisfaction_score) FILTER (lower(resolution_status) = 'resolved'),
               avg(satisfaction_score) FILTER (lower(resolution_status) <> 'resolved'),
               avg((satisfaction_score IS NULL)::INTEGER),
               list_sort(list(DISTINCT resolution_status))
        FROM customer_service
        """,
    )
    assert solved > unsolved + 1
    assert 0.2 < silent < 0.5
    assert spellings == ["Escalated", "Open", "Resolved", "resolved"]


def test_visits_precede_orders_and_views_what_is_bought(shop: duckdb.DuckDBPyConnection) -> None:
    online, in_store, bought_next = row(
        shop,
        """
        WITH orders AS (
            SELECT DISTINCT customer_id, purchase_date, store_id = 1 AS online,
                   EXISTS (FROM website_behavior AS w WHERE w.customer_id = p.customer_id
                           AND visit_date BETWEEN purchase_date - 1 AND purchase_date)::INTEGER AS visited
            FROM purchase_transactions AS p WHERE total_amount > 0)
        SELECT avg(visited) FILTER (online), avg(visited) FILTER (NOT online),
            (SELECT avg(EXISTS (FROM purchase_transactions AS p WHERE p.customer_id = v.customer_id
                    AND p.product_id = v.product_id
                    AND purchase_date BETWEEN viewed_at::DATE AND viewed_at::DATE + 1)::INTEGER)
             FROM product_views AS v)
        FROM orders
        """,
    )
    assert online > 0.85
    assert 0.15 < in_store < 0.5
    assert bought_next > 0.15


def test_some_particulars_of_people_are_missing(shop: duckdb.DuckDBPyConnection) -> None:
    for column in ("email", "phone_number", "date_of_birth", "registration_date"):
        (missing,) = row(shop, f"SELECT avg(({column} IS NULL)::INTEGER) FROM customer_info")
        assert 0.002 < missing < 0.2, column


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
