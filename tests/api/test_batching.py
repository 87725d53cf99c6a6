"""Questions that come together are answered together, each with its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from patron.api.batching import AT_ONCE, MOST, Batches


class Answers:
    """Says of a number its square, of a negative one nothing, and breaks at 13; slowly, while others come."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, keys: Sequence[int]) -> dict[int, int]:
        self.asked.append(list(keys))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if 13 in keys:
            raise ValueError("thirteen")
        return {key: key * key for key in keys if key >= 0}


def run(ask: Callable[[Batches[int, int]], Coroutine[Any, Any, Any]]) -> tuple[Any, Answers]:
    answers = Answers()

    async def main() -> Any:
        return await ask(Batches(answers))

    return asyncio.run(main()), answers


def test_who_asks_alone_is_answered_at_once() -> None:
    async def ask(batches: Batches[int, int]) -> list[int | None]:
        return [await batches.get(3), await batches.get(-3)]

    assert run(ask)[0] == [9, None]
    assert run(ask)[1].asked == [[3], [-3]]


def test_who_comes_meanwhile_is_answered_together() -> None:
    async def ask(batches: Batches[int, int]) -> list[int | None]:
        return await asyncio.gather(*(batches.get(number % 100 + 100) for number in range(150)))

    found, answers = run(ask)
    assert found == [(number % 100 + 100) ** 2 for number in range(150)]
    assert answers.most_at_once == AT_ONCE
    assert max(map(len, answers.asked)) <= MOST
    assert len(answers.asked) < 10


def test_a_failure_is_told_to_all_whom_it_hit_and_to_nobody_else() -> None:
    async def ask(batches: Batches[int, int]) -> list[Any]:
        hit = await asyncio.gather(batches.get(13), batches.get(13), return_exceptions=True)
        return [*hit, await batches.get(4)]

    first, second, after = run(ask)[0]
    assert isinstance(first, ValueError)
    assert isinstance(second, ValueError)
    assert after == 16


def test_who_goes_away_leaves_the_others_their_answers() -> None:
    async def ask(batches: Batches[int, int]) -> list[int | None]:
        asked = [asyncio.create_task(batches.get(number)) for number in range(6)]
        await asyncio.sleep(0.001)
        asked[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked[0]
        return await asyncio.gather(*asked[1:])

    assert run(ask)[0] == [1, 4, 9, 16, 25]
