"""The figures of the latest build on one screen of a terminal."""

from __future__ import annotations

from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from patron.cli import charts
from patron.cli.charts import ACCENT, HEAT, QUIET, SCALE, Bar
from patron.cli.letters import printable
from patron.cli.words import compact, counted, day, money, percent, place, whole
from patron.contract import CONTRACT
from patron.metrics import compute, dashboard, metric

if TYPE_CHECKING:
    from patron.engines import Engine

WIDE, NARROW = 118, 78  # at WIDE, sections stand side by side that at NARROW stand one below the other
GAP = 4
MONTHS, CATEGORIES = 24, 8
BY_RFM = "segment_distribution?by=rfm_segment"
KPIS = {
    "total_customers": "Customers",
    "total_lifetime_value": "Lifetime value",
    "average_order_value": "Average order",
    "retention_rate": "Bought again",
    "repeat_purchase_rate": "Repeat buyers",
}
SCORES = range(1, 6)
GRID_WIDTH, BARS = 33, 50
NOTHING = "none"


def read_summary(engine: Engine, url: str) -> dict[str, Any]:
    """Return every figure of the latest build, the first rows where there are many; the build must exist."""
    build = engine.query("SELECT build_id, as_of, finished_at FROM builds ORDER BY build_id DESC LIMIT 1")[0]
    rows = {table.name: engine.query(f"SELECT COUNT(*) AS n FROM {table.name}")[0]["n"] for table in CONTRACT}  # noqa: S608
    figures = [
        *dashboard(engine).items(),
        (BY_RFM, compute(engine, "segment_distribution", by="rfm_segment")),
    ]
    return {
        "database": place(url),
        **build,
        "currency": engine.settings.currency,
        "rows": rows,
        "figures": {name: figure.document() for name, figure in figures},
    }


def summary(document: dict[str, Any], console: Console) -> RenderableType:
    """Return what `read_summary` found as one picture, for the width and the characters of `console`."""
    return _Picture(document, console).whole()


