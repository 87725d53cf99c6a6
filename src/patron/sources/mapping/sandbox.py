"""Where a mapping's rows wait and its SQL runs: a DuckDB of its own, which can reach nothing but itself.

Inputs are read into tables here, just as they are, each row by its number. Then the door is shut: no file but
those of the source that are still to be read, no network, no extension and no setting can be reached by what runs
here, and that cannot be undone. The tables are
temporary ones: what memory has no room for goes to disk as it is, where a database's file would be packed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
from sqlglot import exp

from patron.sources.checks import Given
from patron.sources.reading import set_up
from patron.sources.staging import Target

PLAIN = ("BOOLEAN", "DATE", "TIME", "DOUBLE", "VARCHAR", "BLOB")
LEADING = (
    "DECIMAL",
    "TIMESTAMP",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
)

SHARE = 4  # the part of the memory that rows may take while they wait: the other connection has the rest


class Landing(Target):
    """An input's rows as they are, of all its files in order; `types` are its columns."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, types: Mapping[str, str]) -> None:
        super().__init__(connection, name)
        self.types = dict(types)
        columns = ", ".join(f"{identifier(column)} {kind}" for column, kind in self.types.items())
        connection.execute(f"CREATE TEMP TABLE {name} ({columns})")

    def select(self, columns: Mapping[str, Given], source: str) -> str:
        """Return the SELECT of a source's columns as the landing has them, None for those it lacks."""
        values = [
            f"CAST({columns[name].expression if name in columns else 'NULL'} AS {kind}) AS {identifier(name)}"
            for name, kind in self.types.items()
        ]
        return f"SELECT {', '.join(values)} FROM {source}"

    @property
    def faults(self) -> int:
        """What could not become a row, in all files."""
        return sum(part.faults for part in self.parts)


class Sandbox:
    """A DuckDB in memory, with a share of the limits of `like`; what is more goes to a folder below `folder`."""

    def __init__(self, folder: Path, like: duckdb.DuckDBPyConnection) -> None:
        limits = like.execute(
            f"SELECT parse_formatted_bytes(current_setting('memory_limit')) // {SHARE}, current_setting('threads')"
        ).fetchall()[0]
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{limits[0]}B",
                "threads": int(limits[1]),
                "temp_directory": str(folder / "sandbox-spilled"),
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        set_up(self.connection)
        self.connection.execute("SET TimeZone = 'UTC'")

    def lock(self, paths: Iterable[Path] = (), folder: Path | None = None) -> None:
        """Shut the door: from now on nothing outside can be reached but files at `paths` and in `folder`."""
        allowed = {"paths": paths, "directories": [folder] if folder else []}
        for name, some in allowed.items():
            listed = ", ".join(exp.Literal.string(str(one)).sql("duckdb") for one in some)
            self.connection.execute(f"SET allowed_{name} = [{listed}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Let go of it; what is on disk goes with the folder."""
        self.connection.close()


def landing_type(kinds: Sequence[str]) -> str:
    """Return the type that holds a column's values in all files as they are."""
    kind = kinds[0]
    if len(set(kinds)) > 1 or not (kind in PLAIN or kind.startswith(LEADING)):
        return "VARCHAR"
    return "VARCHAR" if kind.endswith("]") else kind


def unique_names(names: Sequence[str]) -> list[str]:
    """Return a file's column names, each once: a second `price` is price_2, one without a name column3."""
    taken: set[str] = set()
    made = []
    for number, name in enumerate(names, 1):
        base = name.strip() or f"column{number}"
        one, copy = base, 1
        while one.lower() in taken:
            copy += 1
            one = f"{base}_{copy}"
        taken.add(one.lower())
        made.append(one)
    return made


def identifier(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
