"""How long and how often to run, and who is first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measure_tables import measure_rows
from scipy import stats

from sim.inference import mser5, ranks, replications_needed, warm_up
from sim.inference.runs import without_week

NAN = math.nan


# --- runs ---


def test_replications_needed() -> None:
    pilot = [8.0, 12.0, 10.0, 9.0, 11.0]
    s, t = np.std(pilot, ddof=1), stats.t.ppf(0.975, 4)
    assert replications_needed(pilot, 0.5) == math.ceil((t * s / 0.5) ** 2)
    assert replications_needed([*pilot, NAN], 0.5) == math.ceil((t * s / 0.5) ** 2)
    assert replications_needed(pilot, 100.0) == 5
    assert replications_needed([3.0, 3.0], 0.1) == 2
    for values, half_width in (([1.0], 1.0), (pilot, 0.0), (pilot, NAN)):
        with pytest.raises(ValueError, match="at least two replications"):
            replications_needed(values, half_width)


def test_the_two_stages_give_the_precision_they_promise() -> None:
    rng = np.random.default_rng(7)
    misses = 0
    for _ in range(1500):
        pilot = rng.normal(0.0, 2.0, 5)
        n = replications_needed(pilot, 1.0, 0.9)
        mean = np.mean([*pilot, *rng.normal(0.0, 2.0, n - 5)])
        misses += abs(mean) > 1.0
    assert misses / 1500 < 0.1 + 4 * math.sqrt(0.09 / 1500)
    assert misses / 1500 > 0.05  # nor is it wasteful


def test_mser_finds_the_end_of_a_transient() -> None:
    rng = np.random.default_rng(3)
    hours = np.arange(1000)
    rising = 100 * (1 - np.exp(-hours / 30)) + rng.normal(0, 5, 1000)
    dropped = mser5(rising)
    assert dropped is not None
    assert 60 <= dropped <= 200
    assert dropped % 5 == 0


def test_mser_is_its_definition() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        series = rng.normal(0, 1, 203) + np.linspace(rng.uniform(0, 6), 0, 203) ** 2
        means = [np.mean(series[5 * i : 5 * i + 5]) for i in range(40)]
        errors = [np.sum((means[d:] - np.mean(means[d:])) ** 2) / (40 - d) ** 2 for d in range(21)]
        best = int(np.argmin(errors))
        assert mser5(series) == (5 * best if best < 20 else None)


def test_mser_of_a_settled_and_of_a_growing_series() -> None:
    assert mser5(np.full(100, 0.1)) == 0
    assert mser5(np.arange(1000.0)) is None
    assert mser5([1.0, 2.0, 3.0]) is None


def test_warm_up_sees_neither_nights_nor_weekends() -> None:
    hours = np.arange(26 * 168)
    working = 50.1 * ((hours % 24 >= 8) & (hours % 24 < 17) & (hours // 24 % 7 < 5))
    noise = np.random.default_rng(1).normal(0, 3, (8, 26 * 168))
    assert warm_up(working) == 0
    found = warm_up(working + noise)
    assert found is not None
    assert found <= 7 * 24, "noise alone is cut by a few days at most"
    assert warm_up(working + noise + np.where(hours < 500, -40, 0)) in (504, 528), "in whole days"
    assert warm_up(working + noise + hours / 10) is None, "a trend"
    late = working + noise + (hours / 1000) ** 4
    assert mser5(without_week(late).mean(axis=0)) == 0, "what rises at the end alone is not cut by MSER-5"
    assert warm_up(late) is None
    assert warm_up(np.where(np.arange(240) < 25, 0.0, 7.0)) == 48


# --- ranks ---


def by_district(values: dict[str, list[float]], measure: str = "score", **others: Any) -> pd.DataFrame:
    return pd.concat(
        [measure_rows(v, measure, group_by="district", group=f'["{name}"]', **others) for name, v in values.items()]
    )


def test_ranks_with_their_bounds() -> None:
    noise = [0.0, 0.01, -0.01, 0.005, -0.005]
    clear = {
        "good": [0.9 + x for x in noise],
        "twin": [0.9 - x for x in noise],
        "bad": [0.5 + 2 * x for x in noise],
    }
    found = ranks(by_district(clear), "score", "district").set_index("group")
    assert found.loc['["bad"]', "rank"] == 3
    bounds = {group: (row["lower"], row["upper"]) for group, row in found.iterrows()}
    assert bounds == {'["good"]': (1, 2), '["twin"]': (1, 2), '["bad"]': (3, 3)}


def test_ranks_follow_what_is_better() -> None:
    values = {"low": [1.0, 1.1, 0.9], "high": [9.0, 9.1, 8.9]}
    first = ranks(by_district(values, "breach_share"), "breach_share", "district").iloc[0]
    assert (first["group"], first["rank"], first["lower"], first["upper"]) == ('["low"]', 1, 1, 1)
    assert ranks(by_district(values), "score", "district").iloc[0]["group"] == '["high"]'


def test_equal_groups_share_a_rank_that_could_be_any() -> None:
    found = ranks(by_district({name: [1.0, 2.0, 3.0] for name in "abc"}), "score", "district")
    assert list(found["rank"]) == [1, 1, 1]
    assert list(found["lower"]) == [1, 1, 1]
    assert list(found["upper"]) == [3, 3, 3]


def test_pairing_sees_what_separate_intervals_do_not() -> None:
    shared = np.array([0.0, 5.0, -5.0, 10.0, -10.0])
    values = {"a": list(1.0 + shared), "b": list(0.0 + shared + 0.01 * shared[::-1])}
    found = ranks(by_district(values), "score", "district")
    assert list(found["upper"]) == [1, 2]


def test_groups_without_a_value_have_no_rank_and_one_replication_gives_no_bounds() -> None:
    table = pd.concat([by_district({"a": [1.0], "b": [NAN]}), by_district({"c": [NAN]}, denominator=4.0)])
    found = ranks(table, "score", "district")
    assert list(found["group"]) == ['["a"]']
    assert math.isnan(found["lower"].item())


def test_ranks_of_pure_noise_cover_every_rank() -> None:
    rng = np.random.default_rng(11)
    wrong = 0
    for _ in range(300):
        values = {str(group): list(rng.normal(0, 1, 6)) for group in range(5)}
        found = ranks(by_district(values), "score", "district", level=0.9)
        wrong += np.sum((found["lower"] > 1) | (found["upper"] < 5))
    # all five are equal, so each may be any; a bound that forbids a rank is an error
    assert wrong / 1500 <= 0.1


def test_what_cannot_be_ranked_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot be ranked"):
        ranks(by_district({"a": [1.0]}, "contacts"), "contacts", "district")
    with pytest.raises(ValueError, match="no score by “unit”"):
        ranks(by_district({"a": [1.0]}), "score", "unit")
