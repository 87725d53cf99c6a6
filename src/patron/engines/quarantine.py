"""The quarantine's statements, alike on every engine. Braces are for placeholders, as each driver writes them."""

from __future__ import annotations

from patron.engines.store import REFUSED, REFUSED_COLUMNS

_COLUMNS = ", ".join(column.name for column in REFUSED_COLUMNS)

# As many equal rows stand in the quarantine as one load refused at most: loading a file again adds nothing.
ADD = f"""
    INSERT INTO quarantine (load_id, {_COLUMNS})
    SELECT {{load}}, {_COLUMNS}
    FROM (
        SELECT
            refused.*,
            held.copies AS copies,
            ROW_NUMBER() OVER (
                PARTITION BY refused.table_name, refused.reason_code, MD5(refused.content)
                ORDER BY refused.source_file, refused.source_line
            ) AS copy
        FROM {REFUSED} AS refused
        LEFT JOIN (
            SELECT table_name, reason_code, MD5(content) AS digest, COUNT(*) AS copies
            FROM quarantine
            GROUP BY table_name, reason_code, MD5(content)
        ) AS held
          ON held.table_name = refused.table_name
          AND held.reason_code = refused.reason_code
          AND held.digest = MD5(refused.content)
    ) AS numbered
    WHERE copy > COALESCE(copies, 0)
    ORDER BY table_name, source_file, source_line
"""

EARLIER = f"""
    SELECT DISTINCT held.reason_code, held.content
    FROM quarantine AS held
    WHERE held.table_name = {{table}}
      AND held.load_id < {{load}}
      AND held.reason_code NOT IN ({{codes}})
      AND NOT EXISTS (
        SELECT 1
        FROM {REFUSED} AS refused
        WHERE refused.table_name = held.table_name
          AND refused.reason_code = held.reason_code
          AND refused.content = held.content
      )
"""

RELEASE = """
    DELETE FROM quarantine
    WHERE table_name = {table}
      AND EXISTS (
        SELECT 1 FROM {settled} AS settled
        WHERE settled.reason_code = quarantine.reason_code AND settled.content = quarantine.content
      )
"""
