"""Errands: people's time that belongs to no request. They come last, count as work, and bring what they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from test_mechanism_sizes import REPLICATIONS
from towns import both

import sim
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.model.policies import precise_dispatch
from sim.scenario import Scenario, from_dict

TURN = 408.0  # 1 February, in hours since 15 January


def town(lists: dict[str, Any] | None, desk: Any = 2, rate: str = "4 / d", **more: Any) -> Scenario:
    """A desk that is always right, while its list is up to date; a visit there takes half an hour, at a unit none."""
    return from_dict(
        {
            "name": "a desk and its list",
            "time": {"start": "2024-01-15", "end": "2024-04-20", **more.pop("time", {})},
            "districts": {"Town": {}},
            "pools": {"desk": desk if isinstance(desk, dict) else {"staff": desk}},
            "units": {"Right": {"staff": 99}, "Wrong": {"staff": 99}},
            "dispatch": {"pool": "desk", "work": "30 min", "redispatch_accuracy": 1},
            "categories": {"Matter": {"total": rate, "unit": "Right", "work": "0 h", "confused_with": "Wrong"}},
            "policies": {"precise_dispatch": {} if lists is None else {"duty_list": lists}},
            **more,
        }
    )


def errands(out: sim.Outcomes) -> pd.DataFrame:
    return out.visits[out.visits["kind"] == "errand"]


# --- what an errand is -----------------------------------------------------------------------------------------------


def test_an_errand_stands_in_visits_without_a_request() -> None:
    """At the turn of the month it begins at once, as nobody is there, and is the desk's work like any other."""
    out = both(town({"drift": 0.1, "upkeep": {"work": "5 h"}}))
    found = errands(out)
    assert found["queued"].tolist() == found["started"].tolist() == [TURN, TURN + 29 * 24, TURN + 60 * 24]
    assert (found["ended"] - found["started"]).tolist() == [5.0] * 3 == found["worked"].tolist()
    assert found["request"].isna().all()
    assert (found["pool"] == "desk").all()
    levels = out.levels[out.levels["pool"] == "desk"]
    assert levels["busy"].sum() == out.visits.loc[out.visits["pool"] == "desk", "worked"].sum()
    assert levels["arrivals"].sum() == (out.visits["pool"] == "desk").sum()


def test_it_stands_before_the_visits_of_the_request_that_came_next() -> None:
    out = both(town({"drift": 0.1, "upkeep": {"work": "5 h"}}))
    for place in np.flatnonzero(out.visits["kind"] == "errand"):
        nearby = out.visits.iloc[place - 1 : place + 2].merge(out.requests, on="request", how="left")
        came = nearby["arrived"].to_numpy()
        assert came[0] <= out.visits.iloc[place]["queued"] <= came[2]


@pytest.mark.parametrize("discipline", ["fcfs", "class", "due", "aged"])
def test_it_comes_after_all_else(discipline: str) -> None:
    """One officer, who has always something to do: the errand begins when nobody waits."""
    desk: dict[str, Any] = {"staff": 1, "discipline": discipline}
    if discipline == "aged":
        desk["head_start"] = {"ordinary": "9 h"}
    out = both(town({"drift": 0, "upkeep": {"work": "1 h"}}, desk, "44 / d"))
    found = errands(out).dropna(subset="started")
    others = out.visits[out.visits["kind"] == "dispatch"]
    assert (found["started"] > found["queued"]).any()
    for begun in found["started"]:
        assert not ((others["queued"] < begun) & ~(others["started"] <= begun)).any()


def test_what_is_begun_is_finished_though_somebody_waits() -> None:
    """One officer is at the list for two days: who comes meanwhile waits for that."""
    out = both(town({"drift": 0, "upkeep": {"work": "48 h"}}, 1))
    came = out.visits[(out.visits["kind"] == "dispatch") & out.visits["queued"].between(TURN, TURN + 48)]
    assert len(came) > 3
    assert came["started"].min() == TURN + 48


def test_while_one_waits_or_is_under_way_there_is_no_other() -> None:
    out = both(town({"drift": 0, "upkeep": {"work": "40 d"}}))
    assert errands(out)["queued"].tolist() == [TURN, TURN + 60 * 24]
    assert errands(out)["ended"].isna().tolist() == [False, True]


