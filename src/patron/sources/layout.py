"""Finds the files of the contract layout: which hold rows of which table, and what each file's columns are.

A file belongs to the table whose name it bears: `customer_info.csv`, or a part such as `customer_info-2024.csv`,
`customer_info_01.parquet` and `customer_info.2024-03.csv.gz`; else to the table after which a folder above it is
named: `customer_info/part-0.parquet`. Case does not matter. Files and folders whose name begins with a dot or an
underscore are passed over, and so are, with a note, files that neither are data nor bear a table's name. The
parts of a table are read in the order of their names, numbers by their value.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from patron.contract import CONTRACT, Table
from patron.errors import SourceError, did_you_mean
from patron.sources.records import first_record

# What a file's name may end with; the delimiter of text, None for Parquet.
DELIMITERS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t", ".parquet": None}
KINDS = ", ".join(DELIMITERS)
BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)
_NAMES = {table.name: table for table in CONTRACT}


@dataclass(frozen=True)
class SourceFile:
    """A file with rows of one table; `name` is its path as the report shows it, `size` is in bytes."""

    path: Path
    name: str
    table: Table
    delimiter: str | None
    size: int
    modified: int

    @property
    def is_text(self) -> bool:
        """Whether it is CSV or TSV and not Parquet."""
        return self.delimiter is not None

    def open(self) -> BinaryIO:
        """Open it for reading, unpacked."""
        if self.name.lower().endswith(".gz"):
            return cast("BinaryIO", gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def check_unchanged(self) -> None:
        """Raise SourceError if the file was written to since it was found."""
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified):
            raise SourceError(
                f"{self.name} changed while it was read, so nothing was loaded; load again when it is complete."
            )


@dataclass
class Found:
    """What a path holds: files with rows, problems that keep it from being loaded, and notes.

    `absent` are columns that files do not have and need not have. `tables_told` is whether a problem lists the tables.
    """

    files: list[SourceFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    absent: dict[str, list[SourceFile]] = field(default_factory=dict)
    tables_told: bool = False

    def all_notes(self) -> list[str]:
        """Return the notes, and one for all files that lack the same columns."""
        return self.notes + [
            f"{_and_more([file.name for file in files])} has no {columns}: None in all rows."
            for columns, files in self.absent.items()
        ]


def find(path: Path) -> Found:
    """Find the files to load at `path`, a folder or one file; raises SourceError when there is nothing there."""
    found = Found()
    try:
        if not path.exists():
            raise SourceError(f"There is nothing at {path}; name a folder or a file that exists.")
        home = (path if path.is_dir() else path.parent).resolve()
        paths = sorted(_walk(home), key=_place) if path.is_dir() else [home / path.name]
        for one in paths:
            _add(found, one, home)
    except OSError as error:
        raise SourceError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error
    _refuse_twins(found)
    if not found.files and not found.problems:
        found.problems.append(f"it holds no file named after a table, such as customer_info.csv ({KINDS})")
    return found


def match_columns(file: SourceFile, names: Sequence[str], found: Found) -> list[str]:
    """Match a file's columns with its table's; return the table's names for them.

    Case and spaces around a name do not matter. What does not fit is added to the problems, a column that is
    not there but need not be to those that are absent.
    """
    table = file.table
    matched = [name.strip().lower() for name in names]
    known = [name for name in matched if name in table.names]
    for name, plain in zip(names, matched, strict=True):
        if plain not in table.names:
            shown = f"a column '{name}'" if plain else "a column without a name"
            found.problems.append(
                f"{file.name} has {shown}, which {table.name} does not know.{did_you_mean(plain, table.names)} "
                f"Its columns are: {', '.join(table.names)}"
            )
    twice = sorted({name for name in known if known.count(name) > 1})
    found.problems += [f"{file.name} has the column '{name}' twice; leave one out" for name in twice]
    missing = [column for column in table.columns if column.name not in known]
    required = [column.name for column in missing if column.required]
    if required:
        found.problems.append(
            f"{file.name} lacks {_listed(required)}, which every row of {table.name} must have"
        )
    optional = [column.name for column in missing if not column.required]
    if optional:
        found.absent.setdefault(_listed(optional), []).append(file)
    return matched


def header(file: SourceFile) -> list[str]:
    """Return the names in the first line of a CSV file; raises SourceError with what is wrong with it."""
    try:
        with file.open() as stream:
            start = stream.read(4)
            if not start:
                raise SourceError(
                    f"{file.name} is empty; a file without rows still needs a line with its columns"
                )
            if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise SourceError(f"{file.name} is UTF-16; save it as UTF-8")
            stream.seek(0)
            names = first_record(stream, str(file.delimiter))
    except UnicodeDecodeError as error:
        raise SourceError(f"the first line of {file.name} is not UTF-8; save the file as UTF-8") from error
    except ValueError as error:
        raise SourceError(f"{file.name} does not begin with a line that names its columns") from error
    except BROKEN_GZIP as error:
        raise SourceError(f"{file.name} cannot be unpacked: {error}") from error
    except OSError as error:
        raise SourceError(f"{file.name} cannot be read: {error.strerror or error}") from error
    while len(names) > 1 and not names[-1].strip():
        names.pop()
    return _separated(file, names)


def _separated(file: SourceFile, names: list[str]) -> list[str]:
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas")):
        if len(names) == 1 and mark in names[0]:
            wanted = "commas" if file.delimiter == "," else "tabs"
            raise SourceError(f"the columns of {file.name} are separated by {word}; they must be by {wanted}")
    return names


def _walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the files below a folder; a link back to a folder `above` is not followed."""
    real = folder.resolve()
    if real in above:
        return
    for path in folder.iterdir():
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            yield from _walk(path, (*above, real))
        else:
            yield path


