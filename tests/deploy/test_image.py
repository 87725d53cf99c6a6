"""The image: its file is linted and built, without an engine for containers, and what comes of it is run.

It is run as the container is: as a user without rights, with no folder but its data to write to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from patron.contract.dialects import DIALECTS
from patron.settings import Settings
from tests.deploy.builder import PROGRAMS, Builder, Image, configuration

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
MOST_MEGABYTES = 350  # as it is pulled: all layers, compressed
MOST_ON_DISK = 530  # all layers as they lie there, on the base that the tests make
MOST_SECONDS = 15  # of a processor until the first answer, many times what it takes on a quiet machine
PULLED = "tar --create --one-file-system --file=- --directory=/ . 2> /dev/null | gzip -1 | wc -c"
USER = 10001
TAG = "localhost/patron-tested"


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
    assert set(services) == {"secrets", "database", "prepare", "patron"}
    for name in ("secrets", "prepare", "patron"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    for name in ("prepare", "patron"):
        assert {key.removeprefix("PATRON_").lower() for key in services[name]["environment"]} <= set(
            Settings.model_fields
        )
    assert services["patron"]["ports"] == ["127.0.0.1:8360:8360"]
    assert [name for name, one in services.items() if "ports" in one] == ["patron"]
    assert "PASSWORD: " not in (DOCKER / "compose.yaml").read_text("utf-8")
    mounted = {volume.split(":")[0] for one in services.values() for volume in one["volumes"]}
    assert mounted == set(COMPOSE["volumes"])
    assert [name for name, one in services.items() if "secrets:/secrets" in one["volumes"]] == ["secrets"]


def make_secrets(folder: Path) -> None:
    """Do what the service of the secrets does, to a folder, for this user instead of the image's."""
    assert COMPOSE["services"]["secrets"]["entrypoint"] == ["sh", "-ec"]
    (script,) = COMPOSE["services"]["secrets"]["command"]
    assert f"chown {USER} " in script
    mine = script.replace("$$", "$").replace("/secrets", str(folder)).replace(str(USER), str(os.getuid()))
    subprocess.run(["sh", "-ec", mine], check=True)


def test_secrets_are_made_once_and_at_random(tmp_path: Path) -> None:
    made = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pgpass.new").touch()  # of a start that was cut off
        for _ in range(2):
            make_secrets(folder)
            made.append((folder / "password").read_text())
        assert sorted(file.name for file in folder.iterdir()) == ["password", "pgpass"]
        assert (folder / "pgpass").read_text() == f"database:5432:patron:patron:{made[-1]}\n"
        for file in folder.iterdir():
            assert file.stat().st_mode & 0o077 == 0  # else libpq takes no notice of it
    assert made[0] == made[1] != made[2] == made[3]
    assert len(made[0]) == 64


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("apt-get"), reason="what builds the image comes from packages of Debian or Ubuntu"
)
def test_the_image_is_built_from_its_file_and_answers(tmp_path: Path) -> None:
    """One test, for the image is built once: its size, what is in it, and what it does as it is run for real."""
    assert PROGRAMS.exists(), "there is no builder: run `make .tools/builder/.ready`"
    builder = Builder()
    whole, base = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    builder.make_bases(base, whole)
    builder.build(DOCKER / "Dockerfile", ROOT, TAG, *configuration())
    image = Image(builder, TAG)
    try:
        data = tmp_path / "data"
        data.mkdir()
        pulled, on_disk = int(image.done(data, "sh", "-c", PULLED)) / 1e6, builder.megabytes(TAG)
        print(
            f"{pulled:.0f} MB pulled, {on_disk:.0f} MB on the disk, the base {builder.megabytes(base):.0f} of these"
        )
        assert pulled < MOST_MEGABYTES
        assert on_disk < MOST_ON_DISK
        _has_patron_and_nothing_to_build_with(image, data)
        _answers(image, data)
    finally:
        image.remove()


def _has_patron_and_nothing_to_build_with(image: Image, data: Path) -> None:
    programs = set(image.done(data, "ls", "/opt/patron/bin").split())
    assert "patron" in programs
    assert not {"pip", "pip3", "uv", "hadolint", "npm", "node"} & programs
    listed = json.loads(image.done(data, "cat", "/opt/patron/sbom.cdx.json"))
    parts = {one["name"]: one["version"] for one in listed["components"]}
    locked = dict(
        re.findall(r"^([a-z0-9_.-]+)==(\S+)", (ROOT / "requirements/runtime.txt").read_text("utf-8"), re.M)
    )
    for name in ("duckdb", "fastapi", "psycopg", "sqlglot"):
        assert parts[name] == locked[name]
    assert "patron" in parts
    assert image.done(data, "id", "-u").strip() == str(USER)
    capabilities = image.done(data, "cat", "/proc/self/status")
    assert re.search(r"^CapEff:\t0+$", capabilities, re.M)
    assert "Read-only file system" in image.fails(data, "touch", "/opt/patron/x")


def seconds_of(process: subprocess.Popen[str]) -> float:
    """Return the seconds of a processor that a process has taken."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers(image: Image, data: Path) -> None:
    image.done(data, "patron", "sample", "--customers", "50", "--seed", "7")
    image.done(data, "patron", "build")
    for dialect in DIALECTS:
        assert "CREATE TABLE" in image.done(data, "patron", "ddl", "--dialect", dialect)
    key = json.loads(image.done(data, "patron", "keys", "create", "--role", "viewer", "--json"))["key"]
    began = time.monotonic()
    words = [*image.config["Entrypoint"], *image.config["Cmd"], "--port", "0", "--json"]
    with image.running(data, *words) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        address = json.loads(text)["address"].replace("0.0.0.0", "127.0.0.1")
        with urllib.request.urlopen(f"{address}/health/live", timeout=30) as answer:
            assert answer.status == 200
        took = seconds_of(process)
        print(
            f"the first answer came after {time.monotonic() - began:.2f} s, {took:.2f} s of them of a processor"
        )
        assert took < MOST_SECONDS
        request = urllib.request.Request(
            f"{address}/api/v1/metrics/total_customers", headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["rows"][0]["value"] == 50
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"<html" in answer.read()  # the dashboard
        kind, *check = image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        image.done(data, *(word.replace("http://127.0.0.1:8360", address) for word in check))
        assert "in use by" in image.fails(data, "patron", "status")
