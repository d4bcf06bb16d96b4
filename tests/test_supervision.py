"""Escalation: which requests, when, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import both, same_tables

import sim
from sim.report.explain import explain
from sim.scenario import Scenario, ScenarioError, from_dict

Data = dict[str, Any]
POLICY: Data = {"pool": "supervisors", "work": "30 min", "overdue_by": "2 h"}


def town(policy: Data | None = POLICY, **changes: Any) -> Scenario:
    """One office with people for all: an hour of work and 30 of lead time, to be resolved in 24."""
    matter = {"total": "20 / d", "unit": "Office", "work": "1 h", "lead": "30 h", **changes.pop("matter", {})}
    policies = {"time_limits": {"resolve": "24 h", **changes.pop("limits", {})}, **changes.pop("policies", {})}
    return from_dict(
        {
            "name": "escalation",
            "time": {"start": "2024-01-01", "end": changes.pop("end", "2024-02-01")},
            "districts": {"Town": {}},
            "pools": {"supervisors": {"staff": 99}, **changes.pop("pools", {})},
            "units": {"Office": {"staff": 99, **changes.pop("office", {})}},
            "categories": {"Matter": matter, **changes.pop("categories", {})},
            "policies": policies | ({} if policy is None else {"supervision": policy}),
            **changes,
        }
    )


def queues(policy: Data | None = POLICY, **office: Any) -> Scenario:
    """One officer with a little more to do than they can; half of it is to be resolved in 4 h, half in 9 d."""
    slow = {"total": "13 / d", "unit": "Office", "work": "1 h"}
    return town(
        policy,
        matter={"total": "12 / d", "lead": "0 h"},
        categories={"Slow": slow},
        limits={"by_category": {"Matter": "4 h", "Slow": "9 d"}, "resolve": {}},
        office={"staff": 1, **office},
    )


def errands(out: sim.Outcomes) -> pd.DataFrame:
    return out.visits[out.visits["kind"] == "errand"]


# --- when -----------------------------------------------------------------------------------------------------------


def test_one_request_by_hand() -> None:
    """Dispatched at t, due at t + 24 h, escalated at t + 26 h, closed at t + 31 h; half an hour of supervision."""
    out = both(town())
    rows = out.requests[out.requests["closed"].notna()]
    np.testing.assert_array_equal(rows["escalated"] - rows["dispatched"], 26.0)
    np.testing.assert_array_equal(rows["closed"] - rows["dispatched"], 31.0)
    asked = errands(out)
    assert sorted(asked["queued"]) == sorted(out.requests["escalated"].dropna())
    assert asked["request"].isna().all()
    assert (asked["pool"] == "supervisors").all()
    done = asked[asked["ended"].notna()]
    assert done["worked"].sum() == 0.5 * len(done)  # hours in = escalations × hours each
    share = sim.measures(out).query("measure == 'escalated_share' and group_by == ''")["value"].item()
    assert share == out.requests["escalated"].notna().mean()


def test_who_is_closed_in_time_is_not_escalated() -> None:
    """Closed at t + 26 h in that very instant: the end of lead time comes first."""
    assert both(town(matter={"lead": "25 h"})).requests["escalated"].isna().all()


def test_a_due_date_that_has_moved_is_waited_for() -> None:
    """An extension comes first, also where it is asked for in that instant; so does parking."""
    extension = {"ask_before": "0 h", "probability": 1, "length": "3 h"}
    for overdue_by in ("0 h", "2 h"):
        policy = {**POLICY, "overdue_by": overdue_by}
        rows = both(town(policy, limits={"extension": extension})).requests
        rows = rows[rows["closed"].notna()]
        np.testing.assert_array_equal(rows["escalated"] - rows["dispatched"], 27.0 + float(overdue_by[0]))
    rows = both(town(limits={"parking": {"share": 1, "time": "10 h"}})).requests
    rows = rows[rows["closed"].notna()]
    np.testing.assert_array_equal(rows["escalated"] - rows["dispatched"], 36.0)


def test_gaming_comes_first_in_the_same_instant() -> None:
    """With no window, and nobody closer to the score than the last: closed at the due date, and not escalated."""
    score = {"weights": {"resolution": 1}}
    callback = {"pool": "supervisors", "work": "0 min", "resolved": {"if_true": 0, "if_false": 0}, "score": score}
    gaming = {"gain": 9, "decay": 0, "target": 1, "gaming": {"share": 9, "window": "0 h"}}
    policies = {"callback": callback, "ranking": gaming}
    out = both(town({**POLICY, "overdue_by": "0 h"}, policies=policies, end="2024-03-01"))
    rows = out.requests[(out.requests["arrived"] > 31 * 24) & out.requests["closed"].notna()]
    assert (rows["gamed"] == 1).all()
    assert rows["escalated"].isna().all()


def test_once_a_round_and_at_its_first_time_for_good() -> None:
    """Both rounds are late by 5 h: two errands, one moment."""
    callback = {
        "pool": "supervisors",
        "work": "0 min",
        "reopen": {"at_most": 1},
        "score": {"weights": {"resolution": 1}},
    }
    out = both(town(matter={"resolve": [0, 1]}, policies={"callback": callback}))
    rows = out.requests[out.requests["rounds"] == 2]
    np.testing.assert_array_equal(rows["escalated"] - rows["dispatched"], 26.0)
    second = rows["first_closed"] + 26.0
    wanted = [*out.requests["escalated"].dropna(), *second[second < out.end]]
    assert sorted(errands(out)["queued"]) == sorted(wanted)


def test_who_calls_again_is_escalated_from_the_beginning() -> None:
    callback = {"pool": "supervisors", "work": "0 min", "call_again": {"probability": 1, "after": "1 d"}}
    callback["score"] = {"weights": {"resolution": 1}}
    policy = {"pool": "supervisors", "work": "1 h", "repeats": True}
    channels = {"phone": {"share": 1, "pool": "supervisors", "talk": "6 min"}}
    out = both(town(policy, matter={"resolve": [0]}, policies={"callback": callback}, channels=channels))
    again = out.requests["repeat_of"].notna()
    assert again.sum() > 100
    assert out.requests.loc[~again, "escalated"].isna().all()
    taken = out.requests[again & out.requests["dispatched"].notna()]
    np.testing.assert_array_equal(taken["escalated"], taken["dispatched"])  # they become requests when the call is over
    np.testing.assert_array_equal(taken["escalated"] - taken["arrived"], taken["hours_intake"])


def test_a_duplicate_escalates_what_it_attaches_to() -> None:
    """The one that came first of those that units have, once; when the desk sees the duplicate."""
    policy = {"pool": "supervisors", "work": "1 h", "duplicates": True}
    changes: Data = {
        "matter": {"total": "4 / d", "lead": "9 d", "reports": {"every": "1 d", "give_up": "20 d"}},
        "dispatch": {"pool": "supervisors", "work": "6 min", "accuracy": 1},
    }
    out = both(town(policy, policies={"precise_dispatch": {"duplicates": 0.6}}, **changes))
    r = out.requests
    seen = out.visits[out.visits["kind"] == "dispatch"].set_index("request")["ended"]
    wanted = {}
    attached = r[(r["status"] == "merged") & r["dispatched"].isna()].assign(at=lambda rows: rows["request"].map(seen))
    for row in attached.sort_values("at").itertuples():
        open_ = r[(r["problem"] == row.problem) & (r["dispatched"] < row.at) & ~(r["ended"] <= row.at)]
        if len(open_):  # else another one had fixed the problem meanwhile
            wanted.setdefault(open_["request"].iloc[0], row.at)
    escalated = r[r["escalated"].notna()].set_index("request")["escalated"]
    assert len(wanted) > 30
    assert escalated.to_dict() == wanted
    assert len(errands(out)) == len(wanted)


# --- what comes of it -------------------------------------------------------------------------------------------------


def served_by_hand(rows: pd.DataFrame, late: float) -> list[float]:
    """When each of a queue of one officer starts, an hour of work each: those of ``Matter`` that came more than so many
    hours before go first.
    """
    joined, fast = rows["dispatched"].to_numpy(), (rows["category"] == "Matter").to_numpy()
    started, now, left = np.full(len(rows), np.nan), 0.0, list(range(len(rows)))
    while left:
        now = max(now, joined[left[0]])
        here = [k for k in left if joined[k] <= now]
        urged = [k for k in here if fast[k] and joined[k] + late < now]
        chosen = (urged or here)[0]
        started[chosen] = now
        now += 1.0
        left.remove(chosen)
    return list(started)


@pytest.mark.parametrize("policy", [POLICY, None], ids=["on", "off"])
def test_a_queue_worked_out_by_hand(policy: Data | None) -> None:
    """Who waits already is moved, and goes before those who came earlier."""
    out = both(queues(policy))
    begun = out.visits[out.visits["kind"] == "handling"].set_index("request")["started"]
    wanted = pd.Series(served_by_hand(out.requests, np.inf if policy is None else 6.0))
    started = out.requests["request"].map(begun)
    assert started.notna().sum() > 600
    pd.testing.assert_series_equal(started, wanted.where(wanted < out.end), check_names=False)


@pytest.mark.parametrize("discipline", ["class", "due", "aged"])
def test_it_goes_first_in_every_discipline(discipline: str) -> None:
    """Also what is due last: a matter that is reported again and again, while all else is due at once."""
    out = both(
        town(
            {"pool": "supervisors", "work": "1 h", "duplicates": True},
            matter={"total": "8 / d", "lead": "0 h", "reports": {"every": "9 h", "give_up": "3 d"}},
            categories={"Slow": {"total": "17 / d", "unit": "Office", "work": "1 h"}},
            limits={"by_category": {"Matter": "9 d", "Slow": "1 h"}, "resolve": {}},
            office={"staff": 1, "discipline": discipline},
            dispatch={"pool": "supervisors", "work": "1 min", "accuracy": 1},
            policies={"precise_dispatch": {"duplicates": 1}},
        )
    )
    v = out.visits[out.visits["kind"] == "handling"].merge(out.requests[["request", "escalated"]], on="request")
    v = v[v["started"].notna()]
    urged = v["escalated"] < v["started"]
    assert urged.sum() > 50
    for row in v[urged].itertuples():
        between = v[(v["started"] > max(row.escalated, row.queued)) & (v["started"] < row.started)]
        assert (between["escalated"] < between["started"]).all()


def test_who_is_escalated_waits_less_and_the_others_more() -> None:
    plain, urged = (sim.simulate(queues(policy), engine="compiled") for policy in (None, POLICY))
    waits = [out.requests.groupby("category", observed=True)["hours_unit_queue"].mean() for out in (plain, urged)]
    assert waits[1]["Matter"] < 0.5 * waits[0]["Matter"]
    assert waits[1]["Slow"] > waits[0]["Slow"]
    starts = [np.sort(out.visits.loc[out.visits["kind"] == "handling", "started"].dropna()) for out in (plain, urged)]
    np.testing.assert_array_equal(*starts)  # matters of an hour each: one goes in the place of another


def test_starved_it_is_escalated_all_the_same() -> None:
    """Without supervisors nobody works on the errands, and requests go the same way."""
    some, none = both(queues()), both(replace_staff(0))
    assert errands(none)["started"].isna().all()
    assert len(errands(none)) == len(errands(some)) > 100
    assert none.requests.equals(some.requests)


def replace_staff(staff: int) -> Scenario:
    """The queues with so many supervisors."""
    scenario = queues()
    pool = scenario.pools["supervisors"]
    assert pool.staff is not None
    pools = {"supervisors": pool.model_copy(update={"staff": replace(pool.staff, each=staff)})}
    return scenario.model_copy(update={"pools": pools})


def test_a_larger_overdue_by_escalates_fewer_of_the_same() -> None:
    few, many = (both(town({**POLICY, "overdue_by": by})).requests for by in ("5 h", "1 h"))
    assert few["closed"].equals(many["closed"])
    assert not (few["escalated"].notna() & many["escalated"].isna()).any()


# --- off and refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_present_without_effect_no_byte_changes(engine: Any) -> None:
    never = {**POLICY, "overdue_by": "40 d", "repeats": False}
    off, on = (sim.simulate(queues(policy), engine=engine) for policy in (None, never))
    assert same_tables(off, replace(on, scenario=off.scenario))


def test_explain_and_show_tell_it() -> None:
    run = sim.run(town(), 1, keep="all", engine="compiled")
    row = run.tables.requests.iloc[0]  # type: ignore[union-attr]
    told = explain(run, row["request"])
    assert "Escalated at " in told
    assert "from then on units took it before others." in told


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"overdue_by": None}, "supervision: has nothing to act on: it needs something that escalates requests"),
        ({"overdue_by": None, "repeats": False}, "it needs something that escalates requests"),
        ({"repeats": True}, "supervision.repeats: has nothing to act on: it needs citizens who call again"),
        (
            {"duplicates": True},
            "supervision.duplicates: has nothing to act on: it needs duplicates that are recognised",
        ),
        ({"pool": "Nobody"}, "Nobody"),
    ],
)
def test_what_has_nothing_to_act_on_is_refused(policy: Data, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        town({key: value for key, value in {**POLICY, **policy}.items() if value is not None})


def test_it_needs_a_limit_to_be_overdue() -> None:
    with pytest.raises(
        ScenarioError, match=r"supervision.overdue_by: has nothing to act on: it needs a limit to resolve"
    ):
        town(limits={"resolve": {}})
