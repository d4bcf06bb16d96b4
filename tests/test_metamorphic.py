"""What must follow when one thing changes: more officers, fewer citizens, better dispatch, later dates.

The same citizens live in both runs, so most of this holds request by request.
"""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import FULL, full, same_tables

import sim
from sim.scenario import from_dict

WORK = st.sampled_from(
    [
        {"distribution": "lognormal", "mean": "50 min", "cv": 2},
        {"distribution": "exponential", "mean": "1 h"},
        {"quantiles": {0: "10 min", 0.9: "20 min", 1: "9 h"}},
        "45 min",
    ]
)
SHIFTS = [
    {"days": "mon-sun", "hours": "8:00-16:00", "staff": 2},
    {"days": "mon-sun", "hours": "16:00-8:00", "staff": 1},
]
STAFF_TIME = st.sampled_from(["always", "office", "shifts"])
paths = settings(max_examples=15, derandomize=True)


def one_queue(work: Any, officers: int, time: str = "always", rate: str = "1.6 / h") -> pd.Series:
    """Waits by request in one first-come-first-served queue; infinite for those still waiting at the end."""
    desks: dict[str, dict[str, Any]] = {
        "always": {"staff": officers},
        "office": {"staff": officers, "calendar": "office"},
        "shifts": {"shifts": [{**shift, "staff": shift["staff"] + officers - 1} for shift in SHIFTS]},
    }
    out = sim.simulate(
        from_dict(
            {
                "name": "one queue",
                "time": {"start": "2024-01-01", "end": "2024-02-05"},
                "calendars": {"office": {"open": {"mon-sat": ["8:00-12:00", "13:00-20:00"]}}},
                "districts": {"Town": {}},
                # demand ends three weeks before the run does
                "demand": {"shocks": {"over": {"from": "2024-01-15", "until": "2024-02-05", "factor": 0}}},
                "units": {"Desk": desks[time]},
                "categories": {"Matter": {"total": rate, "unit": "Desk", "work": work}},
            }
        )
    )
    visits = out.visits.set_index("request")
    assert len(visits) > 200
    return (visits["started"] - visits["queued"]).fillna(np.inf)


@paths
@given(WORK, st.integers(1, 3), STAFF_TIME)
def test_one_more_officer_lets_nobody_wait_longer(work: Any, officers: int, time: str) -> None:
    few, more = one_queue(work, officers, time), one_queue(work, officers + 1, time)
    assert (few > 0).any()
    assert set(few.index) == set(more.index)
    assert (more[few.index] <= few).all()


@paths
@given(WORK, st.integers(1, 3), STAFF_TIME, st.sampled_from(["1.5 / h", "1.2 / h", "0.9 / h"]))
def test_without_some_citizens_the_others_wait_no_longer(work: Any, officers: int, time: str, rate: str) -> None:
    all_of_them, some = one_queue(work, officers, time), one_queue(work, officers, time, rate)
    assert set(some.index) < set(all_of_them.index), "a lower rate takes births away and adds none"
    assert (some <= all_of_them[some.index]).all()


# --- the full town ---------------------------------------------------------------------------------------------------


def changed(**paths: Any) -> dict[str, Any]:
    """The data of the full town with values set by dotted path, `__` for a dot; None takes a key away."""
    data = copy.deepcopy(FULL)
    for path, value in paths.items():
        node = data
        *steps, last = path.split("__")
        for step in steps:
            node = node.setdefault(step, {})
        node.pop(last, None) if value is None else node.update({last: value})
    return data


def runs(data: dict[str, Any], replications: int = 4) -> list[sim.Outcomes]:
    scenario = from_dict(data)
    return [sim.simulate(scenario, k, engine="compiled") for k in range(replications)]


def mean(outs: list[sim.Outcomes], measure: str) -> float:
    """Of a measure of the whole city, over replications."""
    tables = [sim.measures(out) for out in outs]
    return float(np.mean([t.loc[(t["measure"] == measure) & (t["group_by"] == ""), "value"].item() for t in tables]))


