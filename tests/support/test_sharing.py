"""Which tests go to one process, and in which order."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.sharing import LONGEST, Sharing, unit_of

ROOT = Path(__file__).parents[2]
SITE = "tests/browser/test_data.py::test_loads[postgres18]"
OF_ONE_SITE = [SITE, "tests/browser/test_overview.py::test_a_slice[postgres18-churn_risk-4]"]


class Worker:
    """Notes which tests it is given."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.given += numbers

    def shutdown(self) -> None:
        self.shutting_down = True


def test_tests_of_one_module_on_one_engine_are_one_unit() -> None:
    assert unit_of("tests/a/test_b.py::test_c[duckdb-load]") == "tests/a/test_b.py duckdb"
    assert unit_of("tests/a/test_b.py::test_d[text-duckdb]") == "tests/a/test_b.py duckdb"
    assert unit_of("tests/a/test_b.py::test_e[postgres]") == unit_of("tests/a/test_b.py::test_f")
    assert {unit_of(one) for one in OF_ONE_SITE} == {"tests/browser postgres18"}
    assert unit_of("tests/spark/test_a.py::test_b[spark]") == unit_of(
        "tests/spark/test_c.py::test_d[spark-1]"
    )


def test_what_takes_long_is_of_files_that_exist() -> None:
    assert all((ROOT / unit.partition(" ")[0]).exists() for unit in LONGEST)


def test_a_site_goes_to_one_process_and_first() -> None:
    short = [f"tests/a/test_{number}.py::test_it" for number in range(9)]
    collected = [*short[:5], OF_ONE_SITE[0], *short[5:], OF_ONE_SITE[1]]
    config: Any = SimpleNamespace(option=SimpleNamespace(), getvalue=lambda _: ["popen", "popen"])
    sharing, workers = Sharing(config), [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        sharing.add_node(worker)
        sharing.add_node_collection(worker, collected)
    sharing.schedule()
    assert [collected[number] for number in workers[0].given[:2]] == OF_ONE_SITE
    assert not {collected[number] for number in workers[1].given} & set(OF_ONE_SITE)
