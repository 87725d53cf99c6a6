"""Reads a source by a mapping: inputs land in the sandbox as they are, and what is made of them is staged.

A row that is refused is shown as it was in the source, with the file and the line it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from patron.contract import CONTRACT, IdType
from patron.engines.address import public
from patron.engines.base import OnProgress
from patron.errors import SourceError
from patron.sources.checks import Given
from patron.sources.content import Files, Wanted
from patron.sources.formats.files import SourceFile
from patron.sources.formats.parts import part_of
from patron.sources.formats.remote import Download, download
from patron.sources.layout import looks_like_a_copy, passed_over, read_from
from patron.sources.mapping.expressions import NotAllowed, parse_query
from patron.sources.mapping.inputs import Given as Input
from patron.sources.mapping.inputs import Inputs, open_sources
from patron.sources.mapping.model import Mapping
from patron.sources.mapping.parts import MappedPart, QueryPart
from patron.sources.mapping.passage import Passage, may_pass
from patron.sources.mapping.sandbox import Landing, Sandbox, identifier, landing_type, unique_names
from patron.sources.mapping.table import MappedTable
from patron.sources.mapping.writing import Writing
from patron.sources.reading import Reader, sentence
from patron.sources.staging import Part, StagedTable, first_line


@dataclass
class Landed:
    """An input on its way: where it lands and what reads it.

    `passes` says that it need not land, since a single table is made of it, row by row.
    """

    files: tuple[SourceFile, ...]
    home: Landing
    parts: list[Part]
    is_queried: bool = False
    passes: bool = False


class MappedReader(Reader):
    """Reads what is at `paths`, folders, files, a database or a URL, by a mapping."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        id_type: IdType,
        progress: OnProgress,
        paths: Sequence[str],
        mapping: Mapping,
        copied: Download = download,
    ) -> None:
        super().__init__(connection, folder, id_type, progress, paths, copied)
        self.mapping: Mapping = mapping
        self.source = open_sources(paths, folder, copied)
        self.sandbox = Sandbox(folder, connection)
        self.copies = folder / "copies"
        self.inputs = Inputs(mapping, self.source, folder)
        self.landed: dict[tuple[SourceFile, ...], Landed] = {}
        self.tables: list[MappedTable] = []
        self.problems: list[str] = []
        self._notes: list[str] = []

    def close(self) -> None:
        """Let go of the sandbox and of the source."""
        self.sandbox.close()
        self.source.close()

    def notes(self) -> list[str]:
        """Return which files no table is made of, and what else is worth telling."""
        used = {file.name for landed in self.landed.values() for file in landed.files}
        passed = [file.name for file in self.source.files if file.name not in used]
        several = (
            read_from(
                " and ".join(one.table.name for one in self.tables if one.home == landed.home.name), names
            )
            for landed in self._inputs()
            if len(names := [file.name for file in landed.files]) > 1
        )
        return [
            *self._notes,
            *(note for note in several if note),
            *(
                passed_over(name)
                if looks_like_a_copy(name)
                else f"{name} was passed over: the mapping does not name it."
                for name in passed
            ),
        ]

    def stage(self) -> list[StagedTable]:
        """Read everything and stage each table."""
        self.land()
        return [self._stage(table) for table in self.tables]

    # -- before anything is read ------------------------------------------------------------------------

    def look(self) -> Files:
        """Find the inputs and check every expression; raises SourceError or MappingError."""
        queried = []
        for table in CONTRACT:
            section = self.mapping.tables.get(table.name)
            if section is None:
                continue
            if section.query is not None:
                queried.append((table.name, self._query(table.name, section.query)))
                continue
            given = self.inputs.of_table(table.name)
            landed = self._landing(given)
            if landed is not None:
                self.tables.append(self._mapped(table.name, landed.home, given))
        if self.problems:
            raise SourceError(sentence(", ".join(map(public, self.paths)), self.problems), self.problems)
        for name, query in queried:
            self.tables.append(self._mapped_query(name, query))
        order = [table.name for table in CONTRACT]
        self.tables.sort(key=lambda one: order.index(one.table.name))
        return [
            Wanted(part.file, one.home.name, tuple(part.columns))
            for one in self._inputs()
            for part in one.parts
        ]

    def _inputs(self) -> list[Landed]:
        """Return what is read from outside, without the queries."""
        return [one for one in self.landed.values() if not isinstance(one.parts[0], QueryPart)]

    def _mapped(self, name: str, home: Landing, given: Input) -> MappedTable:
        return MappedTable(
            self.sandbox.connection, self.mapping, name, home.name, home.types, given.options, self.id_type
        )

    def _landing(self, given: Input) -> Landed | None:
        """Look at an input's files and make room for them; what is wrong is added to the problems."""
        if given.files in self.landed:
            return self.landed[given.files]
        looked = [(part, columns) for file in given.files if (columns := self._look(part := part_of(file)))]
        if len(looked) < len(given.files):
            return None
        types: dict[str, list[str]] = {}
        names: dict[str, str] = {}
        for _, columns in looked:
            for name, one in columns.items():
                types.setdefault(names.setdefault(name.lower(), name), []).append(one.type)
        landing_types = {name: landing_type(kinds) for name, kinds in types.items()}
        home = Landing(self.sandbox.connection, f"landed_{len(self.landed)}", landing_types)
        for part, columns in looked:
            part.columns = {names[name.lower()]: one for name, one in columns.items()}
            if absent := [name for name in types if name not in part.columns]:
                self._notes.append(f"{part.file.name} has no {', '.join(absent)}: None in all rows.")
        self.landed[given.files] = Landed(given.files, home, [part for part, _ in looked])
        return self.landed[given.files]

    def _look(self, part: Part) -> dict[str, Given]:
        try:
            found = part.look(self.sandbox.connection)
        except SourceError as error:
            self.problems.append(str(error))
            return {}
        names = unique_names([name for name, _ in found])
        return {name: given for name, (_, given) in zip(names, found, strict=True)}

    # -- queries ----------------------------------------------------------------------------------------

    def _query(self, name: str, text: str) -> str:
        """Check a query and have what it reads land; returns it as it runs."""
        key = (name, "query")
        try:
            tree, used = parse_query(text, self.inputs.query_names())
        except NotAllowed as error:
            raise self.mapping.error(f"{name}.query cannot be used: {error}", *key) from error
        for one in used:
            given = self.inputs.named(one, self.mapping.tables[name])
            landed = self._landing(given)
            if landed is not None:
                landed.is_queried = True
                self._view(one, landed.home, Writing.of(given.options))
        return tree.sql("duckdb")

    def _view(self, name: str, home: Landing, writing: Writing) -> None:
        """Let queries see an input by its name, without what stands for nothing."""
        cells = [
            f"{writing.cell(identifier(column), kind)} AS {identifier(column)}"
            for column, kind in home.types.items()
        ]
        self.sandbox.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS SELECT {', '.join(cells)} FROM {home.name}"
        )

    def _mapped_query(self, name: str, query: str) -> MappedTable:
        """Make room for a query's rows."""
        try:
            described = self.sandbox.connection.execute(f"DESCRIBE {query}").fetchall()
        except duckdb.Error as error:
            raise self._failed(name, error) from error
        types = {column: landing_type([kind]) for column, kind, *_ in described}
        if len({column.lower() for column in types}) < len(described):
            raise self.mapping.error(f"{name}.query has two columns of one name", name, "query")
        home = Landing(self.sandbox.connection, f"query_{name}", types)
        part = QueryPart(name)
        part.columns = {column: Given(identifier(column), kind) for column, kind in types.items()}
        part.query = query
        files = (part.file,)
        self.landed[files] = Landed(files, home, [part])
        options = self.mapping.options(self.mapping.tables[name], None)
        return self._mapped(name, home, Input(name, files, options))

    def _failed(self, name: str, error: duckdb.Error) -> Exception:
        reason = first_line(error).partition(": ")[2] or first_line(error)
        return self.mapping.error(f"{name}.query cannot be computed: {reason}", name, "query")

    # -- reading ----------------------------------------------------------------------------------------

    def land(self) -> None:
        """Read all inputs but those that pass, shut the door, and run the queries."""
        files = self._inputs()
        self.total = sum(part.file.size for one in files for part in one.parts)
        for one in files:
            one.passes = self._passes(one)
            for part in () if one.passes else one.parts:
                with self.reporting(self.sandbox.connection, part.file.size):
                    one.home.add(part, self.folder)
                part.file.check_unchanged()
        self.copies.mkdir()
        self.sandbox.lock((part.file.path for one in files if one.passes for part in one.parts), self.copies)
        for one in self.landed.values():
            if isinstance(part := one.parts[0], QueryPart):
                try:
                    one.home.add(part, self.folder)
                except duckdb.Error as error:
                    raise self._failed(part.table, error) from error
        for table in self.tables:
            if table.chosen is not None:
                self.sandbox.connection.execute(f"CREATE TEMP TABLE {table.chosen_table} AS {table.chosen}")

    def landing_of(self, table: MappedTable) -> Landed:
        """Return the input of a table."""
        return next(one for one in self.landed.values() if one.home.name == table.home)

    def _stage(self, table: MappedTable) -> StagedTable:
        staged = StagedTable(self.connection, table.table, self.id_type)
        landed = self.landing_of(table)
        for part in landed.parts:
            passage = Passage(table, landed.home, staged) if landed.passes else None
            mapped = MappedPart(table, landed.home, part, self._answers(table), passage)
            if passage is None:
                staged.add(mapped, self.folder)
                continue
            with self.reporting(self.sandbox.connection, part.file.size):
                staged.add(mapped, self.copies)
            part.file.check_unchanged()
        return staged

    def _passes(self, landed: Landed) -> bool:
        users = [table for table in self.tables if table.home == landed.home.name]
        alone = len(users) == 1 and users[0].chosen is None and not landed.is_queried
        return alone and all(may_pass(part) for part in landed.parts)

    def _answers(self, table: MappedTable) -> bool:
        """Whether a table answers for the faults of its input: they are counted once.

        It is the first whose rows are the input's rows, else the first.
        """
        alike = [one for one in self.tables if one.home == table.home]
        return table is next((one for one in alike if one.chosen is None), alike[0])
