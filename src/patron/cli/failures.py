"""One sentence, and an exit code, for everything that can go wrong."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from patron.cli.letters import printable
from patron.errors import PatronError

FAILED, INTERRUPTED = 1, 130
DRIVERS = ("duckdb", "_duckdb", "psycopg", "pyarrow")


def exit_code(error: BaseException) -> int:
    """Return the code with which the process ends."""
    if isinstance(error, typer.TyperException):
        return error.exit_code
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def tell(error: BaseException, words: Sequence[str]) -> None:
    """Say on standard error what went wrong, as the command line `words` asked for it."""
    if isinstance(error, BrokenPipeError):  # whoever read the output has seen enough
        _silence_stdout()
        return
    if "--debug" in words or os.environ.get("PATRON_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    if "--json" in words:
        document: dict[str, Any] = {"kind": kind(error), "message": message(error)}
        if isinstance(error, PatronError) and error.problems:
            document["problems"] = error.problems
        print(json.dumps({"error": document}, ensure_ascii=False), file=sys.stderr)
        return
    label = "" if isinstance(error, KeyboardInterrupt) else "Error: "
    said = "\n".join(map(printable, message(error).splitlines()))
    Console(stderr=True).print(Text.assemble((label, "bold red"), said), soft_wrap=True, highlight=False)


def kind(error: BaseException) -> str:
    """Return the failure's name for programs: that of the PatronError, or of what the system raised."""
    if isinstance(error, typer.TyperException):
        return "UsageError"
    return "Interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__


def message(error: BaseException) -> str:
    """Return what went wrong and what to do about it, in one sentence."""
    if isinstance(error, PatronError):
        return str(error)
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, KeyboardInterrupt):
        return "Stopped; what was finished before is kept, and nothing is half done."
    if isinstance(error, MemoryError):
        return "There is not enough memory; set memory_limit in patron.toml lower, or give the machine more."
    if isinstance(error, OSError):
        return _system(error)
    if type(error).__module__.split(".")[0] in DRIVERS:
        return f"The database could not do this: {_first_line(error)}."
    return (
        f"Patron did not expect this ({type(error).__name__}: {_first_line(error)}); "
        "run it again with --debug and report what it prints."
    )


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "patron"
    said = " ".join(error.format_message().split()).rstrip(".")
    return f"{said}{'' if said.endswith('?') else '.'} See `{path} --help`."


def _system(error: OSError) -> str:
    where = f" at {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}; free some room and try again."
    if isinstance(error, PermissionError):
        return f"The permission is missing{where}; ask for it, or name another place."
    reason = error.strerror or _first_line(error)
    return f"The system refused{where}: {reason}."


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    return re.sub(r"^(?:[A-Z]\w* ){1,3}Error: ", "", lines[0]).rstrip(".")  # DuckDB's kind of error


def _silence_stdout() -> None:
    """Let the interpreter flush what nobody reads into nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
