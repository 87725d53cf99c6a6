"""Writes the reference pages from the code itself while the site is built, so that they cannot drift from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from typer.cli import get_docs_for_click
from typer.main import get_group

from patron.cli import app
from patron.contract import CONTRACT
from patron.contract.ddl import DIALECTS, ddl
from patron.contract.dialects import dialect_named
from patron.metrics import Metric, registry
from patron.metrics.filters import CUSTOMER_SEGMENTS, FILTERS, RFM_SEGMENTS, UNKNOWN
from patron.model import dictionary
from patron.settings import FILE, Auth, Model, Server, Settings


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those that stand in docs/."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def command_line() -> str:
    """Return the page of all commands, by Typer's own generator, with the list of commands unabridged."""
    group = get_group(app)
    context = typer.Context(group, info_name="patron")
    text = get_docs_for_click(obj=group, ctx=context, name="patron", title="Command line")
    for name, command in group.commands.items():
        text = text.replace(
            f"* `{name}`: {command.get_short_help_str()}", f"* `{name}`: {command.get_short_help_str(1000)}"
        )
    return text.strip() + "\n"


def settings() -> str:
    """Return the page of all settings, from their models."""
    return "\n".join(
        [
            "# Settings",
            "",
            f"Settings stand in a file `{FILE}` in the directory where `patron` runs, or in the one that",
            "`--settings` names. An environment variable goes over the file, and an option of the command line over",
            "both. A key that is not in this list is an error.",
            "",
            "## Installation",
            "",
            *_settings_table(Settings, "", "PATRON_"),
            "",
            "## Model",
            "",
            "Under `[model]` in the file. They are kept with every build that used them.",
            "",
            *_settings_table(Model, "model.", "PATRON_MODEL__"),
            "",
            "## Server",
            "",
            "Under `[server]`: how `patron serve` listens and what it lets one request take.",
            "",
            *_settings_table(Server, "server.", "PATRON_SERVER__"),
            "",
            "## Who may ask",
            "",
            "Under `[auth]`: whose OpenID Connect tokens are good. API keys need no settings.",
            "",
            *_settings_table(Auth, "auth.", "PATRON_AUTH__"),
            "",
        ]
    )


def contract() -> str:
    """Return the page of the contract's DDL in every dialect."""
    lines = [
        "# Contract tables",
        "",
        "These are the tables a shop brings. The [data dictionary](dictionary.md#contract-tables) says what each",
        "column means; here they are as SQL, which `patron ddl --dialect NAME` prints too. Ids are `BIGINT`, or text",
        "where the [setting](settings.md) `id_type` says so.",
        "",
        "| table | holds | a row's date |",
        "| --- | --- | --- |",
        *(f"| `{table.name}` | {table.meaning} | {_code(table.date)} |" for table in CONTRACT),
        "",
    ]
    for name in DIALECTS:
        lines += [f'=== "{dialect_named(name).title}"', "", "    ```sql"]
        lines += [f"    {line}".rstrip() for line in ddl(name).splitlines()]
        lines += ["    ```", ""]
    return "\n".join(lines)


def metrics() -> str:
    """Return the page of all metrics, from the registry."""
    lines = [
        "# Metrics",
        "",
        "Every figure of the dashboard, with the names that SQL, the command line and documents in JSON share. All are",
        "of the latest build. [Figures](../concepts/figures.md) says how they are counted.",
        "",
        "Each can be narrowed to customers by any values of these columns of `customer_360`; "
        f"`{UNKNOWN}` stands for customers who have none:",
        "",
        *(f"- `{name}`{_known_values(name)}" for name in FILTERS),
        "",
    ]
    for one in registry().values():
        lines += _metric(one)
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "reference/command-line.md": command_line,
    "reference/settings.md": settings,
    "reference/contract.md": contract,
    "reference/dictionary.md": dictionary.as_markdown,
    "reference/metrics.md": metrics,
}


def _known_values(name: str) -> str:
    known = {"customer_segment": CUSTOMER_SEGMENTS, "rfm_segment": RFM_SEGMENTS}.get(name)
    return f": {', '.join(known)}" if known else ""


def _metric(one: Metric) -> Iterator[str]:
    period = "It can be narrowed to a period." if one.has_period else "A period does not narrow it."
    yield from (f"## {one.title}", "", f"`{one.name}`, in {one.unit}. {one.meaning} {period}", "")
    for option in one.options:
        values = ", ".join(f"`{value}`" for value in option.values) or f"{option.minimum} to {option.maximum}"
        yield from (f"Option `{option.name}`: {option.meaning} {values}; by default `{option.default}`.", "")
    for name, columns in {"": one.columns, **one.extra_columns}.items():
        if name:
            yield from (f"Beside the rows, `{name}`:", "")
        yield from ("| column | meaning |", "| --- | --- |")
        yield from (f"| `{column}` | {meaning} |" for column, meaning in columns.items())
        yield ""


def _settings_table(model: type[BaseModel], prefix: str, variables: str) -> Iterator[str]:
    yield "| key | meaning | default | environment variable |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            continue
        yield (
            f"| `{prefix}{name}` | {field.description} | {_code(_toml(field.default))} "
            f"| `{variables}{name.upper()}` |"
        )


def _toml(value: Any) -> str | None:
    """Return a default as it would stand in the file, or None for one that is unset."""
    if value is None:
        return None
    plain = [*value] if isinstance(value, tuple) else value
    return json.dumps(plain, default=lambda number: int(number) if isinstance(number, Decimal) else number)


def _code(text: str | None) -> str:
    return "" if text is None else f"`{text}`"
