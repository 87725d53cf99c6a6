"""The API: thin routes over the functions that do the work, one resource a file.

`app.py` puts it together; `context.py` is what every route gets; `gate.py`, `observing.py` and `security.py` are what
a request passes on its way to a route, and `problems.py` what becomes of one that cannot be answered.
"""

from patron.api.app import create_app

__all__ = ["create_app"]
