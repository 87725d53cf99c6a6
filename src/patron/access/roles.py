"""The three roles, each of which may do all that the one before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"  # figures, and profiles with e-mail, phone and birth date masked
    ANALYST = "analyst"  # sees and exports those too
    ADMIN = "admin"  # builds, and reads the audit log

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where `needed` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def highest(names: object) -> Role | None:
    """Return the highest role among the names that a token claims; None where it claims none of ours."""
    said = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    roles = [role for role in Role if role in said]
    return roles[-1] if roles else None
