"""`patron keys`: who may ask the server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from patron.access.roles import Role
from patron.cli.application import SCHEMA, command
from patron.cli.letters import printable
from patron.cli.run import Run
from patron.cli.tables import table
from patron.cli.words import minute
from patron.errors import AccessError

if TYPE_CHECKING:
    from patron.access import AccessStore, ApiKey


class Action(StrEnum):
    """What to do with keys."""

    CREATE = "create"
    LIST = "list"
    REVOKE = "revoke"


What = Annotated[Action, typer.Argument(help="create a key, list all, or revoke one.")]
Key = Annotated[str | None, typer.Argument(metavar="[KEY]", help="The id of the key to revoke, as listed.")]
RoleOption = Annotated[
    Role | None,
    typer.Option(
        help="viewer sees figures and masked profiles, analyst sees and exports all, admin also builds."
    ),
]
Name = Annotated[str, typer.Option(metavar="TEXT", help="What it is for, to know it by.")]
Expires = Annotated[
    str | None, typer.Option(metavar="WHEN", help="90d, or a day as YYYY-MM-DD.", show_default="never")
]


@command(SCHEMA)
def keys(
    run: Run, action: What, key: Key = None, role: RoleOption = None, name: Name = "", expires: Expires = None
) -> None:
    """Make, list and revoke API keys for `patron serve`.

    A key is shown once, when it is made; only a hash of it is kept. A revoked key is refused from then on, also by a
    server that runs.
    """
    from patron.access import access_store

    with access_store(run.kept_url) as store:
        if action is Action.CREATE:
            _create(run, store, role, name, expires)
        elif action is Action.REVOKE:
            _revoke(run, store, key)
        else:
            _list(run, store.all_keys())


def _create(run: Run, store: AccessStore, role: Role | None, name: str, expires: str | None) -> None:
    from patron.access import AuditEntry, new_key

    if role is None:
        raise AccessError(f"Say what the key is for with --role: {', '.join(Role)}.")
    made = new_key(role, name, _until(expires) if expires else None)
    store.add(made.key)
    store.note(AuditEntry("command line", Role.ADMIN, "key created", made.key.key_id, details={"role": role}))
    until = made.key.expires_at
    run.show(
        {"key": made.text, **_document(made.key)},
        Text(made.text, "bold"),
        Text(
            f"This is the key, for the role {role}{f', until {minute(until)} UTC' if until else ''}. "
            f"It is not shown again; send it as Authorization: Bearer. Its id is {made.key.key_id}."
        ),
    )


def _revoke(run: Run, store: AccessStore, key: str | None) -> None:
    from patron.access import AuditEntry

    if key is None:
        raise AccessError("Say which key to revoke; `patron keys list` shows their ids.")
    if not store.revoke(key):
        raise AccessError(
            f"There is no key '{key}' that could be revoked; `patron keys list` shows their ids."
        )
    store.note(AuditEntry("command line", Role.ADMIN, "key revoked", key))
    run.show({"revoked": key}, Text(f"The key {key} is revoked.", "bold green"))


def _list(run: Run, found: list[ApiKey]) -> None:
    made = table("Key", "Role", "~Name", "Made (UTC)", "Until (UTC)", "State")
    for key in found:
        until = minute(key.expires_at) if key.expires_at else ""
        style = "" if key.state == "active" else "dim"
        made.add_row(
            key.key_id, key.role, printable(key.name), minute(key.created_at), until, key.state, style=style
        )
    run.show([_document(key) for key in found], made if found else Text("There are no keys yet."))


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role.value,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "state": key.state,
    }


def _until(text: str) -> datetime:
    """Return when a key ends: so many days from now, or the end of a day in UTC."""
    now = datetime.now(UTC)
    try:
        if text.endswith("d") and text[:-1].isdecimal():
            until = now + timedelta(days=int(text[:-1]))
        else:
            until = datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise AccessError(f"--expires cannot be '{text}'; write it as 90d or 2027-01-31.") from error
    if until <= now:
        raise AccessError(f"--expires cannot be '{text}': that is over already.")
    return until
