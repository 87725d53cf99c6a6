"""The data dictionary says what the SQL does: types as DuckDB has them, lineage that changes with its sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import pytest
from sqlglot import exp

from patron.contract import CONTRACT, IdType
from patron.contract.bookkeeping import BOOKKEEPING
from patron.engines.duckdb import DuckDBEngine
from patron.errors import ContractError
from patron.model import Kept, steps
from patron.model.dictionary import Entry, as_markdown, columns, tables
from patron.model.lineage import Node, lineage
from patron.model.render import inlined, parameters
from patron.settings import Model, Settings
from tests.reference import COLUMNS, Row, Shop
from tests.shops import TODAY, days_ago, shop
from tests.support.databases import fill, rows

ID_TYPES = get_args(IdType)
BUILD_OWN = {"as_of", "build_id"}


@pytest.fixture(params=ID_TYPES, scope="module")
def duckdb_engine(request: pytest.FixtureRequest) -> Iterator[DuckDBEngine]:
    with DuckDBEngine(":memory:", Settings(id_type=request.param)) as opened:
        opened.init()
        yield opened


def entry(column: str, table: str = "customer_360") -> Entry:
    [found] = [one for one in columns(table) if one.column == column]
    return found


def described(engine: DuckDBEngine, name: str) -> list[tuple[str, str]]:
    """Columns and types of a table, view or step, as DuckDB has them."""
    sql = f"FROM {name}"
    values: dict[str, Any] = {}
    if any(
        step.name == name and step.kept in (Kept.BUILD_STEP, Kept.BATCH_STEP, Kept.CHECK) for step in steps()
    ):
        query = inlined(name)
        asked = {str(node.this) for node in query.find_all(exp.Placeholder)}
        everything = parameters(Model(), TODAY, 1)
        sql, values = query.sql("duckdb"), {one: everything[one] for one in asked}
    with engine.cursor() as cursor:
        found = cursor.execute(f"DESCRIBE {sql}", values).fetchall()
    return [(row[0], exp.DataType.build(row[1], dialect="duckdb").sql("duckdb")) for row in found]


# -- columns and types ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [table.name for table in tables()])
def test_columns_and_types_are_those_of_the_database(duckdb_engine: DuckDBEngine, name: str) -> None:
    said = [(one.column, one.type) for one in columns(name, duckdb_engine.settings.id_type)]
    assert said == described(duckdb_engine, name)


def test_it_describes_every_table_once() -> None:
    names = [table.name for table in tables()]
    assert names[0] == "customer_360"
    assert sorted(names) == sorted(
        [step.name for step in steps()] + [table.name for table in (*CONTRACT, *BOOKKEEPING)]
    )


def test_a_star_passes_columns_on_with_their_meaning() -> None:
    passed = {one.column: one.meaning for one in columns("customer_scores")}
    assert {"cut_point", "recency", "frequency", "monetary"}.isdisjoint(passed)
    assert passed["favorite_brand"] == entry("favorite_brand", "customer_features").meaning
    assert passed["high_value_above"] == entry("high_value_above", "current_build").meaning
    assert passed["days_since_last_visit"] == "Days up to as_of."


@pytest.mark.parametrize("name", [table.name for table in tables()])
def test_every_column_has_a_meaning(name: str) -> None:
    assert [one.column for one in columns(name) if not one.meaning.endswith(".")] == []


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("total_lifetime_value", "money"),
        ("average_order_value", "money"),
        ("annual_spend", "money"),
        ("customer_lifetime_value", "money"),
        ("average_pages_per_visit", "pages"),
        ("average_time_spent_on_site", "seconds"),
        ("average_satisfaction_score", "points"),
        ("days_since_last_visit", "days"),
        ("resolution_rate", "percent"),
        ("engagement_score", "points"),
        ("total_purchases", None),
        ("last_purchase_date", None),
        ("rfm_segment", None),
    ],
)
def test_a_unit_comes_from_the_contract_or_the_name(column: str, unit: str | None) -> None:
    assert entry(column).unit == unit


def test_units_pass_through_views_under_other_names() -> None:
    assert entry("total_spend", "customer_360_analytics").unit == "money"
    assert entry("avg_time_per_session", "customer_360_analytics").unit == "seconds"
    assert entry("price", "product_catalog").unit == "money"


# -- lineage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "sources", "settings", "through"),
    [
        ("email", "customer_info.email", "", ""),
        ("total_lifetime_value", "purchase_transactions.total_amount", "", "purchase_statistics"),
        ("favorite_brand", "product_catalog.brand", "", "numbered_products favorite_brand"),
        ("last_interaction_type", "customer_service.interaction_type", "", "service_statistics"),
        ("total_website_visits", "website_behavior.*", "", "web_statistics"),
        ("campaigns_engaged", "campaign_responses.*", "", "campaign_answers campaign_engagement"),
        (
            "positive_responses",
            "campaign_responses.response_type campaign_responses.*",
            "positive_response_types",
            "campaign_answers campaign_engagement",
        ),
        (
            "annual_spend",
            "customer_info.registration_date purchase_transactions.total_amount",
            "as_of",
            "current_build purchase_statistics",
        ),
        (
            "customer_segment",
            "purchase_transactions.total_amount",
            "high_value_above medium_value_above",
            "current_build purchase_statistics",
        ),
        (
            "churn_risk_score",
            "customer_info.registration_date purchase_transactions.purchase_date",
            "as_of churn_days",
            "current_build purchase_statistics",
        ),
    ],
)
def test_lineage_reaches_the_contract(column: str, sources: str, settings: str, through: str) -> None:
    found = entry(column)
    assert (found.sources, found.parameters) == (tuple(sources.split()), tuple(settings.split()))
    assert found.steps == (*through.split(), "customer_features", "customer_rates", "customer_scores")


def test_every_column_comes_from_somewhere() -> None:
    known = {f"{table.name}.{name}" for table in CONTRACT for name in (*table.names, "*")}
    parts = [(one.column, {*one.sources, *one.parameters}) for one in columns()]
    assert [column for column, found in parts if not found] == []
    assert {part for _, found in parts for part in found} <= known | BUILD_OWN | set(Model.model_fields)


def test_a_contract_column_is_made_of_nothing() -> None:
    found = entry("total_amount", "purchase_transactions")
    assert (found.sources, found.parameters, found.steps) == ((), (), ())


def test_the_tree_leads_from_step_to_step() -> None:
    def path(node: Node) -> list[str]:
        return [node.name, *(name for one in node.inputs for name in path(one))]

    assert path(lineage("preferred_marketing_channel")) == [
        "customer_360.preferred_marketing_channel",
        "customer_scores.preferred_marketing_channel",
        "customer_rates.preferred_marketing_channel",
        "customer_features.preferred_marketing_channel",
        "preferred_channel.preferred_marketing_channel",
        "marketing_campaigns.channel",
    ]
    assert path(lineage("high_value_above", "current_build")) == [
        "current_build.high_value_above",
        "$high_value_above",
    ]


def test_a_tree_is_walked_without_repeating() -> None:
    names = [node.name for node in lineage("engagement_score").walk()]
    assert names[0] == "customer_360.engagement_score"
    assert len(names) == len(set(names))


SHOP = shop(
    customers=[{"first_name": "Ada", "registration_date": days_ago(400)}],
    products=[{"category": "A", "brand": "B", "price": 1}],
    campaigns=[{"channel": "email"}],
    purchases=[{"product_id": 1, "total_amount": 100, "purchase_date": days_ago(10), "order_id": 1}] * 2,
    contacts=[{"satisfaction_score": 2, "interaction_type": "inquiry", "resolution_status": "open"}],
    responses=[{"response_type": "click"}],
    visits=[{"pages_viewed": 3, "time_spent": 30, "visit_date": days_ago(5)}],
    views=[{"product_id": 1}],
)


def built(changed: Shop) -> Row:
    with DuckDBEngine(":memory:", Settings()) as engine:
        engine.init()
        fill(engine, changed)
        engine.build(TODAY)
        return rows(engine, "SELECT * FROM customer_360")[0]


@pytest.fixture(scope="module")
def before() -> Row:
    return built(SHOP)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("customer_info.first_name", "Bo"),
        ("customer_info.registration_date", days_ago(1)),
        ("product_catalog.category", "Z"),
        ("product_catalog.brand", "Z"),
        ("marketing_campaigns.channel", "TV"),
        ("purchase_transactions.purchase_date", days_ago(200)),
        ("purchase_transactions.total_amount", Decimal("9000.00")),
        ("purchase_transactions.order_id", None),
        ("customer_service.interaction_type", "complaint"),
        ("customer_service.resolution_status", "resolved"),
        ("customer_service.satisfaction_score", 5),
        ("website_behavior.pages_viewed", 9),
        ("website_behavior.time_spent", 90),
        ("website_behavior.visit_date", TODAY),
    ],
)
def test_what_changes_with_a_source_has_it_in_its_lineage(source: str, value: Any, before: Row) -> None:
    table, column = source.split(".")
    after = built({**SHOP, table: [{**row, column: value} for row in SHOP[table]]})
    differing = {name for name in COLUMNS if after[name] != before[name]}
    assert differing
    assert differing <= {one.column for one in columns() if source in one.sources}


# -- errors and the page ------------------------------------------------------------------------------------


def test_an_unknown_table_or_column_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(
        ContractError, match=r"no table 'customer_365'\. Did you mean 'customer_360'\? It has"
    ):
        columns("customer_365")
    with pytest.raises(
        ContractError, match=r"customer_360 has no column 'anual_spend'\. .* 'annual_spend'\?"
    ):
        lineage("anual_spend")


def test_the_page_has_every_table_and_every_link_leads_to_one() -> None:
    page = as_markdown()
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(table.name for table in tables())
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= set(headings)


def test_the_page_has_a_row_for_every_column() -> None:
    page = as_markdown()
    for table in tables():
        section = page.split(f"\n### {table.name}\n")[1].split("\n#")[0]
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("|")]
        assert len({len(cells) for cells in lines}) == 1
        assert [cells[0].strip(" `") for cells in lines[2:]] == [one.column for one in columns(table.name)]


def test_the_page_says_the_contract_s_rules() -> None:
    page = as_markdown()
    assert "| `view_id` | `BIGINT` |  | The view's key. | key |" in page
    assert "| required, refers to [customer_info](#customer_info) |" in page
    assert "| `satisfaction_score` | `INT` | points |" in page
    assert "| 1 to 5 |\n" in page
    assert "| at least 0 |\n" in page


def test_the_page_shows_words_as_they_are() -> None:
    assert r"total\_lifetime\_value \* (1 + campaign\_response\_rate / 100)" in as_markdown()
