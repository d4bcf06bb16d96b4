"""What random cities are made of: times, staff, shares."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

Data = dict[str, Any]

CALENDARS: Data = {
    "office": {"open": {"mon-fri": "9:00-17:00"}},
    "lunch": {"open": {"mon-sat": ["8:00-12:00", "13:30-18:00"]}},
    "night": {"open": {"mon-sun": "21:00-5:00"}},
}
SHIFTS: list[list[Data]] = [
    [
        {"days": "mon-sun", "hours": "8:00-20:00", "staff": 2},
        {"days": "mon-sun", "hours": "20:00-8:00", "staff": 1},
    ],
    [{"days": "mon-fri", "hours": "7:00-15:00", "staff": 1}, {"days": "mon-sun", "hours": "15:00-21:00", "staff": 3}],
]
OFTEN = st.sampled_from([False, True, True])
PROBABLY = st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0])
SHARE = st.sampled_from([0.0, 0.1, 0.3])


def times(*minutes: int) -> st.SearchStrategy[Any]:
    """Constant times, for ties, and random ones."""
    mean = st.sampled_from([m for m in minutes if m]).map(lambda m: f"{m} min")
    return st.one_of(
        st.sampled_from(minutes).map(lambda m: f"{m} min"),
        mean.map(lambda m: {"distribution": "exponential", "mean": m}),
        mean.map(lambda m: {"distribution": "lognormal", "mean": m, "cv": 1.5}),
        st.just({"quantiles": {0: "0 min", 0.4: f"{min(minutes)} min", 1: f"{2 * max(minutes)} min"}}),
    )


QUICK = times(5, 15, 1)
SHORT = times(15, 60, 30, 0)
WORK = times(30, 60, 180)
LONG = times(60, 600, 1440)


@st.composite
def some(draw: DrawFn, parts: Data, chance: float = 0.6) -> Data:
    """A map with some of these keys: those with a strategy are left out now and then, and drawn else."""
    kept = {}
    for key, value in parts.items():
        if not isinstance(value, st.SearchStrategy):
            kept[key] = value
        elif draw(st.sampled_from(range(20))) >= 20 * (1 - chance):
            kept[key] = draw(value)
    return kept


HOLIDAYS = some(
    {"holidays": some({"as": st.sampled_from(["sun", "mon"])}).map(lambda as_: {"calendar": "office", **as_})}
)


def staffed(most: int = 3) -> st.SearchStrategy[Data]:
    """Always on duty, office hours or shifts; now and then nobody."""
    count = st.sampled_from([*range(1, most + 1), *range(1, most + 1), 0])
    kinds = st.one_of(
        st.builds(lambda n: {"staff": n}, count),
        st.builds(lambda n, c: {"staff": n, "calendar": c}, count, st.sampled_from(list(CALENDARS))),
        st.builds(lambda s, holidays: {"shifts": s, **holidays}, st.sampled_from(SHIFTS), HOLIDAYS),
    )
    paid = some({"wage": st.just("30 / h"), "overtime": st.just(1.5), "label": st.just("人")}, 0.3)
    return st.builds(lambda staff, more: {**staff, **more}, kinds, paid)


def disciplined(classes: list[str]) -> st.SearchStrategy[Data]:
    """A discipline, or none of its own."""
    return st.sampled_from(
        [
            {},
            {"discipline": "fcfs"},
            {"discipline": "class"},
            {"discipline": "due"},
            {"discipline": "aged", "head_start": {classes[0]: "3 h"}},
        ]
    )


def shares(names: list[str]) -> st.SearchStrategy[Any]:
    """One name, or parts of all."""
    few = {name: 1 / len(names) for name in names}
    many = {name: (0.5 if i == 0 else 0.5 / (len(names) - 1)) for i, name in enumerate(names)} if names[1:] else few
    return st.sampled_from([names[0], names[-1], few, many])
