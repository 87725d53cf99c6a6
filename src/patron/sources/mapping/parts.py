"""What a table of a mapping takes from one file of its input, or from a query, and the rows of it that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from patron.sources.checks import Given
from patron.sources.formats.files import Form, Kind, SourceFile
from patron.sources.formats.records import Fault, readable
from patron.sources.formats.rows import RowsPart
from patron.sources.formats.text import TextPart
from patron.sources.mapping.passage import ROWS_A_BATCH, Passage
from patron.sources.mapping.sandbox import Landing, identifier
from patron.sources.mapping.table import ROW, MappedTable
from patron.sources.staging import Part, Refused, RowNumbers, Target

ROWS_AT_ONCE = 5_000
NONE: RowNumbers = np.asarray([], dtype=np.int64)


class QueryFile(SourceFile):
    """What stands for a file where rows come from a query."""

    def check_unchanged(self) -> None:
        """Nothing can change: the inputs have been read."""


class QueryPart(Part):
    """The rows of a mapping's query, which have no file but a number."""

    query = ""

    def __init__(self, table: str) -> None:
        super().__init__(QueryFile(Path(table), f"query of {table}", Form(Kind.DUCKDB), 0, 0))
        self.table = table

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return its columns."""
        return list(self.columns.items())

    def read(self, target: Target, folder: Path) -> None:
        """Run the query."""
        self.rows = target.insert(self.columns, f"({self.query})", [], lambda _: True)

    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Return the rows of these numbers."""
        yield from _landed_rows(target, self, rows)


class MappedPart(Part):
    """What a table takes from one file of its input, which passes by `passage` if there is one, or has landed."""

    def __init__(
        self, table: MappedTable, home: Landing, source: Part, answers: bool, passage: Passage | None
    ) -> None:
        super().__init__(source.file)
        self.table = table
        self.home = home
        self.source = source
        self.answers = answers
        self.passage = passage

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the contract's columns, as they come from the sandbox."""
        select = self.table.select(self.source.first, self.source.rows)
        types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {select}").fetchall()}
        return list(self.table.given(types).items())

    def read(self, target: Target, folder: Path) -> None:
        """Compute and check the rows in the sandbox, and insert them."""
        self.columns = dict(self.look(self.home.connection))
        if self.passage is not None:
            self.passage.take(self.source, self.columns, folder)
        self.faults = self.source.faults if self.answers else 0
        if self.passage is not None and self.passage.is_passed:
            self.rows = self.passage.taken
        elif self.source.rows:
            # They are checked there too, so that what has to be handed over is numbers and days rather than text.
            made = self.table.select(self.source.first, self.source.rows)
            checked = self.home.connection.sql(target.select(self.columns, f"({made})"))
            self.rows = target.insert_arrow(checked.to_arrow_reader(ROWS_A_BATCH))

    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Look the rows up in the source again, with what the table made of them."""
        is_passed = self.passage is not None and self.passage.is_passed
        numbers, landed = self.passage.land(rows) if self.passage and is_passed else self._landed(rows)
        made = self._made(landed)
        for one in originals(self.home, self.source, numbers, landed=not is_passed):
            if isinstance(one, Fault):
                if self.answers:
                    yield one
                continue
            shown = self.table.as_shown(next(made), one.content)
            yield Refused(one.place, {**dict.fromkeys(self.table.table.names), **shown}, one.content)

    def _landed(self, rows: RowNumbers) -> tuple[RowNumbers, RowNumbers]:
        """Return the numbers in the file of rows that are numbered as they were staged, and those in the landing."""
        if not len(rows):
            return NONE, NONE
        taken = self.table.rows(self.source.first, self.source.rows)
        found = self.home.connection.execute(
            f"SELECT {ROW} FROM (SELECT {ROW}, ROW_NUMBER() OVER (ORDER BY {ROW}) - 1 AS place FROM ({taken})) "
            f"WHERE place IN (SELECT UNNEST(CAST(? AS BIGINT[]))) ORDER BY {ROW}",
            [rows.tolist()],
        ).fetchnumpy()
        landed = np.asarray(found[ROW])
        return landed - self.source.first, landed

    def _made(self, numbers: RowNumbers) -> Iterator[dict[str, Any]]:
        for start in range(0, len(numbers), ROWS_AT_ONCE):
            some = numbers[start : start + ROWS_AT_ONCE].tolist()
            cursor = self.home.connection.execute(
                self.table.select_rows("SELECT UNNEST(CAST(? AS BIGINT[]))"), [some]
            )
            names = [column[0] for column in cursor.description or ()]
            for row in cursor.fetchall():
                yield dict(zip(names[1:], row[1:], strict=True))


def originals(home: Landing, part: Part, rows: RowNumbers, *, landed: bool) -> Iterator[Fault | Refused]:
    """Return rows of a file as they were in it, and its faults, in the file's order; say whether all has `landed`."""
    if not landed or isinstance(part, TextPart | RowsPart):
        yield from part.refused(home, rows)
    else:
        yield from _landed_rows(home, part, rows)


def _landed_rows(home: Target, part: Part, rows: RowNumbers) -> Iterator[Refused]:
    names = list(part.columns)
    texts = ", ".join(
        identifier(name) if given.type == "BLOB" else f"CAST({identifier(name)} AS VARCHAR)"
        for name, given in part.columns.items()
    )
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = (rows[start : start + ROWS_AT_ONCE] + part.first).tolist()
        found = home.connection.execute(
            f"SELECT rowid, {texts} FROM {home.name} WHERE rowid IN (SELECT UNNEST(CAST(? AS BIGINT[]))) "
            "ORDER BY rowid",
            [some],
        ).fetchall()
        for row, *values in found:
            shown = [readable(value) if isinstance(value, bytes) else value for value in values]
            content = dict(zip(names, shown, strict=True))
            yield Refused(row - part.first + 1, content, content)
