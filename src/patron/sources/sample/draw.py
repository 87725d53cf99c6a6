"""Small numpy tools that every part of the generator shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator


def chance(rng: Rng, share: float | Floats | Bools, count: int) -> Bools:
    """Return `count` independent yes or no, each yes with the probability `share`."""
    return rng.random(count, np.float32) < share


def pick(rng: Rng, weights: npt.ArrayLike, count: int) -> Ints:
    """Return `count` positions in `weights`, each drawn in proportion to its weight."""
    edges = np.cumsum(np.asarray(weights, np.float64))
    return np.asarray(np.searchsorted(edges[:-1], rng.random(count) * edges[-1], side="right"))


def pick_by_row(rng: Rng, shares: Floats, rows: Ints) -> Ints:
    """Return one column for each of `rows`, drawn in proportion to the shares in that row of `shares`."""
    within = np.cumsum(shares, axis=1)
    within /= within[:, -1:]
    edges = (within + np.arange(len(shares))[:, None]).ravel()
    found = np.searchsorted(edges, rows + rng.random(len(rows)), side="right")
    return np.asarray(np.minimum(found - rows * shares.shape[1], shares.shape[1] - 1))


def waits(rng: Rng, mean: float | Floats, count: int) -> Ints:
    """Return `count` whole numbers from 0 on that tail off around `mean`: days until something happens."""
    return np.asarray(rng.standard_exponential(count, np.float32) * mean).astype(np.int32)


def popularity(rng: Rng, count: int, steepness: float = 0.7) -> Floats:
    """Return `count` weights in random order, a few of them large and most small (Zipf's law)."""
    return rng.permutation(1.0 / np.arange(3, count + 3) ** steepness)


def starts_of(sizes: Ints) -> Ints:
    """Return where each run begins when runs of `sizes` stand one after another."""
    return np.cumsum(sizes) - sizes
