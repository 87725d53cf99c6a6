"""`patron serve`: the API and the dashboard."""

from __future__ import annotations

import errno
import gc
import ipaddress
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from patron.cli.application import START, command
from patron.cli.run import Run
from patron.errors import AccessError, SettingsError

if TYPE_CHECKING:
    from patron.api.context import Context
    from patron.settings import Server

LOOPBACK = ("localhost", "127.0.0.1", "::1")

Host = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="The address to listen at.", show_default="127.0.0.1")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, metavar="N", help="The port.", show_default="8360; 0 takes a free one"),
]
Open = Annotated[bool, typer.Option("--open", help="Open the dashboard in the browser.")]


@command(START)
def serve(run: Run, host: Host = None, port: Port = None, open_browser: Open = False) -> None:
    """Serve the API and the dashboard until stopped with Ctrl-C or SIGTERM.

    On this machine's own address nothing needs to be set up. On any other it takes credentials: an API key made by
    `patron keys create`, or the setting auth.issuer.
    """
    given = {name: one for name, one in {"host": host, "port": port}.items() if one is not None}
    serve_until_stopped(run, run.kept_url, run.settings.server.model_copy(update=given), browse=open_browser)


def serve_until_stopped(
    run: Run, url: str, server: Server, *, browse: bool = False, any_port: bool = False
) -> None:
    """Serve the database at `url`; with `any_port`, at a free port where the server's own is taken."""
    from patron.api.context import opened
    from patron.api.observing import configure_logging
    from patron.tracing import exported

    configure_logging()
    with exported(), opened(url, run.settings) as context:
        if context.open_to_all and not _is_loopback(server.host):
            raise AccessError(
                f"{server.host} is not this machine's own address, and nobody could be told from anybody there: make "
                "a key with `patron keys create --role admin` or set auth.issuer, or leave --host out."
            )
        with _listening(server, any_port=any_port) as listening:
            number = listening.getsockname()[1]
            with _noted(url, server, number):
                _tell(run, context, server, number, browse=browse)
                _serve(context, listening, server)


def _noted(url: str, server: Server, port: int) -> AbstractContextManager[None]:
    """Leave beside a database file where its server is, so that `patron backup` finds it."""
    from patron.backup.asking import noted
    from patron.engines.address import address

    where = address(url)
    if where.engine != "duckdb":
        return nullcontext()
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nosec B104
    host = anywhere.get(server.host, server.host)
    named = f"[{host}]" if ":" in host else host
    return noted(where.target, f"http://{named}:{port}", server.hosts[0] if server.hosts else named)


def _tell(run: Run, context: Context, server: Server, port: int, *, browse: bool) -> None:
    """Say where it is served, before the first request can come."""
    name = f"[{server.host}]" if ":" in server.host else server.host
    where = f"http://{name}:{port}"
    free = " Everybody on this machine may do everything: there are no keys." if context.open_to_all else ""
    run.show_text(
        {"address": where, "open_to_all": context.open_to_all},
        f"Patron serves {where} (the API at {where}/api/v1); stop it with Ctrl-C.{free}",
    )
    sys.stdout.flush()
    if browse:
        webbrowser.open(where)


def _serve(context: Context, listening: socket.socket, server: Server) -> None:
    """Serve until a signal; what was asked before it is answered first."""
    import uvicorn

    from patron.api import create_app

    config = uvicorn.Config(
        create_app(context, hosts=_hosts(server)),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http="httptools",
        ws="none",
        lifespan="off",
        limit_concurrency=server.readers * 64,
        timeout_graceful_shutdown=server.shutdown_seconds,
        timeout_keep_alive=30,
    )
    gc.freeze()  # to look through all that is imported for garbage would stop every answer for a tenth of a second
    try:
        with suppress(KeyboardInterrupt):  # uvicorn passes the signal on when it has stopped: no failure
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        gc.unfreeze()


@contextmanager
def _listening(server: Server, *, any_port: bool) -> Iterator[socket.socket]:
    """Give a socket that listens; raises SettingsError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listening, server, any_port=any_port)
        except OSError as error:
            raise SettingsError(
                f"{server.host} port {server.port} cannot be listened at: {error.strerror or error}; "
                "name another with --host or --port, or end who listens there."
            ) from error
        listening.listen(2048)
        yield listening


def _bind(listening: socket.socket, server: Server, *, any_port: bool) -> None:
    try:
        listening.bind((server.host, server.port))
    except OSError as error:
        if not any_port or error.errno != errno.EADDRINUSE:
            raise
        listening.bind((server.host, 0))


def _hosts(server: Server) -> tuple[str, ...] | None:
    """Return the names that requests may be for; None is any, for behind credentials that no page has by itself."""
    if server.hosts:
        return server.hosts
    return LOOPBACK if _is_loopback(server.host) else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
