"""What all commands share: options, help, failures and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import copy
from pathlib import Path

import pytest
from typer.main import get_command

from patron import __version__, cli
from patron.cli import app
from patron.cli.application import ORDER
from patron.errors import PatronError
from patron.sources import sample
from tests.cli.conftest import Patron, complaint, document

commands = pytest.mark.parametrize("name", ORDER)


def test_the_help_names_every_command_and_the_exit_codes(patron: Patron) -> None:
    said = patron("--help").stdout
    assert all(f"│ {name} " in said for name in ORDER)
    assert "Exit codes" in said
    assert patron().stdout.strip() == said.strip()
    assert len(cli.COMMANDS) == len(ORDER)


@commands
def test_every_command_and_option_explains_itself(patron: Patron, name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.help
    for parameter in command.params:
        assert parameter.help, f"{name}: {parameter.name}"
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--database", "--settings", "--json", "--debug"} <= options
    assert patron(name, "--help").exit_code == 0


def test_the_version(patron: Patron) -> None:
    assert patron("--version").stdout == f"patron {__version__}\n"
    assert document(patron("--version", "--json")) == {"version": __version__}


def test_shared_options_stand_before_or_after_the_command(patron: Patron, shop: Path) -> None:
    shop.rename("other.duckdb")
    before = document(patron("--database", "other.duckdb", "--json", "status"))
    after = document(patron("status", "--database", "other.duckdb", "--json"))
    assert before == after
    assert before["state"] == "up to date"
    assert (
        document(patron("--database", "nothing.duckdb", "status", "--database", "other.duckdb", "--json"))
        == after
    )


def test_the_database_comes_from_the_environment_or_the_settings_file(patron: Patron, shop: Path) -> None:
    shop.rename("other.duckdb")
    Path("patron.toml").write_text('database = "third.duckdb"\n')
    assert document(patron("status", "--json"))["database"] == "third.duckdb"
    assert document(patron("status", "--json", PATRON_DATABASE="other.duckdb"))["state"] == "up to date"
    Path("own.toml").write_text('database = "fourth.duckdb"\n')
    assert document(patron("status", "--json", "--settings", "own.toml"))["database"] == "fourth.duckdb"


# -- failures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("biuld",), "Did you mean 'build'?"),
        (("build", "--ful"), "--full"),
        (("build", "--as-of", "2025-02-30"), "'2025-02-30' is no day"),
        (("build", "--as-of", "20250101"), "is no day"),
        (("export",), "Missing argument 'TABLE'"),
        (("sample", "--customers", "0"), "--customers"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_code_2(
    patron: Patron, words: tuple[str, ...], said: str
) -> None:
    result = patron(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "--help`" in result.stderr
    as_json = patron(*words, "--json")
    assert as_json.stdout == ""
    assert json.loads(as_json.stderr)["error"]["kind"] == "UsageError"


def test_an_error_is_json_where_json_was_asked_for(patron: Patron) -> None:
    result = patron("build", "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    error = json.loads(result.stderr)["error"]
    assert error["kind"] == "NoDatabase"
    assert error["message"] == complaint(patron("build"))


def test_an_unknown_setting_is_answered_with_the_nearest(patron: Patron) -> None:
    Path("patron.toml").write_text("[model]\nhigh_value_abov = 1\n")
    assert "Did you mean 'high_value_above'?" in complaint(patron("status"))
    Path("patron.toml").unlink()
    assert "Did you mean 'threads'?" in complaint(patron("status", PATRON_THREAD="2"))
    assert "no settings file nowhere.toml" in complaint(patron("status", "--settings", "nowhere.toml"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/shop"), "permission"),
        (OSError(28, "No space left on device"), "disk is full"),
        (OSError(5, "Input/output error", "/shop"), "/shop: Input/output error"),
        (MemoryError(), "memory"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (PatronError("odd \x1b[31m letters."), "odd \N{REPLACEMENT CHARACTER}[31m letters."),
    ],
)
def test_whatever_fails_is_one_sentence(
    patron: Patron, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise copy(error)

    monkeypatch.setattr(sample, "store", fail)
    assert said in complaint(patron("sample"))
    traceback = patron("sample", PATRON_DEBUG="1").stderr
    assert "Traceback" in traceback
    assert patron("--debug", "sample").stderr == traceback


def test_ctrl_c_ends_with_a_sentence_and_code_130(patron: Patron, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sample, "store", stop)
    result = patron("sample")
    assert result.exit_code == 130
    assert result.stderr.startswith("Stopped;")
    assert json.loads(patron("sample", "--json").stderr)["error"]["kind"] == "Interrupted"


def test_a_password_is_never_shown(patron: Patron) -> None:
    result = patron("status", "--database", "postgresql://me:secret@localhost:1/shop")
    assert "localhost" in complaint(result)
    assert "secret" not in result.output


# -- quickness ------------------------------------------------------------------------------------------


def test_help_loads_no_engine() -> None:
    heavy = ("duckdb", "pyarrow", "sqlglot", "pydantic", "numpy", "psycopg")
    code = f"import sys, patron.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_completion_knows_tables_dialects_and_columns() -> None:
    from patron.cli.ddl import complete_dialect
    from patron.cli.dictionary import complete_name
    from patron.cli.export import complete_table

    assert complete_table("customer_360") == ["customer_360", "customer_360_core", "customer_360_analytics"]
    assert complete_dialect("s") == ["spark", "snowflake"]
    assert "churn_risk_score" in complete_name("churn")
    assert "purchase_statistics" in complete_name("purchase")
