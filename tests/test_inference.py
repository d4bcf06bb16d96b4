"""Intervals, paired differences and Holm's correction, against textbook formulas and worked examples."""

from __future__ import annotations

import math
import random
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measure_tables import measure_rows as rows
from measure_tables import requests_table
from scipy import stats

from sim.inference import Relevance, differences, holm, interval, pairwise_requests, summary
from sim.inference.pairs import Matched

NAN = math.nan


# --- intervals ---


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.sampled_from([0.9, 0.95, 0.999]))
def test_intervals_are_those_of_scipy(values: list[float], level: float) -> None:
    found = interval(values, level)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    if np.ptp(values) > 1e-3:
        bounds = stats.t.interval(level, len(values) - 1, np.mean(values), stats.sem(values))
        assert (found.lower, found.upper) == pytest.approx(bounds, rel=1e-7, abs=1e-5)


def test_one_value_has_no_bounds_and_none_no_mean() -> None:
    one = interval([3.0, NAN])
    assert (one.mean, one.n) == (3.0, 1)
    assert math.isnan(one.lower)
    assert math.isnan(one.upper)
    none = interval([NAN])
    assert math.isnan(none.mean)
    assert none.n == 0


def test_equal_values_have_exactly_no_spread() -> None:
    assert interval([0.1] * 7) == (0.1, 0.1, 0.1, 7)


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(12345)
    samples = rng.normal(10.0, 3.0, size=(4000, 6))
    found = [interval(sample, 0.9) for sample in samples]
    covered = np.mean([one.lower <= 10.0 <= one.upper for one in found])
    assert abs(covered - 0.9) < 4 * math.sqrt(0.9 * 0.1 / 4000)
    # the check has teeth: bounds of the normal distribution would be caught
    narrow = stats.norm.ppf(0.95) / stats.t.ppf(0.95, 5)
    missed = np.mean([abs(one.mean - 10.0) > narrow * (one.upper - one.mean) for one in found])
    assert abs(1 - missed - 0.9) > 4 * math.sqrt(0.9 * 0.1 / 4000)


def test_summary() -> None:
    table = pd.concat(
        [
            rows([11.0, 12.0, 13.0], unit="h"),
            rows([1.0, NAN, 3.0], "closed_share"),
            rows([5.0], "score", scenario="other"),
        ]
    )
    found = summary(table).set_index(["scenario", "measure"])
    assert list(found.columns) == ["group_by", "group", "mean", "lower", "upper", "n", "unit"]
    half = stats.t.ppf(0.975, 2) / math.sqrt(3)
    first = found.loc[("base", "breach_share")]
    assert (first["mean"], first["lower"], first["upper"]) == pytest.approx((12, 12 - half, 12 + half))
    assert found.loc[("base", "closed_share"), "n"] == 2
    assert found.loc[("base", "closed_share"), "mean"] == 2
    assert math.isnan(found.loc[("other", "score"), "lower"])
    assert len(found) == 3


@pytest.mark.parametrize(
    ("measure", "unit", "lowest", "highest"),
    [
        ("breach_share", "share", 0.0, 1.0),
        ("score", "score", 0.0, 1.0),
        ("time_to_close_mean", "h", 0.0, math.inf),
        ("resolution_gap", "share", -1.0, 1.0),
        ("utilisation", "share", 0.0, math.inf),
    ],
)
def test_intervals_end_where_their_measure_does(measure: str, unit: str, lowest: float, highest: float) -> None:
    """Also those of differences, and none is narrower than it need be."""
    for values in ([0.01, 0.3], [0.7, 0.99], [0.4, 0.41]):
        mean, _, _, n = interval(values)
        half = interval(values).upper - mean
        found = summary(rows(values, measure, unit=unit)).iloc[0]
        assert (found["n"], found["mean"]) == (n, mean)
        assert (found["lower"], found["upper"]) == (max(mean - half, lowest), min(mean + half, highest))
        table = pd.concat([rows([0.0, 0.0], measure, unit=unit), rows(values, measure, "other", unit=unit)])
        apart = differences(table, "base").iloc[0]
        assert apart["lower"] == max(mean - half, lowest - highest)
        assert apart["upper"] == min(mean + half, highest - lowest)


