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
from typing import Any

import pyarrow as pa

from patron.contract import IdType, Table
from patron.engines.store import Store
from patron.errors import PatronError
from patron.sources.checks import Given
from patron.sources.mapping.model import Mapping, parse_mapping
from patron.sources.mapping.sandbox import Landing, Sandbox, unique_names
from patron.sources.mapping.table import MappedTable

AS_MAPPED = "entries_as_mapped"
ROW = "mapped_row"
BATCH = 10_000
_SCHEMA = pa.schema([("entry_id", pa.int64()), (ROW, pa.string())])

Entries = list[tuple[int, dict[str, Any]]]


def as_mapped(store: Store, table: Table, entries: str, id_type: IdType) -> str:
    """Return a table of the reader with the entries, and in `mapped_row` each as a row of the contract, in JSON.

    `entries` have `entry_id`, `load_id` and `content`. Of a row of which the mapping cannot make one, such as
    for a number that is still none, and of content without columns it is NULL.
    """
    reader = store.reader
    reader.register("arriving", _SCHEMA.empty_table())
    reader.execute("CREATE OR REPLACE TEMP TABLE made_again AS SELECT * FROM arriving")
    reader.unregister("arriving")
    loads = [load for (load,) in reader.execute(f"SELECT DISTINCT load_id FROM {entries}").fetchall()]
    mapped = _mappings(store, loads)
    for text, numbers in mapped.items():
        _make_again(store, table, entries, numbers, parse_mapping(text), id_type)
    listed = ", ".join(str(int(load)) for numbers in mapped.values() for load in numbers) or "NULL"
    plain = f"load_id NOT IN ({listed})" if mapped else "TRUE"
    reader.execute(
        f"CREATE OR REPLACE TEMP TABLE {AS_MAPPED} AS SELECT entry.*, CASE WHEN {plain} "
        f"THEN CASE WHEN JSON_VALID(entry.content) THEN entry.content END ELSE made.{ROW} END AS {ROW} "
        f"FROM {entries} AS entry LEFT JOIN made_again AS made ON made.entry_id = entry.entry_id"
    )
    return AS_MAPPED


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
) -> None:
    if table.name not in mapping.tables:
        return
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
        return
    folder = Path(mkdtemp(dir=store.folder))
    with closing(Sandbox(folder, store.reader)) as sandbox:
        made = list(_rows(sandbox, table, held, mapping, id_type))
    arrays = [pa.array([one[at] for one in made], kind) for at, kind in enumerate(_SCHEMA.types)]
    store.reader.register("arriving", pa.table(arrays, schema=_SCHEMA))
    store.reader.execute("INSERT INTO made_again SELECT * FROM arriving")
    store.reader.unregister("arriving")


def _rows(
    sandbox: Sandbox, table: Table, held: Entries, mapping: Mapping, id_type: IdType
) -> Iterator[tuple[int, str]]:
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
        values = dict(zip(keys[1:], row[1:], strict=True))
        if not any(value for name, value in values.items() if name.startswith("fault_")):
            made = {name: values.get(name) for name in table.names}
            yield held[row[0]][0], json.dumps(made, ensure_ascii=False)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
