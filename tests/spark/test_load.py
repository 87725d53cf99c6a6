"""Loading into a lake: the same files leave the same tables and the same quarantine as in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

from patron.contract import CONTRACT
from patron.engines import Engine
from patron.engines.spark import fetching
from patron.engines.spark.lake import parts
from patron.errors import SourceError
from patron.settings import Settings
from patron.sources.load import LoadReport, load
from patron.sources.mapping.model import parse_mapping
from patron.sources.repair import discard, export_for_repair, retry
from patron.sources.returning import Which
from tests.sources import files
from tests.sources.files import shop_files, stored, write, write_parquet
from tests.sources.test_load_properties import write_shop
from tests.sources.test_load_random import SHOPS, Shop
from tests.support.databases import Databases

TOLD = (
    *("tables", "files", "reasons", "examples", "new_in_quarantine", "released", "notes", "warnings"),
    *("content_hash", "mapping_hash", "same_as", "dry_run"),
)
Two = tuple[Engine, Engine]


@pytest.fixture
def two(lake: str, databases: Databases) -> Iterator[Two]:
    """An empty lake, and beside it DuckDB in memory, whose loads cannot be undone either."""
    unkept = Settings(undoable_loads=0)
    with databases.shared(lake, unkept) as one, databases.shared("duckdb", unkept) as other:
        yield one, other


def same(two: Two, *paths: Path, **options: Any) -> LoadReport:
    """Load into both, see that the same came of it, and return what the lake says."""
    report, expected = (load(engine, list(paths), **options) for engine in two)
    assert {name: getattr(report, name) for name in TOLD} == {name: getattr(expected, name) for name in TOLD}
    alike(two)
    return report


def alike(two: Two) -> None:
    """See that both hold the same rows, in the shop's tables and in quarantine."""
    for table in CONTRACT:
        assert stored(two[0], table.name) == stored(two[1], table.name), table.name
    for notes in ("quarantine ORDER BY entry_id", "loads ORDER BY load_id", "discards ORDER BY reason_code"):
        one, other = (
            [
                {name: value for name, value in row.items() if name not in ("details", "discarded_at")}
                for row in engine.query(f"SELECT * FROM {notes}")
            ]
            for engine in two
        )
        moments = ("started_at", "finished_at")
        assert [{**row, **dict.fromkeys(moments)} for row in one] == [
            {**row, **dict.fromkeys(moments)} for row in other
        ]


def ugly(folder: Path) -> Path:
    """Write a shop of CSV and Parquet in which much is wrong."""
    lines = [
        "103,9,10,2024-01-01,1,1.00,,",  # nobody knows customer 9
        "103,9",
        "104,1,10,garbage,1,1,,",
        "105,1,99,2024-01-01,1,1.00,,",  # nor product 99
        "100,1,10,2024-01-06,2,5.00,1,900",  # a key of before
        '106,1,10,2024-01-01,1,"1,50",,',
        "107,1,10,2024-02-30,1,1,,",
        "108,1,10,2024-01-01,99999999999,1,,",
        "109,1,10,20024-01-01,1,1,,",
        "x,1,10,2024-01-01,1,1,,",
        ",1,10,2024-01-01,1,1,,",
        "110,1,10,2024-01-01,-1,5,,",
        "111,1,,2024-01-01 10:30,1,1.005,,",
        ' 112 ,1,,2024/1/1,1,+1e0,,"two\nlines"',
        ' 113 ,1,,2024-1-1,1,+1e1,,"7"',
    ]
    shop_files(folder, purchase_transactions=files.PURCHASES + "\n".join(lines) + "\n")
    write_parquet(
        folder / "website_behavior.parquet",
        {
            "session_id": [50.0, 51.5, None, 53.0],
            "customer_id": ["1", "2", "3", "77"],
            "visit_date": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
            "pages_viewed": [3, 4, 5, 6],
        },
    )
    write(
        folder / "product_views.csv",
        files.VIEWS
        + "60,50,1,10,2024-03-01 10:30:00.25\n61,51,1,10,2024-03-01\n62,,2,,2024-03-01T09:00:00+02:00\n",
    )
    write(folder / "customer_service.csv", (files.SERVICE + "30,1,2024-02-01,a\0b,10,resolved,5\n").encode())
    write(folder / "campaign_responses.csv", files.RESPONSES.encode() + b"40,20,1,2024-03-02,\xff\n")
    return folder


