"""What is in a column: numbers, dates and how they are written, addresses, keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import duckdb

from patron.sources.mapping.sandbox import identifier
from patron.sources.mapping.writing import quoted
from patron.sources.recognition.sample import SampledTable

LOOKED_AT = 20_000  # values that are tried for each way to write a date
MOSTLY = 0.95
_INTEGER = r"\s*[+-]?[0-9]+\s*"
_POINT = r"\s*[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]*)\.[0-9]+\s*"
_COMMA = r"\s*[+-]?([0-9]{1,3}([. ][0-9]{3})+|[0-9]*),[0-9]+\s*"
_EMAIL = r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*"
_PHONE = r"\s*[+(0][0-9 ()/.-]{5,}[0-9]\s*"
_ISO = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_DAYS = (
    *(
        "%d.%m.%Y",
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d.%m.%y",
        "%m/%d/%y",
    ),
    *("%d/%m/%y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d %B %Y"),
)
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p")
FORMATS = tuple(day + clock for day in _DAYS for clock in _CLOCKS)


class Content(StrEnum):
    """What most values of a column are."""

    NOTHING = "nothing"
    INTEGER = "whole numbers"
    NUMBER = "numbers"
    DATE = "dates"
    EMAIL = "e-mail addresses"
    PHONE = "telephone numbers"
    TEXT = "text"


@dataclass(frozen=True)
class ColumnProfile:
    """What is in a column of a sample."""

    name: str
    content: Content
    rows: int
    given: int
    distinct: int
    decimal_mark: str | None = None
    date_formats: tuple[str, ...] = ()
    example: str = ""
    is_code: bool = False  # values are single words, as ids are

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value and no two the same, but for a few slips."""
        return self.rows > 0 and self.distinct >= 0.999 * self.rows

    @property
    def is_key(self) -> bool:
        """Whether no two rows that have a value have the same."""
        return self.given > 0 and self.distinct >= 0.999 * self.given and self.given >= 0.9 * self.rows


@dataclass
class TableProfile:
    """What is in a table of a sample."""

    table: SampledTable
    columns: dict[str, ColumnProfile] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a mapping calls it."""
        return self.table.name


def profile(connection: duckdb.DuckDBPyConnection, table: SampledTable) -> TableProfile:
    """Look at all columns of a table."""
    made = TableProfile(table)
    for name, kind in table.home.types.items():
        made.columns[name] = _column(connection, table, name, kind)
    return made


def is_unique(connection: duckdb.DuckDBPyConnection, table: SampledTable, columns: list[str]) -> bool:
    """Whether no two rows have the same values in all of these columns, but for a few slips."""
    names = ", ".join(identifier(name) for name in columns)
    distinct = f"SELECT COUNT(*) FROM (SELECT DISTINCT {names} FROM {table.home.name})"
    count = connection.execute(distinct).fetchall()[0][0]
    return bool(table.rows and count >= 0.999 * table.rows)


def contained(
    connection: duckdb.DuckDBPyConnection, child: tuple[SampledTable, str], parent: tuple[SampledTable, str]
) -> float:
    """Return the share of a column's distinct values that another has too."""
    inner, outer = (
        f"(SELECT DISTINCT CAST({identifier(column)} AS VARCHAR) AS value FROM {table.home.name} "
        f"WHERE {identifier(column)} IS NOT NULL)"
        for table, column in (child, parent)
    )
    found, total = connection.execute(
        f"SELECT COUNT(outer_side.value), COUNT(*) FROM {inner} AS inner_side "
        f"LEFT JOIN {outer} AS outer_side ON outer_side.value = inner_side.value"
    ).fetchall()[0]
    return found / total if total else 0.0


def _column(
    connection: duckdb.DuckDBPyConnection, table: SampledTable, name: str, kind: str
) -> ColumnProfile:
    text = f"NULLIF(TRIM(CAST({identifier(name)} AS VARCHAR)), '')"
    tests = {
        "integers": _INTEGER,
        "points": _POINT,
        "commas": _COMMA,
        "emails": _EMAIL,
        "phones": _PHONE,
        "words": r"\S+",
        "days": rf"{_ISO}([ T].*)?",
    }
    counts = ", ".join(
        f"COUNT(*) FILTER (WHERE REGEXP_FULL_MATCH(value, {quoted(pattern)}))" for pattern in tests.values()
    )
    row = connection.execute(
        f"SELECT COUNT(*), COUNT(value), COUNT(DISTINCT value), COALESCE(MIN(value), ''), {counts} "
        f"FROM (SELECT {text} AS value FROM {table.home.name})"
    ).fetchall()[0]
    rows, given, distinct, example, *numbers = row
    found = dict(zip(tests, numbers, strict=True))
    content, mark = Content.TEXT, None
    formats = () if kind.startswith(("DATE", "TIMESTAMP")) else _formats(connection, table, text)
    is_day = kind.startswith(("DATE", "TIMESTAMP")) or found["days"] >= MOSTLY * given
    if not given:
        content = Content.NOTHING
    elif is_day or formats:
        content, formats = Content.DATE, () if is_day else formats
    elif found["integers"] >= MOSTLY * given:
        content = Content.INTEGER
    elif found["integers"] + found["points"] >= MOSTLY * given:
        content, mark = Content.NUMBER, "."
    elif found["integers"] + found["commas"] >= MOSTLY * given:
        content, mark = Content.NUMBER, ","
    elif kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        content = Content.NUMBER
    elif found["emails"] >= MOSTLY * given:
        content = Content.EMAIL
    if content in (Content.TEXT, Content.INTEGER) and found["phones"] >= MOSTLY * given:
        content = Content.PHONE
    return ColumnProfile(
        name, content, rows, given, distinct, mark, formats, example, found["words"] >= MOSTLY * given
    )


def _formats(connection: duckdb.DuckDBPyConnection, table: SampledTable, text: str) -> tuple[str, ...]:
    """Return the ways to write a date in which most values can be read, those that read most first."""
    some = f"(SELECT {text} AS value FROM {table.home.name} WHERE {text} IS NOT NULL LIMIT {LOOKED_AT})"
    looks = r".*[0-9].*[./ -].*[0-9].*|[12][0-9]{7}"
    total, likely = connection.execute(
        f"SELECT COUNT(*), COUNT(*) FILTER (WHERE REGEXP_FULL_MATCH(value, {quoted(looks)})) FROM {some}"
    ).fetchall()[0]
    if likely < MOSTLY * total:
        return ()
    counts = ", ".join(
        f"COUNT(TRY_STRPTIME(value, {quoted(one)})) FILTER "
        f"(WHERE YEAR(TRY_STRPTIME(value, {quoted(one)})) BETWEEN 1900 AND 2100)"
        for one in FORMATS
    )
    read = dict(zip(FORMATS, connection.execute(f"SELECT {counts} FROM {some}").fetchall()[0], strict=True))
    best = sorted((one for one in FORMATS if read[one] >= MOSTLY * total), key=lambda one: -read[one])
    return tuple(one for one in best if read[one] >= 0.995 * read[best[0]])