def _place(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Where a path comes in order: part 2 before part 10, and a table's own file before its parts."""
    ending = _ending(path.name) or ""
    stem = str(path).lower()[: len(str(path)) - len(ending)]
    parts = [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", stem)]
    return parts, path.name


def _add(found: Found, path: Path, home: Path) -> None:
    name, table, ending = str(path.relative_to(home)), _table(path, home), _ending(path.name)
    if ending is None:
        if table is None:
            found.notes.append(f"{name} was passed over: it is no data file ({KINDS}).")
        else:
            found.problems.append(f"{name} is of a kind that Patron does not read; it reads {KINDS}")
        return
    if table is None:
        stem = path.name[: -len(ending)]
        known = "" if found.tables_told else f" The tables are: {', '.join(_NAMES)}"
        found.problems.append(
            f"{name} is named after no table.{did_you_mean(stem, _NAMES)}{known}".rstrip(".")
        )
        found.tables_told = True
        return
    if _has_broken_letters(path):
        shown = name.encode("utf-8", "backslashreplace").decode()
        found.problems.append(f"the path of {shown} is not UTF-8; rename it")
        return
    if not path.is_file():
        found.problems.append(f"{name} leads nowhere; remove the link or restore its file")
        return
    status = path.stat()
    if status.st_size == 0:
        found.problems.append(f"{name} is empty; a file without rows still needs a line with its columns")
        return
    file = SourceFile(path, name, table, DELIMITERS[ending], status.st_size, status.st_mtime_ns)
    found.files.append(file)


def _ending(name: str) -> str | None:
    endings = [ending for ending in DELIMITERS if name.lower().endswith(ending)]
    return max(endings, key=len) if endings else None


def _table(path: Path, home: Path) -> Table | None:
    """Return the table whose name a file bears, or else the nearest folder up to `home`."""
    for name, table in _NAMES.items():
        rest = path.name.lower().removeprefix(name)
        if rest != path.name.lower() and not rest[:1].isalnum():
            return table
    folders = (path.parent, *path.parent.parents)
    named = [_NAMES.get(folder.name.lower()) for folder in folders if folder.is_relative_to(home)]
    return next((table for table in named if table), None)


def _refuse_twins(found: Found) -> None:
    """One table's rows in two formats are one export made twice, not two parts."""
    by_stem: dict[str, SourceFile] = {}
    for file in found.files:
        stem = file.name[: -len(_ending(file.name) or "")].lower()
        other = by_stem.setdefault(stem, file)
        if other is not file:
            found.problems.append(f"{other.name} and {file.name} bear the same name; leave one of them out")


def _has_broken_letters(path: Path) -> bool:
    """Whether a path has bytes that are no letters; Python keeps them as halves of letters."""
    return any("\udc80" <= letter <= "\udcff" for letter in str(path))


def _and_more(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
