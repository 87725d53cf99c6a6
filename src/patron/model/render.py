"""Turns steps into statements: one query of a step and all it stands on, and the values of its parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlglot import exp, tokenize

from patron.model.steps import Kept, kept, step_named, steps
from patron.settings import Model

CUTS = (1, 2, 3, 4)


def parameters(model: Model, as_of: date, build_id: int) -> dict[str, Any]:
    """Return the value of every `$name` that a step may hold."""
    values: dict[str, Any] = {
        "as_of": as_of,
        "build_id": build_id,
        "high_value_above": model.high_value_above,
        "medium_value_above": model.medium_value_above,
        "positive_response_types": list(model.positive_response_types),
    }
    for number in CUTS:
        values[f"churn_days_{number}"] = model.churn_days[number - 1]
        for measure in ("recency", "frequency", "monetary"):
            fixed = getattr(model, f"{measure}_cuts")
            values[f"{measure}_cut_{number}"] = fixed[number - 1] if fixed else None
    return values


def inlined(name: str) -> exp.Query:
    """Return one query for a step: the unkept steps it stands on come before it as common table expressions."""
    needed = {name}
    for step in reversed(steps()):
        if step.name in needed:
            needed.update(read for read in step.reads if _is_unkept(read))
    query = step_named(name).tree
    first = [step for step in steps() if step.name in needed and step.name != name]
    own = query.args.get("with_")
    named = [
        exp.CTE(this=step.tree, alias=exp.TableAlias(this=exp.to_identifier(step.name))) for step in first
    ]
    if named:
        query.set("with_", exp.With(expressions=[*named, *(own.expressions if own else ())]))
    return query


def mark(statements: Iterable[str], dialect: str) -> str:
    """Return a short mark of the model as an engine runs it, the same for the same steps.

    A build keeps it, so that the next one knows whether rows of before were made by other steps. Comments and
    the layout of lines do not count.
    """
    digest = hashlib.sha256()
    for statement in statements:
        for token in tokenize(statement, read=dialect):
            digest.update(f"{token.token_type} {token.text}\n".encode())
        digest.update(b"\n")
    return digest.hexdigest()[:16]


def _is_unkept(name: str) -> bool:
    return any(step.name == name for step in kept(Kept.BUILD_STEP, Kept.BATCH_STEP))
