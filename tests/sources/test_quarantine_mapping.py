"""Rows that a load by a mapping refused: repaired, seen by a better mapping, and lines that could not be split."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from patron.engines import Engine
from patron.sources.load import load
from patron.sources.mapping.model import Mapping, parse_mapping
from patron.sources.repair import discard, export_for_repair, retry
from patron.sources.returning import Which
from tests.sources.files import keys, refused, write

FILE = "id,first,day\n1,Ann,01.02.2024\n2,Bob,02.02.2024\nx,Cem,03.02.2024\n4,Dee\n"
RIGHT, WRONG = "%d.%m.%Y", "%d/%m/%Y"


def mapping(date_format: str = RIGHT, name: str = "first") -> Mapping:
    return parse_mapping(
        f"[source]\ndate_format = '{date_format}'\n[customer_info]\nfrom = 'people.csv'\n[customer_info.columns]\n"
        f"customer_id = 'id'\nfirst_name = 'UPPER({name})'\nregistration_date = 'day'\n"
    )


def edit(path: Path, **by_entry: dict[str, str]) -> Path:
    """Change cells of an exported file, by the line that an entry came from."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row |= by_entry.get(f"line_{row['patron_line']}", {})
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def people(folder: Path, content: str = FILE) -> Path:
    write(folder / "people.csv", content)
    return folder


def test_a_line_that_cannot_be_split_is_repaired_in_the_columns_of_its_file(
    engine: Engine, tmp_path: Path
) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping())
    assert refused(engine, "source_line", "reason_code", "content") == [
        (4, "not_a_number", '{"id": "x", "first": "Cem", "day": "03.02.2024"}'),
        (5, "malformed_line", "4,Dee"),
    ]
    export_for_repair(engine, path := tmp_path / "out.csv", Which(reasons=("malformed_line",)))
    assert path.read_text().splitlines()[0].endswith("patron_reason,id,first,day,patron_raw")
    report = retry(engine, edit(path, line_5={"id": "4", "first": "Dee", "day": "04.02.2024"}))
    assert (report.inserted, report.quarantined) == (1, 0)
    assert keys(engine, "customer_info") == [1, 2, 4]


@pytest.mark.parametrize(
    "line", ["4,Dee", '4,"Dee,2024-01-04', '4,"D" e,2024-01-04', "4,Dee,2024-01-04,more,yet"]
)
def test_it_is_so_too_in_the_contract_layout(line: str, tmp_path: Path, engine: Engine) -> None:
    path = write(
        tmp_path / "customer_info.csv", f"customer_id,first_name,registration_date\n1,Ann,\n{line}\n5,Eve,\n"
    )
    load(engine, path)
    assert refused(engine, "source_line", "reason_code", "content") == [(3, "malformed_line", line)]
    export_for_repair(engine, out := tmp_path / "out.csv")
    edit(out, line_3={"customer_id": "4", "first_name": "Dee"})
    assert retry(engine, out).inserted == 1
    assert keys(engine, "customer_info") == [1, 4, 5]
    assert refused(engine, "*") == []


def test_a_repair_that_is_still_wrong_by_the_mapping_says_what_is_wrong_now(
    engine: Engine, tmp_path: Path
) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping())
    export_for_repair(engine, path := tmp_path / "out.csv")
    edit(path, line_4={"id": "3", "day": "2024"}, line_5={"id": "4", "first": "Dee", "day": "soon"})
    report = retry(engine, path)
    assert (report.rows_read, report.quarantined, report.reasons) == (
        2,
        2,
        {"customer_info": {"not_a_date": 2}},
    )
    assert refused(engine, "reason", "content") == [
        (
            "registration_date: day '2024' is not a date written %d.%m.%Y.",
            '{"id": "3", "first": "Cem", "day": "2024"}',
        ),
        (
            "registration_date: day 'soon' is not a date written %d.%m.%Y.",
            '{"id": "4", "first": "Dee", "day": "soon"}',
        ),
    ]


def test_the_file_read_by_a_mapping_put_right_settles_what_the_wrong_one_had_refused(
    engine: Engine, tmp_path: Path
) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping(WRONG))
    assert len(refused(engine, "*")) == 4
    report = load(engine, tmp_path / "in", mapping=mapping())
    assert (report.inserted, report.released) == (2, 2)
    assert refused(engine, "source_line", "reason_code") == [(4, "not_a_number"), (5, "malformed_line")]


def test_another_file_by_another_mapping_settles_nothing_of_it(engine: Engine, tmp_path: Path) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping(WRONG))
    write(tmp_path / "other" / "others.csv", FILE)
    other = parse_mapping(mapping().text.replace("people.csv", "others.csv"))
    assert load(engine, tmp_path / "other", mapping=other).released == 0


def test_rows_are_tried_again_by_another_mapping(engine: Engine, tmp_path: Path) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping(WRONG))
    (tmp_path / "in" / "people.csv").unlink()
    assert retry(engine).inserted == 0
    report = retry(engine, mapping=mapping())
    assert (report.rows_read, report.inserted, report.reasons) == (
        3,
        2,
        {"customer_info": {"not_a_number": 1}},
    )
    assert "1 rows of customer_info were left as they are" in report.notes[0]
    assert keys(engine, "customer_info") == [1, 2]


def test_a_mapping_that_needs_other_columns_leaves_rows_as_they_are(engine: Engine, tmp_path: Path) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping(WRONG))
    before = refused(engine, "*")
    assert "4 rows of customer_info were left" in retry(engine, mapping=mapping(name="surname")).notes[0]
    assert refused(engine, "*") == before


def test_a_recorded_mapping_that_is_none_any_more_stops_nothing(engine: Engine, tmp_path: Path) -> None:
    load(engine, people(tmp_path / "in"), mapping=mapping(WRONG))
    engine.query("UPDATE loads SET mapping = 'of = \"long ago\"' RETURNING load_id")
    path = write(tmp_path / "customer_info.csv", "customer_id\n1\n")
    assert load(engine, path).inserted == 1
    assert retry(engine).rows_read == 0
    assert discard(engine, "of long ago") == 4


def test_single_rows_are_named_by_their_numbers(engine: Engine, tmp_path: Path) -> None:
    write(path := tmp_path / "customer_info.csv", "customer_id,first_name\n1,Ann\n1,Bob\nx,\ny,\n")
    load(engine, path)
    (again, _), (x, _), _ = refused(engine, "entry_id", "source_line")
    assert discard(engine, "no such customer", Which(entries=(x,))) == 1
    assert retry(engine, which=Which(entries=(again,))).updated == 1
    assert refused(engine, "content") == [('{"customer_id": "y", "first_name": null}',)]


def test_a_fact_says_why_the_row_it_refers_to_was_refused(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path / "customer_info.csv", "customer_id,registration_date\n1,2024-01-01\n2,soon\n3,1066-01-01\n"
    )
    purchases = "".join(f"{row},{row},2024-01-01,1.00\n" for row in range(1, 5))
    head = "transaction_id,customer_id,purchase_date,total_amount\n"
    write(tmp_path / "purchase_transactions.csv", head + purchases)
    load(engine, tmp_path)
    assert [
        reason for table, reason in refused(engine, "table_name", "reason") if table != "customer_info"
    ] == [
        "customer_id '2' is not in customer_info, since its row there was refused (not_a_date).",
        "customer_id '3' is not in customer_info, since its row there was refused (out_of_range).",
        "customer_id '4' is not in customer_info.",
    ]
