"""CSV and TSV: DuckDB reads the file as it is, if it can read the whole of it.

The number of rows is held against the number of lines. A file that DuckDB refuses, or of which it reads another
number of rows, is split by `records`: the sound records go into a copy that DuckDB does read. Text in another
encoding than UTF-8 is copied into UTF-8 first.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np

from patron.errors import SourceError
from patron.sources.checks import Given
from patron.sources.formats.files import BROKEN_PACKING, SourceFile
from patron.sources.formats.records import (
    LONGEST_HEADER,
    MAX_RECORD,
    Chunk,
    Fault,
    Grammar,
    count_lines,
    first_record,
    lines_as_records,
    scan,
)
from patron.sources.staging import OtherCount, Part, Refused, RowNumbers, Target, plain

Wanted = Callable[[int, int], bool]
BLOCK = 4_000_000
# What stands in a copy for bytes that its encoding lacks: no UTF-8, so that the row is refused and nothing is made up.
NO_LETTER = "\udcff"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class TextPart(Part):
    """A file of text with one record a row."""

    is_lined = False  # each row is one line
    copy: SourceFile | None = None  # in UTF-8

    @property
    def grammar(self) -> Grammar:
        """How its records are told apart."""
        return Grammar(self.file.form.delimiter, len(self.columns), self.file.form.quote)

    def look(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Given]]:
        """Return the names in the first line, all of text."""
        names = header(self.file)
        if not self.file.form.header:
            names = [f"column{number}" for number in range(1, len(names) + 1)]
        return [(name, Given(f"c{number}")) for number, name in enumerate(names)]

    def read(self, target: Target, folder: Path) -> None:
        """Insert all sound rows and count the faults."""
        if not self.file.form.is_utf8:
            self.copy = self._in_utf8(folder / f"{target.name}-{len(target.parts)}-utf8.csv")
        with ThreadPoolExecutor(1, thread_name_prefix="patron-counting") as beside:
            lined = beside.submit(self._lines)
            try:
                self.rows = self._insert(
                    target, self._file, lambda rows: rows == lined.result() or self._has(rows)
                )
            except duckdb.InterruptException:
                raise
            except (duckdb.Error, OtherCount):
                self._read_sound_records(target, folder / f"{target.name}-{len(target.parts)}.csv")
            else:
                self.is_lined = self.rows == lined.result()

    def refused(self, target: Target, rows: RowNumbers) -> Iterator[Fault | Refused]:
        """Go through the records again, and the faults, in the file's order."""
        grammar, names = self.grammar, list(self.columns)

        def position(row: int) -> int:
            return int(np.searchsorted(rows, row))

        for one in self._records(lambda first, last: position(first) < position(last)):
            if isinstance(one, Fault):
                yield one
                continue
            for row in rows[position(one.first) : position(one.first + len(one.records))]:
                number = int(row) - one.first
                values = dict(zip(names, grammar.split(one.records[number]), strict=True))
                yield Refused(one.line + number, values, values)

    @property
    def _file(self) -> SourceFile:
        return self.copy or self.file

    def _lines(self) -> int:
        """Return how many rows there are if each is one line; of one column a blank line might be a row, or none."""
        with self._unpacked() as stream:
            return count_lines(stream) - self.file.form.header if len(self.columns) > 1 else -1

    def _has(self, rows: int) -> bool:
        """Whether the file has so many records and nothing else."""
        found = 0
        for one in self._records():
            if isinstance(one, Fault):
                return False
            found += len(one.records)
        return found == rows

    def _read_sound_records(self, target: Target, copy: Path) -> None:
        self.rows = self.faults = 0
        with copy.open("wb") as sound:
            if self.file.form.header:
                names = self.file.form.delimiter.join(given.expression for given in self.columns.values())
                sound.write(names.encode() + b"\n")
            for one in self._records():
                if isinstance(one, Fault):
                    self.faults += 1
                else:
                    self.rows += len(one.records)
                    sound.write(b"\n".join(one.records) + b"\n")
        try:
            self._insert(target, self.file.moved_to(copy), lambda rows: rows == self.rows)
        except OtherCount as error:
            raise SourceError(
                f"{self.file.name} has {self.rows} sound records, but DuckDB reads another number of them, so "
                "nothing was loaded; this is a fault of Patron, please report it, and try the file as Parquet."
            ) from error
        copy.unlink()

    def _insert(self, target: Target, file: SourceFile, accept: Callable[[int], bool]) -> int:
        columns = ", ".join(f"'{given.expression}': 'VARCHAR'" for given in self.columns.values())
        quote = file.form.quote
        source = (
            "read_csv(?, header = ?, auto_detect = false, delim = ?, quote = ?, escape = ?, compression = ?, "
            f"max_line_size = {MAX_RECORD + 1000}, columns = {{{columns}}})"
        )
        written = [file.form.header, file.form.delimiter, quote, quote, file.packing or "none"]
        return target.insert(self.columns, source, [plain(file.path), *written], accept)

    def _in_utf8(self, copy: Path) -> SourceFile:
        """Copy the file into UTF-8; bytes that are no letters become bytes that are none there either."""
        decoder = codecs.getincrementaldecoder(self.file.form.encoding)("patron-no-letter")
        with self._unpacked() as stream, copy.open("wb") as out:
            block = b" "
            while block:
                block = stream.read(BLOCK)
                text = decoder.decode(block, final=not block)
                out.write(text.encode("utf-8", "surrogateescape"))
        return self.file.moved_to(copy)

    def _records(self, wanted: Wanted = lambda _first, _last: True) -> Iterator[Chunk | Fault]:
        """Go through the file; records may be left out where `wanted` says so of their numbers."""
        with self._unpacked() as stream:
            if self.is_lined:
                yield from lines_as_records(stream, wanted, header=self.file.form.header)
            else:
                yield from scan(stream, self.grammar, header=self.file.form.header)

    @contextmanager
    def _unpacked(self) -> Iterator[BinaryIO]:
        try:
            with self._file.open() as stream:
                yield stream
        except BROKEN_PACKING as error:
            raise SourceError(f"{self.file.name} cannot be unpacked to its end: {error}.") from error


