"""Measures of contacts and requests, against answers worked out by hand on eleven contacts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measure_tables import CITY, outcomes, requests_table, value

from sim.measurement import REGISTRY, measures
from sim.scenario import from_text

A, B = "甲", "乙"
URGENT = {"category": "Pothole", "urgency": "urgent", "owner_unit": "Roads"}
POTHOLE = URGENT | {"urgency": "ordinary"}
NOISE = {"category": "Noise", "urgency": "ordinary", "owner_unit": "Streets"}
QUESTION = {"category": "Question", "urgency": "ordinary"}

CONTACTS: list[dict[str, Any]] = [
    # closed in time, resolved, everybody happy; answered in March
    URGENT
    | {"arrived": 0, "district": A, "channel": "phone", "status": "closed", "dispatched": 1, "rounds": 1}
    | {"contact_due": 25, "contacted": 5, "due": 25, "first_closed": 20, "closed": 20, "ended": 21}
    | {"resolved": True, "called_back": 21, "said_contacted": True, "said_resolved": True}
    | {"said_satisfied": True, "hours_work": 20, "hours_callback": 1},
    # contacted and closed late, not resolved but said to be
    POTHOLE
    | {"arrived": 10, "district": A, "channel": "web", "status": "closed", "dispatched": 10, "rounds": 1}
    | {"contact_due": 34, "contacted": 40, "due": 178, "first_closed": 200, "closed": 200, "ended": 201}
    | {"resolved": False, "called_back": 201, "said_contacted": False, "said_resolved": True}
    | {"said_satisfied": False, "hours_unit_queue": 100, "hours_lead_time": 90, "hours_callback": 1},
    # overdue and still open at 240
    NOISE
    | {"arrived": 50, "district": B, "channel": "phone", "status": "open", "dispatched": 51, "rounds": 1}
    | {"contact_due": 75, "contacted": 60, "due": 219, "hours_lead_time": 189, "hours_intake": 1},
    # bounced, closed in time, said not to be solved, resolved in the second round
    NOISE
    | {"arrived": 60, "district": B, "channel": "web", "status": "closed", "dispatched": 60, "rounds": 2}
    | {"urgency": "urgent", "contact_due": 84, "contacted": 61, "due": 84, "first_closed": 70, "closed": 100}
    | {"ended": 100, "resolved": True, "called_back": 72, "said_contacted": True, "said_resolved": False}
    | {"said_satisfied": False, "hops": 1, "hours_bounced": 10, "hours_rework": 30},
    # merged before its limits
    POTHOLE
    | {"arrived": 30, "district": A, "channel": "phone", "status": "merged", "dispatched": 31, "rounds": 1}
    | {"contact_due": 55, "due": 199, "ended": 54, "hours_unit_queue": 23, "hours_intake": 1},
    POTHOLE
    | {"arrived": 5, "district": A, "channel": "phone", "status": "lost", "ended": 6, "owner_unit": None}
    | {"hours_intake": 1},
    QUESTION | {"arrived": 7, "district": B, "channel": "web", "status": "answered", "ended": 7},
    # still waiting for dispatch
    QUESTION | {"arrived": 100, "district": B, "channel": "phone", "status": "open", "hours_dispatch": 140},
    QUESTION | {"arrived": 119, "district": B, "channel": "phone", "status": "intake_open", "hours_intake": 121},
    POTHOLE
    | {"arrived": 90, "district": A, "channel": "web", "status": "out_of_scope", "ended": 90}
    | {"owner_unit": None, "repeat_of": f"{1:016x}"},
    # after the window
    POTHOLE | {"arrived": 130, "district": A, "channel": "web", "status": "open", "dispatched": 130},
]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return measures(outcomes(CONTACTS))


EXPECTED = {
    "score": (0.2 * 2 + 0.4 * 2 + 0.4 * 1) / 3,
    "response_rate": 2 / 3,
    "resolution_rate": 2 / 3,
    "satisfaction_rate": 1 / 3,
    "said_contacted_rate": 2 / 3,
    "callback_answered_share": 3 / 5,
    "true_resolution_share": 2 / 5,
    "true_resolution_share_among_closed": 2 / 3,
    "resolution_gap": 0.0,
    "false_resolution_share": 1 / 2,
    "closed_share": 3 / 5,
    "street_level_share": 1 / 2,
    "breach_share": 2 / 5,
    "contact_breach_share": 1 / 5,
    "lateness_mean": (22 + 21) / 2,
    "lateness_mean_among_closed": 22.0,
    "contacts": 10,
    "requests": 6,
    "request_share": 6 / 10,
    "instant_answer_share": 1 / 2,
    "out_of_scope_share": 1 / 10,
    "merged_share": 1 / 10,
    "lost_share": 1 / 6,
    "repeat_share": 1 / 10,
    "backlog_end": 3,
    "backlog_end_counted": 2,
    "hops_mean": 1 / 6,
    "bounced_share": 1 / 6,
    "rounds_mean": 1.0,
    "reopened_share": 1 / 3,
    "time_to_close_mean": math.nan,
    "time_to_close_mean_among_closed": 220 / 3,
    "time_to_close_p90": math.nan,
    "theil": math.nan,
}


@pytest.mark.parametrize("measure", EXPECTED)
def test_whole_city(table: pd.DataFrame, measure: str) -> None:
    assert value(table, measure) == pytest.approx(EXPECTED[measure], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("measure", "hours"),
    [
        ("time_to_close_p50", 190),  # third of five, two of them open
        ("time_to_close_p50_among_closed", 20),
        ("time_to_close_p90_among_closed", 190),
        ("time_to_close_p99_among_closed", 190),
    ],
)
def test_quantiles_are_within_a_quarter_of_a_percent(table: pd.DataFrame, measure: str, hours: float) -> None:
    assert value(table, measure) == pytest.approx(hours, rel=0.0025)


def test_not_reached_is_told_from_no_cases(table: pd.DataFrame) -> None:
    assert math.isnan(value(table, "time_to_close_p90"))
    assert value(table, "time_to_close_p90", column="denominator") == 5
    assert math.isnan(value(table, "time_to_close_mean", "category", "Question"))
    assert value(table, "time_to_close_mean", "category", "Question", column="denominator") == 1
    assert math.isnan(value(table, "score", "category", "Question"))
    assert value(table, "score", "category", "Question", column="denominator") == 0


def test_groups(table: pd.DataFrame) -> None:
    assert value(table, "breach_share", "district", A) == 1 / 3
    assert value(table, "breach_share", "district", B) == 1 / 2
    assert value(table, "breach_share", "class", "urgent") == 0
    assert value(table, "breach_share", "unit", "Roads") == 1 / 3
    assert value(table, "breach_share", "district+category", B, "Noise") == 1 / 2
    assert value(table, "contact_breach_share", "category", "Pothole") == 1 / 3
    assert value(table, "requests", "unit", "Roads") == 3
    assert value(table, "requests", "channel", "phone") == 4
    assert value(table, "closed_share", "district", A) == 1
    assert value(table, "time_to_close_mean", "district", A) == 105


def test_contacts_without_a_unit_are_in_no_unit(table: pd.DataFrame) -> None:
    by_unit = table[(table["measure"] == "requests") & (table["group_by"] == "unit")]
    assert by_unit["value"].sum() == 5  # the sixth waits for dispatch
    assert set(by_unit["group"]) == {'["Roads"]', '["Streets"]'}


def test_rates_belong_to_the_month_of_the_answer_and_all_else_to_that_of_arrival(table: pd.DataFrame) -> None:
    assert value(table, "resolution_rate", "month", "2024-03", column="denominator") == 1
    assert value(table, "resolution_rate", "month", "2024-04") == 1 / 2
    assert value(table, "score", "unit+month", "Roads", "2024-03") == 1
    assert value(table, "requests", "month", "2024-03") == 3
    assert value(table, "requests", "month", "2024-04") == 3


@pytest.mark.parametrize(("until", "months"), [(47.0, 1), (48.0, 1), (48.5, 2), (48 + 30 * 24.0 + 1, 3)])
def test_the_months_are_those_that_the_window_touches(until: float, months: int) -> None:
    found = measures(outcomes(CONTACTS[:1], count_until=until))
    names = found.loc[(found["measure"] == "contacts") & (found["group_by"] == "month"), "group"]
    assert list(names) == ['["2024-03"]', '["2024-04"]', '["2024-05"]'][:months]


def test_gap_between_districts(table: pd.DataFrame) -> None:
    assert value(table, "equity_gap") == pytest.approx(1 / 6)
    assert value(table, "equity_gap", "measure", "closed_share") == pytest.approx(2 / 3)
    # one district's median is not reached, so neither is the gap
    assert math.isnan(value(table, "equity_gap", "measure", "time_to_close_p50"))
    row = table[(table["measure"] == "equity_gap") & (table["group"] == '["time_to_close_p50"]')]
    assert row["unit"].item() == "h"


def test_a_district_that_is_not_reached_leaves_no_gap_between_the_others() -> None:
    requests = requests_table([CONTACTS[0], CONTACTS[3], CONTACTS[2]])
    requests["district"] = ["甲", "乙", "丙"]
    found = measures(outcomes(requests))
    assert math.isnan(value(found, "equity_gap", "measure", "time_to_close_p50"))
    assert value(found, "equity_gap", "measure", "time_to_close_p50", column="denominator") == 3
    assert value(found, "equity_gap", "measure", "closed_share") == 1
    assert value(found, "closed_share", "district", "丙") == 0


def test_theil_index_by_its_definition(table: pd.DataFrame) -> None:
    hours = np.array([20.0, 190.0, 10.0])
    relative = hours / hours.mean()
    expected = float(np.mean(relative * np.log(relative)))
    assert value(table, "theil_among_closed") == pytest.approx(expected, rel=1e-12)
    means = np.array([105.0, 105.0, 10.0]) / hours.mean()
    between = float(np.mean(means * np.log(means)))
    assert value(table, "theil_between_districts_among_closed") == pytest.approx(between, rel=1e-12)
    assert value(table, "theil_among_closed", "district", B) == 0  # one request only


def test_hours_by_cause(table: pd.DataFrame) -> None:
    assert value(table, "hours_by_cause", "cause", "lead_time") == 90 + 189
    assert value(table, "hours_by_cause", "unit+cause", "Streets", "lead_time") == 189
    assert value(table, "hours_by_cause_share", "district+cause", A, "work") == 20 / 237
    assert value(table, "hours_by_cause", "cause", "parked") == 0


def test_breaches_by_largest_cause(table: pd.DataFrame) -> None:
    assert value(table, "breaches_by_largest_cause", "cause", "unit_queue") == 1
    assert value(table, "breaches_by_largest_cause", "unit+cause", "Streets", "lead_time") == 1
    assert value(table, "breaches_by_largest_cause_share", "cause", "lead_time") == 1 / 2
    assert value(table, "breaches_by_largest_cause", "cause", "callback") == 0


LATE = POTHOLE | {
    "arrived": 0,
    "district": A,
    "channel": "web",
    "status": "open",
    "dispatched": 100,
    "due": 120,
}
LATE |= {"hours_dispatch": 100, "hours_unit_queue": 60, "hours_rework": 80}


@pytest.mark.parametrize(("since", "cause"), [("dispatch", "unit_queue"), ("arrival", "dispatch")])
def test_only_hours_on_the_clock_make_a_breach(since: str, cause: str) -> None:
    scenario = from_text(CITY.replace("{contact: 1 d", f"{{from: {since}, contact: 1 d"))
    found = measures(outcomes([LATE], scenario=scenario))
    assert value(found, "breaches_by_largest_cause", "cause", cause) == 1


def test_a_request_merged_after_its_due_date_is_late() -> None:
    merged = POTHOLE | {"arrived": 0, "district": A, "channel": "web", "status": "merged", "dispatched": 0}
    found = measures(outcomes([merged | {"due": 168, "contact_due": 24, "ended": 180}]))
    assert value(found, "breach_share") == 1
    assert value(found, "lateness_mean_among_closed") == 12
    assert value(found, "contact_breach_share") == 1
    assert value(found, "time_to_close_mean", column="denominator") == 0


def test_a_due_date_at_the_end_counts_and_one_after_it_does_not() -> None:
    still_open = POTHOLE | {"arrived": 0, "district": A, "channel": "web", "status": "open", "dispatched": 0}
    found = measures(outcomes([still_open | {"due": 240.0}, still_open | {"due": 240.5}]))
    assert value(found, "breach_share") == 1
    assert value(found, "breach_share", column="denominator") == 1


def test_closed_exactly_when_due_is_in_time() -> None:
    found = measures(outcomes([CONTACTS[0] | {"first_closed": 25, "contacted": 25}]))
    assert value(found, "breach_share") == 0
    assert value(found, "contact_breach_share") == 0
    assert value(found, "response_rate") == 1


def test_excluded_requests_are_not_scored() -> None:
    found = measures(outcomes([CONTACTS[0], CONTACTS[1] | {"excluded": True}]))
    assert value(found, "resolution_rate", column="denominator") == 1
    assert value(found, "callback_answered_share") == 1


def test_without_callbacks_there_are_no_rates() -> None:
    scenario = from_text(CITY[: CITY.index("  callback:")].replace(", callers: {staff: 1}", ""))
    silent = [row | {"called_back": np.nan} for row in CONTACTS]
    found = measures(outcomes(silent, scenario=scenario))
    for measure in (
        "score",
        "response_rate",
        "resolution_rate",
        "satisfaction_rate",
        "callback_answered_share",
    ):
        assert math.isnan(value(found, measure))
        assert value(found, measure, column="denominator") == 0


def test_without_a_contact_stage_response_is_unknown() -> None:
    scenario = from_text(CITY.replace("contact: {work: 5 min}\n", "").replace("contact: 1 d, ", ""))
    found = measures(outcomes(CONTACTS, scenario=scenario))
    assert math.isnan(value(found, "response_rate"))
    assert math.isnan(value(found, "score"))
    assert math.isnan(value(found, "contact_breach_share"))
    assert value(found, "resolution_rate") == 2 / 3
    weights = "score: {weights: {resolution: 0.5, satisfaction: 0.5}}, reopen"
    scenario = from_text(
        CITY.replace("contact: {work: 5 min}\n", "").replace("contact: 1 d, ", "").replace("reopen", weights)
    )
    assert value(measures(outcomes(CONTACTS, scenario=scenario)), "score") == pytest.approx(1 / 2)


def test_units_and_order_are_those_of_the_registry(table: pd.DataFrame) -> None:
    assert list(dict.fromkeys(table["measure"])) == list(REGISTRY)
    plain = table[~table["measure"].isin(["equity_gap", "cost", "cost_per_request"])]
    assert list(plain["unit"]) == [REGISTRY[measure].unit for measure in plain["measure"]]
    assert set(table.loc[table["measure"] == "cost", "unit"]) == {"CNY"}
    for measure, rows in table.groupby("measure"):
        assert set(rows["group_by"]) <= set(REGISTRY[str(measure)].groups)
