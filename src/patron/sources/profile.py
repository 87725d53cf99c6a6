"""How a load's rows are as a whole, and what about it is not as it was in the loads before.

Everything is computed from the staged rows, in one pass over each table and one over its months and categories;
what was before is what the records of earlier loads say of theirs. So the cost follows the load and not the shop.
Nothing is refused for what is found here: it is told, with the figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from typing import Any

import duckdb

from patron.contract import Table, Type, table_named
from patron.engines.store import Store
from patron.sources.checks import GOOD
from patron.sources.report import DataWarning
from patron.sources.staging import StagedTable

Profile = dict[str, Any]

# Columns of which each value is one of a few words.
CATEGORIES = {
    "product_catalog": ("category",),
    "marketing_campaigns": ("channel",),
    "customer_service": ("interaction_type", "resolution_status"),
    "campaign_responses": ("response_type",),
    "website_behavior": ("source",),
}
MOST_CATEGORIES = 300  # more than that are no categories
LOOKED_BACK = 10  # loads
ENOUGH_LOADS = 3  # to say what a usual volume is
OFTEN = 2  # times more or less than usual
RISE = 0.1  # of the share of None
MONTHS_AROUND = 3  # on either side
FAR = 3  # times more or less than the months around
FEW = 20  # rows or money a month, below which chance rules
MOST_MONTHS = 3  # that are told of one table


def profile(reader: duckdb.DuckDBPyConnection, staged: StagedTable) -> Profile:
    """Return how the sound rows of a stage are as a whole: rows, latest date, None, categories, months."""
    table, stage = staged.table, f"(SELECT * FROM {staged.stage.name} WHERE state = {GOOD})"
    latest = f"MAX(CAST({table.date} AS DATE))" if table.date else "NULL"
    counted = ", ".join(f"COUNT({name})" for name in table.names)
    rows, last, *given = reader.execute(f"SELECT COUNT(*), {latest}, {counted} FROM {stage}").fetchall()[0]
    return {
        "rows": rows,
        "latest": last.isoformat() if last else None,
        "none": {
            name: round(1 - one / rows, 6) for name, one in zip(table.names, given, strict=True) if rows
        },
        "categories": {name: _categories(reader, stage, name) for name in CATEGORIES.get(table.name, ())},
        "months": _months(reader, stage, table),
    }


def _categories(reader: duckdb.DuckDBPyConnection, stage: str, column: str) -> dict[str, int] | None:
    """Return the values of a column and how many rows have each, None where there are too many."""
    rows = reader.execute(
        f"SELECT {column}, COUNT(*) FROM {stage} WHERE {column} IS NOT NULL GROUP BY {column} "
        f"ORDER BY {column} LIMIT {MOST_CATEGORIES + 1}"
    ).fetchall()
    return dict(rows) if len(rows) <= MOST_CATEGORIES else None


def _months(reader: duckdb.DuckDBPyConnection, stage: str, table: Table) -> dict[str, dict[str, float]]:
    """Return rows, and the sum of each amount, by month."""
    if not table.date:
        return {}
    amounts = [column.name for column in table.columns if column.type is Type.MONEY]
    sums = [f"CAST(COALESCE(SUM({name}), 0) AS DOUBLE)" for name in amounts]
    rows = reader.execute(
        f"SELECT STRFTIME(DATE_TRUNC('month', {table.date}), '%Y-%m') AS month, "
        f"{', '.join(['COUNT(*)', *sums])} FROM {stage} GROUP BY DATE_TRUNC('month', {table.date}) ORDER BY month"
    ).fetchall()
    return {month: dict(zip(("rows", *amounts), values, strict=True)) for month, *values in rows}


# -- what is not as it was ----------------------------------------------------------------------------------


def warnings_of(store: Store, profiles: dict[str, Profile]) -> Iterator[DataWarning]:
    """Yield what is not as it was in earlier loads, and months that stand out from those around them.

    The categories that earlier loads have seen are added to those of the profiles.
    """
    earlier = _earlier(store)
    for name, now in profiles.items():
        before = [one[name] for one in earlier if one.get(name, {}).get("rows")]
        if now["rows"]:
            table = table_named(name)
            for check in (_volume, _freshness, _none, _new_categories, _odd_months):
                for sentence in check(table, now, before):
                    yield DataWarning(name, check.__name__.strip("_"), sentence)
        _remember_categories(now, before)


def _earlier(store: Store) -> list[dict[str, Profile]]:
    """Return the profiles of earlier loads, the latest first."""
    rows = store.rows(
        f"SELECT details FROM {store.home}loads WHERE state <> 'undone' ORDER BY load_id DESC LIMIT {LOOKED_BACK}"
    )
    return [json.loads(details)["profiles"] for (details,) in rows]


def _volume(table: Table, now: Profile, before: list[Profile]) -> Iterator[str]:
    if len(before) >= ENOUGH_LOADS:
        usual = median(one["rows"] for one in before)
        if now["rows"] * OFTEN < usual or now["rows"] > usual * OFTEN:
            yield (
                f"{table.name} came with {now['rows']:,} rows, where the last {len(before)} loads of it had "
                f"{usual:,.0f} in the median."
            )


def _freshness(table: Table, now: Profile, before: list[Profile]) -> Iterator[str]:
    latest = now["latest"]
    if latest and latest > (today := datetime.now(UTC).date().isoformat()):
        yield f"The latest {table.date} of {table.name} is {latest}, which is after today, {today}."
    elif latest and before and before[0]["latest"] and latest < before[0]["latest"]:
        yield (
            f"The latest {table.date} of {table.name} is {latest}, and the load before had come to "
            f"{before[0]['latest']}."
        )


def _none(table: Table, now: Profile, before: list[Profile]) -> Iterator[str]:
    for name, share in now["none"].items():
        former = before[0]["none"].get(name, 0) if before else share
        if share - former >= RISE:
            yield f"{name} of {table.name} is None in {share:.0%} of the rows, where it was in {former:.0%} before."


def _new_categories(table: Table, now: Profile, before: list[Profile]) -> Iterator[str]:
    for name, values in now["categories"].items():
        known = _known(name, before)
        if values is None or not known:
            continue
        new = {value: rows for value, rows in values.items() if value not in known}
        if new:
            most = max(new, key=lambda value: new[value])
            more = f" and {len(new) - 1} more" if len(new) > 1 else ""
            yield (
                f"{name} of {table.name} has {'values' if more else 'a value'} never seen before: "
                f"'{most[:60]}' in {new[most]:,} rows{more}."
            )


def _odd_months(table: Table, now: Profile, before: list[Profile]) -> Iterator[str]:
    """Months far from the median of those around; the first and the last may be incomplete and do not count."""
    months = list(now["months"])
    found: list[tuple[float, str]] = []
    for figure in next(iter(now["months"].values()), {}):
        values = [now["months"][month][figure] for month in months]
        for place in range(1, len(months) - 1):
            around = values[max(place - MONTHS_AROUND, 1) : place] + values[place + 1 : -1][:MONTHS_AROUND]
            if len(around) < MONTHS_AROUND or (usual := median(around)) < FEW:
                continue
            times = max(values[place], 0.01) / usual
            if not 1 / FAR <= times <= FAR:
                said = (
                    f"{values[place]:,.0f} rows"
                    if figure == "rows"
                    else f"{figure} of {values[place]:,.2f} in all"
                )
                compared = f"{usual:,.0f}" if figure == "rows" else f"{usual:,.2f}"
                sentence = (
                    f"{table.name} has {said} in {months[place]}, where the months around it have {compared} "
                    "in the median."
                )
                found.append((max(times, 1 / times), sentence))
    yield from (sentence for _, sentence in sorted(found, reverse=True)[:MOST_MONTHS])


def _known(column: str, before: list[Profile]) -> set[str]:
    return {value for one in before for value in one["categories"].get(column) or ()}


def _remember_categories(now: Profile, before: list[Profile]) -> None:
    """What was seen once stays known, though not every load brings it."""
    for name, values in now["categories"].items():
        if values is not None:
            known = dict.fromkeys(sorted(_known(name, before)), 0) | values
            now["categories"][name] = known if len(known) <= MOST_CATEGORIES else None
