"""One customer: the profile, the timeline, and why a value is what it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator

from patron.api.answers import PRIVATE, built, etag, unchanged
from patron.api.context import Asked, Context
from patron.api.customers import audited, masked_for, shown
from patron.api.parameters import Cursor, Limit
from patron.api.problems import documented
from patron.api.rendering import answer, with_text_ids
from patron.api.schemas.customers import Profile, Spend, Timeline, Why
from patron.api.security import Caller, Viewer
from patron.api.slashes import with_slashes
from patron.contract import Table, table_named
from patron.customers import why as reasons
from patron.customers.conditions import PERSONAL
from patron.customers.facts import customer_key, moment_of, parsed_place, tell_names
from patron.customers.profiles import known
from patron.customers.spend import spend_by_month
from patron.customers.timeline import ToldPage, first_pages, timeline, told_page
from patron.engines.base import Engine
from patron.errors import Forbidden, NotFound, RequestError

router = APIRouter(prefix="/customers/{customer_id}", tags=["customers"], responses=documented(404))
LONGEST_ID = 200
CustomerId = Annotated[
    str,
    Path(max_length=LONGEST_ID, description="The customer's id.", examples=["42"]),
    AfterValidator(with_slashes),
]
Kind = Literal["purchase", "return", "contact", "response", "visit", "view"]
FACTS = 20  # of each table that are shown with a reason


@router.get(
    "", response_model=Profile, responses={304: {"description": "As the ETag says."}}, summary="A profile"
)
async def get_customer(request: Request, context: Asked, caller: Viewer, customer_id: CustomerId) -> Response:
    """Return a customer's row of customer_360."""
    key, mark = customer_key(customer_id, context.settings.id_type), await built(context)
    tag = etag(mark.build_id, "whole" if caller.sees_personal else "masked")
    if (same := unchanged(request, tag)) is not None:
        return same
    row = known(await context.profile(key))
    if caller.sees_personal:
        await audited(request, context, caller, "profile shown", customer_id)
    document = {
        "build_id": mark.build_id,
        "as_of": row["as_of"],
        "customer": shown(row, caller),
        "masked": masked_for(caller),
    }
    return answer(document, {"ETag": tag, "Cache-Control": PRIVATE, "Vary": "Authorization, Accept-Encoding"})


@router.get("/timeline", response_model=Timeline, summary="What a customer did")
async def get_timeline(
    request: Request,
    context: Asked,
    caller: Viewer,
    customer_id: CustomerId,
    kind: Annotated[list[Kind], Query(max_length=6, description="Only these kinds.")] = [],  # noqa: B006
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Return a page of the facts of all tables, the latest first, those since the build included."""
    key = customer_key(customer_id, context.settings.id_type)
    named = ["timeline", customer_id, sorted(kind)]
    place = context.cursors.read(named, cursor)

    if place is None and not kind:
        page = await context.first_page(key, limit)
    else:
        page = await context.read(_page, key, limit, place, kind)
    if page is None:
        raise NotFound("There is no such customer.")
    items, after = page
    return answer(
        {
            "customer_id": customer_id,
            "items": items,
            "next": context.cursors.write(named, after) if after else None,
        }
    )


@router.get("/spend", response_model=Spend, summary="What a customer paid by month")
async def get_spend(context: Asked, caller: Viewer, customer_id: CustomerId) -> Response:
    """Return what a customer paid in each month, as the build has seen it; the sum is total_lifetime_value."""
    key, mark = customer_key(customer_id, context.settings.id_type), await built(context)
    as_of, months = await context.read(spend_by_month, key)
    return answer({"build_id": mark.build_id, "as_of": as_of, "customer_id": customer_id, "rows": months})


@router.get("/why/{column}", response_model=Why, summary="Why a value is what it is")
async def get_why(
    request: Request,
    context: Asked,
    caller: Viewer,
    customer_id: CustomerId,
    column: Annotated[
        str, Path(max_length=60, description="A column of customer_360.", examples=["recency_score"])
    ],
    table: Annotated[str | None, Query(max_length=60, description="Only the facts of this table.")] = None,
    limit: Limit = FACTS,
    cursor: Cursor = None,
) -> Response:
    """Return a value's meaning, formula, settings and cut points, and the facts behind it in pages."""
    if column in PERSONAL and not caller.sees_personal:
        raise Forbidden(f"{column} is masked for you; it takes an analyst.")
    key, id_type = customer_key(customer_id, context.settings.id_type), context.settings.id_type
    if cursor is not None and table is None:
        raise RequestError("A cursor is for one table's facts; say which with table=….")
    named = ["why", customer_id, column, table]
    after = context.cursors.read(named, cursor)
    place = parsed_place(after[0], after[-1], id_type) if after else None

    def read(engine: Engine) -> tuple[reasons.Why, list[dict[str, Any]]]:
        found = reasons.why(engine, key, column)
        if table is not None and table not in found.facts:
            behind = ", ".join(found.facts) or "no facts"
            raise RequestError(f"Behind {column} are no rows of '{table}', but: {behind}.")
        tables = [table] if table else list(found.facts)
        return found, [
            _facts(engine, context, found, key, table_named(one), limit, place, named) for one in tables
        ]

    found, facts = await context.read(read)
    if caller.sees_personal and column in PERSONAL:
        await audited(request, context, caller, "profile shown", customer_id, {"column": column})
    return answer(_document(found, facts, customer_id, caller))


def _facts(
    engine: Engine,
    context: Context,
    found: reasons.Why,
    key: Any,
    table: Table,
    limit: int,
    place: Any,
    named: Any,
) -> dict[str, Any]:
    rows = reasons.facts_behind(engine, found, key, table, limit + 1, place)
    told = tell_names(engine, [(table, row) for row in rows[:limit]])
    after = None
    if len(rows) > limit:
        last = rows[limit - 1]
        question = [*named[:3], table.name]
        after = context.cursors.write(question, [moment_of(table, last).isoformat(), last[table.key.name]])
    return {
        "table": table.name,
        "uses": list(found.facts[table.name]),
        "rows": [with_text_ids(row) for row in told],
        "next": after,
    }


def _document(
    found: reasons.Why, facts: list[dict[str, Any]], customer_id: str, caller: Caller
) -> dict[str, Any]:
    entry, row = found.entry, shown(found.row, caller)
    ingredients = with_personal_masked(found.made_of, caller)
    return {
        "build_id": found.build_id,
        "as_of": found.row["as_of"],
        "customer_id": customer_id,
        "column": entry.column,
        "value": row[entry.column],
        "type": entry.type,
        "unit": entry.unit,
        "meaning": entry.meaning,
        "formula": found.formula,
        "step": found.step,
        "made_of": [{"name": name, "value": value} for name, value in ingredients.items()],
        "settings": found.settings,
        "cut_points": found.cut_points,
        "sources": entry.sources,
        "facts": facts,
    }


def with_personal_masked(values: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Return values by `table.column` as a caller may see them."""
    hidden = set(masked_for(caller))
    return {name: None if name.rpartition(".")[2] in hidden else value for name, value in values.items()}


def _page(engine: Engine, key: Any, limit: int, place: list[Any] | None, kind: list[Kind]) -> ToldPage | None:
    found = timeline(engine, key, limit, place, kind)
    return told_page(found) if found[0] or first_pages(engine, [key], 1) else None
