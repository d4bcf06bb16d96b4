"""Trust, and demand that policies turn: exact values, nesting, what acts when."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exact import agrees
from towns import same_tables

import sim
from sim.model.demand import Demand, Turned
from sim.model.draws import stream
from sim.model.policies import trust
from sim.scenario import Scenario, ScenarioError, from_dict

POLICY = {"gain": 0.4, "decay": 0.1, "neutral": 0.8, "lo": 0.5, "hi": 2.0, "step": "month"}


def town(satisfied: float = 2.94443897917, **changes: Any) -> Scenario:
    """Consultations, 100 a day, all of which become requests whose citizens are asked and satisfied with one share."""
    policy = changes.pop("trust", POLICY)
    callback = {"pool": "callers", "work": "1 min", "satisfied": {"intercept": satisfied}}
    policies = {"callback": callback, **({} if policy is None else {"trust": policy})}
    return from_dict(
        {
            "name": "trust",
            "time": {"start": "2024-01-01", "end": changes.pop("end", "2025-01-01")},
            "districts": {"Town": {}},
            "pools": {"callers": {"staff": 99}},
            "units": {"Desk": {"staff": 99}},
            "categories": changes.pop(
                "categories",
                {"Question": {"kind": "consultation", "total": "100 / d", "unit": "Desk", "work": "1 min"}},
            ),
            "policies": policies,
            **changes,
        }
    )


# --- the rule (truths 12: T* = 1 + gain/decay (s − neutral), T_k = T* + (1 − decay)ᵏ (1 − T*), clipped) --------------

PATHS = {  # s: T after 1, 2, 12 and 24 steps
    0.95: (1.06, 1.114, 1.4305422781114001, 1.552140134153877),
    0.8: (1.0, 1.0, 1.0, 1.0),
    0.65: (0.94, 0.8859999999999999, 0.5694577218885996, 0.5),
    0.5: (0.88, 0.772, 0.5, 0.5),
}


@pytest.mark.parametrize("s", PATHS)
def test_the_rule_takes_the_exact_path(s: float) -> None:
    path = [1.0]
    for _ in range(24):
        path.append(trust.moved(path[-1], round(100 * s), 100, 0.4, 0.1, 0.8, 0.5, 2.0))
    np.testing.assert_allclose([path[k] for k in (1, 2, 12, 24)], PATHS[s], rtol=0, atol=1e-12)
    assert trust.moved(1.5, 0, 0, 0.4, 0.1, 0.8, 0.5, 2.0) == pytest.approx(1.45), "no answers: decay alone"
    assert trust.moved(1.0, 7, 7, 0.4, 0.1, 1.0, 0.5, 2.0) == 1.0


def test_shares_that_trust_turns() -> None:
    assert trust.reported(0.4, 1.6) == pytest.approx(0.64)
    assert trust.reported(0.7, 1.6) == 1.0
    assert trust.reported(0.7, 0.5) == pytest.approx(0.35)
    assert [trust.released(t, 3.0) for t in (0.5, 1.0, 2.0, 3.0)] == [0.0, 0.0, 0.5, 1.0]


def monthly(out: sim.Outcomes, k: int) -> float:
    """Births a day in the k-th month, without its first day."""
    start = np.datetime64("2024-01-01")
    first, last = ((np.datetime64("2024-01") + n).astype("datetime64[D]") for n in (k, k + 1))
    begin, until = ((day - start) / np.timedelta64(1, "h") for day in (first + 1, last))
    arrived = out.requests["arrived"]
    return float(((arrived >= begin) & (arrived < until)).sum() / (until - begin) * 24)


def test_trust_and_births_follow_the_exact_path_in_runs() -> None:
    """s = 0.95: births of the k-th month are 100·T_k a day, away from the first of the month."""
    outs = [sim.simulate(town(), k, engine="compiled") for k in range(12)]
    exact = [1.6 + 0.9**k * (1 - 1.6) for k in range(12)]
    for k in (1, 5, 11):
        assert agrees(np.array([out.trust["trust"].iloc[k - 1] for out in outs]), exact[k])
        births = np.array([monthly(out, k) for out in outs])
        assert agrees(births, 100 * exact[k])
    assert not agrees(births, 100.0), "trust ignored"
    assert not agrees(births, 100 * 1.1 * exact[11])
    assert not agrees(births, 100 * (2 - exact[11])), "turned round"


def test_distrust_keeps_citizens_away() -> None:
    """s = 0.5 reaches the floor in the sixth month: half of the births remain, chosen from those there were."""
    plain, out = (sim.simulate(town(0.0, trust=policy), engine="compiled") for policy in (None, POLICY))
    assert out.trust["trust"].iloc[-1] == 0.5
    months = [monthly(out, k) / monthly(plain, k) for k in range(7, 12)]
    assert abs(np.mean(months) - 0.5) < 0.02
    assert set(out.requests["request"]) < set(plain.requests["request"])


def test_a_turn_acts_from_the_next_midnight_on() -> None:
    """Turned at 0:00 of the first of February: that day is as it was, the second is not."""
    plain, out = (sim.simulate(town(trust=policy), engine="compiled") for policy in (None, {**POLICY, "gain": 9}))
    assert out.trust["turned"].iloc[0] == 31 * 24
    changed = set(plain.requests["request"]) ^ set(out.requests["request"])
    all_of = [t.set_index("request")["arrived"] for t in (plain.requests, out.requests)]
    first = min(float(of[key]) for key in changed for of in all_of if key in of)
    assert 32 * 24 < first < 32 * 24 + 2


# --- without effect ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_effect_no_byte_changes(engine: Any) -> None:
    """Gain 0; and everybody satisfied where that is neutral. Only its own table tells of it."""
    from dataclasses import replace

    def tables(policy: Any, satisfied: float) -> sim.Outcomes:
        out = sim.simulate(every(satisfied, trust=policy), engine=engine)
        return replace(out, scenario=every(satisfied, trust=None), trust=out.trust.iloc[:0].reset_index(drop=True))

    for policy, satisfied in (({**POLICY, "gain": 0}, 0.5), ({**POLICY, "neutral": 1}, 99.0)):
        policy = {**policy, "step": "day"}
        plain = tables(None, satisfied)
        turned = tables(policy, satisfied)
        names = ("requests", "visits", "levels", "problems")
        assert all(getattr(plain, name).equals(getattr(turned, name)) for name in names)
    assert not plain.requests.equals(tables({**POLICY, "step": "day"}, 99.0).requests)


def every(satisfied: float, **changes: Any) -> Scenario:
    """Problems that are reported again and again, and others once, of which some never are."""
    matter = {"total": "30 / d", "unit": "Desk", "work": "1 min", "resolve": 0.3}
    categories = {
        "Again": {**matter, "reports": {"every": "2 d", "give_up": "6 d"}},
        "Once": {**matter, "reports": {"reported": 0.5}},
        "Question": {**matter, "kind": "consultation"},
    }
    return town(satisfied, **{"categories": categories, "end": "2024-02-01", **changes})


# --- reports ---------------------------------------------------------------------------------------------------------


def test_a_share_of_problems_is_reported() -> None:
    out = sim.simulate(every(0.0, trust=None, end="2024-06-01"), engine="compiled")
    once = out.problems[out.problems["category"] == "Once"]
    assert abs(once["first_report"].notna().mean() - 0.5) < 0.03
    assert len(once) > 4000
    assert (out.requests[out.requests["category"] == "Once"].groupby("problem").size() == 1).all()


def test_reports_follow_trust() -> None:
    """Held at 0.25, 1 and 2 by an endless gain: `once` min(1, 0.4·T), `every` rate·T where nothing is ever fixed."""
    matter = {"total": "40 / d", "unit": "Desk", "work": "1 min", "resolve": 0}
    categories = {
        "Again": {**matter, "reports": {"every": "4 d", "give_up": "4 d"}},
        "Once": {**matter, "reports": {"reported": 0.4}},
    }
    shared = {"categories": categories, "end": "2024-08-01"}
    outs = {
        1.0: sim.simulate(town(0.0, trust=None, **shared), engine="compiled"),
        0.25: sim.simulate(town(-99.0, trust={**POLICY, "gain": 99, "lo": 0.25, "step": "day"}, **shared)),
        2.0: sim.simulate(town(99.0, trust={**POLICY, "gain": 99, "neutral": 0, "step": "day"}, **shared)),
    }
    for level, out in outs.items():
        late = out.requests[out.requests["arrived"] > 720]
        days = (out.end - 720) / 24
        assert len(late[late["category"] == "Once"]) / days == pytest.approx(40 * min(1, 0.4 * level), rel=0.04)
        assert len(late[late["category"] == "Again"]) / days == pytest.approx(40 * level, rel=0.04)
    keys = {level: set(out.requests["request"]) for level, out in outs.items()}
    assert keys[0.25] < keys[1.0] < keys[2.0], "who reports with less trust does with more"


def test_who_trusts_less_calls_again_less() -> None:
    matter = {"total": "40 / d", "unit": "Desk", "work": "1 min", "resolve": 0}
    again = {
        "pool": "callers",
        "work": "1 min",
        "satisfied": {"intercept": -99},
        "call_again": {"probability": 0.5, "after": "1 d"},
    }
    shares = []
    for policy in ({}, {"trust": {**POLICY, "gain": 99, "step": "day"}}):
        scenario = town(categories={"Matter": matter}, end="2024-06-01", policies={"callback": again, **policy})
        requests = sim.simulate(scenario, engine="compiled").requests
        shares.append(requests["repeat_of"].notna().mean())
    assert shares[0] == pytest.approx(0.5, abs=0.02)
    assert shares[1] == pytest.approx(0.25, abs=0.02)


# --- demand that is turned -------------------------------------------------------------------------------------------


def day_of(factor: float) -> Any:
    """The births of the tenth day, turned by a factor on the ninth."""
    from sim.model.city import build_city

    city = build_city(town(trust=POLICY, end="2024-02-01"))
    turned = Turned(city)
    for day, births in enumerate(Demand(city, stream(1, 0), turned)):
        if day == 8:
            turned.next_births = np.full(city.births.shape, factor)
        if day == 9:
            return births
    raise AssertionError


def test_factors_are_nested() -> None:
    """A larger factor has all whom a smaller one has; at 0 nobody is born, at 1 exactly those who were."""
    keys = {factor: set(day_of(factor).key.tolist()) for factor in (0.0, 0.3, 0.7, 1.0, 1.4, 2.0, 5.0)}
    ordered = list(keys.values())
    assert all(a < b for a, b in itertools.pairwise(ordered))
    assert not keys[0.0]
    births = day_of(2.0)
    assert (np.diff(births.time) >= 0).all()
    assert len(births.key) == len(set(births.key.tolist()))


def test_surplus_births_are_poisson() -> None:
    """Factor 3 on 100 a day: mean and variance 300, over days and replications."""
    from sim.model.city import build_city

    city = build_city(town(trust=POLICY, end="2024-07-01"))
    counts = []
    for k in range(8):
        turned = Turned(city)
        turned.next_births = np.full(city.births.shape, 3.0)
        counts += [len(births.key) for births in Demand(city, stream(1, k), turned)]
    mean, variance = np.mean(counts), np.var(counts, ddof=1)
    assert abs(mean - 300) <= 4 * np.sqrt(300 / len(counts))
    assert abs(variance / 300 - 1) <= 4 * np.sqrt(2 / len(counts))


def test_both_engines_agree_where_trust_moves_day_by_day() -> None:
    scenario = every(0.5, trust={**POLICY, "gain": 2, "decay": 0.3, "neutral": 0.5, "step": "day"})
    simpy, compiled = (sim.simulate(scenario, engine=engine) for engine in ("simpy", "compiled"))  # type: ignore[arg-type]
    assert same_tables(simpy, compiled)
    assert simpy.trust["trust"].nunique() > 20


# --- the truths, where they are at hand ------------------------------------------------------------------------------

TRUTHS = Path(__file__).parents[2] / "shared/mechanism-truths.json"


@pytest.mark.skipif(not TRUTHS.exists(), reason="the list of truths is not part of the project")
def test_the_rule_is_that_of_the_list_of_truths() -> None:
    for name, case in json.loads(TRUTHS.read_text()).items():
        if not name.startswith("12."):
            continue
        p, path = case["params"], [1.0]
        for _ in range(24):
            path.append(
                trust.moved(path[-1], round(1e6 * p["s"]), 10**6, p["gain"], p["decay"], p["neutral"], p["lo"], p["hi"])
            )
        np.testing.assert_allclose(path, case["values"]["T_path"], rtol=0, atol=1e-12)


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"decay": 0}, "must be above 0"),
    ({"decay": 1.5}, "must be between 0 and 1"),
    ({"gain": -1}, "must not be negative"),
    ({"lo": 1.2}, "must be at most 1, where trust begins"),
    ({"hi": 0.9}, "must be at least 1, where trust begins"),
    ({"hi": 11}, "turns demand by up to 11, more than demand.ceiling, which is 10"),
    ({"step": "year"}, "must be day, week or month"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=str)
def test_what_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        town(trust={**POLICY, **change})
    assert said in str(wrong.value)


def test_the_ceiling_can_be_moved_and_needs_who_turns_demand() -> None:
    assert town(trust={**POLICY, "hi": 11}, demand={"ceiling": 12})
    with pytest.raises(
        ScenarioError, match=r"demand.ceiling: has nothing to act on: it needs a policy that turns demand"
    ):
        town(trust=None, demand={"ceiling": 12})


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ({"every": "2 d", "reported": 0.5}, "cannot stand beside “every”"),
        ({"reported": 1.5}, "must be between 0 and 1"),
        ({"give_up": "2 d"}, "“every”, the mean gap, is wanted"),
        ({}, "“every”, the mean gap, is wanted"),
    ],
    ids=str,
)
def test_how_problems_are_reported(reports: dict[str, Any], said: str) -> None:
    matter = {"total": "30 / d", "unit": "Desk", "work": "1 min"}
    with pytest.raises(ScenarioError, match=said):
        town(categories={"Matter": {**matter, "reports": reports}})
    found = town(categories={"Matter": {**matter, "reports": {"reported": 0.4}}})
    assert found.categories["Matter"].reports.written() == {"reported": 0.4}
