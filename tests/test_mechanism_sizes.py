"""How large the effects of mechanisms are, held against exact values.

Each number is a mean over replications: it must lie within four standard errors of the exact value, and its 95 %
interval must be narrow. The twins must fail: a value ten per cent off, the parameter ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees

import sim
from sim.model import rules
from sim.scenario import Scenario, from_dict

REPLICATIONS = 20


def city(days: int = 2, **parts: Any) -> Scenario:
    """Requests that nobody waits for: 12,000 a day, three units, no stage but those named."""
    staff = {"staff": 100_000}
    return from_dict(
        {
            "name": "ample staff",
            "time": {"start": "2024-01-01", "end": f"2024-01-{1 + days:02}", "count_until": f"2024-01-{days:02} 12:00"},
            "districts": {"Town": {}},
            "units": {"A": staff, "B": staff, "C": staff},
            "categories": {
                name: {"total": "12000 / d", "unit": name, "work": "1 min", **parts.get("category", {})}
                for name in ("A", "B", "C")
            },
            **{key: value for key, value in parts.items() if key != "category"},
        }
    )


def shares(scenario: Scenario, of: Callable[[pd.DataFrame], list[float]]) -> np.ndarray:
    """Numbers of each replication, [replication, number]."""
    outs = (sim.simulate(scenario, k, engine="compiled") for k in range(REPLICATIONS))
    return np.array([of(out.counted) for out in outs])


DISPATCH = {"pool": "desk", "work": "1 min", "accuracy": 0.85, "redispatch_accuracy": 0.7, "review": "1 min"}


def dispatched(**dispatch: Any) -> Scenario:
    policies = dispatch.pop("policies", {})
    desk = {"desk": {"staff": 100_000}}
    return city(days=3, pools=desk, dispatch={**DISPATCH, **dispatch}, policies=policies)


def hops(requests: pd.DataFrame) -> list[float]:
    closed = requests[requests["status"] == "closed"]["hops"]
    return [*(float((closed == n).mean()) for n in range(3)), float(closed.mean())]


@pytest.mark.parametrize("most", [3, pytest.param(2, marks=pytest.mark.long)])
def test_hops_are_an_absorbing_chain(most: int) -> None:
    """P(0) = a, P(j) = (1 − a)(1 − b)ʲ⁻¹ b; the last look is by order. Mean (1 − a)(1 − (1 − b)ᵏ)/b."""
    a, b = 0.85, 0.7
    exact = [a, *((1 - a) * (1 - b) ** (j - 1) * (b if j < most else 1) for j in (1, 2))]
    exact += [(1 - a) * (1 - (1 - b) ** most) / b]
    found = shares(dispatched(max_hops=most), hops)
    assert all(agrees(values, value) for values, value in zip(found.T, exact, strict=True))
    assert not agrees(found[:, 3], 1.1 * exact[3])
    ignored = shares(dispatched(max_hops=most, redispatch_accuracy=0.85), hops)
    assert not agrees(ignored[:, 3], exact[3])


def test_with_first_recipient_nobody_hops_and_the_wrong_ones_coordinate() -> None:
    scenario = dispatched(policies={"first_recipient": {"coordination": "1 min"}})
    out = sim.simulate(scenario, engine="compiled")
    assert (out.requests["hops"] == 0).all()
    wrong = [
        float((out.visits["kind"] == "coordination").sum() / (out.visits["kind"] == "handling").add(
            out.visits["kind"] == "subtask"
        ).sum())
        for out in (sim.simulate(scenario, k, engine="compiled") for k in range(REPLICATIONS))
    ]  # fmt: skip
    assert agrees(np.array(wrong), 0.15)


@pytest.mark.long
def test_precise_dispatch_lowers_the_hops_by_the_same_chain() -> None:
    found = shares(dispatched(policies={"precise_dispatch": {"accuracy": 0.95}}), lambda r: [hops(r)[3]])
    exact = 0.05 * (1 - 0.3**3) / 0.7
    assert agrees(found[:, 0], exact)
    assert not agrees(found[:, 0], 0.15 * (1 - 0.3**3) / 0.7), "the parameter ignored"


def test_what_is_dispatched_is_what_is_neither_answered_nor_out_of_scope() -> None:
    """(1 − o)(1 − q·a) of contacts, with consultations q, answered a, out of scope o."""
    q, a, o = 0.58, 0.7, 0.04
    parts = {
        "Question": {"kind": "consultation", "total": f"{24_000 * q} / d", "unit": "A", "work": "1 min"},
        "Matter": {"total": f"{24_000 * (1 - q)} / d", "unit": "A", "work": "1 min"},
    }
    policies = {"instant_answer": {"answered": a}, "classified_handling": {"out_of_scope": o}}
    scenario = city(units={"A": {"staff": 100_000}}, categories=parts, policies=policies)
    found = shares(
        scenario,
        lambda r: [
            float(r["dispatched"].notna().mean()),
            float((r["status"] == "answered").mean()),
            float((r["status"] == "out_of_scope").mean()),
        ],
    )
    exact = ((1 - o) * (1 - q * a), (1 - o) * q * a, o)
    assert all(agrees(values, value) for values, value in zip(found.T, exact, strict=True))
    assert not agrees(found[:, 0], 1 - q * a), "out of scope ignored"
    assert not agrees(found[:, 0], 1 - o), "instant answer ignored"


def test_said_rates_are_those_of_the_coefficients() -> None:
    """Said resolved: p·if_true + (1 − p)·if_false; satisfaction: logistic, here of two terms."""
    p, yes, no = 0.7, 0.9, 0.2
    callback = {
        "pool": "callers",
        "work": "1 min",
        "resolved": {"if_true": yes, "if_false": no},
        "satisfied": {"intercept": -1.0, "said_resolved": 2.5},
    }
    scenario = city(pools={"callers": {"staff": 100_000}}, category={"resolve": p}, policies={"callback": callback})
    found = shares(
        scenario,
        lambda r: [float(r[name].dropna().astype(float).mean()) for name in ("said_resolved", "said_satisfied")],
    )
    said = p * yes + (1 - p) * no
    logistic = [1 / (1 + np.exp(-x)) for x in (-1.0, 1.5)]
    satisfied = said * logistic[1] + (1 - said) * logistic[0]
    assert agrees(found[:, 0], said)
    assert agrees(found[:, 1], satisfied)
    assert not agrees(found[:, 1], 0.5), "a coin"


HEAD_STARTS = {"emergency": 4.0, "urgent": 1.5, "ordinary": 0.0}


@pytest.mark.parametrize("discipline", ["fcfs", "class", "due", "aged"])
def test_each_start_takes_whose_turn_it_is(discipline: str) -> None:
    """One officer, constant work: each start takes the waiting visit that is first by rank, queued time, request."""
    classes = list(HEAD_STARTS)
    unit = {"staff": 1, "discipline": discipline}
    if discipline == "aged":
        unit["head_start"] = {name: f"{hours} h" for name, hours in HEAD_STARTS.items()}
    scenario = from_dict(
        {
            "name": "one officer",
            "time": {"start": "2024-01-01", "end": "2024-01-21"},
            "classes": classes,
            "districts": {"Town": {}},
            "units": {"Desk": unit},
            "categories": {
                "Matter": {"total": "23 / d", "unit": "Desk", "work": "1 h", "urgency": dict.fromkeys(classes, 1 / 3)}
            },
            "policies": {"time_limits": {"resolve": {"emergency": "2 h", "urgent": "9 h", "ordinary": "30 h"}}},
        }
    )
    out = sim.simulate(scenario, engine="compiled")
    table = out.visits.merge(out.requests[["request", "urgency", "due"]], on="request")
    urgency = table["urgency"].astype(str)
    ranks = {
        "fcfs": pd.Series(0.0, table.index),
        "class": urgency.map({name: float(i) for i, name in enumerate(classes)}),
        "due": table["due"],
        "aged": table["queued"] - urgency.map(HEAD_STARTS),
    }
    table = table.assign(rank=ranks[discipline]).sort_values("started")
    checked = 0
    for start in table["started"].dropna():
        waiting = table[(table["queued"] < start) & ~(table["started"] < start)]
        if len(waiting) > 1:
            first = waiting.sort_values(["rank", "queued", "request"]).iloc[0]
            assert first["started"] == start
            checked += 1
    assert checked > 200


# --- Boston's due dates ----------------------------------------------------------------------------------------------

ROWS = Path(__file__).parents[2] / "shared/data/boston-2011/311_service_requests_2011.csv.gz"


@pytest.mark.skipif(not ROWS.exists(), reason="Boston's rows are not at hand: they are not part of the project")
def test_two_rules_give_most_of_bostons_due_dates_to_the_minute() -> None:
    """Calendar days, or the same clock time n weekdays later in an office from 8:30 to 17:00; one n a type."""
    calendar = {"open": {"mon-fri": "8:30-17:00"}}
    scenario = city(
        time={"start": "2011-06-01", "end": "2012-06-01"},
        calendars={"city": calendar},
        policies={"time_limits": {"resolve": "1 workday", "calendar": "city"}},
    )
    from sim.model.city import build_city

    town = build_city(scenario)
    limits = town.time_limits
    assert limits is not None
    office = limits.working_time
    opens, closes, _, today = town.rosters[office.roster].hours
    rows = pd.read_csv(ROWS, usecols=["open_dt", "target_dt", "type"], parse_dates=["open_dt", "target_dt"]).dropna()
    start, hour = pd.Timestamp("2011-06-01"), pd.Timedelta(hours=1)
    rows = rows.assign(opened=(rows["open_dt"] - start) / hour, due=(rows["target_dt"] - start) / hour)
    dates = [rows[column].to_numpy().astype("datetime64[D]") for column in ("open_dt", "target_dt")]
    rows = rows.assign(workdays=np.busday_count(*dates), days=np.round((rows["due"] - rows["opened"]) / 24))
    told = 0
    for _, part in rows.groupby("type"):
        hits = [0]
        for n in part["days"].value_counts().index[:3]:
            hits.append(int((abs(part["due"] - part["opened"] - 24 * n) <= 1 / 60).sum()))
        for n in part["workdays"].value_counts().index[:3]:
            found = [
                rules.add_workdays(opens, closes, today, office.workdays, at, int(n), False) for at in part["opened"]
            ]
            hits.append(int((abs(part["due"] - found) <= 1 / 60).sum()))
        told += max(hits)
    assert len(rows) == 47_270
    assert told / len(rows) >= 0.75
    print(json.dumps({"share of due dates told to the minute": told / len(rows)}))
