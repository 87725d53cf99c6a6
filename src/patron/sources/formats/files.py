"""A file to read: where it is, of which kind, and how its text is written."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from patron.errors import SourceError


class Kind(StrEnum):
    """What a file is."""

    TEXT = "CSV"
    PARQUET = "Parquet"
    JSON = "JSON"
    LINES = "NDJSON"
    SHEET = "Excel"
    SQLITE = "SQLite"
    DUCKDB = "DuckDB"


@dataclass(frozen=True)
class Form:
    """How a file is written. Of these, text has all and a workbook its `sheet`.

    `delimiter` and `quote` are one character each; without a `quote` every letter stands for itself.
    Without a `header` the columns are called column1, column2 and so on.
    """

    kind: Kind
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    sheet: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether its bytes can be read as they are."""
        return self.encoding == "utf-8"


_TEXT, _TABS = Form(Kind.TEXT), Form(Kind.TEXT, delimiter="\t")
_LINES, _JSON, _SHEET = Form(Kind.LINES), Form(Kind.JSON), Form(Kind.SHEET)
_UNPACKED = {
    ".csv": _TEXT,
    ".tsv": _TABS,
    ".txt": _TEXT,
    ".json": _JSON,
    ".ndjson": _LINES,
    ".jsonl": _LINES,
}
PACKINGS = {".gz": "gzip", ".zst": "zstd"}
# How a file is written, by what its name ends with.
FORMS: dict[str, Form] = {
    **{ending + packing: form for ending, form in _UNPACKED.items() for packing in ("", *PACKINGS)},
    ".parquet": Form(Kind.PARQUET),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), _SHEET),
}
DATABASES = {
    ".duckdb": Kind.DUCKDB,
    ".sqlite": Kind.SQLITE,
    ".sqlite3": Kind.SQLITE,
    ".db": Kind.SQLITE,
}
# What reading a broken packed file raises.
BROKEN_PACKING = (EOFError, gzip.BadGzipFile, zlib.error, pa.ArrowException)


@dataclass(frozen=True)
class SourceFile:
    """A file; `name` is its path as the report shows it, `size` is in bytes."""

    path: Path
    name: str
    form: Form
    size: int
    modified: int

    @classmethod
    def at(cls, path: Path, name: str, form: Form) -> SourceFile:
        """Return the file that is at `path` now; raises OSError."""
        status = path.stat()
        return cls(path, name, form, status.st_size, status.st_mtime_ns)

    @property
    def packing(self) -> str | None:
        """How it is packed: gzip, zstd or not at all."""
        return PACKINGS.get(self.path.suffix.lower())

    def open(self) -> BinaryIO:
        """Open it for reading, unpacked."""
        if self.packing == "gzip":
            return cast("BinaryIO", gzip.open(self.path, "rb"))
        if self.packing == "zstd":
            return cast("BinaryIO", pa.input_stream(self.path, compression="zstd"))
        return self.path.open("rb")

    def check_unchanged(self) -> None:
        """Raise SourceError if the file was written to since it was found."""
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified):
            raise SourceError(
                f"{self.name} changed while it was read, so nothing was loaded; load again when it is complete."
            )

    def moved_to(self, path: Path) -> SourceFile:
        """Return its unpacked copy at `path`, in UTF-8."""
        return replace(self, path=path, form=replace(self.form, encoding="utf-8"))


def ending_of(name: str) -> str | None:
    """Return with which known ending a file's name ends."""
    endings = [ending for ending in FORMS if name.lower().endswith(ending)]
    return max(endings, key=len) if endings else None
