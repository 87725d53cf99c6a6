"""Small charts made of characters: bars and columns. They know nothing of what they show.

Colours are middle tones, legible on dark and on light ground; nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

ACCENT, QUIET = "#2f81f7", "#7d8fa8"
GOOD, BAD = "#2da44e", "#d1453b"
SCALE = (GOOD, "#7c9a2b", "#b88a1a", "#d9722e", BAD)  # from good to bad, for what has an order
# From few to many: a ground, and the text colour that can be read on it.
HEAT = (
    "#000000 on #dbe9fb",
    "#000000 on #a9cdf5",
    "#000000 on #6fa8ea",
    "#ffffff on #2b62b5",
    "#ffffff on #173a75",
)
_BAR, _SLIVER = "▆", "▏"  # a bar leaves a little room above, so that it stands apart from the next one
_UPRIGHT, _HOLLOW = "▁▂▃▄▅▆▇█", "░"  # a column grows from a part to a whole cell
_LEAST_ROOM = 4


@dataclass(frozen=True)
class Bar:
    """A bar of `length`, in whatever unit all bars of a chart share; a label before, two figures behind."""

    label: str
    length: float
    first: str
    second: str = ""
    style: str = ACCENT


def bars(rows: Sequence[Bar], width: int) -> Table:
    """Return a chart of horizontal bars, `width` characters in all; the longest takes the room that is left."""
    label, first, second = (
        max((cell_len(getattr(row, part)) for row in rows), default=0)
        for part in ("label", "first", "second")
    )
    label = min(label, width // 2)
    room = max(_LEAST_ROOM, width - label - first - second - (3 if second else 2))
    longest = max((row.length for row in rows if row.length > 0), default=1)
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=label, no_wrap=True, overflow="ellipsis")
    grid.add_column(width=room, no_wrap=True)
    grid.add_column(width=first, justify="right", no_wrap=True)
    if second:
        grid.add_column(width=second, justify="right", style="dim", no_wrap=True)
    for row in rows:
        drawn = Text(_bar(row.length / longest, room), row.style)
        grid.add_row(Text(row.label), drawn, row.first, *([row.second] if second else []))
    return grid


def _bar(share: float, width: int) -> str:
    """Return a bar over a share of `width`; what is there at all is never invisible."""
    return _BAR * round(share * width) or (_SLIVER if share > 0 else "")


def columns(
    values: Sequence[float], *, styles: Sequence[str], hollow: Sequence[bool], height: int, step: int
) -> list[Text]:
    """Return a column chart as lines, the top one first; columns stand `step` characters apart.

    A `hollow` column is one that is not complete yet. Values below 0 have none.
    """
    steps = len(_UPRIGHT)
    most = max(values, default=0) or 1
    levels = [round(max(value, 0) / most * height * steps) for value in values]
    lines = []
    for floor in range((height - 1) * steps, -1, -steps):
        line = Text()
        for level, style, is_hollow in zip(levels, styles, hollow, strict=True):
            filled = min(level - floor, steps)
            character = " " if filled <= 0 else _HOLLOW if is_hollow else _UPRIGHT[filled - 1]
            line.append(character * (step - 1), style).append(" ")
        lines.append(line)
    return lines


def line(values: Sequence[Decimal | float | None]) -> str:
    """Return a sparkline, one character a value, from the lowest to the highest; a missing value is a gap."""
    there = [float(value) for value in values if value is not None]
    low, high = min(there, default=0.0), max(there, default=0.0)
    steps = len(_UPRIGHT) - 1

    def drawn(value: Decimal | float | None) -> str:
        if value is None:
            return " "
        return _UPRIGHT[round((float(value) - low) / (high - low) * steps) if high > low else steps // 2]

    return "".join(map(drawn, values))


def change(value: Decimal | float | None, before: Decimal | float | None, *, points: bool) -> Text:
    """Return how far `value` is above or below `before`: in percent, or for rates in percentage points."""
    if value is None or not before:
        return Text("")
    now, then = float(value), float(before)
    moved = (now - then) * 100 if points else (now / then - 1) * 100
    said = f"{abs(moved):.1f}"
    if said == "0.0":
        return Text("no change", "dim")
    arrow, style = ("▲", GOOD) if moved > 0 else ("▼", BAD)
    return Text(f"{arrow} {said}{' points' if points else '%'}", style)
