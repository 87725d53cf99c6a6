"""What a value must be to become a contract column's, as DuckDB SQL, and the reason when it is not.

A table's rows are typed and checked in one SELECT: each column's value, and in `state` the number of the first
thing that is wrong with the row, or 0. Nothing is repaired in silence: a number that would have to be rounded,
a clock with a PM that DuckDB would drop and a year 20024 are reasons to refuse a row.

- Empty text is None in every column. Spaces around numbers and dates do not count.
- Amounts must be whole cents, but may miss one by less than `NOISE`, as sums of binary fractions do.
- A timestamp counts by the clock it shows; an offset such as +02:00 is passed over. Parquet's instants, which
  have lost their clock, are read as UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from patron.contract import Column, IdType, Table, Type
from patron.contract.ddl import column_type
from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR, PURCHASE_TRANSACTIONS

GOOD = 0
NOISE = "0.000001"
SHOWN = 60  # letters of a value that a sentence quotes

WHOLE_NUMBER = r"\s*[+-]?[0-9]+(\.0*)?\s*"
NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
CLOCK = r"[ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
DAY = rf"\s*[0-9]+[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}({CLOCK})?\s*"

INTEGERS = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
)
DAYS = frozenset(("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"))
INSTANT = "TIMESTAMP WITH TIME ZONE"
NESTED = re.compile(r".*\]|(STRUCT|MAP|UNION|VARIANT|GEOMETRY)\b.*", re.DOTALL)

UNKNOWN = {
    "customer_info": "unknown_customer",
    "product_catalog": "unknown_product",
    "marketing_campaigns": "unknown_campaign",
    "website_behavior": "unknown_session",
}
DUPLICATE = "duplicate_key"


@dataclass(frozen=True)
class Problem:
    """One thing that can be wrong with a row; `{column}` in `text` stands for what the row has there."""

    code: str
    text: str

    def sentence(self, row: Mapping[str, str | None]) -> str:
        """Return the reason in words for a row as it was read."""
        return self.text.format_map({name: _shown(value) for name, value in row.items()})


class Problems:
    """The problems that a table's rows can have, numbered from 1 in the order in which they are met."""

    def __init__(self) -> None:
        self._known: list[Problem] = []

    def number(self, problem: Problem) -> int:
        """Return the problem's number."""
        if problem not in self._known:
            self._known.append(problem)
        return self._known.index(problem) + 1

    def known(self, problem: Problem) -> int | None:
        """Return the problem's number if it has one."""
        return self._known.index(problem) + 1 if problem in self._known else None

    def numbered(self, number: int) -> Problem:
        """Return the problem of that number."""
        return self._known[number - 1]


@dataclass(frozen=True)
class Given:
    """Where a column's values come from: an SQL expression and its DuckDB type.

    `faults` are codes and texts of what kept a value from being made; the source's column fault_… then has the
    number of one of them, from 1.
    """

    expression: str
    type: str = "VARCHAR"
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def readable(self) -> bool:
        """Whether its values are plain ones and not lists or structures."""
        return NESTED.fullmatch(self.type) is None


def select_checked(
    table: Table,
    given: Mapping[str, Given],
    source: str,
    id_type: IdType,
    problems: Problems,
    keep: Sequence[str] = (),
) -> str:
    """Return the SELECT that types and checks the rows of `source`: the table's columns, then `state`.

    `given` says where the values of the table's columns come from; those it leaves out are None. The columns
    of the source in `keep` come before the table's.
    """
    checks = [_Check(column, given.get(column.name), id_type, problems) for column in table.columns]
    raw = ", ".join([*keep, *(part for check in checks for part in check.raw())])
    values = ", ".join(f"{check.value()} AS {check.name}" for check in checks)
    cases = [case for check in checks for case in check.cases()]
    cases += [f"WHEN {wrong} THEN {problems.number(one)}" for wrong, one in ROW_PROBLEMS.get(table.name, ())]
    return (
        f"SELECT {', '.join([*keep, *table.names])}, CAST(CASE {' '.join(cases)} ELSE {GOOD} END AS SMALLINT) AS state "
        f"FROM (SELECT *, {values} FROM (SELECT {raw} FROM {source}))"
    )


