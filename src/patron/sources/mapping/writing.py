"""How a source writes numbers and times, as DuckDB SQL that reads them.

The SQL of each is None for what is not written so.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from patron.sources.checks import NUMBER
from patron.sources.mapping.model import Options

_ISO = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?\s*"
_OFFSET = r".*[0-9]{2}:.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)\s*"
# A thousand may be parted by the other mark, an apostrophe or a space, of which some do not break lines.
_COMMA = "\\s*[+-]?([0-9]{1,3}([. '\u00a0\u202f][0-9]{3})+|[0-9]*)(,[0-9]+)?\\s*"
_POINT = "\\s*[+-]?([0-9]{1,3}([, '\u00a0\u202f][0-9]{3})+|[0-9]*)([.][0-9]+)?\\s*"


@dataclass(frozen=True)
class Writing:
    """How numbers and times are written, and what stands for nothing."""

    decimal_mark: str | None = None
    date_format: tuple[str, ...] = ()
    time_zone: str | None = None
    source_time_zone: str | None = None
    null: tuple[str, ...] = ()

    @classmethod
    def of(cls, options: Options) -> Writing:
        """Return what the options of a mapping say."""
        formats = options.date_format
        return cls(
            options.decimal_mark,
            (formats,) if isinstance(formats, str) else formats or (),
            options.time_zone,
            options.source_time_zone,
            options.null or (),
        )

    @property
    def reads_days(self) -> bool:
        """Whether days are written otherwise than the contract has them."""
        return bool(self.date_format or self.time_zone or self.source_time_zone)

    def cell(self, column: str, kind: str) -> str:
        """Return a column's value: text without what stands for nothing, times by the shop's clock."""
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"TIMEZONE({quoted(self.time_zone or 'UTC')}, {column})"
        if kind.startswith("TIMESTAMP") and self.source_time_zone:
            return self._shifted(column)
        if kind == "BLOB":
            column = f"TRY(DECODE({column}))"
        elif kind != "VARCHAR":
            return column
        for nothing in ("", *self.null):
            column = f"NULLIF({column}, {quoted(nothing)})"
        return column

    def number(self, text: str, scale: int) -> str:
        """Return text as a decimal of that many places."""
        return f"TRY_CAST({self.digits(text)} AS DECIMAL(28, {scale}))"

    def digits(self, text: str) -> str:
        """Return text as the digits of a number with a decimal point."""
        if self.decimal_mark is None:
            return f"CASE WHEN REGEXP_FULL_MATCH({text}, {quoted(NUMBER)}) THEN {text} END"
        pattern = _COMMA if self.decimal_mark == "," else _POINT
        kept = f"REGEXP_REPLACE({text}, {quoted('[^0-9' + self.decimal_mark + '+-]')}, '', 'g')"
        digits = f"REPLACE({kept}, ',', '.')" if self.decimal_mark == "," else kept
        return f"CASE WHEN REGEXP_FULL_MATCH({text}, {quoted(pattern)}) THEN NULLIF({digits}, '') END"

    def day(self, text: str) -> str:
        """Return text as a timestamp by the shop's clock; a day without a time is midnight."""
        trimmed = f"TRIM({text})"
        naive = (
            f"CASE WHEN REGEXP_FULL_MATCH({text}, {quoted(_ISO)}) THEN TRY_CAST({trimmed} AS TIMESTAMP) END"
        )
        if self.date_format:
            formats = ", ".join(quoted(one) for one in self.date_format)
            naive = f"COALESCE(TRY_STRPTIME({trimmed}, [{formats}]), {naive})"
        if self.source_time_zone:
            naive = f"CASE WHEN CONTAINS({text}, ':') THEN {self._shifted(naive)} ELSE {naive} END"
        if not self.time_zone:
            return naive
        instant = f"TIMEZONE({quoted(self.time_zone)}, TRY_CAST({trimmed} AS TIMESTAMPTZ))"
        return f"CASE WHEN REGEXP_FULL_MATCH({text}, {quoted(_OFFSET)}) THEN {instant} ELSE {naive} END"

    def _shifted(self, naive: str) -> str:
        zone = quoted(self.time_zone or "UTC")
        return f"TIMEZONE({zone}, TIMEZONE({quoted(str(self.source_time_zone))}, {naive}))"


def quoted(text: str) -> str:
    """Return text as an SQL literal."""
    return exp.Literal.string(text).sql("duckdb")
