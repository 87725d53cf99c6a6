"""One table of a mapping as SQL: which rows of its input are taken, and what each column is of them."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
from sqlglot import exp

from patron.contract import Column, IdType, Type, table_named
from patron.sources.checks import INTEGERS, Given
from patron.sources.mapping.context import Fault, Sort, Typed, Typing
from patron.sources.mapping.expressions import NotAllowed, parse_expression
from patron.sources.mapping.model import Mapping, Options, TableMapping, required_but_missing
from patron.sources.mapping.rounding import quickly_rounded
from patron.sources.mapping.sandbox import identifier
from patron.sources.mapping.writing import Writing, quoted
from patron.sources.staging import first_line

ROW, TAKEN = "source_row", "row_is_taken"
# Nodes that cannot fail, whatever the values are.
_SOUND = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Paren,
    exp.DPipe,
    exp.Coalesce,
    exp.Nullif,
    exp.Upper,
    exp.Lower,
    exp.Trim,
    exp.Null,
    exp.Boolean,
)
_AS_THEY_ARE = re.compile(r"DATE|DOUBLE|VARCHAR|TIMESTAMP(_\w+)?|DECIMAL\(\d+,[0-2]\)")
_CODES = {Sort.NUMBER: "not_a_number", Sort.DAY: "not_a_date", Sort.TEXT: "invalid_utf8"}
_WORDS = {Sort.NUMBER: "is not a number", Sort.DAY: "is not a date", Sort.TEXT: "is not UTF-8"}
FAILED = "not_computed"


@dataclass(frozen=True)
class Wrong:
    """What makes a column's value unknown: `condition` in SQL, and the source's column to show, if it is one."""

    condition: str
    code: str
    text: str
    column: str | None = None


@dataclass(frozen=True)
class Value:
    """A column of the contract: SQL of its value, whether that can fail, and what else can be wrong."""

    column: Column
    sql: str
    wrongs: tuple[Wrong, ...] = ()
    can_fail: bool = False


class MappedTable:
    """A table's mapping over an input whose rows are in the sandbox's table `home`, with columns of `types`.

    Raises MappingError where an expression is not one over that input.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        mapping: Mapping,
        name: str,
        home: str,
        types: Dict[str, str],
        options: Options,
        id_type: IdType,
    ) -> None:
        self.connection = connection
        self.mapping = mapping
        self.table = table_named(name)
        self.section: TableMapping = mapping.tables[name]
        self.home = home
        self.types = dict(types)
        self.options = options
        self.id_type = id_type
        self.writing = Writing.of(options)
        self.typing = Typing(self.types, self.writing)
        missing = required_but_missing(name, self.section)
        if missing:
            raise mapping.error(
                f"{name} has no {' and no '.join(missing)}, which every row of it must have", name, "columns"
            )
        self.filter = self._filter()
        self.values = [value for column in self.table.columns if (value := self._value(column))]
        self.chosen = self._chosen() if self.section.distinct_on else None

    # -- the SQL ----------------------------------------------------------------------------------------

    @property
    def condition(self) -> str:
        """Which rows are taken, were there no `distinct_on`; one whose filter fails is taken and refused later."""
        if self.filter is None:
            return "TRUE"
        sql, wrongs = self.filter
        return " OR ".join([f"COALESCE({sql}, FALSE)", *(f"({wrong.condition})" for wrong in wrongs)])

    def rows(self, first: int, count: int) -> str:
        """Return the SELECT of the numbers of the rows taken, out of `count` rows from `first` on."""
        between = f"rowid BETWEEN {first} AND {first + count - 1}"
        if self.chosen is not None:
            return (
                f"SELECT {ROW} FROM {self.chosen_table} WHERE {between.replace('rowid', ROW)} ORDER BY {ROW}"
            )
        return f"SELECT rowid AS {ROW} FROM {self.home} WHERE {between} AND ({self.condition}) ORDER BY rowid"

    def select(self, first: int, count: int) -> str:
        """Return the SELECT of the columns' values, and of what is wrong with them, in the rows' order."""
        taken = f"rowid BETWEEN {first} AND {first + count - 1}"
        order = ""
        if self.chosen is not None:
            taken += f" AND rowid IN (SELECT {ROW} FROM {self.chosen_table})"
            order = f" ORDER BY {ROW}"  # a join may change it
        elif self.filter is not None:
            taken += f" AND ({self.condition})"
        return self._select(f"{self.home} WHERE {taken}{order}", f"rowid AS {ROW}")

    def select_from(self, source: str) -> str:
        """Return the SELECT of the columns' values out of a query with the input's columns, in its order.

        Where there is a filter, TAKEN says of each row whether it takes it.
        """
        if self.filter is None:
            return self._select(f"({source})")
        return self._select(f"({source})", f"({self.condition}) AS {TAKEN}", TAKEN)

    def select_rows(self, numbers: str) -> str:
        """Return the SELECT of values as text for rows whose numbers are in a query, after these numbers."""
        rows = f"{self.home} WHERE rowid IN ({numbers})"
        return f"{self._select(rows, f'rowid AS {ROW}', ROW, texts=True)} ORDER BY {ROW}"

    def _select(self, source: str, beside: str = "", shown: str = "", *, texts: bool = False) -> str:
        inner, outer = [beside], [shown]
        for value in self.values:
            name = value.column.name
            sql = f"TRY({{'value': {value.sql}}})" if value.can_fail else value.sql
            inner.append(f"{sql} AS {name}")
            shown = f"{name}.value" if value.can_fail else name
            outer.append(f"CAST({shown} AS VARCHAR) AS {name}" if texts else f"{shown} AS {name}")
            if self.wrongs(value):
                cases = [f"WHEN {wrong.condition} THEN {number}" for number, wrong in self._numbered(value)]
                inner.append(f"CAST(CASE {' '.join(cases)} END AS TINYINT) AS wrong_{name}" if cases else "")
                failed = f"CASE WHEN {name} IS NULL THEN {len(self.wrongs(value))} END"
                known = f"wrong_{name}" if cases else "NULL"
                fault = f"COALESCE({known}, {failed})" if value.can_fail else known
                outer.append(f"CAST({fault} AS TINYINT) AS fault_{name}")
        columns, values = (", ".join(one for one in some if one) for some in (inner, outer))
        return f"SELECT {values} FROM (SELECT {columns} FROM {source})"

    def _numbered(self, value: Value) -> list[tuple[int, Wrong]]:
        return [(number, wrong) for number, wrong in enumerate(self.wrongs(value), 1) if wrong.condition]

    def wrongs(self, value: Value) -> list[Wrong]:
        """Return what can be wrong with a value, numbered from 1 in this order."""
        name = value.column.name
        found = list(value.wrongs)
        if value.column is self.table.key and self.filter is not None:
            found = [*self.filter[1], *found]
        if value.can_fail:
            found.append(Wrong("", FAILED, f"{name} cannot be computed from the row's values."))
        return found

    def first_wrong(self, values: Dict[str, Any]) -> Wrong | None:
        """Return the first thing that is wrong with a row of `select_rows`, by the contract's order of columns."""
        for value in self.values:
            if fault := values.get(f"fault_{value.column.name}"):
                return self.wrongs(value)[int(fault) - 1]
        return None

    def as_shown(self, values: Dict[str, Any], content: Dict[str, str | None]) -> dict[str, str | None]:
        """Return a row of `select_rows` as a sentence quotes it: where a value failed, what the source has there."""
        shown = {name: text for name, text in values.items() if not name.startswith("fault_")}
        for value in self.values:
            name = value.column.name
            if fault := values.get(f"fault_{name}"):
                wrong = self.wrongs(value)[int(fault) - 1]
                shown[name] = content.get(wrong.column) if wrong.column else shown[name]
        return shown

    def given(self, types: Dict[str, str]) -> dict[str, Given]:
        """Return where the contract's columns come from in the rows of `select`, whose columns are of `types`."""
        return {
            value.column.name: Given(
                value.column.name,
                types[value.column.name],
                tuple((wrong.code, wrong.text) for wrong in self.wrongs(value)),
            )
            for value in self.values
        }

    # -- columns ----------------------------------------------------------------------------------------

    def _value(self, column: Column) -> Value | None:
        text = self.section.columns.get(column.name)
        default = self.section.defaults.get(column.name)
        if text is None:
            return Value(column, _literal(default)) if default is not None else None
        key = (self.table.name, "columns", column.name)
        tree = self._parsed(text, key)
        wanted = self._wanted(column)
        can_fail = any(not isinstance(node, _SOUND) for node in tree.walk())
        if isinstance(tree, exp.Column) and self.types[tree.name] == "VARCHAR":
            typed = self._plain(tree, wanted)
        else:
            typed = self.typing.typed(tree, wanted)
        quick = quickly_rounded(typed.tree, lambda part: self.kind_of(part.sql("duckdb"), key))
        sql = quick.sql("duckdb")
        kind = self.kind_of(sql, key)
        sql = self._as_it_goes(sql, kind, column)
        if default is not None:
            sql = f"COALESCE(CAST({sql} AS VARCHAR), {_literal(default)})"
        wrongs = tuple(_wrong(fault, column.name, self.writing) for fault in typed.faults)
        return Value(column, sql, wrongs, can_fail)

    def _wanted(self, column: Column) -> Sort | None:
        if column.type in (Type.DATE, Type.TIMESTAMP):
            return Sort.DAY
        return Sort.NUMBER if column.type in (Type.INTEGER, Type.MONEY) else None

    def _plain(self, tree: exp.Column, wanted: Sort | None) -> Typed:
        """A column of text as it is: as the contract writes it already, it is left to the checks of all loads."""
        cell = self.writing.cell(identifier(tree.name), "VARCHAR")
        if wanted is Sort.NUMBER and self.writing.decimal_mark is not None:
            digits = self.writing.digits(cell)
            fault = Fault(f"TRIM({cell}) <> '' AND {digits} IS NULL", wanted, tree.name, tree.name)
            return Typed(_raw(digits), [fault])
        if wanted is Sort.DAY and self.writing.reads_days:
            return self.typing.typed(tree, wanted)
        return Typed(_raw(cell), [])

    def _as_it_goes(self, sql: str, kind: str, column: Column) -> str:
        """A value that the checks can take: of a type they know, or as text."""
        is_text = column.type is Type.TEXT or (column.type is Type.ID and self.id_type == "text")
        if kind.startswith("DECIMAL") and is_text:
            return rf"REGEXP_REPLACE(CAST({sql} AS VARCHAR), '\.0*$|(\.[0-9]*[1-9])0+$', '\1')"
        if kind in INTEGERS - {"HUGEINT", "UBIGINT"} or _AS_THEY_ARE.fullmatch(kind):
            return sql
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"TIMEZONE({quoted(self.writing.time_zone or 'UTC')}, {sql})"
        return f"CAST({sql} AS VARCHAR)"

    # -- rows -------------------------------------------------------------------------------------------

    def _filter(self) -> tuple[str, list[Wrong]] | None:
        if self.section.where is None:
            return None
        key = (self.table.name, "where")
        tree = self._parsed(self.section.where, key)
        typed = self.typing.typed(tree, None)
        sql = typed.tree.sql("duckdb")
        if self.kind_of(sql, key) != "BOOLEAN":
            raise self.mapping.error("'where' is no condition, which is either true or not", *key)
        name = self.table.key.name
        wrongs = [
            Wrong(
                fault.condition,
                _CODES[fault.sort],
                f"The filter needs {_escaped(fault.shown)} '{{{name}}}', which {_WORDS[fault.sort]}.",
                fault.column,
            )
            for fault in typed.faults
        ]
        wrongs.append(
            Wrong(f"TRY({{'value': {sql}}}) IS NULL", FAILED, "The filter cannot be computed for this row.")
        )
        return f"TRY({sql})", wrongs

    @property
    def chosen_table(self) -> str:
        """The sandbox's table of the rows that `distinct_on` takes."""
        return f"chosen_{self.table.name}"

    def _chosen(self) -> str:
        """Return the query of the numbers of the rows that are kept, one for each value of `distinct_on`."""
        key = (self.table.name, "distinct_on")
        keys = [
            self.typing.typed(self._parsed(text, key), None).tree.sql("duckdb")
            for text in self.section.distinct_on
        ]
        for one in keys:
            self.kind_of(one, key)
        numbered = [
            f"NULLIF(TRY(CAST({one} AS VARCHAR)), '') AS key_{number}" for number, one in enumerate(keys)
        ]
        names = ", ".join(f"key_{number}" for number in range(len(keys)))
        given = " AND ".join(f"key_{number} IS NOT NULL" for number in range(len(keys)))
        source = (
            f"(SELECT rowid AS {ROW}, {', '.join(numbered)}, {self._measure()} AS measure FROM {self.home} "
            f"WHERE {self.condition})"
        )
        keep = self.section.keep
        if keep == "most frequent":
            source = (
                f"(SELECT {names}, MIN({ROW}) AS {ROW}, COUNT(*) AS measure FROM {source} "
                f"WHERE {given} GROUP BY {names}, measure)"
            )
            best = f"ARG_MAX({ROW}, {{'measure': measure, 'row': -{ROW}}})"
        elif keep in ("first", "last"):
            best = f"{'MIN' if keep == 'first' else 'MAX'}({ROW})"
        elif keep.startswith("max"):
            best = f"ARG_MAX({ROW}, {{'measure': measure, 'row': -{ROW}}})"
        else:
            best = f"ARG_MIN({ROW}, {{'measure': measure, 'row': {ROW}}})"
        if keep.startswith(("min ", "max ")):
            best = f"COALESCE({best} FILTER (WHERE measure IS NOT NULL), MIN({ROW}))"
        return f"SELECT {best} AS {ROW} FROM {source} WHERE {given} GROUP BY {names} ORDER BY {ROW}"

    def _measure(self) -> str:
        """Return SQL of that by which a row is kept: all values together, or the expression of min or max."""
        keep = self.section.keep
        if keep == "most frequent":
            values = [f"CAST({f'TRY({one.sql})'} AS VARCHAR)" for one in self.values]
            return f"[{', '.join(values)}]"
        if not keep.startswith(("min ", "max ")):
            return "NULL"
        key = (self.table.name, "keep")
        tree = self._parsed(keep[4:].strip(), key)
        if not (isinstance(tree, exp.Column) and self.types[tree.name] == "VARCHAR"):
            sql = self.typing.typed(tree, None).tree.sql("duckdb")
            self.kind_of(sql, key)
            return f"TRY({sql})"
        # Text is compared as a date where it is one, else as a number, else letter by letter.
        cell = self.writing.cell(identifier(tree.name), "VARCHAR")
        day = f"COALESCE({self.writing.day(cell)}, TIMESTAMP '-infinity')"
        number = f"COALESCE(CAST({self.writing.number(cell, 6)} AS DOUBLE), CAST('-infinity' AS DOUBLE))"
        return f"CASE WHEN {cell} IS NOT NULL THEN {{'day': {day}, 'number': {number}, 'text': {cell}}} END"

    # -- checks -----------------------------------------------------------------------------------------

    def _parsed(self, text: str, key: tuple[str, ...]) -> exp.Expr:
        try:
            return parse_expression(text, self.types)
        except NotAllowed as error:
            raise self.mapping.error(
                f"{'.'.join((key[0], key[-1]))} cannot be used: {error}", *key
            ) from error

    def kind_of(self, sql: str, key: tuple[str, ...]) -> str:
        """Return the type of an expression's value; raises MappingError where DuckDB cannot compute it."""
        try:
            described = self.connection.execute(f"DESCRIBE SELECT {sql} AS value FROM {self.home}").fetchall()
        except duckdb.Error as error:
            reason = re.sub(r"^\w+ Error: ", "", first_line(error))
            raise self.mapping.error(f"{key[0]}.{key[-1]} cannot be computed: {reason}", *key) from error
        return str(described[0][1])


def _wrong(fault: Fault, column: str, writing: Writing) -> Wrong:
    words = _WORDS[fault.sort]
    if fault.sort is Sort.DAY and writing.date_format:
        words += f" written {_escaped(' or '.join(writing.date_format))}"
    if fault.sort is Sort.NUMBER and writing.decimal_mark == ",":
        words += " with a decimal comma"
    shown = f"{_escaped(fault.shown)} '{{{column}}}'" if fault.column else _escaped(fault.shown)
    return Wrong(fault.condition, _CODES[fault.sort], f"{column}: {shown} {words}.", fault.column)


def _escaped(text: str) -> str:
    """Return text in which a sentence has no gaps to fill."""
    return text.replace("{", "{{").replace("}", "}}")


def _raw(sql: str) -> exp.Expr:
    return exp.maybe_parse(sql, dialect="duckdb")


def _literal(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return quoted(text if not isinstance(value, Decimal) else format(value, "f"))
