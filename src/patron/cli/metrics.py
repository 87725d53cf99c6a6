"""`patron metrics`: the figures of the latest build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from patron.cli import charts
from patron.cli.application import START, command
from patron.cli.days import METAVAR, parse_day
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import table
from patron.cli.words import compact, day, money, percent, whole

if TYPE_CHECKING:
    from patron.metrics import Figure, Filters, Metric, Period

NOTHING = "none"
FIRST_ROWS = 24  # of a table that comes after the rows; --json has them all


def complete_name(incomplete: str) -> list[str]:
    """Return the metrics whose name begins so, for the shell."""
    from patron.metrics import registry

    return [name for name in registry() if name.startswith(incomplete)]


def _filter(name: str, of: str) -> Any:
    return typer.Option(name, metavar="VALUE", help=f"Only customers of {of}; may be given again for more.")


Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="One metric.", show_default="all", autocompletion=complete_name),
]
Segment = Annotated[list[str] | None, _filter("--segment", "this value segment, such as 'High Value'")]
RfmSegment = Annotated[list[str] | None, _filter("--rfm-segment", "this RFM segment, such as Champions")]
ChurnRisk = Annotated[list[str] | None, _filter("--churn-risk", "this churn_risk_score, 1 to 5 or Unknown")]
Category = Annotated[list[str] | None, _filter("--category", "this favorite_product_category, or Unknown")]
Channel = Annotated[list[str] | None, _filter("--channel", "this preferred_marketing_channel, or Unknown")]
From = Annotated[
    date | None,
    typer.Option("--from", parser=parse_day, metavar=METAVAR, help="The first day whose facts are counted."),
]
To = Annotated[
    date | None,
    typer.Option("--to", parser=parse_day, metavar=METAVAR, help="The last day whose facts are counted."),
]
By = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Of segment_distribution: customer_segment or rfm_segment."),
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="Of top_customers: how many, up to 100.")]


@command(START)
def metrics(
    run: Run,
    name: Name = None,
    segment: Segment = None,
    rfm_segment: RfmSegment = None,
    churn_risk: ChurnRisk = None,
    category: Category = None,
    channel: Channel = None,
    start: From = None,
    end: To = None,
    by: By = None,
    limit: Limit = None,
) -> None:
    """Show the figures of the latest build, of all customers or of some, and what they mean.

    Without a name all figures are shown; with one its meaning and every table that it has.
    """
    from patron.metrics import FILTERS, Filters, Period, compute, dashboard, metric

    given = dict(zip(FILTERS, (segment, rfm_segment, churn_risk, category, channel), strict=True))
    filters: Filters = Filters.of({column: values for column, values in given.items() if values})
    period: Period = Period.of(start, end)
    options: dict[str, Any] = {
        option: value for option, value in (("by", by), ("limit", limit)) if value is not None
    }
    if name is None and options:
        raise typer.BadParameter("--by and --limit are of one metric; name it.")
    with run.connect() as engine:
        currency = run.settings.currency
        if name is not None:
            one = metric(name)
            figure = compute(engine, name, filters, period, **options)
            run.show(figure.document(), *_one(one, figure, currency))
            return
        figures = dashboard(engine, filters, period)
        narrowed = {**filters.given, **period.given}
        run.show({name: one.document() for name, one in figures.items()}, *_all(figures, narrowed, currency))


def _all(figures: dict[str, Figure], narrowed: dict[str, Any], currency: str) -> Iterable[RenderableType]:
    leading = [figure for figure in figures.values() if "sparkline" in figure.extra]
    yield _head(leading[0], narrowed)
    made = table("Figure", ">Value", ">A year before", "", "By month")
    for figure in leading:
        row = figure.rows[0]
        values = (row["value"], row["previous_value"])
        made.add_row(
            figure.title,
            *(_worded(value, figure.unit, currency) for value in values),
            charts.change(*values, points=figure.unit == "rate"),
            charts.line([one["value"] for one in figure.extra["sparkline"]]),
        )
    yield made
    for figure in figures.values():
        if figure not in leading:
            yield Text.assemble((figure.title, "bold"), (f"  patron metrics {figure.metric}", "dim"))
            yield _table(figure.rows[-FIRST_ROWS:])


def _one(one: Metric, figure: Figure, currency: str) -> Iterable[RenderableType]:
    unit = currency if one.unit == "money" else one.unit
    yield Text.assemble((one.title, "bold"), (f"  {one.name}, {unit}", "dim"), f"\n{one.meaning}")
    yield _head(figure, figure.filters)
    yield _table(figure.rows)
    for name, rows in figure.extra.items():
        yield Text(name, "bold")
        yield _table(rows[:FIRST_ROWS])
        if len(rows) > FIRST_ROWS:
            yield Text(f"and {len(rows) - FIRST_ROWS:,} more rows; --json has them all", "dim")
    meanings = table("Column", "~Meaning")
    for column, meaning in one.columns.items():
        meanings.add_row(Text(column, "bold"), meaning)
    yield meanings


def _head(figure: Figure, filters: dict[str, Any]) -> Text:
    narrowed = "; ".join(
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in filters.items()
    )
    said = f"As of {day(figure.as_of)}, build {figure.build_id}"
    return Text(f"{said}. Only: {printable(narrowed)}." if narrowed else f"{said}.", "dim")


def _table(rows: Sequence[dict[str, Any]]) -> RenderableType:
    if not rows:
        return Text("nothing", "dim")
    numbers = [any(isinstance(row[name], int | float | Decimal) for row in rows) for name in rows[0]]
    made = table(*(f">{name}" if number else name for name, number in zip(rows[0], numbers, strict=True)))
    for row in rows:
        made.add_row(*(_cell(name, value) for name, value in row.items()))
    return made


def _cell(name: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return percent(value) if name in ("share", "csat") else f"{value:,.4f}"
    if isinstance(value, Decimal):
        return money(value)
    return whole(value) if isinstance(value, int) and not name.endswith("_id") else printable(str(value))


def _worded(value: Any, unit: str, currency: str) -> str:
    if value is None:
        return NOTHING
    if unit == "money":
        return f"{compact(value)} {currency}"
    return percent(value) if unit == "rate" else whole(value)
