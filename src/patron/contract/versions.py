"""The versions of the schema, which a database carries in `schema_history`, and how each came from the one before.

What builds derive is made anew and needs no steps. A version is what changed in the tables that are kept, the
contract's and Patron's own: columns that it adds to Patron's are declared there and added by themselves; anything else
is a statement here, in DuckDB's dialect, that runs before them. A version that was released is never changed again.

Example:
    >>> [version.number for version in since(0)][:1]
    [1]
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """One version of the schema: what it brings, in a sentence, and the statements that bring it."""

    number: int
    brings: str
    statements: tuple[str, ...] = ()


VERSIONS: tuple[Version, ...] = (Version(1, "The database tells the version of its schema."),)


def schema_version() -> int:
    """Return the version that this Patron works on."""
    return VERSIONS[-1].number


def since(number: int) -> tuple[Version, ...]:
    """Return the versions after `number`, in order; 0 is a database from before they were counted."""
    return tuple(version for version in VERSIONS if version.number > number)
