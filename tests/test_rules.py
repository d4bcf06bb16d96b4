"""Rules alone: who is chosen, when a time in working time is over, how accurate the desk is."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import stats
from towns import station

from sim.model import rules
from sim.model.city import City, build_city
from sim.model.draws import mixed, name_key
from sim.model.index import Span
from sim.scenario import from_dict
from sim.scenario.policies import TimeField, read_limit

# --- choosing among named things -------------------------------------------------------------------------------------


def choose(weights: dict[str, float], key: int, but: int = -1) -> str | None:
    names = np.array([name_key(name) for name in weights], np.uint64)
    found = rules.choose(np.array(list(weights.values())), names, but, 1, 2, key, 0)
    return None if found < 0 else list(weights)[found]


KEYS = range(2**40, 2**40 + 20_000)


@pytest.mark.parametrize(
    "weights", [{"a": 0.9, "b": 0.1}, {"a": 1, "b": 2, "c": 3, "d": 0, "e": 0.05}, {"x": 5.0, "y": 5.0}]
)
def test_each_is_chosen_by_its_weight(weights: dict[str, float]) -> None:
    found = Counter(choose(weights, key) for key in KEYS)
    assert found.keys() == {name for name, weight in weights.items() if weight > 0}
    expected = [weight / sum(weights.values()) * len(KEYS) for name, weight in weights.items() if weight > 0]
    seen = [found[name] for name, weight in weights.items() if weight > 0]
    assert stats.chisquare(seen, expected).pvalue > 1e-4


@pytest.mark.parametrize("new", ["aa", "m", "zz"])
def test_a_new_one_moves_only_those_who_go_to_it(new: str) -> None:
    """Wherever its name stands in the alphabet; and as many go to it as it takes."""
    before = {"letter": 0.2, "phone": 0.5, "web": 0.3}
    after = {name: 0.95 * weight for name, weight in before.items()} | {new: 0.05}
    moves = Counter((choose(before, key), choose(after, key)) for key in KEYS)
    assert {b for a, b in moves if a != b} == {new}
    assert sum(n for (_, b), n in moves.items() if b == new) == pytest.approx(0.05 * len(KEYS), rel=0.1)


def test_in_whatever_order_they_are_listed() -> None:
    weights = {"letter": 0.2, "phone": 0.5, "web": 0.3}
    backwards = dict(reversed(weights.items()))
    assert all(choose(weights, key) == choose(backwards, key) for key in KEYS[:2000])


def test_who_is_not_to_be_chosen_leaves_the_others_as_they_were() -> None:
    weights = {"a": 1.0, "b": 2.0, "c": 3.0}
    for key in KEYS[:2000]:
        first = choose(weights, key)
        assert choose(weights, key, but=2) == (first if first != "c" else choose({"a": 1.0, "b": 2.0}, key))
    assert choose({"a": 1.0}, 1, but=0) is None
    assert choose({"a": 0.0, "b": 0.0}, 1) is None


def test_a_new_channel_moves_only_those_who_go_to_it_in_a_run() -> None:
    import sim

    def channels(**shares: float) -> dict[str, str]:
        out = sim.simulate(station("20 / h", "1 min", 9, 10, channels={n: {"share": s} for n, s in shares.items()}))
        return dict(zip(out.requests["request"], out.requests["channel"].astype(str), strict=True))

    before = channels(phone=0.8, web=0.2)
    after = channels(app=0.05, phone=0.76, web=0.19)
    assert before.keys() == after.keys()
    assert {after[key] for key in before if after[key] != before[key]} == {"app"}
    assert sum(channel == "app" for channel in after.values()) == pytest.approx(0.05 * len(after), rel=0.2)


# --- working time ----------------------------------------------------------------------------------------------------

START = datetime(2024, 9, 1)
CALENDAR: dict[str, Any] = {
    "open": {"mon-fri": "9:00-17:00"},
    "holidays": [f"2024-09-{day}" for day in (15, 16, 17)] + [f"2024-10-0{day}" for day in range(1, 8)],
    "workdays": ["2024-09-14", "2024-09-29", "2024-10-12"],
}


def town(calendar: dict[str, Any]) -> City:
    return build_city(
        from_dict(
            {
                "name": "an office",
                "time": {"start": f"{START:%Y-%m-%d}", "end": "2024-11-01"},
                "districts": {"Town": {}},
                "calendars": {"office": calendar},
                "units": {"Desk": {"staff": 1}},
                "categories": {"Matter": {"total": "1 / d", "unit": "Desk", "work": "1 h"}},
                "policies": {"time_limits": {"resolve": "1 workday", "calendar": "office"}},
            }
        )
    )


OFFICE = town(CALENDAR)


def hours(text: str) -> float:
    return (datetime.fromisoformat(text) - START) / timedelta(hours=1)


def span(text: str) -> Span:
    limit = read_limit(text)
    if limit.workdays is not None:
        return Span(limit.workdays, rules.BY_CLOSING if limit.by_closing else rules.WORKDAYS)
    return Span(limit.workhours or 0.0, rules.WORKHOURS)


def working_time(city: City) -> tuple[Any, ...]:
    """The open hours and days of its limits, as rules take them."""
    assert city.time_limits is not None
    working_time = city.time_limits.working_time
    return (*city.rosters[working_time.roster].hours, working_time.workdays)


def later(city: City, since: str, limit: str) -> str:
    told = span(limit)
    end = rules.later(*working_time(city), hours(since), told.amount, told.kind)
    return f"{START + timedelta(hours=end):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("arrives", "days", "clock", "closing"),
    [
        ("2024-09-09 10:00", 1, "09-10 10:00", "09-10 17:00"),
        ("2024-09-13 15:30", 1, "09-14 15:30", "09-14 17:00"),
        ("2024-09-14 11:00", 2, "09-19 11:00", "09-19 17:00"),
        ("2024-09-15 12:00", 1, "09-19 09:00", "09-19 17:00"),
        ("2024-09-23 17:00", 3, "09-27 09:00", "09-27 17:00"),
        ("2024-09-23 09:00", 5, "09-29 09:00", "09-29 17:00"),
        ("2024-09-26 20:00", 2, "09-30 09:00", "09-30 17:00"),
        ("2024-09-30 16:59", 1, "10-08 16:59", "10-08 17:00"),
        ("2024-10-02 10:00", 5, "10-14 09:00", "10-14 17:00"),
        ("2024-10-11 13:00", 3, "10-15 13:00", "10-15 17:00"),
        ("2024-09-28 08:00", 7, "10-14 09:00", "10-14 17:00"),
        ("2024-09-06 07:15", 4, "09-12 09:00", "09-12 17:00"),
        ("2024-09-06 07:15", 0, "09-06 09:00", "09-06 17:00"),
    ],
)
def test_workdays_end_at_the_same_clock_time_or_at_closing(arrives: str, days: int, clock: str, closing: str) -> None:
    """Due dates worked out by hand, with holidays and make-up working days; closing time itself is closed."""
    assert later(OFFICE, arrives, f"{days} workdays") == clock
    assert later(OFFICE, arrives, f"{days} workdays, by closing") == closing


@pytest.mark.parametrize(
    ("arrives", "open_hours", "due"),
    [
        ("2024-09-09 09:00", 8, "09-09 17:00"),
        ("2024-09-30 15:00", 8, "10-08 15:00"),
        ("2024-09-13 16:30", 9, "09-18 09:30"),
        ("2024-10-05 12:00", 20, "10-10 13:00"),
    ],
)
def test_workhours_count_open_time(arrives: str, open_hours: int, due: str) -> None:
    assert later(OFFICE, arrives, f"{open_hours} workhours") == due


def test_a_day_that_closes_before_the_clock_time_ends_the_limit() -> None:
    short = town({"open": {"mon-thu": "9:00-17:00", "fri": "9:00-12:00"}})
    assert later(short, "2024-09-05 15:00", "1 workday") == "09-06 12:00"
    assert later(short, "2024-09-05 11:00", "1 workday") == "09-06 11:00"


def test_limits_by_the_hours_of_single_dates() -> None:
    """Thursday is short, Friday closed, Saturday is open for two hours."""
    dates = {"2024-09-05": "9:00-12:00", "2024-09-06": "closed", "2024-09-07": "10:00-12:00"}
    office = town({"open": {"mon-fri": "9:00-17:00"}, "dates": dates})
    assert later(office, "2024-09-04 15:00", "1 workday") == "09-05 12:00"
    assert later(office, "2024-09-04 15:00", "2 workdays, by closing") == "09-07 12:00"
    assert later(office, "2024-09-05 13:00", "0 workdays") == "09-07 10:00"
    assert later(office, "2024-09-05 11:00", "4 workhours") == "09-09 10:00"


@pytest.mark.parametrize(("arrives", "due"), [("2024-09-13 16:59", "09-13 17:00"), ("2024-09-14 17:00", "09-18 17:00")])
def test_by_the_close_of_business_of_the_same_day(arrives: str, due: str) -> None:
    """Or of the next open day: Saturday the 14th is a working day, Sunday to Tuesday are holidays."""
    assert later(OFFICE, arrives, "0 workdays by closing") == due


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_a_run_has_due_dates_by_closing(engine: Literal["simpy", "compiled"]) -> None:
    """The office closes at 17:00, on Wednesday at 12:00, and does not open on Thursday; hour 0 is Monday's midnight."""
    import sim

    dates = {"2024-01-03": "9:00-12:00", "2024-01-04": "closed"}
    calendars = {"office": {"open": {"mon-fri": "9:00-17:00"}, "dates": dates}}
    limits = {"resolve": "1 workday by closing", "calendar": "office", "from": "arrival"}
    town = station("2 / h", "1 min", 9, 6, calendars=calendars, policies={"time_limits": limits})
    found = sim.simulate(town, engine=engine).requests
    closings = {17: 41, 41: 60, 60: 113, 113: 185, 999: 209}  # arrived before this closing, due at that one
    expected = [next(due for closing, due in closings.items() if arrived < closing) for arrived in found["arrived"]]
    assert set(expected) == set(closings.values())
    assert found["due"].tolist() == expected