def test_what_is_under_way_at_the_end_is_written_down() -> None:
    out = both(town({"drift": 0, "upkeep": {"work": "40 d"}}))
    last = errands(out).iloc[-1]
    assert last["worked"] == out.end - last["started"]
    closed = town({"drift": 0, "upkeep": {"work": "1 h"}}, 0)
    waits = errands(both(closed)).iloc[-1]
    assert pd.isna(waits["started"])
    assert waits["worked"] == 0


def test_each_desk_has_its_list(tmp_path: Path) -> None:
    """With desks of districts, a list each; tables in files have the rows too."""
    scenario = town(
        {"drift": 0.5, "upkeep": {"work": {"distribution": "exponential", "mean": "50 h"}}},
        {"staff": 1, "per": "district"},
        districts={"North": {}, "South": {}},
    )
    out = both(scenario)
    first = errands(out)[lambda v: v["queued"] == TURN]
    assert sorted(first["pool"]) == ["desk · North", "desk · South"]
    assert first["worked"].nunique() == 2, "each has its own luck"
    run = sim.run(scenario, 1, engine="compiled", keep="all", folder=tmp_path)
    stored = run.tables.query("SELECT request, pool, queued, worked FROM visits WHERE kind = 'errand'")
    assert stored["request"].isna().all()
    assert sorted(stored["worked"]) == sorted(errands(out)["worked"])


def test_at_a_scale_its_hours_are_divided_as_staff_is() -> None:
    lists = {"drift": 0, "upkeep": {"work": "100 h"}}
    assert errands(both(town(lists, 50, scale=10)))["worked"].iloc[0] == 10


# --- what upkeep brings ----------------------------------------------------------------------------------------------


def test_the_path_of_one_citizen() -> None:
    """All of the list is wrong on the first of the month, until somebody has seen to it: six hours later."""
    kept = both(town({"drift": 1, "upkeep": {"work": "6 h"}}, rate="40 / d"))
    seen = kept.visits[kept.visits["kind"] == "dispatch"].groupby("request")["ended"].min()
    wrong = kept.requests.set_index("request")["hops"].reindex(seen.index) > 0
    spoilt = sum(((seen > t) & (seen < t + 6) for t in (TURN, TURN + 696, TURN + 1440)), start=seen < 0)
    assert (wrong == spoilt).all()
    assert wrong.sum() > 10
    one = kept.requests[kept.requests["request"].map(seen).between(TURN, TURN + 6)].iloc[0]
    assert one["closed"] - one["arrived"] >= 0.5 + 0 + 0.5  # twice at the desk
    assert one["hours_bounced"] == one["hours_dispatch"] == 0.5
    never = both(town({"drift": 1}, rate="40 / d"))
    assert (never.requests.loc[never.requests["dispatched"] > TURN + 2, "hops"] == 1).all()


def test_upkeep_that_nobody_finds_time_for_brings_nothing() -> None:
    """The desk has always somebody waiting: requests are those of a list that nobody keeps."""
    lists = {"drift": 0.3, "upkeep": {"work": "1 h"}}
    starved = both(town(lists, 1, "80 / d"))
    drifting = both(town({"drift": 0.3}, 1, "80 / d"))
    assert errands(starved)["worked"].sum() == 0 < len(errands(starved))
    assert starved.requests.equals(drifting.requests)
    assert starved.visits[starved.visits["kind"] != "errand"].reset_index(drop=True).equals(drifting.visits)


def test_without_effect_only_the_errands_are_more() -> None:
    """A list that never goes out of date is kept all the same: with people to spare, requests have the same bytes."""
    kept = both(town({"drift": 0, "upkeep": {"work": "5 h"}}, 20))
    off = both(town(None, 20))
    assert kept.requests.equals(off.requests)
    assert kept.problems.equals(off.problems)


# --- how large it is -------------------------------------------------------------------------------------------------

MONTHS = (0, 1, 3, 6, 12, 24)


def test_precedence_of_accuracy() -> None:
    """Level or by_category, the list after six months, a theme's factor on the error, at least (exact values)."""
    level, drift = 0.8, 0.02
    accuracy = precise_dispatch.accuracy
    assert accuracy(level, drift, 0, 1.0, 0.0) == level
    assert accuracy(level, drift, 6, 1.0, 0.0) == pytest.approx(0.7086739046912, abs=1e-15)
    assert accuracy(level, drift, 6, 0.5, 0.0) == pytest.approx(0.8543369523455999, abs=1e-15)
    assert accuracy(level, drift, 6, 0.5, 0.9) == 0.9
    assert accuracy(0.95, drift, 6, 1.0, 0.0) == pytest.approx(0.8415502618207998, abs=1e-15)
    assert accuracy(0.1, 0.0, 0, 2.0, 0.0) == 0.0


