"""The figures of builds in a lake, and of publishing from there, as tables."""

from __future__ import annotations

from benchmarks.measure import Figures
from benchmarks.publishing import COPY, COPY_FACTS
from benchmarks.tables import Table

_BUILDS = ("full", "changed")


def tables(figures: Figures) -> list[Table]:
    """Return builds by size and engine, and what Apache Spark counted of them."""
    rows, counted = [], []
    for customers, size in figures["sizes"].items():
        facts = size["facts"]
        for name, engine in size["engines"].items():
            full, changed = (engine[build] for build in _BUILDS)
            again = engine.get("again", full if name == "DuckDB" else None)  # for DuckDB each is as the first
            last = again or full
            rows.append(
                (
                    f"{int(customers):,} customers, {facts:,} facts: {name}",
                    *(f"{one:.1f}" for one in (full["wall"], _cpu(full))),
                    f"{_cpu(again):.1f}" if again else "",
                    f"{1e6 * _cpu(last) / facts:.2f}",
                    *(f"{one:.1f}" for one in (changed["wall"], _cpu(changed))),
                    f"{_cpu(changed) / _cpu(last):.2f}",
                    f"{engine['peak_bytes'] / 2**20:,.0f}" if "peak_bytes" in engine else "",
                )
            )
            counted += [
                (
                    f"{int(customers):,} customers, {name}: {build}",
                    *(f"{engine[build][kind] / facts:.1f}" for kind in _COUNTED),
                    f"{engine[build]['tasks_ns'] / 1e3 / facts:.1f}",
                )
                for build in ("full", "changed", "again")
                if "shuffled_bytes" in engine.get(build, {})
            ]
    options = ", ".join(f"{name} = {value}" for name, value in figures["options"].items())
    compared = [
        engine["values_compared"]
        for size in figures["sizes"].values()
        for engine in size["engines"].values()
        if "values_compared" in engine
    ]
    return [
        Table(
            "Builds in a lake, beside DuckDB",
            (
                *(
                    "",
                    "first, wall s",
                    "first, CPU s",
                    "full again, CPU s",
                    "CPU µs a fact",
                    "1 % changed, wall s",
                ),
                *("1 % changed, CPU s", "share of full, CPU", "peak MiB"),
            ),
            tuple(rows),
            (
                "Each was run once, one after the other, on the same rows: facts in the order of their days, customers "
                "mixed, as Parquet; DuckDB's in its own file in the order of customers. CPU is that of the server.",
                "By the fact and as a share it is the second full build that counts, or the first where there was no "
                "second one to compare values with.",
                *(
                    f"The incremental builds gave the values of a full one: at least {fewest:,} each were compared."
                    for fewest in sorted(compared)[:1]
                ),
            ),
        ),
        Table(
            "What Apache Spark counted for each fact, in bytes",
            ("", *_COUNTED.values(), "CPU µs in tasks"),
            tuple(counted),
            (
                f"From the status API of the server; {options}. What is not in tasks is planning. Sail reports no such "
                "figures over Spark Connect.",
            ),
        ),
    ]


_COUNTED = {
    "read_bytes": "read",
    "written_bytes": "written",
    "shuffled_bytes": "shuffled",
    "spilled_bytes": "spilled to disk",
}


def publishing(figures: Figures) -> list[Table]:
    """Return publications beside a bare COPY of the same rows."""
    runs = figures["contestants"]
    rows = tuple(
        (
            name,
            *(f"{one[kind]:.2f}" for kind in ("wall_min", "wall_median", "cpu_min", "cpu_median")),
            f"{runs[COPY_FACTS if 'facts' in name else COPY]['wall_median'] / one['wall_median']:.2f}",
        )
        for name, one in runs.items()
    )
    notes = (
        f"{figures['rows']:,} rows of {figures['tables']} tables, {figures['copy_bytes'] / 1e6:,.0f} MB as CSV; with "
        f"facts {figures['rows_with_facts']:,}. The last column is the share of the speed of COPY of "
        "files written before, in which the contract's tables have no keys and get none afterwards. With facts each "
        "was run once.",
        f"Meanwhile {figures['readers']} readers counted all customers again and again, {figures['asked']:,} times; "
        "none saw a mixture of two builds. CPU is that of the client, the lake's engine and all processes of the "
        "database.",
    )
    title = f"Publishing {figures['customers']:,} customers to PostgreSQL"
    return [
        Table(
            title,
            ("", "wall s min", "wall s median", "CPU s min", "CPU s median", "of COPY's speed"),
            rows,
            notes,
        )
    ]


def _cpu(one: Figures) -> float:
    return float(one["user"] + one["system"])
