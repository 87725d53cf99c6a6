"""A server that is asked more than it can answer sends some away at once, and tells how it is."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from anyio import CapacityLimiter

from patron.api.context import WAITING, Context
from patron.api.problems import Refusal
from tests.api.conftest import Clients

PATIENCE = 30.0


@pytest.mark.parametrize("way", ["memory", "database"])
def test_who_comes_when_too_many_wait_is_sent_away(
    context: Context, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    go_on = threading.Event()
    most = WAITING * context.settings.server.readers

    def ask() -> Any:
        if way == "memory":
            return context.figure(lambda *_: go_on.wait(PATIENCE), of_days=True)
        return context.read(lambda *_: go_on.wait(PATIENCE))

    async def line() -> Refusal:
        for limiter in ("_from_memory", "_readers"):
            monkeypatch.setattr(context, limiter, CapacityLimiter(2))
        assert (await context.mark()) is not None
        assert context.memory is not None
        asked = [asyncio.create_task(ask()) for _ in range(2 + most)]
        try:
            limiter = getattr(context, "_from_memory" if way == "memory" else "_readers")
            while limiter.statistics().tasks_waiting < most:
                await asyncio.sleep(0.01)
            with pytest.raises(Refusal, match="Too many requests wait") as refused:
                await ask()
        finally:
            go_on.set()
            await asyncio.gather(*asked)
        return refused.value

    refused = asyncio.run(line())
    assert (refused.status, refused.headers) == (503, {"Retry-After": "1"})


def test_counts_are_told_while_every_reader_is_busy(
    context: Context, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patron.api.health.LOOK_SECONDS", 0.05)
    monkeypatch.setattr(context, "_readers", CapacityLimiter(1))
    context.look_again()
    go_on, began = threading.Event(), threading.Event()

    def busy(_: Any) -> None:
        began.set()
        go_on.wait(PATIENCE)

    thread = threading.Thread(target=lambda: asyncio.run(context.read(busy)))
    thread.start()
    try:
        assert began.wait(PATIENCE)
        answer = clients["viewer"].get("/metrics")
    finally:
        go_on.set()
        thread.join()
    assert answer.status_code == 200
    assert "patron_build_id" in answer.text