def test_the_error_after_months_without_upkeep() -> None:
    """e = 1 − (1 − e0)(1 − drift)^m, to 1e-12."""
    exact = [1 - 0.92 * 0.98**m for m in MONTHS]
    found = [1 - precise_dispatch.accuracy(0.92, 0.02, m, 1.0, 0.0) for m in MONTHS]
    np.testing.assert_allclose(found, exact, atol=1e-12)
    assert found[-1] == pytest.approx(0.433482090411648, abs=1e-12)


def drifting(**upkeep: Any) -> Scenario:
    lists = {"drift": 0.02, **({"upkeep": upkeep} if upkeep else {})}
    return town(
        lists,
        10_000,
        "300 / d",
        time={"start": "2024-01-01", "end": "2025-02-10", "count_until": "2025-02-01"},
        dispatch={"pool": "desk", "work": "1 min", "accuracy": 0.92, "redispatch_accuracy": 0.7, "max_hops": 3},
    )


def by_month(scenario: Scenario) -> np.ndarray:
    """Share of wrong first looks, and hops a request, after 0, 6 and 12 months, [replication, …]."""
    rows = []
    for replication in range(REPLICATIONS):
        out = sim.simulate(scenario, replication, engine="compiled")
        month = np.searchsorted(build_city(scenario).turns, out.counted["arrived"], "right")
        of = [out.counted["hops"][month == m] for m in (0, 6, 12)]
        rows.append([*(float((hops > 0).mean()) for hops in of), *(float(hops.mean()) for hops in of)])
    return np.array(rows)


@pytest.mark.long
def test_errors_and_hops_by_month() -> None:
    """Of simulated requests; the chain has a = 1 − e and b as it was."""
    found = by_month(drifting())
    error = [1 - 0.92 * 0.98**m for m in (0, 6, 12)]
    hops = [e * (1 - 0.3**3) / 0.7 for e in error]
    for values, exact in zip(found.T, (*error, *hops), strict=True):
        assert agrees(values, exact)
    assert not agrees(found[:, 0], error[2]), "the drift ignored"
    assert not agrees(found[:, 2], 1 - 0.92 * 0.978**12), "the drift ten per cent off"


@pytest.mark.long
def test_upkeep_brings_the_first_error_back() -> None:
    found = by_month(drifting(every="6 months", work="1 s"))
    for values, exact in zip(found.T[:3], (0.08, 0.08, 0.08), strict=True):
        assert agrees(values, exact)


def test_hours_are_the_number_of_upkeeps_times_the_work_of_each() -> None:
    hours = []
    for replication in range(400):
        scenario = town(
            {"drift": 0, "upkeep": {"work": {"distribution": "exponential", "mean": "5 h"}}}, rate="0.01 / d"
        )
        hours.append(float(errands(sim.simulate(scenario, replication, engine="simpy"))["worked"].sum()))
        if replication == 0:
            assert len(errands(sim.simulate(scenario, engine="simpy"))) == 3
    error = np.std(hours, ddof=1) / np.sqrt(len(hours))
    assert abs(np.mean(hours) - 15) <= 4 * error


# --- what is said before it runs -------------------------------------------------------------------------------------


def test_the_load_of_the_desk_has_the_upkeep_and_the_hops() -> None:
    """Over the count window: a month as the list is, and one with every entry wrong that it loses."""
    window = {"start": "2024-01-01", "count_until": "2024-03-01", "end": "2024-03-10"}
    lists = {"drift": 0.5, "upkeep": {"work": "31 h", "every": "2 months"}}
    desk = {load.pools[0]: load for load in offered_loads(build_city(town(lists, rate="10 / d", time=window)))}["desk"]
    wrong = 0.5 * 29 / 60
    assert desk.work == pytest.approx(10 * 0.5 * (1 + wrong))
    window = {**window, "count_until": "2024-04-01", "end": "2024-04-10"}
    desk = {load.pools[0]: load for load in offered_loads(build_city(town(lists, rate="10 / d", time=window)))}["desk"]
    assert desk.work == pytest.approx(10 * 0.5 * (1 + 0.5 * 29 / 91) + 31 / 91)
    out = sim.simulate(town(lists, rate="10 / d", time=window), engine="compiled")
    inside = out.visits[(out.visits["pool"] == "desk") & (out.visits["queued"] < 91 * 24)]
    assert inside["worked"].sum() / 91 == pytest.approx(desk.work, rel=0.05)
