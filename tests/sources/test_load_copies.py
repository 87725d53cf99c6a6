"""Files that were put aside are no parts of a table, and a load says which files it read."""

from __future__ import annotations

from pathlib import Path

import pytest

from patron.engines import Engine
from patron.sources.layout import looks_like_a_copy
from patron.sources.load import load
from patron.sources.mapping.model import parse_mapping
from tests.sources.files import keys, write

MAPPING = "[customer_info]\nfrom = 'people*.csv'\n[customer_info.columns]\ncustomer_id = 'id'\n"


@pytest.mark.parametrize(
    "name",
    [
        "backup/customer_info.csv",
        "old/2024/customer_info.csv",
        "customer_info.csv.bak",
        "customer_info~",
        "customer_info - Copy.csv",
        "customer_info_old.csv",
        "customer_info-backup2.csv",
    ],
)
def test_copies_are_told_by_their_names(name: str) -> None:
    assert looks_like_a_copy(name)


@pytest.mark.parametrize(
    "name",
    ["golden/gold.csv", "customer_info (1).csv", "customer_info-2024.csv", "marigold.csv", "archive/a.csv"],
)
def test_other_names_are_no_copies(name: str) -> None:
    assert not looks_like_a_copy(name)


def test_copies_are_passed_over_with_a_note_and_parts_are_named(memory: Engine, tmp_path: Path) -> None:
    for number, name in enumerate(
        ("customer_info.csv", "customer_info-2.csv", "backup/customer_info.csv"), 1
    ):
        write(tmp_path / name, f"customer_id\n{number}\n")
    write(tmp_path / "customer_info.csv.bak", "nothing that could be read")
    passed_over = "was passed over: it looks like a copy that was put aside; to load it, name it itself."
    assert load(memory, tmp_path).notes[:3] == (
        f"backup/customer_info.csv {passed_over}",
        f"customer_info.csv.bak {passed_over}",
        "customer_info was read from 2 files: customer_info.csv, customer_info-2.csv.",
    )
    assert keys(memory, "customer_info") == [1, 2]


def test_a_copy_that_is_named_is_loaded(memory: Engine, tmp_path: Path) -> None:
    write(tmp_path / "backup" / "customer_info.csv", "customer_id\n1\n")
    load(memory, tmp_path / "backup")
    load(memory, write(tmp_path / "customer_info_old.csv", "customer_id\n2\n"))
    assert keys(memory, "customer_info") == [1, 2]


def test_a_pattern_of_a_mapping_means_no_copies(memory: Engine, tmp_path: Path) -> None:
    for number, name in enumerate(("people-1.csv", "people-2.csv", "old/people-1.csv"), 1):
        write(tmp_path / name, f"id\n{number}\n")
    report = load(memory, tmp_path, mapping=parse_mapping(MAPPING))
    assert keys(memory, "customer_info") == [1, 2]
    assert report.notes == (
        "customer_info was read from 2 files: people-1.csv, people-2.csv.",
        "old/people-1.csv was passed over: it looks like a copy that was put aside; to load it, name it itself.",
    )
    named = parse_mapping(MAPPING.replace("people*.csv", "old/people-1.csv"))
    load(memory, tmp_path, mapping=named)
    assert keys(memory, "customer_info") == [1, 2, 3]
