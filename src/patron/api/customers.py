"""Many customers at a time: lists, counts, search and export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from patron.access import AuditEntry
from patron.api.answers import built, of_build
from patron.api.context import Asked, Context
from patron.api.parameters import MOST_VALUES, Cursor, CustomerFilters, Limit
from patron.api.problems import request_id_of
from patron.api.rendering import answer, with_text_ids
from patron.api.schemas.customers import Count, Customers, FoundCustomers
from patron.api.security import Analyst, Caller, Viewer
from patron.customers import listing, search
from patron.customers.conditions import OPERATORS, PERSONAL, kinds, known_column, parsed
from patron.customers.listing import Question
from patron.customers.masking import masked
from patron.engines.base import Row
from patron.export import encoded

router = APIRouter(tags=["customers"])
LONGEST_SEARCH = 200  # letters
MOST_FOUND = 50
FORMATS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as it is made.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS.values()},
    }
}


class CustomerQuery(CustomerFilters):
    """Which customers, and in what order."""

    where: list[str] = Field(
        [],
        max_length=MOST_VALUES,
        description="Conditions on any column of customer_360, all of which must hold: column:operator:value with "
        f"one of {', '.join(OPERATORS)}; the last two take no value.",
        examples=[["total_purchases:ge:5", "last_purchase_date:lt:2025-01-01"]],
    )
    q: str = Field(
        "",
        max_length=LONGEST_SEARCH,
        description="Words of which each begins a name, an e-mail, a phone number or an id.",
    )
    sort: str = Field(
        "customer_id", max_length=60, description="A column; with a minus before it, the highest first."
    )

    def question(self, context: Context, caller: Caller) -> Question:
        """Return it typed; raises RequestError or MetricError for what makes no sense, Forbidden for what is masked."""
        id_type = context.settings.id_type
        return Question(
            filters=self.filters(),
            where=tuple(parsed(text, id_type) for text in self.where),
            words=search.words_of(self.q),
            sort=known_column(self.sort.removeprefix("-"), id_type),
            descending=self.sort.startswith("-"),
            personal=caller.sees_personal,
            indexed=context.terms_kept,
        )


class RowsQuery(CustomerQuery):
    """Which customers, in what order, and what of them."""

    columns: list[str] = Field(
        [],
        max_length=MOST_VALUES,
        description="Only these columns of customer_360, after customer_id, which always comes. Leave it out for all.",
        json_schema_extra={"items": {"type": "string", "enum": list(kinds("bigint"))}},
        examples=[["first_name", "total_lifetime_value"]],
    )

    def names(self, context: Context) -> tuple[str, ...]:
        """Return the columns asked for, each once, or none for all; raises RequestError for one that there is not."""
        asked = [known_column(name, context.settings.id_type) for name in self.columns]
        return tuple(dict.fromkeys(("customer_id", *asked))) if asked else ()


class PageQuery(RowsQuery):
    """One page of them."""

    limit: Limit = 50
    cursor: Cursor = None


class ExportQuery(RowsQuery):
    """All of them, as a file."""

    format: Literal["csv", "parquet"] = "csv"


@router.get("/customers", response_model=Customers, summary="List customers")
async def list_customers(
    request: Request, context: Asked, caller: Viewer, asked: Annotated[PageQuery, Query()]
) -> Response:
    """Return a page of customers, with all columns of customer_360 or those that are asked for."""
    question, names, mark = asked.question(context, caller), asked.names(context), await built(context)
    named = _named("customers", asked)
    after = context.cursors.read(named, asked.cursor)
    page = await context.read(listing.page, question, asked.limit, after, names)
    if caller.sees_personal:
        await audited(request, context, caller, "customers listed", details={"rows": len(page.rows)})
    return answer(
        {
            "build_id": mark.build_id,
            "as_of": mark.as_of,
            "rows": [shown(row, caller) for row in page.rows],
            "next": context.cursors.write(named, page.place) if page.place else None,
            "masked": masked_for(caller),
        }
    )


@router.get("/counts/customers", response_model=Count, summary="Count customers")
async def count_customers(
    request: Request, context: Asked, caller: Viewer, asked: Annotated[CustomerQuery, Query()]
) -> Response:
    """Return how many customers there are under these conditions."""
    question, mark = asked.question(context, caller), await built(context)

    def counted(engine: Any) -> tuple[int, Any]:
        number = listing.count(engine, question)
        return mark.build_id, {"build_id": mark.build_id, "as_of": mark.as_of, "customers": number}

    return await of_build(request, context, ("count", question), counted)


@router.get("/search/customers", response_model=FoundCustomers, summary="Find customers as one types")
async def search_customers(
    request: Request,
    context: Asked,
    caller: Viewer,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=LONGEST_SEARCH,
            description="Words of which each begins a name or an id, or for an analyst an e-mail or a phone number.",
            examples=["anna mill"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=MOST_FOUND)] = 10,
) -> Response:
    """Return the customers of whom every word begins something that they are known by."""
    words = search.words_of(q)
    await context.mark()  # or a build that somebody else made would not be noticed
    rows = await context.search(words, limit, personal=caller.sees_personal)
    if caller.sees_personal:
        await audited(request, context, caller, "customers searched", details={"rows": len(rows)})
    return answer({"rows": [shown(row, caller) for row in rows], "masked": masked_for(caller)})


@router.get(
    "/exports/customers", response_class=StreamingResponse, responses=FILE, summary="Export customers"
)
async def export_customers(
    request: Request, context: Asked, caller: Analyst, asked: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """Return all customers under these conditions as a file, in order.

    In CSV, text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    question, names, mark = asked.question(context, caller), asked.names(context), await built(context)
    await audited(
        request,
        context,
        caller,
        "customers exported",
        details=asked.model_dump(exclude_defaults=True, exclude={"q"}),
    )
    chunks = _chunks(context, question, names, asked.format)
    first = await run_sync(next, chunks, b"")  # what cannot be read is told before the answer begins
    name = f"customers-{mark.as_of}.{asked.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_with(first, chunks), headers=headers, media_type=FORMATS[asked.format])


def shown(row: Row, caller: Caller) -> Row:
    """Return a row as its caller may see it, ids as text."""
    return with_text_ids(row if caller.sees_personal else masked(row))


def masked_for(caller: Caller) -> list[str]:
    """Return the columns that a caller sees masked."""
    return [] if caller.sees_personal else list(PERSONAL)


async def audited(
    request: Request, context: Context, caller: Caller, action: str, subject: str = "", details: Any = None
) -> None:
    """Note in the audit log what is about to be shown or done; where it cannot be noted it is not shown or done."""
    entry = AuditEntry(
        caller.name,
        caller.role.value,
        action,
        subject,
        request_id_of(request),
        details or {},
        datetime.now(UTC),
    )
    await context.notes.add(entry)


def _named(route: str, asked: PageQuery) -> list[Any]:
    """Return what a cursor is good for: the question without the page, whatever columns are shown of it."""
    return [route, asked.model_dump(mode="json", exclude={"limit", "cursor", "columns"})]


def _chunks(context: Context, question: Question, names: tuple[str, ...], kind: str) -> Iterator[bytes]:
    with ExitStack() as stack:
        engine = stack.enter_context(context.serving.reading(context.settings.server.export_seconds))
        reader = stack.enter_context(listing.everything(engine, question, names))
        yield from encoded(reader, kind, for_spreadsheets=kind == "csv")


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
