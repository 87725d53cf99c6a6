"""Measures work in a process of its own, so that no contestant inherits another's memory, caches or threads.

A task is a function of plain values that returns plain values; `run` starts it in a fresh Python and hands back
what it returned. Inside the task a `Stopwatch` times just what is to be compared.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
ANSWER = "benchmark answer: "
Figures = dict[str, Any]
Cpu = Callable[[], tuple[float, float]]


class BenchmarkError(Exception):
    """A benchmark could not be run, or a contestant's result is wrong."""


def own_cpu() -> tuple[float, float]:
    """Return the user and system CPU seconds of this process so far, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


class Stopwatch:
    """Times a `with` block: wall seconds, and the user and system CPU seconds that `cpu` counts.

    Of this process it also notes `peak_bytes`, the most memory that was resident up to the end of the block.
    """

    def __init__(self, cpu: Cpu = own_cpu) -> None:
        self.cpu = cpu
        self.figures: Figures = {}

    def __enter__(self) -> Self:
        self._before, self._start = self.cpu(), time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        wall, after = time.perf_counter() - self._start, self.cpu()
        self.figures = {
            "wall": wall,
            "user": after[0] - self._before[0],
            "system": after[1] - self._before[1],
        }
        if self.cpu is own_cpu:
            self.figures["peak_bytes"] = peak_bytes()


def run(task: str, threads: int, **arguments: Any) -> Any:
    """Run `task` ('module:function') in a process of its own and return what it returns.

    Raises BenchmarkError with the last words of a process that fails.
    """
    document = json.dumps({"task": task, "arguments": arguments | {"threads": threads}}, default=str)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PATRON_")}
    environment |= {"POLARS_MAX_THREADS": str(threads)}
    os.sync()  # or this one would wait for what the one before has written
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", document],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [line for line in child.stdout.splitlines() if line.startswith(ANSWER)]
    if child.returncode != 0 or not answers:
        said = child.stderr.strip().splitlines() or child.stdout.strip().splitlines() or ["nothing"]
        raise BenchmarkError(f"{task} ended with code {child.returncode}; its last words: {said[-1]}")
    return json.loads(answers[-1].removeprefix(ANSWER))


def summary(rounds: list[Figures]) -> Figures:
    """Return least and median wall seconds, those of CPU, and the highest peak of several rounds."""
    cpu = [one["user"] + one["system"] for one in rounds]
    return {
        "rounds": len(rounds),
        "wall_min": min(one["wall"] for one in rounds),
        "wall_median": median(one["wall"] for one in rounds),
        "cpu_min": min(cpu),
        "cpu_median": median(cpu),
        "peak_bytes": max((one["peak_bytes"] for one in rounds if one.get("peak_bytes")), default=None),
    }


def peak_bytes() -> int:
    """Return the most memory that was resident in this process; on Linux its own and not its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _main(document: str) -> None:
    wanted = json.loads(document)
    module, _, name = wanted["task"].partition(":")
    task: Callable[..., Any] = getattr(importlib.import_module(module), name)
    answer = json.dumps(task(**wanted["arguments"]), default=str)
    sys.stdout.write(f"\n{ANSWER}{answer}\n")
    sys.stdout.flush()
    os._exit(0)  # engines' own farewells at interpreter exit are no part of a measurement


if __name__ == "__main__":
    _main(sys.argv[1])
