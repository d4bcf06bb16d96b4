"""Whistle and report (吹哨报到): the parts of a joint matter side by side, each to be started in time.

Paths are worked out by hand, in hours since the citizen turned to the city. Elsewhere the tables of a run are held
against what the mechanism promises of each row: nothing here knows how an engine does it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from laws import LAWS
from ledger import Ledger
from scenario_texts import town as town_text
from scenario_texts import wrongs
from towns import FULL, OTHER_WAYS, same_tables

import sim
from sim.experiment.runs import run as run_replications
from sim.scenario import Scenario, from_dict, from_text

Data = dict[str, Any]
Whistle = dict[str, Any] | None  #: the parameters of the mechanism; None: it is off
Engine = Literal["simpy", "compiled"]
Visit = tuple[str, str, float, float, float]  #: kind, pool, and hours since the arrival: queued, started, ended

ENGINES: tuple[Engine, ...] = ("simpy", "compiled")
TABLES = ("requests", "visits", "levels", "problems", "pools")
MEASURES = ("report_rate", "whistles")


def random(mean: str) -> Data:
    return {"distribution": "exponential", "mean": mean}


def with_whistle(data: Data, whistle: Whistle) -> Scenario:
    policies = {**data.get("policies", {}), **({} if whistle is None else {"whistle": whistle})}
    return from_dict({**data, "policies": policies})


def run(scenario: Scenario, replication: int = 0) -> sim.Outcomes:
    return sim.simulate(scenario, replication, engine="compiled")


def value(out: sim.Outcomes, measure: str, group_by: str = "", group: str = "") -> float:
    """One measure of a run; NaN where there is none."""
    table = sim.measures(out)
    found = table[(table["measure"] == measure) & (table["group_by"] == group_by)]
    assert len(found), f"no row has the measure {measure} by “{group_by}”"
    if group_by:
        found = found[found["group"] == json.dumps([group])]
    return float(found["value"].item())


# --- off is off ------------------------------------------------------------------------------------------------------

WITHOUT_EFFECT: tuple[Data, ...] = (
    {"budget": 0},
    {
        "budget": 0,
        "blown": "after_own",
        "report_by": {"urgent": "30 min", "ordinary": "4 workhours"},
        "calendar": "long",
    },
    {"when": {"parts": 99}},
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("data", [FULL, OTHER_WAYS], ids=lambda data: data["name"])
@pytest.mark.parametrize("whistle", WITHOUT_EFFECT, ids=str)
def test_whistles_that_nobody_blows_change_no_byte(data: Data, whistle: Data, engine: Engine) -> None:
    off, on = (with_whistle(data, some) for some in (None, whistle))
    assert off.digest != on.digest
    before, after = (sim.simulate(scenario, engine=engine) for scenario in (off, on))
    for name in TABLES:
        assert getattr(before, name).equals(getattr(after, name)), name
    first, second = (sim.measures(out) for out in (before, after))
    first, second = (table[~table["measure"].isin(MEASURES)].reset_index(drop=True) for table in (first, second))
    assert first.equals(second)
    assert (after.requests["whistles"] == 0).all()
    assert after.visits["report_due"].isna().all()


@pytest.mark.parametrize("whistle", [None, {}], ids=["off", "on"])
def test_both_columns_are_there_in_every_run(whistle: Whistle) -> None:
    out = run(with_whistle(FULL, whistle))
    assert str(out.requests["whistles"].dtype) == "int64"
    assert str(out.visits["report_due"].dtype) == "float64"
    assert (out.requests["whistles"].sum() > 0) == (whistle is not None)
    assert out.visits["report_due"].isna().all(), "without report_by nothing is due"


# --- one citizen, worked out by hand ---------------------------------------------------------------------------------

MATTER: Data = {
    "total": "3 / d",
    "unit": "Owner",
    "work": "2 h",
    "parts": [{"unit": "Works", "work": "3 h"}, {"unit": "Water", "work": "2 h", "lead": "4 h"}],
}


def ample(whistle: Whistle, matter: Data | None = None, **more: Any) -> Scenario:
    """A joint matter with two parts, of 3 and of 2 + 4 hours, where nobody waits and times are constant."""
    data: Data = {
        "name": "nobody waits",
        "time": {"start": "2024-01-01", "end": "2024-02-01"},
        "districts": {"Town": {}},
        "units": {name: {"staff": 999} for name in ("Owner", "Works", "Water")},
        "contact": {"work": "15 min"},
        "categories": {"Matter": {**MATTER, **(matter or {})}},
        **more,
    }
    return with_whistle(data, whistle)


def first_citizen(scenario: Scenario) -> tuple[pd.Series[Any], list[Visit], dict[str, float]]:
    """The first request of a town, its visits in their order, and its hours by cause, alike in both engines."""
    outs = [sim.simulate(scenario, engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    request = outs[0].requests.iloc[0]
    came = float(request["arrived"])
    visits = outs[0].visits[outs[0].visits["request"] == request["request"]].sort_values("visit")
    assert list(visits["visit"]) == list(range(1, len(visits) + 1))
    path = [
        (str(v.kind), str(v.pool), float(v.queued - came), float(v.started - came), float(v.ended - came))
        for v in visits.itertuples()
    ]
    hours = {name.removeprefix("hours_"): float(request[name]) for name in request.index if name.startswith("hours_")}
    assert sum(hours.values()) == min(request["ended"] if pd.notna(request["ended"]) else np.inf, outs[0].end) - came
    return request, path, {cause: spent for cause, spent in hours.items() if spent}


CONTACTED: Visit = ("contact", "Owner", 0, 0, 0.25)
LONG = {"work": "8 h", "lead": "2 h"}

#: What the matter is like, how the whistle is blown, every visit, hours to closing, hours by cause.
PATHS: dict[str, tuple[Data, Whistle, list[Visit], float, dict[str, float]]] = {
    "off": (
        {},
        None,
        [
            CONTACTED,
            ("handling", "Owner", 0.25, 0.25, 2.25),
            ("part", "Works", 2.25, 2.25, 5.25),
            ("part", "Water", 5.25, 5.25, 7.25),
        ],
        11.25,
        {"work": 2.25, "other_units": 9},
    ),
    "own work is done before the parts": (
        {},
        {},
        [
            CONTACTED,
            ("part", "Works", 0.25, 0.25, 3.25),
            ("part", "Water", 0.25, 0.25, 2.25),
            ("handling", "Owner", 0.25, 0.25, 2.25),
        ],
        6.25,
        {"work": 0.25, "other_units": 6},
    ),
    "own work and lead time are longer than the parts": (
        LONG,
        {"blown": "start"},
        [
            CONTACTED,
            ("part", "Works", 0.25, 0.25, 3.25),
            ("part", "Water", 0.25, 0.25, 2.25),
            ("handling", "Owner", 0.25, 0.25, 8.25),
        ],
        10.25,
        {"work": 2.25, "lead_time": 2, "other_units": 6},
    ),
    "own lead time is longer than the parts": (
        {"lead": "7 h"},
        {},
        [
            CONTACTED,
            ("part", "Works", 0.25, 0.25, 3.25),
            ("part", "Water", 0.25, 0.25, 2.25),
            ("handling", "Owner", 0.25, 0.25, 2.25),
        ],
        9.25,
        {"work": 0.25, "lead_time": 3, "other_units": 6},
    ),
    "own work ends in the instant of the last part": (
        {"work": "6 h"},
        {},
        [
            CONTACTED,
            ("part", "Works", 0.25, 0.25, 3.25),
            ("part", "Water", 0.25, 0.25, 2.25),
            ("handling", "Owner", 0.25, 0.25, 6.25),
        ],
        6.25,
        {"work": 0.25, "other_units": 6},
    ),
    "no own work": (
        {"work": "0 min"},
        {},
        [
            CONTACTED,
            ("part", "Works", 0.25, 0.25, 3.25),
            ("part", "Water", 0.25, 0.25, 2.25),
            ("handling", "Owner", 0.25, 0.25, 0.25),
        ],
        6.25,
        {"work": 0.25, "other_units": 6},
    ),
    "long own work, off": (
        LONG,
        None,
        [
            CONTACTED,
            ("handling", "Owner", 0.25, 0.25, 8.25),
            ("part", "Works", 10.25, 10.25, 13.25),
            ("part", "Water", 13.25, 13.25, 15.25),
        ],
        19.25,
        {"work": 8.25, "lead_time": 2, "other_units": 9},
    ),
    "long own work, blown after it": (
        LONG,
        {"blown": "after_own"},
        [
            CONTACTED,
            ("handling", "Owner", 0.25, 0.25, 8.25),
            ("part", "Works", 10.25, 10.25, 13.25),
            ("part", "Water", 10.25, 10.25, 12.25),
        ],
        16.25,
        {"work": 8.25, "lead_time": 2, "other_units": 6},
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_the_path_of_one_citizen(name: str) -> None:
    matter, whistle, visits, closing, hours = PATHS[name]
    request, path, causes = first_citizen(ample(whistle, matter))
    assert path == visits
    assert request["closed"] - request["arrived"] == closing
    assert request["ended"] == request["closed"]
    assert (request["status"], request["owner_unit"]) == ("closed", "Owner")
    assert causes == hours
    assert request["whistles"] == (whistle is not None)


def test_a_whistle_is_blown_after_parking() -> None:
    parking = {"parking": {"share": 1, "time": "1 d"}}
    request, path, causes = first_citizen(ample({}, policies={"time_limits": parking}))
    assert path == [
        CONTACTED,
        ("part", "Works", 24.25, 24.25, 27.25),
        ("part", "Water", 24.25, 24.25, 26.25),
        ("handling", "Owner", 24.25, 24.25, 26.25),
    ]
    assert request["closed"] - request["arrived"] == 30.25
    assert causes == {"work": 0.25, "parked": 24, "other_units": 6}


def test_own_lead_time_without_end_leaves_the_request_open_in_lead_time() -> None:
    request, path, causes = first_citizen(ample({}, {"never_closed": 1}))
    assert [ended for *_, ended in path] == [0.25, 3.25, 2.25, 2.25]
    assert (request["status"], pd.isna(request["closed"]), pd.isna(request["ended"])) == ("open", True, True)
    assert causes == {"work": 0.25, "other_units": 6, "lead_time": 31 * 24 - request["arrived"] - 6.25}


def test_parts_for_one_officer_are_done_as_listed_and_before_the_owners_own_work() -> None:
    """The owner has one officer, who does its parts too: they were made first, and stand before the own work."""
    parts = [{"unit": "Owner", "work": "2 h"}, {"unit": "Owner", "work": "1 h"}]
    matter = {"total": "0.2 / d", "work": "30 min", "parts": parts}
    request, path, causes = first_citizen(ample({}, matter, units={"Owner": {"staff": 1}}))
    assert path == [
        CONTACTED,
        ("part", "Owner", 0.25, 0.25, 2.25),
        ("part", "Owner", 0.25, 2.25, 3.25),
        ("handling", "Owner", 0.25, 3.25, 3.75),
    ]
    assert request["closed"] - request["arrived"] == 3.75
    assert causes == {"work": 0.75, "other_units": 3}


def after_a_wrong_dispatch(whistle: Whistle, work: str) -> tuple[pd.Series[Any], list[Visit], dict[str, float]]:
    """The desk sends everything to the wrong unit, which keeps it."""
    return first_citizen(
        ample(
            whistle,
            {"work": work, "confused_with": "Wrong"},
            units={name: {"staff": 999} for name in ("Owner", "Works", "Water", "Wrong")},
            pools={"desk": {"staff": 99}},
            dispatch={"pool": "desk", "work": "1 h", "accuracy": 0},
            policies={"first_recipient": {"coordination": "15 min"}},
        )
    )


@pytest.mark.parametrize(("work", "closing", "others"), [("2 h", 7.5, 6.0), ("8 h", 9.5, 8.0)])
def test_the_first_recipient_blows_and_its_sub_task_is_a_branch(work: str, closing: float, others: float) -> None:
    """Off, the sub-task comes first and the parts follow it; on, all of them begin when it has coordinated."""
    before, usual, causes = after_a_wrong_dispatch(None, work)
    handed = [
        ("dispatch", "desk", 0, 0, 1),
        ("contact", "Wrong", 1, 1, 1.25),
        ("coordination", "Wrong", 1.25, 1.25, 1.5),
    ]
    hours = float(work.removesuffix(" h"))
    done = 1.5 + hours
    assert usual == [
        *handed,
        ("subtask", "Owner", 1.5, 1.5, done),
        ("part", "Works", done, done, done + 3),
        ("part", "Water", done + 3, done + 3, done + 5),
    ]
    assert before["closed"] - before["arrived"] == done + 9
    request, path, on = after_a_wrong_dispatch({}, work)
    assert path == [
        *handed,
        ("part", "Works", 1.5, 1.5, 4.5),
        ("part", "Water", 1.5, 1.5, 3.5),
        ("subtask", "Owner", 1.5, 1.5, done),
    ]
    assert request["closed"] - request["arrived"] == closing
    assert causes["other_units"] == hours + 9
    assert on == causes | {"other_units": others}
    assert (request["owner_unit"], request["first_unit"], request["whistles"]) == ("Wrong", "Wrong", 1)


AGAIN: Data = {
    "pools": {"callers": {"staff": 99}},
    "policies": {
        "callback": {
            "pool": "callers",
            "work": "15 min",
            "reopen": {"to": "owner"},
            "score": {"round": "last", "weights": {"resolution": 1}},
        }
    },
}


def test_a_second_round_is_whistled_where_the_first_was_not() -> None:
    whistle = {"when": {"round": 2}, "report_by": "1 h"}
    scenario = ample(whistle, {"resolve": [0, 1]}, **AGAIN)
    request, path, causes = first_citizen(scenario)
    assert path == [
        *PATHS["off"][2],
        ("callback", "callers", 11.25, 11.25, 11.5),
        ("part", "Works", 11.5, 11.5, 14.5),
        ("part", "Water", 11.5, 11.5, 13.5),
        ("handling", "Owner", 11.5, 11.5, 13.5),
        ("callback", "callers", 17.5, 17.5, 17.75),
    ]
    assert (request["rounds"], request["whistles"], request["resolved"]) == (2, 1, True)
    assert causes == {"work": 2.25, "other_units": 9, "callback": 0.5, "rework": 6}
    visits = run(scenario).visits
    visits = visits[visits["request"] == request["request"]]
    due = visits[visits["report_due"].notna()]
    assert (list(due["visit"]), list(due["report_due"] - request["arrived"])) == ([6, 7], [12.5, 12.5])


def test_each_round_is_whistled_unless_told_otherwise() -> None:
    request, _, causes = first_citizen(ample({}, {"resolve": [0, 1]}, **AGAIN))
    assert (request["rounds"], request["whistles"]) == (2, 2)
    assert request["first_closed"] - request["arrived"] == 6.25
    assert request["closed"] - request["arrived"] == 6.25 + 0.25 + 6
    assert causes == {"work": 0.25, "other_units": 6, "callback": 0.5, "rework": 6}


# --- the sign, citizen by citizen ------------------------------------------------------------------------------------

THREE: Data = {
    "total": "60 / d",
    "work": random("3 h"),
    "parts": [
        {"unit": "Works", "work": random("2 h"), "probability": 0.6},
        {"unit": "Water", "work": random("4 h"), "probability": 0.6},
        {"unit": "Parks", "work": random("1 h"), "probability": 0.6},
    ],
}
FOUR_UNITS = {"units": {name: {"staff": 999} for name in ("Owner", "Works", "Water", "Parks")}}
A_WEEK_MORE = {"time": {"start": "2024-01-01", "count_until": "2024-01-25", "end": "2024-02-01"}}


def three_parts(whistle: Whistle, matter: Data | None = None, **more: Any) -> Scenario:
    """Each of three parts is needed with a probability of its own; nobody waits, and there is no lead time."""
    return ample(whistle, {**THREE, **(matter or {})}, **{**FOUR_UNITS, **A_WEEK_MORE, **more})


def worked_by_pool(out: sim.Outcomes, round_: int = 1) -> pd.DataFrame:
    """Hours worked by request, and pool or “contact”, in a round; 0 where nothing was to be done."""
    visits = out.visits[out.visits["round"] == round_]
    where = visits["pool"].astype(str).where(visits["kind"] != "contact", "contact")
    return visits.assign(where=where).pivot(index="request", columns="where", values="worked").fillna(0.0)


def test_a_joint_matter_takes_as_long_as_its_longest_branch() -> None:
    """To the last bit, of the same luck: the sum of all; own work and the longest part; the longest of all."""
    outs = [run(three_parts(whistle)) for whistle in (None, {"blown": "after_own"}, {})]
    work = worked_by_pool(outs[0])
    parts = work[["Works", "Water", "Parks"]]
    lasts = (
        work["Owner"] + parts.sum(axis=1),
        work["Owner"] + parts.max(axis=1),
        np.maximum(work["Owner"], parts.max(axis=1)),
    )
    for out, last in zip(outs, lasts, strict=True):
        counted = out.counted.set_index("request")
        took = counted["closed"] - counted["dispatched"]
        assert took.notna().all()
        assert len(took) > 1000
        assert (took == (work["contact"] + last)[took.index]).all()
        assert worked_by_pool(out).loc[took.index].equals(work.loc[took.index]), "parts have another luck"
    means = [value(out, "time_to_close_mean") for out in outs]
    assert means[0] > 1.02 * means[1] > 1.02 * 1.02 * means[2]


def test_parts_have_the_same_luck_in_every_round() -> None:
    outs = [run(three_parts(whistle, {"resolve": [0.3, 1]}, **AGAIN)) for whistle in (None, {"when": {"round": 2}}, {})]
    works = [worked_by_pool(out, 2) for out in outs]
    over = [out.requests.loc[out.requests["ended"].notna(), "request"] for out in outs]
    both = works[0].index.intersection(works[1].index).intersection(works[2].index)
    both = both[both.isin(over[0]) & both.isin(over[1]) & both.isin(over[2])]
    names = ["Owner", "Works", "Water", "Parks"]
    assert len(both) > 500
    assert (works[0].loc[both, "Works"] > 0).mean() == pytest.approx(0.6, abs=0.1)
    assert works[0].loc[both, names].equals(works[1].loc[both, names])
    assert works[0].loc[both, names].equals(works[2].loc[both, names])


# --- when it is blown ------------------------------------------------------------------------------------------------


def side_by_side(out: sim.Outcomes) -> pd.Series[bool]:
    """By request and round with parts: whether all of them began with the own work."""
    visits = out.visits[out.visits["kind"].isin(["handling", "part"])]
    rounds = visits.groupby(["request", "round"])
    having = rounds["kind"].agg(lambda kinds: "part" in set(kinds))
    return (rounds["queued"].nunique() == 1)[having]


@pytest.mark.parametrize("least", [1, 2, 3, 4])
def test_it_is_blown_for_so_many_parts_or_more(least: int) -> None:
    out = run(
        three_parts({"when": {"parts": least}}, {"total": "20 / d"}, time={"start": "2024-01-01", "end": "2024-02-01"})
    )
    parts = out.visits[out.visits["kind"] == "part"].groupby("request").size()
    # parts of what is not whistled are made one by one: of those still open not all are known
    requests = out.requests[out.requests["status"] == "closed"].set_index("request")
    needed = parts.reindex(requests.index, fill_value=0)
    assert set(needed) == {0, 1, 2, 3}
    assert ((requests["whistles"] == 1) == (needed >= least)).all()
    together = side_by_side(out).droplevel("round")
    assert together[requests.index.intersection(together.index)].equals(
        (requests["whistles"] == 1)[requests.index.intersection(together.index)].rename("queued")
    )


def test_it_is_blown_for_some_classes_alone() -> None:
    classes = ["emergency", "urgent", "ordinary"]
    more = {"classes": classes, "contact": None}
    for some in (["urgent"], ["emergency", "ordinary"], classes):
        matter = {"urgency": dict.fromkeys(classes, 1 / 3), "total": "20 / d"}
        out = run(ample({"when": {"urgency": some}}, matter, **more))
        assert ((out.requests["whistles"] == 1) == out.requests["urgency"].isin(some)).all()
        assert out.requests["urgency"].nunique() == 3
        together = side_by_side(out).droplevel("round")
        urgency = out.requests.set_index("request")["urgency"].reindex(together.index)
        assert (together == urgency.isin(some)).all()


def test_it_is_blown_from_a_round_on() -> None:
    more = {
        **AGAIN,
        "policies": {"callback": {**AGAIN["policies"]["callback"], "reopen": {"to": "owner", "at_most": 3}}},
    }
    out = run(ample({"when": {"round": 2}}, {"resolve": [0.2, 0.5], "total": "20 / d"}, **more))
    together = side_by_side(out).reset_index(name="together")
    assert set(together["round"]) == {1, 2, 3, 4}
    assert (together["together"] == (together["round"] >= 2)).all()
    blown = together[together["together"]].groupby("request").size()
    assert (out.requests.set_index("request")["whistles"] == blown.reindex(out.requests["request"], fill_value=0)).all()


# --- the budget ------------------------------------------------------------------------------------------------------


def two_owners(budget: int, **more: Any) -> Scenario:
    """From 22 January to 10 March 2024, blown at once: 10 of 31 days, 29 days, 10 of 31 days."""
    matters = {
        name: {"total": rate, "unit": name, "work": "1 h", "parts": [{"unit": "Works", "work": "1 h"}] * 2}
        for name, rate in (("North", "1 / d"), ("South", "0.5 / d"))
    }
    data: Data = {
        "name": "two owners",
        "time": {"start": "2024-01-22", "end": "2024-03-11"},
        "districts": {"Town": {}},
        "units": {name: {"staff": 99} for name in ("North", "South", "Works")},
        "categories": matters,
        **more,
    }
    return with_whistle(data, {"budget": budget})


def blown_by_month(out: sim.Outcomes) -> pd.DataFrame:
    """By owner and month, in the order in which they came: the whistles of each request."""
    when = pd.Timestamp("2024-01-22") + pd.to_timedelta(out.requests["arrived"], unit="h")
    return out.requests.assign(month=when.dt.month).sort_values("arrived")


@pytest.mark.parametrize(("budget", "of_month"), [(10, {1: 3, 2: 10, 3: 3}), (31, {1: 10, 2: 31, 3: 10})])
def test_an_owner_blows_so_often_a_month_and_then_no_more(budget: int, of_month: dict[int, int]) -> None:
    """Parts of a month in proportion, rounded down; whoever comes above it has its parts one after the other."""
    outs = [sim.simulate(two_owners(budget), engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    table = blown_by_month(outs[0])
    refused = 0
    for (_, month), group in table.groupby(["owner_unit", "month"], observed=True):
        expected = np.arange(len(group)) < of_month[int(str(month))]
        assert (group["whistles"].to_numpy() == expected).all(), (month, list(group["whistles"]))
        refused += int((~expected).sum())
    assert refused > (20 if budget == 10 else 0)
    together = side_by_side(outs[0]).droplevel("round")
    whistled = outs[0].requests.set_index("request")["whistles"].reindex(together.index) == 1
    assert (together == whistled).all()


def test_the_budget_is_divided_like_staff() -> None:
    """One owner at 1:2: half the whistles for half the requests."""
    table = blown_by_month(run(two_owners(10, scale=2)))
    february = table[table["month"] == 2].groupby("owner_unit", observed=True)["whistles"].sum()
    assert february["North"] == 5


def test_more_whistles_make_less_time_and_none_is_lost() -> None:
    means, counts = [], []
    for budget in (0, 5, 15, 99):
        out = run(two_owners(budget))
        means.append(value(out, "time_to_close_mean"))
        counts.append(value(out, "whistles"))
    assert means == sorted(means, reverse=True)
    assert means[0] == pytest.approx(3, abs=1e-6)
    assert means[-1] == pytest.approx(1, abs=1e-6)
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == len(out.requests)


# --- a town with queues ----------------------------------------------------------------------------------------------

BUSY: Data = {
    "name": "queues",
    "time": {"start": "2024-01-01", "end": "2024-02-01"},
    "classes": ["urgent", "ordinary"],
    "districts": {"Town": {}},
    "units": {"Owner": {"staff": 2}, "Works": {"staff": 1}, "Water": {"staff": 1}},
    "contact": {"work": random("6 min")},
    "categories": {
        "Joint": {
            "total": "12 / d",
            "unit": "Owner",
            "urgency": {"urgent": 0.3, "ordinary": 0.7},
            "work": random("3 h"),
            "parts": [
                {"unit": "Works", "work": random("40 min"), "probability": 0.9},
                {"unit": "Water", "work": random("1 h"), "lead": "4 h", "probability": 0.7},
            ],
        },
        "Hole": {"total": "18 / d", "unit": "Works", "work": random("33 min")},
    },
}


@functools.cache
def busy(budget: int | None = None) -> sim.Outcomes:
    """A month of it, alike in both engines; parts are to be started within half an hour or 4 hours."""
    whistle: Data = {"report_by": {"urgent": "30 min", "ordinary": "4 h"}}
    scenario = with_whistle(BUSY, whistle if budget is None else whistle | {"budget": budget})
    outs = [sim.simulate(scenario, engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    return outs[1]


def level(visits: pd.DataFrame, whistled: Iterable[bool]) -> np.ndarray:
    """A visit's level in its queue: 0 contact, 1 whistled part, 3 ordinary."""
    part = (visits["kind"] == "part") & np.fromiter(whistled, bool)
    return np.select([visits["kind"] == "contact", part], [0, 1], 3)


