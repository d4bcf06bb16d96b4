"""Every scenario that ships loads, has a source for each number, shows and runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import sim
from sim.experiment.comparable import same_citizens
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.report.show import show_text

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
SHIPPED = sorted(p.stem for p in SCENARIOS.glob("*.yaml") if p.stem not in ("base", "sources"))


@cache
def shipped(name: str) -> sim.Scenario:
    return sim.load(SCENARIOS / f"{name}.yaml")


@pytest.fixture(params=SHIPPED)
def scenario(request: pytest.FixtureRequest) -> sim.Scenario:
    return shipped(request.param)


def test_the_three_are_there() -> None:
    assert {"teaching", "boston-2011", "beijing-2020"} <= set(SHIPPED)


def test_every_number_has_a_source(scenario: sim.Scenario) -> None:
    without = [v.path for v in scenario.values() if v.is_number and not v.from_default and v.source is None]
    assert without == []


def test_what_it_resolves_to_says_the_same(scenario: sim.Scenario) -> None:
    from sim.scenario import from_dict

    assert from_dict(scenario.resolved()).digest == scenario.digest


def test_it_shows(scenario: sim.Scenario) -> None:
    text = show_text(scenario)
    assert "Offered load by pool" in text
    assert "no source" not in text
    assert ("waits do not compare across scales" in " ".join(text.split())) == (scenario.scale != 1)


@pytest.mark.parametrize("whole", [False, True], ids=["as it ships", "1:1"])
def test_no_pool_is_swamped(scenario: sim.Scenario, whole: bool) -> None:
    """At a scale, pools of one officer hide what is missing at 1:1."""
    city = build_city(scenario.model_copy(update={"scale": 1.0}) if whole else scenario)
    assert [load.sentence() for load in offered_loads(city) if load.offered >= 1] == []


def test_before_the_reform_there_are_the_same_citizens_and_officers() -> None:
    now, before = (sim.load(SCENARIOS / f"{name}.yaml") for name in ("beijing-2024", "beijing-before"))
    assert same_citizens(before, now)
    assert {**before.pools, **before.units}.keys() == {**now.pools, **now.units}.keys()
    staff = [{n: (p.staff, p.shifts) for n, p in {**s.pools, **s.units}.items()} for s in (before, now)]
    assert staff[0] == staff[1]
    on = [{k for k in type(s.policies).model_fields if getattr(s.policies, k) is not None} for s in (before, now)]
    assert on[0] == {"instant_answer", "time_limits", "callback"}
    assert on[1] - on[0] == {
        *("first_recipient", "classified_handling", "precise_dispatch", "whistle"),
    }


def test_it_runs(scenario: sim.Scenario) -> None:
    """A fortnight of it."""
    from datetime import timedelta

    start, end = scenario.time.start, scenario.time.start + timedelta(days=14)
    time = scenario.time.model_copy(update={"count_from": start, "count_until": end, "end": end})
    out = sim.simulate(scenario.model_copy(update={"time": time}))
    assert len(out.requests) > 100
    measured = sim.measures(out)
    assert measured.loc[(measured["measure"] == "requests") & (measured["group_by"] == ""), "value"].item() > 50


def test_beijing_has_343_streets_at_full_scale_and_16_at_one_to_a_hundred() -> None:
    for scale, streets in (("1:1", 343), ("1:100", 16)):
        city = build_city(sim.load(SCENARIOS / "beijing-2020.yaml", [f"scale={scale}"]))
        assert sum(p.family == "Street offices" for p in city.pools) == streets
        assert all(max(p.headcounts) >= 1 for p in city.pools)


def test_scale_thins_demand_and_staff_together() -> None:
    full, small = (
        build_city(sim.load(SCENARIOS / "beijing-2020.yaml", [f"scale={scale}"])) for scale in ("1:1", "1:100")
    )
    assert small.births.sum() == pytest.approx(full.births.sum() / 100)
    staff = [sum(max(p.headcounts) for p in city.pools if p.family == "Street offices") for city in (full, small)]
    assert staff[0] == 1500
    assert 15 <= staff[1] <= 15 + 16