def test_what_is_wrong_is_refused_alike(two: Two, tmp_path: Path) -> None:
    report = same(two, ugly(tmp_path))
    assert report.rows_read == report.inserted + report.quarantined
    assert len(report.reasons["purchase_transactions"]) > 8
    assert report.quarantined == report.new_in_quarantine == 20


def test_a_history_of_loads(two: Two, tmp_path: Path) -> None:
    """The same again, other rows of known keys, rows that had waited, what is tried, what is replaced."""
    first = ugly(tmp_path / "first")
    same(two, first)
    again = same(two, first)
    assert (again.inserted, again.updated, again.new_in_quarantine) == (0, 0, 0)
    sound = shop_files(tmp_path / "sound")
    assert same(two, sound).unchanged == 8
    assert same(two, sound).same_as == 3, "the very same files, and nothing has changed since"
    moved = files.PURCHASES.replace("102,2,10", "102,3,10") + "200,2,11,2024-03-01,1,7.00,,\n"
    newer = write(tmp_path / "newer" / "purchase_transactions.csv", moved)
    assert same(two, newer, dry_run=True).updated == 1
    assert same(two, newer).updated == 1
    known = files.CUSTOMERS + "9,,,,,,\n77,,,,,,\n"
    assert same(two, write(tmp_path / "customers" / "customer_info.csv", known)).taken_up == 2
    assert same(two, ugly(tmp_path / "once more"), allow_orphans=["products", "sessions"]).inserted == 2
    assert same(two, newer, replace=True).removed == 3


def test_replacing_what_others_refer_to_is_refused(two: Two, tmp_path: Path) -> None:
    same(two, shop_files(tmp_path))
    fewer = write(tmp_path / "fewer" / "customer_info.csv", files.CUSTOMERS.replace("2,Bob", "4,Bob"))
    for engine in two:
        with pytest.raises(
            SourceError, match="1 rows of purchase_transactions refer to 1 rows of customer_info"
        ):
            load(engine, fewer, replace=True)
    alike(two)


def test_refused_rows_are_repaired_or_discarded(two: Two, tmp_path: Path) -> None:
    same(two, ugly(tmp_path))
    for engine in two:
        path = tmp_path / "repaired.csv"
        export_for_repair(engine, path, overwrite=True)
        path.write_text(path.read_text().replace("garbage", "2024-01-01").replace("2024-02-30", "2024-02-29"))
        assert retry(engine, path).inserted == 2
        assert discard(engine, "a trial", Which(tables=("website_behavior",)), who="me") == 3
    alike(two)


def test_files_of_the_shops_own(two: Two, tmp_path: Path) -> None:
    lines = "no,who,when,paid\n1,7,31.01.2024,10.50\n2,8,31.02.2024,1.00\n3,7,01.02.2024,2.00\n"
    write(tmp_path / "sales.csv", lines)
    mapping = """
        [source]
        date_format = "%d.%m.%Y"
        [customer_info]
        from = "sales.csv"
        distinct_on = "who"
        [customer_info.columns]
        customer_id = "who"
        [purchase_transactions]
        from = "sales.csv"
        [purchase_transactions.columns]
        transaction_id = "no"
        customer_id = "who"
        purchase_date = "when"
        total_amount = "paid"
    """
    report = same(two, tmp_path, mapping=parse_mapping(mapping, "shop.toml"))
    assert (report.inserted, report.quarantined) == (4, 1)


def test_ids_that_are_text(lake: str, databases: Databases, tmp_path: Path) -> None:
    text = Settings(id_type="text", undoable_loads=0)
    with databases.shared(lake, text) as one, databases.shared("duckdb", text) as other:
        named = files.CUSTOMERS.replace("\n1,", "\nÄ-1,")
        report = same((one, other), shop_files(tmp_path, customer_info=named))
        assert report.reasons == {"purchase_transactions": {"unknown_customer": 2}}