@pytest.mark.parametrize("budget", [None, 150])
def test_whistled_parts_stand_behind_contacts_and_before_all_else(budget: int | None) -> None:
    """One officer: each start takes whose turn it is; without levels it would often be another one."""
    out = busy(budget)
    whistles = out.requests.set_index("request")["whistles"]
    table = out.visits[out.visits["pool"] == "Works"]
    whistled = table["request"].map(whistles) > 0
    table = table.assign(level=level(table, whistled)).sort_values("started")
    assert (whistled & (table["kind"] == "part")).sum() > 100
    if budget is not None:
        assert (~whistled & (table["kind"] == "part")).sum() > 100, "parts without a whistle have an ordinary place"
    parts_first = contacts_first = 0
    for start in table["started"].dropna():
        waiting = table[(table["queued"] < start) & ~(table["started"] < start)]
        if len(waiting) < 2:
            continue
        first = waiting.sort_values(["level", "queued", "request", "visit"]).iloc[0]
        assert first["started"] == start, waiting
        earlier = waiting[waiting["queued"] < first["queued"]]["level"]
        parts_first += bool(first["level"] == 1 and (earlier == 3).any())
        contacts_first += bool(first["level"] == 0 and (earlier == 1).any())
    assert parts_first > 20
    assert contacts_first > 5


