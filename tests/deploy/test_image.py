"""The image: its file is linted, and its steps are run as it runs them, without an engine for containers.

The steps stand in deploy/docker/install.sh. What they make is then run as the container is: as a user without rights,
with no folder but its data to write to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from patron.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
MOST_MEGABYTES = 200  # of the compressed layer that Patron adds; the base comes to this
USER = 10001
# Everything is read-only but the data, in a mount namespace of its own.
CONFINED = 'mount --bind "$DATA" "$DATA" && mount -o remount,ro,bind / && cd "$DATA" && exec "$@"'


def test_the_dockerfile_is_linted() -> None:
    done = subprocess.run(["hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_image_runs_without_rights_and_without_build_tools() -> None:
    final = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER (\d+)$", final, re.M).group(1) == str(USER)  # type: ignore[union-attr]
    assert "HEALTHCHECK" in final
    assert final.count("RUN") == 1
    assert "apt-get" not in DOCKERFILE


def test_the_scripts_are_sound() -> None:
    for script in DOCKER.glob("*.sh"):
        subprocess.run(["sh", "-n", script], check=True)
        assert os.access(script, os.X_OK)


def test_compose_starts_the_image_as_it_is_meant_to_run() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"database", "prepare", "patron"}
    for name in ("prepare", "patron"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert {key.removeprefix("PATRON_").lower() for key in service["environment"]} <= set(
            Settings.model_fields
        )
    assert services["patron"]["ports"] == ["127.0.0.1:8360:8360"]
    assert "ports" not in services["database"]
    text = (DOCKER / "compose.yaml").read_text("utf-8")
    assert not re.search(r"PASSWORD: ", text)
    used = {
        name
        for one in services.values()
        for name in (s if isinstance(s, str) else s["source"] for s in one["secrets"])
    }
    assert used == set(COMPOSE["secrets"])


def test_secrets_are_made_once_and_at_random(tmp_path: Path) -> None:
    made = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = shutil.copy(DOCKER / "secrets.sh", folder)
        for _ in range(2):
            subprocess.run([script], check=True)
            made.append((folder / "secrets" / "database_password").read_text())
        assert (folder / "secrets" / "pgpass").read_text() == f"database:5432:patron:patron:{made[-1]}\n"
        assert (folder / "secrets" / "database_password").stat().st_mode & 0o077 == 0
    assert made[0] == made[1] != made[2] == made[3]
    assert len(made[0]) == 64


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the image has at /opt/patron, made by the same steps from the same files."""
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("image")))
    place = Path(os.path.realpath(tempfile.gettempdir()))
    for parent in (folder, *(one for one in folder.parents if place in one.parents)):
        parent.chmod(0o755)  # the user without rights is to reach it
    source = folder / "src"
    source.mkdir()
    for name in ("requirements", "src", "deploy"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # The dashboard is what `make web` has made, by the same commands as the image's step.
    build = str(folder / "build")
    for step in (["tools", build], ["patron", build, str(folder / "opt")]):
        subprocess.run([source / "deploy/docker/install.sh", *step], cwd=source, check=True, env=plain())
    shutil.rmtree(source)
    shutil.rmtree(folder / "build")
    yield folder
    shutil.rmtree(folder)


def plain() -> dict[str, str]:
    """Return an environment in which `python3` is the one that runs the tests."""
    base = str(Path(sys.base_prefix) / "bin")
    return {"PATH": f"{base}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp", **index_settings()}  # noqa: S108


def index_settings() -> dict[str, str]:
    """Return where this machine's pip fetches from, if it is told."""
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


@pytest.mark.slow
def test_it_has_patron_and_nothing_to_build_with(installed: Path) -> None:
    programs = {one.name for one in (installed / "opt/bin").iterdir()}
    assert "patron" in programs
    assert not {"pip", "pip3", "hadolint", "npm", "node"} & programs
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=1) as layer:
        layer.add(installed / "opt", "opt/patron")
    assert content.tell() / 1e6 < MOST_MEGABYTES
    listed = json.loads((installed / "opt/sbom.cdx.json").read_text("utf-8"))
    parts = {one["name"]: one["version"] for one in listed["components"]}
    locked = dict(
        re.findall(r"^([a-z0-9_.-]+)==(\S+)", (ROOT / "requirements/runtime.txt").read_text("utf-8"), re.M)
    )
    for name in ("duckdb", "fastapi", "psycopg", "sqlglot"):
        assert parts[name] == locked[name]
    assert "patron" in parts


@contextmanager
def running(installed: Path, data: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `patron` as the container does."""
    command = ["unshare", "--mount", "sh", "-c", CONFINED, "sh"]
    if os.geteuid() == 0:
        command += [
            "setpriv",
            f"--reuid={USER}",
            f"--regid={USER}",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
        ]
    else:
        command[1:1] = ["--user", "--map-root-user"]
    python = str(installed / "opt/bin/python")
    with subprocess.Popen(
        [*command, python, "-m", "patron", *words],
        env={
            "DATA": str(data),
            "TMPDIR": str(data),
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def done(installed: Path, data: Path, *words: str) -> str:
    with running(installed, data, *words) as process:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out


@pytest.mark.slow
def test_it_answers_as_a_user_without_rights_on_a_root_that_is_read_only(installed: Path) -> None:
    data = installed / "data"
    data.mkdir()
    if os.geteuid() == 0:
        os.chown(data, USER, USER)
    done(installed, data, "sample", "--customers", "50", "--seed", "7")
    done(installed, data, "build")
    key = json.loads(done(installed, data, "keys", "create", "--role", "viewer", "--json"))["key"]
    done(installed, data, "status")  # what is read for the first time from the disk is in memory now
    began = time.monotonic()
    with running(installed, data, "serve", "--host", "0.0.0.0", "--port", "0", "--json") as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        address = json.loads(text)["address"].replace("0.0.0.0", "127.0.0.1")
        with urllib.request.urlopen(f"{address}/health/live", timeout=30) as answer:
            assert answer.status == 200
        seconds = time.monotonic() - began
        print(f"first answer after {seconds:.2f} s")
        request = urllib.request.Request(
            f"{address}/api/v1/metrics/total_customers", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["rows"][0]["value"] == 50
        backup = done_fails(installed, data, "status")
        assert "in use by" in backup


def done_fails(installed: Path, data: Path, *words: str) -> str:
    with running(installed, data, *words) as process:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1
        return err
