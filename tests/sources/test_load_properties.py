"""Whatever comes, in whatever order: the same tables; what is undone is as before; what is tried is not kept."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from patron.engines import Engine
from patron.errors import SourceError
from patron.sources.load import load
from patron.sources.repair import ABOUT, RAW, export_for_repair, retry
from patron.sources.returning import Which
from patron.sources.undo import undo
from tests.sources.files import stored, write
from tests.sources.test_load_random import SHOPS, Shop, as_csv, tables
from tests.sources.test_load_undo import everything
from tests.support.databases import Databases


def without_repeated_keys(shop: Shop) -> Shop:
    """Of rows with one key that come apart the later wins, and of those that come together the first."""
    kept: Shop = {}
    for name, rows in shop.items():
        seen: set[Any] = set()
        kept[name] = []
        for row in rows:
            value = next(iter(row.values())).value
            if value is None or value not in seen:
                kept[name].append(row)
                seen.add(value)
    return kept


def write_shop(shop: Shop, folder: Path) -> Path:
    for name, rows in shop.items():
        write(folder / f"{name}.csv", as_csv(name, rows))
    return folder


def waiting(engine: Engine) -> set[tuple[str, str, str]]:
    """Return what is in quarantine; of equal rows that came apart one is kept, of those in one load all are."""
    rows = engine.query("SELECT table_name, reason_code, content FROM quarantine")
    return {(row["table_name"], row["reason_code"], row["content"]) for row in rows}


@given(shop=SHOPS.map(without_repeated_keys), data=st.data())
@settings(max_examples=6)
def test_in_pieces_and_in_any_order(kind: str, databases: Databases, shop: Shop, data: st.DataObject) -> None:
    """Each row comes with one of three loads, whatever those come with that it refers to."""
    parts: list[Shop] = [{name: [] for name in shop} for _ in range(3)]
    for name, rows in shop.items():
        for row in rows:
            parts[data.draw(st.integers(0, 2))][name].append(row)
    with TemporaryDirectory() as folder:
        whole = write_shop(shop, Path(folder, "whole"))
        with databases.shared(kind) as engine:
            load(engine, whole)
            expected = tables(engine), waiting(engine)
        with databases.shared(kind) as engine:
            for number, part in enumerate(parts):
                load(engine, write_shop(part, Path(folder, str(number))))
            assert (tables(engine), waiting(engine)) == expected
            load(engine, whole)
            assert (tables(engine), waiting(engine)) == expected


@given(first=SHOPS, second=SHOPS, replace=st.booleans())
@settings(max_examples=6)
def test_undone_in_turn_every_load_is_as_if_it_had_not_been(
    kind: str, databases: Databases, first: Shop, second: Shop, replace: bool
) -> None:
    with TemporaryDirectory() as folder, databases.shared(kind) as engine:
        nothing = everything(engine)
        load(engine, write_shop(first, Path(folder, "first")))
        one = everything(engine)
        path = write_shop(second, Path(folder, "second"))
        try:
            load(engine, path, replace=replace)
        except SourceError:
            assert replace
            assert everything(engine) == one
        else:
            undo(engine, 2)
            assert everything(engine) == one
        undo(engine, 1)
        assert everything(engine) == nothing


@given(first=SHOPS, second=SHOPS)
@settings(max_examples=4)
def test_what_is_tried_is_not_kept(kind: str, databases: Databases, first: Shop, second: Shop) -> None:
    with TemporaryDirectory() as folder, databases.shared(kind) as engine:
        load(engine, write_shop(first, Path(folder, "first")))
        state = everything(engine)
        path = write_shop(second, Path(folder, "second"))
        tried = load(engine, path, dry_run=True)
        assert everything(engine) == state
        report = load(engine, path)
        assert (tried.tables, tried.reasons, tried.warnings) == (
            report.tables,
            report.reasons,
            report.warnings,
        )


@given(shop=SHOPS)
@settings(max_examples=4)
def test_a_retry_after_repair_brings_exactly_those_rows(kind: str, databases: Databases, shop: Shop) -> None:
    with TemporaryDirectory() as folder, databases.shared(kind) as engine:
        load(engine, write_shop(shop, Path(folder, "shop")))
        before = stored(engine, "customer_info")
        entries = engine.query("SELECT * FROM quarantine WHERE table_name = 'customer_info'")
        path = Path(folder, "repair.csv")
        export_for_repair(engine, path, Which(tables=("customer_info",)), overwrite=True)
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == len(entries)
        for number, row in enumerate(rows):
            row |= {
                "customer_id": str(1000 + number),
                "first_name": "New",
                "date_of_birth": "",
                "registration_date": "",
            }
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(
                stream, [*ABOUT, "customer_id", "first_name", "date_of_birth", "registration_date", RAW]
            )
            writer.writeheader()
            writer.writerows(rows)
        retry(engine, path)
        added = [row for row in stored(engine, "customer_info") if row not in before]
        assert [row["customer_id"] for row in added] == [1000 + number for number in range(len(entries))]
        assert engine.query("SELECT * FROM quarantine WHERE table_name = 'customer_info'") == []
        assert [row for row in stored(engine, "customer_info") if row in before] == before