def test_ordinary_visits_wait_longer_and_parts_shorter() -> None:
    off, on = run(with_whistle(BUSY, None)), busy()

    def wait(out: sim.Outcomes, kind: str) -> float:
        visits = out.visits[(out.visits["pool"] == "Works") & (out.visits["kind"] == kind)]
        return float((visits["started"] - visits["queued"]).mean())

    assert wait(on, "part") < 0.8 * wait(off, "part")
    assert wait(on, "handling") > 1.05 * wait(off, "handling")
    joint, hole = (
        [value(out, "time_to_close_mean_among_closed", "category", name) for out in (off, on)]
        for name in ("Joint", "Hole")
    )
    assert joint[1] < 0.9 * joint[0]
    assert hole[1] > hole[0]


def test_hours_are_other_units_from_the_blow_to_the_last_part() -> None:
    """What is left of the own branch then has its own causes: the queue, work, in this order."""
    out = busy()
    visits = out.visits.assign(kind=out.visits["kind"].astype(str))
    waited = worked = whole = 0
    closed = out.requests.query("status == 'closed' and whistles > 0")
    assert len(closed) > 250
    request: Any
    for request in closed.itertuples():
        own = visits[visits["request"] == request.request]
        parts, [contact], [handling] = (
            own[own["kind"] == "part"],
            own[own["kind"] == "contact"].itertuples(),
            own[own["kind"] == "handling"].itertuples(),
        )
        blow = contact.ended
        assert (parts["queued"] == blow).all()
        assert handling.queued == blow
        others = (parts["ended"] + np.where(parts["pool"] == "Water", 4.0, 0.0)).max()
        assert request.closed == max(others, handling.ended)
        assert request.hours_other_units == others - blow
        queue = max(0.0, handling.started - max(blow, others))
        work = max(0.0, handling.ended - max(handling.started, others))
        assert request.hours_unit_queue == contact.started - contact.queued + queue
        assert request.hours_work == contact.worked + work
        assert request.hours_lead_time == 0
        waited, worked, whole = waited + (queue > 0), worked + (work > 0), whole + (work == 0)
    assert min(waited, worked, whole) >= 3, (waited, worked, whole)


