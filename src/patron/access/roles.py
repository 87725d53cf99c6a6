"""The three roles, each of which may do all that the one before it may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"  # figures, and profiles with e-mail, phone and birth date masked
    ANALYST = "analyst"  # sees and exports those too
    ADMIN = "admin"  # builds, and reads the audit log

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        return RANKS[self] >= RANKS[needed]


RANKS = {role: rank for rank, role in enumerate(Role)}


def highest(names: object, meant: Mapping[Role, Collection[str]]) -> Role | None:
    """Return the highest role among the names that a token claims, where `meant` says which names mean a role.

    None where it claims none of ours.
    """
    said = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    roles = [role for role in Role if any(name in said for name in meant[role])]
    return roles[-1] if roles else None
