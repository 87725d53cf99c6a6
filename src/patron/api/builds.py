"""Builds that are asked for over the API: one at a time, in a thread of its own, told step by step."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

import structlog

from patron.api.observing import Meters
from patron.api.problems import Refusal
from patron.engines.base import Progress
from patron.engines.serving import Serving
from patron.errors import PatronError

State = Literal["running", "succeeded", "failed"]
LESS_URGENT = 5  # of 19 steps: a third of the processor time of a thread that answers, where both want it


@dataclass(frozen=True)
class Job:
    """A build that was asked for: how far it is, or how it ended."""

    number: int
    state: State
    as_of: date
    full: bool
    started_at: datetime
    finished_at: datetime | None = None
    stage: str = "starting"
    done: float = 0
    total: float | None = None
    build_id: int | None = None
    detail: str | None = None


class Stopped(PatronError):
    """The server stops; the build ends and customer_360 is as it was."""


class Builder:
    """Runs one build at a time and remembers the latest."""

    def __init__(self, serving: Serving, meters: Meters, done: Callable[[], None]) -> None:
        """Call `done` after each build that succeeded."""
        self._serving, self._meters, self._done = serving, meters, done
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self.job: Job | None = None

    def start(self, as_of: date, *, full: bool) -> Job:
        """Start a build; raises Refusal (409) while another one runs."""
        with self._lock:
            if self.job is not None and self.job.state == "running":
                raise Refusal(
                    409, "build-running", "A build runs already; follow it at /api/v1/builds/progress.", None
                )
            number = self.job.number + 1 if self.job else 1
            self.job = Job(number, "running", as_of, full, datetime.now(UTC))
            # Where a build cannot be stopped in time, a daemon lets the process end: readers and the file see
            # nothing of a build that was cut off.
            self._thread = threading.Thread(
                target=self._run, args=(self.job,), name="patron-build", daemon=True
            )
            self._thread.start()
            return self.job

    def stop(self, seconds: float) -> None:
        """Stop a build that runs, at its next step, and wait so long for it."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, job: Job) -> None:
        """Build in a thread that gives way. What is made ready after it does not: answers are slow until then."""
        ended: list[tuple[State, str | None, int | None]] = []
        building = threading.Thread(
            target=lambda: ended.append(self._build(job)), name="patron-building", daemon=True
        )
        building.start()
        building.join()
        state, detail, build_id = ended[0]
        if state == "succeeded":
            self._done()
        self._end(state, detail, build_id)

    def _build(self, job: Job) -> tuple[State, str | None, int | None]:
        """Return how it ended, what there is to say of that, and the build's id."""
        _give_way()
        try:
            record = self._serving.build(job.as_of, full=job.full, progress=self._heard)
        except PatronError as error:
            return "failed", str(error), None
        except Exception as error:  # so that whoever follows the build learns that it ended
            structlog.get_logger().error("build", kind=type(error).__name__)
            return "failed", "The build met a fault of its own; the server's log has more.", None
        return "succeeded", None, record.build_id

    def _heard(self, progress: Progress) -> None:
        if self._stopping:
            raise Stopped("The server stopped during the build; customer_360 is as it was.")
        if self.job is not None:
            self.job = replace(self.job, stage=progress.stage, done=progress.done, total=progress.total)

    def _end(self, state: State, detail: str | None, build_id: int | None) -> None:
        self._meters.builds.labels(state).inc()
        if self.job is not None:
            self.job = replace(
                self.job,
                state=state,
                finished_at=datetime.now(UTC),
                detail=detail,
                build_id=build_id,
                stage="ended",
            )
            structlog.get_logger().info("build", state=state, build_id=build_id, as_of=str(self.job.as_of))


def _give_way() -> None:
    """Let the other threads of this process go first, before this one and all that it starts, DuckDB's among them.

    It is for a thread that ends soon, since it cannot be taken back. Only Linux has it: elsewhere it is of a whole
    process.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may forbid it, and a build runs as well without
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, now + LESS_URGENT)  # 19 at most, which the system sees to
