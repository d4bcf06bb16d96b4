"""Measures of calls, pools and problems, against answers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from measure_tables import CITY, outcomes, value

from sim.measurement import measures
from sim.scenario import from_text

SECOND = 1 / 3600


# --- phone ---


def caller(arrived: float, district: str = "甲", channel: str = "phone") -> dict[str, Any]:
    return {"arrived": arrived, "district": district, "category": "Question", "channel": channel} | {
        "urgency": "ordinary",
        "status": "answered",
        "ended": arrived + 1,
    }


def call(request: int, queued: float, started: float | None, ended: float | None) -> dict[str, Any]:
    return {"request": f"{request:016x}", "kind": "intake", "pool": "hotline", "queued": queued} | {
        "started": started,
        "ended": ended,
        "worked": 0.0,
    }


def test_calls() -> None:
    contacts = [caller(0), caller(10, "乙"), caller(20, channel="web"), caller(239.9), caller(130)]
    contacts[3]["arrived"] = 119  # calls once more at the very end and is still ringing
    visits = [
        call(0, 0, 15 * SECOND, 0.1),  # after exactly 15 seconds
        call(1, 10, None, 10 + 60 * SECOND),  # abandons, calls again
        call(1, 11, 11 + 18 * SECOND, 11.2),
        call(2, 20, 21, 22),  # online: no call
        call(3, 239.9, None, None),
        call(4, 130, 130, 130.1),  # arrived after the window
        call(0, 1, 1, 2) | {"kind": "dispatch"},
    ]
    table = measures(outcomes(contacts, visits))
    assert value(table, "calls") == 4
    assert value(table, "answered_within_15s") == 1 / 4
    assert value(table, "answered_within_20s") == 2 / 4
    assert value(table, "abandonment_share") == 1 / 4
    assert value(table, "phone_wait_mean") == pytest.approx((93 * SECOND + 0.1) / 4)
    assert value(table, "phone_wait_mean_answered") == pytest.approx(33 / 2 * SECOND)
    assert value(table, "abandonment_share", "district", "乙") == 1 / 2
    assert value(table, "calls", "channel", "web") == 0
    assert math.isnan(value(table, "abandonment_share", "channel", "web"))


def test_a_city_without_patience_has_no_calls() -> None:
    scenario = from_text(CITY.replace(", patience: 3 min", ""))
    table = measures(outcomes([caller(0)], [call(0, 0, 0, 1)], scenario=scenario))
    assert value(table, "calls") == 0
    assert math.isnan(value(table, "phone_wait_mean"))
    assert math.isnan(value(table, "lost_share"))


# --- pools ---


def level(pool: str, hour: int, arrivals: float, queue: float, busy: float, on_duty: float) -> dict[str, Any]:
    return {"replication": 0, "pool": pool, "hour": hour, "arrivals": arrivals, "queue": queue} | {
        "busy": busy,
        "on_duty": on_duty,
        "called_in": 0.0,
        "overtime": 0.0,
    }


LEVELS = [
    level("hotline", 0, 4, 1.0, 1.0, 2.0),
    level("hotline", 1, 0, 0.5, 0.5, 0.0),  # works on after the shift
    level("Roads", 0, 1, 2.0, 0.5, 1.0),
    level("Streets", 0, 0, 0.0, 0.0, 0.0),
    level("hotline", 120, 9, 9.0, 9.0, 9.0),  # after the window
]


def test_pools() -> None:
    table = measures(outcomes([caller(0)], levels=LEVELS))
    assert value(table, "utilisation", "pool", "hotline") == 1.5 / 2.0
    assert value(table, "utilisation") == 2.0 / 3.0
    assert math.isnan(value(table, "utilisation", "pool", "Streets"))
    assert value(table, "queue_mean", "pool", "hotline") == 1.5 / 120
    assert value(table, "queue_mean", "pool", "callers") == 0
    assert value(table, "wait_mean", "pool", "hotline") == 1.5 / 4
    assert value(table, "cost", "pool", "hotline") == 2 * 30 + 0.5 * 30 * 1.5
    assert value(table, "cost", "pool", "Roads") == 20
    assert math.isnan(value(table, "cost", "pool", "Streets"))
    assert value(table, "cost") == 82.5 + 20


def test_cost_per_request_and_cities_without_wages() -> None:
    request = caller(0) | {"status": "open", "dispatched": 0.0}
    given = outcomes([request, request, caller(1)], levels=LEVELS)
    assert value(measures(given), "cost_per_request") == 102.5 / 2
    given.pools["wage"] = np.nan
    assert math.isnan(value(measures(given), "cost"))
    assert math.isnan(value(measures(given), "cost_per_request"))


def test_only_whole_hours_of_the_window_count() -> None:
    table = measures(outcomes([caller(0)], levels=LEVELS, count_from=0.5))
    assert value(table, "queue_mean", "pool", "hotline") == 0.5 / 119


# --- problems ---


def problem(born: float, first_report: float | None, fixed: float | None, district: str = "甲") -> dict[str, Any]:
    return {"problem": f"{int(born):016x}", "district": district, "category": "Pothole", "born": born} | {
        "first_report": first_report,
        "fixed": fixed,
    }


def test_problems() -> None:
    found = [
        problem(0, 5, 100),
        problem(10, None, None),
        problem(20, 2200, 3000, "乙"),  # reported after 2180 hours: more than 90 days
        problem(100, 200, None),  # born less than 90 days before the end
        problem(130, 131, 132),  # after the window
    ]
    table = measures(outcomes(problems=found, end=2200.0))
    assert value(table, "problems") == 4
    assert value(table, "fixed_share") == 2 / 4
    assert value(table, "unreported_share") == 2 / 3
    assert value(table, "unreported_share", "district", "甲") == 1 / 2
    assert math.isnan(value(table, "birth_to_fix_mean"))
    assert value(table, "birth_to_fix_mean_among_fixed") == (100 + 2980) / 2
    assert value(table, "birth_to_fix_mean", "district", "乙") == 2980
    assert value(table, "birth_to_fix_p50") == pytest.approx(2980, rel=0.0025)
    assert math.isnan(value(table, "birth_to_fix_p90"))


# --- nothing ---


def test_a_city_in_which_nothing_happens() -> None:
    table = measures(outcomes())
    city = table[table["group_by"] == ""].set_index("measure")
    for measure in ("contacts", "requests", "calls", "problems", "backlog_end"):
        assert city.loc[measure, "value"] == 0
    for measure in ("score", "breach_share", "time_to_close_p50", "phone_wait_mean", "theil", "equity_gap"):
        assert np.isnan(city.loc[measure, "value"])
        assert city.loc[measure, "denominator"] == 0
    assert value(table, "requests", "district", "乙") == 0
