"""A mapping file, checked: what it may say, and in which words it is refused.

[source]                      # how files are written, unless an input or a table says otherwise
encoding = "windows-1252"
delimiter = ";"
decimal_mark = ","
date_format = "%d.%m.%Y"

[purchase_transactions]       # a table of the contract
from = "sales-*.csv"
[purchase_transactions.columns]
transaction_id = "invoice || '-' || line"
total_amount = "quantity * unit_price"
"""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from patron.contract import CONTRACT, Table, table_named
from patron.errors import MappingError, did_you_mean
from patron.sources.mapping.lines import Lines

SOURCE, INPUTS = "source", "inputs"
_TABLES = [table.name for table in CONTRACT]
_KEEP = re.compile(r"first|last|most frequent|(min|max) \S.*", re.DOTALL)

Value = str | bool | int | Decimal | date | datetime


class Options(BaseModel):
    """How a source is written. What is left out is as in [source], and there as a sound CSV file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    encoding: str | None = None
    """How text is encoded: utf-8 (the default), latin-1, windows-1252, utf-16 and the like."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The one letter between the fields of a line; by default a comma, and a tab in .tsv files."""
    quote: Annotated[str, Field(max_length=1)] | None = None
    """The letter around fields, by default a double quote; '' where every letter stands for itself."""
    header: bool | None = None
    """Whether the first line names the columns (the default); else they are column1, column2 and so on."""
    sheet: str | None = None
    """The sheet of a workbook; by default its first."""
    decimal_mark: Literal[".", ","] | None = None
    """What stands before the cents in text, by default a point. The other mark may stand between thousands."""
    date_format: str | tuple[str, ...] | None = None
    """How dates are written in text, such as %d.%m.%Y, or several ways; 2024-03-31 is always read."""
    time_zone: str | None = None
    """The shop's clock, such as Europe/Berlin, by which an instant is a day; by default UTC."""
    source_time_zone: str | None = None
    """The clock of times that carry no offset; by default the shop's own, so that they are as they are."""
    null: tuple[str, ...] | None = None
    """Texts that stand for nothing, such as NULL or n/a; empty text always does."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            name = codecs.lookup(value).name
            b"".decode(name)
        except LookupError:
            known = ("utf-8", "latin-1", "windows-1252", "utf-16", "iso-8859-15", "mac-roman", "cp850")
            raise ValueError(f"'{value}' is no encoding.{did_you_mean(value, known)}") from None
        return "utf-8" if name in ("utf-8-sig", "ascii") else name

    @field_validator("delimiter")
    @classmethod
    def _separates(cls, value: str | None) -> str | None:
        if value is not None and (value in '"\r\n' or not value.isascii()):
            raise ValueError("a delimiter is one ASCII letter, and no quote or end of line")
        return value

    @field_validator("date_format", "null", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("date_format")
    @classmethod
    def _percents(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for one in value or ():
            if "%" not in one:
                raise ValueError(f"'{one}' has no part such as %d; 31.03.2024 is written '%d.%m.%Y'")
            if unknown := [part for part in re.findall(r"%-?.", one) if part[-1] not in "dmyYbBHIMSfpzjaAT%"]:
                raise ValueError(f"'{one}' has a part {unknown[0]}, which stands for no part of a date")
        return value

    @field_validator("time_zone", "source_time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            zones = {zone.lower(): zone for zone in available_timezones()}
            near = difflib.get_close_matches(value.lower(), zones, n=1, cutoff=0.5)
            hint = f" Did you mean '{zones[near[0]]}'?" if near else ""
            raise ValueError(f"'{value}' is no time zone.{hint}")
        return value

    def over(self, other: Options) -> Options:
        """Return these options, and where they say nothing those of `other`."""
        return Options(**{name: _first(getattr(self, name), getattr(other, name)) for name in OPTIONS})


OPTIONS = tuple(Options.model_fields)


class Input(Options):
    """A source with a name of its own, for `from` and for queries."""

    files: tuple[str, ...] = ()
    """Files, by name or by pattern such as sales-*.csv, all with the same columns."""
    table: str | None = None
    """Or a table of the source's database."""

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if bool(self.files) == (self.table is not None):
            raise ValueError("an input has either files or a table")
        return self


