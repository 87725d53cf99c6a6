"""patron map: a draft on standard output or in a file, and what a mapping would load."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Patron, complaint, document

SALES = "invoice_no;customer_no;sku;invoice_date;qty;line_total\n" + "".join(
    f"{n};{n % 9};{n % 5};0{n % 9 + 1}.02.2024;1;{n},50\n" for n in range(1, 40)
)


@pytest.fixture
def sales(folder: Path) -> str:
    (folder / "sales.csv").write_text(SALES)
    return "sales.csv"


def test_a_draft_can_be_checked_and_loaded(patron: Patron, sales: str) -> None:
    assert "were recognised; see m.toml" in patron("map", sales, "--to", "m.toml").stdout
    assert "is there already; add --overwrite" in complaint(patron("map", sales, "--to", "m.toml"))
    shown = patron("map", sales, "--check", "m.toml").stdout
    assert "purchase_transactions: 39 rows looked at, 0 of them would be refused" in shown
    tables = document(patron("map", sales, "--check", "m.toml", "--json"))["tables"]
    rows = {one["table"]: one["sample"][0] for one in tables}
    assert rows["purchase_transactions"]["total_amount"] == "1.50"
    assert document(patron("load", sales, "--mapping", "m.toml", "--json"))["quarantined"] == 0


def test_a_draft_goes_to_standard_output(patron: Patron, sales: str) -> None:
    assert "customer_id = \"customer_no\"  # 95%: named 'customer_no'" in patron("map", sales).stdout
    tables = document(patron("map", sales, "--json"))["tables"]
    assert tables["purchase_transactions"]["purchase_date"] == "invoice_date"


def test_a_mapping_that_is_wrong_is_told_before_a_database_is_made(
    patron: Patron, sales: str, folder: Path
) -> None:
    (folder / "m.toml").write_text('[customer_info]\nform = "sales.csv"\n')
    said = complaint(patron("load", sales, "--mapping", "m.toml"))
    assert "m.toml, line 2: [customer_info] has no 'form'. Did you mean 'from'?" in said
    assert not (folder / "patron.duckdb").exists()


def test_a_mapping_that_is_not_named_is_found_or_proposed(patron: Patron, sales: str, folder: Path) -> None:
    assert "By the mapping that `patron map` proposes" in patron("map", sales, "--check").stdout
    (folder / "settings.toml").write_text('id_type = "text"\n')
    patron("map", sales, "--to", "shop.toml")
    assert document(patron("map", sales, "--check", "--json"))["mapping"] == "shop.toml"
    (folder / "other.toml").write_text((folder / "shop.toml").read_text())
    said = complaint(patron("map", sales, "--check"))
    assert "There are several mappings that may be meant; name one of them: other.toml, shop.toml." in said
    assert document(patron("map", sales, "other.toml", "--check", "--json"))["mapping"] == "other.toml"


def test_ids_of_text_are_told_in_a_check(patron: Patron, folder: Path) -> None:
    (folder / "people.csv").write_text("customer_id,email\nA1,a@example.com\nA2,b@example.com\n")
    said = " ".join(patron("map", "people.csv", "--check").stdout.split())
    assert (
        'Ids are to be whole numbers (customer_id). If those refused are right, set id_type = "text"' in said
    )
    people = "\n".join(f"{number},{number}@example.com" for number in range(200))
    (folder / "people.csv").write_text(f"customer_id,email\n{people}\nTotal,\n")
    assert "id_type" not in patron("map", "people.csv", "--check").stdout
