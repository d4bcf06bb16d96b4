"""Exclusion: a unit asks to leave a request out of the rates, and a review decides; all else stays as it is."""

from __future__ import annotations

import math
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
from sim.scenario import Scenario, from_dict

ASKS, GRANTED = 0.6, 0.5


def town(exclusion: dict[str, Any] | None, rate: str = "40 / d", days: int = 20, **more: Any) -> Scenario:
    """Requests are closed as they come, and their citizens asked at once: what is solved (75 %) is mostly called so."""
    callback: dict[str, Any] = {
        "pool": "callers",
        "work": "6 min",
        "resolved": {"if_true": 0.95, "if_false": 0.1},
        "satisfied": {"intercept": -1.0, "said_resolved": 2.5},
        **more.pop("callback", {}),
    }
    if exclusion is not None:
        callback["exclusion"] = {
            "asks": ASKS,
            "granted": GRANTED,
            "review": {"pool": "reviewers", "work": "30 min"},
            **exclusion,
        }
    return from_dict(
        {
            "name": "exclusion",
            "time": {"start": "2024-01-01", "end": f"2024-01-{days:02}"},
            "districts": {"Town": {}},
            "pools": {"callers": {"staff": 9999}, "reviewers": more.pop("reviewers", {"staff": 9999})},
            "units": {"Desk": {"staff": 9999}},
            "categories": {"Matter": {"total": rate, "unit": "Desk", "work": "0 h", "resolve": 0.75}},
            "policies": {"callback": callback},
            **more,
        }
    )


def measure(out: sim.Outcomes, name: str) -> float:
    found = sim.measures(out)
    return float(found.loc[(found["measure"] == name) & (found["group_by"] == ""), "value"].item())


def but_excluded(requests: pd.DataFrame) -> pd.DataFrame:
    return requests.drop(columns="excluded")


@pytest.mark.parametrize("on", ["resolved", "satisfied"])
def test_the_path_of_one_citizen(on: str) -> None:
    """Who says no is disputed six minutes after closing; the review takes half an hour, and changes the rates alone."""
    out, off = both(town({"on": on, "asks": 1, "granted": 1})), both(town(None))
    assert but_excluded(out.requests).equals(but_excluded(off.requests))
    assert not off.requests["excluded"].any()
    says_no = out.requests[f"said_{on}"].eq(False)
    decided = out.requests["called_back"] + 0.5 < out.end
    assert (out.requests["excluded"] == (says_no & decided)).all()
    errands = out.visits[out.visits["kind"] == "errand"]
    assert sorted(errands["queued"]) == sorted(out.requests.loc[says_no, "called_back"])
    assert set(errands["worked"].round(9)) <= {0.5, *(out.end - errands["started"]).round(9)}
    assert (errands["pool"] == "reviewers").all()
    one = out.requests[says_no].iloc[0]
    assert one["ended"] == one["called_back"], "the request does not wait for it"
    assert measure(out, f"{'resolution' if on == 'resolved' else 'satisfaction'}_rate") == 1
    assert measure(out, "true_resolution_share") == measure(off, "true_resolution_share")
    answered = out.requests["called_back"].notna()
    assert measure(out, "excluded_share") == out.requests.loc[answered, "excluded"].mean()


def test_once_a_request_and_after_a_scored_answer() -> None:
    """Reopened twice, with the last answer scored: the first no is disputed, those after it are not."""
    reopened = {"reopen": {"at_most": 2}, "score": {"round": "last"}}
    out = both(town({"asks": 1, "granted": 1}, callback=reopened))
    again = out.requests[out.requests["rounds"] > 1]
    assert len(again) > 100
    errands = out.visits[out.visits["kind"] == "errand"]
    calls = out.visits[out.visits["kind"] == "callback"].groupby("request")["ended"].min()
    assert sorted(errands["queued"]) == sorted(again["request"].map(calls).dropna())
    assert again["said_resolved"].eq(True).any(), "one that is solved in the end is left out all the same"
    off = both(town(None, callback=reopened))
    assert but_excluded(out.requests).equals(but_excluded(off.requests))