def not_a_number(column: Column) -> Problem:
    """Return the problem of a row whose value is to be a number and is none."""
    return Problem("not_a_number", f"{column.name} '{{{column.name}}}' is not a number.")


def unknown(column: Column, refused: str | None = None) -> Problem:
    """Return the problem of a row whose reference leads nowhere, maybe since that row was `refused` for a reason."""
    parent = str(column.references)
    why = f", since its row there was refused ({refused})" if refused else ""
    return Problem(UNKNOWN[parent], f"{column.name} '{{{column.name}}}' is not in {parent}{why}.")


def duplicate(table: Table) -> Problem:
    """Return the problem of a row whose key an earlier good row of the same load has."""
    key = table.key.name
    return Problem(DUPLICATE, f"{key} '{{{key}}}' stands in an earlier row of this load, which was taken.")


ROW_PROBLEMS = {
    "purchase_transactions": (
        (
            f"NOT ({PURCHASE_TRANSACTIONS.checks[0]})",
            Problem(
                "sign_mismatch", "quantity '{quantity}' is below 0 and total_amount '{total_amount}' above."
            ),
        ),
    ),
}


class _Check:
    """SQL for one column. `raw_…` is what was given; the column's own name is its value."""

    def __init__(self, column: Column, given: Given | None, id_type: IdType, problems: Problems) -> None:
        self.column = column
        self.name = column.name
        self.raw_name = f"raw_{column.name}"
        self.given = given or Given("CAST(NULL AS VARCHAR)")
        self.kind = Type.TEXT if column.type is Type.ID and id_type == "text" else column.type
        self.sql_type = column_type(column.type, id_type).sql("duckdb")
        self.is_date = self.kind in (Type.DATE, Type.TIMESTAMP)
        self.is_native = self.given.type in self._native_types()
        self.problems = problems

    def _native_types(self) -> frozenset[str]:
        """The types whose values are the column's as they are, if they fit; all else is read as text."""
        if self.kind is Type.TEXT:
            return frozenset()
        if self.is_date:
            return DAYS | {INSTANT}
        cents = {f"DECIMAL({width},{scale})" for width in range(1, 39) for scale in range(3)}
        return INTEGERS | cents if self.kind is Type.MONEY else INTEGERS

    def raw(self) -> Iterator[str]:
        """What was given: of a native type, or text; that of a column of text without empty values."""
        name, kind = self.given.expression, self.given.type
        if self.is_native:
            raw = f"{name} AT TIME ZONE 'UTC'" if kind == INSTANT else name
        elif kind == "BLOB":
            raw = f"NULLIF(TRY(DECODE({name})), '')"
            yield f"{name} IS NOT NULL AND TRY(DECODE({name})) IS NULL AS broken_{self.name}"
        elif kind in ("FLOAT", "DOUBLE"):  # pandas makes 17850.0 of an id when another row has none
            raw = rf"REGEXP_REPLACE(CAST({name} AS VARCHAR), '\.0$', '')"
        else:
            raw = name if kind == "VARCHAR" else f"CAST({name} AS VARCHAR)"
            if self.kind is Type.TEXT:  # numbers and dates are None of empty text anyway
                raw = f"NULLIF({raw}, '')"
        yield f"{raw} AS {self.raw_name}"
        if self.given.faults:
            yield f"fault_{self.name}"

    def value(self) -> str:
        """The value of the column's type, None for what cannot be one."""
        if self.kind is Type.TEXT:
            return self.raw_name
        is_text = self.kind is Type.TIMESTAMP and not self.is_native
        return f"TRY_CAST({f'TRIM({self.raw_name})' if is_text else self.raw_name} AS {self.sql_type})"

    def cases(self) -> Iterator[str]:
        """The branches of a CASE, in the order in which they are asked; each gives a problem's number."""
        for number, (code, text) in enumerate(self.given.faults, 1):
            yield f"WHEN fault_{self.name} = {number} THEN {self.problems.number(Problem(code, text))}"
        if self.given.type == "BLOB":
            yield f"WHEN broken_{self.name} THEN {self._number('invalid_utf8', 'is not UTF-8')}"
        yield from self._conversion()
        if self.column.required:
            missing = self.problems.number(Problem("missing_value", f"{self.name} is missing."))
            yield f"WHEN {self.name} IS NULL THEN {missing}"
        yield from self._bounds()

    def _bounds(self) -> Iterator[str]:
        if self.is_date:
            bounds = (
                f"{self.name} < DATE '{EARLIEST_YEAR}-01-01' OR {self.name} >= DATE '{LATEST_YEAR + 1}-01-01'"
            )
            words = f"is not in the years {EARLIEST_YEAR} to {LATEST_YEAR}"
            yield f"WHEN {bounds} THEN {self._number('out_of_range', words)}"
        for sign, words, bound in (("<", "below", self.column.minimum), (">", "above", self.column.maximum)):
            if bound is not None:
                number = self._number("out_of_range", f"is {words} {bound}")
                yield f"WHEN {self.name} {sign} {bound} THEN {number}"

    def _conversion(self) -> Iterator[str]:
        does_not_fit = (f"{self.name} IS NULL", "out_of_range", "is too large")
        if self.kind is Type.TEXT:
            nul = self._number("nul_character", "has a NUL character")
            yield f"WHEN CONTAINS({self.name}, CHR(0)) THEN {nul}"
        elif self.is_native:
            yield f"WHEN {self.raw_name} IS NOT NULL AND {self.name} IS NULL THEN {self._number(*does_not_fit[1:])}"
        elif self.is_date:
            yield self._unsound(
                self._written_as(DAY), [], self._number("not_a_date", "is not a date such as 2024-03-31")
            )
        else:
            whole = self.kind is not Type.MONEY
            pattern = self._written_as(WHOLE_NUMBER if whole else NUMBER)
            exact = f"TRY_CAST({self.raw_name} AS DECIMAL(38, 12))"
            sound = pattern if whole else f"{pattern} AND ABS({exact} - {self.name}) <= {NOISE}"
            precise = ("not_a_whole_number", "is not a whole number")
            if not whole:
                precise = ("too_many_decimals", "has more than two decimals")
            reasons = [
                (f"{self.name} IS NULL AND {pattern}", *does_not_fit[1:]),
                (self._written_as(NUMBER), *precise),
            ]
            yield self._unsound(sound, reasons, self.problems.number(not_a_number(self.column)))

    def _unsound(self, sound: str, reasons: list[tuple[str, str, str]], otherwise: int) -> str:
        """The branch for what was given but is not a value, with the reason that applies.

        Most values are written as DuckDB itself would write them, which is the cheapest thing to ask.
        """
        cases = " ".join(f"WHEN {reason} THEN {self._number(code, words)}" for reason, code, words in reasons)
        blank = f"TRIM({self.raw_name}, E' \\t') = ''"
        return (
            f"WHEN CAST({self.name} AS VARCHAR) IS DISTINCT FROM {self.raw_name} "
            f"AND NOT CASE WHEN {blank} THEN TRUE ELSE COALESCE({self.name} IS NOT NULL AND {sound}, FALSE) END "
            f"THEN {f'CASE {cases} ELSE {otherwise} END' if cases else otherwise}"
        )

    def _written_as(self, pattern: str) -> str:
        return f"REGEXP_FULL_MATCH({self.raw_name}, '{pattern}')"

    def _number(self, code: str, words: str) -> int:
        return self.problems.number(Problem(code, f"{self.name} '{{{self.name}}}' {words}."))


def _shown(value: str | None) -> str:
    text = value or ""
    return (text if len(text) <= SHOWN else f"{text[:SHOWN]}…").replace("\0", "\\x00")
