"""The demo and the picture that it shows."""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from patron.cli import charts
from patron.cli.summary import BY_RFM, NARROW, WIDE, _years, read_summary, summary
from patron.engines import connect
from patron.metrics import registry
from patron.settings import Settings
from tests.cli.conftest import LAST_DAY, Patron, complaint, document

FILE = Path("patron-demo.duckdb")


def test_the_demo_makes_builds_and_shows_a_shop(patron: Patron) -> None:
    first = document(patron("demo", "--customers", 60, "--json"))
    assert first.keys() == {"database", "build_id", "as_of", "finished_at", "currency", "rows", "figures"}
    assert first["figures"].keys() == {*registry(), BY_RFM}
    assert first["as_of"] == LAST_DAY
    assert first["figures"]["total_customers"]["rows"][0]["value"] == first["rows"]["customer_info"] == 60
    assert [path.name for path in Path().iterdir()] == [FILE.name]
    assert document(patron("demo", "--json")) == first  # used again
    said = patron("demo", "--no-serve").stdout
    for part in (
        "Lifetime value",
        "Revenue by month",
        "Churn risk",
        "Top customers",
        "CSAT",
        "What to try next",
    ):
        assert part in said
    assert "60 customers already" in complaint(patron("demo", "--customers", 70, "--no-serve"))


def test_a_demo_that_was_stopped_is_made_anew(patron: Patron) -> None:
    patron("init", "--database", f"{FILE}.partial")
    assert document(patron("demo", "--customers", 20, "--json"))["rows"]["customer_info"] == 20
    assert [path.name for path in Path().iterdir()] == [FILE.name]


def test_the_demo_goes_where_it_is_told(patron: Patron) -> None:
    patron("demo", "--no-serve", "--customers", 20, "--database", "one.duckdb")
    patron("demo", "--no-serve", "--customers", 20, PATRON_DATABASE="two.duckdb")
    assert {path.name for path in Path().iterdir()} == {"one.duckdb", "two.duckdb"}


def test_the_demo_fails_on_ids_that_differ_from_the_settings_in_words(patron: Patron) -> None:
    Path("patron.toml").write_text('id_type = "text"\n')
    found = document(patron("demo", "--customers", 20, "--json"))
    assert isinstance(found["figures"]["top_customers"]["rows"][0]["customer_id"], str)


def test_status_shows_the_same_picture(patron: Patron, shop: Path) -> None:
    assert "Revenue by month" in patron("status", "--summary").stdout
    patron("init", "--database", "empty.duckdb")
    assert "patron build" in complaint(patron("status", "--summary", "--database", "empty.duckdb"))


# -- the picture ----------------------------------------------------------------------------------------------


@pytest.fixture
def found(shop: Path) -> dict[str, Any]:
    with connect(str(shop), Settings()) as engine:
        return read_summary(engine, "shop.duckdb")


def drawn(document: dict[str, Any], width: int, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **options)
    console.print(summary(document, console))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_picture(found: dict[str, Any], width: int) -> None:
    for row in found["figures"]["top_customers"]["rows"]:
        row |= {"first_name": "Maximiliane", "last_name": "Oberhuber"}
    lines = drawn(found, width).splitlines()
    assert max(cell_len(line.rstrip()) for line in lines) <= (WIDE if width >= WIDE else NARROW)
    assert not any("…" in line for line in lines)


def test_the_picture_says_the_same_in_colour_and_without(found: dict[str, Any]) -> None:
    colour = drawn(found, 80, force_terminal=True, color_system="truecolor")
    assert "\x1b[" in colour
    assert Text.from_ansi(colour).plain.split() == drawn(found, 80).split()


def test_every_figure_is_in_the_picture(found: dict[str, Any]) -> None:
    said = drawn(found, 120)
    kpis = {name: one["rows"] for name, one in found["figures"].items()}
    assert f"{kpis['retention_rate'][0]['value']:.1%}" in said
    assert f"{kpis['repeat_purchase_rate'][0]['value']:.1%}" in said
    for name in ("segment_distribution", "churn_risk", BY_RFM):
        for row in kpis[name]:
            label = row.get("label") or row.get("customer_segment") or row.get("rfm_segment")
            assert re.search(rf"{label} +\S* +{row['customers']:,} ", said), label
    cells = [
        int(number)
        for number in re.findall(r"\d+", "".join(re.findall(r"^R\d((?: +\d+){5})", said, re.MULTILINE)))
    ]
    assert sum(cells) == sum(row["customers"] for row in kpis["rfm"])
    for row in kpis["top_customers"]:
        assert f"{row['total_lifetime_value']:,.0f}" in said


