"""The costs that the docs state are the sizes in Terraform times the prices that stand beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations/google-cloud.md").read_text("utf-8")
SIZES = (ROOT / "deploy/terraform/environments/production/main.tf").read_text("utf-8")
HOURS = 730
PROXY = (1, 0.5)  # processors and GiB of a container without limits


def row(first: str, table: str) -> list[str]:
    """Return the cells of a row of the table whose head begins with `table`."""
    body = PAGE[PAGE.index(table) :].partition("\n\n")[0]
    (found,) = re.findall(rf"^\| {first} \| (.*) \|$", body, re.M)
    return [cell.strip() for cell in found.split(" | ")]


def price(name: str) -> float:
    return float(row(name, "| price ")[0].partition(" ")[0])


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_costs_are_sizes_times_prices(size: str) -> None:
    line = next(line for line in SIZES.splitlines() if line.strip().startswith(f"{size} "))
    given = dict(re.findall(r'(\w+) = "?([\w-]+)"?', line.partition("{")[2]))
    processors, memory = (int(part) for part in given["tier"].split("-")[2:])
    twice = 2 if given["available"] == "true" else 1
    database = (
        twice
        * HOURS
        * (processors * price("database, processor") + memory / 1024 * price("database, memory"))
    )
    disk = twice * int(given["disk"]) * price("database, disk")
    cpu, gib = int(given["cpu"]) + PROXY[0], int(given["memory"].removesuffix("Gi")) + PROXY[1]
    run = HOURS * 3600 * (cpu * price("Cloud Run, processor") + gib * price("Cloud Run, memory"))
    rule = HOURS * price("load balancer")
    parts = (database, disk, run, rule, database + disk + run + rule)
    assert row(size, "| size | database | its disk") == [f"${part:,.0f}" for part in parts]
    made_of = row(size, "| size | database | disk")
    assert made_of[0].startswith(f"{processors} processor")
    assert made_of[1:4:2] == [
        f"{given['disk']} GB",
        f"{given['cpu']} processor{'s' * (given['cpu'] != '1')}, {given['memory'].replace('Gi', ' GiB')}",
    ]