class _Picture:
    """Lays out the sections, each a method."""

    def __init__(self, document: dict[str, Any], console: Console) -> None:
        self.document = document
        self.found: dict[str, list[dict[str, Any]]] = {
            name: figure["rows"] for name, figure in document["figures"].items()
        }
        self.currency = document["currency"]
        self.heat = console.color_system in ("256", "truecolor") and not console.no_color
        self.wide = console.width >= WIDE
        self.width = WIDE if self.wide else NARROW

    def whole(self) -> RenderableType:
        if self.wide:
            left, right = 78, WIDE - GAP - 78
            sections: list[RenderableType] = [
                _beside((left, self.revenue(left)), (right, Group(self.value(right), "", self.churn(right)))),
                _beside((left, self.rfm(left)), (right, self.satisfaction(right))),
                _beside((BARS, self.categories(BARS)), (WIDE - GAP - BARS, self.top(WIDE - GAP - BARS))),
            ]
        else:
            half = (NARROW - GAP) // 2
            sections = [
                self.revenue(NARROW),
                _beside((half, self.value(half)), (half, self.churn(half))),
                self.rfm(NARROW),
                self.categories(NARROW),
                _beside((46, self.top(46)), (NARROW - GAP - 46, self.satisfaction(NARROW - GAP - 46))),
            ]
        parts: list[RenderableType] = [self.header(), "", self.kpis()]
        for section in sections:
            parts += ["", section]
        return Group(*parts)

    def header(self) -> RenderableType:
        rows = self.document["rows"]
        said = (
            counted(rows["customer_info"], "customer"),
            counted(rows["purchase_transactions"], "purchase"),
            counted(rows["product_catalog"], "product"),
            counted(rows["website_behavior"], "visit"),
        )
        grid = Table.grid(expand=False)
        grid.add_column(width=self.width - 20)
        grid.add_column(width=20, justify="right")
        grid.add_row(
            Text(f"customer_360 of {self.document['database']}", "bold", no_wrap=True, overflow="ellipsis"),
            Text(f"as of {day(self.document['as_of'])}", "bold"),
        )
        return Group(grid, Text(" · ".join(said), "dim"))

    def kpis(self) -> RenderableType:
        """The five leading figures, each with its value a year earlier."""
        grid = Table.grid()
        for _ in KPIS:
            grid.add_column(width=self.width // len(KPIS))
        for line in zip(*(self._kpi(*kpi) for kpi in KPIS.items()), strict=True):
            grid.add_row(*line)
        return grid

    def _kpi(self, name: str, label: str) -> tuple[Text, ...]:
        unit, row = metric(name).unit, self.found[name][0]
        value, before = row["value"], row["previous_value"]
        return (
            Text(label, "dim"),
            Text(self._worded(value, unit), "bold"),
            charts.change(value, before, points=unit == "rate"),
            Text(f"was {self._worded(before, unit)}" if before else "", "dim"),
        )

    def _worded(self, value: Any, unit: str) -> str:
        if value is None:
            return NOTHING
        if unit == "money":
            return f"{compact(value)} {self.currency}"
        return percent(value) if unit == "rate" else whole(value)

    def revenue(self, width: int) -> RenderableType:
        """The last two years as columns, the former one in a quieter tone."""
        rows = self.found["monthly_revenue"][-MONTHS:]
        if not rows:
            return self._section("monthly_revenue", "nothing is sold yet")
        best = max(rows, key=lambda row: row["revenue"])
        note = f"best: {best['month']:%b %Y}, {money(best['revenue'])} {self.currency}"
        if rows[-1]["partial"]:
            note += f"; {rows[-1]['month']:%B} is not over"
        top = compact(best["revenue"])
        step = (width - len(top) - 1) // MONTHS
        lines = charts.columns(
            [float(row["revenue"]) for row in rows],
            styles=[ACCENT if len(rows) - number <= 12 else QUIET for number in range(len(rows))],
            hollow=[row["partial"] for row in rows],
            height=9 if self.wide else 6,
            step=step,
        )
        axis = "".join(f"{row['month']:%b}"[0].ljust(step) for row in rows)
        years = _years([row["month"] for row in rows], step)
        chart = Table.grid(padding=(0, 1, 0, 0))
        chart.add_column(justify="right", style="dim")
        chart.add_column(no_wrap=True)
        for label, line in zip_longest([top], [*lines, Text(axis, "dim"), Text(years, "dim")], fillvalue=""):
            chart.add_row(label, line)
        return self._section("monthly_revenue", note, chart)

    def value(self, width: int) -> RenderableType:
        """What each value segment is worth, beside how many it has."""
        rows = self.found["segment_distribution"]
        total = float(sum(row["value"] for row in rows))
        bars = [
            Bar(
                row["customer_segment"],
                float(row["value"]),
                whole(row["customers"]),
                percent(float(row["value"]) / total) if total else NOTHING,
            )
            for row in rows
        ]
        return self._section("segment_distribution", "share of value", charts.bars(bars, width))

    def churn(self, width: int) -> RenderableType:
        """Customers by churn risk, on one scale from good to bad."""
        bars = [
            Bar(
                row["label"],
                row["share"],
                whole(row["customers"]),
                percent(row["share"]),
                SCALE[row["churn_risk_score"] - 1] if row["churn_risk_score"] else QUIET,
            )
            for row in self.found["churn_risk"]
        ]
        return self._section("churn_risk", "by days of silence", charts.bars(bars, width))

    def rfm(self, width: int) -> RenderableType:
        """The grid of recency and frequency, beside the segments that it makes."""
        room = width - GRID_WIDTH - GAP
        bars = [
            Bar(row["rfm_segment"], row["share"], whole(row["customers"]), percent(row["share"]))
            for row in self.found[BY_RFM]
        ]
        body = _beside((GRID_WIDTH, self._grid()), (room, charts.bars(bars, room)))
        return self._section("rfm", "customers by recency and frequency, 5 the best", body)

    def _grid(self) -> RenderableType:
        cells = {(recency, frequency): 0 for recency in SCORES for frequency in SCORES}
        for row in self.found["rfm"]:
            cells[row["recency_score"], row["frequency_score"]] += row["customers"]
        most = max(cells.values())
        grid = Table.grid()
        grid.add_column(width=3, style="dim")
        for _ in SCORES:
            grid.add_column(width=6, justify="right")
        for recency in reversed(SCORES):
            grid.add_row(f"R{recency}", *(self._cell(cells[recency, one], most) for one in SCORES))
        grid.add_row("", *(Text(f"F{one} ", "dim") for one in SCORES))
        return grid

    def _cell(self, customers: int, most: int) -> Text:
        text = f"{compact(customers).replace(' ', '') if customers >= 10_000 else f'{customers:,}'} ".rjust(6)
        if not self.heat or not most:
            return Text(text)
        return Text(text, HEAT[min(len(HEAT) - 1, customers * len(HEAT) // most)])

    def categories(self, width: int) -> RenderableType:
        """Revenue by category, the largest first."""
        rows = self.found["category_performance"]
        bars = [
            Bar(
                printable(row["category"]),
                float(row["revenue"]),
                compact(row["revenue"]),
                percent(row["share"] or 0),
            )
            for row in rows[:CATEGORIES]
        ]
        note = f"revenue in {self.currency}"
        if len(rows) > CATEGORIES:
            note += f"; {len(rows) - CATEGORIES} more not shown"
        return self._section("category_performance", note, charts.bars(bars, width))

    def top(self, width: int) -> RenderableType:
        """The customers who paid most."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(max_width=width - (41 if self.wide else 24), no_wrap=True, overflow="ellipsis")
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(justify="right", style="dim", no_wrap=True)
        grid.add_column(style="dim", no_wrap=True)
        for row in self.found["top_customers"]:
            name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
            grid.add_row(
                Text(printable(name or f"customer {row['customer_id']}")),
                whole(row["total_lifetime_value"]),
                counted(row["total_purchases"], "order"),
                row["rfm_segment"] if self.wide else "",
            )
        return self._section("top_customers", f"paid in {self.currency}", grid)

    def satisfaction(self, width: int) -> RenderableType:
        """The mean score, CSAT, and how the answers are spread."""
        row = self.found["satisfaction"][0]
        if not row["answers"]:
            return self._section("satisfaction", "no answers yet")
        stars = round(row["mean"])
        mean = Text.assemble((f"{row['mean']:.2f}", "bold"), f" of 5 {'★' * stars}{'☆' * (5 - stars)}")
        csat = Text.assemble((percent(row["csat"]), "bold"), " gave 4 or 5 (CSAT)")
        answers = {
            one["score"]: one["answers"] for one in self.document["figures"]["satisfaction"]["distribution"]
        }
        bars = [
            Bar(str(score), answers.get(score, 0), whole(answers.get(score, 0)), "", style)
            for score, style in zip(reversed(SCORES), SCALE, strict=True)
        ]
        return self._section("satisfaction", "", Group(mean, csat, charts.bars(bars, width)))

    def _section(self, name: str, note: str, *body: RenderableType) -> RenderableType:
        title = Text.assemble((metric(name).title, "bold"), (f"  {note}" if note else "", "dim"))
        return Group(title, *body)


def _years(months: list[date], step: int) -> str:
    """Return each year below its first month, where it does not run into the next one."""
    line = " " * step * len(months)
    for number, month in enumerate(months):
        if month.month == 1 or (number == 0 and month.month < 12):
            at = number * step
            line = f"{line[:at]}{month.year}{line[at + 4 :]}"
    return line.rstrip()


def _beside(*parts: tuple[int, RenderableType]) -> Table:
    """Return parts side by side, each as wide as it says."""
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for width, _ in parts:
        grid.add_column(width=width)
    grid.add_row(*(part for _, part in parts))
    return grid
