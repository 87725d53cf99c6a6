"""The documentation cannot drift: commands, settings, names and links in it exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import typer
from sqlglot import exp
from typer.core import TyperGroup
from typer.main import get_group

from patron.cli import app
from patron.contract import CONTRACT
from patron.contract.bookkeeping import BOOKKEEPING
from patron.model.steps import step_named, steps
from patron.settings import Auth, Model, Server, Settings
from patron.sources.mapping.model import OPTIONS, Input, TableMapping, parse_mapping

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Variables that are no settings.
READ_BY_PATRON_ITSELF = {
    "PATRON_DEBUG",
    "PATRON_TEST_ENGINES",
    "PATRON_TEST_CUSTOMERS",
    "PATRON_TEST_CHROMIUM",
}

# Names in prose that stand for something outside Patron's tables and settings.
OTHER_NAMES = {
    "perfect_ht_threshold",
    "refresh_customer_360",
    "full_build",
    "api_keys",
    "audit_log",
    "customer_terms",
    "load_commits",
    "pg_trgm",
    "pg_cron",
    "column_name",
    "request_id",
    "has_period",
    "patron_cron",
    "pg_dump",
    "pg_restore",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "user_version",
}


@pytest.fixture(scope="module")
def group() -> TyperGroup:
    """The command line."""
    return get_group(app)


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield the page and the text of every fenced block in `language`."""
    for page in PAGES:
        for found in re.finditer(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            yield str(page.relative_to(ROOT)), found[1]


def spans() -> Iterator[tuple[str, str]]:
    """Yield the page and the text of every piece of code within prose."""
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
        for found in re.finditer(r"`([^`\n]+)`", prose):
            yield str(page.relative_to(ROOT)), found[1]


def command_lines() -> list[tuple[str, str]]:
    """Return every `$ patron …` line of a console block."""
    lines = [(page, line.strip()) for page, block in blocks("console") for line in block.splitlines()]
    return [(page, line.removeprefix("$ ")) for page, line in lines if line.startswith("$ patron")]


def parsed(group: TyperGroup, words: list[str]) -> None:
    """Parse a command line without running anything."""
    place = next((place for place, word in enumerate(words) if word in group.commands), None)
    assert place is not None, f"there is no command in: {shlex.join(words)}"
    context = group.make_context("patron", words[: place + 1])
    command = group.commands[words[place]]
    rest = words[place + 1 :]
    inner = next((at for at, word in enumerate(rest) if word in commands_in(command)), len(rest))
    context = command.make_context(words[place], rest[: inner + 1], parent=context)
    if inner < len(rest):
        commands_in(command)[rest[inner]].make_context(rest[inner], rest[inner + 1 :], parent=context)


def commands_in(command: Any) -> dict[str, Any]:
    """Return the commands of a group; of any other there are none."""
    return dict(command.commands) if isinstance(command, TyperGroup) else {}


def options_of(command: Any) -> set[str]:
    """Return all options of a command and of those in it."""
    own = {option for parameter in command.params for option in parameter.opts}
    return own.union(*map(options_of, commands_in(command).values()))


def test_there_are_pages_and_commands_to_check() -> None:
    assert len(PAGES) > 20
    assert len(command_lines()) > 20


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_command_lines_can_be_given(page: str, line: str, group: TyperGroup) -> None:
    words = shlex.split(line, comments=True)
    until = next((place for place, word in enumerate(words) if word in (">", "|")), len(words))
    parsed(group, words[1:until])


def test_a_wrong_command_line_would_be_noticed(group: TyperGroup) -> None:
    for line in ["build --as-off 2025-01-01", "--base x build", "export customer_360", "build tomorrow"]:
        with pytest.raises(typer.TyperException):
            parsed(group, line.split())
    with pytest.raises(AssertionError, match="construct"):
        parsed(group, ["construct"])


def test_commands_and_options_in_prose_exist(group: TyperGroup) -> None:
    shared = {option for parameter in group.params for option in parameter.opts}
    commands = {name: shared | options_of(command) for name, command in group.commands.items()}
    options = set().union(*commands.values())
    for page, text in spans():
        words = text.split()
        if words[0] == "patron" and len(words) > 1 and words[1] != "…":
            given = {word.split("=")[0] for word in words[1:] if word.startswith("-")}
            name = next((word for word in words[1:] if word in commands), None)
            assert name is not None, f"{page}: there is no command in `{text}`"
            assert given <= commands[name], f"{page}: `{text}`"
        elif re.match(r"--\w", text):
            assert words[0] in options, f"{page}: `{text}`"


@pytest.mark.parametrize(("page", "block"), list(blocks("toml")))
def test_settings_and_mappings_in_the_docs_are_valid(page: str, block: str) -> None:
    document = tomllib.loads(block)
    if {"source", "inputs", *(table.name for table in CONTRACT)} & document.keys():
        parse_mapping(block, page)
    else:
        Settings(**document)


def test_variables_in_the_docs_exist() -> None:
    known = {f"PATRON_{name.upper()}" for name in Settings.model_fields} | READ_BY_PATRON_ITSELF
    for page in PAGES:
        for name in re.findall(r"\bPATRON_[A-Z_]*[A-Z]", page.read_text("utf-8")):
            assert name.split("__")[0] in known, f"{page.name}: {name}"


def test_names_in_the_docs_exist() -> None:
    tables = (*CONTRACT, *BOOKKEEPING)
    known = {table.name for table in tables} | {name for table in tables for name in table.names}
    known |= {step.name for step in steps()} | {column for step in steps() for column in step.columns}
    known |= {*OTHER_NAMES}.union(*(one.model_fields for one in (Settings, Model, Server, Auth)))
    known |= {*OPTIONS, *Input.model_fields, *TableMapping.model_fields}
    for source in ROOT.glob("src/patron/sources/**/*.py"):  # reasons for a quarantine
        known |= set(re.findall(r'"([a-z0-9_]+)"', source.read_text("utf-8")))
    for page, text in spans():
        if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", text):
            assert text in known, f"{page}: `{text}`"


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT], ids=lambda page: page.name)
def test_links_beside_the_site_lead_somewhere(page: Path) -> None:
    # The site's own links are checked when it is built.
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target


