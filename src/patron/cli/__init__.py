"""The command line: thin commands over the functions that do the work, one a module.

`application.py` gives every command its shared options and turns every failure into one sentence and an exit
code; `run.py` is what a command gets: its settings, its database, and where its words go.
"""

from patron.cli import (
    backup,
    build,
    ddl,
    demo,
    dictionary,
    export,
    init,
    keys,
    load,
    loads,
    map,  # noqa: A004 - the command is called so
    metrics,
    procedure,
    quarantine,
    restore,
    sample,
    serve,
    status,
    upgrade,
)
from patron.cli.application import app, main

COMMANDS = (
    demo,
    serve,
    init,
    sample,
    map,
    load,
    loads,
    quarantine,
    build,
    status,
    metrics,
    export,
    ddl,
    procedure,
    dictionary,
    keys,
    backup,
    restore,
    upgrade,
)

__all__ = ["COMMANDS", "app", "main"]
