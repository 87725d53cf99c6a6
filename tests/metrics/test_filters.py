"""What figures are narrowed by: values are checked before they reach any SQL, and reach it as parameters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from patron.engines import Engine
from patron.errors import MetricError, NoDatabase
from patron.metrics import FILTERS, Filters, Period, compute, dashboard, metric, registry
from patron.metrics.window import Window, window, window_before
from patron.model import step_named
from tests.shops import TODAY, shop
from tests.support.databases import fill

NASTY = (
    "'; DROP TABLE slices; --",
    '"',
    "%s",
    "$from_day",
    "?",
    "\\",
    "=1+1",
    "a'b\n",
    "",
    "\x01",
    "🙂",
    "Unknown",
)


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"segment": ["x"]}, "There is no filter 'segment'"),
        ({"customer_segment": ["High value"]}, "Did you mean 'High Value'?"),
        ({"rfm_segment": ["Champion"]}, "Did you mean 'Champions'?"),
        ({"churn_risk_score": ["6"]}, "it is 1 to 5, or Unknown"),
        ({"churn_risk_score": [True]}, "it is 1 to 5, or Unknown"),
        ({"churn_risk_score": ["1; --"]}, "it is 1 to 5, or Unknown"),
        ({"favorite_product_category": [1]}, "takes words, not 1"),
        ({"favorite_product_category": [None]}, "takes words, not None"),
        ({"preferred_marketing_channel": ["a\0b"]}, "NUL"),
        ({"preferred_marketing_channel": [str(n) for n in range(10_000)]}, "it takes up to 1,000"),
    ],
)
def test_values_that_a_column_cannot_have(values: dict[str, Any], part: str) -> None:
    with pytest.raises(MetricError, match=part.replace("?", r"\?")):
        Filters.of(values)


def test_values_are_told_once_and_in_their_type() -> None:
    filters = Filters.of({"churn_risk_score": ["3", 3, "Unknown"], "favorite_product_category": ["a", "a"]})
    assert filters.given == {"churn_risk_score": [3, "Unknown"], "favorite_product_category": ["a"]}
    assert Filters().given == {}


def test_nasty_words_are_only_words(engine: Engine) -> None:
    products = [{"category": word} for word in NASTY]
    purchases = [{"customer_id": n, "product_id": n} for n, _ in enumerate(NASTY, 1)]
    fill(engine, shop(products=products, purchases=purchases))
    engine.build(TODAY)
    for word in NASTY:
        filters = Filters.of({"favorite_product_category": [word], "preferred_marketing_channel": [word]})
        assert dashboard(engine, filters)["total_customers"].rows[0]["value"] == (word == "Unknown")
        one = compute(engine, "category_performance", Filters.of({"favorite_product_category": [word]}))
        assert [row["category"] for row in one.rows] == [word]
        assert one.filters == {"favorite_product_category": [word]}


def test_periods() -> None:
    assert Period.of("2025-01-01", date(2025, 1, 1)).given == {"from": "2025-01-01", "to": "2025-01-01"}
    for start, end, part in (
        ("2025-01-02", "2025-01-01", "is empty"),
        ("1899-12-31", None, "1900 to 2199"),
        (None, "2200-01-01", "1900 to 2199"),
        ("01.02.2025", None, "write it as 2025-06-30"),
    ):
        with pytest.raises(MetricError, match=part):
            Period.of(start, end)


def test_a_period_is_whole_months_and_the_days_beside_them() -> None:
    as_of = date(2024, 6, 12)

    def split(start: str | None, end: str | None) -> tuple[tuple[str, ...], bool]:
        found = window(Period.of(start, end), as_of)
        return tuple(f"{day:%m-%d}" for day in vars(found).values()), found.has_parts

    assert split("2024-02-01", "2024-03-31") == (("02-01", "03-31", "02-01", "04-01"), False)
    assert split("2024-02-02", "2024-05-30") == (("02-02", "05-30", "03-01", "05-01"), True)
    assert split("2024-05-01", None) == (
        ("05-01", "06-12", "05-01", "07-01"),
        False,
    )  # nothing comes after as_of
    assert split("2024-05-01", "2024-06-11") == (("05-01", "06-11", "05-01", "06-01"), True)
    assert split("2024-02-02", "2024-02-20") == (("02-02", "02-20", "02-02", "02-02"), True)
    before = window_before(window(Period.of("2024-02-01", "2024-02-29"), as_of), as_of)
    assert before == Window(date(2023, 2, 1), date(2023, 2, 28), date(2023, 2, 1), date(2023, 3, 1))


def test_before_a_build_there_are_no_figures(engine: Engine) -> None:
    with pytest.raises(NoDatabase, match="patron build"):
        dashboard(engine)


@pytest.mark.parametrize("name", list(registry()))
def test_every_metric_says_what_it_is(name: str) -> None:
    one = metric(name)
    assert one.title
    assert one.unit in ("customers", "money", "rate", "points")
    for columns in (one.columns, *one.extra_columns.values()):
        assert all(meaning.endswith(".") for meaning in columns.values())
    assert one.meaning.endswith(".")
    assert all(query.sql.startswith("--") for query in (one.query, *one.extras.values()))


def test_rows_have_the_columns_that_are_told(engine: Engine) -> None:
    fill(engine, shop(purchases=[{}], contacts=[{"satisfaction_score": 3}]))
    engine.build(TODAY)
    for name, figure in dashboard(engine).items():
        one = metric(name)
        assert list(figure.rows[0]) == list(one.columns), name
        assert {extra: list(rows[0]) for extra, rows in figure.extra.items()} == {
            extra: list(columns) for extra, columns in one.extra_columns.items()
        }


def test_unknown_metrics_and_options_are_answered_with_what_there_is(engine: Engine) -> None:
    for name, options, part in (
        ("retention_rates", {}, "Did you mean 'retention_rate'"),
        ("top_customers", {"limit": 0}, "from 1 to 100"),
        ("top_customers", {"limit": "many"}, "from 1 to 100"),
        ("top_customers", {"by": "x"}, "it has: limit"),
        ("churn_risk", {"limit": 1}, "it has none"),
        ("segment_distribution", {"by": "rfm"}, "It is one of"),
    ):
        with pytest.raises(MetricError, match=part):
            compute(engine, name, Filters(), Period(), **options)


def test_each_filter_is_a_column_of_slices() -> None:
    assert set(FILTERS) <= step_named("slices").columns.keys()
