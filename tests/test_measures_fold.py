"""However the rows of a run are cut into pieces, the measures are the same."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cities import cities
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towns import full

import sim
from sim.measurement import measures
from sim.measurement.fold import Fold
from sim.measurement.formulas import finish
from sim.model.city import City, build_city
from sim.model.rows import Rows
from sim.model.simulation import replicate
from sim.outcomes import Outcomes
from sim.scenario import from_dict


def pieces(rows: Rows, number: int, random: np.random.Generator) -> list[Rows]:
    """The rows in ``number`` pieces, at random."""
    requests, visits, problems = (random.integers(0, number, len(a)) for a in parts(rows))
    return [piece(rows, requests == i, visits == i, problems == i) for i in range(number)]


def parts(rows: Rows) -> tuple[Any, Any, Any]:
    return rows.requests, rows.visits, rows.problems


def piece(rows: Rows, requests: Any, visits: Any, problems: Any) -> Rows:
    """Some of the rows, in an order of their own."""
    return Rows(rows.requests[requests][::-1], rows.visits[visits][::-1], rows.problems[problems])


def folded(city: City, cut: list[Rows], out: Outcomes) -> pd.DataFrame:
    fold = Fold.of(city)
    for rows in cut:
        fold.add(rows)
    return finish(fold, out.levels, out.pools, out.replication)


def same(a: pd.DataFrame, b: pd.DataFrame) -> None:
    """The same to the last digit, but for sums of durations that are no counts."""
    theil = a["measure"].str.startswith("theil")
    columns = [name for name in a if name not in ("value", "numerator")]
    pd.testing.assert_frame_equal(a[columns], b[columns], check_exact=True)
    pd.testing.assert_frame_equal(a[~theil], b[~theil], rtol=1e-12, atol=0)
    pd.testing.assert_frame_equal(a[theil], b[theil], rtol=1e-12, atol=1e-12)
    counts = ~a["unit"].isin(["h", "index"]) & ~a["measure"].isin(["hours_by_cause_share", "equity_gap"])
    quantiles = a["measure"].str.contains("_p[0-9]")
    pd.testing.assert_frame_equal(a[counts | quantiles], b[counts | quantiles], check_exact=True)


def check(data: Any, number: int, seed: int) -> None:
    city = build_city(data)
    rows = replicate(city, 1, 0, "simpy")
    out = Outcomes.of(city, rows, 1, 0)
    whole = folded(city, [rows], out)
    same(whole, measures(out))
    same(whole, folded(city, pieces(rows, number, np.random.default_rng(seed)), out))


@pytest.mark.parametrize("number", [1, 2, 7, 500])
def test_the_full_town_in_pieces(number: int) -> None:
    check(full(), number, number)


def test_a_shipped_scenario_in_pieces() -> None:
    check(sim.load("teaching"), 5, 1)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(cities(), st.integers(1, 20), st.integers(0, 2**32))
def test_random_cities_in_pieces(city: Any, number: int, seed: int) -> None:
    check(from_dict(city), number, seed)


def test_a_channel_is_called_by_its_name_wherever_the_scenario_lists_it() -> None:
    out = sim.simulate(sim.load("teaching"))  # lists the phone first, the engine the other
    table = measures(out)
    rows = table[(table["measure"] == "contacts") & (table["group_by"] == "channel")]
    assert dict(zip(rows["group"], rows["value"], strict=True)) == {
        f'["{name}"]': number for name, number in out.requests["channel"].value_counts().items()
    }


def test_more_cases_than_can_be_counted_are_an_error() -> None:
    city = build_city(sim.load("teaching"))
    fold, rows = Fold.of(city), replicate(city, 1, 0, "simpy")
    fold.added = 2**32 - 1 - len(rows.problems)
    with pytest.raises(OverflowError, match="more than measures can count"):
        fold.add(rows)


def test_a_table_with_more_than_can_be_counted_is_an_error() -> None:
    out = sim.simulate(sim.load("teaching"))
    tables = {f.name: getattr(out, f.name) for f in fields(Outcomes) if f.init}
    given = Outcomes(**tables | {"requests": out.requests.assign(hops=2**16)})
    with pytest.raises(OverflowError, match="hops: 65,536 is more than can be counted"):
        measures(given)
