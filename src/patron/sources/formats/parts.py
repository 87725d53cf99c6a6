"""Which module reads which kind of file."""

from __future__ import annotations

from patron.sources.formats.files import Kind, SourceFile
from patron.sources.formats.json import JsonPart
from patron.sources.formats.parquet import ParquetPart
from patron.sources.formats.sheet import SheetPart
from patron.sources.formats.text import TextPart
from patron.sources.staging import Part

PARTS: dict[Kind, type[Part]] = {
    Kind.TEXT: TextPart,
    Kind.PARQUET: ParquetPart,
    Kind.JSON: JsonPart,
    Kind.LINES: JsonPart,
    Kind.SHEET: SheetPart,
}


def part_of(file: SourceFile) -> Part:
    """Return what reads a file."""
    return PARTS[file.form.kind](file)
