"""When a disturbed city is back as it would have been: the band, the weeks, and what a comparison says."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats
from towns import station

import sim
from sim.experiment.recovery import OpenByDay
from sim.inference import recovered_at, recovered_between
from sim.model.city import build_city
from sim.report.comparison_text import comparison_text
from sim.report.figures_open import open_over_time
from sim.report.formats import number
from sim.report.page import comparison_page
from sim.report.text import comparison_json
from sim.scenario import Scenario, from_dict

ENDS = np.arange(168.0, 168 * 13, 168)
rng = np.random.default_rng(1)
CALM = 100 + 5 * rng.standard_normal((8, len(ENDS)))


def test_the_band_holds_one_more_replication() -> None:
    n = len(CALM)
    half = stats.t.ppf(0.975, n - 1) * CALM.std(axis=0, ddof=1) * math.sqrt(1 + 1 / n)
    for outside, week in ((0.999, 0), (1.001, 5)):
        disturbed = np.tile(CALM.mean(axis=0), (8, 1))
        disturbed[:, 4] += outside * half[4]
        assert recovered_at(CALM, disturbed, ENDS) == ENDS[week]


def test_the_first_week_from_which_on_it_stays_for_four_weeks() -> None:
    disturbed = CALM.copy()
    disturbed[:, :3] += 99
    assert recovered_at(CALM, disturbed, ENDS) == ENDS[3]
    disturbed[:, 7] += 99  # within four weeks from that one: it was too early
    assert math.isnan(recovered_at(CALM, disturbed, ENDS))
    disturbed[:, 7] = CALM[:, 7]
    disturbed[:, 4] -= 99  # too few are as little what would have been
    assert recovered_at(CALM, disturbed, ENDS) == ENDS[5]


def test_what_cannot_be_told() -> None:
    assert math.isnan(recovered_at(CALM[:1], CALM[:1], ENDS)), "one replication"
    assert math.isnan(recovered_at(CALM[:, :4], CALM[:, :4], ENDS[:4])), "no four weeks left"
    assert math.isnan(recovered_at(CALM, CALM + 99, ENDS)), "never"


def town(**changes: Any) -> Scenario:
    data: dict[str, Any] = {
        "name": "town",
        "time": {"start": "2024-01-01", "end": "2024-05-01"},
        "districts": {"Town": {}},
        "units": {"Works": {"staff": 3}},
        "categories": {"Matter": {"total": "30 / d", "unit": "Works", "work": "80 min"}},
        **changes,
    }
    return from_dict(data)


STORM = {"shocks": {"storm": {"from": "2024-02-01", "until": "2024-02-08", "factor": 3}}}


def test_open_by_day_is_counted_from_the_requests() -> None:
    scenario = town(demand=STORM)
    out = sim.simulate(scenario)
    assert out.raw is not None
    opened = OpenByDay(build_city(scenario), 1, 0)
    opened.add(out.raw.rows)
    r = out.requests
    for day in (0, 1, 31, 38, 60, 120):
        expected = ((r["arrived"] <= 24 * day) & ~(r["first_closed"] <= 24 * day)).sum()
        assert opened.counts()[day] == expected
    assert opened.counts()[38] > 200


def test_what_is_never_closed_is_left_out() -> None:
    matter = {"total": "30 / d", "unit": "Works", "work": "80 min", "never_closed": 0.3}
    scenario = town(categories={"Matter": matter})
    out = sim.simulate(scenario, 2, seed=7)
    assert out.raw is not None
    opened = OpenByDay(build_city(scenario), 7, 2)
    opened.add(out.raw.rows)
    r = out.requests
    day = 100
    waits = ~(r["first_closed"] <= 24 * day) & (r["arrived"] <= 24 * day) & (r["hours_lead_time"] == 0)
    assert (r["status"] == "open").sum() > 900
    assert abs(opened.counts()[day] - waits.sum()) <= 3, "but for those at work who are of that kind"


def test_a_comparison_says_when_it_is_back() -> None:
    """90 a day come and 54 are done, for a week: 252 wait, of whom 24 a day can be drained: eleven days."""
    comparison = sim.compare([town(), town(name="storm", demand=STORM)], replications=4)
    back = comparison.recovered["storm"]
    assert back.disturbed_until == 38 * 24
    weeks = (back.recovered_at - back.disturbed_until) / 168
    assert weeks in (2, 3)
    text = " ".join(comparison_text(comparison).split())
    assert "Disturbed until 2024-02-08, and back from 2024-02-" in text
    assert json.loads(comparison_json(comparison))["recovered"]["storm"]["recovered_at"] == back.recovered_at
    shape = comparison.open.pivot_table(index="hour", columns="scenario", values="open")
    assert shape["storm"].loc[38 * 24] > shape["town"].loc[38 * 24] + 200


def test_without_a_disturbance_there_is_nothing_to_recover_from() -> None:
    comparison = sim.compare([town(), town(name="four", units={"Works": {"staff": 4}})], replications=2)
    assert comparison.recovered == {}
    assert "Disturbed" not in comparison_text(comparison)


@pytest.mark.parametrize("replications", [1, 3])
def test_not_back_within_the_run(replications: int) -> None:
    late = {"shocks": {"storm": {"from": "2024-04-01", "until": "2024-04-08", "factor": 3}}}
    comparison = sim.compare([town(), town(name="storm", demand=late)], replications=replications)
    text = " ".join(comparison_text(comparison).split())
    assert math.isnan(comparison.recovered["storm"].recovered_at)
    assert ("cannot be told from one replication" if replications == 1 else "not back within the run") in text


def test_a_comparison_draws_what_is_open_where_demand_is_disturbed() -> None:
    """The figure has both cities, shows the largest excess, and marks when the city is back."""
    calm = station("40 / d", "20 min", 1, days=60)
    storm = {"storm": {"from": "2024-01-11", "until": "2024-01-13", "factor": 4}}
    disturbed = station("40 / d", "20 min", 1, days=60, demand={"shocks": storm})
    disturbed = disturbed.model_copy(update={"name": "storm"})
    compared = sim.compare([calm, disturbed], replications=4)
    found = open_over_time(compared, "storm", "open-1")
    assert found is not None
    opened = compared.open.groupby(["scenario", "hour"])["open"].mean()
    excess = (opened["storm"] - opened["one station"]).max()
    at = (opened["storm"] - opened["one station"]).idxmax()
    day = calm.time.start + timedelta(hours=float(at))
    assert excess > 100
    assert (
        f"{number(opened['storm', at], '')} on {day:%Y-%m-%d} instead of {number(opened['one station', at], '')}"
        in str(found.reading)
    )
    back = compared.recovered["storm"].recovered_at
    assert f"Back on {calm.time.start + timedelta(hours=back):%Y-%m-%d}" in str(found.reading)
    assert "figure-open-1" in comparison_page(compared)
    two = station("40 / d", "20 min", 2, days=60).model_copy(update={"name": "two officers"})
    same = sim.compare([calm, two], replications=2)
    assert open_over_time(same, "two officers", "open-1") is None


def test_the_range_of_a_date_holds_what_other_replications_say() -> None:
    """A surplus that falls by 25 a week is inside the band after ten weeks or so; a slow one has a wide range."""
    ends = np.arange(168.0, 168 * 40, 168)
    chance = np.random.default_rng(3)
    calm = 100 + 5 * chance.standard_normal((12, len(ends)))
    surplus = np.maximum(0.0, 250 - 25 * np.arange(len(ends)))
    sharp = recovered_between(calm, calm + surplus, ends)
    slow = np.maximum(0.0, 40 - 1.5 * np.arange(len(ends)))
    wide = recovered_between(calm, calm + slow + 4 * chance.standard_normal((12, 1)), ends)
    assert sharp[0] <= recovered_at(calm, calm + surplus, ends) <= sharp[1]
    assert sharp[1] - sharp[0] <= 2 * 168 < wide[1] - wide[0]
    never = recovered_between(calm, calm + 99, ends)
    assert all(map(math.isnan, never))
    assert all(map(math.isnan, recovered_between(calm[:1], calm[:1], ends))), "one replication"


def test_a_baseline_that_still_fills_up_is_said_to_be_unsteady() -> None:
    """120 a day of 80 minutes are more than three officers do: what is open grows without any storm."""
    full = town(categories={"Matter": {"total": "60 / d", "unit": "Works", "work": "80 min"}})
    stormy = full.model_copy(update={"name": "storm", "demand": town(demand=STORM).demand})
    compared = sim.compare([full, stormy], replications=3)
    before, after = compared.recovered["storm"].risen
    assert after > 2 * before
    assert "is not steady" in " ".join(comparison_text(compared).split())
    steady = sim.compare([town(), town(name="storm", demand=STORM)], replications=3)
    assert steady.recovered["storm"].risen == ()
    assert "is not steady" not in " ".join(comparison_text(steady).split())


def test_each_unit_has_a_date_of_its_own() -> None:
    """One unit has hours to spare and is back at once, the other has hardly any: the last to be back is named."""
    works = {"Idle": {"staff": 9}, "Full": {"staff": 2}}
    kinds = {f"To {unit}": {"total": "15 / d", "unit": unit, "work": "3 h"} for unit in works}
    calm = town(units=works, categories=kinds)
    storm = {"storm": {"from": "2024-02-01", "until": "2024-02-08", "factor": 3}}
    compared = sim.compare([calm, town(name="storm", units=works, categories=kinds, demand={"shocks": storm})], 6)
    back = compared.recovered["storm"]
    assert set(back.units) == {"Idle", "Full"}
    assert back.units["Idle"][0] == 39 * 24 + 6 * 24  # the end of the first week after it
    assert math.isnan(back.units["Full"][0]), "45 of 48 hours a day are asked for: 600 more take 200 days"
    text = " ".join(comparison_text(compared).split())
    assert "Not back within the run: Full." in text
    assert "Idle 2024-02-15" in text
    told = json.loads(comparison_json(compared))["recovered"]["storm"]["units"]
    assert told["Idle"]["recovered_at"] == back.units["Idle"][0]
    assert set(compared.open) == {"scenario", "replication", "hour", "open"}
