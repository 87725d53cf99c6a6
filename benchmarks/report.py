"""Figures as tables, the same ones on the terminal, and in Markdown."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks import lakes_report, serving_report
from benchmarks.measure import Figures
from benchmarks.tables import Table

LIBRARIES = ("patron", "duckdb", "polars", "chdb", "sqlglot", "pysail", "pyspark")
TIMES = ("wall s min", "wall s median", "CPU s min", "CPU s median", "peak MiB")


def circumstances(command: str, rounds: int, threads: int) -> Figures:
    """Return where, when and with what a run was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "machine": _machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "rounds": rounds,
        "threads": threads,
    }


def tables(results: Figures) -> dict[str, list[Table]]:
    """Return the tables of each part that was run, in the order of the parts."""
    shapes = {
        "full": _full,
        "incremental": _incremental,
        "figures": _with_figures,
        "scale": _scale,
        "postgres": _postgres,
        "load": _load,
        "serve": serving_report.tables,
        "serve-postgres": serving_report.tables,
        "spark": lakes_report.tables,
        "publish": lakes_report.publishing,
        "lake-load": _lake_load,
    }
    return {part: shape(results[part]) for part, shape in shapes.items() if part in results}


def show(results: Figures, console: Console) -> None:
    """Print the tables."""
    for table in chain.from_iterable(tables(results).values()):
        shown = RichTable(title=table.title, title_justify="left", caption_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left", min_width=7 if number else None)
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
        for note in table.notes:
            console.print(note, highlight=False)
        console.print()


def markdown(results: Figures, part: str) -> str:
    """Return what a part found as a section of the documentation's page."""
    about = results[part]["about"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    first, *others = tables(results)[part]
    lines = [
        f"## {first.title}",
        "",
        f"Measured on {about['date']} with `{about['command']}`: {about['rounds']} rounds, {about['threads']} threads "
        f"for everyone, on {about['machine']}; Python {about['python']}, {versions}.",
        "",
        *_lines(first),
    ]
    for table in others:
        lines += [f"### {table.title}", "", *_lines(table)]
    return "\n".join(lines).rstrip()


def write_page(results: Figures, page: Path) -> None:
    """Put the figures of each part between its marks in a Markdown page, at its end where they are new."""
    text = page.read_text("utf-8") if page.exists() else "# Benchmarks\n"
    for part in tables(results):
        text = between_marks(text, part, markdown(results, part))
    page.write_text(text, "utf-8")


def between_marks(text: str, name: str, content: str) -> str:
    """Return a page's text with `content` between the marks of `name`; all else stays."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    place = f"{start}\n\n{content}\n\n{end}"
    text, found = re.subn(f"{start}.*?{end}", lambda _: place, text, flags=re.DOTALL)
    return text if found else f"{text.rstrip()}\n\n{place}\n"


def _lines(table: Table) -> list[str]:
    lines = [
        _row(table.columns),
        "| --- |" + " ---: |" * (len(table.columns) - 1),
        *map(_row, table.rows),
        "",
    ]
    for note in table.notes:
        lines += [note, ""]
    return lines


def _full(figures: Figures) -> list[Table]:
    contestants, patron = figures["contestants"], next(iter(figures["contestants"]))
    peers = {name: one for name, one in contestants.items() if not name.startswith(patron)}
    best = min(peers, key=lambda name: float(peers[name]["wall_median"]))
    rows = [(name, *_times(one)) for name, one in contestants.items()]
    rows.insert(2, ("Patron, and the view into a table", *_times(figures["patron_with_table"])))
    rows.insert(3, (f"Patron, in {figures['memory_limit']}", *_times(figures["bounded"])))
    ratio = {kind: contestants[patron][kind] / peers[best][kind] for kind in ("wall_median", "cpu_median")}
    whole = figures["patron_with_table"]["wall_median"] / peers[best]["wall_median"]
    notes = (
        f"The peer with the least median wall time is {best}. Patron takes {ratio['wall_median']:.2f} of its wall and "
        f"{ratio['cpu_median']:.2f} of its CPU time; with the whole table written too, {whole:.2f} of its wall time.",
        f"Every peer gave Patron's customer_360: {min(figures['values_compared'].values()):,} values each were "
        "compared, floating point to 1e-9 and all else exactly.",
        "Patron's first line is without the sums for the dashboard's figures, which no peer makes either.",
        "Peak memory is that of the whole process, frames loaded before the clock started included.",
    )
    title = f"Full build of {figures['customers']:,} customers"
    return [Table(title, ("", *TIMES), tuple(rows), notes), _steps("the full build", figures["steps"])]


def _incremental(figures: Figures, where: str = "", size: int | None = None) -> list[Table]:
    customers = size or figures["customers"]
    names = {"full": "Full build", "same_day": "1 % changed, same day", "next_day": "1 % changed, next day"}
    rows = [
        (
            name,
            *_times(figures[key])[:4],
            f"{figures[key]['wall_median'] / figures['full']['wall_median']:.3f}",
        )
        for key, name in names.items()
    ]
    notes = [
        f"{figures['recomputed']:,} customers had new facts of every kind and were computed anew. Loading those facts "
        f"took {figures['load']['wall_median']:.2f} s and is not in the times.",
        f"A full build afterwards gave the same {figures['values_compared']:,} values.",
    ]
    if "first_use" in figures:
        notes.append(
            f"Once in a process the model is read and parsed, which took {figures['first_use']['wall_median']:.2f} s "
            "and is not in the times either."
        )
    title = f"Incremental builds{where} of {customers:,} customers"
    columns = ("", *TIMES[:4], "share of full, wall")
    return [
        Table(title, columns, tuple(rows), tuple(notes)),
        _steps(f"an incremental build{where}", figures["steps"]),
    ]


def _with_figures(figures: Figures) -> list[Table]:
    return _incremental(figures, " with the dashboard's figures")


def _scale(figures: Figures) -> list[Table]:
    sizes = list(figures["sizes"].items())
    rows = tuple((f"{int(customers):,} customers", *_times(one)) for customers, one in sizes)
    (_, small), (_, large) = sizes
    ratios = " and ".join(
        f"{large[kind] / small[kind]:.1f} times the {name}"
        for kind, name in (("wall_median", "wall"), ("cpu_median", "CPU time"))
    )
    return [Table("Scale", ("", *TIMES), rows, (f"{figures['times']} times the customers take {ratios}.",))]


def _postgres(figures: Figures) -> list[Table]:
    contestants, customers = figures["contestants"], f"{figures['customers']:,}"
    hand = contestants["by hand"]["wall_median"]
    rows = tuple(
        (name, *_times(one)[:4], f"{one['wall_median'] / hand:.2f}") for name, one in contestants.items()
    )
    options = ", ".join(f"{name} = {value}" for name, value in figures["options"].items())
    notes = (
        f"PostgreSQL {figures['version']} with {options}. CPU is that of all the server's processes.",
        f"Both gave the same {figures['values_compared']:,} values.",
    )
    tried = tuple(
        (one["name"], one["outcome"], f"{one['wall']:.2f}", one["said"].replace("|", "\\|"))
        for one in figures["founding"]
    )
    limit = f"A statement was stopped after {figures['timeout_seconds']} s."
    return [
        Table(
            f"PostgreSQL: full builds of {customers} customers",
            ("", *TIMES[:4], "to by hand, wall"),
            rows,
            notes,
        ),
        Table(
            "PostgreSQL: the founding documents' way",
            ("statement", "outcome", "wall s", "message"),
            tried,
            (limit,),
        ),
        _steps("the procedure's first build", figures["steps"]),
        *_incremental(figures["incremental"], " on PostgreSQL", figures["customers"]),
    ]


def _load(figures: Figures) -> list[Table]:
    options = ", ".join(f"{name} = {value}" for name, value in figures["options"].items())
    notes = {
        "DuckDB": ("Each ends with a CHECKPOINT, so that all rows are in the file.",),
        "PostgreSQL": (
            f"PostgreSQL {figures['version']} with {options}. CPU is that of the client and of all the server's "
            "processes, peak memory that of the client.",
        ),
    }
    return _loads(figures, "to COPY", notes)


def _lake_load(figures: Figures) -> list[Table]:
    options = ", ".join(f"{name} = {value}" for name, value in figures["options"].items())
    both = "CPU is that of the client and the server, peak memory that of the client."
    notes = {"Sail": (both,), "Apache Spark": (f"{both} Options: {options}.",)}
    lakes = {f"a lake on {name}": some for name, some in figures["engines"].items()}
    return _loads(
        figures | {"engines": lakes},
        "to the first",
        {f"a lake on {name}": note for name, note in notes.items()},
    )


def _loads(figures: Figures, to: str, notes: Mapping[str, tuple[str, ...]]) -> list[Table]:
    made = []
    for engine, contestants in figures["engines"].items():
        copy = next(iter(contestants.values()))
        rows = tuple(
            (
                name,
                *_times(one),
                *(f"{one[kind] / copy[kind]:.2f}" for kind in ("wall_median", "cpu_median")),
            )
            for name, one in contestants.items()
        )
        size = f"{figures['rows']:,} rows, {figures['bytes'] / 1e6:,.0f} MB of CSV"
        columns = ("", *TIMES, f"{to}, wall", f"{to}, CPU")
        made.append(Table(f"Loading into {engine}: {size}", columns, rows, notes[engine]))
    return made


def _steps(of: str, steps: list[Figures]) -> Table:
    total = sum(step["seconds"] for step in steps) or 1.0
    ordered = sorted(steps, key=lambda step: -float(step["seconds"]))
    rows = tuple(
        (
            step["name"],
            f"{step['seconds']:.2f}",
            f"{100 * step['seconds'] / total:.0f} %",
            f"{step['rows'] or 0:,}",
        )
        for step in ordered
    )
    note = "Seconds are those of the record that the build keeps, summed over its workers."
    return Table(f"Where the time goes in {of}", ("step", "seconds", "share", "rows"), rows, (note,))


def _times(one: Figures) -> tuple[str, ...]:
    peak = one["peak_bytes"]
    seconds = [f"{one[kind]:.2f}" for kind in ("wall_min", "wall_median", "cpu_min", "cpu_median")]
    return *seconds, f"{peak / 2**20:,.0f}" if peak else ""


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    model = platform.machine()
    if sys.platform == "linux":
        cpus = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in cpus if line.startswith("model name")), model)
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {gib:.0f} GiB of memory, {platform.system()}"