def header(file: SourceFile) -> list[str]:
    """Return the fields of a CSV file's first line; raises SourceError with what is wrong with it."""
    form = file.form
    try:
        with file.open() as stream:
            start = stream.read(LONGEST_HEADER)
        if not start:
            raise SourceError(
                f"{file.name} is empty; a file without rows still needs a line with its columns"
            )
        if form.is_utf8 and start[:2] in UTF_16:
            raise SourceError(f"{file.name} is UTF-16; save it as UTF-8, or name its encoding in a mapping")
        if not form.is_utf8:
            text = codecs.getincrementaldecoder(form.encoding)("patron-no-letter").decode(start)
            start = text.encode("utf-8", "surrogateescape")
        names = first_record(BytesIO(start), form.delimiter, form.quote)
    except UnicodeError as error:
        written = "UTF-8" if form.is_utf8 else form.encoding
        remedy = "save the file as UTF-8, or name its encoding in a mapping"
        raise SourceError(f"the first line of {file.name} is not {written}; {remedy}") from error
    except ValueError as error:
        raise SourceError(f"{file.name} does not begin with a line that names its columns") from error
    except BROKEN_PACKING as error:
        raise SourceError(f"{file.name} cannot be unpacked: {error}") from error
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror or error}") from error
    while len(names) > 1 and not names[-1].strip():
        names.pop()
    return _separated(file, names)


def _separated(file: SourceFile, names: list[str]) -> list[str]:
    words = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
    for mark, word in words.items():
        if len(names) == 1 and mark in names[0]:
            wanted = words.get(file.form.delimiter, f"'{file.form.delimiter}'")
            raise SourceError(
                f"the columns of {file.name} are separated by {word}; they must be by {wanted}, or a mapping "
                "must say so"
            )
    return names


def _no_letter(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return NO_LETTER, error.end


codecs.register_error("patron-no-letter", _no_letter)
