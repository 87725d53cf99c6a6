"""Thresholds of the model lie within what every engine can hold and compare with."""

from __future__ import annotations

from pathlib import Path

import pytest

from patron.errors import SettingsError
from patron.settings import load_settings


@pytest.mark.parametrize(
    "line",
    [
        "high_value_above = 1e30",
        "medium_value_above = -1e30",
        "high_value_above = 10000.005",
        "churn_days = [30, 90, 180, 4000000000]",
        "recency_cuts = [110001, 180, 90, 30]",
        "frequency_cuts = [-1, 2, 4, 9]",
        "frequency_cuts = [1, 2, 4, 2147483648]",
        "monetary_cuts = [0, 1, 2, 1e16]",
    ],
)
def test_a_threshold_beyond_any_shop_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "patron.toml"
    file.write_text(f"[model]\n{line}\n")
    with pytest.raises(SettingsError, match=f"'model.{line.split()[0]}") as caught:
        load_settings(file)
    assert "\n" not in str(caught.value)
