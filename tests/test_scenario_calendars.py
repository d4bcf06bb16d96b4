"""Calendars and shifts, compared with asking minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.calendars import (
    Calendar,
    Span,
    days_text,
    hours_text,
    open_days,
    open_intervals,
    read_days,
    read_hours,
)
from sim.scenario.errors import ReadError

MONDAY = datetime(2024, 3, 4)


def calendar(**data: object) -> Calendar:
    return Calendar.model_validate(data)


def test_an_office_week() -> None:
    office = calendar(
        open={"mon-fri": "9:00-17:00", "sat": ["9:00-12:00", "13:00-15:00"]},
        holidays=["2024-03-08"],
        workdays=["2024-03-10"],
    )
    assert open_intervals(office, MONDAY, 168) == [
        *((day * 24 + 9, day * 24 + 17) for day in range(4)),
        (129, 132),
        (133, 135),
        (153, 161),
    ]
    assert open_days(office, MONDAY, 168) == [
        *((day, day * 24 + 9, day * 24 + 17) for day in range(4)),
        (5, 129, 135),
        (6, 153, 161),
    ]


def test_night_hours_cross_midnight_and_adjacent_hours_are_one() -> None:
    night = calendar(open={"mon-sun": "20:00-8:00"})
    assert open_intervals(night, MONDAY, 40) == [(0, 8), (20, 32)]
    always = calendar(open={"mon-sun": "0:00-24:00"})
    assert open_intervals(always, MONDAY, 1000.5) == [(0, 1000.5)]
    assert open_days(night, MONDAY, 40) == [(-1, -4, 8), (0, 20, 32), (1, 44, 56)]
    assert open_days(always, MONDAY, 48) == [(0, 0, 24), (1, 24, 48)]


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    night = calendar(open={"mon-sun": "22:00-6:00"}, holidays=["2024-03-05"])
    assert open_intervals(night, MONDAY, 72) == [(0, 6), (22, 30), (70, 72)]


def test_single_dates_have_hours_of_their_own() -> None:
    office = calendar(
        open={"mon-fri": "9:00-17:00"},
        holidays=["2024-03-05"],
        workdays=["2024-03-09"],
        dates={"2024-03-10": ["8:00-9:00", "10:00-11:30"], "2024-03-07": "closed", "2024-03-04": "9:00-12:00"},
    )
    expected = [(9, 12), (57, 65), (105, 113), (129, 137), (152, 153), (154, 155.5)]
    assert open_intervals(office, MONDAY, 168) == expected
    assert open_days(office, MONDAY, 168)[-1] == (6, 152, 155.5)
    short = calendar(open={"mon": "9:00-17:00"}, workdays=["2024-03-09"], dates={"2024-03-09": "9:00-12:00"})
    assert open_intervals(short, MONDAY, 168) == [(9, 17), (129, 132)]
    assert Calendar.model_validate(office.model_dump(mode="json")) == office


def test_the_night_before_a_closed_date_goes_on() -> None:
    night = calendar(open={"mon-sun": "22:00-6:00"}, dates={"2024-03-05": "closed", "2024-03-06": "23:00-1:00"})
    assert open_intervals(night, MONDAY, 96) == [(0, 6), (22, 30), (71, 73), (94, 96)]


def test_intervals_end_with_the_horizon() -> None:
    office = calendar(open={"mon": "9:00-17:00"})
    assert open_intervals(office, MONDAY, 9) == []
    assert open_intervals(office, MONDAY, 10.25) == [(9, 10.25)]


def test_the_first_and_the_last_day_there_is() -> None:
    night = calendar(open={"mon-sun": "22:00-6:00"})
    assert open_intervals(night, datetime(1, 1, 1), 24) == [(22, 24)]
    assert open_intervals(night, datetime(9999, 12, 31), 48) == [(0, 6), (22, 30)]


@given(st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True), st.integers(0, 6))
def test_open_intervals_minute_by_minute(quarters: list[int], holiday: int) -> None:
    edges = sorted(quarters)[: len(quarters) // 2 * 2]
    spans = [Span(a * 15, b * 15) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    week = {"mon, wed-fri": [hours_text(span) for span in spans]}
    made = calendar(open=week, holidays=[MONDAY + timedelta(days=holiday)])
    intervals = open_intervals(made, MONDAY, 168)
    for quarter in range(7 * 96):
        day, minute = quarter // 96, quarter % 96 * 15
        expected = day in (0, 2, 3, 4) and day != holiday and any(a <= minute < b for a, b in spans)
        assert any(a <= quarter / 4 < b for a, b in intervals) == expected


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat-mon", (0, 5, 6)),
        ("Mon, wed-thu", (0, 2, 3)),
        (["mon", "fri-sat"], (0, 4, 5)),
        ("mon-mon", (0,)),
    ],
)
def test_days(text: object, days: tuple[int, ...]) -> None:
    assert read_days(text) == days
    assert read_days(days_text(days)) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon fri", [], "1-5"])
def test_what_is_no_day(text: object) -> None:
    with pytest.raises(ReadError):
        read_days(text)


@pytest.mark.parametrize("text", ["9-17", "9:00", "9:60-17:00", "24:00-8:00", "9:00-9:00", "9:00-24:01", "0:00-0:00"])
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ReadError):
        read_hours(text)


@pytest.mark.parametrize("text", ["9:00-17:00", "20:00-8:00", "0:00-24:00", "22:15-0:05", "12:00-0:00"])
def test_hours_read_back(text: str) -> None:
    assert read_hours(hours_text(read_hours(text))) == read_hours(text)
