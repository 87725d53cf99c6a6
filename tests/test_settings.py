"""Settings from a file and the environment, and what is said of those that do not fit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from patron.errors import SettingsError
from patron.settings import Settings, load_settings
from tests.conftest import MakeEngine
from tests.support.databases import rows


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(text: str = "") -> str:
    """Return the sentence that a settings file gets."""
    Path("patron.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    said = str(caught.value)
    assert "\n" not in said
    assert "Error" not in said
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("high_value_above = 5", "belongs under [model]"),
        ("[model]\nthreads = 2", "belongs at the top"),
        ("[model]\nhig = 2", "Did you mean 'high_value_above'?"),
        ("[models]\nhigh_value_above = 2", "Did you mean 'model'?"),
        (
            "[model]\nchurn_days = [1, 2]",
            "'model.churn_days' (patron.toml or the environment) does not fit: it must be",
        ),
        ("[model]\nchurn_days = [1, 2, 3, 4, 5]", "it must be four numbers"),
        ("[model]\nrecency_cuts = 'late'", "it must be four numbers"),
        ("[model]\nchurn_days = [1, 2, 3, 3000000000]", "model.churn_days.3"),
        ("[model]\nfrequency_cuts = [1, 2, 3, 99999999999999999999]", "model.frequency_cuts.3"),
        ("[model]\nmonetary_cuts = [1, 2, 3, 1e30]", "model.monetary_cuts.3"),
        ("[model]\nhigh_value_above = 1e30", "model.high_value_above"),
        ("[model]\nhigh_value_above = inf", "finite"),
        ("[model]\nhigh_value_above = nan", "finite"),
        ("[model]\nhigh_value_above = 10000.005", "2 decimal places"),
        ('[model]\npositive_response_types = ["\\u0000"]', "cannot be printed"),
        ('memory_limit = "lots"', "'lots' is no amount of memory"),
        ('work_mem = "1kB"', "'1kB' is no amount of memory from 64kB"),
        ('work_mem = "2048GB"', "no amount of memory"),
        ("threads = 0", "threads"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(text: str, said: str) -> None:
    assert said in told(text)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PATRON_MODEL", '{"churn_days":', "The environment variable PATRON_MODEL cannot be read as JSON"),
        ("PATRON_MODEL", '{"hig": 3}', "There is no setting 'model.hig'. Did you mean 'high_value_above'?"),
        ("PATRON_MODEL__CHURN_DAYS", "30,90,180,365", "write lists as [1, 2, 3, 4]"),
        ("PATRON_MODEL__CHURN_DAYS", "30", "it must be four numbers"),
        ("PATRON_MODEL__HIGH", "3", "Did you mean 'high_value_above'?"),
        ("PATRON_HIGH_VALUE_ABOVE", "3", "PATRON_MODEL__HIGH_VALUE_ABOVE"),
        ("PATRON_THREAD", "3", "Did you mean 'threads'?"),
        ("PATRON_THREADS", "two", "'threads'"),
    ],
)
def test_a_variable_that_does_not_fit_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert said in told()


def test_an_empty_variable_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE", "MEMORY_LIMIT", "THREADS", "MODEL__HIGH_VALUE_ABOVE"):
        monkeypatch.setenv(f"PATRON_{name}", "")
    assert load_settings() == Settings()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("patron.toml").write_text('memory_limit = "60%"\n[model]\nchurn_days = [1, 2, 3, 4]\n')
    monkeypatch.setenv("PATRON_MEMORY_LIMIT", "4 GiB")
    settings = load_settings()
    assert (settings.memory_limit, settings.model.churn_days) == ("4 GiB", (1, 2, 3, 4))


EDGES = """
[model]
high_value_above = 1000000000000000
medium_value_above = -1000000000000000
churn_days = [0, 0, 110000, 110000]
recency_cuts = [110000, 110000, 0, 0]
frequency_cuts = [0, 0, 2147483647, 2147483647]
monetary_cuts = [-999999999999999.99, 0, 0, 999999999999999.99]
positive_response_types = []
"""


def test_every_engine_builds_with_settings_at_their_bounds(make_engine: MakeEngine) -> None:
    Path("patron.toml").write_text(EDGES)
    engine = make_engine(load_settings())
    engine.query("INSERT INTO customer_info (customer_id, registration_date) VALUES (1, DATE '2024-01-01')")
    engine.query(
        "INSERT INTO purchase_transactions (transaction_id, customer_id, purchase_date, quantity, total_amount) "
        "VALUES (1, 1, DATE '2024-01-01', 1, 2.50)"
    )
    engine.build(date(2024, 1, 31))
    found = rows(engine, "SELECT customer_segment, churn_risk_score, recency_score FROM customer_360")
    assert found == [{"customer_segment": "Medium Value", "churn_risk_score": 3, "recency_score": 3}]


@pytest.mark.parametrize("line", ['header = "X-Token"', 'admins = ["ann@b.c"]', 'default_role = "viewer"'])
def test_what_is_about_tokens_takes_an_issuer(line: str) -> None:
    """Else it would be thought that whoever is not named is kept out."""
    name = line.partition(" ")[0]
    assert f"{name} is about tokens, and takes an issuer" in told(f"[auth]\n{line}\n")


def test_a_proxys_token_comes_in_a_header_of_its_own() -> None:
    lines = 'issuer = "https://a"\naudience = "b"\nheader = "authorization"'
    assert "header is where a proxy hands on its token" in told(f"[auth]\n{lines}\n")


def test_lists_of_whom_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ISSUER": "https://i",
        "AUDIENCE": "a",
        "ADMINS": '["a@b"]',
        "ANALYSTS": "[]",
    }.items():
        monkeypatch.setenv(f"PATRON_AUTH__{name}", value)
    auth = load_settings().auth
    assert (auth.admins, auth.analysts) == (("a@b",), ())
    assert hash(load_settings())
