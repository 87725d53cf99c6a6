"""The published description of the API: whole, with an example everywhere, and the same wherever it is had."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from patron.api import create_app
from patron.api.context import Context
from patron.api.openapi import document
from tests.api.conftest import Clients

ROOT = Path(__file__).parents[2]
NO_TEXT = "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def described(context: Context) -> dict[str, Any]:
    return document(create_app(context))


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for path in described["paths"].values() for one in path.values()}


def fits(value: Any, schema: dict[str, Any], described: dict[str, Any]) -> bool:
    whole = {**schema, "components": described["components"]}
    return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))


def test_it_is_openapi_3_1_and_each_operation_has_a_name_of_its_own(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert len(operations(described)) == sum(len(path) for path in described["paths"].values())


def test_every_parameter_has_an_example_that_fits(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        for parameter in operation.get("parameters", []):
            assert fits(parameter["example"], parameter["schema"], described), (name, parameter["name"])


def test_every_operation_has_examples_that_fit(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        answered = {status: one for status, one in operation["responses"].items() if status[0] == "2"}
        contents = [content for one in answered.values() for content in one["content"].items()]
        contents += operation.get("requestBody", {}).get("content", {}).items()
        assert contents, name
        for kind, content in contents:
            if kind == "application/json":
                assert fits(content["example"], content["schema"], described), name
            elif kind != NO_TEXT:
                assert content["example"], name


def test_clients_are_generated_from_the_description_that_is_served(
    clients: Clients, described: dict[str, Any]
) -> None:
    """`make web-check` generates the TypeScript client from what this command prints, and compiles it."""
    printed = subprocess.run(
        [sys.executable, ROOT / "web" / "openapi.py"], check=True, capture_output=True, text=True
    ).stdout
    served = clients["nobody"].get("/api/v1/openapi.json").json()
    assert json.loads(printed) == served == json.loads(json.dumps(described))