def test_twice_the_city_at_half_the_scale_is_the_same_city() -> None:
    """One street a district: streets are merged at a scale, which changes who serves whom."""
    data = changed(districts__North__streets=1)
    double = copy.deepcopy(data)
    double["scale"] = "1:2"
    for category in double["categories"].values():
        amount, per = category["rate"].split(" / ")
        category["rate"] = f"{2 * float(amount)!r} / {per}"
    for pool in [*double["pools"].values(), *double["units"].values()]:
        if "staff" in pool:
            pool["staff"] *= 2
        for shift in pool.get("shifts", ()):
            shift["staff"] *= 2
    double["pools"]["hotline"]["shifts"] = [{**s, "staff": 2 * s["staff"]} for s in data["pools"]["hotline"]["shifts"]]
    assert same_tables(sim.simulate(from_dict(data)), sim.simulate(from_dict(double)))


def test_better_dispatch_means_fewer_hops() -> None:
    hops = [mean(runs(changed(dispatch__accuracy=a)), "hops_mean") for a in (0.5, 0.8, 0.95, 1.0)]
    assert hops == sorted(hops, reverse=True)
    assert hops[0] > 2 * hops[1] > hops[3] == 0.0


def test_better_redispatch_means_fewer_hops() -> None:
    wide: dict[str, Any] = {"dispatch__accuracy": 0.3, "dispatch__max_hops": 5}
    hops = [mean(runs(changed(**wide, dispatch__redispatch_accuracy=a)), "hops_mean") for a in (0.2, 0.6, 1.0)]
    assert hops == sorted(hops, reverse=True)
    assert hops[0] > 1.5 * hops[2]


def test_more_patience_means_fewer_lost() -> None:
    busy = {"pools__hotline__shifts": [{"days": "mon-sun", "hours": "0:00-24:00", "staff": 1}]}
    lost, left = [], []
    for patience in ("20 s", "2 min", "10 min", "1 h"):
        outs = runs(changed(**busy, channels__phone__patience={"distribution": "exponential", "mean": patience}))
        lost.append(mean(outs, "lost_share"))
        left.append(mean(outs, "abandonment_share"))
    assert lost == sorted(lost, reverse=True)
    assert left == sorted(left, reverse=True)
    assert lost[0] > 0.01 > lost[-1]


def test_whoever_never_hangs_up_is_never_lost() -> None:
    for out in runs(changed(channels__phone__patience=None, channels__phone__redial=None), 2):
        assert not (out.requests["status"] == "lost").any()


#: First come first served everywhere, and nobody asks for an extension: nothing looks at a due date.
INDIFFERENT: dict[str, Any] = {
    "units__Works__discipline": "fcfs",
    "units__Water__discipline": "fcfs",
    "units__Water__head_start": None,
    "policies__classified_handling__discipline": "fcfs",
    "policies__time_limits__extension": None,
    "policies__time_limits__parking": None,
}


def test_longer_limits_are_not_broken_more_often_and_move_nobody() -> None:
    before = None
    for limit in ("6 h", "24 h", "48 h", "6 d"):
        data = changed(**INDIFFERENT, policies__time_limits__resolve=limit, policies__time_limits__contact=limit)
        out = sim.simulate(from_dict(data))
        if before is not None:
            pd.testing.assert_frame_equal(out.visits, before.visits)
            late, late_before = (o.requests["first_closed"].fillna(np.inf) > o.requests["due"] for o in (out, before))
            assert not (late & ~late_before).any()
            assert late.sum() < late_before.sum()
            assert mean([out], "contact_breach_share") <= mean([before], "contact_breach_share")
        before = out


def test_a_class_that_goes_first_waits_less() -> None:
    def waits(discipline: dict[str, Any]) -> pd.Series:
        data = changed(categories__Pothole__unit="Works", categories__Pothole__rate="0.2 / year")
        data["units"]["Works"] = {"staff": 2, "calendar": "long", **discipline}
        found = []
        for out in runs(data):
            handled = out.visits[(out.visits["pool"] == "Works") & (out.visits["kind"] == "handling")]
            urgency = handled["request"].map(out.requests.set_index("request")["urgency"].astype(str))
            stay = handled["started"].fillna(out.end) - handled["queued"]
            found.append(stay.groupby(urgency).mean())
        return pd.concat(found).groupby(level=0).mean()

    equal, first = waits({"discipline": "fcfs"}), waits({"discipline": "class"})
    assert first["urgent"] < 0.5 * equal["urgent"]
    assert first["ordinary"] > equal["ordinary"]
    some, much = (waits({"discipline": "aged", "head_start": {"urgent": hours}}) for hours in ("4 h", "3 d"))
    assert first["urgent"] <= much["urgent"] < some["urgent"] < equal["urgent"]


