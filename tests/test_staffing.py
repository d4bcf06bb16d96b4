"""How staff is split over places, and what a scale makes of it."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_texts import place, town, town_scenario, wrongs

import sim
from sim.model.city import build_city
from sim.model.staffing import largest_remainder
from sim.outcomes.tables import pools_table
from sim.scenario import from_text

WEIGHTS = st.lists(st.floats(0, 1e9) | st.integers(0, 3).map(float), min_size=1, max_size=40)


@given(WEIGHTS, st.integers(1, 2000))
def test_parts_sum_to_the_total_wherever_it_is_enough(weights: list[float], total: int) -> None:
    parts = largest_remainder(total, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == total or total < len(weights) <= sum(parts) <= total + len(weights)
    assert min(parts) >= 1


@given(WEIGHTS, st.integers(1, 2000))
def test_nobody_with_more_weight_has_less(weights: list[float], total: int) -> None:
    ranked = sorted(zip(weights, largest_remainder(total, weights), strict=True))
    assert all(parts <= more + 1 for (_, parts), (_, more) in itertools.pairwise(ranked))
    assert all(parts <= more for (w, parts), (v, more) in itertools.pairwise(ranked) if v >= w * (1 + 1e-9))


@given(WEIGHTS, st.integers(1, 2000))
def test_what_is_above_one_is_within_one_of_its_share_of_the_rest(weights: list[float], total: int) -> None:
    parts = largest_remainder(total, weights)
    above = [i for i, n in enumerate(parts) if n > 1]
    if sum(weights) and total >= len(weights):
        rest, weight = sum(parts[i] for i in above), sum(weights[i] for i in above)
        assert all(abs(parts[i] - weights[i] / weight * rest) < 2 for i in above)


def test_three_over_eight() -> None:
    assert largest_remainder(3, [1.0] * 8) == [1] * 8
    assert largest_remainder(9, [1.0] * 8) == [2, *[1] * 7]
    assert largest_remainder(10, [100.0, 1, 1, 1, 1, 1, 1, 1]) == [3, *[1] * 7]


STREETS = ("Roads: {staff: 3,", "Roads: {per: street, staff: {total: 3},")


def test_a_total_for_fewer_than_its_places_is_refused() -> None:
    text = town(STREETS, ("12000}", "12000, streets: 6}"), ("8000}", "8000, streets: 2}"))
    [line] = wrongs(text)
    assert line == (
        f"town.yaml:{place(text, '3}', 'total')}: units.Roads.staff.total: 3 cannot be split over 8 places: each needs "
        "one (write 8 or more, or 0)"
    )
    assert (
        from_text(text.replace("total: 3", "total: 0")).notes == from_text(text.replace("total: 3", "total: 8")).notes
    )


@pytest.mark.parametrize("staff", ["{total: 8}", "{total: 9}", "{total: 30}", "{total: 1000}", "4"])
@pytest.mark.parametrize("scale", [1, 1.5, 2, 4, 20])
def test_a_family_has_its_share_or_one_a_place_and_that_is_said(staff: str, scale: float) -> None:
    changes = (("12000}", "12000, streets: 6}"), ("8000}", "8000, streets: 2}"))
    text = town(("Roads: {staff: 3,", f"Roads: {{per: street, staff: {staff},"), *changes)
    scenario = from_text(f"format: 2\nscale: {scale}\n" + text)
    officers = [int(max(pool.headcounts)) for pool in build_city(scenario).pools if pool.family == "Roads"]
    total = int((int(staff) * 8 if staff == "4" else int(staff[8:-1])) / scale + 0.5)
    assert sum(officers) == total or total < len(officers) <= sum(officers)
    said = [note for note in scenario.notes if note.path.startswith("units.Roads.staff")]
    assert bool(said) == (total < len(officers))


def test_what_a_scale_leaves_is_said() -> None:
    notes = [str(note) for note in town_scenario(("name:", "format: 2\nscale: 1:10\nname:")).notes]
    assert [note.split(": ", 1)[1] for note in notes] == [
        "pools.hotline.shifts.0.staff: at the scale 1:10 its share is 0.4 people: one stays",
        "pools.hotline.shifts.1.staff: at the scale 1:10 its share is 0.1 people: one stays",
        "pools.desk.staff: at the scale 1:10 its share is 0.2 people: one stays",
        "units.Roads.staff: at the scale 1:10 its share is 0.3 people: one stays",
        "units.Parks.staff: at the scale 1:10 its share is 0.2 people: one stays",
    ]


def test_the_table_of_pools_says_where_each_stands() -> None:
    pools = pools_table(build_city(sim.load("beijing-2024", ["scale=1:10"])))
    names = [
        " · ".join(filter(None, (p.family, p.district))) + ("" if pd.isna(p.street) else f" {p.street}")
        for p in pools.itertuples()
    ]
    assert names == list(pools["pool"])
    assert {"Street offices", "District departments", "hotline"} < set(pools["family"])
    assert (pools["street"] > 1).any()
    assert set(pools.loc[pools["district"] == "", "family"]) >= {"hotline", "Utilities"}
