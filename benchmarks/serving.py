"""The parts `serve` and `serve-postgres`: one `patron serve` under many connections, beside a bare FastAPI route.

The route returns the same bytes.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks import data, measure, server
from benchmarks.data import AS_OF, Say, Shop
from benchmarks.measure import ROOT, BenchmarkError, Figures
from benchmarks.questions import API, Jobs, questions
from patron.engines import connect
from patron.settings import Settings

BESIDE = ("dashboard", "profile", "search")  # what a bare route returns the bytes of
WHILE_BUILDING = ("dashboard", "dashboard, filtered", "profile, then timeline", "search")
PATIENCE = 300.0
LONG_BUILD = 60.0  # seconds, after which the next kind is asked while the same build goes on


def serve(shop: Shop, connections: int, seconds: float, threads: int, say: Say) -> Figures:
    """Ask a server on DuckDB everything that there is to ask."""
    with _duckdb(shop, threads, say) as url:
        found = _measure(url, connections, seconds, say)
    return {"engine": "DuckDB", "customers": shop.customers} | found


def serve_postgres(shop: Shop, connections: int, seconds: float, threads: int, say: Say) -> Figures:
    """Ask a server on PostgreSQL everything that there is to ask."""
    data.prepare(shop, threads, say, ("sample",))
    with server.running(shop.work) as running:
        with running.copy_of(server.prepare_built(running, shop, say)) as url:
            found = _measure(url, connections, seconds, say)
        engine_name = f"PostgreSQL {running.version()}"
    return {"engine": engine_name, "customers": shop.customers} | found


@contextmanager
def _duckdb(shop: Shop, threads: int, say: Say) -> Iterator[str]:
    """Lend a copy of the shop's database, built."""
    data.prepare(shop, threads, say, ("sample", "patron"))
    with TemporaryDirectory(dir=shop.folder) as scratch:
        copy = Path(scratch, "shop.duckdb")
        shutil.copyfile(shop / "patron", copy)
        say("building on DuckDB")
        with connect(str(copy), Settings()) as engine:
            engine.build(AS_OF)
        yield str(copy)


def _measure(url: str, connections: int, seconds: float, say: Say) -> Figures:
    with connect(url, Settings(), create=False) as engine:
        asked = questions(engine, AS_OF)
    with patron(url) as (address, process_id):
        _until_ready(address)
        found: dict[str, Figures] = {}
        for name, jobs in asked.items():
            if "any days" in name:
                _have_days_remembered(address, f"{address}{jobs[-1][0]}")
            say(f"{name}, {connections} connections")
            before = cpu_seconds(process_id)
            found[name] = _load(address, jobs, connections, seconds)
            spent = cpu_seconds(process_id) - before
            found[name]["cpu"] = 1000 * spent / found[name]["done"]  # the server's, of all its jobs
        routes: dict[str, Figures] = {}
        for name in BESIDE:
            say(f"{name}, the same bytes from a bare route")
            routes[name] = bare(address, asked[name][0][0], connections, seconds)
        say("while a build runs")
        return {
            "kinds": found,
            "bare": routes,
            "building": _while_building(address, asked, connections, seconds),
            "connections": connections,
            "seconds": seconds,
        }


def _load(address: str, jobs: Jobs, connections: int, seconds: float) -> Figures:
    with TemporaryDirectory() as folder:
        given = Path(folder, "jobs.json")
        given.write_text(json.dumps(jobs), "utf-8")
        found: Figures = measure.run(
            "benchmarks.load:ask_from",
            1,
            address=address,
            jobs=str(given),
            connections=connections,
            seconds=seconds,
        )
    return found


def _while_building(
    address: str, asked: dict[str, Jobs], connections: int, seconds: float
) -> dict[str, Figures]:
    """Ask while full builds run, each kind in a build of its own unless builds take minutes."""
    found = {}
    for name in WHILE_BUILDING:
        if _job(address)["state"] != "running":
            _until_ready(address)
            _post(f"{address}{API}/builds", {"full": True, "as_of": AS_OF.isoformat()})
        found[name] = _load(address, asked[name], connections, seconds)
        found[name]["whole"] = _job(address)["state"] == "running"  # whether it was built all the time
        end = time.monotonic() + LONG_BUILD
        while (job := _job(address))["state"] == "running" and time.monotonic() < end:
            time.sleep(0.2)
        if job["state"] not in ("running", "succeeded"):
            raise BenchmarkError(f"A build {job['state']} while it was measured.")
    return found


def cpu_seconds(process_id: int) -> float:
    """Return the CPU seconds of a process so far, user and system, all threads."""
    fields = Path(f"/proc/{process_id}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / server.TICKS


def _job(address: str) -> dict[str, Any]:
    return _get(f"{address}{API}/builds/progress")


@contextmanager
def patron(url: str) -> Iterator[tuple[str, int]]:
    """Serve a database in a process of its own, with no more said than its URL."""
    command = [sys.executable, "-m", "patron", "serve", "--json", "--port", "0", "--database", url]
    with _process(command, stdout=subprocess.PIPE) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if line.startswith("}"):
                break
        else:
            raise BenchmarkError("The server did not start; see what it says with `patron serve`.")
        yield str(json.loads(said)["address"]), process.pid


def bare(address: str, path: str, connections: int, seconds: float) -> Figures:
    """Measure a bare route that returns what `path` is answered with."""
    with urlopen(
        Request(f"{address}{path}", headers={"Accept-Encoding": "gzip"}), timeout=PATIENCE
    ) as answer:
        body, coding = answer.read(), answer.headers.get("Content-Encoding", "identity")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory() as folder:
        file = Path(folder, "body")
        file.write_bytes(body)
        command = [sys.executable, "-m", "benchmarks.peers.bare", str(file), coding, str(port)]
        with _process(command) as process:
            _until_listening(port, process)
            found = _load(f"http://127.0.0.1:{port}", [["/"]], connections, seconds)
    return {**found, "bytes": len(body)}


@contextmanager
def _process(command: list[str], **given: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.DEVNULL, **given) as process:
        try:
            yield process
        finally:
            process.terminate()


def _until_listening(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise BenchmarkError("The bare route did not start.")


def _until_ready(address: str) -> None:
    """Wait until the server has made what quickens its answers."""
    end = time.monotonic() + PATIENCE
    while _get(f"{address}{API}/status")["preparing"]:
        if time.monotonic() > end:
            raise BenchmarkError(f"The server still prepared its answers {PATIENCE:.0f} s after its start.")
        time.sleep(0.2)


def _have_days_remembered(address: str, url: str) -> None:
    """Ask for days, which has the server remember them; asking the database itself may take longer than it allows."""
    try:
        _get(url)
    except HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
    _until_ready(address)


def _get(url: str) -> dict[str, Any]:
    with urlopen(url, timeout=PATIENCE) as answer:
        document: dict[str, Any] = json.load(answer)
        return document


def _post(url: str, document: Any) -> None:
    request = Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=PATIENCE):
        pass