def test_what_matters_is_told_by_the_unit_and_the_baseline() -> None:
    parts = []
    for scenario, more in (("base", 0.0), ("other", 1.0)):
        parts += [
            rows([0.2, 0.3], "breach_share", scenario),
            rows([0.8, 0.9], "score", scenario, unit="score"),
            rows([200.0 + more, 300.0], "backlog_end", scenario, unit="requests"),
            rows([50.0, 150.0 + more], "time_to_close_p50", scenario, unit="h"),
            rows([50.0, 150.0 + more], "time_to_close_p50", scenario, unit="h", group_by="month", group='["a"]'),
        ]
    found = differences(pd.concat(parts), "base", exact=[""])
    assert list(found["relevant"]) == [0.005, 0.005, 2.5, 1.0, 1.0]
    assert list(found["grid"]) == [0, 0, 0, 0, 0.005 * 100.5]
    found = differences(pd.concat(parts), "base", relevance=Relevance(0.01, 0.05))
    assert list(found["relevant"]) == [0.01, 0.01, 12.5, 5.0, 5.0]
    assert list(found["grid"] > 0) == [False, False, False, True, True]


def test_a_quantile_is_known_no_better_than_its_bin() -> None:
    """All replications in one bin, which is 0.5 % wide; a mean that is the same in all is known."""
    table = pd.concat(
        [rows([40.0, 40.0], "time_to_close_p50", unit="h"), rows([40.0, 40.0], "phone_wait_mean", unit="h")]
    )
    median, mean = summary(table).to_dict("records")
    assert (median["lower"], median["upper"]) == pytest.approx((39.9, 40.1))
    assert (mean["lower"], mean["upper"]) == (40, 40)
    assert summary(table, exact=[""])["upper"].tolist() == [40, 40]
    assert math.isnan(summary(rows([40.0], "time_to_close_p50", unit="h"))["lower"].item())


def test_a_value_not_reached_in_one_replication_leaves_no_mean() -> None:
    table = rows([1.0, NAN, 3.0], "time_to_close_p90", denominator=10.0)
    found = summary(table).iloc[0]
    assert math.isnan(found["mean"])
    assert math.isnan(found["upper"])
    assert found["n"] == 2


def test_the_same_replication_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        summary(pd.concat([rows([1.0]), rows([2.0])]))


# --- differences ---


def test_differences_are_paired() -> None:
    base, other = [10.0, 20.0, 30.0, 40.0], [11.0, 22.0, 31.0, 42.0]
    table = pd.concat([rows(base, unit="h"), rows(other, scenario="more", unit="h")])
    found = differences(table, "base").iloc[0]
    expected = stats.ttest_rel(other, base)
    bounds = expected.confidence_interval(0.95)
    assert found["difference"] == 1.5
    assert (found["lower"], found["upper"]) == pytest.approx((bounds.low, bounds.high))
    assert found["p"] == pytest.approx(expected.pvalue)
    assert (found["scenario"], found["baseline"], found["n"]) == ("more", "base", 4)


def test_no_difference_is_exactly_zero() -> None:
    values = [0.1, 0.7, 0.3]
    found = differences(pd.concat([rows(values), rows(values, scenario="same")]), "base").iloc[0]
    assert (found["difference"], found["lower"], found["upper"], found["p"]) == (0, 0, 0, 1)


def test_a_constant_difference_is_certain() -> None:
    table = pd.concat([rows([1.0, 2.0]), rows([1.5, 2.5], scenario="more")])
    found = differences(table, "base").iloc[0]
    assert (found["lower"], found["upper"], found["p"]) == (0.5, 0.5, 0)


def test_only_pairs_count() -> None:
    base, other = rows([1.0, NAN, 3.0, 4.0]), rows([2.0, 9.0, NAN, 6.0], scenario="more")
    found = differences(pd.concat([base, other.iloc[[3, 1, 0, 2]]]), "base").iloc[0]
    assert (found["n"], found["difference"]) == (2, 1.5)
    single = differences(pd.concat([base.iloc[:1], other.iloc[:1]]), "base").iloc[0]
    assert (single["n"], single["difference"]) == (1, 1.0)
    assert math.isnan(single["lower"])
    assert math.isnan(single["p"])


def test_not_reached_in_either_is_no_difference() -> None:
    base = rows([1.0, 2.0, 3.0], "time_to_close_p90")
    other = rows([1.0, NAN, 3.0], "time_to_close_p90", "slow", denominator=10.0)
    found = differences(pd.concat([base, other]), "base").iloc[0]
    assert math.isnan(found["difference"])
    assert math.isnan(found["p"])
    assert math.isnan(found["p_holm"])


def test_holm_adjusts_over_the_headline_measures_of_the_city_and_all_scenarios() -> None:
    parts = []
    for scenario, shift in (("base", 0.0), ("b", 0.3), ("c", 0.1)):
        noise = np.array([0.0, 0.1, -0.1, 0.05])
        for measure in ("breach_share", "score", "hops_mean"):
            values = [1.0, 2.0, 3.0, 4.0] + (scenario != "base") * (shift + noise * (2 if measure == "score" else 1))
            parts.append(rows(list(values), measure, scenario))
        parts.append(rows(list(values), "score", scenario, group_by="district", group='["A"]'))
    found = differences(pd.concat(parts), "base")
    family = found["measure"].isin(["breach_share", "score"]) & (found["group_by"] == "")
    assert family.sum() == 4
    np.testing.assert_allclose(found.loc[family, "p_holm"], holm(found.loc[family, "p"]))
    other = (found["measure"] == "hops_mean") & (found["group_by"] == "")
    assert found.loc[other, "p_holm"].isna().all()
    assert found["p"].notna().all()