@pytest.mark.parametrize(
    "text",
    ["3 workdays by close", "3 business days", "2 working days by close of business", "3 Workdays", "1 d by closing"],
)
def test_other_words_for_working_time_are_told_the_right_ones(text: str) -> None:
    for read in (read_limit, TypeAdapter(TimeField).validate_python):
        with pytest.raises(ValueError, match=r"write “3 workdays”.*“3 workdays by closing”.*“8 workhours”"):
            read(text)


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    night = town({"open": {"mon-fri": "20:00-4:00"}})
    assert later(night, "2024-09-03 02:00", "1 workday") == "09-04 02:00"  # of Monday's hours
    assert later(night, "2024-09-03 02:00", "1 workday, by closing") == "09-04 04:00"
    assert later(night, "2024-09-07 03:00", "1 workday") == "09-10 03:00"  # of Friday's
    assert later(night, "2024-09-07 05:00", "1 workday") == "09-10 20:00"


def test_lunch_is_closed() -> None:
    lunch = town({"open": {"mon-fri": ["9:00-12:00", "13:00-17:00"]}})
    assert later(lunch, "2024-09-03 12:30", "1 workday") == "09-04 13:00"


def test_days_on_which_nobody_ever_shuts() -> None:
    always = town({"open": {"mon-fri": "0:00-24:00"}})
    assert later(always, "2024-09-06 22:30", "1 workday") == "09-09 22:30"
    assert later(always, "2024-09-07 10:00", "1 workday") == "09-10 00:00"


