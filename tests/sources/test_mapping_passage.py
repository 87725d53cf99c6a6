"""Rows that pass through a mapping: they are read once, none of them lands but those that are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from patron.engines import Engine
from patron.engines.base import no_progress
from patron.sources.formats.records import Fault
from patron.sources.mapping.model import parse_mapping
from patron.sources.mapping.reading import MappedReader
from patron.sources.mapping.sandbox import Sandbox
from patron.sources.staging import Refused, StagedTable, Target
from tests.sources.files import keys, refused, write, write_parquet
from tests.sources.test_mapping_load import loaded

PRODUCTS = """
[product_catalog]
from = "{file}"
{filter}
[product_catalog.columns]
product_id = "id"
price = "price * 2"
"""
FILTER = "where = \"kind <> 'gone'\""
MANY = 400_000  # rows, which DuckDB reads in several pieces at once
EVERY = 7_777


@contextmanager
def staged(folder: Path, mapping: str) -> Iterator[tuple[MappedReader, StagedTable]]:
    """Stage the one table of a mapping, as a load does."""
    scratch = folder / "scratch"
    scratch.mkdir()
    with duckdb.connect(config={"threads": 4}) as connection:
        reader = MappedReader(
            connection, scratch, "bigint", no_progress, [str(folder)], parse_mapping(mapping)
        )
        with closing(reader):
            reader.look()
            yield reader, reader.stage()[0]


def landed(reader: MappedReader) -> int:
    """Return how many rows have landed."""
    homes = [one.home.name for one in reader.landed.values()]
    return sum(reader.sandbox.connection.table(home).shape[0] for home in homes)


def again(table: StagedTable) -> list[Fault | Refused]:
    """Return what was refused of a table's one file."""
    (part,) = table.parts
    return list(part.refused(table, table.refused(part)[0]))


@pytest.mark.parametrize("filtered", [False, True])
def test_refused_rows_are_found_again_in_a_file_of_many_pieces(tmp_path: Path, filtered: bool) -> None:
    def row(number: int) -> str:
        kind = "gone" if number % 3 == 0 else "here"
        return f"{number},{kind},{'odd' if number % EVERY == 0 else number}\n"

    write(tmp_path / "many.csv", "id,kind,price\n" + "".join(map(row, range(1, MANY + 1))))
    mapping = PRODUCTS.format(file="many.csv", filter=FILTER if filtered else "")
    with staged(tmp_path, mapping) as (reader, table):
        taken = [number for number in range(1, MANY + 1) if not filtered or number % 3]
        assert (table.rows_read, landed(reader)) == (len(taken), 0)
        odd = [number for number in taken if number % EVERY == 0]
        assert [
            (one.place, one.values["price"], one.values["product_id"], one.content["id"])
            for one in again(table)
            if isinstance(one, Refused)
        ] == [(number + 1, "odd", str(number), str(number)) for number in odd]
        assert landed(reader) == len(odd)


@pytest.mark.parametrize("name", ["all.csv", "all.csv.gz", "all.tsv", "it's.csv", "a[1].csv", "all.parquet"])
def test_a_row_is_refused_from_any_file(engine: Engine, tmp_path: Path, name: str) -> None:
    if name.endswith(".parquet"):
        price = pa.array([5.0, float("nan"), 7.0])
        write_parquet(tmp_path / name, {"id": ["1", "2", "2"], "price": price})
    else:
        lines = ["id,price", "1,5", "2,nan", "2,7", ""]
        write(tmp_path / name, "\n".join(lines).replace(",", "\t" if name.endswith(".tsv") else ","))
    loaded(engine, tmp_path, PRODUCTS.format(file=name.replace("[1]", "?1?"), filter=""))
    assert keys(engine, "product_catalog") == [1, 2]
    assert [one[:2] for one in refused(engine, "source_file", "source_line", "content")] == [
        (name, 2 if name.endswith(".parquet") else 3)
    ]


def test_letters_of_another_encoding_pass_too(tmp_path: Path) -> None:
    write(tmp_path / "latin.csv", "id;name\n1;Müller\n2;\xff\nx;é\n".encode("latin-1"))
    mapping = """
source.encoding = "latin-1"
source.delimiter = ";"
[product_catalog]
from = "latin.csv"
columns.product_id = "id"
columns.brand = "UPPER(name)"
"""
    with staged(tmp_path, mapping) as (reader, table):
        brands = table.connection.execute(f"SELECT brand FROM {table.name} WHERE state = 0").fetchall()
        assert (brands, landed(reader)) == ([("MÜLLER",), ("Ÿ",)], 0)
        (one,) = again(table)
        assert isinstance(one, Refused)
        assert (one.place, one.content) == (4, {"id": "x", "name": "é"})


def test_of_a_file_that_is_not_read_whole_only_the_sound_records_land(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    insert = Target.insert

    def noted(home: Target, columns: Any, source: str, parameters: Sequence[Any], accept: Any) -> int:
        read.append(Path(parameters[0]).name)
        return insert(home, columns, source, parameters, accept)

    monkeypatch.setattr(Target, "insert", noted)
    write(tmp_path / "broken.csv", 'id,kind,price\n1,a,5\n2,"b\n3,c,7,8\n4,gone,1\n5,d,x\n')
    with staged(tmp_path, PRODUCTS.format(file="broken.csv", filter=FILTER)) as (reader, table):
        assert (table.rows_read, landed(reader)) == (4, 3)
        assert [one[0] for one in again(table)] == [3, 4, 6]
    assert len(read) == 1
    assert read != ["broken.csv"]


def test_what_two_tables_are_made_of_lands(tmp_path: Path) -> None:
    write(tmp_path / "all.csv", "id,kind,price\n1,a,5\n")
    mapping = PRODUCTS.format(file="all.csv", filter="")
    mapping += '[customer_info]\nfrom = "all.csv"\n[customer_info.columns]\ncustomer_id = "id"\n'
    with staged(tmp_path, mapping) as (reader, _):
        assert landed(reader) == 1


def test_only_what_is_still_to_be_read_can_be_reached(tmp_path: Path) -> None:
    known, other = (write(tmp_path / name, "n\n1\n") for name in ("it's.csv", "other.csv"))
    copies = tmp_path / "copies"
    write(copies / "copy.csv", "n\n2\n")
    with duckdb.connect() as like, closing(Sandbox(tmp_path, like)) as sandbox:
        sandbox.lock([known], copies)
        for path, rows in ((known, [(1,)]), (copies / "copy.csv", [(2,)])):
            assert sandbox.connection.execute("SELECT n FROM read_csv(?)", [str(path)]).fetchall() == rows
        for path in (other, copies / ".." / "other.csv", Path("/etc/hostname")):
            with pytest.raises(duckdb.Error, match="disabled"):
                sandbox.connection.execute("SELECT * FROM read_csv(?)", [str(path)])
