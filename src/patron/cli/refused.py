"""What the quarantine holds, with an example of each reason."""

from __future__ import annotations

from typing import Any

from patron.cli.letters import printable
from patron.engines import Engine


def refused(engine: Engine) -> list[dict[str, Any]]:
    """Return for each table and reason code how many rows there are, and where the latest stands and what is wrong."""
    rows = engine.query(
        "SELECT table_name, reason_code, copies, source_file, source_line, reason FROM ("
        "SELECT *, COUNT(*) OVER (PARTITION BY table_name, reason_code) AS copies, "
        "ROW_NUMBER() OVER (PARTITION BY table_name, reason_code "
        "ORDER BY load_id DESC, source_file, source_line) AS place FROM quarantine) AS refused "
        "WHERE place = 1 ORDER BY table_name, copies DESC, reason_code"
    )
    return [
        {
            "table_name": row["table_name"],
            "reason_code": row["reason_code"],
            "rows": row["copies"],
            "example": printable(
                f"{row['source_file']}{f':{line}' if (line := row['source_line']) else ''}: {row['reason']}"
            ),
        }
        for row in rows
    ]
