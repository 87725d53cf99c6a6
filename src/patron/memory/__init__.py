"""What a server remembers of a build, so that figures of any customers need not be asked of the database.

Example:
    >>> memory = remember(engine)
    >>> dashboard(None, Filters(customer_segment=("High Value",)), memory=memory)
"""

from patron.memory.kept import Memory
from patron.memory.picked import PickedRows
from patron.memory.remembering import remember, remember_days

__all__ = ["Memory", "PickedRows", "remember", "remember_days"]