def test_a_head_start_of_nothing_is_first_come_first_served() -> None:
    aged = changed(units__Works__discipline="aged", units__Works__head_start={"urgent": "0 h"})
    assert same_tables(*(sim.simulate(from_dict(d)) for d in (aged, changed(units__Works__discipline="fcfs"))))


def test_a_pool_that_helps_lets_the_helped_wait_less() -> None:
    alone, helped = (
        sum(float((out.levels.loc[out.levels["pool"] == "callback", "queue"]).sum()) for out in runs(data))
        for data in (changed(pools__hotline__also_serves=None), changed())
    )
    assert helped < 0.5 * alone


def test_more_staff_closes_sooner_and_keeps_less_waiting() -> None:
    less, more = (
        runs(changed(units__Street__staff=n, units__Works__staff=n, pools__dispatch__staff=n)) for n in (1, 4)
    )
    assert mean(more, "backlog_end") < mean(less, "backlog_end")
    queues = [sum(out.levels["queue"].sum() for out in outs) for outs in (less, more)]
    assert queues[1] < 0.7 * queues[0]


def test_what_is_resolved_better_comes_back_less() -> None:
    poor, good = (runs(changed(categories__Noise__resolve=p, categories__Leak__resolve=p)) for p in (0.3, 0.9))
    assert mean(good, "rounds_mean") < mean(poor, "rounds_mean")
    assert mean(good, "repeat_share") < mean(poor, "repeat_share")
    assert mean(good, "true_resolution_share") > mean(poor, "true_resolution_share")


# --- dates -----------------------------------------------------------------------------------------------------------


def later(data: dict[str, Any], days: int) -> dict[str, Any]:
    """The same, with every date moved."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        if isinstance(value, str) and value.startswith("2024-"):
            return f"{date.fromisoformat(value[:10]) + timedelta(days=days)}{value[10:]}"
        return value

    found: dict[str, Any] = moved(data)
    return found


@pytest.mark.parametrize("days", [1, 7, 40])
def test_who_is_born_on_a_date_does_not_depend_on_when_the_run_begins(days: int) -> None:
    """A longer warm-up changes who is served first, never who comes, when, from where and why."""
    start = str(date(2024, 3, 4) - timedelta(days=days))
    late, early = sim.simulate(full()), sim.simulate(from_dict(changed(time__start=start)))
    firsts = [run.requests[run.requests["problem"].isna() & run.requests["repeat_of"].isna()] for run in (late, early)]
    for late_table, early_table, moment in ((late.problems, early.problems, "born"), (*firsts, "arrived")):
        early_table = early_table[early_table[moment] >= 24.0 * days]
        assert len(late_table) > 20
        for name in late_table.columns.intersection(["problem", "request", "channel", "district", "category"]):
            assert list(late_table[name]) == list(early_table[name]), name
        assert (early_table[moment].to_numpy() - late_table[moment].to_numpy() == 24.0 * days).all()


def test_another_date_brings_other_citizens() -> None:
    now, later_on = sim.simulate(full()), sim.simulate(from_dict(later(FULL, 28)))
    assert not set(now.requests["request"]) & set(later_on.requests["request"])


def test_a_longer_run_begins_the_same() -> None:
    """What has happened does not depend on what comes."""
    short, long = sim.simulate(full()), sim.simulate(from_dict(changed(time__end="2024-03-30")))
    begun = long.requests[long.requests["arrived"] < short.end]
    assert list(begun["request"]) == list(short.requests["request"])
    done = short.visits[short.visits["ended"].notna()]
    both = done.merge(long.visits, on=["request", "visit"], how="left", suffixes=("", "_long"))
    for name in ("queued", "started", "ended", "worked"):
        assert both[name].equals(both[f"{name}_long"]), name


def test_the_count_window_moves_nobody() -> None:
    narrow = {"time__count_from": "2024-03-08", "time__count_until": "2024-03-10 12:00"}
    whole, part = sim.simulate(full()), sim.simulate(from_dict(changed(**narrow)))
    assert same_tables(whole, part)
    assert 0 < len(part.counted) < len(whole.counted) == len(whole.requests)