def test_an_answer_that_is_not_scored_is_not_disputed() -> None:
    """Reopened, with the first answer scored: a no in the second round, after a yes that was scored, is none."""
    first = both(town({"asks": 1, "granted": 1}, callback={"reopen": {"at_most": 2}}))
    says_no = first.requests["said_resolved"].eq(False)
    assert (first.visits["kind"] == "errand").sum() == says_no.sum()


@pytest.mark.parametrize("reopen", [None, {"at_most": 1}])
def test_what_is_undecided_at_the_end_counts(reopen: dict[str, Any] | None) -> None:
    """Nobody reviews: rows of requests wait until the end, and are those of a run without."""
    callback = {"reopen": reopen, "call_again": {"probability": 0.5, "after": "1 h"}}
    callback = {key: value for key, value in callback.items() if value}
    starved = both(town({}, callback=callback, reviewers={"staff": 0}))
    off = both(town(None, callback=callback, reviewers={"staff": 0}))
    assert starved.requests.equals(off.requests)
    assert measure(starved, "resolution_rate") == measure(off, "resolution_rate")
    errands = starved.visits[starved.visits["kind"] == "errand"]
    assert len(errands) > 50
    assert errands["started"].isna().all()


@pytest.mark.parametrize("change", [{"asks": 0}, {"granted": 0}])
def test_without_effect_no_byte_changes(change: dict[str, Any]) -> None:
    on, off = both(town(change)), both(town(None))
    assert on.requests.equals(off.requests)
    assert on.problems.equals(off.problems)
    if "asks" in change:
        assert on.visits.equals(off.visits)
        assert on.levels.equals(off.levels)


def test_a_larger_share_contains_the_smaller_one() -> None:
    few, many = (both(town({"asks": asks, "granted": granted})).requests for asks, granted in ((0.3, 0.4), (0.6, 0.8)))
    assert few["excluded"].sum() > 10
    assert not (few["excluded"] & ~many["excluded"]).any()


def test_rates_after_exclusion() -> None:
    """p/(p + (1 − p)(1 − asks·granted)); the other rate by the joint law of the two answers."""
    said, yes = 0.75 * 0.95 + 0.25 * 0.1, {r: 1 / (1 + math.exp(1.0 - 2.5 * r)) for r in (0, 1)}
    g = ASKS * GRANTED
    joint = {(r, s): (said if r else 1 - said) * (yes[r] if s else 1 - yes[r]) for r in (0, 1) for s in (0, 1)}
    for on, which in (("resolved", 0), ("satisfied", 1)):
        kept = {answers: p * (1 if answers[which] else 1 - g) for answers, p in joint.items()}
        exact = [1 - sum(kept.values())]
        exact += [sum(p for answers, p in kept.items() if answers[i]) / sum(kept.values()) for i in (0, 1)]
        wanted = {"resolved": (0.07875, 0.80054274, 0.70814563), "satisfied": (0.09793251, 0.77282283, 0.74668282)}
        assert exact == pytest.approx(wanted[on], abs=1e-8)
        scenario = town({"on": on, "review": {"pool": "reviewers", "work": "1 s"}}, "4000 / d", 4)
        rows = []
        for replication in range(REPLICATIONS):
            out = sim.simulate(scenario, replication, engine="compiled")
            rows.append([measure(out, name) for name in ("excluded_share", "resolution_rate", "satisfaction_rate")])
        found = np.array(rows)
        for values, value in zip(found.T, exact, strict=True):
            assert agrees(values, value)
        assert not agrees(found[:, 1 + which], said if on == "resolved" else sum(p for a, p in joint.items() if a[1]))
        assert not agrees(found[:, 1 + which], exact[1 + which] * 0.97)


def test_the_load_of_the_reviewers() -> None:
    """Asked for by share, whether granted or not; hours of reviews are their number times the work of each."""
    for on, no in (("resolved", 1 - 0.7375), ("satisfied", 1 - 0.6735583)):
        scenario = town({"on": on}, "400 / d")
        load = {each.pools[0]: each for each in offered_loads(build_city(scenario))}["reviewers"]
        assert load.visits == pytest.approx(400 * no * ASKS, rel=1e-6)
        assert load.work == pytest.approx(load.visits / 2)
        reviews = sim.simulate(scenario, engine="compiled").visits.query("kind == 'errand'")
        assert len(reviews) / 19 == pytest.approx(load.visits, rel=0.08)
