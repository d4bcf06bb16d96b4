"""What is said about load before anything is simulated is what simulated citizens then bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import FULL, full, station

import sim
from sim.model.city import build_city
from sim.model.load import Load, offered_loads
from sim.scenario import Scenario

REPLICATIONS, TOLERANCE = 12, 0.08


def loads(scenario: Scenario) -> list[Load]:
    return offered_loads(build_city(scenario))


def load(scenario: Scenario, pool: str) -> Load:
    return next(each for each in loads(scenario) if pool in each.pools)


# --- the law ---------------------------------------------------------------------------------------------------------


def ample(dispatch: dict[str, Any], policies: dict[str, Any]) -> Scenario:
    """The full town with so many at intake and dispatch that nobody gives up, counted over four weeks and some hours,
    with time to finish; days differ by the calendar only.
    """
    return full(
        time={
            "start": "2024-03-04",
            "count_from": "2024-03-06 09:00",
            "count_until": "2024-04-03 15:00",
            "end": "2024-06-03",
        },
        demand={**FULL["demand"], "day_factor": {}},
        pools={
            **FULL["pools"],
            "hotline": {"staff": 20, "also_serves": ["callback"]},
            "web desk": {"staff": 5},
            "dispatch": {"staff": 5},
        },
        dispatch={**FULL["dispatch"], **dispatch},
        policies=policies,
    )


def counted(out: sim.Outcomes) -> pd.DataFrame:
    """Consultations and the first reports of problems born in the count window."""
    contacts = out.requests
    own = contacts["problem"].isna() | ~contacts.duplicated("problem")
    born = contacts["problem"].map(out.problems.set_index("problem")["born"]).fillna(contacts["arrived"])
    return contacts[own & contacts["repeat_of"].isna() & (born >= out.count_from) & (born < out.count_until)]


CALLBACK = FULL["policies"]["callback"]
WAYS = {
    "as it is": ({}, {}),
    "reopened to dispatch": (
        {"max_hops": 3, "backstop": "Works"},
        {"callback": {**CALLBACK, "reopen": {"to": "dispatch", "at_most": 3, "probability": 0.9}}},
    ),
    "first recipient": ({}, {"first_recipient": {"coordination": "15 min"}}),
}


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=pytest.mark.long if way == "reopened to dispatch" else []) for way in WAYS]
)
def test_the_load_is_the_mean_of_simulated_work_and_visits(way: str) -> None:
    """Within 8 % for every pool, over the mean of 12 replications."""
    scenario = ample(*WAYS[way])
    expected = loads(scenario)
    found = np.zeros((len(expected), 2))
    for replication in range(REPLICATIONS):
        out = sim.simulate(scenario, replication, engine="compiled")
        visits = out.visits[out.visits["request"].isin(counted(out)["request"])]
        days = (out.count_until - out.count_from) / 24
        for i, each in enumerate(expected):
            there = visits[visits["pool"].isin(each.pools)]
            found[i] += np.array([there["worked"].sum(), len(there)]) / days / REPLICATIONS
    assert len(expected) == 9 + 1  # hotline and callback are one
    for each, (work, visits_a_day) in zip(expected, found, strict=True):
        assert each.work == pytest.approx(work, rel=TOLERANCE), each.pools
        assert each.visits == pytest.approx(visits_a_day, rel=TOLERANCE), each.pools


# --- the count window ------------------------------------------------------------------------------------------------


def one_day(count_from: str, count_until: str) -> Load:
    """10 births an hour from 9:00 to 17:00 on Mondays; an officer from 9:00 to 13:00.

    No births on three days of the week: four of its days have seven fourths of the mean.
    """
    scenario = station(
        f"{80 * 4 / 7!r} / d",
        "3 min",
        1,
        7,
        time={"start": "2024-01-01", "count_from": count_from, "count_until": count_until, "end": "2024-01-08"},
        demand={"hours": [0] * 9 + [1] * 8 + [0] * 7, "weekdays": dict.fromkeys(("tue", "wed", "thu"), 0)},
        calendars={"mornings": {"open": {"mon": "9:00-13:00"}}},
        unit={"calendar": "mornings"},
    )
    return load(scenario, "Desk")


@pytest.mark.parametrize(
    ("count_from", "count_until", "hours", "births", "duty"),
    [
        ("2024-01-01", "2024-01-02", 24, 80, 4),
        ("2024-01-01 09:00", "2024-01-01 17:00", 8, 80, 4),
        ("2024-01-01 12:30", "2024-01-01 14:00", 1.5, 15, 0.5),
        ("2024-01-01 12:00", "2024-01-02 12:00", 24, 50, 1),
        ("2024-01-02 00:00", "2024-01-03 12:00", 36, 0, 0),
    ],
)
def test_work_and_duty_are_those_of_the_count_window(
    count_from: str, count_until: str, hours: float, births: float, duty: float
) -> None:
    found = one_day(count_from, count_until)
    assert found.visits == pytest.approx(births / hours * 24)
    assert found.work == pytest.approx(births * 0.05 / hours * 24)
    assert found.duty == pytest.approx(duty / hours * 24)


def test_a_problem_that_is_given_up_unreported_brings_no_work() -> None:
    every = {"reports": {"every": "10 d", "give_up": "30 d"}}
    assert load(station("40 / d", "1 h", 1, 7, category=every), "Desk").visits == pytest.approx(30)


# --- the sentence ----------------------------------------------------------------------------------------------------


def test_a_request_that_makes_one_visit_is_called_a_request() -> None:
    expected = "Desk receives 31.2 h of work a day and has 24.0: its backlog grows by about 4.8 requests a day"
    assert load(station("20.8 / d", "1.5 h", 1, 7), "Desk").sentence() == expected


def test_contact_and_handling_are_one_stay() -> None:
    found = load(station("20 / d", "1 h", 1, 7, contact={"work": "30 min"}), "Desk")
    assert (found.visits, found.stays, found.requests) == pytest.approx((40, 20, 20))
    assert found.sentence().endswith("its backlog grows by about 4.0 requests a day")


def test_where_requests_come_again_visits_are_counted() -> None:
    reopened = {
        "pools": {"Callback": {"staff": 1}},
        "policies": {"callback": {"pool": "Callback", "work": "1 min", "reopen": {}}},
    }
    found = load(station("20 / d", "1 h", 1, 7, category={"resolve": 0.5}, **reopened), "Desk")
    assert found.visits == pytest.approx(30)
    assert found.sentence().endswith("its backlog grows by about 6.0 visits a day")


def test_a_tail_without_a_mean_is_said() -> None:
    found = load(station("20 / d", {"distribution": "pareto", "b": 0.9, "scale": "1 h"}, 1, 7), "Desk")
    assert found.sentence() == "Desk receives work without a finite mean: no staff is enough"
