"""`patron ddl`: the contract as SQL, or an existing database's tables beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from patron.cli.application import SCHEMA, command
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.words import counted, place

if TYPE_CHECKING:
    from patron.contract.catalogue import Catalogue
    from patron.contract.compare import Comparison, Difference, TableComparison


def complete_dialect(incomplete: str) -> list[str]:
    """Return the dialects whose name begins so, for the shell."""
    from patron.contract.ddl import DIALECTS

    return [name for name in DIALECTS if name.startswith(incomplete)]


DialectName = Annotated[
    str | None,
    typer.Option(
        "--dialect",
        metavar="D",
        help="duckdb, postgres, spark, bigquery or snowflake.",
        show_default="duckdb, or that of the database read",
        autocompletion=complete_dialect,
    ),
]
Origin = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="URL",
        help="Read the tables of this database instead, and say how far each is from the contract.",
    ),
]


@command(SCHEMA)
def ddl(run: Run, dialect: DialectName = None, origin: Origin = None) -> None:
    """Print the SQL that creates the contract's tables, in any dialect.

    With --from it is the SQL of an existing database's tables, followed by how far they are from the contract.
    """
    from patron.contract.catalogue import catalogue_ddl
    from patron.contract.compare import compare
    from patron.contract.ddl import ddl as contract_ddl
    from patron.engines.catalogue import read_catalogue

    if origin is None:
        written = dialect or "duckdb"
        sql = contract_ddl(written, run.settings.id_type)
        run.show_text({"dialect": written, "ddl": sql}, sql)
        return
    catalogue = read_catalogue(origin)
    written = dialect or catalogue.dialect
    sql = catalogue_ddl(catalogue, written)
    comparison = compare(catalogue, run.settings.id_type)
    document = {"from": place(origin), "dialect": written, "ddl": sql, "comparison": comparison.as_dict()}
    lines = _remarks(comparison, place(origin), keyless=_is_patrons_file(catalogue))
    remarks = "".join(f"-- {printable(line)}".rstrip() + "\n" for line in lines)
    run.show_text(document, f"{sql}\n{remarks}")


def _remarks(comparison: Comparison, origin: str, *, keyless: bool) -> Iterator[str]:
    """Yield what is to be said of the comparison, line by line; SQL comments, so that all stays a script."""
    ready = sum(one.loads for one in comparison.tables)
    yield f"How far {origin} is from the contract: {ready} of {len(comparison.tables)} tables load as they are."
    for one in comparison.tables:
        yield f"  {one.table}: {_verdict(one)}"
        for difference in one.differences:
            yield f"    {difference.column}: {_words(difference)}"
    if keyless:
        yield "  This file is Patron's own, which has no keys by design: Patron checks them whenever rows come in."
    if comparison.others:
        yield f"  Besides there {'is' if len(comparison.others) == 1 else 'are'} {', '.join(comparison.others)}."


def _is_patrons_file(catalogue: Catalogue) -> bool:
    from patron.contract.bookkeeping import BOOKKEEPING

    names = {table.name for table in catalogue.tables}
    return catalogue.dialect == "duckdb" and {table.name for table in BOOKKEEPING} <= names


def _verdict(one: TableComparison) -> str:
    if one.status == "missing":
        return "is missing."
    if one.status == "similar":
        return f"is missing; {one.found} looks like it, with {counted(one.shared_columns, 'column')} of that name."
    blocking = sum(difference.blocking for difference in one.differences)
    if blocking:
        return f"does not load as it is, for {counted(blocking, 'reason')}."
    return "loads as it is." if one.differences else "is just as the contract wants it."


def _words(one: Difference) -> str:
    stop = ", so the table does not load" if one.blocking else ""
    return f"{one.kind}; wanted {one.wanted or 'none'}, found {one.found or 'none'}{stop}"