# --- laws that hold all the same -------------------------------------------------------------------------------------

#: Those of MODEL.md, section 7, which know nothing of the order of visits.
STILL = (
    "work_is_the_open_time_of_a_visit",
    "no_more_are_busy_than_on_duty",
    "nobody_is_idle_while_somebody_waits",
    "littles_law",
    "causes_add_up_to_age",
    "no_time_is_negative",
    "things_happen_in_order",
    "due_dates_follow_from_the_limits",
    "every_contact_has_one_end",
    "merged_is_only_what_was_fixed_or_a_duplicate",
    "a_fix_is_a_closing_that_resolved",
)
SETTINGS: tuple[Data, ...] = (
    {},
    {"blown": "after_own", "report_by": "2 h"},
    {"when": {"parts": 2}, "report_by": {"urgent": "30 min"}},
    {"when": {"round": 2, "urgency": ["urgent"]}},
    {"budget": 5, "report_by": {"urgent": "1 workday, by closing", "ordinary": "4 workhours"}, "calendar": "office"},
)


@pytest.mark.parametrize("data", [FULL, OTHER_WAYS], ids=lambda data: data["name"])
@pytest.mark.parametrize("whistle", SETTINGS, ids=str)
def test_both_engines_agree_where_everything_happens(whistle: Data, data: Data) -> None:
    scenario = with_whistle(data, whistle)
    outs = [sim.simulate(scenario, 5, engine=engine) for engine in ENGINES]  # somebody blows with each setting
    assert same_tables(*outs)
    assert outs[0].requests["whistles"].sum() > 0
    ledger = Ledger(outs[0])
    for name in STILL:
        LAWS[name](ledger)