def test_holm_adjusts_over_the_groups_of_one_measure_and_dimension() -> None:
    rng = np.random.default_rng(4)
    parts = []
    for scenario, shift in (("base", 0.0), ("b", 0.3)):
        for dimension, groups in (("district", "ABC"), ("category", "DE")):
            for group in groups:
                values = list(rng.normal(shift, 0.1, 4))
                for measure in ("breach_share", "hops_mean"):
                    parts.append(rows(values, measure, scenario, group_by=dimension, group=f'["{group}"]'))
    found = differences(pd.concat(parts), "base")
    families = list(found.groupby(["measure", "group_by"]))
    assert [len(family) for _, family in families] == [2, 3, 2, 3]
    for _, family in families:
        np.testing.assert_allclose(family["p_holm"], holm(family["p"]))
    assert (found["p_holm"] > found["p"]).any()


def test_a_missing_baseline_is_an_error() -> None:
    with pytest.raises(ValueError, match="no scenario “none”"):
        differences(pd.concat([rows([1.0]), rows([1.0], scenario="b")]), "none")
    with pytest.raises(ValueError, match="others to compare"):
        differences(rows([1.0]), "base")


def test_holm_on_a_worked_example() -> None:
    # smallest times 4, next times 3, …, never falling, at most 1
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, NAN, 0.9]), [1.0, NAN, 1.0])
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_at_least_p_at_most_bonferroni_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= np.minimum(np.array(p) * len(p), 1) + 1e-12)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)


# --- request by request ---


def request(number: int, closed_after: float | None, status: str = "closed") -> dict[str, Any]:
    return {
        "request": f"{number:016x}",
        "arrived": 10.0,
        "dispatched": 10.0,
        "status": status,
        "first_closed": NAN if closed_after is None else 10.0 + closed_after,
    }


def test_the_same_requests_in_two_scenarios() -> None:
    before = [request(1, 5), request(2, 5), request(3, 5), request(4, None, "open"), request(5, None, "open")]
    after = [request(5, None, "open"), request(4, 9), request(3, None, "open"), request(2, 5), request(1, 4)]
    before += [request(6, 1), request(7, 1), request(9, None, "answered")]
    after += [request(6, None, "merged"), request(8, 1), request(9, None, "answered")]
    found = pairwise_requests(requests_table(before), requests_table(after))
    assert found.compared == 5
    assert (found.faster, found.slower, found.unchanged) == (2 / 5, 1 / 5, 1 / 5)
    assert found.open_in_both == 1 / 5
    assert (found.only_in_a, found.only_in_b) == (2, 1)


@given(st.randoms(use_true_random=False))
def test_groups_are_compared_as_tables_of_their_own(chance: random.Random) -> None:
    """Also where a request is of another group in the other run, or a group is in one of them alone."""

    def table(groups: list[str]) -> pd.DataFrame:
        numbers = chance.sample(range(20), chance.randint(0, 12))
        rows = [
            {
                **request(number, hours := chance.choice([None, 1.0, 5.0]), "closed" if hours else "open"),
                "said_resolved": chance.choice([None, True, False]),
                "resolved": chance.choice([True, False]),
                "due": chance.choice([12.0, 50.0, 999.0]),
            }
            for number in numbers
        ]
        made = requests_table(rows)
        made["district"] = pd.Categorical([chance.choice(groups) for _ in numbers], groups)
        return made

    before, after = table(["A", "B", "C"]), table(["C", "D", "A"])
    matched = Matched(before, after, 100.0, Relevance())
    told = dict(matched.by("district"))
    assert list(told) == ["A", "B", "C"]
    for group, found in told.items():
        one, other = (of[of["district"] == group] for of in (before, after))
        np.testing.assert_equal(asdict(found), asdict(pairwise_requests(one, other, 100.0)))
    np.testing.assert_equal(asdict(matched.all()), asdict(pairwise_requests(before, after, 100.0)))