@given(st.integers(0, 40 * 24 * 60), st.integers(0, 8), st.sampled_from(["workdays", "workhours"]))
def test_what_is_taken_before_is_what_is_added_after(minute: int, amount: int, unit: str) -> None:
    """From an opening moment on, forth and back again."""
    at = working_time(OFFICE)
    begin = rules.later(*at, minute / 60, 0, rules.WORKDAYS)
    told = span(f"{amount} {unit}")
    end = rules.later(*at, begin, told.amount, told.kind)
    back = rules.earlier(*at, end, told.amount, told.kind)
    assert back == pytest.approx(begin, abs=1e-9)


@pytest.mark.parametrize(
    ("hours", "due", "days", "before"),
    [
        ("0:00-24:00", "2024-09-04 00:00", "1 workday, by closing", "09-03 00:00"),  # due at Tuesday's closing
        ("18:00-2:00", "2024-09-10 02:00", "1 workday, by closing", "09-07 02:00"),  # Monday's; Friday's closing
        ("18:00-2:00", "2024-09-10 01:00", "1 workday", "09-07 01:00"),
        ("9:00-17:00", "2024-09-03 09:30", "0 workdays, by closing", "09-03 09:30"),  # never after the end
        ("9:00-17:00", "2024-09-09 10:00", "1 workday", "09-06 10:00"),
    ],
)
def test_days_are_taken_before_a_moment_as_they_are_added(hours: str, due: str, days: str, before: str) -> None:
    city = town({"open": {"mon-fri": hours}})
    told, end = span(days), (datetime.fromisoformat(due) - START) / timedelta(hours=1)
    at = rules.earlier(*working_time(city), end, told.amount, told.kind)
    assert f"{START + timedelta(hours=at):%m-%d %H:%M}" == before


