"""What the compiled engine's speed rests on: spans of time, open hours found by day, counters that do not run over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import full, same_tables, station

import sim
from sim.model import rules
from sim.model.city import _only, build_city
from sim.model.compiled.machine import world
from sim.model.rows import MAX_VISITS, TooManyVisitsError
from sim.model.staffing import Hours, intervals

TICK = 1.0 / 2**30


@st.composite
def opening_hours(draw: Any) -> Hours:
    """Intervals between 0 and some days, and the lists that rules read."""
    edges = sorted(draw(st.sets(st.integers(0, 96 * 4), max_size=20)))
    pairs = [(a / 4.0, b / 4.0) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return intervals(pairs, 96.0)


moments = st.one_of(st.integers(0, 110 * 4).map(lambda n: n / 4.0), st.floats(0.0, 110.0))


@settings(max_examples=300)
@given(opening_hours(), moments, st.sampled_from([0.0, TICK, -TICK]))
def test_the_interval_of_a_day_is_that_of_a_search(hours: Hours, t: float, nudge: float) -> None:
    opens, _, _, today = hours
    t = max(t + nudge, 0.0)
    assert rules.interval(opens, today, t) == np.searchsorted(opens, t, side="right") - 1


@settings(max_examples=300)
@given(opening_hours(), moments, st.floats(0.001, 60.0))
def test_work_ends_when_its_open_hours_have_passed(hours: Hours, start: float, work: float) -> None:
    opens, closes, *_ = hours
    end = rules.add_open(*hours, start, work)
    left = work
    for opened, closed in zip(opens, closes, strict=True):
        there = max(closed - max(opened, start), 0.0)
        if 0.0 < left <= there:
            assert end == pytest.approx(max(opened, start) + left, abs=1e-9)
            return
        left -= there
    assert end == np.inf or left == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.sampled_from([0.0, 0.0, 0.3, 1.0]), min_size=1, max_size=6), st.integers(0, 2**64 - 1))
def test_what_has_all_the_weight_need_not_be_drawn(weights: list[float], key: int) -> None:
    only = _only(np.array(weights))
    assert (only >= 0) == (np.count_nonzero(weights) == 1)
    assert only in (-1, rules.choose(np.array(weights), np.arange(len(weights), dtype=np.uint64), -1, 1, 2, key, 0))


@pytest.mark.parametrize(("events", "births"), [(1, 4), (8, 4), (10**6, 4), (1, 10**4)])
def test_spans_of_any_length_change_nothing(events: int, births: int, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = sim.simulate(full(), engine="compiled")
    monkeypatch.setattr(world, "EVENTS_PER_BUCKET", events)
    monkeypatch.setattr(world, "EVENTS_PER_BIRTH", births)
    assert same_tables(usual, sim.simulate(full(), engine="compiled"))


def test_spans_hold_a_few_events() -> None:
    city = build_city(station("1000 / h", "6 min", 200, 2))
    assert world._buckets_per_hour(city) == 512.0  # 4,000 events an hour, 8 a span


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_request_that_goes_round_in_circles_is_an_error(engine: Any) -> None:
    callback = {
        "pool": "Desks",
        "work": "1 s",
        "resolved": {"if_true": 0, "if_false": 0},
        "reopen": {"to": "dispatch", "at_most": 200},
    }
    wrong = {"pool": "Desks", "work": "1 s", "review": "1 s", "accuracy": 0, "redispatch_accuracy": 0, "max_hops": 200}
    city = station(
        "1 / d",
        "1 s",
        1,
        8,
        pools={"Desks": {"staff": 1}},
        units={"Desk": {"staff": 1}, "Other": {"staff": 1}},
        category={"confused_with": "Other"},
        dispatch=wrong,
        policies={"callback": callback},
    )
    with pytest.raises(TooManyVisitsError, match="round in circles"):
        sim.simulate(city, engine=engine)
    assert MAX_VISITS < 201 * 401  # what the scenario wants
