"""Fast draws and fast births against the same written plainly and slowly."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from towns import FULL, station

from sim.experiment.expected import expected_contacts
from sim.model import demand, purposes, rules
from sim.model.city import City, build_city
from sim.model.demand import Births, Demand
from sim.model.draws import CELLS, OCTAVES, child, on_grid, quantile, stream, uniform
from sim.model.quantiles import TAILS, at_nodes
from sim.scenario import from_dict
from sim.scenario.distributions import read_distribution

# --- draws -------------------------------------------------------------------------------------------------------

TABLE = np.sort(np.random.default_rng(1).lognormal(2.0, 2.0, (2, OCTAVES * CELLS + 1)))


def plain_quantile(u: float) -> float:
    """By ``frexp``, as the description of the tables reads."""
    tail, row = (u, 0) if u <= 0.5 else (1.0 - u, 1)
    fraction, exponent = math.frexp(tail)
    octave = -exponent - 1
    if fraction == 0.5:
        fraction, octave = 1.0, octave + 1
    if octave >= OCTAVES:
        value = TABLE[row, OCTAVES * CELLS]
    else:
        position = (1.0 - fraction) * (2 * CELLS)
        at = octave * CELLS + int(position)
        value = TABLE[row, at] + (TABLE[row, at + 1] - TABLE[row, at]) * (position - int(position))
    return math.floor(float(value) * 2.0**30 + 0.5) / 2.0**30


def edges() -> NDArray[np.float64]:
    """Powers of two and borders of cells, from either end, with their neighbours."""
    nodes = np.ldexp(1.0 - np.arange(CELLS) / (2 * CELLS), -np.arange(1, 54)[:, None]).ravel()
    both = np.concatenate([nodes, 1.0 - nodes, [0.5]])
    us = np.concatenate([both, np.nextafter(both, 0.0), np.nextafter(both, 1.0)])
    return us[(us > 0.0) & (us < 1.0)]


def test_quantiles_are_those_of_frexp() -> None:
    rng = np.random.default_rng(2)
    us = np.concatenate([edges(), rng.random(20_000), 2.0 ** -rng.uniform(1, 60, 20_000)])
    us = us[(us > 0.0) & (us < 1.0)]
    assert [quantile(TABLE, 0, u) for u in us.tolist()] == [plain_quantile(u) for u in us.tolist()]


@given(st.floats(0.0, 1.0, exclude_min=True, exclude_max=True, allow_subnormal=False))
def test_any_quantile_is_that_of_frexp(u: float) -> None:
    assert quantile(TABLE, 0, u) == plain_quantile(u)


@pytest.mark.parametrize("name", ["exponential", "lognormal", "gamma", "erlang"])
@given(mean=st.floats(0.05, 500), cv=st.floats(0.05, 5), phases=st.integers(1, 60))
def test_the_commonest_quantiles_are_to_the_last_bit_those_of_scipy(
    name: str, mean: float, cv: float, phases: int
) -> None:
    given_cv = {"exponential": 1.0, "erlang": phases**-0.5}.get(name, cv)
    made = read_distribution({"distribution": name, "mean": f"{mean} h", "cv": given_cv})
    frozen = made.frozen()
    assert at_nodes(made).tolist() == [frozen.ppf(TAILS).tolist(), frozen.isf(TAILS).tolist()]
    # NumPy rounds exp otherwise than the C library on some processors: the last bit of a mean may differ
    assert math.isclose(made.mean, frozen.mean(), rel_tol=1e-15)


@given(st.floats(0.0, 1.0, exclude_min=True, exclude_max=True), st.floats(demand.FEW, 1e7))
def test_many_births_are_as_many_as_scipy_says(u: float, mean: float) -> None:
    assert demand.many(np.array([u]), np.array([mean])).tolist() == [stats.poisson.ppf(u, mean)]


@given(
    st.lists(st.floats(0.0, 5.0), min_size=24, max_size=24).filter(lambda w: sum(w) > 1e-6), st.floats(1e-12, 1 - 1e-12)
)
def test_the_hour_is_that_of_a_search(weights: list[float], u: float) -> None:
    cumulative = np.cumsum(weights)
    target = u * cumulative[-1]
    hour = min(int(np.searchsorted(cumulative, target, side="right")), 23)
    below = cumulative[hour - 1] if hour > 0 else 0.0
    plain = on_grid(hour + (target - below) / (cumulative[hour] - below))
    assert rules.time_of_day(cumulative, u) == min(plain, hour + 1.0 - 2.0**-30)


# --- births ------------------------------------------------------------------------------------------------------


def town(**demand_keys: Any) -> City:
    data = copy.deepcopy(FULL)
    data["demand"] = {**data.get("demand", {}), **demand_keys}
    return build_city(from_dict(data))


CITIES: dict[str, dict[str, Any]] = {
    "full": {},
    "one busy hour": {"hours": [0.0] * 9 + [1.0] + [0.0] * 14},
    "holidays": {"holidays": {"calendar": "office", "as": "sat", "factor": 0.7}},
    "day factors": {"day_factor": {"group": 0.5, "city": 0.5}},
}


def plain_births(city: City, seed: int) -> tuple[NDArray[Any], ...]:
    """All births of a run, drawn one by one and sorted by NumPy."""
    drawn = Demand(city, seed)
    rows = []
    for category in range(len(city.categories)):
        shapes, of = drawn.rhythm.shapes(category, 0, drawn.days)
        for d in range(len(city.districts)):
            for day in range(drawn.days):
                home, date = int(city.birth_keys[d, category]), drawn.start + day
                mean = 24.0 * city.births[d, category] * shapes[of[d], day].sum()
                mean *= drawn.rhythm.season[day] * drawn.day_factors[category][day]
                count = stats.poisson.ppf(uniform(seed, demand.COUNT, home, date), mean) if mean > 0 else 0
                day_key = child(home, demand.BIRTH, date)
                for ordinal in range(int(count)):
                    key = child(day_key, demand.BIRTH, ordinal)
                    u = uniform(seed, demand.MOMENT, key, 0)
                    rows.append((24.0 * day + rules.time_of_day(shapes[of[d], day].cumsum(), u), key, d, category))
    time, key, district, kind = zip(*rows, strict=True)
    columns = np.array(time), np.array(key, np.uint64), np.array(district), np.array(kind)
    order = np.lexsort(columns[1::-1])
    order = order[columns[0][order] < city.end]
    return tuple(column[order] for column in columns)


def joined(chunks: list[Births]) -> tuple[NDArray[Any], ...]:
    return tuple(np.concatenate([getattr(c, n) for c in chunks]) for n in ("time", "key", "district", "category"))


@pytest.mark.parametrize("name", CITIES)
def test_births_are_those_drawn_one_by_one(name: str) -> None:
    city, seed = town(**CITIES[name]), stream(5, 0)
    plain = plain_births(city, seed)
    assert len(plain[0]) > 100
    for fast, slow in zip(joined(list(Demand(city, seed))), plain, strict=True):
        np.testing.assert_array_equal(fast, slow)


MEAN = (1 + 1 + 1 + 1 + 1 + 0.5 + 0.4) / 7  # of the weekdays of the town, whose 8 March is a holiday and 10 March not


@pytest.mark.parametrize(
    ("holidays", "friday", "sunday"),
    [
        (None, 1.0, 0.4),
        ({"calendar": "office"}, 0.4, 1.0),
        ({"calendar": "office", "as": "sat"}, 0.5, 1.0),
        ({"calendar": "office", "as": "fri", "factor": 0.25}, 0.25, 1.0),
        ({"calendar": "long", "factor": 0}, 1.0, 0.0),  # a holiday on a Sunday
    ],
)
def test_a_holiday_is_like_another_weekday_and_a_makeup_day_like_a_weekday(
    holidays: dict[str, Any] | None, friday: float, sunday: float
) -> None:
    data = copy.deepcopy(FULL)
    data["calendars"]["long"]["holidays"] = ["2024-03-10"]
    data["demand"] |= {} if holidays is None else {"holidays": holidays}
    season = Demand(build_city(from_dict(data)), 0).rhythm.season
    week = [1, 1, 1, 1, friday, 0.5, sunday]
    assert season[:14].tolist() == pytest.approx([day / MEAN for day in (*week, 1, 1, 1, 1, 1, 0.5, 0.4)])


def test_the_total_falls_by_what_holidays_lack() -> None:
    """A total of 70 a week is that of a week without holidays; two at 0.4 of a day are 1.2 of 7 days less."""
    week = {"start": "2024-01-01", "end": "2024-01-08"}
    office = {"office": {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-01-01", "2024-01-03"]}}
    quiet = {"holidays": {"calendar": "office", "factor": 0.4}}
    plain, less = (station("70 / week", "1 min", 1, 7, calendars=office, demand=d, time=week) for d in ({}, quiet))
    assert expected_contacts(plain) == pytest.approx(70)
    assert expected_contacts(less) == pytest.approx(70 - 2 * 0.6 * 10)


def test_who_is_born_on_a_quiet_holiday_would_be_born_anyway_and_nobody_else_moves() -> None:
    usual, quiet = (
        joined(list(Demand(town(**keys), stream(5, 0))))
        for keys in ({}, {"holidays": {"calendar": "office", "as": "fri", "factor": 0.3}})
    )
    holiday = [(time >= 24 * 4) & (time < 24 * 5) for time in (usual[0], quiet[0])]
    makeup = [(time >= 24 * 6) & (time < 24 * 7) for time in (usual[0], quiet[0])]
    there, left = (set(births[1][day].tolist()) for births, day in zip((usual, quiet), holiday, strict=True))
    assert left < there
    assert len(left) == pytest.approx(0.3 * len(there), rel=0.35)
    assert set(usual[1][makeup[0]].tolist()) < set(quiet[1][makeup[1]].tolist())
    rest = [
        births[1][~(day | more)].tolist() for births, day, more in zip((usual, quiet), holiday, makeup, strict=True)
    ]
    assert rest[0] == rest[1]


@pytest.mark.parametrize(("births", "days"), [(1, 28), (1, 3), (2**30, 5), (2**30, 1000)])
def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch, births: int, days: int) -> None:
    city, seed = town(), stream(5, 0)
    before = joined(list(Demand(city, seed)))
    monkeypatch.setattr(demand, "CHUNK_BIRTHS", births)
    monkeypatch.setattr(demand, "PLAN_COUNTS", days * city.births.size)
    chunks = list(Demand(city, seed))
    for a, b in zip(joined(chunks), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert all((c.time < c.until).all() for c in chunks)


def test_births_at_one_instant_come_by_key() -> None:
    time, keys = np.array([5.0, 5.0, 4.0, 5.0, 23.9]), np.array([9, 2**63 + 1, 8, 3, 1], np.uint64)
    heads = np.zeros(6, np.int64)
    np.add.at(heads, (time * (5 / 24.0)).astype(int) + 1, 1)
    out = np.empty(5), *np.empty((2, 5), np.uint64), *np.empty((2, 5), np.int64)
    homes = np.arange(5) // 2 << 32 | np.arange(5) % 2
    demand._sort(48.0, time, keys, homes, heads, *out)
    order = np.lexsort((keys, time))
    np.testing.assert_array_equal(out[0], 48.0 + time[order])
    np.testing.assert_array_equal(out[1], keys[order])
    np.testing.assert_array_equal(out[2], [child(key, purposes.REPORT, 0) for key in out[1]])
    np.testing.assert_array_equal(out[3] * 2 + out[4], order)
