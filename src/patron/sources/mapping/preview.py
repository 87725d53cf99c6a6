"""What a mapping would make of a source's first rows, without any database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from patron.contract import IdType
from patron.engines.base import no_progress
from patron.sources.checks import GOOD
from patron.sources.formats.records import Fault
from patron.sources.mapping.model import Mapping
from patron.sources.mapping.reading import MappedReader
from patron.sources.recognition.sample import ROWS, sample_source
from patron.sources.staging import StagedTable

SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """A table as it would be loaded: its first rows as text, and why others would be refused, with an example.

    Whether references lead somewhere and keys repeat is only known when it is loaded.
    """

    table: str
    rows: int
    columns: tuple[str, ...]
    sample: list[dict[str, str | None]]
    reasons: dict[str, int]
    examples: dict[str, str]
    ids_with_letters: tuple[str, ...]


def preview(paths: Sequence[str], mapping: Mapping, folder: Path, id_type: IdType) -> list[Preview]:
    """Return what a mapping makes of the first rows at `paths`; raises MappingError and SourceError."""
    with duckdb.connect() as connection:
        reader = MappedReader(connection, folder, id_type, no_progress, paths, mapping)
        with closing(reader):
            reader.inputs.source = sample_source(reader.source, folder)
            reader.inputs.limit = ROWS
            reader.look()
            return [_shown(staged) for staged in reader.stage()]


def _shown(staged: StagedTable) -> Preview:
    names = staged.table.names
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
    rows = staged.connection.execute(
        f"SELECT {texts} FROM {staged.name} WHERE state = {GOOD} LIMIT {SHOWN}"
    ).fetchall()
    reasons: dict[str, int] = {}
    examples: dict[str, str] = {}
    for part in staged.parts:
        numbers, problems = staged.refused(part)
        problem = iter(problems)
        for one in part.refused(staged, numbers):
            if isinstance(one, Fault):
                place, code, sentence = one.line, one.code, one.reason
            else:
                found = staged.problems.numbered(int(next(problem)))
                place, code, sentence = one.place, found.code, found.sentence(one.values)
            reasons[code] = reasons.get(code, 0) + 1
            examples.setdefault(code, f"{part.file.name}:{place}: {sentence}")
    sample = [dict(zip(names, row, strict=True)) for row in rows]
    ids = staged.ids_with_letters()
    return Preview(staged.table.name, staged.rows_read, names, sample, reasons, examples, ids)
