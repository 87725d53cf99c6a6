"""Compares what a page looks like with what it looked like, as a reader would: at a glance, not dot by dot.

Letters and curves are drawn a little differently from processor to processor. Both pictures are made small first, which
averages that away, and what counts is how much of the picture changed to the eye.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "snapshots"
WIDTH = 360  # of what is kept, however wide the page was
SEEN = 24  # of 255: a difference that an eye would see in a small picture
MOST_CHANGED = 0.004  # of its dots: about a line of text in a page


def reduced(png: bytes) -> Image.Image:
    """Return a screenshot as small as it is kept."""
    with Image.open(io.BytesIO(png)) as whole:
        height = round(whole.height * WIDTH / whole.width)
        return whole.convert("L").resize((WIDTH, height), Image.Resampling.BOX)


def difference(name: str, png: bytes) -> str | None:
    """Return how a screenshot differs from the one that is kept under a name, or None where it looks the same."""
    file = FOLDER / f"{name}.png"
    if not file.exists():
        return f"{name} was never taken"
    now = reduced(png)
    with Image.open(file) as kept:
        before = kept.convert("L")
    if before.size != now.size:
        return f"{name} is {now.size} large, and was {before.size}"
    apart = np.abs(np.asarray(now, dtype=int) - np.asarray(before, dtype=int))
    changed = float((apart > SEEN).mean())
    return f"{changed:.2%} of {name} changed" if changed > MOST_CHANGED else None


def keep(name: str, png: bytes) -> None:
    """Keep a screenshot as what the page looks like from now on."""
    FOLDER.mkdir(exist_ok=True)
    reduced(png).quantize(32).save(FOLDER / f"{name}.png", optimize=True)