@given(first=SHOPS, second=SHOPS)
@settings(max_examples=2)
def test_whatever_comes(lake: str, databases: Databases, first: Shop, second: Shop) -> None:
    unkept = Settings(undoable_loads=0)
    with (
        TemporaryDirectory() as folder,
        databases.shared(lake, unkept) as one,
        databases.shared("duckdb", unkept) as other,
    ):
        for name, some in (("first", first), ("second", second)):
            same((one, other), write_shop(some, Path(folder, name)))


def test_files_that_the_cluster_reads(two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several pieces, packed, with bytes that are no text; what is no data is passed over."""
    monkeypatch.setattr(fetching, "PIECE", 200)
    folder = ugly(tmp_path / "given here")
    (folder / "customer_info.csv").unlink()
    write(folder / "customer_info" / "part 1.csv.gz", files.CUSTOMERS)
    write(folder / "read me.txt.bak", "nothing")
    one = load(two[0], f"file://{folder}")
    other = load(two[1], folder)
    assert [(file.name, file.sha256) for file in one.files] == [
        (file.name, file.sha256) for file in other.files
    ]
    for table in CONTRACT:
        assert stored(two[0], table.name) == stored(two[1], table.name)
    again = load(two[0], f"file://{folder}/purchase_transactions.csv")
    assert (again.unchanged, again.new_in_quarantine) == (4, 0)


def test_files_whose_names_a_pattern_would_match_otherwise(two: Two, tmp_path: Path) -> None:
    folder = tmp_path / "[odd] {1}"
    some = files.CUSTOMERS.splitlines(keepends=True)
    for name, lines in (("a*b", some[1:2]), ("aXb", some[2:3]), ("50%25", some[3:])):
        write(folder / "customer_info" / f"{name}.csv", "".join(some[:1] + lines))
    load(two[0], f"file://{tmp_path}")
    load(two[1], folder)
    assert stored(two[0], "customer_info") == stored(two[1], "customer_info")


def test_a_file_that_is_written_meanwhile(two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many bytes as before."""
    file = write(tmp_path / "customer_info.csv", files.CUSTOMERS)
    copy = fetching._copy

    def and_write(*given: Any) -> None:
        copy(*given)
        write(file, files.CUSTOMERS.replace("Bob", "Bab"))

    monkeypatch.setattr(fetching, "_copy", and_write)
    with pytest.raises(SourceError, match=f"file:.*{file.name} changed while it was read; load again"):
        load(two[0], f"file://{tmp_path}")


def test_rows_go_in_messages_that_they_fit_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patron.engines.spark.lake.BYTES_AT_ONCE", 1000)
    sizes = (10, 400, 400, 400, 2000, 0, 700, 700, 1, 1)
    texts = [str(place) * size for place, size in enumerate(sizes)]
    batches = pa.table({"text": texts}).to_batches()
    sent = list(parts([*batches, *pa.table({"text": texts[:1]}).to_batches(max_chunksize=1)]))
    assert [text for table in sent for text in table["text"].to_pylist()] == [*texts, texts[0]]
    assert all(table.nbytes <= 1000 or table.num_rows == 1 for table in sent)
    assert len(sent) < len(texts)


def test_files_of_one_name(two: Two, tmp_path: Path) -> None:
    for month in ("2024-01", "2024-02"):
        write(tmp_path / month / "customer_info.csv", files.CUSTOMERS)
    with pytest.raises(SourceError, match="have the same name; load each folder by itself"):
        load(two[0], f"file://{tmp_path}/2024-*/customer_info.csv")


def test_files_that_the_cluster_does_not_have(
    two: Two, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="KEY@bucket/exports") as told:
        load(two[0], "nosuch://KEY:SECRET@bucket/exports")
    assert "SECRET" not in str(told.value)
    with pytest.raises(SourceError, match="no data file at file:///nowhere that the cluster can read"):
        load(two[0], "file:///nowhere")
    shop_files(tmp_path)
    monkeypatch.setattr(fetching, "MOST", 100)
    with pytest.raises(SourceError, match="gives files of at most 100"):
        load(two[0], f"file://{tmp_path}")