def test_faster_and_slower_is_what_matters() -> None:
    """From 1 % of the time on, and a minute: of hours the former, of minutes the latter; and by how much half are."""
    minute = 1 / 60
    before = [5.0, 5.0, 100.0, 100.0, 100.0, 0.5, 0.5, None, 5.0]
    after = [4.96, 4.94, 99.1, 98.9, 101.1, 0.5 - 0.9 * minute, 0.5 - 1.1 * minute, 7.0, None]

    def table(hours: list[float | None]) -> pd.DataFrame:
        return requests_table([request(i, h, "open" if h is None else "closed") for i, h in enumerate(hours)])

    found = pairwise_requests(table(before), table(after))
    assert (found.faster * 9, found.slower * 9, found.unchanged * 9) == pytest.approx((4, 2, 3))
    assert found.faster_by == pytest.approx(0.06)  # the second of 0.018, 0.06, 1.1 and one that was open
    assert found.slower_by == pytest.approx(1.1)
    loose = pairwise_requests(table(before), table(after), relevance=Relevance(part=0.2))
    assert (loose.faster * 9, loose.slower * 9) == pytest.approx((1, 1))
    assert math.isinf(loose.faster_by)


def test_what_is_told_of_the_same_requests() -> None:
    """Of three in both, by hand: only answers and limits that both have count; the new one counts nowhere."""
    yes, no = {"said_resolved": True}, {"said_resolved": False}

    def told(number: int, after: float | None, due: float, **more: Any) -> dict[str, Any]:
        return {**request(number, after, "open" if after is None else "closed"), "due": due, **more}

    before = [
        told(1, 5, 20, resolved=True, contacted=12.0, contact_due=11.0, **yes),
        told(2, 30, 20, resolved=False, contacted=12.0, contact_due=13.0, **no),
        told(3, None, 500),
    ]
    after = [
        told(1, 4, 20, resolved=True, contacted=10.5, contact_due=11.0, **no),
        told(2, 8, 20, resolved=True, contacted=12.0, contact_due=13.0),
        told(3, 90, 60, resolved=True, **yes),
        told(4, 90, 60, resolved=False, **no),
    ]
    found = pairwise_requests(requests_table(before), requests_table(after), end=100.0)
    assert (found.compared, found.only_in_b) == (3, 1)
    assert (found.response_rate_a, found.response_rate_b) == (0, 1)  # both were asked about the first alone
    assert (found.resolution_rate_a, found.resolution_rate_b) == (1, 0)
    assert math.isnan(found.satisfaction_rate_a)
    assert (found.true_resolution_share_a, found.true_resolution_share_b) == (1 / 3, 1)
    assert (found.breach_share_a, found.breach_share_b) == (1 / 2, 0)
    assert (found.time_to_close_p50_a, found.time_to_close_p50_b) == (30, 8)


def test_differences_of_other_requests_are_marked() -> None:
    """Only what is of requests, and only in the group whose requests are not nearly as many."""

    def measured(scenario: str, many: float) -> pd.DataFrame:
        table = [
            {"measure": measure, "group_by": by, "group": group, "value": value, "replication": replication}
            for replication in (0, 1)
            for by, group, number in (("", "[]", many), ("district", '["A"]', 50.0), ("district", '["B"]', many - 50))
            for measure, value in (("requests", number + replication), ("breach_share", 0.5), ("lost_share", 0.5))
        ]
        return pd.DataFrame(table).assign(scenario=scenario, unit="", numerator=0.0, denominator=1.0)

    found = differences(pd.concat([measured("base", 1000.0), measured("other", 1021.0)]), "base")
    marked = found[found["other_requests"]]
    assert set(zip(marked["measure"], marked["group"], strict=True)) == {
        ("breach_share", "[]"),
        ("breach_share", '["B"]'),
    }
    found = differences(pd.concat([measured("base", 1000.0), measured("other", 1018.0)]), "base")
    assert not found["other_requests"].any()


def test_requests_are_matched_within_a_replication() -> None:
    one, two = requests_table([request(1, 5)]), requests_table([request(1, 5)])
    assert pairwise_requests(one, two).unchanged == 1
    two["replication"] = 1
    found = pairwise_requests(one, two)
    assert found.compared == 0
    assert math.isnan(found.faster)


@pytest.mark.parametrize("n", [3, 5, 20])
def test_the_smallest_difference_is_found_in_four_of_five_cases(n: int) -> None:
    """Its size for a known spread, then how often a test finds just that difference."""
    rng, sigma = np.random.default_rng(n), 2.0
    base = rng.normal(size=n)
    noise = rng.normal(size=n)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * sigma
    found = differences(pd.concat([rows(list(base)), rows(list(base + noise), scenario="other")]), "base").iloc[0]
    critical = stats.t.ppf(0.975, n - 1)
    assert stats.nct.sf(critical, n - 1, found["smallest"] / sigma * np.sqrt(n)) == pytest.approx(0.8, abs=1e-6)
    drawn = found["smallest"] + sigma * rng.normal(size=(40_000, n))
    t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / np.sqrt(n))
    assert (abs(t) > critical).mean() == pytest.approx(0.8, abs=0.01)
