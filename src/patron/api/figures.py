"""What the dashboard shows: each metric by itself, and all of them in one request."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, create_model

from patron.api.answers import of_build
from patron.api.context import Asked
from patron.api.parameters import FigureQuery
from patron.api.rendering import all_with_text_ids, answer
from patron.api.schemas.figures import MetricMeanings, dashboard_model, figure_model
from patron.api.security import Viewer
from patron.engines.base import Engine
from patron.memory import Memory
from patron.metrics import Figure, Filters, Metric, Option, Period, compute, dashboard, registry

# No postponed annotations here: the routes' parameters are made while this module is read.
router = APIRouter(tags=["figures"])
ALWAYS = Period()
UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "It is as the ETag in If-None-Match says."}
}


@router.get("/metrics", response_model=MetricMeanings, summary="What the metrics mean")
async def list_metrics(caller: Viewer) -> Response:
    """Return every metric with its title, unit, meaning, columns and SQL."""
    return answer({"metrics": [_meaning(one) for one in registry().values()]})


@router.get(
    "/dashboard", response_model=dashboard_model(), responses=UNCHANGED, summary="All figures at once"
)
async def get_dashboard(
    request: Request, context: Asked, caller: Viewer, asked: Annotated[FigureQuery, Query()]
) -> Response:
    """Return every figure by name, all of one build."""
    filters, period = asked.filters(), asked.period()
    return await of_build(
        request,
        context,
        ("dashboard", filters, period),
        partial(_dashboard, filters=filters, period=period),
        read=partial(context.figure, of_days=period != ALWAYS),
        same_for_all=True,
    )


def _dashboard(
    engine: Engine | None, memory: Memory | None, filters: Filters, period: Period
) -> tuple[int, Any]:
    figures = dashboard(engine, filters, period, memory=memory)
    first = next(iter(figures.values()))
    documents = {name: _document(figure) for name, figure in figures.items()}
    return first.build_id, {"build_id": first.build_id, "as_of": first.as_of, "metrics": documents}


def _figure(
    engine: Engine | None,
    memory: Memory | None,
    name: str,
    filters: Filters,
    period: Period,
    options: dict[str, Any],
) -> tuple[int, Any]:
    figure = compute(engine, name, filters, period, memory=memory, **options)
    return figure.build_id, _document(figure)


def _document(figure: Figure) -> dict[str, Any]:
    return {
        name: all_with_text_ids(value) if isinstance(value, list) else value
        for name, value in figure.document().items()
    }


def _meaning(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "unit": metric.unit,
        "meaning": metric.meaning,
        "columns": metric.columns,
        "extras": {name: query.columns for name, query in metric.extras.items()},
        "has_period": metric.has_period,
        "sql": metric.query.sql,
    }


def _add_route(metric: Metric) -> None:
    """Add a metric's own route, so that a generated client knows its rows and its options."""
    parameters = _query_of(metric)

    async def get_metric(
        request: Request,
        context: Asked,
        caller: Viewer,
        asked: Annotated[parameters, Query()],  # type: ignore[valid-type]
    ) -> Response:
        filters, period = asked.filters(), asked.period()  # type: ignore[attr-defined]
        options = metric.parsed({one.name: getattr(asked, one.name) for one in metric.options})
        key = (metric.name, filters, period, tuple(options.items()))
        made = partial(_figure, name=metric.name, filters=filters, period=period, options=options)
        read = partial(context.figure, of_days=period != ALWAYS)
        return await of_build(request, context, key, made, read=read, same_for_all=True)

    router.add_api_route(
        f"/metrics/{metric.name}",
        get_metric,
        methods=["GET"],
        name=f"get_{metric.name}",
        summary=metric.title,
        description=metric.meaning,
        response_model=figure_model(metric.name),
        responses=UNCHANGED,
    )


def _query_of(metric: Metric) -> type[BaseModel]:
    options: dict[str, Any] = {one.name: (_type_of(one), _field_of(one)) for one in metric.options}
    return create_model(f"{metric.name}_query", __base__=FigureQuery, **options)


def _type_of(option: Option) -> Any:
    return str if option.values else int


def _field_of(option: Option) -> Any:
    if option.values:
        return Field(
            option.default, description=option.meaning, json_schema_extra={"enum": list(option.values)}
        )
    return Field(option.default, description=option.meaning, ge=option.minimum, le=option.maximum)


for _metric in registry().values():
    _add_route(_metric)
