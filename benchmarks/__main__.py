"""`python -m benchmarks PART`: Patron's builds and loads side by side with peers, and how it serves, in one run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import lakeloads, lakes, loading, publishing, report, runs, serving
from benchmarks.data import Shop
from benchmarks.measure import BenchmarkError, Figures
from patron.errors import PatronError

WORK = Path(gettempdir(), "patron-benchmarks")
PARTS = (
    "full",
    "incremental",
    "figures",
    "scale",
    "postgres",
    "load",
    "serve",
    "serve-postgres",
    "spark",
    "publish",
    "lake-load",
)
OUT, ERR = Console(), Console(stderr=True)


def main(
    part: Annotated[str, typer.Argument(metavar="PART", help=f"{', '.join(PARTS)} or all.")] = "all",
    customers: Annotated[
        int,
        typer.Option(
            min=300, metavar="N", help="Customers of the full and incremental builds, and served on DuckDB."
        ),
    ] = 1_000_000,
    scale_from: Annotated[
        int,
        typer.Option(
            min=300, metavar="N", help="The smaller size of scale; the larger has ten times as many."
        ),
    ] = 100_000,
    postgres_customers: Annotated[
        int, typer.Option(min=300, metavar="N", help="Customers on PostgreSQL, built and served.")
    ] = 100_000,
    load_rows: Annotated[
        int, typer.Option(min=1_000, metavar="N", help="Rows of the file that is loaded.")
    ] = 20_000_000,
    load_engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENGINE", help="Of load: duckdb or postgres; may be given again.", show_default="both"
        ),
    ] = None,
    lake_customers: Annotated[
        list[int] | None,
        typer.Option(
            min=300,
            metavar="N",
            help="Customers of spark; may be given again.",
            show_default="100000, 1000000",
        ),
    ] = None,
    lake_engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENGINE",
            help="Of spark and lake-load: sail or spark; may be given again.",
            show_default="both",
        ),
    ] = None,
    lake_again: Annotated[
        bool,
        typer.Option(
            "--lake-again/--lake-once",
            help="Of spark: compare the incremental build with a second whole one, or leave that out.",
        ),
    ] = True,
    publish_rows: Annotated[
        int, typer.Option(min=1_000, metavar="N", help="Customers that are published to PostgreSQL.")
    ] = 1_000_000,
    publish_from: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENGINE",
            help="What is published from: duckdb, sail or spark; may be given again.",
            show_default="duckdb, sail",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, metavar="K", help="How often each is run, in turn.")] = 3,
    connections: Annotated[
        int, typer.Option(min=1, metavar="N", help="Connections that ask a server at a time.")
    ] = 16,
    seconds: Annotated[
        float, typer.Option(min=0.5, metavar="S", help="How long a server is asked each kind of question.")
    ] = 5.0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads for everyone; unset, one a core.")
    ] = None,
    work: Annotated[
        Path, typer.Option(metavar="DIR", help="Where data is prepared, and found again by the next run.")
    ] = WORK,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Put the tables into this page, each part's between its marks."),
    ] = None,
) -> None:
    """Measure Patron's builds side by side with peers that make the same customer_360, and its loads with COPY.

    Each runs in a process of its own, in turn, with the same number of threads; builds start from tables already
    loaded. A peer whose result differs from Patron's ends the run with an error.
    """
    if part not in (*PARTS, "all"):
        raise typer.BadParameter(f"'{part}' is no part; choose {', '.join(PARTS)} or all.")
    threads = threads or os.cpu_count() or 1
    work = work.resolve()

    def say(what: str) -> None:
        ERR.print(f"[dim]{what} ...[/dim]", highlight=False)

    load_engines = chosen(load_engine, loading.ENGINES, "that is loaded into")
    measured: dict[str, Callable[[], Figures]] = {
        "full": lambda: runs.full(Shop(work, customers), rounds, threads, say),
        "incremental": lambda: runs.incremental(Shop(work, customers), rounds, threads, say),
        "figures": lambda: runs.incremental(Shop(work, customers), rounds, threads, say, figures=True),
        "scale": lambda: runs.scale(Shop(work, scale_from), rounds, threads, say),
        "postgres": lambda: runs.postgres(Shop(work, postgres_customers), rounds, say),
        "load": lambda: loading.measure_all(work, load_rows, load_engines, rounds, threads, say),
        "serve": lambda: serving.serve(Shop(work, customers), connections, seconds, threads, say),
        "serve-postgres": lambda: serving.serve_postgres(
            Shop(work, postgres_customers), connections, seconds, threads, say
        ),
    }
    lake_sizes = sorted(lake_customers or (100_000, 1_000_000))
    publish_sources = chosen(publish_from or ["duckdb", "sail"], publishing.SOURCES, "that is published from")
    lake_engines = chosen(lake_engine, lakes.ENGINES, "of a lake")
    measured |= {
        "spark": lambda: lakes.spark(work, lake_sizes, lake_engines, threads, say, again=lake_again),
        "publish": lambda: publishing.publish(
            Shop(work, publish_rows), publish_sources, rounds, threads, say
        ),
        "lake-load": lambda: lakeloads.measure_all(work, load_rows, lake_engines, rounds, threads, say),
    }
    sizes = {
        "scale": f" --scale-from {scale_from}",
        "postgres": f" --postgres-customers {postgres_customers}",
        "load": f" --load-rows {load_rows}" + "".join(f" --load-engine {one}" for one in load_engine or ()),
        "serve": f" --customers {customers} --connections {connections}",
        "serve-postgres": f" --postgres-customers {postgres_customers} --connections {connections}",
        "spark": "".join(f" --lake-customers {size}" for size in lake_sizes)
        + ("" if lake_again else " --lake-once"),
        "publish": f" --publish-rows {publish_rows}"
        + "".join(f" --publish-from {one}" for one in publish_from or ()),
        "lake-load": f" --load-rows {load_rows}"
        + "".join(f" --lake-engine {one}" for one in lake_engine or ()),
    }
    results: Figures = {}
    try:
        for name in PARTS if part == "all" else (part,):
            command = f"python -m benchmarks {name}{sizes.get(name, f' --customers {customers}')}"
            about = report.circumstances(command, rounds, threads)
            results[name] = {"about": about} | measured[name]()
            if json_file:  # at once, for many parts take long
                json_file.write_text(json.dumps(results, indent=1, default=str) + "\n", "utf-8")
            if markdown:
                report.write_page({name: results[name]}, markdown)
    except (BenchmarkError, PatronError, OSError) as error:
        ERR.print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(1) from error
    report.show(results, OUT)


def chosen(asked: list[str] | None, known: Collection[str], what: str) -> list[str]:
    """Return the engines that were asked for, or all; raises BadParameter for one that is not known."""
    if unknown := set(asked or ()) - set(known):
        raise typer.BadParameter(
            f"'{min(unknown)}' is no engine {what}; choose {' or '.join(sorted(known))}."
        )
    return asked or list(known)


if __name__ == "__main__":
    typer.run(main)