def test_nothing_to_show_is_said_and_not_drawn(patron: Patron) -> None:
    patron("init")
    with connect("patron.duckdb", Settings()) as engine:
        engine.build(date(2024, 6, 30))
    for columns in (80, 120):
        said = patron("status", "--summary", columns=columns)
        assert said.exit_code == 0, said.output
        assert "nothing is sold yet" in said.stdout
        assert "no answers yet" in said.stdout


def test_odd_names_cannot_move_the_cursor_or_add_colour(found: dict[str, Any]) -> None:
    found["figures"]["top_customers"]["rows"][0] |= {"first_name": "\x1b[2J[red]", "last_name": None}
    said = drawn(found, 120)
    assert "\x1b" not in said
    assert "\N{REPLACEMENT CHARACTER}[2J[red]" in said


def test_a_month_that_is_not_over_is_hollow(found: dict[str, Any]) -> None:
    found["figures"]["monthly_revenue"]["rows"][-1]["partial"] = True
    said = drawn(found, 80)
    assert "December is not over" in said
    assert "░" in said


# -- its parts ------------------------------------------------------------------------------------------------


def plain(part: Any, width: int = 40) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(part)
    output = console.file
    assert isinstance(output, io.StringIO)
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_bars_are_in_proportion_and_the_least_is_visible() -> None:
    rows = [
        charts.Bar("a", 10, "10"),
        charts.Bar("bb", 5, "5"),
        charts.Bar("c", 0.01, "0"),
        charts.Bar("d", 0, "0"),
    ]
    assert plain(charts.bars(rows, 16)) == [
        "a  ▆▆▆▆▆▆▆▆▆▆ 10",
        "bb ▆▆▆▆▆       5",
        "c  ▏           0",
        "d              0",
    ]


def test_long_labels_and_losses_do_not_break_a_chart() -> None:
    rows = [charts.Bar("a very long label indeed", 2, "2"), charts.Bar("太太", -1, "-1")]
    assert plain(charts.bars(rows, 20)) == ["a very lo… ▆▆▆▆▆▆  2", "太太              -1"]
    assert plain(charts.bars([charts.Bar("a", -1, "-1"), charts.Bar("b", 0, "0")], 12)) == [
        "a         -1",
        "b          0",
    ]


@pytest.mark.parametrize(
    ("first", "line"),
    [
        (date(2024, 1, 1), "2024" + " " * 32 + "2025"),
        (date(2023, 11, 1), "2023  2024" + " " * 32 + "2025"),
        (date(2023, 12, 1), "   2024" + " " * 32 + "2025"),
    ],
)
def test_years_do_not_run_into_each_other(first: date, line: str) -> None:
    months = [
        date(first.year + (first.month + n - 1) // 12, (first.month + n - 1) % 12 + 1, 1) for n in range(16)
    ]
    assert _years(months, 3) == line


def test_columns_stand_on_one_ground() -> None:
    lines = charts.columns(
        [0, 1, 8, 16], styles=[""] * 4, hollow=[False, False, True, False], height=2, step=2
    )
    assert [line.plain for line in lines] == ["      █ ", "  ▁ ░ █ "]


@pytest.mark.parametrize(
    ("value", "before", "points", "said"),
    [
        (Decimal("110"), Decimal("100"), False, "▲ 10.0%"),
        (90, 100, False, "▼ 10.0%"),
        (0.5, 0.4, True, "▲ 10.0 points"),
        (100, 100, False, "no change"),
        (100, 0, False, ""),
        (None, 1, False, ""),
    ],
)
def test_changes_are_said_in_percent_or_points(value: Any, before: Any, points: bool, said: str) -> None:
    assert charts.change(value, before, points=points).plain == said
