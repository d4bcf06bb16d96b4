"""What units under pressure do but work: they close what is due unsolved, and ask for exclusions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import both, same_tables

import sim
from sim.model.policies import ranking
from sim.report.explain import explain
from sim.scenario import Scenario, ScenarioError, from_dict

Data = dict[str, Any]
#: The last of two units has a pressure of 1 from February on, and closes all that it may.
POLICY: Data = {"gain": 1, "decay": 1, "gaming": {"share": 1, "window": "12 h", "persuaded": 0.6}}
CALLBACK: Data = {
    "pool": "callers",
    "work": "0 min",
    "resolved": {"if_true": 0.95, "if_false": 0.1},
    "score": {"weights": {"resolution": 1}},
}
FEBRUARY = 31 * 24.0


def town(policy: Data | None = POLICY, **changes: Any) -> Scenario:
    """Unit Last solves 70 of 100 after an hour of work and 20 of lead time, due after 24; First is always better."""
    own = {"total": f"{changes.pop('a_day', 20)} / d", "unit": "Last", "work": "1 h", "lead": "20 h", "resolve": 0.7}
    own |= changes.pop("matter", {})
    other = {"total": "5 / d", "unit": "First", "work": "1 h", "resolve": 1}
    limits = {"resolve": "24 h", **changes.pop("limits", {})}
    policies = {"time_limits": limits, "callback": {**CALLBACK, **changes.pop("callback", {})}}
    policies |= changes.pop("policies", {}) | ({} if policy is None else {"ranking": policy})
    return from_dict(
        {
            "name": "games",
            "time": {"start": "2024-01-01", "end": changes.pop("end", "2024-04-01")},
            "districts": {"Town": {}},
            "pools": {"callers": {"staff": 999}},
            "units": {"Last": {"staff": changes.pop("staff", 999)}, "First": {"staff": 99}, **changes.pop("units", {})},
            "categories": {"Matter": own, "Else": other},
            "policies": policies,
            **changes,
        }
    )


def matters(out: sim.Outcomes, after: float = FEBRUARY) -> pd.DataFrame:
    """Requests of the last unit that came after a moment, and were closed."""
    rows = out.requests[(out.requests["category"] == "Matter") & (out.requests["arrived"] > after)]
    return rows[rows["first_closed"].notna()]


# --- the size (truth 7.gamed) ----------------------------------------------------------------------------------------


def test_the_rules_are_shares_of_pressure() -> None:
    assert [ranking.answered(pressure, 0.4) for pressure in (0.0, 0.5, 9.0)] == [0.0, 0.2, 1.0]
    assert ranking.asks(0.3, 0.5, 0.4) == pytest.approx(0.5)
    assert ranking.asks(0.3, 9.0, 0.4) == 1.0
    assert ranking.asks(0.3, 0.0, 0.4) == 0.3


def test_a_gamed_request_moves_the_report_and_the_truth() -> None:
    """Handled 0.695 are said to be resolved, gamed 0.6, of which none is; by default 0.1. At length: tests/theory."""
    default = {**POLICY, "gaming": {"share": 1, "window": "12 h"}}
    plain, gamed, usual = (
        matters(sim.simulate(town(p, a_day=100), engine="compiled")) for p in (None, POLICY, default)
    )
    for rows, said, solved in ((plain, 0.695, 0.7), (gamed, 0.6, 0.0), (usual, 0.1, 0.0)):
        error = np.sqrt(0.25 / len(rows))
        assert abs(float((rows["said_resolved"] == 1).mean()) - said) < 4 * error < 0.03
        assert abs(float((rows["resolved"] == 1).mean()) - solved) < 4 * error
        assert (rows["gamed"] == (0 if rows is plain else 1)).all()
    assert set(gamed["request"]) == set(usual["request"])


# --- when -----------------------------------------------------------------------------------------------------------


def test_one_request_by_hand() -> None:
    """Dispatched at t, worked on for an hour, in lead time at t + 12 h: closed then; in January at t + 21 h."""
    out = both(town())
    rows = matters(out)
    np.testing.assert_array_equal(rows["closed"] - rows["dispatched"], 12.0)
    assert (rows["gamed"] == 1).all()
    assert (rows["resolved"] == False).all()  # noqa: E712 (of a column)
    np.testing.assert_array_equal(rows["hours_lead_time"], 11.0)
    january = matters(out, 0.0)
    january = january[january["arrived"] < FEBRUARY - 13]
    np.testing.assert_array_equal(january["closed"] - january["dispatched"], 21.0)
    assert (january["gamed"] == 0).all()


def test_never_while_somebody_works_on_it() -> None:
    assert (matters(both(town(matter={"work": "20 h", "lead": "0 h"})))["gamed"] == 0).all()


def test_what_waits_is_closed_and_leaves_the_queue() -> None:
    """An office with twice the work it can do: what has not been begun is closed 12 h before it is due."""
    out = both(town(staff=1, a_day=50))
    rows = matters(out)
    waited = rows[rows["hours_work"] == 0]
    assert len(waited) > 500
    assert (waited["gamed"] == 1).all()
    np.testing.assert_array_equal(waited["closed"] - waited["dispatched"], 12.0)
    left = out.visits[out.visits["request"].isin(waited["request"]) & (out.visits["kind"] == "handling")]
    assert left["started"].isna().all()
    assert left["ended"].tolist() == waited["closed"].tolist()


def test_a_due_date_that_has_moved_is_waited_for() -> None:
    """The extension comes first, also where both fall on one instant."""
    for ask_before, window in (("13 h", "12 h"), ("12 h", "12 h")):
        extension = {"ask_before": ask_before, "probability": 1, "length": "5 h"}
        policy = {**POLICY, "gaming": {**POLICY["gaming"], "window": window}}
        rows = matters(both(town(policy, limits={"extension": extension})))
        np.testing.assert_array_equal(rows["closed"] - rows["dispatched"], 17.0)


def test_a_window_longer_than_the_limit_begins_with_the_round() -> None:
    """There somebody is at work with it at once, and nobody closes it; who has to wait is closed at once."""
    policy = {**POLICY, "gaming": {**POLICY["gaming"], "window": "3 d"}}
    assert (matters(both(town(policy)))["gamed"] == 0).all()
    rows = matters(both(town(policy, staff=1, a_day=50)))
    rows = rows[rows["gamed"] == 1]
    assert len(rows) > 100
    np.testing.assert_array_equal(rows["closed"], rows["dispatched"])


def test_once_a_request() -> None:
    """Reopened, it is handled: 0.7 are solved in the second round."""
    rows = matters(both(town(callback={"reopen": {"at_most": 3}})))
    rows = rows[(rows["arrived"] < FEBRUARY + 24 * 30) & (rows["rounds"] > 1)]
    assert (rows["gamed"] == 1).all()
    assert len(rows) > 100
    assert 0.5 < float((rows["resolved"] == True).mean()) < 1.0  # noqa: E712 (of a column)


def test_it_comes_before_the_callback_of_that_instant() -> None:
    """With no window: closed at the due date, and asked as one that is closed; without gaming it is still open."""
    changes: Data = {"matter": {"lead": "9 d"}, "callback": {"after": "due"}}
    changes["callback"]["resolved"] = {"if_true": 1, "if_false": 0, "while_open": 0.25}
    policy = {**POLICY, "gaming": {"share": 1, "window": "0 h", "persuaded": 1}}
    gamed = matters(both(town(policy, **changes)))
    gamed = gamed[gamed["due"] < FEBRUARY + 29 * 24]  # all are content, and nobody is last any more
    assert (gamed["said_resolved"] == True).all()  # noqa: E712 (of a column)
    np.testing.assert_array_equal(gamed["called_back"], gamed["due"])
    plain = matters(both(town(None, **changes)))
    said = (plain["said_resolved"] == True).mean()  # noqa: E712 (of a column)
    assert abs(float(said) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(plain))


def test_a_part_that_is_worked_on_is_waited_for_and_one_that_waits_is_given_up() -> None:
    whistle = {"whistle": {"blown": "start"}}
    for staff, gamed in ((99, 0), (0, 1)):
        matter = {"parts": [{"unit": "Other", "work": "20 h"}]}
        units = {"Other": {"staff": staff}}
        rows = matters(both(town(matter=matter, units=units, policies=whistle)))
        assert (rows["gamed"] == gamed).all()
        if gamed:
            np.testing.assert_array_equal(rows["closed"] - rows["dispatched"], 12.0)


def test_only_what_is_in_the_hands_of_the_owner() -> None:
    """A part that is done after the owner's own work is another unit's: the owner waits for it."""
    matter = {"lead": "0 h", "parts": [{"unit": "Other", "work": "1 min", "lead": "20 h"}]}
    rows = matters(both(town(matter=matter, units={"Other": {"staff": 99}})))
    assert (rows["gamed"] == 0).all()


def test_explain_tells_it() -> None:
    run = sim.run(town(), 1, keep="all", engine="compiled")
    gamed = matters(run.tables)["request"].iloc[0]  # type: ignore[arg-type]
    assert "In round 1 its owner, under pressure, closed it unsolved before it was due." in explain(run, gamed)


# --- exclusion -------------------------------------------------------------------------------------------------------


def test_units_under_pressure_ask_for_more_exclusions() -> None:
    """Of what is not resolved 0.2 are excluded without pressure, 0.5 with P = 1."""
    exclusion = {"asks": 0.2, "granted": 1, "review": {"pool": "callers", "work": "1 min"}}
    shares = []
    for policy in (None, {"gain": 1, "decay": 1, "exclusion": {"share": 0.3}}):
        rows = matters(both(town(policy, a_day=100, callback={"exclusion": exclusion})))
        bad = rows[rows["said_resolved"] == False]  # noqa: E712 (of a column)
        shares.append(float((bad["excluded"] == True).mean()))  # noqa: E712 (of a column)
    for found, exact in zip(shares, (0.2, 0.5), strict=True):
        assert abs(found - exact) < 4 * np.sqrt(exact * (1 - exact) / len(bad))


# --- off -------------------------------------------------------------------------------------------------------------

NO_EFFECT: list[Data] = [
    {"gain": 3, "decay": 0, "gaming": {"share": 0, "window": "1 d"}, "exclusion": {"share": 0}},
    {"gain": 0, "decay": 1, "gaming": {"share": 5, "window": "1 d"}, "exclusion": {"share": 5}},
]


@pytest.mark.parametrize("policy", NO_EFFECT, ids=str)
@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_effect_no_byte_changes(policy: Data, engine: Any) -> None:
    exclusion = {"asks": 0.2, "granted": 1, "review": {"pool": "callers", "work": "1 min"}}
    off, on = (sim.simulate(town(p, callback={"exclusion": exclusion}), engine=engine) for p in (None, policy))
    tables = ("requests", "visits", "levels", "problems", "calls", "trust", "themes", "pools")
    on = replace(on, **{name: getattr(on, name) for name in tables}, scores=off.scores, scenario=off.scenario)
    assert same_tables(off, on)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_what_has_nothing_to_act_on_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"ranking.gaming: has nothing to act on: it needs a limit to resolve"):
        town(policies={"time_limits": None})
    with pytest.raises(ScenarioError, match=r"ranking.exclusion: has nothing to act on: it needs exclusions"):
        town({**POLICY, "exclusion": {"share": 1}})
    with pytest.raises(ScenarioError, match=r"while_open: has nothing to act on: it needs callbacks at the due date"):
        town(callback={"resolved": {"while_open": 0.5}})
