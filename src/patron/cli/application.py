"""The application: options that every command shares, and one sentence for every failure.

Exit codes: 0 done; 1 it failed, and standard error says why; 2 the command line itself makes no sense;
130 stopped with Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import inspect
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_type_hints

import typer
from typer.core import TyperGroup

from patron import __version__
from patron.cli.failures import INTERRUPTED, exit_code, tell
from patron.cli.letters import adapt_streams
from patron.cli.run import Options, Run

ORDER = (
    *("demo", "serve", "init", "sample", "map", "load", "loads", "quarantine", "build", "status"),
    *("metrics", "export", "ddl", "procedure", "dictionary", "keys", "backup", "restore", "upgrade"),
)
START, DATA, SCHEMA = "Start here", "A shop's data", "Behind the scenes"
SHARED_PANEL = "Options of every command"

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Where the data is: a path, duckdb:///path or postgresql://…; or set PATRON_DATABASE.",
        show_default="patron.duckdb here",
        rich_help_panel=SHARED_PANEL,
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="The settings file.",
        show_default="patron.toml here, if there is one",
        rich_help_panel=SHARED_PANEL,
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document, for scripts.", rich_help_panel=SHARED_PANEL),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        help="Show where a failure came from; or set PATRON_DEBUG=1.",
        rich_help_panel=SHARED_PANEL,
    ),
]
Version = Annotated[bool, typer.Option("--version", help="Print the version.")]


class Application(TyperGroup):
    """The group of all commands, which answers for every failure in them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order in which one needs them."""
        return sorted(self.commands, key=ORDER.index)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the command line `args` and exit with its code, whatever `standalone_mode` says."""
        words = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra) or 0
            if code == INTERRUPTED:  # typer has turned KeyboardInterrupt into this code
                tell(KeyboardInterrupt(), words)
            print(end="", flush=True)  # what cannot be written is known now, not when the interpreter ends
        except Exception as error:  # every failure of every command ends up here
            code = exit_code(error)
            tell(error, words)
        sys.exit(code)


app = typer.Typer(
    name="patron",
    cls=Application,
    help="One trustworthy row per customer, from the tables that a shop already has.",
    epilog="Exit codes: 0 done, 1 failed (standard error says why), 2 wrong usage, 130 stopped.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Version = False,
    database: Database = None,
    settings: SettingsFile = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Keep the options given before the command; without a command, show the help."""
    context.obj = Options(database, settings, json, debug)
    if version:
        Run(context.obj).show_text({"version": __version__}, f"patron {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _shared(
    database: Database = None, settings: SettingsFile = None, json: Json = False, debug: Debug = False
) -> Options:
    return Options(database, settings, json, debug)


def command(
    panel: str, of: typer.Typer | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command, or one `of` a group: it gets a `Run` first and is then called with its own options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(context: typer.Context, options: Options, values: dict[str, Any]) -> None:
            function(Run(options), **values)

        if of is None:
            app.command(rich_help_panel=panel)(_with_shared_options(function, run))
        else:
            of.command()(_with_shared_options(function, run))
        return function

    return register


def group(panel: str) -> Callable[[Callable[..., None]], typer.Typer]:
    """Make a function a group of commands; it is what the group does when none of them is named."""

    def register(function: Callable[..., None]) -> typer.Typer:
        def run(context: typer.Context, options: Options, values: dict[str, Any]) -> None:
            context.obj = options
            if context.invoked_subcommand is None:
                function(Run(options), **values)

        made = typer.Typer(invoke_without_command=True, callback=_with_shared_options(function, run))
        app.add_typer(made, name=function.__name__, rich_help_panel=panel)
        return made

    return register


def _with_shared_options(
    function: Callable[..., None], run: Callable[[typer.Context, Options, dict[str, Any]], None]
) -> Callable[..., None]:
    """Return `run` with the parameters of `function`, as the command line knows them, and the shared options."""
    shared = _parameters(_shared)

    @wraps(function)
    def called(context: typer.Context, **values: Any) -> None:
        after = _shared(**{name: values.pop(name) for name in shared})
        run(context, after.over(context.obj), values)

    own = list(_parameters(function).values())[1:]
    first = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    called.__signature__ = inspect.Signature([first, *own, *shared.values()])  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in (first, *own, *shared.values())}
    return called


def _parameters(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """Return a function's parameters by name, as keywords with the annotations themselves."""
    hints = get_type_hints(function, include_extras=True)
    return {
        one.name: one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for one in inspect.signature(function).parameters.values()
    }


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    adapt_streams()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what is half done is cleared away
    app()
    raise AssertionError("Application.main exits")
