"""The API keeps what its own description says: generated requests, sound and unsound, as each role."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NoReturn

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from patron.api import create_app
from patron.api.builds import Builder
from patron.api.context import Context
from patron.errors import BuildError
from tests.api.conftest import Clients

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATIENCE = 10  # seconds
EXAMPLES = 6  # of each operation, for each role and engine


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "mode"),
    [
        *((role, GenerationMode.POSITIVE) for role in ("nobody", "viewer", "analyst", "admin")),
        ("admin", GenerationMode.NEGATIVE),  # what makes no sense is found out before who asks matters
    ],
)
def test_generated_requests_are_answered_as_described(
    role: str, mode: GenerationMode, clients: Clients, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context.serving, "build", refuse_to_build)
    authorization = clients[role].headers.get("authorization")
    headers = {"Host": "localhost", **({"Authorization": authorization} if authorization else {})}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app(context))
    asked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.label == "POST /api/v1/backup" and (role, mode) == ("admin", GenerationMode.POSITIVE):
            continue  # it would copy everything, each time

        @hypothesis.given(case=operation.as_strategy(mode))
        @hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def ask(case: schemathesis.Case[Any]) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        with suppress(
            hypothesis.errors.Unsatisfiable
        ):  # nothing unsound can be said where nothing can be said
            ask()
    assert asked > 50
    context.builder.stop(PATIENCE)
    context.builder = Builder(context.serving, context.meters, context.look_again)


def refuse_to_build(*_: object, **__: object) -> NoReturn:
    raise BuildError("The shop of these tests stays as it is.")
