"""What to say when another process has a DuckDB file."""

from __future__ import annotations

import re

from patron.errors import DatabaseBusy


def busy(path: str, reason: str) -> DatabaseBusy | None:
    """Return the error for a file that is in use, if that is what DuckDB's `reason` for not opening it says."""
    if "Could not set lock" not in reason:
        return None
    holder = re.search(r"PID (\d+)", reason)
    who = f"process {holder.group(1)}" if holder else "another process"
    return DatabaseBusy(
        f"{path} is in use by {who}, and DuckDB lets one process at a time open a file; "
        "end that process or wait for it, then try again."
    )
