"""What a constant leaves empty is taken out of a query, and nothing else."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from patron.metrics.pruning import pruned


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT a FROM t WHERE TRUE", "SELECT a FROM t"),
        ("SELECT a FROM t WHERE b > 1 AND TRUE", "SELECT a FROM t WHERE b > 1"),
        ("SELECT a FROM t WHERE NOT TRUE", "SELECT a FROM t WHERE FALSE"),
        ("SELECT a FROM t UNION ALL SELECT b FROM u WHERE FALSE AND b > 1", "SELECT a FROM t"),
        ("SELECT a FROM t WHERE FALSE UNION ALL SELECT b FROM u", "SELECT b AS a FROM u"),
        ("SELECT 1 AS a FROM t WHERE FALSE UNION ALL SELECT b AS c FROM u", "SELECT b AS a FROM u"),
        (
            "SELECT a FROM t WHERE FALSE UNION ALL SELECT b FROM u UNION ALL SELECT c FROM v WHERE NOT TRUE",
            "SELECT b AS a FROM u",
        ),
        (
            "SELECT a FROM t WHERE FALSE UNION ALL SELECT b FROM u WHERE FALSE",
            "SELECT a FROM t WHERE FALSE",
        ),
        (
            "SELECT a FROM t UNION SELECT b FROM u WHERE FALSE",
            "SELECT a FROM t UNION SELECT b FROM u WHERE FALSE",
        ),
        (
            "WITH v AS (SELECT 1 AS x), w AS (SELECT x FROM v) "
            "SELECT a FROM t UNION ALL SELECT x FROM w WHERE FALSE",
            "SELECT a FROM t",
        ),
        (
            "WITH v AS (SELECT 1 AS x) SELECT x AS a FROM v WHERE TRUE UNION ALL SELECT b FROM u WHERE FALSE",
            "WITH v AS (SELECT 1 AS x) SELECT x AS a FROM v",
        ),
        (
            "WITH s AS (SELECT a FROM t WHERE FALSE UNION ALL SELECT b FROM u) SELECT SUM(a) FROM s",
            "WITH s AS (SELECT b AS a FROM u) SELECT SUM(a) FROM s",
        ),
    ],
)
def test_only_what_is_empty_goes(sql: str, wanted: str) -> None:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(tree, exp.Query)
    assert pruned(tree).sql("duckdb") == wanted
