"""`patron loads` and `patron quarantine`: what they print, in words and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Patron, complaint, document

PURCHASES = """\
transaction_id,customer_id,purchase_date,total_amount
1,1,2024-01-01,5
2,9,2024-01-01,5
x,1,2024-01-01,5
"""


@pytest.fixture
def loaded(patron: Patron) -> Path:
    """A folder that was loaded: one purchase is of an unknown customer, one has no number."""
    folder = Path("data")
    folder.mkdir()
    (folder / "customer_info.csv").write_text("customer_id\n1\n")
    (folder / "purchase_transactions.csv").write_text(PURCHASES)
    assert document(patron("load", folder, "--json"))["quarantined"] == 2
    return folder


def test_loads_are_listed_shown_and_undone(patron: Patron, loaded: Path) -> None:
    assert [(one["load_id"], one["state"]) for one in document(patron("loads", "--json"))["loads"]] == [
        (1, "stored")
    ]
    assert "data" in patron("loads").stdout
    shown = document(patron("loads", "show", 1, "--json"))
    assert [file["name"] for file in shown["details"]["files"]] == [
        "customer_info.csv",
        "purchase_transactions.csv",
    ]
    assert "unknown_customer" in patron("loads", "show", 1).stdout
    assert "There is no load 7" in complaint(patron("loads", "show", 7))
    assert "Load 1 is undone." in patron("loads", "undo", 1).stdout
    assert "was undone already" in complaint(patron("loads", "undo", 1))
    assert document(patron("status", "--json"))["state"] == "empty"


def test_there_may_be_no_loads(patron: Patron) -> None:
    patron("init")
    assert "Nothing was loaded" in patron("loads").stdout
    assert "Nothing is in quarantine" in patron("quarantine").stdout
    assert document(patron("quarantine", "--json"))["reasons"] == []


def test_the_same_files_are_known(patron: Patron, loaded: Path) -> None:
    (loaded / "purchase_transactions.csv").unlink()
    for _ in range(2):
        said = patron("load", loaded).stdout
    assert "Load 2 brought the very same files, and nothing has changed since." in said


def test_a_dry_run_makes_no_database(patron: Patron, loaded: Path) -> None:
    result = document(patron("load", loaded, "--dry-run", "--database", "new.duckdb", "--json"))
    assert (result["inserted"], result["dry_run"]) == (2, True)
    assert not Path("new.duckdb").exists()
    said = patron("load", loaded, "--dry-run", "--replace", columns=140).stdout
    assert "2 rows of 4 would be in patron.duckdb" in said
    assert "customer_id '9' is not in customer_info" in said
    assert said.endswith("This was a dry run: nothing was kept.\n")


def test_the_quarantine_is_listed_and_tried_again(patron: Patron, loaded: Path) -> None:
    said = patron("quarantine", columns=140).stdout
    assert "2 rows in quarantine in patron.duckdb" in said
    assert "purchase_transactions.csv:3: customer_id '9' is not in customer_info." in said
    assert "1 row of the quarantine" in patron(
        "quarantine", "export", "--to", "refused.csv", "--reason", "not_a_number"
    ).stdout.replace("are", "")
    assert "add --overwrite" in complaint(patron("quarantine", "export", "--to", "refused.csv"))
    repaired = Path("refused.csv").read_text().replace(",x,1,", ",3,1,")
    Path("refused.csv").write_text(repaired)
    result = document(patron("quarantine", "retry", "refused.csv", "--json"))
    assert (result["inserted"], result["taken_up"], result["quarantined"]) == (1, 1, 0)
    Path("customer_info.csv").write_text("customer_id\n9\n")
    assert "1 row came out of the quarantine." in patron("load", "customer_info.csv").stdout


def test_discarding_takes_a_choice_and_a_reason(patron: Patron, loaded: Path) -> None:
    assert "--all for everything" in complaint(patron("quarantine", "discard", "--why", "old"))
    assert "Did you mean 'customer_info'" in complaint(
        patron("quarantine", "discard", "--why", "old", "--table", "customer_inf")
    )
    assert patron("quarantine", "discard", "--reason", "not_a_number").exit_code == 2
    assert document(patron("quarantine", "discard", "--all", "--why", "old", "--json"))["discarded"] == 2
