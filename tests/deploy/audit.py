"""Known faults of the packages that the image runs; it says so plainly where nobody can be asked about them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (
    sys.executable,
    "-m",
    "pip_audit",
    "--requirement",
    ROOT / "requirements" / "runtime.txt",
    "--disable-pip",
    "--require-hashes",
)


def main() -> int:
    """Return 1 where a package has a known fault; 0 where none has, or nobody could be asked."""
    done = subprocess.run(
        [*COMMAND, "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        found = []
    checked = [one for one in found if "vulns" in one]
    faults = [f"{one['name']} {one['version']}: {fault['id']}" for one in checked for fault in one["vulns"]]
    for fault in faults:
        print(f"A known fault: {fault}")
    if len(checked) < len(found) or not found:
        print("NOT AUDITED: the database of known faults could not be reached for all packages.")
    else:
        print(
            f"{len(checked)} packages have no known fault." if not faults else f"{len(faults)} known faults."
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
