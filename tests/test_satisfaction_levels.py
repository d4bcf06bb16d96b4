"""Satisfaction in five levels: a view of the draw that there is."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Any

import numpy as np
import pytest
from exact import agrees
from test_supervision import town
from towns import both, same_tables

import sim
from sim.model.facts import SATISFACTIONS
from sim.model.policies import callback
from sim.report.explain import explain
from sim.report.page import run_page
from sim.report.show import show_text
from sim.report.text import run_text
from sim.scenario import Scenario, ScenarioError

Data = dict[str, Any]
LEVELS: Data = {"very_satisfied": 2.0, "satisfied": 0.5, "very_dissatisfied": -1.0}
#: The log odds of being satisfied where nothing else counts.
ODDS = 0.8


def city(levels: Data | None = LEVELS, per_day: int = 20, **says: float) -> Scenario:
    said = {"intercept": ODDS, **says} | ({} if levels is None else {"levels": levels})
    asked = {"pool": "supervisors", "work": "0 min", "satisfied": said, "score": {"weights": {"satisfaction": 1}}}
    return town(None, matter={"total": f"{per_day} / d", "lead": "0 h"}, policies={"callback": asked})


def shares(odds: float, levels: Data = LEVELS) -> list[float]:
    """Of the five levels, from the worst: differences of the logistic function."""
    edges = (levels["very_dissatisfied"], 0.0, levels["satisfied"], levels["very_satisfied"])
    above = [1.0, *(1 / (1 + exp(edge - odds)) for edge in edges), 0.0]
    return [above[k] - above[k + 1] for k in range(5)]


def seen(out: sim.Outcomes) -> dict[str, np.ndarray]:
    """Whether each scored answer is of a level."""
    said = out.requests["said_level"].dropna()
    return {level: (said == level).to_numpy(float) for level in SATISFACTIONS}


def test_levels_are_logistic_differences_and_a_wrong_border_is_seen() -> None:
    out = sim.simulate(city(per_day=2300), engine="compiled")
    found = seen(out)
    assert len(found["satisfied"]) > 60_000
    for level, exact in zip(SATISFACTIONS, shares(ODDS), strict=True):
        assert agrees(found[level], exact)
    shifted = shares(ODDS, {**LEVELS, "satisfied": 0.6})
    assert not agrees(found["satisfied"], shifted[3])
    assert not agrees(found["basically satisfied"], shifted[2])


def test_by_hand_in_both_engines() -> None:
    """The same luck, held against each border."""
    out = both(city(said_resolved=1.0, late=-2.0))
    asked = out.requests[out.requests["called_back"].notna()]
    assert len(asked) > 300
    assert set(asked["said_level"]) == set(SATISFACTIONS)
    np.testing.assert_array_equal(asked["said_level"].isin(SATISFACTIONS[2:]), asked["said_satisfied"])
    assert (out.requests["said_level"].isna() == out.requests["called_back"].isna()).all()


@pytest.mark.parametrize("u", [1e-12, 0.1, 0.5, 0.9, 1 - 1e-12])
def test_a_level_is_how_far_the_odds_are_from_the_luck(u: float) -> None:
    for x in np.linspace(-4, 4, 41):
        above = x - np.log(u / (1 - u))
        wanted = sum(above > edge for edge in (-1.0, 0.0, 0.5, 2.0))
        assert callback.level(u, x, 2.0, 0.5, -1.0) == wanted
        assert (wanted >= 2) == callback.satisfied(u, x)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_nothing_else_changes_by_a_byte(engine: Any) -> None:
    off, on = (sim.simulate(city(levels), engine=engine) for levels in (None, LEVELS))
    assert off.requests["said_level"].isna().all()
    assert on.requests["said_level"].notna().any()
    without = replace(on, scenario=off.scenario, requests=on.requests.assign(said_level=off.requests["said_level"]))
    assert same_tables(off, without)


def test_the_upper_three_are_the_satisfied() -> None:
    """Of the same answers, also where some are left out."""
    scenario = city()
    exclusion = {"asks": 0.5, "granted": 0.5, "review": {"pool": "supervisors", "work": "1 h"}}
    asked = {"pool": "supervisors", "work": "0 min", "satisfied": {"intercept": ODDS, "levels": LEVELS}}
    left_out = town(None, matter={"lead": "0 h"}, policies={"callback": {**asked, "exclusion": exclusion}})
    for one in (scenario, left_out):
        table = sim.measures(sim.simulate(one, engine="compiled")).set_index(["measure", "group_by", "group"])
        for group_by, rows in table.loc["satisfaction_rate"].groupby("group_by"):
            if "month" in group_by:
                continue
            names = [name for name in table.index.levels[0] if name.startswith("level_")]
            levels = {name: table.loc[name].loc[group_by] for name in names}
            assert len(levels) == 5
            upper = ("level_very_satisfied_share", "level_satisfied_share", "level_basically_satisfied_share")
            rate = rows.droplevel("group_by")
            assert (sum(levels[name]["numerator"] for name in upper) == rate["numerator"]).all()
            assert (sum(level["numerator"] for level in levels.values()) == rate["denominator"]).all()
            assert all((level["denominator"] == rate["denominator"]).all() for level in levels.values())


def test_they_are_shown_where_they_are_asked() -> None:
    for levels, shown in ((LEVELS, True), (None, False)):
        assert ("told in five levels" in " ".join(show_text(city(levels)).split())) == shown
        run = sim.run(city(levels), 2, keep="all", engine="compiled")
        assert ("Very dissatisfied" in run_page(run)) == shown
        assert ("Basically satisfied" in run_text(run)) == shown
        if shown:
            assert run.tables is not None
            row = run.tables.requests.query("said_level == 'basically satisfied' and replication == 0").iloc[0]
            assert "the citizen said: resolved, basically satisfied" in " ".join(explain(run, row["request"]).split())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"very_satisfied": 0.1}, "the levels must be in order"),
        ({"very_dissatisfied": 0.1}, "the levels must be in order"),
        ({"satisfied": -1}, "satisfied"),
        ({"very_satisfied": None}, "very_satisfied"),
    ],
)
def test_levels_out_of_order_are_refused(change: Data, said: str) -> None:
    levels = {key: value for key, value in {**LEVELS, **change}.items() if value is not None}
    with pytest.raises(ScenarioError, match=said):
        city(levels)