@pytest.mark.parametrize("name", STILL)
def test_the_laws_hold_in_a_town_with_queues(name: str) -> None:
    LAWS[name](Ledger(busy()))


def test_parts_of_one_request_run_side_by_side_but_not_with_more_officers_than_there_are() -> None:
    visits = busy().visits
    for pool, staff in (("Owner", 2), ("Works", 1), ("Water", 1)):
        own = visits[(visits["pool"] == pool) & visits["started"].notna()]
        until = own["ended"].fillna(np.inf).to_numpy()
        at_work = [((own["started"] <= t) & (until > t)).sum() for t in own["started"]]
        assert max(at_work) == staff
    done = visits[(visits["kind"] != "contact") & visits["ended"].notna()].sort_values(["request", "started"])
    same = done["request"].eq(done["request"].shift())
    assert (same & (done["started"] < done["ended"].shift())).sum() > 50


def test_hours_worked_are_parts_times_hours_each() -> None:
    joint = {
        **BUSY["categories"]["Joint"],
        "parts": [{"unit": "Works", "work": "45 min"}, {"unit": "Water", "work": "90 min", "lead": "4 h"}],
    }
    categories = {**BUSY["categories"], "Joint": joint}
    time = {"start": "2024-01-01", "count_until": "2024-01-20", "end": "2024-02-01"}
    demand = {"shocks": {"silence": {"from": "2024-01-20", "until": "2024-02-01", "factor": 0}}}
    out = run(with_whistle({**BUSY, "categories": categories, "time": time, "demand": demand}, {}))
    assert (out.requests["status"] == "closed").all()
    whistles = int(out.requests["whistles"].sum())
    assert whistles == (out.requests["category"] == "Joint").sum() > 150
    parts = out.visits[out.visits["kind"] == "part"]
    busy_hours = out.levels.groupby("pool", observed=True)["busy"].sum()
    for pool, each in (("Works", 0.75), ("Water", 1.5)):
        assert (parts["pool"] == pool).sum() == whistles
        assert parts.loc[parts["pool"] == pool, "worked"].sum() == whistles * each
    assert busy_hours["Water"] == whistles * 1.5


