"""The command `patron`, which is also `python -m patron`.

Reading the commands takes long enough for somebody to press Ctrl-C, so nothing is imported before this can say so.
"""

from __future__ import annotations

import gc
import sys

# How many objects more there are when the collector looks for those in cycles. Nearly all that is imported stays, and
# looking through it as often as Python does by itself takes a fifth of the time to start.
NEW_OBJECTS = 100_000


def main() -> None:
    """Run the command line of this process and exit."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        from patron.cli import main as run

        run()
    except KeyboardInterrupt:
        said = "Stopped before anything was begun."
        if "--json" in sys.argv:
            said = f'{{"error": {{"kind": "Interrupted", "message": "{said}"}}}}'
        print(said, file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
