"""The figures of the parts `serve` and `serve-postgres` as tables."""

from __future__ import annotations

from benchmarks.measure import Figures
from benchmarks.tables import Table

COLUMNS = ("p50 ms", "p95 ms", "a second", "server CPU ms")


def tables(figures: Figures) -> list[Table]:
    """Return two tables: at rest beside a bare route, and while builds run."""
    return [_at_rest(figures), _while_building(figures)]


def _at_rest(found: Figures) -> Table:
    rows = [(kind, *_times(one)) for kind, one in found["kinds"].items()]
    notes = [f"{found['connections']} connections, each kind for {found['seconds']:g} s."]
    for kind, bare in found["bare"].items():
        rows.append((f"bare route, the bytes of {kind}", *_times(bare)))
        share = found["kinds"][kind]["a_second"] / bare["a_second"]
        notes.append(
            f"{kind}: {share:.2f} of the requests a second of a bare route with the same {bare['bytes']:,} bytes."
        )
    title = f"Serving {found['customers']:,} customers from {found['engine']}"
    return Table(title, ("", *COLUMNS), tuple(rows), tuple(notes))


def _while_building(found: Figures) -> Table:
    rows = tuple(
        (kind, *_times(one), f"{one['p95'] / found['kinds'][kind]['p95']:.1f}")
        for kind, one in found["building"].items()
    )
    ended = [kind for kind, one in found["building"].items() if not one["whole"]]
    notes = (f"The build was over before the time was: {'; '.join(ended)}.",) if ended else ()
    return Table(
        f"Serving from {found['engine']} while a full build runs", ("", *COLUMNS, "p95 to rest"), rows, notes
    )


def _times(one: Figures) -> tuple[str, ...]:
    return (
        f"{one['p50']:.1f}",
        f"{one['p95']:.1f}",
        f"{one['a_second']:,.0f}",
        f"{one['cpu']:.2f}" if "cpu" in one else "",
    )
