"""Shifts on public holidays and make-up working days: the roster of another weekday."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_texts import files, town, wrongs
from towns import same_tables, station

import sim
from sim.model.city import build_city
from sim.scenario import Scenario, from_dict, from_text, load
from sim.scenario.calendars import Shift, Span, days_text, hours_text
from sim.scenario.holidays import headcount_by_date
from sim.scenario.writing import complete_text, read_complete

MONDAY = datetime(2024, 1, 1)
#: Wednesday is a holiday, Sunday a make-up working day.
OFFICE = {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-01-03"], "workdays": ["2024-01-07"]}
SHIFTS = [
    {"days": "mon-fri", "hours": "8:00-20:00", "staff": 9},
    {"days": "sat-sun", "hours": "9:00-16:00", "staff": 4},
    {"days": "mon-sat", "hours": "20:00-8:00", "staff": 1},
]


def desk(holidays: Any = None, calendar: Any = OFFICE, shifts: Any = SHIFTS, **more: Any) -> Scenario:
    unit = {"staff": None, "shifts": shifts, **({"holidays": holidays} if holidays else {})}
    return station("3 / h", "20 min", 1, 10, unit=unit, calendars={"office": calendar}, **more)


def headcounts(scenario: Scenario) -> list[tuple[int, float, int]]:
    """(day, hour, people from then on), where that changes."""
    city = build_city(scenario)
    found: list[tuple[int, float, int]] = []
    for time, n in zip(city.rosters[city.pools[0].roster].times, city.pools[0].headcounts.tolist(), strict=True):
        if not found or found[-1][2] != n:
            found.append((int(time // 24), time % 24, n))
    return found


def of_a_week(days: dict[int, list[tuple[int, int]]]) -> list[tuple[int, float, int]]:
    return [(day, hour, n) for day, steps in days.items() for hour, n in steps]


WEEKDAY, NIGHT = [(8, 9), (20, 1)], [(8, 0), (9, 4), (16, 0), (20, 1)]  # the latter is a Saturday
FREE = [(8, 0), (9, 4), (16, 0)]  # a Sunday, after whose beginning nobody comes at night


def test_holidays_have_sundays_roster_and_makeup_days_mondays() -> None:
    usual = of_a_week({0: [(0, 0), *WEEKDAY], 1: WEEKDAY, 2: WEEKDAY, 3: WEEKDAY, 4: WEEKDAY, 5: NIGHT, 6: FREE})
    assert headcounts(desk())[: len(usual)] == usual
    holiday = of_a_week(
        {0: [(0, 0), *WEEKDAY], 1: WEEKDAY, 2: FREE, 3: WEEKDAY, 4: WEEKDAY, 5: NIGHT, 6: WEEKDAY, 7: WEEKDAY}
    )
    assert headcounts(desk({"calendar": "office"}))[: len(holiday)] == holiday


def test_which_weekday_they_are_like_may_be_said() -> None:
    calendar = {**OFFICE, "workdays_like": "sat", "open": {"mon-sat": "9:00-17:00"}}
    found = headcounts(desk({"calendar": "office", "as": "sat"}, calendar))
    assert [step for step in found if step[0] in (2, 6)] == of_a_week({2: NIGHT, 6: NIGHT})


def test_what_ran_the_night_before_the_start_goes_on() -> None:
    """The run begins on a Monday; the Sunday before it was a make-up working day, whose night runs on until 8:00."""
    calendar = {**OFFICE, "workdays": ["2023-12-31"]}
    assert headcounts(desk({"calendar": "office"}, calendar))[:2] == [(0, 0, 1), (0, 8, 9)]


def test_a_calendar_without_days_in_the_run_changes_nothing() -> None:
    elsewhere = {**OFFICE, "holidays": ["2020-01-01"], "workdays": []}
    assert headcounts(desk({"calendar": "office"}, elsewhere)) == headcounts(desk())
    runs = [sim.simulate(scenario) for scenario in (desk({"calendar": "office"}, elsewhere), desk())]
    assert same_tables(*runs)


@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 6), min_size=1), st.integers(0, 95), st.integers(1, 95), st.integers(1, 9)),
        min_size=1,
        max_size=4,
    ),
    st.dictionaries(st.integers(-1, 9), st.integers(0, 6), max_size=4),
    st.integers(0, 6),
)
def test_headcounts_quarter_by_quarter(
    drawn: list[tuple[set[int], int, int, int]], like: dict[int, int], first: int
) -> None:
    shifts = [
        Shift.model_validate({"days": days_text(sorted(days)), "hours": hours_text(hours), "staff": staff})
        for days, a, n, staff in drawn
        for hours in [Span(15 * a, 15 * (a + n))]
    ]
    start = MONDAY + timedelta(days=first)
    steps = headcount_by_date(shifts, {start + timedelta(days=d): w for d, w in like.items()}, start, 240.0)
    assert steps[0][0] == 0
    assert steps[-1][0] < 240
    for quarter in range(960):
        expected = 0
        for day in (quarter // 96 - 1, quarter // 96):
            weekday = like.get(day, (first + day) % 7)
            on_duty = [
                n for days, a, length, n in drawn if weekday in days and day * 96 + a <= quarter < day * 96 + a + length
            ]
            expected += sum(on_duty)
        assert [n for time, n in steps if time * 4 <= quarter][-1] == expected


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_nobody_works_on_a_holiday_that_is_like_a_day_without_shifts(engine: Literal["simpy", "compiled"]) -> None:
    weekdays = [{"days": "mon-fri", "hours": "8:00-20:00", "staff": 9}]
    out = sim.simulate(desk({"calendar": "office"}, shifts=weekdays), engine=engine)
    days = {day: (out.visits["started"] // 24 == day).sum() for day in range(8)}
    assert days[2] == days[5] == 0
    assert min(days[day] for day in (0, 1, 3, 4, 6, 7)) > 30
    usual = sim.simulate(desk(shifts=weekdays), engine=engine)
    assert (usual.visits["started"] // 24 == 2).sum() > 30


def test_what_is_written_reads_back_the_same() -> None:
    dates = {"2024-01-02": "9:00-12:00", "2024-01-04": "closed"}
    demand = {"holidays": {"calendar": "office", "as": "sat", "factor": 0.5}}
    scenario = desk({"calendar": "office", "as": "tue"}, {**OFFICE, "dates": dates}, demand=demand)
    assert read_complete(complete_text(scenario), "run").resolved() == scenario.resolved()
    assert from_dict(scenario.resolved()).digest == scenario.digest


SHIFTED = "staff: 1}]}"
HOLIDAY = ("office: {open", "office: {holidays: [2024-03-06], open")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (((SHIFTED, "staff: 1}], holidays: {calendar: office}}"),), "pools.hotline.holidays: has nothing to act on"),
        ((HOLIDAY, ("{staff: 2}", "{staff: 2, holidays: {calendar: office}}")), "pools.desk.holidays: needs shifts"),
        ((HOLIDAY, (SHIFTED, "staff: 1}], holidays: {calendar: offices}}")), "pools.hotline.holidays.calendar: there"),
        ((HOLIDAY, (SHIFTED, "staff: 1}], holidays: {as: sun}}")), "pools.hotline.holidays.calendar: is missing"),
        ((HOLIDAY, (SHIFTED, "staff: 1}], holidays: {calendar: office, as: day}}")), "pools.hotline.holidays.as: “"),
        (
            (HOLIDAY, (SHIFTED, "staff: 1}, {days: sun, hours: 7:00-12:00, staff: 2}], holidays: {calendar: office}}"),
             ("mon-sun, hours: 20:00-8:00", "mon-thu, hours: 20:00-8:00")),
            "pools.hotline.holidays: the shifts of sun on 2024-03-06 overlap those of the day before or after",
        ),
    ],
)  # fmt: skip
def test_holidays_that_are_refused(changes: tuple[tuple[str, str], ...], message: str) -> None:
    found = [line.partition(": ")[2] for line in wrongs(town(*changes))]
    assert any(line.startswith(message) for line in found), found


def test_holidays_of_shifts_that_are_the_same_on_all_days_are_said() -> None:
    same = ("{days: mon-fri, hours: 8:00-20:00, staff: 4}", "{days: mon-sun, hours: 8:00-20:00, staff: 4}")
    for change, said in ((same, True), (("name: S", "name: s"), False)):
        text = town(HOLIDAY, (SHIFTED, "staff: 1}], holidays: {calendar: office}}"), change)
        notes = [note.message for note in from_text("format: 2\n" + text).notes]
        assert notes == ["does nothing: the shifts are the same on all days"] * said


def test_another_way_of_staff_takes_the_holidays_with_it(tmp_path: Path) -> None:
    path = files(tmp_path, town=town(HOLIDAY, (SHIFTED, "staff: 1}], holidays: {calendar: office}}")))
    assert load(path).pools["hotline"].holidays is not None
    assert load(path, ["pools.hotline.shifts.0.staff=5"]).pools["hotline"].holidays is not None
    assert load(path, ["pools.hotline.staff=3"]).pools["hotline"].holidays is None
