"""The text of PostgreSQL's procedure."""

from __future__ import annotations

import re

import pytest

from patron.engines.postgres.procedure import procedure_sql
from patron.settings import Settings


@pytest.mark.parametrize("table", ["customer_features", "new_customers"])
def test_rows_go_into_no_table_that_is_looked_through_for_them(table: str) -> None:
    # Where PostgreSQL takes the table for empty it would look through all that was put in so far, for every row.
    inserts = re.findall(rf'INSERT INTO "shop"\.{table} .*?;', procedure_sql(Settings(), "shop"), re.DOTALL)
    assert len(inserts) == 1
    assert inserts[0].count(f'"shop".{table}') == 1
