"""What a server is asked: every figure, whole dashboards, customers and searches, drawn from what the shop has."""

from __future__ import annotations

import random
from datetime import date, timedelta
from urllib.parse import urlencode

from patron.engines import Engine
from patron.metrics import FILTERS, UNKNOWN, Filters, Period, registry

API = "/api/v1"
DRAWN = 3_000  # of each kind, so that few come twice within a measurement
Jobs = list[list[str]]


def questions(engine: Engine, as_of: date, seed: int = 1) -> dict[str, Jobs]:
    """Return by kind the jobs, each one path or more."""
    rng = random.Random(seed)
    values = {name: _values(engine, name) for name in FILTERS}
    filtered = [urlencode(_filters(values, rng).given, doseq=True) for _ in range(DRAWN)]
    days = [f"{one}&{urlencode(_period(as_of, rng).given)}" for one in filtered]
    ids = [rng.choice(ids) for ids in [_customers(engine)] for _ in range(DRAWN)]
    asked: dict[str, Jobs] = {"dashboard": [[f"{API}/dashboard"]]}
    asked |= {name: [[f"{API}/metrics/{name}"]] for name in registry()}
    asked["dashboard, filtered"] = [[f"{API}/dashboard?{one}"] for one in filtered]
    asked |= {
        f"{name}, filtered": [[f"{API}/metrics/{name}?{one}"] for one in filtered] for name in registry()
    }
    asked["dashboard, filtered, any days"] = [[f"{API}/dashboard?{one}"] for one in days]
    asked["profile"] = [[f"{API}/customers/{one}"] for one in ids]
    asked["profile, then timeline"] = [
        [f"{API}/customers/{one}", f"{API}/customers/{one}/timeline"] for one in ids
    ]
    asked["search"] = [[f"{API}/search/customers?{urlencode({'q': one})}"] for one in _searches(engine, rng)]
    return asked


def random_filters(engine: Engine, rng: random.Random) -> Filters:
    """Return up to three values of one to three columns, of those that customers have."""
    return _filters({name: _values(engine, name) for name in FILTERS}, rng)


def _filters(values: dict[str, list[str | int]], rng: random.Random) -> Filters:
    chosen = rng.sample(FILTERS, rng.randint(1, 3))
    return Filters.of(
        {name: rng.sample(values[name], rng.randint(1, min(3, len(values[name])))) for name in chosen}
    )


def _period(as_of: date, rng: random.Random) -> Period:
    start, end = sorted(as_of - timedelta(days=rng.randrange(3 * 365)) for _ in "ab")
    return Period(start, end)


def _values(engine: Engine, column: str) -> list[str | int]:
    rows = engine.query(f"SELECT DISTINCT {column} AS value FROM slices ORDER BY {column}")
    return [UNKNOWN if row["value"] is None else row["value"] for row in rows]


def _customers(engine: Engine) -> list[int]:
    return [row["customer_id"] for row in engine.query("SELECT customer_id FROM customer_features")]


def _searches(engine: Engine, rng: random.Random) -> list[str]:
    """Return what people type: the beginning of a name, of two, of an e-mail address, of an id."""
    rows = engine.query(
        "SELECT customer_id, first_name, last_name, email FROM customer_info "
        "WHERE first_name IS NOT NULL AND last_name IS NOT NULL AND email IS NOT NULL AND customer_id % 97 = 1"
    )
    typed = []
    for row in rng.choices(rows, k=DRAWN):
        first, last = row["first_name"], row["last_name"]
        typed.append(
            rng.choice(
                [
                    last[: rng.randint(2, 6)],
                    f"{first[: rng.randint(2, 4)]} {last[: rng.randint(2, 5)]}",
                    row["email"][: rng.randint(4, 10)],
                    str(row["customer_id"])[:5],
                ]
            )
        )
    return typed
