"""Writes provider.json: what the Google provider's schema says of the resources that deploy/terraform uses.

`python -m tests.deploy.provider FOLDER` reads it from the package cdktf-cdktf-provider-google 16.12.1, which carries
the schema of provider 6.50; FOLDER is where its .jsii lies. No provider has to be fetched where the tests run.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMA = HERE / "provider.json"
TERRAFORM = HERE.parents[1] / "deploy" / "terraform"
# What every resource takes, whatever the provider.
META = {"count", "depends_on", "for_each", "lifecycle", "provider"}


def used() -> list[str]:
    """Return the names of resources and data sources that are used, these with `data.` in front."""
    names = set()
    for file in TERRAFORM.rglob("*.tf"):
        for kind, name in re.findall(r'^(resource|data) "(google_\w+)"', file.read_text("utf-8"), re.M):
            names.add(name if kind == "resource" else f"data.{name}")
    return sorted(names)


def extract(assembly: dict[str, Any]) -> dict[str, Any]:
    """Return for each used name its attributes and blocks: which are required, and what is in the blocks."""
    types = assembly["types"]
    by_name: dict[str, str] = {}
    for fqn in types:
        name = fqn.rsplit(".", 1)[1]
        if name.endswith("Config"):
            by_name[name.removesuffix("Config").lower()] = fqn
    found = {}
    for name in used():
        key = name.removeprefix("data.").removeprefix("google_").replace("_", "")
        found[name] = _block(types, by_name[f"datagoogle{key}" if name.startswith("data.") else key])
    return found


def _block(types: dict[str, Any], fqn: str) -> dict[str, Any]:
    fields = {}
    for one in types[fqn]["properties"]:
        summary = one.get("docs", {}).get("summary", "") + one.get("docs", {}).get("remarks", "")
        link = re.search(r"#(\w+) \w+#(\w+)\}", summary)
        name = link[2] if link else re.sub(r"(?<!^)(?=[A-Z])", "_", one["name"]).lower()
        if name in META | {"connection", "provisioners"}:
            continue  # what every resource has
        field: dict[str, Any] = {"required": not one.get("optional", False)}
        inner = _struct(types, one["type"])
        if inner is not None:
            field["block"] = _block(types, inner)
        fields[name] = field
    return fields


def exports(assembly: dict[str, Any]) -> dict[str, list[str]]:
    """Return for each used name what other resources may ask of it: all its attributes, computed ones too."""
    types = assembly["types"]
    classes = {fqn.rsplit(".", 1)[1].lower(): fqn for fqn, one in types.items() if one["kind"] == "class"}
    found = {}
    for name in used():
        data, key = (
            name.startswith("data."),
            name.removeprefix("data.").removeprefix("google_").replace("_", ""),
        )
        told = types[classes[f"datagoogle{key}" if data else key]]["properties"]
        plain = (one["name"] for one in told if not one.get("static") and not one["name"].endswith("Input"))
        found[name] = sorted(re.sub(r"(?<!^)(?=[A-Z])", "_", one).lower() for one in plain)
    return found


def _struct(types: dict[str, Any], kind: dict[str, Any]) -> str | None:
    """Return the struct that a type is of, or is a list of; None for a plain value."""
    if "union" in kind:
        return next((found for one in kind["union"]["types"] if (found := _struct(types, one))), None)
    if "collection" in kind:
        return _struct(types, kind["collection"]["elementtype"])
    fqn = str(kind.get("fqn", ""))
    return fqn if fqn in types and types[fqn]["kind"] == "interface" and types[fqn].get("datatype") else None


if __name__ == "__main__":
    read = json.loads((Path(sys.argv[1]) / ".jsii").read_text("utf-8"))
    made = {
        "package": f"{read['name']} {read['version']}",
        "resources": extract(read),
        "exports": exports(read),
    }
    SCHEMA.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", "utf-8")
