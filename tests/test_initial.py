"""A given backlog: requests that are open when the run begins."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from scenario_texts import TOWN, wrongs
from towns import FULL, both, full, same_tables, station

import sim
from sim.model.city import build_city
from sim.model.draws import TICKS
from sim.model.initial import standing
from sim.report.explain import explain
from sim.report.given_backlog import when_it_is_done
from sim.report.modelled import open_at_start
from sim.report.names import Names
from sim.report.page import one_page, run_page
from sim.report.series import bins, flow
from sim.report.show import show_text
from sim.report.text import run_text
from sim.scenario import Scenario, from_dict

#: Three kinds of matter at one desk, from the oldest to the newest: of the last class, the first, and in between.
AGES = {"Old": "9 d", "Middle": "4 d", "New": "1 d"}
LIMITS = {"Old": "20 d", "Middle": "3 d", "New": "5 d"}  # due in 11 days, 1 day ago, in 4 days


def desk(discipline: str = "fcfs", **more: Any) -> Scenario:
    """One officer, work of 2 h, two open requests of each kind, and hardly anybody who comes."""
    urgency = {"Old": "low", "Middle": "mid", "New": "high"}
    data = {
        "name": "a desk with a backlog",
        "time": {"start": "2024-01-08", "end": "2024-01-18"},
        "classes": ["high", "mid", "low"],
        "districts": {"Town": {}},
        "units": {"Desk": {"staff": 1, "discipline": discipline, "head_start": {"high": "4 d", "mid": "0 h"}}},
        "contact": {"work": "10 min"},
        "categories": {
            name: {"total": "0 / d", "unit": "Desk", "work": "2 h", "urgency": urgency[name]} for name in AGES
        },
        "initial": {"Desk": {name: {"count": 2, "ages": age} for name, age in AGES.items()}},
        "policies": {"time_limits": {"by_category": LIMITS, "contact": "6 h"}},
    }
    if discipline != "aged":
        del data["units"]["Desk"]["head_start"]
    return from_dict(data | more)


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fcfs", ["Old", "Middle", "New"]),
        ("due", ["Middle", "New", "Old"]),
        ("class", ["New", "Middle", "Old"]),
        ("aged", ["Old", "New", "Middle"]),  # nine days, one and a head start of four, four
    ],
)
def test_they_are_served_by_age_as_the_discipline_has_it(discipline: str, order: list[str]) -> None:
    out = both(desk(discipline))
    handled = out.visits.merge(out.requests[["request", "category", "arrived"]], on="request").sort_values("started")
    assert list(handled["category"]) == [name for name in order for _ in range(2)]
    assert list(handled["started"]) == [0, 2, 4, 6, 8, 10]
    assert (handled["kind"] == "handling").all(), "who has been contacted is not contacted again"
    assert (handled["queued"] == handled["arrived"]).all()


def test_one_by_hand() -> None:
    """The second of the middle: four days old, due a day before the start, served from 6 to 8 o'clock."""
    out = both(desk())
    row = out.requests[out.requests["category"] == "Middle"].sort_values("closed").iloc[1]
    assert row["arrived"] == row["dispatched"] == row["contacted"] == -96.0
    assert row["due"] == -24.0
    assert row["contact_due"] == -90.0
    assert row["closed"] == row["ended"] == 8.0
    assert row["first_unit"] == row["owner_unit"] == "Desk"
    assert row["hours_unit_queue"] == 96.0 + 6.0
    assert row["hours_work"] == 2.0
    assert row.filter(like="hours_").sum() == 104.0
    problem = out.problems[out.problems["problem"] == row["problem"]].iloc[0]
    assert (problem["born"], problem["first_report"], problem["fixed"]) == (-96.0, -96.0, 8.0)
    levels = out.levels.set_index("hour")
    assert levels["arrivals"].sum() == 0, "who has stood there since before the start does not come"
    assert list(levels["queue"].iloc[[0, 1, 2, 9, 10]]) == [5, 5, 4, 1, 0]
    assert list(levels["busy"].iloc[[0, 11, 12]]) == [1, 1, 0]
    city = sim.measures(out)
    assert (city.loc[city["measure"].isin(["requests", "contacts", "backlog_end"]), "value"] == 0.0).all()


