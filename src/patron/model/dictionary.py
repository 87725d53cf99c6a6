"""The data dictionary: what every table and column holds, and where it comes from.

It says nothing of its own: meanings stand beside the columns in the contract and in the model's files; types
and lineage are read off the SQL.

Example:
    >>> next(entry for entry in columns() if entry.column == "total_lifetime_value").sources
    ('purchase_transactions.total_amount',)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from patron.contract import CONTRACT, Column, IdType, Table
from patron.contract.bookkeeping import BOOKKEEPING
from patron.model.lineage import DECLARED, ROWS, lineage, traced
from patron.model.steps import DIALECT, STORED, Kept, Step, kept
from patron.settings import Model

Kind = Literal["contract table", "table", "view", "step", "check", "bookkeeping table"]

_KINDS: dict[Kept, Kind] = {
    Kept.VIEW: "view",
    Kept.CUSTOMER_TABLE: "table",
    Kept.SHOP_TABLE: "table",
    Kept.SHOP_SUM: "table",
    Kept.BUILD_STEP: "step",
    Kept.BATCH_STEP: "step",
    Kept.CHECK: "check",
}


@dataclass(frozen=True)
class Entry:
    """One column: its SQL type in DuckDB, its meaning, its unit where it has one, and its lineage.

    `sources` are the contract columns that its values are made of, with `table.*` where rows are counted;
    `parameters` the settings, and the build's date or number, that go into them; `steps` the steps on the way.
    Columns that only choose among rows (joins, filters, grouping) are no sources.
    """

    column: str
    type: str
    meaning: str
    unit: str | None
    sources: tuple[str, ...]
    parameters: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """One table, view or step: its meaning, its grain where it is a step, and what a step reads."""

    name: str
    kind: Kind
    meaning: str
    grain: str | None = None
    reads: tuple[str, ...] = ()


def tables() -> tuple[Description, ...]:
    """Return all that has columns: customer_360 and the other views, the contract, then what lies between."""
    views = sorted(kept(Kept.VIEW), key=lambda step: step.name != "customer_360")
    return (
        *map(_step, views),
        *(Description(table.name, "contract table", table.meaning) for table in CONTRACT),
        *map(_step, kept(*STORED)),
        *map(_step, kept(Kept.BUILD_STEP, Kept.BATCH_STEP, Kept.CHECK)),
        *(Description(table.name, "bookkeeping table", table.meaning) for table in BOOKKEEPING),
    )


def columns(name: str = "customer_360", id_type: IdType = "bigint") -> list[Entry]:
    """Return the columns of a table, view or step, in order; ids have the type that `id_type` says.

    Raises ContractError, with the nearest known name, for a table that there is not.
    """
    return [_entry(name, column, id_type) for column in traced(name, id_type) if column != ROWS]


def _entry(table: str, column: str, id_type: IdType) -> Entry:
    trace, tree = traced(table, id_type)[column], lineage(column, table)
    kind = trace.kind.sql(DIALECT)
    parameters = tuple(dict.fromkeys(map(_setting, tree.parameters)))
    return Entry(column, kind, trace.meaning, trace.unit, tree.sources, parameters, tree.steps)


def _setting(parameter: str) -> str:
    """Return the setting that a parameter is taken from: `churn_days` for churn_days_1; others are themselves."""
    stem = parameter.rstrip("_1234")
    return next((name for name in Model.model_fields if name.startswith(stem)), parameter)


def _step(step: Step) -> Description:
    return Description(step.name, _KINDS[step.kept], step.meaning, step.grain, step.reads)


# -- as a page ----------------------------------------------------------------------------------------------

_OPENING = """# Data dictionary

What every table and column holds and where it comes from. This page is made from the contract and the model's
files; `patron dictionary TABLE` shows the same in the terminal.

*Made of* names the contract columns, and with a `$` the settings and the build's date, that a value is made of;
`table.*` means that the table's rows are counted. Columns that only choose among rows (joins, filters,
grouping) are left out of it; the meanings of the steps under *Through* tell of them. Ids are `BIGINT` here and
`TEXT` where the setting `id_type` says so."""

_CHAPTERS: tuple[tuple[str, str, tuple[Kind, ...]], ...] = (
    ("Views", "What a build is for; computed when it is read.", ("view",)),
    ("Contract tables", "What the shop brings.", ("contract table",)),
    ("Tables of a build", "What every build replaces.", ("table",)),
    ("Steps in between", "What exists only while a build runs.", ("step", "check")),
    ("Patron's own tables", "What was loaded, refused, changed and built.", ("bookkeeping table",)),
)


def as_markdown() -> str:
    """Return the whole dictionary as one page of Markdown, with a heading for every table to link to."""
    return "\n\n".join(_blocks()) + "\n"


def _blocks() -> Iterator[str]:
    yield _OPENING
    described = tables()
    for title, opening, kinds in _CHAPTERS:
        yield f"## {title}\n\n{opening}"
        for table in described:
            if table.kind in kinds:
                yield from _section(table)


def _section(table: Description) -> Iterator[str]:
    yield f"### {table.name}"
    yield _text(table.meaning)
    if table.name in DECLARED:
        yield _rows(
            ("Column", "Type", "Unit", "Meaning", "Rules"),
            [
                (f"`{entry.column}`", f"`{entry.type}`", entry.unit or "", _text(entry.meaning), rules)
                for entry, rules in zip(columns(table.name), _rules(DECLARED[table.name]), strict=True)
            ],
        )
        return
    reads = f" Reads {_links(table.reads)}." if table.reads else ""
    yield f"Grain: {_text(table.grain or '')}.{reads}"
    yield _rows(
        ("Column", "Type", "Unit", "Meaning", "Made of", "Through"),
        [
            (
                f"`{entry.column}`",
                f"`{entry.type}`",
                entry.unit or "",
                _text(entry.meaning),
                _codes((*entry.sources, *(f"${name}" for name in entry.parameters))),
                _links(entry.steps),
            )
            for entry in columns(table.name)
        ],
    )


def _rules(table: Table) -> Iterator[str]:
    for column in table.columns:
        rules = [
            "key" if table.keyed and column == table.key else "required" if column.required else "",
            f"refers to {_links((column.references,))}" if column.references else "",
            _range(column),
        ]
        yield ", ".join(rule for rule in rules if rule)


def _range(column: Column) -> str:
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum} to {column.maximum}"
    if column.minimum is not None:
        return f"at least {column.minimum}"
    return "" if column.maximum is None else f"at most {column.maximum}"


def _rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *rows))


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _links(names: tuple[str, ...]) -> str:
    return ", ".join(f"[{name}](#{name})" for name in names)


def _text(words: str) -> str:
    """Return words as Markdown that shows them as they are."""
    for mark in "\\`*_[]<|":
        words = words.replace(mark, f"\\{mark}")
    return words
