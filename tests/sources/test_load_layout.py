"""Which files are found at a path, for which tables, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from patron.errors import SourceError
from patron.sources.formats.files import FORMS
from patron.sources.formats.text import header
from patron.sources.layout import Found, find
from tests.sources.files import write


def found_tables(found: Found) -> dict[str, str]:
    return {file.name: file.table.name for file in found.files}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("customer_info.csv", "customer_info"),
        ("Customer_Info.CSV.GZ", "customer_info"),
        ("customer_info-2024.csv", "customer_info"),
        ("customer_info_01.parquet", "customer_info"),
        ("customer_info.2024-03.tsv", "customer_info"),
        ("customer_info (1).csv", "customer_info"),
        ("customer_info/anything.csv", "customer_info"),
        ("customer_info/year=2024/month=3/part-0.parquet", "customer_info"),
        ("customer_info/product_catalog.csv", "product_catalog"),
        ("exports/PRODUCT_CATALOG/x.csv", "product_catalog"),
        ("exports/product_views.csv", "product_views"),
    ],
)
def test_a_file_belongs_to_the_table_it_is_named_after(tmp_path: Path, name: str, table: str) -> None:
    write(tmp_path / name, "x")
    found = find(tmp_path)
    assert (found_tables(found), found.problems) == ({name: table}, [])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("customer_information.csv", "is named after no table. Did you mean 'customer_info'?"),
        ("customers.csv", "is named after no table."),
        ("exports/part-0.parquet", "is named after no table."),
        ("customer_info.xml", "is of a kind that Patron does not read; it reads .csv"),
        ("customer_info/part.csv.zip", "is of a kind that Patron does not read"),
        ("customer_info", "is of a kind that Patron does not read"),
    ],
)
def test_a_file_that_fits_nowhere_is_a_problem(tmp_path: Path, name: str, problem: str) -> None:
    write(tmp_path / name, "x")
    found = find(tmp_path)
    assert found.files == []
    [told] = found.problems
    assert told.startswith(f"{name} {problem}")


def test_what_is_hidden_or_no_data_is_passed_over(tmp_path: Path) -> None:
    for name in (
        ".customer_info.csv",
        "_SUCCESS",
        "_tmp/customer_info.csv",
        ".git/customer_info.csv",
        "README.md",
    ):
        write(tmp_path / name, "x")
    write(tmp_path / "customer_info.csv", "x")
    found = find(tmp_path)
    assert found_tables(found) == {"customer_info.csv": "customer_info"}
    assert found.problems == []
    assert found.notes == [f"README.md was passed over: it is no data file ({', '.join(FORMS)})."]


def test_parts_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = ["customer_info.csv", "customer_info-2.csv", "customer_info-10.csv", "customer_info-010b.csv"]
    for name in reversed(names):
        write(tmp_path / name, "x")
    assert list(found_tables(find(tmp_path))) == names


def test_one_table_in_two_formats_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "customer_info.csv", "x")
    write(tmp_path / "customer_info.parquet", "x")
    assert find(tmp_path).problems == [
        "customer_info.csv and customer_info.parquet bear the same name; leave one of them out"
    ]


def test_one_file_alone(tmp_path: Path) -> None:
    write(tmp_path / "broken.csv", "x")
    path = write(tmp_path / "customer_info" / "part-1.csv", "x")
    assert found_tables(find(path)) == {"part-1.csv": "customer_info"}


def test_a_folder_named_after_a_table(tmp_path: Path) -> None:
    write(tmp_path / "customer_info" / "part-1.csv", "x")
    assert found_tables(find(tmp_path / "customer_info")) == {"part-1.csv": "customer_info"}


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "customer_info.csv").symlink_to(tmp_path / "gone.csv")
    assert find(tmp_path).problems == ["customer_info.csv leads nowhere; remove the link or restore its file"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n", ["a", "b"]),
        ('\ufeff"a b", "c""d" ,e', ["a b", 'c"d', "e"]),
        ("a,b,,\r\n", ["a", "b"]),
        ("a", ["a"]),
    ],
)
def test_names_of_columns(tmp_path: Path, text: str, names: list[str]) -> None:
    write(tmp_path / "customer_info.csv", text)
    assert header(find(tmp_path).files[0]) == names


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "customer_info.csv", "x")
    file = find(tmp_path).files[0]
    file.check_unchanged()
    path.write_text("xy")
    with pytest.raises(SourceError, match=r"customer_info\.csv changed while it was read"):
        file.check_unchanged()


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "customer_info-\udcff.csv"
    path.write_text("customer_id\n1\n")
    assert find(tmp_path).problems == [r"the path of customer_info-\udcff.csv is not UTF-8; rename it"]


def test_a_folder_that_goes_round_in_circles(tmp_path: Path) -> None:
    write(tmp_path / "customer_info.csv", "x")
    (tmp_path / "again").symlink_to(tmp_path)
    assert list(found_tables(find(tmp_path))) == ["customer_info.csv"]
