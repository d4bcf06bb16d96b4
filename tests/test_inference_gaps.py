"""The gap between districts: of their means, with an interval that knows it is a maximum."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measure_tables import measure_rows

from sim.inference import gaps, summary


def by_district(values: dict[str, Any], cases: float = 100.0, measure: str = "breach_share") -> pd.DataFrame:
    """Values of districts by replication, and the rows of the replications' own gaps."""
    parts = [
        measure_rows(list(of), measure, group_by="district", group=json.dumps([name], ensure_ascii=False))
        for name, of in values.items()
    ]
    own = np.ptp(np.array([list(of) for of in values.values()]), axis=0)
    parts += [measure_rows(list(own), "equity_gap")]
    parts += [measure_rows(list(own), "equity_gap", group_by="measure", group=json.dumps([measure]))]
    return pd.concat(parts, ignore_index=True).assign(denominator=cases)


def test_a_gap_of_shares_is_no_more_than_one() -> None:
    table = by_district({"A": [0.0, 0.1, 0.4], "B": [0.9, 0.95, 0.99]})
    found = gaps(table).iloc[0]
    assert 0 <= found["lower"] < found["gap"] < found["upper"] == 1
    assert gaps(table.assign(unit="h")).iloc[0]["upper"] > 1


def test_it_is_that_of_the_means_and_says_which_two() -> None:
    """Each replication is far apart by itself, in another way each time; the means are not."""
    table = by_district({"A": [0.1, 0.5, 0.3], "B": [0.5, 0.1, 0.36], "C": [0.3, 0.3, 0.33]})
    found = gaps(table).iloc[0]
    assert found["gap"] == pytest.approx(0.02)
    assert (found["smallest"], found["largest"], found["districts"]) == ("A", "B", 3)
    told = summary(table)
    told = told[told["measure"] == "equity_gap"]
    assert told["mean"].to_numpy() == pytest.approx([0.02, 0.02])
    assert (told["lower"] == 0).all()
    assert told["upper"].to_numpy() == pytest.approx(found["upper"])


def test_no_places_and_small_districts_take_no_part() -> None:
    values = {"A": [0.1, 0.12], "B": [0.2, 0.19], "Not stated": [0.9, 0.9], "Hamlet": [0.0, 0.0]}
    table = by_district(values)
    table.loc[table["group"] == '["Hamlet"]', "denominator"] = 3.0
    found = gaps(table, places=["A", "B", "Hamlet"]).iloc[0]
    assert (found["smallest"], found["largest"], found["districts"]) == ("A", "B", 2)
    assert gaps(table).iloc[0]["largest"] == "Not stated"
    assert gaps(table, places=["A", "Hamlet"])["gap"].isna().all()


def test_what_is_not_reached_has_no_gap_and_one_replication_no_bounds() -> None:
    assert gaps(by_district({"A": [0.1, np.nan], "B": [0.2, 0.3]}))["gap"].isna().all()
    alone = gaps(by_district({"A": [0.1], "B": [0.2]})).iloc[0]
    assert alone["gap"] == pytest.approx(0.1)
    assert np.isnan(alone["lower"])


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
def test_the_interval_holds_the_true_gap(spread: float) -> None:
    """Sixteen districts of unequal noise, five replications: at least 95 of 100 intervals hold the true gap. The mean
    of the replications' own gaps is far from 0 when all are alike.
    """
    rng = np.random.default_rng(7)
    truth = spread * np.linspace(0.0, 1.0, 16)
    noise = np.linspace(0.5, 1.5, 16)[:, None]
    held, own = 0, []
    for _ in range(200):
        values = truth[:, None] + noise * rng.normal(size=(16, 5))
        found = gaps(by_district({f"D{i}": row for i, row in enumerate(values)}).assign(unit="h")).iloc[0]
        held += found["lower"] <= spread <= found["upper"]
        own.append(np.ptp(values, axis=0).mean())
    assert held >= 190
    if spread == 0:
        assert min(own) > 1.5, "what used to be reported"
