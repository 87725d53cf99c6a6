"""`patron metrics`: what it shows of figures and what it says of words that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from patron.cli import charts
from patron.metrics import registry
from tests.cli.conftest import LAST_DAY, Patron, complaint, document


def test_all_figures_are_shown(patron: Patron, shop: Path) -> None:
    documents = document(patron("metrics", "--json"))
    assert documents.keys() == registry().keys()
    said = patron("metrics", columns=120).stdout
    for one in registry().values():
        assert one.title in said
    assert f"{documents['total_customers']['rows'][0]['value']:,}" in said


@pytest.mark.parametrize("name", list(registry()))
def test_one_figure_says_what_it_means(patron: Patron, shop: Path, name: str) -> None:
    said = patron("metrics", name, columns=200).stdout
    one = registry()[name]
    assert one.meaning.split(". ")[0] in said
    for column, meaning in one.columns.items():
        assert column in said
        assert meaning in said


def test_filters_and_periods_narrow(patron: Patron, shop: Path) -> None:
    months = document(
        patron("metrics", "monthly_revenue", "--from", "2025-02-01", "--to", "2025-03-31", "--json")
    )
    assert [row["month"] for row in months["rows"]] == ["2025-02-01", "2025-03-01"]
    assert months["filters"] == {"from": "2025-02-01", "to": "2025-03-31"}
    assert months["as_of"] == LAST_DAY
    words = ("--churn-risk", "1", "--churn-risk", "2", "--channel", "Unknown")
    found = document(patron("metrics", "churn_risk", *words, "--json"))
    assert found["filters"] == {"churn_risk_score": [1, 2], "preferred_marketing_channel": ["Unknown"]}
    assert {row["churn_risk_score"] for row in found["rows"]} <= {1, 2}
    by = document(patron("metrics", "segment_distribution", "--by", "rfm_segment", "--json"))
    assert "rfm_segment" in by["rows"][0]
    assert "Only: churn_risk_score 1" in patron("metrics", "--churn-risk", "1").stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("retentoin_rate",), "Did you mean 'retention_rate'?"),
        (("rfm", "--segment", "High"), "There is no customer_segment 'High'"),
        (("rfm", "--churn-risk", "0"), "it is 1 to 5, or Unknown"),
        (("rfm", "--from", "2025-02-01", "--to", "2025-01-31"), "is empty"),
        (("rfm", "--from", "1066-10-14"), "its year must be 1900 to 2199"),
        (("top_customers", "--limit", "101"), "from 1 to 100"),
        (("rfm", "--limit", "5"), "has no option 'limit'"),
        (("segment_distribution", "--by", "email"), "It is one of: customer_segment, rfm_segment"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    patron: Patron, shop: Path, words: tuple[str, ...], part: str
) -> None:
    assert part in complaint(patron("metrics", *words))


def test_without_a_build_there_is_nothing_to_show(patron: Patron) -> None:
    patron("init")
    assert "patron build" in complaint(patron("metrics"))


def test_a_line_runs_from_the_lowest_to_the_highest() -> None:
    assert charts.line([1, None, 4.5, 8]) == "▁ ▅█"
    assert charts.line([2, 2]) == "▄▄"
    assert charts.line([None]) == " "
