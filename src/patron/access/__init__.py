"""Who may ask, and what they asked: roles, API keys and the audit log.

Example:
    >>> Role.ANALYST.may(Role.VIEWER)
    True
"""

from patron.access.keys import ApiKey, NewKey, new_key, parse
from patron.access.roles import Role
from patron.access.store import AccessStore, AuditEntry, access_store

__all__ = ["AccessStore", "ApiKey", "AuditEntry", "NewKey", "Role", "access_store", "new_key", "parse"]
