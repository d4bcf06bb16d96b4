"""Durations, rates, dates, probabilities and words, read as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_texts import town, wrongs

from sim.scenario import from_text
from sim.scenario.errors import ReadError
from sim.scenario.numbers import Plain, read_count, read_flag, read_number, read_probability, read_scale, read_text
from sim.scenario.quantities import (
    TICK,
    duration_text,
    moment_text,
    rate_text,
    read_date,
    read_duration,
    read_moment,
    read_rate,
    read_signed_duration,
    to_tick,
)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("5 min", 5 / 60),
        ("2 h", 2),
        ("7 d", 168),
        ("90 s", 0.025),
        ("1 week", 168),
        ("2 weeks", 336),
        ("1.5h", 1.5),
        ("3 Hours", 3),
        ("1e2 min", 100 / 60),
        ("1_000 h", 1000),
        ("0 min", 0),
        ("6 months", 6 * 365.25 * 2),
    ],
)
def test_durations(text: str, hours: float) -> None:
    assert read_duration(text) == to_tick(hours)


@pytest.mark.parametrize(
    "value", ["5", 5, "h", "5 parsecs", "-1 h", "nan h", "inf h", "1000 years", "", None, [], {}, True, "5 min 3 s"]
)
def test_what_is_no_duration(value: Any) -> None:
    with pytest.raises(ReadError):
        read_duration(value)


@given(st.floats(0, 1e6))
def test_durations_are_rounded_once_and_read_back(hours: float) -> None:
    read = read_duration(f"{hours!r} h")
    assert (read / TICK).is_integer()
    assert abs(read - hours) <= TICK / 2
    assert read_duration(duration_text(read)) == read


def test_a_signed_duration() -> None:
    assert read_signed_duration("-90 min") == -1.5


@pytest.mark.parametrize(
    ("text", "per_hour"),
    [
        ("30 / h", 30),
        ("30/h", 30),
        ("0.4 / year", 0.4 / 8766),
        ("12 per day", 0.5),
        ("1 / month", 12 / 8766),
        ("2 / min", 120),
        ("1 / s", 3600),
        ("7 / week", 7 / 168),
    ],
)
def test_rates(text: str, per_hour: float) -> None:
    assert read_rate(text) == per_hour
    assert read_rate(rate_text(read_rate(text))) == read_rate(text)


@pytest.mark.parametrize(
    "value", ["30", "30 h", "30 /", "30 / km", "-1 / h", "x / h", 30, None, "1e308 / s", "nan / h"]
)
def test_what_is_no_rate(value: Any) -> None:
    with pytest.raises(ReadError):
        read_rate(value)


def test_numbers_are_numbers_in_yaml_and_python() -> None:
    assert [read_number(Plain(text)) for text in ("1e-3", "-2", "+.5", "1_000", "010")] == [0.001, -2, 0.5, 1000, 10]
    assert read_number(np.float64(0.5)) == 0.5
    assert read_probability(Plain("1")) == 1
    assert read_count(3.0) == 3
    assert str(read_probability(-0.0)) == "0.0"


@pytest.mark.parametrize(
    "value", [Plain("nan"), Plain("-.inf"), float("nan"), float("inf"), "1", True, 10**400, Plain("1e999")]
)
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ReadError):
        read_number(value)


@pytest.mark.parametrize("value", [-0.1, 1.1, Plain("1.0000001"), float("nan")])
def test_what_is_no_probability(value: Any) -> None:
    with pytest.raises(ReadError):
        read_probability(value)


def test_flags_and_text() -> None:
    assert [read_flag(Plain(word)) for word in ("yes", "No", "on", "off", "true")] == [True, False, True, False, True]
    assert read_flag(True) is True
    assert [read_text(value) for value in (Plain("no"), Plain("1.10"), 7)] == ["no", "1.10", "7"]
    assert type(read_text(Plain("no"))) is str
    for wrong in (1, "maybe", None):
        with pytest.raises(ReadError):
            read_flag(wrong)
    for wrong in (None, True, []):
        with pytest.raises(ReadError):
            read_text(wrong)


@pytest.mark.parametrize(("value", "scale"), [("1:100", 100), ("1 : 2.5", 2.5), (Plain("20"), 20), (1, 1)])
def test_scales(value: Any, scale: float) -> None:
    assert read_scale(value) == scale


@pytest.mark.parametrize("value", ["1:0", "2:100", 0.5, 10_001, "1:", "x", None])
def test_what_is_no_scale(value: Any) -> None:
    with pytest.raises(ReadError):
        read_scale(value)


def test_moments() -> None:
    assert read_moment(Plain("2011-08-31 06:00")) == datetime(2011, 8, 31, 6)
    assert read_moment("2011-8-31T6:00:30") == datetime(2011, 8, 31, 6, 0, 30)
    assert read_moment(date(2024, 2, 29)) == read_date("2024-02-29") == datetime(2024, 2, 29)
    for moment in (datetime(2024, 3, 4), datetime(2024, 3, 4, 6), datetime(24, 3, 4, 6, 1, 2)):
        assert read_moment(moment_text(moment)) == moment
    assert moment_text(datetime(2024, 3, 4)) == "2024-03-04"
    assert moment_text(datetime(2024, 3, 4, 6)) == "2024-03-04 06:00"
    for wrong in ("2024-02-30", "today", 20240304, datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01 24:00", None):
        with pytest.raises(ReadError):
            read_moment(wrong)
    with pytest.raises(ReadError):
        read_date("2024-03-04 06:00")


SIGNED = [
    ("staff: 3,", "staff: +3,"),
    ("staff: 3,", "staff: {total: +3},"),
    ("staff: 4}", "staff: +4}"),
    ("share: 0.1}", "share: +0.1}"),
    ("population: 8000", "population: +8000"),
    ("talk: 5 min", "talk: +5 min"),
    ("total: 5000 / year", "total: +5000 / year"),
    ("cv: 1.5", "cv: +1.5"),
    ("mean: 2 h", "mean: +2 h"),
    ("{distribution: lognormal, mean: 2 h, cv: 1.5}", "{distribution: lognorm, s: 1, scale: +1 h}"),
    ("{distribution: lognormal, mean: 2 h, cv: 1.5}", "{quantiles: {0: 1 h, +1: 2 h}}"),
    ("{Roads: 0.9, Parks: 0.1}", "{Roads: 0.9, Parks: +0.1}"),
    ("dispatch:", "scale: 1:+2\ndispatch:"),
    ("dispatch:", "policies: {time_limits: {resolve: +3 workdays, calendar: office}}\ndispatch:"),
    ("dispatch:", "demand: {weekdays: {sat: +0.5}}\ndispatch:"),
    ("dispatch:", "policies: {callback: {pool: desk, work: 1 min, retries: +1}}\ndispatch:"),
]


@pytest.mark.parametrize(("before", "after"), SIGNED)
def test_a_plus_before_what_cannot_be_negative_is_refused(before: str, after: str) -> None:
    [line] = wrongs(town((before, after)))
    assert "reads like so much more than before: write " in line
    assert "without a sign" in line


def test_what_may_be_negative_keeps_its_sign() -> None:
    work = ("{distribution: lognormal, mean: 2 h, cv: 1.5}", "{distribution: lognorm, s: +1, loc: +1 h, scale: 1 h}")
    callback = "policies: {callback: {pool: desk, work: 1 min, satisfied: {intercept: +0.5, late: -1}}}\n"
    scenario = from_text(town(work) + callback)
    assert scenario.policies.callback is not None
    assert scenario.policies.callback.satisfied is not None
    assert scenario.policies.callback.satisfied.intercept == 0.5
