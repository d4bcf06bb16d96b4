"""The histogram: accuracy, merging, and what ranks after everything else."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import numpy as np
import pytest
from histograms import Histogram, bins
from hypothesis import given
from hypothesis import strategies as st

from sim.measurement import histogram as fast
from sim.measurement.compiled import maker
from sim.measurement.histogram import EDGES, NOT_REACHED, REPRESENTATIVE, Histograms

TICK = 2.0**-30
PERCENTS = st.integers(1, 100)
# durations in hours on the grid of the clock, from one tick to 900 years
HOURS = st.integers(1, int(900 * 8766 / TICK)).map(lambda ticks: ticks * TICK)
ANY = st.one_of(HOURS, st.just(0.0), st.just(math.inf))


@maker
def bin_of(hours: Any, log: Any) -> Any:
    """Python does not call parts."""
    return fast.bin_of(hours, log)


@maker
def count(page_of: Any, pages: Any, used: Any, group: Any, number: Any) -> None:
    fast.count(page_of, pages, used, group, number)


def filled(*pieces: list[float]) -> Histogram:
    histogram = Histogram()
    for piece in pieces:
        histogram.add(piece)
    return histogram


def test_edges_grow_by_half_a_percent() -> None:
    assert EDGES[0] == TICK
    assert EDGES[-1] > 950 * 8766
    np.testing.assert_allclose(EDGES[1:] / EDGES[:-1], 1.005, rtol=1e-15)
    np.testing.assert_allclose(EDGES, TICK * 1.005 ** np.arange(len(EDGES)), rtol=1e-11)
    assert len(REPRESENTATIVE) == NOT_REACHED + 1


@given(HOURS)
def test_a_bin_holds_from_its_lower_edge_to_below_its_upper_edge(hours: float) -> None:
    k = int(bins(hours))
    assert EDGES[k - 1] <= hours < EDGES[k]
    assert REPRESENTATIVE[k] == pytest.approx(hours, rel=0.0025)


def test_edges_belong_to_the_bin_above() -> None:
    assert list(bins(EDGES[:3])) == [1, 2, 3]
    assert list(bins([0.0, math.inf])) == [0, NOT_REACHED]


@given(st.lists(ANY, min_size=1, max_size=60), PERCENTS)
def test_quantiles_are_within_half_a_percent_of_exact(hours: list[float], percent: int) -> None:
    exact = sorted(hours)[max(1, math.ceil(percent * len(hours) / 100)) - 1]
    found = filled(hours).quantile(percent)
    if math.isinf(exact):
        assert math.isnan(found)
    else:
        assert found == pytest.approx(exact, rel=0.005)


@given(st.lists(st.lists(ANY, max_size=20), max_size=5), PERCENTS)
def test_pieces_make_the_same_histogram_as_the_whole(pieces: list[list[float]], percent: int) -> None:
    whole, streamed, merged = filled(list(chain(*pieces))), filled(*pieces), Histogram()
    for piece in pieces:
        merged.merge(filled(piece))
    for other in (streamed, merged):
        assert np.array_equal(whole.counts, other.counts)
        assert repr(whole.quantile(percent)) == repr(other.quantile(percent))


@given(st.lists(st.tuples(ANY, st.integers(0, 3)), max_size=60), PERCENTS)
def test_quantiles_of_groups_are_those_of_a_histogram_for_each(cases: list[tuple[float, int]], percent: int) -> None:
    histograms = Histograms(5)
    for hours, group in cases:
        while histograms.used[0] == len(histograms.pages):
            histograms.make_room()
        log = math.log(hours) if 0 < hours < math.inf else 0.0
        count(histograms.page_of, histograms.pages, histograms.used, group, bin_of(hours, log))
    joined = np.array([0, 1, 0, -1, 2])  # the first and the third are one group, the fourth in none
    found = histograms.quantiles(joined, 3, [percent])
    for new in range(3):
        expected = filled([hours for hours, group in cases if joined[group] == new])
        assert repr(float(found[0][0, new])) == repr(expected.quantile(percent))
        assert repr(float(found[1][0, new])) == repr(expected.quantile(percent, reached_only=True))


@given(HOURS)
def test_the_fast_bin_is_the_bin(hours: float) -> None:
    assert bin_of(hours, math.log(hours)) == bins(hours)


def test_the_fast_bin_is_the_bin_at_every_edge() -> None:
    near = np.concatenate([EDGES[:-1], np.nextafter(EDGES, 0.0), np.nextafter(EDGES[:-1], math.inf)])
    assert [bin_of(hours, math.log(hours)) for hours in near] == list(bins(near))
    assert [bin_of(hours, 0.0) for hours in (0.0, math.inf)] == [0, NOT_REACHED]


def test_what_was_not_reached_ranks_last() -> None:
    histogram = filled([1.0, 2.0, math.inf, math.inf])
    assert histogram.quantile(50) == pytest.approx(2, rel=0.0025)
    assert math.isnan(histogram.quantile(51))
    assert histogram.quantile(90, reached_only=True) == pytest.approx(2, rel=0.0025)
    assert math.isnan(filled([math.inf]).quantile(50, reached_only=True))
    assert math.isnan(Histogram().quantile(50))


def test_zero_is_exactly_zero() -> None:
    assert filled([0.0, 0.0, 1.0]).quantile(50) == 0.0


@pytest.mark.parametrize("hours", [-TICK, math.nan, 1e9])
def test_impossible_durations_are_refused(hours: float) -> None:
    with pytest.raises(ValueError, match="0 to 950 years"):
        Histogram().add([1.0, hours])
