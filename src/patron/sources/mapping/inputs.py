"""What a mapping's source holds: files in a folder, or a database's tables, by the names a mapping calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from patron.engines.address import public
from patron.errors import SourceError, did_you_mean
from patron.sources.formats.databases import SourceDatabase, open_database
from patron.sources.formats.files import FORMS, Form, Kind, SourceFile, ending_of
from patron.sources.formats.remote import Download, download, is_remote
from patron.sources.layout import looks_like_a_copy, place, walk
from patron.sources.mapping.model import Mapping, Options, TableMapping

MOST_NAMES = 12  # that a message lists


@dataclass
class Source:
    """A folder's files, by their paths in it, or a database."""

    files: list[SourceFile] = field(default_factory=list)
    database: SourceDatabase | None = None

    def names(self) -> list[str]:
        """Return what a query may read: tables by name, files by name without ending."""
        if self.database is not None:
            return self.database.tables()
        return list(dict.fromkeys(stem_of(file.name) for file in self.files))

    def close(self) -> None:
        """Let go of the database."""
        if self.database is not None:
            self.database.close()


@dataclass(frozen=True)
class Given:
    """One input: its files, or a table, and how it is written."""

    name: str
    files: tuple[SourceFile, ...]
    options: Options


def open_source(path: str, folder: Path, copied: Download = download) -> Source:
    """Find what is at `path`: a folder, a file, a database or a URL of one, which is `copied` to `folder` first.

    Raises SourceError or DatabaseError when there is nothing that can be read.
    """
    database = open_database(path)
    if database is not None:
        return Source(database=database)
    at = copied(path, folder) if is_remote(path) else Path(path)
    try:
        if not at.exists():
            raise SourceError(
                f"There is nothing at {public(path)}; name a folder, a file or a database that exists."
            )
        home = (at if at.is_dir() else at.parent).resolve()
        paths = sorted(walk(home), key=place) if at.is_dir() else [home / at.name]
        return Source([_file(one, home) for one in paths if one.is_file()])
    except OSError as error:
        raise SourceError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error


def open_sources(paths: Sequence[str], folder: Path, copied: Download = download) -> Source:
    """Find what is at all of `paths`, of which several must be of files; raises what `open_source` raises."""
    found = [open_source(path, folder, copied) for path in paths]
    if len(found) == 1:
        return found[0]
    if any(one.database for one in found):
        raise SourceError("A mapping reads one database at a time; load each with a mapping of its own.")
    return Source([file for one in found for file in one.files])


class Inputs:
    """Finds what the tables of a mapping are made of. Each input is read once, however many use it.

    Of a database's tables at most `limit` rows are read, if there is one.
    """

    limit: int | None = None

    def __init__(self, mapping: Mapping, source: Source, folder: Path) -> None:
        self.mapping = mapping
        self.source = source
        self.folder = folder
        self._dumped: dict[str, SourceFile] = {}

    def of_table(self, name: str) -> Given:
        """Return the input that a table's `from` names; raises MappingError or SourceError."""
        table = self.mapping.tables[name]
        key = (name, "from")
        if len(table.origin) == 1 and table.origin[0] in self.mapping.inputs:
            return self.named(table.origin[0], table)
        return self._given(table.origin, table, None, key)

    def named(self, name: str, table: TableMapping) -> Given:
        """Return the input of that name: an [inputs] section, a table of the database, or a file's stem."""
        section = self.mapping.inputs.get(name)
        if section is None:
            if self.source.database is None:
                names = tuple(file.name for file in self.source.files if stem_of(file.name) == name)
            else:
                names = (name,)
            return self._given(names, table, None, ("inputs",))
        if section.table is not None:
            return self._given((section.table,), table, name, ("inputs", name, "table"))
        return self._given(section.files, table, name, ("inputs", name, "files"))

    def query_names(self) -> list[str]:
        """Return what a query may read."""
        return [*self.mapping.inputs, *(one for one in self.source.names() if one not in self.mapping.inputs)]

    def _given(
        self, names: Sequence[str], table: TableMapping, section: str | None, key: tuple[str, ...]
    ) -> Given:
        options = self.mapping.options(table, self.mapping.inputs.get(section or ""))
        if self.source.database is not None:
            files = [self._table(name, key) for name in names]
        else:
            files = [file for name in names for file in self._files(name, key)]
        formed = tuple(self._formed(file, options, key) for file in dict.fromkeys(files))
        return Given(section or " and ".join(names), formed, options)

    def _table(self, name: str, key: tuple[str, ...]) -> SourceFile:
        database = self.source.database
        assert database is not None  # noqa: S101  # nosec B101 - asked before
        known = database.tables()
        if name not in known:
            raise self.mapping.error(
                f"the database has no table '{name}'.{did_you_mean(name, known)} It has: {_some(known)}", *key
            )
        if name not in self._dumped:
            self._dumped[name] = database.dump(name, self.folder / f"table-{len(self._dumped)}", self.limit)
        return self._dumped[name]

    def _files(self, pattern: str, key: tuple[str, ...]) -> list[SourceFile]:
        found = [one for one in self.source.files if PurePosixPath(one.name).match(pattern)]
        if not looks_like_a_copy(pattern):
            found = [one for one in found if not looks_like_a_copy(one.name)] or found
        if not found:
            known = [one.name for one in self.source.files]
            hint = did_you_mean(pattern, {name.lower(): name for name in known})
            if pattern.endswith(tuple(self.mapping.inputs)):
                hint = did_you_mean(pattern, self.mapping.inputs)
            raise self.mapping.error(
                f"nothing in the source is called '{pattern}'.{hint} There is: {_some(known) or 'nothing'}",
                *key,
            )
        return found

    def _formed(self, file: SourceFile, options: Options, key: tuple[str, ...]) -> SourceFile:
        """Return a file with the form that the options give it."""
        if file.form.kind in (Kind.DUCKDB, Kind.SQLITE):
            raise self.mapping.error(
                f"{file.name} is a database; give its path to `patron load` and name its tables here", *key
            )
        if self.source.database is not None:
            return file
        form = file.form
        changes: dict[str, object] = {
            name: value for name in ("header", "sheet") if (value := getattr(options, name)) is not None
        }
        if form.kind is Kind.TEXT:
            written = {name: getattr(options, name) for name in ("encoding", "delimiter", "quote")}
            changes |= {name: value for name, value in written.items() if value is not None}
        return replace(file, form=replace(form, **changes))  # type: ignore[arg-type]


def stem_of(name: str) -> str:
    """Return a file's name without folders and ending."""
    last = PurePosixPath(name).name
    return last[: -len(ending_of(last) or "")] if ending_of(last) else last


def _file(path: Path, home: Path) -> SourceFile:
    ending = ending_of(path.name)
    return SourceFile.at(
        path, path.relative_to(home).as_posix(), FORMS[ending] if ending else Form(Kind.TEXT)
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