class TableMapping(Options):
    """Where one table of the contract comes from."""

    origin: tuple[str, ...] = Field((), alias="from")
    """An input's name, files by name or pattern, or a table of the source's database."""
    query: str | None = None
    """Or a SELECT over inputs, files and tables of the source, by their names."""
    where: str | None = None
    """Which rows are taken: a condition over the source's columns."""
    distinct_on: tuple[str, ...] = ()
    """Expressions of whose equal values only one row is taken; rows where one is missing are left out."""
    keep: str = "first"
    """Which row that is: first, last, most frequent, or min or max and an expression."""
    columns: dict[str, str]
    """The table's columns, each an SQL expression over the source's."""
    defaults: dict[str, Value] = {}
    """Values of the table's columns where the expression gives none, or there is no expression."""

    @field_validator("origin", "distinct_on", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("keep")
    @classmethod
    def _a_rule(cls, value: str) -> str:
        if not _KEEP.fullmatch(value):
            rules = "first, last, most frequent, max EXPRESSION or min EXPRESSION"
            raise ValueError(f"'{value}' is no rule; it may be {rules}")
        return value

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if bool(self.origin) == (self.query is not None):
            raise ValueError("a table needs either 'from' or 'query'")
        if "keep" in self.model_fields_set and not self.distinct_on:
            raise ValueError("'keep' needs 'distinct_on', which says of whose rows one is kept")
        return self


class Mapping(BaseModel):
    """A mapping file: `tables` by their names in the contract, in its order."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: str
    text: str
    source: Options = Options()
    inputs: dict[str, Input] = {}
    tables: dict[str, TableMapping]

    def options(self, table: TableMapping, given: Input | None) -> Options:
        """Return how the source of a table is written."""
        own = Options(**{name: getattr(table, name) for name in OPTIONS})
        between = Options(**{name: getattr(given, name) for name in OPTIONS}) if given else Options()
        return own.over(between).over(self.source)

    def error(self, message: str, *key: object) -> MappingError:
        """Return an error that names the file and the line of `key`; the message is without a full stop."""
        line = Lines(self.text).of(*key)
        return MappingError(f"{self.name}{f', line {line}' if line else ''}: {_ended(message)}")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises MappingError with the file and the line of what is wrong."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise MappingError(
            f"There is no mapping file {path}; write one with `patron map`, or name another."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"The mapping file {path} cannot be read: {error}.") from error
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """Check the text of a mapping file called `name`; raises MappingError."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(error))
        line = f", line {place[1]}" if place and place[1] else ""
        said = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise MappingError(
            f"{name}{line}: this is not TOML: {_ended(said[:1].lower() + said[1:])}"
        ) from error
    lines = Lines(text)
    _refuse_unknown(document, lines, name)
    tables = {table: document[table] for table in _TABLES if table in document}
    try:
        return Mapping(
            name=name,
            text=text,
            source=document.get(SOURCE, {}),
            inputs=document.get(INPUTS, {}),
            tables=tables,
        )
    except ValidationError as error:
        raise _told(error, lines, name) from error


def _refuse_unknown(document: dict[str, Any], lines: Lines, name: str) -> None:
    checks: list[tuple[tuple[str, ...], Iterable[str], str]] = []
    checks += [
        ((key,), (SOURCE, INPUTS, *_TABLES), "a mapping has [source], [inputs] and tables")
        for key in document
    ]
    checks += [((SOURCE, key), OPTIONS, "[source]") for key in _keys(document.get(SOURCE))]
    known: Iterable[str]
    for given in _keys(document.get(INPUTS)):
        known = ("files", "table", *OPTIONS)
        checks += [
            ((INPUTS, given, key), known, f"[inputs.{given}]") for key in _keys(document[INPUTS][given])
        ]
    for table in (one for one in CONTRACT if one.name in document):
        checks += _table_keys(table, document[table.name])
    for key, known, what in checks:
        if key[-1] not in known:
            where = f"{name}, line {lines.of(*key)}" if lines.of(*key) else name
            home = f"{what} has no '{key[-1]}'" if len(key) > 1 else f"'{key[0]}' is no table of the contract"
            raise MappingError(
                f"{where}: {home}.{did_you_mean(key[-1], known)} Known here: {', '.join(known)}."
            )
    if not any(table in document for table in _TABLES):
        raise MappingError(f"{name} maps no table; it needs a section such as [{_TABLES[0]}].")


def _table_keys(table: Table, section: Any) -> list[tuple[tuple[str, ...], Iterable[str], str]]:
    known = ("from", "query", "where", "distinct_on", "keep", "columns", "defaults", *OPTIONS)
    checks: list[tuple[tuple[str, ...], Iterable[str], str]]
    checks = [((table.name, key), known, f"[{table.name}]") for key in _keys(section)]
    for part in ("columns", "defaults"):
        inner = _keys(section.get(part)) if isinstance(section, dict) else []
        checks += [((table.name, part, key), table.names, table.name) for key in inner]
    return checks


def _keys(section: Any) -> list[str]:
    return list(section) if isinstance(section, dict) else []


def _told(error: ValidationError, lines: Lines, name: str) -> MappingError:
    first = error.errors()[0]
    key = [str(part) for part in first["loc"] if part != "tables" and not isinstance(part, int)]
    line = lines.of(*key)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        message = "it is missing"
    shown = ".".join(key) or "the mapping"
    return MappingError(f"{name}{f', line {line}' if line else ''}: {shown} does not fit: {_ended(message)}")


def _ended(message: str) -> str:
    return message if message.endswith(("?", ".")) else f"{message}."


def _first(one: Any, other: Any) -> Any:
    return other if one is None else one


def required_but_missing(table: str, mapped: TableMapping) -> list[str]:
    """Return the columns that every row of a table must have and a mapping gives no value."""
    given = {*mapped.columns, *mapped.defaults}
    return [
        column.name for column in table_named(table).columns if column.required and column.name not in given
    ]
