"""Finds the files of the contract layout: which hold rows of which table, and what each file's columns are.

A file belongs to the table whose name it bears: `customer_info.csv`, or a part such as `customer_info-2024.csv`,
`customer_info_01.parquet` and `customer_info.2024-03.csv.gz`; else to the table after which a folder above it is
named: `customer_info/part-0.parquet`. Case does not matter. Files and folders whose name begins with a dot or an
underscore are passed over, and so are, with a note, files that neither are data nor bear a table's name, and those
that look like a copy kept of others: `old/customer_info.csv`, `customer_info.csv.bak`. The parts of a table are
read in the order of their names, numbers by their value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from patron.contract import CONTRACT, Table
from patron.errors import SourceError, did_you_mean
from patron.sources.formats.files import FORMS, Kind, SourceFile, ending_of

KINDS = ", ".join(FORMS)
# A file of these kinds that bears no table's name is taken for a slip; of the others, for something else.
DATA = (Kind.TEXT, Kind.PARQUET)
_NAMES = {table.name: table for table in CONTRACT}
# A word by itself in a name, or what systems add to it.
_COPY = re.compile(r"(?<![a-z0-9])(bak|backups?|old|copy|orig|kopie|sicherung|tmp|temp)(?![a-z])|~$")
_LISTED = 5  # files of a table that a note names


@dataclass(frozen=True)
class TableFile(SourceFile):
    """A file with rows of one table."""

    table: Table


@dataclass
class Found:
    """What a path holds: files with rows, problems that keep it from being loaded, and notes.

    `absent` are columns that files do not have and need not have. `tables_told` is whether a problem lists the tables.
    """

    files: list[TableFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    absent: dict[str, list[TableFile]] = field(default_factory=dict)
    tables_told: bool = False

    def all_notes(self) -> list[str]:
        """Return the notes, and one for all files that lack the same columns."""
        return [
            *self.notes,
            *(
                note
                for table in CONTRACT
                if (note := read_from(table.name, [one.name for one in self.files if one.table is table]))
            ),
            *(
                f"{_and_more([file.name for file in files])} has no {columns}: None in all rows."
                for columns, files in self.absent.items()
            ),
        ]


def find(path: Path, *, tables_told: bool = False) -> Found:
    """Find the files to load at `path`, a folder or one file; raises SourceError when there is nothing there."""
    found = Found(tables_told=tables_told)
    try:
        if not path.exists():
            raise SourceError(f"There is nothing at {path}; name a folder or a file that exists.")
        home = (path if path.is_dir() else path.parent).resolve()
        paths = sorted(walk(home), key=place) if path.is_dir() else [home / path.name]
        for one in paths:
            name = str(one.relative_to(home))
            if path.is_dir() and looks_like_a_copy(name):
                found.notes.append(passed_over(name))
            else:
                _add(found, one, home)
    except OSError as error:
        raise SourceError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error
    _refuse_twins(found)
    if not found.files and not found.problems:
        found.problems.append(f"it holds no file named after a table, such as customer_info.csv ({KINDS})")
    return found


def find_all(paths: Sequence[Path]) -> Found:
    """Find the files at all of `paths`; raises SourceError when there is nothing at one of them."""
    if len(paths) == 1:
        return find(paths[0])
    every = Found()
    seen: dict[Path, Path] = {}
    for path in paths:
        found = find(path, tables_told=every.tables_told)
        every.tables_told = found.tables_told
        every.problems += found.problems
        every.notes += found.notes
        for file in found.files:
            if (other := seen.setdefault(file.path.resolve(), path)) is not path:
                every.problems.append(
                    f"{file.path} is named by both {other} and {path}; leave one of them out"
                )
            home = path if path.is_dir() else path.parent
            every.files.append(replace(file, name=str(home / file.name)))
    return every


def looks_like_a_copy(name: str) -> bool:
    """Whether a file's name, or that of a folder it is in, tells that it was put aside and is no part of the data."""
    return _COPY.search(name.lower()) is not None


def passed_over(name: str) -> str:
    """Return the note about a file that looks like a copy."""
    return f"{name} was passed over: it looks like a copy that was put aside; to load it, name it itself."


def read_from(table: str, files: Sequence[str]) -> str | None:
    """Return the note about a table's files where it has several."""
    if len(files) < 2:
        return None
    more = f" and {len(files) - _LISTED} more" if len(files) > _LISTED else ""
    return f"{table} was read from {len(files)} files: {', '.join(files[:_LISTED])}{more}."


def match_columns(file: TableFile, names: Sequence[str], found: Found) -> list[str]:
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


def walk(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the files below a folder; a link back to a folder `above` is not followed."""
    real = folder.resolve()
    if real in above:
        return
    for path in folder.iterdir():
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            yield from walk(path, (*above, real))
        else:
            yield path


def place(path: Path) -> tuple[list[tuple[str, int]], str]:
    """Where a path comes in order: part 2 before part 10, and a table's own file before its parts."""
    ending = ending_of(path.name) or ""
    stem = str(path).lower()[: len(str(path)) - len(ending)]
    parts = [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", stem)]
    return parts, path.name


def _add(found: Found, path: Path, home: Path) -> None:
    name, table, ending = str(path.relative_to(home)), _table(path, home), ending_of(path.name)
    if ending is None:
        if table is None:
            found.notes.append(f"{name} was passed over: it is no data file ({KINDS}).")
        else:
            found.problems.append(f"{name} is of a kind that Patron does not read; it reads {KINDS}")
        return
    if table is None and (FORMS[ending].kind not in DATA or ".txt" in ending):
        found.notes.append(f"{name} was passed over: it is named after no table.")
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
    found.files.append(TableFile(path, name, FORMS[ending], status.st_size, status.st_mtime_ns, table))


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
    by_stem: dict[str, TableFile] = {}
    for file in found.files:
        stem = file.name[: -len(ending_of(file.name) or "")].lower()
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
