"""Days on the command line."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import typer

METAVAR = "DATE"
_FROM_TODAY = {"today": 0, "yesterday": -1}


def parse_day(text: str) -> date:
    """Return the day that `text` names: YYYY-MM-DD, today or yesterday."""
    word = text.strip().lower()
    if word in _FROM_TODAY:
        return date.today() + timedelta(days=_FROM_TODAY[word])
    try:
        return datetime.strptime(word, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day; write it as 2025-12-31, today or yesterday.") from None
