"""Rules and dashboard ask for what the server tells, and each alert has a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import generate_latest

from patron.api.observing import Meters

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = yaml.safe_load((MONITORING / "rules.yaml").read_text("utf-8"))["groups"][0][
    "rules"
]
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "grafana.json").read_text("utf-8"))
METRIC = re.compile(r"\bpatron_\w+")


def told() -> dict[str, set[str]]:
    """Return what a server tells once something of each kind happened: names of series, with their labels."""
    meters = Meters()
    meters.answered("GET", "get_status", 200, 0.01)
    meters.figures.labels("memory").inc()
    meters.builds.labels("succeeded").inc()
    found: dict[str, set[str]] = {}
    for line in generate_latest(meters.registry).decode().splitlines():
        if not line.startswith("#"):
            name, _, labels = line.partition(" ")[0].partition("{")
            found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels))
    return found


def expressions() -> list[str]:
    asked = [rule["expr"] for rule in RULES]
    return asked + [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def test_every_metric_asked_for_is_told() -> None:
    known = told()
    asked = {name for one in expressions() for name in METRIC.findall(one)}
    assert asked
    assert asked <= set(known)


def test_every_label_asked_for_is_told() -> None:
    known = told()
    for one in expressions():
        for name, labels in re.findall(r"\b(patron_\w+)\{([^}]*)\}", one):
            assert set(re.findall(r"(\w+)[=!]~?\"", labels)) <= known[name]
        for labels in re.findall(r"by \(([^)]*)\)", one):
            names = METRIC.findall(one)
            assert {label.strip() for label in labels.split(",")} <= set().union(
                *(known[name] for name in names)
            )


def test_operations_that_are_left_out_exist() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/patron/api").glob("*.py"))
    (slow,) = (rule for rule in RULES if rule["alert"] == "PatronSlow")
    (names,) = re.findall(r'operation!~"([^"]*)"', slow["expr"])
    for name in names.split("|"):
        assert f"def {name}(" in source


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    page = (ROOT / "docs/operations/watching.md").read_text("utf-8")
    titles = re.findall(r"^### (Patron\w+)$", page, re.M)
    assert titles == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["page"] == f"docs/operations/watching.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_alert_of_terraform_has_a_page() -> None:
    text = (ROOT / "deploy/terraform/modules/watching/main.tf").read_text("utf-8")
    titles = re.findall(r'^      title += "(.+)"$', text, re.M)
    page = (ROOT / "docs/operations/watching.md").read_text("utf-8")
    assert titles == re.findall(r"^### (.+)$", page.partition("## Alerts on Google Cloud")[2], re.M)


def test_the_first_failure_is_an_increase() -> None:
    """A series that begins at one has not increased for Prometheus."""
    assert 'patron_builds_total{state="failed"} 0.0' in generate_latest(Meters().registry).decode()
