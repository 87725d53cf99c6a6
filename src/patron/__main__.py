"""The command `patron`, which is also `python -m patron`.

Reading the commands takes long enough for somebody to press Ctrl-C, so nothing is imported before this can say so.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and exit."""
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