def test_what_is_still_open_at_the_end_is_in_the_backlog_and_not_in_that_of_the_window() -> None:
    out = both(desk(time={"start": "2024-01-08", "end": "2024-01-08 05:00"}))
    city = sim.measures(out)
    city = city[city["group_by"] == ""].set_index("measure")["value"]
    assert city["backlog_end"] == 4
    assert city["backlog_end_counted"] == 0
    open_ = out.requests[out.requests["status"] == "open"]
    assert (open_.filter(like="hours_").sum(axis=1) == 5.0 - open_["arrived"]).all()


def test_limits_run_in_the_working_time_of_before_the_start() -> None:
    """Monday 2024-01-08 begins the run: three days old is Friday 0:00, eleven are the Thursday of the week before."""
    weekdays = {"office": {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-01-01"]}}
    limits = {"Old": "8 workhours", "Middle": "1 workday", "New": "2 workdays, by closing"}
    ages = {"Old": "3 d", "Middle": "3 d", "New": "11 d"}
    out = both(
        desk(
            calendars=weekdays,
            initial={"Desk": {name: {"count": 1, "ages": age} for name, age in ages.items()}},
            policies={"time_limits": {"calendar": "office", "by_category": limits}},
        )
    )
    due = out.requests.set_index("category")["due"]
    assert due["Old"] == -72.0 + 17.0  # Friday 17:00
    assert due["Middle"] == 9.0  # from Friday 9:00 to Monday 9:00
    assert due["New"] == -6 * 24.0 + 17.0  # Thursday 28, Friday 29, and after weekend and holiday Tuesday 2, at 17:00


# --- what is counted -------------------------------------------------------------------------------------------------

#: Measures of people, of queues and of all that is open: units have the backlog to do. So are those by pool.
OF_PEOPLE = ("backlog_end", "utilisation", "cost", "cost_per_request", "queue_mean", "wait_mean")


def test_with_ample_staff_nothing_that_is_counted_moves() -> None:
    def town(**more: Any) -> sim.Outcomes:
        categories = {name: {**c, "reports": "once"} for name, c in FULL["categories"].items() if name != "Question"}
        categories["Question"] = FULL["categories"]["Question"]
        units = {name: {**unit, "staff": 500} for name, unit in FULL["units"].items()}
        pools = {name: {**pool, "staff": 500} for name, pool in FULL["pools"].items() if "staff" in pool}
        pools["hotline"] = {**FULL["pools"]["hotline"], "also_serves": []}  # callbacks of the backlog are for others
        policies = {"callback": {**FULL["policies"]["callback"], "call_again": None}, "precise_dispatch": None}
        scenario = full(units=units, pools=pools, categories=categories, policies=policies, **more)
        return sim.simulate(scenario, engine="simpy")

    without = town()
    begun = town(initial={"Works": {"Pothole": 40, "Leak": {"count": 9, "ages": "3 d"}}, "Street": {"Noise": 30}})
    assert (begun.requests["arrived"] < 0).sum() == 79
    a, b = (sim.measures(out) for out in (without, begun))
    of_people = a["measure"].isin(OF_PEOPLE) | (a["group_by"] == "pool")
    assert len(a) == len(b)
    assert of_people.sum() < len(a) / 2
    a, b = a[~of_people], b[~of_people]
    differs = (a["value"] != b["value"]) & a["value"].notna()
    assert not differs.any(), a[differs].assign(begun=b["value"]).to_string()


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_the_first_who_comes_waits_for_all_of_the_backlog(engine: Any) -> None:
    """First come, first served by one officer: n requests of work w are done after n · w."""
    out = sim.simulate(station("20 / d", "45 min", 1, 20, initial={"Desk": {"Matter": 64}}), engine=engine)
    first = out.visits[out.visits["queued"] >= 0].iloc[0]
    assert first["queued"] < 48.0
    assert first["started"] == 64 * 0.75
    before = out.visits[out.visits["queued"] < 0]
    assert (before["ended"] <= 48.0).all()
    assert before["started"].is_monotonic_increasing
    assert before["queued"].is_monotonic_increasing, "the oldest first"


def test_a_backlog_is_drained_as_the_fluid_limit_says() -> None:
    """The officer is first idle after n · w ÷ (1 − ρ) on average: the mean busy period that begins with work n · w
    (Kleinrock 1975, Queueing Systems I, 5.8: of an M/G/1 queue).
    """
    n, work, rate = 600, 0.5, 1.0
    scenario = station("24 / d", "30 min", 1, 60, initial={"Desk": {"Matter": n}})
    assert 2 * n * work / (1 - rate * work) < 60 * 24

    def first_idle(out: sim.Outcomes) -> float:
        done = out.visits["ended"].ffill().to_numpy()  # served in the order in which they came
        idle = np.flatnonzero(out.visits["queued"].to_numpy()[1:] > done[:-1])
        return float(done[idle[0]])

    times = np.array([first_idle(sim.simulate(scenario, k, engine="compiled")) for k in range(25)])
    exact = n * work / (1 - rate * work)
    assert agrees(times, exact)
    assert not agrees(times, 0.9 * exact, width=math.inf)
    assert not agrees(times, n * work, width=math.inf)


# --- who they are ----------------------------------------------------------------------------------------------------

SCENARIO = {
    **FULL,
    "initial": {
        "Works": {"Pothole": 40, "Leak": {"count": 12, "ages": {"distribution": "exponential", "mean": "10 d"}}},
        "Street": {"Noise": {"count": 30, "ages": "5 d"}, "Question": 5},
        "Water": {"Noise": 8},  # which is for another unit now
    },
}


def stood(scenario: Scenario, replication: int = 0) -> pd.DataFrame:
    requests = sim.simulate(scenario, replication, engine="simpy").requests
    return requests[requests["arrived"] < 0.0].set_index("request")


def test_another_unit_category_or_district_moves_nobody() -> None:
    some = {"Street": {"Noise": {"count": 30, "ages": {"distribution": "exponential", "mean": "10 d"}}}}
    more = some | {"Works": {"Pothole": 9, "Leak": 20}}
    more["Street"] = {"Question": 7, "Noise": {**some["Street"]["Noise"], "count": 33}}
    known = ["arrived", "district", "urgency", "channel", "due", "first_unit"]
    a, b = (stood(from_dict({**FULL, "initial": initial})) for initial in (some, more))
    assert len(a) == 30
    assert len(b) == 69
    assert a[known].astype(object).equals(b.loc[a.index, known].astype(object))
    assert not a["arrived"].equals(stood(from_dict({**FULL, "initial": some}), 1)["arrived"])
    isle = {**FULL["districts"], "Isle": {"population": 3000}}
    c = stood(from_dict({**FULL, "initial": some, "districts": isle})).loc[a.index]
    went = c["district"].astype(str) == "Isle"
    assert 0 < went.sum() < 15
    assert (c["district"].astype(str) == a["district"].astype(str))[~went].all()


def test_they_are_where_the_births_of_their_category_are() -> None:
    far = {"Pothole": {**FULL["categories"]["Pothole"], "by_district": {"North": 0}}}
    scenario = from_dict({**SCENARIO, "categories": {**FULL["categories"], **far}})
    found = stood(scenario)
    assert set(found.loc[found["category"] == "Pothole", "district"]) == {"South"}
    assert set(found.loc[found["category"] == "Noise", "district"]) == {"North", "South"}
    assert (found.loc[found["category"] == "Noise", "arrived"].isin([-120.0]) | (found["first_unit"] == "Water")).sum()


def test_without_ages_they_are_up_to_thirty_days_old_evenly() -> None:
    scenario = station("1 / d", "1 h", 1, 2, initial={"Desk": {"Matter": 4000}})
    ages = -np.array([standing(build_city(scenario), stream)["arrived"].mean() for stream in range(1, 11)])
    assert agrees(ages, 360.0)
    first = -standing(build_city(scenario), 1)["arrived"]
    assert 0.0 < first.min() < 5.0
    assert 715.0 < first.max() <= 720.0
    tail = {"distribution": "lognormal", "mean": "99 years", "cv": 100}
    ancient = station("1 / d", "1 h", 1, 2, initial={"Desk": {"Matter": {"count": 3000, "ages": tail}}})
    assert standing(build_city(ancient), 1)["arrived"].min() == -800 * 8766.0
    at_once = station("1 / d", "1 h", 1, 2, initial={"Desk": {"Matter": {"count": 1, "ages": "0 h"}}})
    assert standing(build_city(at_once), 1)["arrived"][0] == -1.0 / TICKS


def test_a_scale_divides_the_counts() -> None:
    """10 at 1:4 are 2 or 3, two and a half on average; 8 are 2."""
    both_ = {"Desk": {"Matter": 10, "Other": 8}}
    other = {"total": "1 / d", "unit": "Desk", "work": "1 h"}
    data = {"initial": both_, "scale": "1:4"}
    base = station("1 / d", "1 h", 4, 2).resolved()
    scenario = from_dict({**base, **data, "categories": {**base["categories"], "Other": other}})
    found = [standing(build_city(scenario), stream)["category"] for stream in range(400)]
    counts = np.array([np.bincount(categories, minlength=2) for categories in found])
    assert set(counts[:, 1]) == {2}
    assert set(counts[:, 0]) == {2, 3}
    assert abs(counts[:, 0].mean() - 2.5) < 4 * 0.5 / 20
    assert scenario.open_at_start == 4.5


def test_nothing_open_is_as_nothing_said() -> None:
    nothing = sim.simulate(full(), engine="compiled")
    for initial in ({}, {"Works": {}}, {"Works": {"Pothole": 0, "Leak": {"count": 0, "ages": "3 d"}}}):
        scenario = full(initial=initial)
        assert same_tables(nothing, sim.simulate(scenario, engine="compiled"))
        assert same_tables(nothing, sim.simulate(scenario, engine="simpy"))
    assert "initial" not in full().resolved()


def test_it_is_written_as_it_is_read() -> None:
    scenario = from_dict(SCENARIO)
    assert from_dict(scenario.resolved()) == scenario
    assert scenario.digest != full().digest


# --- what happens to them --------------------------------------------------------------------------------------------


def test_citizens_report_the_problem_on() -> None:
    """Every 30 h until it is fixed; nobody works on it here."""
    pothole = {**FULL["categories"]["Pothole"], "reports": {"every": "30 h"}, "rate": "0 / year", "unit": "Works"}
    data = {
        **FULL,
        "districts": {"North": {"population": 9000}},
        "units": {**FULL["units"], "Works": {"staff": 0}},
        "categories": {**FULL["categories"], "Pothole": pothole},
        "initial": {"Works": {"Pothole": {"count": 40, "ages": "9 d"}}},
        "policies": {},
    }
    out = both(from_dict(data))
    again = out.requests[(out.requests["category"] == "Pothole") & (out.requests["arrived"] >= 0)]
    assert set(again["problem"]) == set(out.requests["problem"][out.requests["arrived"] < 0])
    expected = 40 * out.end / 30
    assert abs(len(again) - expected) < 4 * math.sqrt(expected)
    assert again["arrived"].min() < 10.0


def test_whom_one_would_have_asked_before_the_start_is_not_asked() -> None:
    """Where citizens are asked at the due date: the middle was due before, old and new are yet to come."""
    pools = {"callers": {"staff": 9}}
    callback = {"pool": "callers", "work": "5 min", "after": "due", "resolved": {"if_true": 1, "if_false": 0}}
    limits = {"by_category": LIMITS | {"New": "4 d"}}
    out = both(desk(pools=pools, policies={"time_limits": limits, "callback": callback}))
    called = out.requests.set_index("category")["called_back"]
    assert called["Middle"].isna().all()
    assert (called["New"] == 72.0 + 5 / 60).all() or np.allclose(called["New"], 72.0 + 5 / 60, atol=1e-8)
    assert out.requests.set_index("category").loc["Middle", "ended"].notna().all()


def test_what_is_late_already_is_escalated_at_the_start() -> None:
    supervision = {"pool": "chiefs", "work": "10 min", "overdue_by": "2 h"}
    out = both(
        desk(
            pools={"chiefs": {"staff": 1}},
            policies={"time_limits": {"by_category": LIMITS}, "supervision": supervision},
        )
    )
    rows = out.requests.set_index("category")
    assert (rows.loc["Middle", "escalated"] == 0.0).all()
    assert rows.loc[["Old", "New"], "escalated"].isna().all()
    handled = out.visits[out.visits["kind"] == "handling"].merge(out.requests[["request", "category"]], on="request")
    order = list(handled.sort_values("started")["category"])
    assert order == ["Old", "Middle", "Middle", "Old", "New", "New"], "the oldest was taken at 0:00 with all others"


def test_what_is_open_is_neither_parked_nor_contacted_again() -> None:
    parking = {"share": 1, "time": "3 d"}
    policies = {"time_limits": {"by_category": LIMITS, "contact": "6 h", "parking": parking}}
    out = both(desk(policies=policies))
    assert (out.requests["hours_parked"] == 0.0).all()
    assert out.requests["closed"].max() == 12.0


# --- what is said ----------------------------------------------------------------------------------------------------


def test_it_is_said_with_what_a_run_begins() -> None:
    scenario = desk()
    sentence = "The run begins with 6 open requests (6 at Desk)"
    assert open_at_start(scenario).startswith(sentence)
    assert "evenly" not in open_at_start(scenario)
    assert "9 of them are 0 to 30 days old, evenly" in open_at_start(full(initial={"Works": {"Leak": 9}}))
    assert open_at_start(full()) == ""
    assert open_at_start(full(initial={"Works": {"Leak": 0}})) == ""
    assert sentence in " ".join(show_text(scenario).split())
    assert "initial.Desk.Old = " in show_text(scenario)
    run = sim.run(scenario, replications=1, keep="all")
    assert sentence in " ".join(run_text(run).split())
    assert sentence in run_page(run)
    key = run.tables.query("SELECT request FROM requests WHERE category = 'Middle' LIMIT 1")["request"].iloc[0]
    told = " ".join(explain(run, key).split())
    assert "Thu 2024-01-04 00:00:00 it arrives, and is open at Desk when the run begins" in told


def test_the_backlog_over_time_begins_with_it() -> None:
    run = sim.run(desk(), replications=1, keep="all")
    names = Names(run.scenario, run.pools)
    found = flow(run, bins(run), names, {"Desk": 6.0})
    assert found.arrived[0].sum() == 0, "none of them comes within the run"
    assert found.stock[0][0, 0] == 0, "after the first day all six are closed"
    nobody = sim.run(desk(units={"Desk": {"staff": 0}}), replications=1, keep="all")
    assert (flow(nobody, bins(nobody), names, {"Desk": 6.0}).stock[0] == 6).all()


WRONG = [
    ("initial: {Raods: {Noise: 3}}", "initial.Raods: there is no unit “Raods”, did you mean “Roads”?"),
    ("initial: {Roads: {Nois: 3}}", "initial.Roads.Nois: there is no category “Nois”, did you mean “Noise”?"),
    ("initial: {Roads: {Noise: -3}}", "initial.Roads.Noise: must not be negative"),
    ("initial: {Roads: {Noise: 2.5}}", "initial.Roads.Noise: a whole number is wanted"),
    ("initial: {Roads: {Noise: {ages: 3 d}}}", "initial.Roads.Noise: “count”, the number of open requests, is"),
    ("initial: {Roads: {Noise: {count: 3, age: 3 d}}}", "initial.Roads.Noise.age: unknown key, did you mean “ages”"),
    ("initial: {Roads: {Noise: {count: 3, ages: -3 d}}}", "initial.Roads.Noise.ages: "),
    ("initial: {Roads: {Noise: {count: 3, ages: 101 years}}}", "initial.Roads.Noise.ages: so many years"),
    ("initial: {Roads: [3]}", "initial.Roads: a map is wanted"),
    ("initial: {Roads: {Noise: [3]}}", "initial.Roads.Noise: a count, or a map with “count” and “ages” is wanted"),
]


@pytest.mark.parametrize(("added", "message"), WRONG)
def test_what_is_wrong_is_said_where_it_stands(added: str, message: str) -> None:
    found = wrongs(f"{TOWN}\n{added}\n")
    assert len(found) == 1
    assert message in found[0], found


@pytest.mark.parametrize(
    ("work", "said"),
    [
        # six of 30 h, one after the other: the third is closed after 90 h, the sixth after 180 h
        ("30 h", "half is closed by 2024-01-11, nine tenths by 2024-01-15, all by 2024-01-15."),
        ("70 h", "half is closed by 2024-01-16, nine tenths not within the run, 3 of 6 are still open at the end."),
    ],
)
def test_it_is_said_when_it_is_done(work: str, said: str) -> None:
    """In the terminal, the report and on the sheet of one page; nothing where there is no backlog."""
    data = desk().resolved()
    for name in AGES:
        data["categories"][name]["work"] = work
    found = sim.run(from_dict(data), 2)
    assert when_it_is_done(found) == f"Of what is open at the start {said}"
    for text in (run_text(found), run_page(found), one_page(found, "")):
        assert said in " ".join(text.split())
    assert when_it_is_done(sim.run(desk(initial={}), 1)) == ""