@pytest.mark.parametrize(("page", "block"), list(blocks("sql")))
def test_sql_in_the_docs_is_sql(page: str, block: str) -> None:
    trees = [tree for tree in sqlglot.parse(block, dialect="postgres") if tree is not None]
    assert trees, page


def test_the_page_on_reconciliation_has_every_figure() -> None:
    figures = next(
        cte.this for cte in step_named("reconciliation").tree.find_all(exp.CTE) if cte.alias == "figures"
    )
    counted = [select.expressions[0].unalias().name for select in figures.find_all(exp.Select)]
    page = (ROOT / "docs/concepts/reconciliation.md").read_text("utf-8")
    told = re.findall(r"^\| ([a-z ]+) \|", page, re.M)
    assert sorted(told) == sorted(["figure", *counted])


def test_the_page_on_rfm_has_every_segment() -> None:
    segments = {text.name for text in step_named("customer_360").tree.find_all(exp.Literal) if text.is_string}
    page = (ROOT / "docs/concepts/rfm.md").read_text("utf-8")
    cells = {cell.strip() for line in re.findall(r"^\| \*\*.*", page, re.M) for cell in line.split("|")[2:-1]}
    assert cells | {"No Purchases"} == segments
    assert "'No Purchases'" in page


@pytest.mark.slow
def test_the_readmes_example_runs(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "patron"
    lines = [line for page, line in command_lines() if page == "README.md"]
    for line in lines:
        words = shlex.split(line, comments=True)
        done = subprocess.run([script, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (tmp_path / "customers.parquet").stat().st_size > 0
