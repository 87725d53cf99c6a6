"""Asks a server over many connections at once, each its next question as soon as the last is answered."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measure import BenchmarkError, Figures

WARMING = 0.15  # share of the time that is not counted


def ask_from(address: str, jobs: str, connections: int, seconds: float, threads: int) -> Figures:
    """Return p50, p95 and the worst in ms, and jobs a second, of `seconds` in which jobs are done in turn.

    The file `jobs` has a list of them in JSON; each is one path or more, asked for one after the other. Raises
    BenchmarkError for any answer but a 200.
    """
    return asyncio.run(_ask(address, json.loads(Path(jobs).read_text("utf-8")), connections, seconds))


async def _ask(address: str, jobs: list[list[str]], connections: int, seconds: float) -> Figures:
    url = urlsplit(address)
    start = time.perf_counter() + WARMING * seconds
    end, taken, turn = start + seconds, list[float](), iter(range(10**9))

    async def one() -> None:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        try:
            while (began := time.perf_counter()) < end:
                for path in jobs[next(turn) % len(jobs)]:
                    writer.write(
                        f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
                    )
                    await _answer(reader, path)
                if began >= start:
                    taken.append(time.perf_counter() - began)
        finally:
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(connections)))
    return {**summary(taken, time.perf_counter() - start), "done": next(turn)}


async def _answer(reader: asyncio.StreamReader, path: str) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    status = head.partition(b"\r\n")[0]
    if b" 200 " not in status or not length:
        raise BenchmarkError(f"{path} was answered with {status.decode()}.")
    return await reader.readexactly(int(length))


def summary(taken: list[float], seconds: float) -> Figures:
    """Return p50, p95 and the worst in ms of what was taken in so many seconds, and how many a second."""
    if not taken:
        raise BenchmarkError(f"Nothing was answered within {seconds:.0f} s.")
    ordered = sorted(taken)
    shares = {"p50": 0.5, "p95": 0.95, "worst": 1.0}
    at = {name: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for name, share in shares.items()}
    return {
        **{name: one * 1000 for name, one in at.items()},
        "a_second": len(taken) / seconds,
        "answers": len(taken),
    }
