"""Undoing loads: every table is as before, or nothing happens and one sentence says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patron.contract import CONTRACT
from patron.contract.bookkeeping import FORMER
from patron.engines import Engine
from patron.errors import SourceError
from patron.settings import Settings
from patron.sources.load import load
from patron.sources.loads import load_numbered, loads
from patron.sources.undo import TableUndone, undo
from tests.conftest import MakeEngine
from tests.shops import TODAY
from tests.sources import files
from tests.sources.files import changed, keys, shop_files, stored, write


def everything(engine: Engine) -> dict[str, Any]:
    """Return all rows of the shop and of the quarantine."""
    held = engine.query("SELECT * FROM quarantine ORDER BY entry_id")
    return {"quarantine": held, **{table.name: stored(engine, table.name) for table in CONTRACT}}


def purchases(*lines: str) -> str:
    return "".join(f"{line}\n" for line in (files.PURCHASES.splitlines()[0], *lines))


def test_the_first_load_is_undone(engine: Engine, tmp_path: Path) -> None:
    before = everything(engine)
    load(engine, shop_files(tmp_path, purchase_transactions=files.PURCHASES + "103,9,10,2024-01-01,1,1,,\n"))
    report = undo(engine, 1)
    assert report.tables[0] == TableUndone("customer_info", 3, 0, 0)
    assert everything(engine) == before
    assert [row["state"] for row in loads(engine)] == ["undone"]
    assert load(engine, tmp_path).inserted == 8, "and may be loaded again"


def test_an_undo_restores_what_was_replaced(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    before = everything(engine)
    changed(engine)
    shop_files(
        tmp_path / "2",
        customer_info=files.CUSTOMERS.replace("Bob", "Rob") + "4,,,,,,\n",
        purchase_transactions=purchases("102,4,10,2024-02-01,-1,-2.50,,", "103,3,11,2024-03-01,1,7,,"),
    )
    load(engine, tmp_path / "2")
    report = undo(engine, 2)
    assert everything(engine) == before
    assert changed(engine) == {2, 3, 4}
    assert report.tables == (
        TableUndone("customer_info", 1, 1, 0),
        TableUndone("purchase_transactions", 1, 1, 0),
    )


def test_a_build_after_an_undo_is_as_before(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    engine.build(TODAY)
    before = engine.query("SELECT * FROM customer_360 ORDER BY customer_id")
    shop_files(
        tmp_path / "2",
        customer_info=files.CUSTOMERS + "4,,,,,,\n",
        product_catalog=files.PRODUCTS.replace("Kitchen", "Household"),
        purchase_transactions=purchases("103,4,11,2024-03-01,1,7,,"),
    )
    load(engine, tmp_path / "2")
    engine.build(TODAY)
    assert engine.query("SELECT * FROM customer_360 ORDER BY customer_id") != before
    undo(engine, 2)
    engine.build(TODAY)
    assert engine.query("SELECT * FROM customer_360 ORDER BY customer_id") == before


def test_later_loads_are_undone_first(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n4\n"))
    middle = everything(engine)
    load(engine, write(tmp_path / "3" / "customer_info.csv", "customer_id,first_name\n4,Dan\n"))
    with pytest.raises(SourceError, match="load 3 found or changed rows that it stored; undo load 3 first"):
        undo(engine, 2)
    undo(engine, 3)
    assert everything(engine) == middle
    undo(engine, 2)
    undo(engine, 1)
    assert all(not rows for rows in everything(engine).values())


def test_a_load_that_found_the_rows_depends_on_them(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "1" / "customer_info.csv", "customer_id\n1\n"))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n1\n2\n"))
    with pytest.raises(SourceError, match="undo load 2 first"):
        undo(engine, 1)


def test_loads_of_other_rows_may_stay(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "1" / "customer_info.csv", "customer_id\n1\n"))
    load(engine, write(tmp_path / "2" / "customer_info.csv", "customer_id\n2\n"))
    undo(engine, 1)
    assert keys(engine, "customer_info") == [2]


def test_facts_hold_what_they_refer_to(engine: Engine, tmp_path: Path) -> None:
    load(engine, write(tmp_path / "1" / "customer_info.csv", files.CUSTOMERS))
    load(engine, write(tmp_path / "2" / "product_catalog.csv", files.PRODUCTS))
    load(engine, write(tmp_path / "3" / "purchase_transactions.csv", files.PURCHASES))
    before = everything(engine)
    with pytest.raises(SourceError, match="3 rows of purchase_transactions refer to rows of product_catalog"):
        undo(engine, 2)
    assert everything(engine) == before
    undo(engine, 3)
    undo(engine, 2)
    assert keys(engine, "product_catalog") == []


def test_no_load_no_undo(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no load 1; `patron loads` lists"):
        undo(engine, 1)
    load(engine, shop_files(tmp_path))
    undo(engine, 1)
    with pytest.raises(SourceError, match="Load 1 was undone already, on "):
        undo(engine, 1)


def test_what_is_kept_is_bounded(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(undoable_loads=2))
    for number in range(1, 5):
        load(
            engine, write(tmp_path / "customer_info.csv", f"customer_id,first_name\n1,{number}\n{number},x\n")
        )
    assert [row["state"] for row in loads(engine)] == ["stored", "stored", "final", "final"]
    kept = engine.query("SELECT DISTINCT load_id FROM former_customer_info ORDER BY load_id")
    assert [row["load_id"] for row in kept] == [3, 4]
    with pytest.raises(SourceError, match="kept for the latest 2 loads"):
        undo(engine, 2)


def test_nothing_is_kept_where_nothing_can_be_undone(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = make_engine(Settings(undoable_loads=0))
    for name in "ab":
        load(engine, write(tmp_path / "customer_info.csv", f"customer_id,first_name\n1,{name}\n"))
    assert [engine.query(f"SELECT * FROM {former.name}") for former in FORMER.values()] == [[]] * len(FORMER)
    with pytest.raises(SourceError, match="cannot be undone any more"):
        undo(engine, 2)
    purchase = purchases("1,9,,2024-01-01,1,1,,")
    load(engine, write(tmp_path / "2" / "purchase_transactions.csv", purchase))
    for number in (9, 10):
        load(engine, write(tmp_path / "3" / "customer_info.csv", f"customer_id\n{number}\n"))
    assert engine.query("SELECT * FROM settled_rows") == []


def test_what_others_changed_is_not_undone(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    engine.query("DELETE FROM purchase_transactions WHERE transaction_id = 100")
    with pytest.raises(SourceError, match="not as it left them"):
        undo(engine, 1)
    assert keys(engine, "customer_info") == [1, 2, 3]


# -- the same files again -----------------------------------------------------------------------------------


def test_the_same_content_is_known_again(engine: Engine, tmp_path: Path) -> None:
    first = load(engine, shop_files(tmp_path / "a"))
    second = load(engine, shop_files(tmp_path / "b"))
    assert second.same_as == first.load_id
    assert [one.unchanged for one in second.tables] == [3, 2, 3]
    assert second.content_hash == first.content_hash
    assert load(engine, tmp_path / "a", again=True).same_as is None
    record = load_numbered(engine, 2)
    assert (record["unchanged"], record["details"]["same_as"]) == (8, 1)


def test_the_same_content_is_read_when_rows_have_changed(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "a"))
    load(engine, write(tmp_path / "customer_info.csv", "customer_id,first_name\n1,Anna\n"))
    report = load(engine, tmp_path / "a")
    assert (report.same_as, report.updated) == (None, 1)
    engine.query("DELETE FROM purchase_transactions WHERE transaction_id = 100")
    report = load(engine, tmp_path / "a")
    assert (report.same_as, report.inserted) == (None, 1)


def test_the_same_content_is_read_after_an_undo(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path))
    undo(engine, 1)
    assert load(engine, tmp_path).inserted == 8


def test_refused_rows_are_tried_again_where_their_parents_may_have_come(
    engine: Engine, tmp_path: Path
) -> None:
    load(engine, shop_files(tmp_path / "a", customer_info="customer_id\n1\n"))
    engine.query("DELETE FROM quarantine")
    load(engine, write(tmp_path / "customer_info.csv", "customer_id\n2\n"))
    assert load(engine, tmp_path / "a").inserted == 1


# -- replacing and trying -----------------------------------------------------------------------------------


def test_a_replaced_table_has_what_the_files_have(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    changed(engine)
    before = everything(engine)
    path = write(
        tmp_path / "2" / "purchase_transactions.csv",
        purchases(
            "101,1,11,2024-01-05,1,8.00,1,900", "102,2,10,2024-02-31,-1,-2.50,,", "104,3,10,2024-03-01,1,3,,"
        ),
    )
    report = load(engine, path, replace=True)
    assert keys(engine, "purchase_transactions") == [101, 102, 104], (
        "102 stays though its new row was refused"
    )
    (counts,) = report.tables
    assert (counts.rows_read, counts.inserted, counts.updated, counts.quarantined, counts.removed) == (
        3,
        1,
        1,
        1,
        1,
    )
    assert changed(engine) == {1, 3}
    assert load_numbered(engine, 2)["removed"] == 1
    undo(engine, 2)
    assert everything(engine) == before


def test_nothing_is_left_that_refers_to_what_is_gone(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    before = everything(engine)
    path = write(tmp_path / "2" / "customer_info.csv", "customer_id\n2\n3\n")
    with pytest.raises(SourceError, match="2 rows of purchase_transactions refer to 1 rows of customer_info"):
        load(engine, path, replace=True)
    assert everything(engine) == before
    write(tmp_path / "2" / "purchase_transactions.csv", purchases("102,2,10,2024-02-01,-1,-2.50,,"))
    assert load(engine, tmp_path / "2", replace=True).removed == 3
    assert (keys(engine, "customer_info"), keys(engine, "purchase_transactions")) == ([2, 3], [102])
    undo(engine, 2)
    assert everything(engine) == before


def test_products_may_go_where_orphans_are_allowed(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    changed(engine)
    path = write(tmp_path / "2" / "product_catalog.csv", "product_id,category\n10,Drinks\n")
    load(engine, path, replace=True, allow_orphans=["products"])
    assert keys(engine, "product_catalog") == [10]
    assert 1 in changed(engine)


def test_a_table_is_not_replaced_by_nothing(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    path = write(tmp_path / "2" / "purchase_transactions.csv", purchases())
    with pytest.raises(SourceError, match="would leave purchase_transactions without any row"):
        load(engine, path, replace=True)
    assert keys(engine, "purchase_transactions") == [100, 101, 102]


def test_a_dry_run_tells_all_and_keeps_nothing(engine: Engine, tmp_path: Path) -> None:
    load(engine, shop_files(tmp_path / "1"))
    changed(engine)
    before = everything(engine), loads(engine)
    shop_files(tmp_path / "2", customer_info=files.CUSTOMERS + "4,,,,,,\nx,,,,,,\n")
    tried = load(engine, tmp_path / "2", dry_run=True)
    assert tried.dry_run
    assert (everything(engine), loads(engine), changed(engine)) == (*before, set())
    done = load(engine, tmp_path / "2")
    assert (tried.tables, tried.reasons, tried.load_id) == (done.tables, done.reasons, done.load_id)


def test_several_paths_are_one_load(engine: Engine, tmp_path: Path) -> None:
    shop_files(tmp_path)
    paths = [
        tmp_path / f"{name}.csv" for name in ("purchase_transactions", "product_catalog", "customer_info")
    ]
    report = load(engine, paths)
    assert (report.inserted, report.quarantined) == (8, 0)
    assert report.source == ", ".join(map(str, paths))
    assert [file.name for file in report.files] == [str(path) for path in paths]


def test_a_file_named_twice(engine: Engine, tmp_path: Path) -> None:
    shop_files(tmp_path)
    with pytest.raises(SourceError, match="is named by both"):
        load(engine, [tmp_path, tmp_path / "customer_info.csv"])
