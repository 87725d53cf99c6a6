"""Rows that a load by a mapping refused, seen through their mapping again.

The quarantine keeps such a row as it was in its source. Before it can be tried again, or held against what was
stored meanwhile, its load's mapping has to make a row of the contract of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import pyarrow as pa

from patron.contract import IdType, Table
from patron.engines.store import Store
from patron.errors import PatronError
from patron.sources.checks import Given, Problem
from patron.sources.mapping.model import Mapping, parse_mapping
from patron.sources.mapping.sandbox import Landing, Sandbox, unique_names
from patron.sources.mapping.table import MappedTable

AS_MAPPED = "entries_as_mapped"
ROW = "mapped_row"
BATCH = 10_000
_SCHEMA = pa.schema([("entry_id", pa.int64()), (ROW, pa.string())])

Entries = list[tuple[int, dict[str, Any]]]


class NotMade(NamedTuple):
    """An entry of which a mapping makes no row, and why."""

    entry_id: int
    code: str
    reason: str


def as_mapped(
    store: Store, table: Table, entries: str, id_type: IdType, mapping: Mapping | None = None
) -> tuple[str, list[NotMade]]:
    """Return a table of the reader with the entries, and in `mapped_row` each as a row of the contract, in JSON.

    `entries` have `entry_id`, `load_id` and `content`. Of a row of which the mapping cannot make one, such as
    for a number that is still none, and of content without columns it is NULL; the second result says why.
    A `mapping` takes the place of those of the loads.
    """
    reader = store.reader
    reader.register("arriving", _SCHEMA.empty_table())
    reader.execute("CREATE OR REPLACE TEMP TABLE made_again AS SELECT * FROM arriving")
    reader.unregister("arriving")
    loads = [load for (load,) in reader.execute(f"SELECT DISTINCT load_id FROM {entries}").fetchall()]
    mapped = _mappings(store, loads)
    failed: list[NotMade] = []
    for text, numbers in mapped.items():
        if used := mapping or _parsed(text):
            failed += _make_again(store, table, entries, numbers, used, id_type)
    listed = ", ".join(str(int(load)) for numbers in mapped.values() for load in numbers) or "NULL"
    plain = f"load_id NOT IN ({listed})" if mapped else "TRUE"
    reader.execute(
        f"CREATE OR REPLACE TEMP TABLE {AS_MAPPED} AS SELECT entry.*, CASE WHEN {plain} "
        f"THEN CASE WHEN JSON_VALID(entry.content) THEN entry.content END ELSE made.{ROW} END AS {ROW} "
        f"FROM {entries} AS entry LEFT JOIN made_again AS made ON made.entry_id = entry.entry_id"
    )
    return AS_MAPPED, failed


def _parsed(text: str) -> Mapping | None:
    """Return a load's mapping; None where this version of Patron takes it for none any more."""
    try:
        return parse_mapping(text)
    except PatronError:
        return None


def _mappings(store: Store, loads: list[int]) -> dict[str, list[int]]:
    """Return the loads that were read by a mapping, by its text."""
    if not loads:
        return {}
    marks = ", ".join("?" for _ in loads)
    found: dict[str, list[int]] = {}
    rows = store.rows(
        f"SELECT load_id, mapping FROM {store.home}loads WHERE mapping IS NOT NULL AND load_id IN ({marks})",
        loads,
    )
    for load, text in rows:
        found.setdefault(text, []).append(load)
    return found


def _make_again(
    store: Store, table: Table, entries: str, loads: list[int], mapping: Mapping, id_type: IdType
) -> list[NotMade]:
    """Put the rows that can be made into `made_again`; return why the others cannot."""
    if table.name not in mapping.tables:
        return []
    listed = ", ".join(str(int(load)) for load in loads)
    cursor = store.reader.execute(
        f"SELECT entry_id, content FROM {entries} WHERE load_id IN ({listed}) AND JSON_VALID(content)"
    )
    held = [
        (entry, values)
        for entry, content in cursor.fetchall()
        if isinstance(values := json.loads(content), dict)
    ]
    if not held:
        return []
    folder = Path(mkdtemp(dir=store.folder))
    with closing(Sandbox(folder, store.reader)) as sandbox:
        rows = list(_rows(sandbox, table, held, mapping, id_type))
    made = [one for one in rows if not isinstance(one, NotMade)]
    arrays = [pa.array([one[at] for one in made], kind) for at, kind in enumerate(_SCHEMA.types)]
    store.reader.register("arriving", pa.table(arrays, schema=_SCHEMA))
    store.reader.execute("INSERT INTO made_again SELECT * FROM arriving")
    store.reader.unregister("arriving")
    return [one for one in rows if isinstance(one, NotMade)]


def _rows(
    sandbox: Sandbox, table: Table, held: Entries, mapping: Mapping, id_type: IdType
) -> Iterator[tuple[int, str] | NotMade]:
    names = list(dict.fromkeys(name for _, values in held for name in values))
    columns = dict(zip(names, unique_names(names), strict=True))
    home = Landing(sandbox.connection, "landed", dict.fromkeys(columns.values(), "VARCHAR"))
    for start in range(0, len(held), BATCH):
        some = [values for _, values in held[start : start + BATCH]]
        arrays = [pa.array([_text(values.get(name)) for values in some], pa.string()) for name in names]
        sandbox.connection.register(
            "arriving", pa.table(arrays, names=[f"c{at}" for at in range(len(names))])
        )
        given = {column: Given(f"c{at}") for at, column in enumerate(columns.values())}
        home.insert(given, "arriving", [], lambda _: True)
        sandbox.connection.unregister("arriving")
    sandbox.lock()
    section = mapping.tables[table.name]
    # It was chosen when it was met, so of the mapping only the columns are asked again.
    alone = mapping.model_copy(
        update={
            "tables": {
                table.name: section.model_copy(update={"where": None, "distinct_on": (), "keep": "first"})
            }
        }
    )
    named = mapping.inputs.get(section.origin[0]) if section.origin else None
    try:
        mapped = MappedTable(
            sandbox.connection,
            alone,
            table.name,
            home.name,
            home.types,
            mapping.options(section, named),
            id_type,
        )
    except PatronError:  # the row has no longer the columns that the mapping needs
        return
    found = sandbox.connection.execute(mapped.select_rows("SELECT rowid FROM landed"))
    keys = [column[0] for column in found.description or ()]
    for row in found.fetchall():
        entry, content = held[row[0]]
        values = dict(zip(keys[1:], row[1:], strict=True))
        wrong = mapped.first_wrong(values)
        if wrong is None:
            made = {name: values.get(name) for name in table.names}
            yield entry, json.dumps(made, ensure_ascii=False)
            continue
        shown = {**dict.fromkeys(table.names), **mapped.as_shown(values, content)}
        yield NotMade(entry, wrong.code, Problem(wrong.code, wrong.text).sentence(shown))


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
