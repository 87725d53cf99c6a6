"""Files and folders that cannot be loaded are told before anything is written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from patron.engines import Engine
from patron.errors import SourceError
from patron.sources.load import load
from tests.sources import files
from tests.sources.files import refused, shop_files, write, write_parquet


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("customer_info.csv", "", "customer_info.csv is empty"),
        ("customer_info.csv", "\n\n", "does not begin with a line that names its columns"),
        ("customer_info.csv", "first_name\nAnn\n", "lacks customer_id"),
        ("customer_info.csv", "customer_id,frist_name\n1,Ann\n", "Did you mean 'first_name'"),
        ("customer_info.csv", "customer_id,email,email\n1,a,b\n", "has the column 'email' twice"),
        ("customer_info.csv", "customer_id,,email\n1,a,b\n", "has a column without a name"),
        ("customer_info.csv", "customer_id;email\n1;a\n", "separated by semicolons"),
        ("customer_info.csv", "customer_id,email\n1,a\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("customer_info.csv", b"customer_id,\xff\n1,a\n", "not UTF-8"),
        ("customer_info.csv.gz", b"", "is empty"),
        ("customers_info.csv", "customer_id\n1\n", "Did you mean 'customer_info'"),
        ("customer_info.xlsx", "x", "cannot be read as a workbook"),
        ("customer_info.parquet", "no parquet", "cannot be read as Parquet"),
        ("notes.txt", "x", "holds no file named after a table"),
    ],
)
def test_what_cannot_be_loaded_is_told_before_anything_is_written(
    memory: Engine, tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    if name != "notes.txt":
        write(tmp_path / "product_catalog.csv", files.PRODUCTS)
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SourceError, match=words) as told:
        load(memory, tmp_path)
    assert str(tmp_path) in str(told.value)
    assert memory.query("SELECT * FROM product_catalog") == []
    assert memory.query("SELECT * FROM loads") == []


def test_all_problems_are_told_at_once(memory: Engine, tmp_path: Path) -> None:
    write(tmp_path / "customer_info.csv", "customer_id,colour\n1,red\n")
    write(tmp_path / "produkt.csv", "id\n1\n")
    write(tmp_path / "product_catalog.csv", "")
    with pytest.raises(SourceError, match="for 3 reasons") as told:
        load(memory, tmp_path)
    assert len(str(told.value).splitlines()) == 4


def test_a_packed_file_that_breaks_off(memory: Engine, tmp_path: Path) -> None:
    rows = "".join(f"{number},x{number * 7919 % 1009}\n" for number in range(300_000))
    packed = gzip.compress(f"customer_id,first_name\n{rows}".encode())
    shop_files(tmp_path / "shop")
    (tmp_path / "shop" / "customer_info.csv").unlink()
    (tmp_path / "shop" / "customer_info.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match=r"customer_info\.csv\.gz cannot be unpacked to its end"):
        load(memory, tmp_path / "shop")
    assert memory.query("SELECT * FROM product_catalog") == []


def test_a_parquet_file_that_breaks_off(memory: Engine, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "customer_info.parquet", {"customer_id": list(range(200_000))})
    data = bytearray(path.read_bytes())
    data[1000:5000] = bytes(4000)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"customer_info\.parquet cannot be read"):
        load(memory, tmp_path)
    assert memory.query("SELECT * FROM customer_info") == []


def test_nested_columns_are_no_values(memory: Engine, tmp_path: Path) -> None:
    write_parquet(tmp_path / "customer_info.parquet", {"customer_id": [1], "email": [["a", "b"]]})
    with pytest.raises(SourceError, match=r"the column .email. of customer_info\.parquet is VARCHAR"):
        load(memory, tmp_path)


def test_a_path_that_is_not_there(memory: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is nothing at"):
        load(memory, tmp_path / "shop")


def test_odd_paths_are_read_as_they_are(memory: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "a[1]*?'\" \n"
    write(tmp_path / "a1 other" / "customer_info.csv", "customer_id\n99\n")
    shop_files(folder)
    write_parquet(
        folder / "customer_service" / "x[0].parquet",
        {
            "interaction_id": [1],
            "customer_id": [1],
            "interaction_date": ["2024-01-01"],
            "satisfaction_score": [9],
        },
    )
    report = load(memory, folder)
    assert report.inserted == 8
    assert refused(memory, "source_file") == [("customer_service/x[0].parquet",)]
