"""Looks at a source: how its files are written, and their first rows, in a sandbox.

Of large files only the beginning is read; what is said of them is said of that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from patron.errors import SourceError
from patron.sources.formats.files import FORMS, Form, Kind, SourceFile, ending_of
from patron.sources.formats.parts import part_of
from patron.sources.formats.sheet import sheets
from patron.sources.layout import looks_like_a_copy, passed_over
from patron.sources.mapping.inputs import Source, open_sources
from patron.sources.mapping.sandbox import Landing, Sandbox, landing_type, unique_names

ROWS = 200_000
BYTES = 32_000_000
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "cp1252")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class SampledTable:
    """One table of a source: what a mapping calls it, the files it is in, and where its first rows landed."""

    name: str
    files: tuple[str, ...]
    form: Form
    home: Landing
    rows: int
    is_whole: bool


class Sample:
    """The first rows of all tables at `paths`; `problems` are what could not be read."""

    def __init__(self, paths: Sequence[str], folder: Path) -> None:
        with duckdb.connect() as like:
            self.sandbox = Sandbox(folder, like)
        self.connection = self.sandbox.connection
        self.folder = folder
        self.source = open_sources(paths, folder)
        self.problems: list[str] = []
        self.tables: list[SampledTable] = []
        for name, files in self._groups().items():
            try:
                self._land(name, files)
            except (SourceError, duckdb.Error, UnicodeError) as error:
                self.problems.append(str(error).partition("\n")[0])
        self.sandbox.lock()

    def close(self) -> None:
        """Let go of the sandbox and the source."""
        self.sandbox.close()
        self.source.close()

    def _groups(self) -> dict[str, list[SourceFile]]:
        """Return the files of each table: those alike but for numbers in their names are one."""
        if (database := self.source.database) is not None:
            dumped = {}
            for number, name in enumerate(database.tables()):
                dumped[name] = [database.dump(name, self.folder / f"table-{number}", ROWS)]
            return dumped
        groups: dict[str, list[SourceFile]] = {}
        for file in self.source.files:
            if ending_of(file.name) is None or file.size == 0 or file.name.lower().endswith(".txt"):
                continue
            if len(self.source.files) > 1 and looks_like_a_copy(file.name):
                self.problems.append(passed_over(file.name))
                continue
            if file.form.kind is Kind.SHEET:
                names = sheets(file.path)
                for sheet in names:
                    shown = file.name if len(names) == 1 else f"{file.name}#{sheet}"
                    groups[shown] = [replace(file, form=replace(file.form, sheet=sheet))]
            else:
                groups.setdefault(re.sub(r"\d+", "*", file.name), []).append(file)
        return {
            (files[0].name if len(files) == 1 and "#" not in name else name): files
            for name, files in groups.items()
        }

    def _land(self, name: str, files: list[SourceFile]) -> None:
        form = sniff(files[0]) if self.source.database is None else files[0].form
        begun = [beginning(replace(file, form=form), self.folder) for file in files[:3]]
        looked = []
        for file in begun:
            part = part_of(file)
            found = part.look(self.connection)
            names = unique_names([one for one, _ in found])
            part.columns = dict(zip(names, (given for _, given in found), strict=True))
            looked.append(part)
        types = {column: landing_type([given.type]) for column, given in looked[0].columns.items()}
        home = Landing(self.connection, f"sample_{len(self.tables)}", types)
        for part in looked:
            if part.columns.keys() == types.keys():
                home.add(part, self.folder)
        rows = sum(part.rows for part in looked)
        whole = len(files) == len(begun) and all(
            one.size >= file.size for one, file in zip(begun, files, strict=False)
        )
        if self.source.database is not None:
            whole = rows < ROWS
        self.tables.append(SampledTable(name, tuple(file.name for file in files), form, home, rows, whole))


def sample_source(source: Source, folder: Path) -> Source:
    """Return a source with only the first rows of its files."""
    if source.database is not None:
        return source
    return Source([beginning(file, folder) for file in source.files])


def sniff(file: SourceFile) -> Form:
    """Return how a file of text seems to be written: its encoding and what separates its columns."""
    if file.form.kind is not Kind.TEXT:
        return file.form
    with file.open() as stream:
        start = stream.read(1_000_000)
    if start[:2] in UTF_16:
        encoding = "utf-16"
    else:
        cut = start[: start.rfind(b"\n") + 1] or start
        encoding = next((one for one in ENCODINGS if _decodes(cut, one)), "latin-1")
    lines = [line for line in start.decode(encoding, "replace").splitlines()[:50] if line.strip()]
    counts = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: (min(counts[mark], default=0) > 0, sum(counts[mark][:1])))
    delimiter = best if counts[best] and counts[best][0] else file.form.delimiter
    return replace(file.form, encoding=encoding, delimiter=delimiter)


def beginning(file: SourceFile, folder: Path) -> SourceFile:
    """Return a copy of a file's first rows, or the file itself where it is small or cannot be cut."""
    kind = file.form.kind
    copy = folder / f"begin-{abs(hash((file.path, file.form)))}"
    if kind in (Kind.TEXT, Kind.LINES) and (file.size > BYTES or (file.packing and file.size > BYTES // 20)):
        with file.open() as stream:
            data = stream.read(BYTES)
        end = b"\n\0" if file.form.encoding.startswith("utf-16") else b"\n"
        copy.write_bytes(data[: data.rfind(end) + len(end)])
        return replace(SourceFile.at(copy, file.name, file.form), form=file.form)
    if kind is Kind.PARQUET and pq.read_metadata(file.path).num_rows > ROWS:
        source = pq.ParquetFile(file.path)
        copy = copy.with_suffix(".parquet")
        with pq.ParquetWriter(copy, source.schema_arrow) as writer:
            for batch in islice(source.iter_batches(ROWS // 4), 4):
                writer.write_batch(batch)
        return SourceFile.at(copy, file.name, FORMS[".parquet"])
    return file


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