# --- until when a part is to be started ------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [None, 150])
def test_parts_are_due_by_class_from_the_blow_on(budget: int | None) -> None:
    out = busy(budget)
    known = out.visits.merge(out.requests[["request", "urgency", "whistles"]], on="request")
    parts = known[(known["kind"] == "part") & (known["whistles"] > 0)]
    rest = known[(known["kind"] != "part") | (known["whistles"] == 0)]
    hours = parts["urgency"].astype(str).map({"urgent": 0.5, "ordinary": 4.0})
    assert len(parts) > 150
    assert hours.nunique() == 2
    assert (parts["report_due"] == parts["queued"] + hours).all()
    assert rest["report_due"].isna().all()


def test_a_class_without_a_time_to_report_has_none() -> None:
    out = run(with_whistle(BUSY, {"report_by": {"urgent": "30 min"}}))
    known = out.visits.merge(out.requests[["request", "urgency"]], on="request")
    due = known[known["report_due"].notna()]
    assert len(due) > 50
    assert (due["urgency"] == "urgent").all()
    assert (due["kind"] == "part").all()


def test_one_time_to_report_is_that_of_every_class() -> None:
    out = run(with_whistle(BUSY, {"report_by": "45 min"}))
    parts = out.visits[out.visits["kind"] == "part"]
    assert len(parts) > 400
    assert (parts["report_due"] == parts["queued"] + 0.75).all()


def office_opening(t: float) -> float:
    """The next moment at or after `t` in which an office is open, Monday to Friday, 9:00 to 17:00; hour 0 is Monday."""
    while t // 24 % 7 > 4 or not 9 <= t % 24 < 17:
        t = t // 24 * 24 + (9 if t % 24 < 9 else 24)
    return t


