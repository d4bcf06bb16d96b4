"""What holds for every table of measures, whatever happened; the documentation; speed."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from histograms import Histogram
from hypothesis import given, settings
from hypothesis import strategies as st
from measure_tables import CITY, COUNT_UNTIL, outcomes, random_requests

from sim import simulate
from sim.measurement import REGISTRY, measures
from sim.measurement.catalogue import GAPS, SECTIONS
from sim.measurement.document import document
from sim.scenario import from_text

pytestmark = pytest.mark.filterwarnings("error")

DOC = Path(__file__).parents[1] / "docs" / "measures.md"
RANDOM = st.builds(random_requests, st.integers(0, 2**32 - 1), st.integers(0, 60))
KEY = ["measure", "group_by", "group"]


@settings(max_examples=30)
@given(RANDOM)
def test_a_value_is_its_numerator_over_its_denominator(requests: pd.DataFrame) -> None:
    table = measures(outcomes(requests))
    assert not table.duplicated(KEY).any()
    ratios = table[table["numerator"].notna() & (table["denominator"] > 0)]
    np.testing.assert_allclose(ratios["value"], ratios["numerator"] / ratios["denominator"], rtol=1e-12)
    totals = table[table["denominator"].isna()]
    assert totals["value"].equals(totals["numerator"])
    assert set(totals["measure"]) == {name for name, measure in REGISTRY.items() if not measure.denominator}
    assert table.loc[table["denominator"] == 0, "value"].isna().all()
    shares = table[table["unit"] == "share"]
    bounded = shares[~shares["measure"].isin(["resolution_gap", "utilisation"])]["value"].dropna()
    assert bounded.between(0, 1).all()


@settings(max_examples=30)
@given(RANDOM, st.randoms())
def test_the_order_of_rows_does_not_matter(requests: pd.DataFrame, random: np.random.Generator) -> None:
    order = list(range(len(requests)))
    random.shuffle(order)
    one, other = measures(outcomes(requests)), measures(outcomes(requests.iloc[order]))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@settings(max_examples=30)
@given(RANDOM)
def test_totals_add_up_over_their_groups(requests: pd.DataFrame) -> None:
    table = measures(outcomes(requests))
    for measure in ("contacts", "requests", "backlog_end", "backlog_end_counted"):
        rows = table[table["measure"] == measure]
        city = rows.loc[rows["group_by"] == "", "value"].item()
        by_month = () if measure == "backlog_end" else ("month",)  # what is open from before belongs to none
        for group_by in ("district", "category", "class", "channel", "district+category", *by_month):
            assert rows.loc[rows["group_by"] == group_by, "value"].sum() == city
    hours = table[table["measure"] == "hours_by_cause"]
    counted = requests[requests["arrived"] < COUNT_UNTIL]
    age = (counted["ended"].fillna(240) - counted["arrived"]).sum()
    for group_by in ("cause", "district+cause", "category+cause"):
        assert hours.loc[hours["group_by"] == group_by, "value"].sum() == pytest.approx(age)
    late = table[(table["measure"] == "breach_share") & (table["group_by"] == "")]["numerator"].item()
    blamed = table[(table["measure"] == "breaches_by_largest_cause") & (table["group_by"] == "cause")]
    assert blamed["value"].sum() == late


@settings(max_examples=30)
@given(RANDOM)
def test_open_requests_are_never_dropped(requests: pd.DataFrame) -> None:
    table = measures(outcomes(requests))
    city = table[table["group_by"] == ""].set_index("measure")
    counted = requests[requests["arrived"] < COUNT_UNTIL]
    closed = counted["first_closed"].notna().sum()
    still_open = (counted["status"] == "open").sum()
    assert city.loc["time_to_close_p50", "denominator"] == closed + still_open
    histogram = Histogram()
    histogram.add((counted["first_closed"] - counted["arrived"]).dropna())
    histogram.add(np.full(still_open, np.inf))
    for percent in (50, 90, 95, 99):
        assert repr(float(city.loc[f"time_to_close_p{percent}", "value"])) == repr(histogram.quantile(percent))
    assert np.isnan(city.loc["time_to_close_mean", "value"]) == (still_open > 0 or closed == 0)


def test_the_tables_of_a_run_are_read_as_they_are() -> None:
    scenario = from_text(CITY.replace("甲: {}, 乙: {}", "甲: {population: 9000}, 乙: {population: 9000}"))
    out = simulate(scenario)
    table = measures(out)
    city = table[table["group_by"] == ""].set_index("measure")["value"]
    counted = out.counted
    assert city["contacts"] == len(counted) > 100
    assert city["requests"] == (counted["dispatched"].notna() | (counted["status"] == "open")).sum() > 50
    assert city["resolution_rate"] == pytest.approx(counted["said_resolved"].mean())
    assert city["lost_share"] == (counted["status"] == "lost").sum() / (counted["channel"] == "phone").sum()
    calls = out.visits[(out.visits["kind"] == "intake") & out.visits["request"].isin(counted["request"])]
    assert city["calls"] == len(calls) > 50
    assert city["problems"] == (out.problems["born"] < COUNT_UNTIL).sum() > 50
    levels = out.levels[out.levels["hour"] < COUNT_UNTIL]
    assert city["utilisation"] == pytest.approx(levels["busy"].sum() / levels["on_duty"].sum())
    hours = table[(table["measure"] == "hours_by_cause") & (table["group_by"] == "cause")]["value"].sum()
    assert hours == (counted["ended"].fillna(out.end) - counted["arrived"]).sum()


def test_the_documentation_is_that_of_the_registry() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert text == document(), "run: python -m sim.measurement.document > docs/measures.md"
    assert re.findall(r"^### `(\w+)`", text, re.MULTILINE) == list(REGISTRY)


def test_definitions_are_complete() -> None:
    assert sum(len(entries) for entries in SECTIONS.values()) == len(REGISTRY)
    assert set(GAPS) <= set(REGISTRY)
    for measure in REGISTRY.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", measure.identifier)
        assert measure.english
        assert re.search(r"[\u4e00-\u9fff]", measure.chinese)
        assert measure.unit
        assert measure.definition
        assert not measure.headline or ("" in measure.groups and measure.better)


def test_the_identifiers_of_the_specification_are_all_there() -> None:
    names = """response_rate resolution_rate satisfaction_rate score true_resolution_share breach_share
        contact_breach_share lateness_mean time_to_close_mean time_to_close_p50 time_to_close_p90
        time_to_close_p95 time_to_close_p99 answered_within_15s answered_within_20s phone_wait_mean
        abandonment_share lost_share requests contacts backlog_end hops_mean rounds_mean repeat_share
        utilisation cost hours_by_cause birth_to_fix_mean unreported_share street_level_share equity_gap
        theil"""
    assert set(names.split()) <= set(REGISTRY)


def test_a_hundred_thousand_requests_take_less_than_a_second() -> None:
    some = random_requests(1, 500)
    many = pd.concat([some] * 200, ignore_index=True)
    many["request"] = [f"{number:016x}" for number in range(len(many))]
    given_outcomes = outcomes(many)
    visits = many[["request", "arrived"]].assign(kind="intake", pool="hotline", started=np.nan, worked=0.0)
    given_outcomes.visits = visits.rename(columns={"arrived": "queued"}).assign(ended=np.nan)
    took = []
    for _ in range(3):
        begin = time.perf_counter()
        table = measures(given_outcomes)
        took.append(time.perf_counter() - begin)
    assert min(took) < 1.0
    assert [json.loads(group) for group in table["group"].unique()]