def test_before_the_first_day_and_after_the_last_there_is_none() -> None:
    at = working_time(OFFICE)
    assert rules.earlier(*at, 60.0, 5, rules.WORKDAYS) == -np.inf
    assert rules.earlier(*at, 60.0, 50.0, rules.WORKHOURS) == -np.inf
    assert rules.later(*at, 60.0, 5000, rules.WORKDAYS) == np.inf
    assert rules.later(*at, np.inf, 5, rules.WORKDAYS) == np.inf


# --- accuracy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "desk", "policy", "first", "again"),
    [
        (None, {"accuracy": 0.8}, None, 0.8, 0.8),
        (0.99, {"accuracy": 0.8}, None, 0.99, 0.99),
        (None, {"accuracy": 0.8}, {"accuracy": 0.97}, 0.97, 0.97),
        (0.99, {"accuracy": 0.8}, {"accuracy": 0.97}, 0.99, 0.99),
        (0.9, {"accuracy": 0.8}, {"accuracy": 0.97}, 0.9, 0.9),
        (0.9, {"accuracy": 0.8}, {"by_category": {"Matter": 0.7}}, 0.7, 0.7),
        (0.9, {"accuracy": 0.8}, {"by_category": {"Matter": 0.7}, "at_least": 0.95}, 0.95, 0.95),
        (None, {"accuracy": 0.8, "redispatch_accuracy": 0.5}, {"accuracy": 0.97}, 0.97, 0.5),
        (None, {"accuracy": 0.8}, {"accuracy": 0.97, "redispatch_accuracy": 0.6}, 0.97, 0.6),
    ],
)
def test_the_precedence_of_accuracy(own: Any, desk: Any, policy: Any, first: float, again: float) -> None:
    """A scalar is the level of what names none itself; a second look is as good as the first unless written."""
    scenario = from_dict(
        {
            "name": "a desk",
            "time": {"start": "2024-01-01", "end": "2024-01-02"},
            "districts": {"Town": {}},
            "pools": {"desk": {"staff": 1}},
            "units": {"A": {"staff": 1}, "B": {"staff": 1}},
            "dispatch": {"pool": "desk", "work": "1 min", **desk},
            "categories": {
                "Matter": {"total": "1 / d", "unit": "A", "work": "1 h"} | ({"accuracy": own} if own else {}),
                "Other": {"total": "1 / d", "unit": "B", "work": "1 h"},
            },
            "policies": {"precise_dispatch": policy} if policy else {},
        }
    )
    plan = build_city(scenario).categories[0]
    assert (plan.accuracy.at_first, plan.accuracy.again) == (first, again)


# --- scrambled bits --------------------------------------------------------------------------------------------------


def test_bits_are_mixed_as_published() -> None:
    """The first numbers of SplitMix64 from the seed 1234567, as in its reference implementations."""
    states = [np.uint64((1234567 + n * 0x9E3779B97F4A7C15) % 2**64) for n in range(1, 6)]
    assert [int(mixed(state)) for state in states] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_clocks_of_three_are_as_if_drawn_apart() -> None:
    """Who rings first, second and third: all six orders come as often as the weights say."""
    weights = {"a": 1.0, "b": 2.0, "c": 5.0}
    found = Counter()
    for key in KEYS:
        first = choose(weights, key)
        rest = {name: weight for name, weight in weights.items() if name != first}
        found[first, choose(rest, key)] += 1
    total = sum(weights.values())
    expected = {
        (i, j): weights[i] / total * weights[j] / (total - weights[i]) for i in weights for j in weights if i != j
    }
    seen = [found[pair] for pair in expected]
    assert stats.chisquare(seen, [share * len(KEYS) for share in expected.values()]).pvalue > 1e-4