def in_workhours(t: float, hours: float) -> float:
    t = office_opening(t)
    while hours > 17 - t % 24:
        hours -= 17 - t % 24
        t = office_opening(t // 24 * 24 + 17)
    return t + hours


def in_a_workday(t: float, by_closing: bool) -> float:
    t = office_opening(t)
    later = t + (72 if t // 24 % 7 == 4 else 24)
    return later // 24 * 24 + 17 if by_closing else later


def test_parts_are_due_in_working_time() -> None:
    """What is left of it on Friday at closing runs on from Monday's opening."""
    assert in_workhours(4 * 24 + 16.5, 1) == 7 * 24 + 9.5
    assert in_a_workday(4 * 24 + 16.5, False) == 7 * 24 + 16.5
    assert in_a_workday(5 * 24, False) == 8 * 24 + 9
    more: Data = {"calendars": {"office": {"open": {"mon-fri": "9:00-17:00"}}}, "contact": None}
    more["time"] = {"start": "2024-01-01", "end": "2024-03-01"}
    for report_by, expected in (
        ("8 workhours", lambda t: in_workhours(t, 8)),
        ("1 workday", lambda t: in_a_workday(t, False)),
        ("1 workday, by closing", lambda t: in_a_workday(t, True)),
        ("8 h", lambda t: t + 8),
    ):
        out = run(ample({"report_by": report_by, "calendar": "office"}, **more))
        visits = out.visits[out.visits["kind"] == "part"]
        assert len(visits) > 200
        within = visits[visits["queued"] < 50 * 24]
        assert (within["report_due"] == within["queued"].map(expected)).all(), report_by


def test_nothing_is_due_after_own_work_before_that_is_done() -> None:
    out = run(ample({"blown": "after_own", "report_by": "1 h"}))
    parts = out.visits[out.visits["kind"] == "part"]
    own = out.visits[out.visits["kind"] == "handling"].set_index("request")["ended"]
    assert len(parts) > 100
    assert (parts["report_due"] == parts["request"].map(own) + 1).all()


def test_a_longer_limit_moves_nothing_but_the_due_dates_of_parts() -> None:
    short, long = (run(with_whistle(BUSY, {"report_by": hours})) for hours in ("10 min", "9 h"))
    assert short.requests.equals(long.requests)
    assert short.visits.drop(columns="report_due").equals(long.visits.drop(columns="report_due"))
    assert value(short, "report_rate") < value(long, "report_rate")


# --- due dates that move ---------------------------------------------------------------------------------------------


def test_an_extension_moves_waiting_parts_in_a_queue_by_due_date() -> None:
    """A's limit of 10 hours is extended after 2, while its part waits for the office; B's of 20 hours is not till 12.

    So B is done first, whenever it came; by the limits as they began A would be.
    """
    joint = {"unit": "Owner", "work": "1 min", "parts": [{"unit": "Works", "work": "15 min"}]}
    data: Data = {
        "name": "extended while parts wait",
        "time": {"start": "2024-01-01", "end": "2024-01-03"},
        "calendars": {"late": {"open": {"mon-sun": "6:00-24:00"}}},
        "districts": {"Town": {}},
        "units": {"Owner": {"staff": 99}, "Works": {"staff": 1, "calendar": "late", "discipline": "due"}},
        "demand": {"hours": [1] + [0] * 23},
        "categories": {name: {"total": "9 / d", **joint} for name in ("A", "B")},
        "policies": {
            "time_limits": {
                "by_category": {"A": "10 h", "B": "20 h"},
                "extension": {"ask_before": "8 h", "probability": 1, "length": "24 h"},
            }
        },
    }
    outs = [sim.simulate(with_whistle(data, {}), engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    out = outs[0]
    table = out.visits[out.visits["kind"] == "part"].merge(
        out.requests[["request", "category", "arrived"]], on="request"
    )
    days = 0
    for _, day in table[table["queued"] < 24].groupby(table["queued"] // 24):
        done = day.sort_values("started")
        assert done["started"].iloc[0] % 24 == 6
        by_limit = day.sort_values(["category", "arrived"])
        b_first = day.sort_values(["category", "arrived"], ascending=[False, True])
        assert list(done["request"]) == list(b_first["request"])
        assert list(done["request"]) != list(by_limit["request"])
        days += 1
    assert days == 1
    assert (out.requests["whistles"] == 1).all()
    assert (table["queued"] == table["arrived"]).all()


# --- another request fixes the problem -------------------------------------------------------------------------------

OFTEN: Data = {
    "name": "reported often",
    "time": {"start": "2024-01-01", "end": "2024-03-01"},
    "districts": {"Town": {}},
    "units": {"Owner": {"staff": 999}, "Works": {"staff": 2}, "Water": {"staff": 999}},
    "categories": {
        "Matter": {
            "total": "8 / d",
            "unit": "Owner",
            "work": random("3 h"),
            "lead": {**random("1 h")},
            "reports": {"every": "4 h"},
            "parts": [
                {"unit": "Works", "work": random("2 h")},
                {"unit": "Water", "work": random("1 h"), "lead": random("9 h")},
            ],
        }
    },
}


@functools.cache
def often() -> sim.Outcomes:
    scenario = with_whistle(OFTEN, {"report_by": "2 h"})
    outs = [sim.simulate(scenario, engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    return outs[1]


def fixed_meanwhile(out: sim.Outcomes) -> list[tuple[float, Any, pd.DataFrame]]:
    """When another request fixed its problem, a request that was open then, and its visits."""
    visits = dict(list(out.visits.groupby("request")))
    problems = out.problems[out.problems["fixed"].notna()].set_index("problem")
    requests = out.requests[out.requests["problem"].isin(problems.index)]
    found = []
    request: Any
    for request in requests.itertuples():
        problem: Any = problems.loc[request.problem]
        over = np.inf if pd.isna(request.ended) else request.ended
        if problem["fixed_by"] != request.request and over >= problem["fixed"]:
            found.append((float(problem["fixed"]), request, visits[request.request]))
    return found


def test_a_fix_ends_the_branches_that_wait_or_are_in_lead_time() -> None:
    """At once, and the request with them; a branch that somebody works on is finished, and the last of them ends it."""
    at_once = in_lead = waiting_beside_work = finished = 0
    for fixed, request, visits in fixed_meanwhile(often()):
        assert (visits["queued"] <= fixed).all(), "no branch begins after the fix"
        worked_on = visits[(visits["started"] <= fixed) & ~(visits["ended"] <= fixed)]
        waiting = visits[~(visits["started"] <= fixed)]
        assert waiting["started"].isna().all()
        assert (waiting["ended"] == fixed).all()
        assert (waiting["worked"] == 0).all()
        if worked_on["ended"].isna().any():
            assert (request.status, pd.isna(request.ended)) == ("open", True)
            continue
        assert request.status == "merged"
        assert pd.isna(request.closed)
        assert request.whistles == 1
        if len(worked_on):
            finished += 1
            waiting_beside_work += len(waiting) > 0
            assert request.ended == worked_on["ended"].max()
        else:
            at_once += 1
            in_lead += not len(waiting)
            assert request.ended == fixed
    assert min(at_once, in_lead, waiting_beside_work, finished) >= 10, (at_once, in_lead, waiting_beside_work, finished)


def test_a_fix_takes_nobody_from_work_and_leaves_the_books_in_order() -> None:
    ledger = Ledger(often())
    for name in STILL:
        LAWS[name](ledger)


# --- measures --------------------------------------------------------------------------------------------------------


def reported(out: sim.Outcomes, pool: str = "") -> tuple[int, int]:
    """Of the parts with a time to report: how many were started by it, and of how many that can be said."""
    visits = out.visits[out.visits["report_due"] <= out.end]
    visits = visits[visits["pool"] == pool] if pool else visits
    in_time = visits["started"] <= visits["report_due"]
    started = visits["started"].notna()
    overdue = visits["started"].isna() & visits["ended"].isna() & (visits["report_due"] < out.end)
    return int(in_time.sum()), int((started | overdue).sum())


@pytest.mark.parametrize("town", [busy, often], ids=["queues", "fixed by others"])
def test_the_rate_of_reports_in_time_is_that_of_the_parts(town: Any) -> None:
    out = town()
    for pool in ("", "Works", "Water"):
        in_time, of_all = reported(out, pool)
        assert of_all > 100
        rate = value(out, "report_rate", "unit" if pool else "", pool)
        assert rate == pytest.approx(in_time / of_all, abs=1e-12)
    in_time, of_all = reported(out, "Works")
    assert 0.1 * of_all < in_time < 0.99 * of_all


def test_parts_that_left_unstarted_would_have_moved_the_rate() -> None:
    """The rate of the town in which others fix problems is another one if they count."""
    out = often()
    visits = out.visits[out.visits["report_due"].notna() & (out.visits["pool"] == "Works")]
    gone = visits["started"].isna() & visits["ended"].notna()
    assert gone.sum() > 20
    in_time, of_all = reported(out, "Works")
    assert value(out, "report_rate", "unit", "Works") > in_time / (of_all + int(gone.sum())) + 0.01


@pytest.mark.parametrize("data", [BUSY, OFTEN], ids=lambda data: data["name"])
def test_measures_are_the_same_when_rows_are_not_kept(data: Data) -> None:
    scenario = with_whistle(data, {"report_by": "1 h", "budget": 99})
    small, whole = (
        run_replications(scenario, 2, keep=keep, engine="compiled", processes=1).measures
        for keep in ("measures", "all")
    )
    assert set(MEASURES) <= set(small["measure"])
    assert small.equals(whole)


def test_without_a_time_to_report_there_is_no_rate() -> None:
    out = run(with_whistle(BUSY, {}))
    table = sim.measures(out)
    assert table.loc[table["measure"] == "report_rate", "value"].isna().all()


def test_whistles_are_counted_by_who_blew() -> None:
    out = run(two_owners(10))
    by_owner = out.requests.groupby(out.requests["owner_unit"].astype(str))["whistles"].sum()
    assert value(out, "whistles") == by_owner.sum() > 20
    for owner in ("North", "South"):
        assert value(out, "whistles", "unit", owner) == by_owner[owner] > 0
    table = sim.measures(out)
    works = table[(table["measure"] == "whistles") & (table["group"] == json.dumps(["Works"]))]
    assert not (works["value"] > 0).any(), "a department that is whistled for blows none"


# --- departments that do not come, and the end of the run ------------------------------------------------------------


def test_a_request_stays_open_while_a_department_has_nobody() -> None:
    """Its hours are those of other units, though its own work is long done, and the other part too."""
    units = {"Owner": {"staff": 999}, "Works": {"staff": 0}, "Water": {"staff": 999}}
    scenario = ample({"report_by": "30 min"}, units=units)
    request, path, causes = first_citizen(scenario)
    assert [visit[:3] for visit in path] == [visit[:3] for visit in PATHS["own work is done before the parts"][2]]
    assert np.isnan(path[1][3:]).all()
    assert [visit[3:] for visit in path[2:]] == [(0.25, 2.25), (0.25, 2.25)]
    age = 31 * 24 - request["arrived"]
    assert causes == {"work": 0.25, "other_units": age - 0.25}
    out = run(scenario)
    assert set(out.requests["status"].astype(str)) == {"open"}
    assert (value(out, "report_rate", "unit", "Works"), value(out, "report_rate", "unit", "Water")) == (0, 1)
    longer, _, long_causes = first_citizen(ample({}, {"work": "8 h", "lead": "9 d"}, units=units))
    assert long_causes == {"work": 0.25, "other_units": 31 * 24 - longer["arrived"] - 0.25}


def test_parts_at_the_end_of_the_run_stand_open() -> None:
    parts = [{"unit": "Works", "work": "90 d"}, {"unit": "Water", "work": "90 d"}, {"unit": "Parks", "work": "1 h"}]
    units = {"Owner": {"staff": 999}, "Works": {"staff": 1}, "Water": {"staff": 999}, "Parks": {"staff": 999}}
    scenario = ample({"report_by": "1 h"}, {"parts": parts}, units=units)
    outs = [sim.simulate(scenario, engine=engine) for engine in ENGINES]
    assert same_tables(*outs)
    out = outs[0]
    visits = out.visits[out.visits["kind"] == "part"]
    last = out.requests["arrived"] < out.end - 3
    assert (out.requests["status"] == "open").all()
    assert (visits.groupby("request").size()[out.requests.loc[last, "request"]] == 3).all()
    works, water, parks = (visits[visits["pool"] == name] for name in ("Works", "Water", "Parks"))
    assert works["started"].notna().sum() == 1
    assert works["ended"].isna().all()
    assert water["started"].notna().all()
    assert water["ended"].isna().all()
    assert (water["worked"] == out.end - water["started"]).all()
    assert parks.loc[parks["queued"] < out.end - 1, "ended"].notna().all()
    assert (value(out, "report_rate", "unit", "Water"), value(out, "report_rate", "unit", "Parks")) == (1, 1)
    late = works["report_due"] < out.end
    assert value(out, "report_rate", "unit", "Works") == pytest.approx(1 / late.sum(), abs=1e-12)


# --- how large it is, where nobody waits -----------------------------------------------------------------------------

REPLICATIONS = 20
#: Mean hours of the own work and of the parts; mean hours from hand-over to closing with whistle, and without.
SIZES = {
    "four alike": ((6.0, 6.0, 6.0, 6.0), 12.499999999999998, 24.0),
    "three different ones": ((2.0, 6.0, 12.0), 14.119047619047619, 20.0),
}


def branches(means: tuple[float, ...], whistle: Whistle) -> np.ndarray:
    """Mean hours from the first hand-over to closing of each replication, 2,000 requests each."""
    own, *others = means
    units = ["Owner", *(f"Department {i}" for i in range(len(others)))]
    data: Data = {
        "name": "branches",
        "time": {"start": "2024-01-01", "count_until": "2024-01-03", "end": "2024-01-20"},
        "districts": {"Town": {}},
        "units": {name: {"staff": 100_000} for name in units},
        "demand": {"shocks": {"silence": {"from": "2024-01-03", "until": "2024-01-20", "factor": 0}}},
        "categories": {
            "Matter": {
                "total": "1000 / d",
                "unit": "Owner",
                "work": random(f"{own!r} h"),
                "parts": [
                    {"unit": name, "work": random(f"{mean!r} h")} for name, mean in zip(units[1:], others, strict=True)
                ],
            }
        },
    }
    scenario = with_whistle(data, whistle)
    found = []
    for k in range(REPLICATIONS):
        counted = run(scenario, k).counted
        assert (counted["status"] == "closed").all()
        found.append(float((counted["closed"] - counted["dispatched"]).mean()))
    return np.array(found)


@pytest.mark.parametrize("name", SIZES)
def test_a_whistle_makes_the_sum_of_branches_their_maximum(name: str) -> None:
    means, on, off = SIZES[name]
    with_it, without = branches(means, {"blown": "start"}), branches(means, None)
    assert agrees(with_it, on)
    assert agrees(without, off)
    assert not agrees(with_it, off), "the whistle ignored"
    assert not agrees(without, on), "the sign turned"
    wrong = branches((*means[:-1], 0.9 * means[-1]), {"blown": "start"})
    assert not agrees(wrong, on), "a rate ten per cent off"
    assert not agrees(branches(means, {"blown": "after_own"}), on), "own work first"


# --- what cannot be --------------------------------------------------------------------------------------------------

JOINT = ("total: 5000 / year", "total: 5000 / year\n    parts: [{unit: Parks, work: 1 h}]")
ROUNDS = "callback: {pool: desk, work: 1 min, reopen: {to: owner}}"

REFUSED = [
    ("{report_by: 8 workhours}", "report_by", "“8 workhours” needs policies.whistle.calendar"),
    ("{report_by: {urgent: 1 workday, ordinary: 4 h}}", "report_by.urgent", "“1 workday” needs policies.whistle.cal"),
    ("{report_by: {urgnt: 30 min}}", "report_by.urgnt", "there is no class “urgnt”"),
    ("{report_by: 8 workhours, calendar: ofice}", "calendar", "there is no calendar “ofice”"),
    ("{report_by: -1 h}", "report_by", "negative"),
    ("{when: {urgency: [urgnt]}}", "when.urgency", "there is no class “urgnt”"),
    ("{when: {part: 2}}", "when.part", "unknown key"),
    ("{when: {parts: 1.5}}", "when.parts", "a whole number is wanted"),
    ("{when: {round: -1}}", "when.round", "negative"),
    ("{budget: -1}", "budget", "negative"),
    ("{budget: 2.5}", "budget", "a whole number is wanted"),
    ("{blown: later}", "blown", "“later”"),
]


@pytest.mark.parametrize(("whistle", "path", "message"), REFUSED)
def test_what_is_wrong_is_said_with_its_place(whistle: str, path: str, message: str) -> None:
    [found] = wrongs(f"{town_text(JOINT)}policies: {{whistle: {whistle}, {ROUNDS}}}\n")
    assert f": policies.whistle.{path}" in found
    assert message in found


@pytest.mark.parametrize("whistle", ["{}", "{budget: 0}", "{when: {parts: 99}}", "{report_by: 30 min}"])
def test_a_whistle_needs_a_joint_matter(whistle: str) -> None:
    [found] = wrongs(f"{town_text()}policies: {{whistle: {whistle}}}\n")
    assert ": policies.whistle: has nothing to act on: it needs a joint matter (a category with parts)" in found


ACCEPTED = [
    "{}",
    "{blown: start}",
    "{blown: after_own}",
    "{budget: 0}",
    "{when: {parts: 99}}",
    "{when: {urgency: [urgent, ordinary], round: 2}}",
    "{report_by: 30 min}",
    "{report_by: {urgent: 30 min}}",
    "{report_by: 8 workhours, calendar: office}",
    "{report_by: {urgent: 30 min, ordinary: 1 workday}, calendar: office}",
    "{report_by: 30 min, calendar: office}",  # as for the limits: a calendar of times on the clock is no mistake
]


@pytest.mark.parametrize("whistle", ACCEPTED)
def test_what_has_something_to_act_on_is_accepted(whistle: str) -> None:
    scenario = from_text(f"{town_text(JOINT)}policies: {{whistle: {whistle}, {ROUNDS}}}\n")
    again = from_dict(scenario.resolved())
    assert again == scenario
    assert again.digest == scenario.digest
