"""Monthly theme: how categories are chosen, what the effort takes, and what it brings."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from towns import both, same_tables

import sim
from sim.inference import interval
from sim.model.city import build_city
from sim.model.policies import monthly_theme, precise_dispatch
from sim.model.policies.monthly_theme import Month
from sim.report.explain import explain
from sim.scenario import Scenario, ScenarioError, from_dict

POLICY: dict[str, Any] = {
    "among": ["Pothole", "Leak"],
    "pool": "team",
    "effort": "40 h",
    "rule": "list",
    "lag": "1 d",
    "removes": 0.5,
}


def town(policy: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """Two kinds of problems, each reported once and worked on at once for an hour; a team of two for themes."""
    data: dict[str, Any] = {
        "name": "themes",
        "time": {"start": "2024-01-01", "end": "2024-04-01"},
        "districts": {"Town": {}},
        "calendars": {"office": {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-01-01"]}},
        "pools": {"team": {"staff": 2, "calendar": "office"}},
        "units": {"Works": {"staff": 99}},
        "categories": {
            name: {"total": "20 / d", "unit": "Works", "work": "1 h"} for name in ("Leak", "Noise", "Pothole")
        },
        **changes,
    }
    if policy != {}:
        data["policies"] = {**data.get("policies", {}), "monthly_theme": {**POLICY, **(policy or {})}}
    return from_dict(data)


def births(out: sim.Outcomes, category: str, begin: float, until: float) -> int:
    """Problems of a category that are born in a time."""
    born = out.problems.loc[out.problems["category"] == category, "born"]
    return int(((born >= begin) & (born < until)).sum())


# --- sizes (truths 8 and 4) -----------------------------------------------------------------------------------------

FACTORS = (0.5, 0.55, 0.595, 0.6355, 0.67195, 0.704755, 0.7342795, 0.76085155)


def test_births_come_back_month_by_month() -> None:
    assert [monthly_theme.births_left(0.5, 0.1, k) for k in range(8)] == pytest.approx(FACTORS, abs=1e-12)
    assert monthly_theme.births_left(0.0, 0.1, 3) == 1.0
    assert monthly_theme.births_left(0.7, 0.0, 99) == pytest.approx(0.3, abs=1e-12)


def test_the_error_of_dispatch_in_the_order_of_all_that_turn_it() -> None:
    by = (0.8, 0.02, 6)
    found = [precise_dispatch.accuracy(*by, *more) for more in ((1.0, 0.0), (0.5, 0.0), (0.5, 0.9))]
    assert found == pytest.approx([0.7086739046912, 0.8543369523455999, 0.9], abs=1e-12)
    assert precise_dispatch.accuracy(0.95, 0.02, 6, 1.0, 0.0) == pytest.approx(0.8415502618207998, abs=1e-12)


def test_births_in_runs_follow_the_exact_factors() -> None:
    """Chosen on the 2nd of January, in force from then on; the first of a month is still as the month before."""
    policy = {"among": ["Pothole"], "effort": "0 h", "lag": "0 h", "rebound": 0.1, "rest": "99 months"}
    scenario = town(policy, time={"start": "2024-01-01", "end": "2024-09-01"})
    turns = [0.0, *build_city(scenario).turns.tolist()]
    outs = [sim.simulate(scenario, k, engine="compiled") for k in range(24)]
    assert all(out.themes["begins"].tolist() == [0.0] for out in outs)
    for k in (0, 1, 4, 6):
        begin, until = turns[k] + 24, turns[k + 1] + 24
        daily = np.array([births(out, "Pothole", begin, until) for out in outs]) / ((until - begin) / 24)
        found = interval(daily)
        assert (found.upper - found.lower) / 2 <= 0.03 * 20 * FACTORS[k]
        se = np.std(daily, ddof=1) / np.sqrt(len(daily))
        assert abs(found.mean - 20 * FACTORS[k]) <= 4 * se
        assert abs(found.mean - 20) > 4 * se, "ignored"
        assert abs(found.mean - 20 * (1 - 0.5 * 0.9 ** (k + 1))) > 2 * se, "a month too late"
    assert births(outs[0], "Leak", 0, 1e9) > 0.9 * 20 * 244


def test_whom_a_larger_share_removes_contains_whom_a_smaller_one_removes() -> None:
    few, many = (sim.simulate(town({"removes": share, "effort": "0 h"})) for share in (0.3, 0.6))
    assert set(many.problems["problem"]) < set(few.problems["problem"])


# --- how themes are chosen ------------------------------------------------------------------------------------------


class Counts:
    """A city of which only the counts are known: requests, repeats and unsolved by category, month by month."""

    def __init__(self, *months: tuple[list[int], ...]) -> None:
        self.so_far = [np.zeros((3, 4), np.int64), *np.cumsum(np.array(months), axis=0)]
        self.themes: list[Any] = []

    def seen(self) -> Any:
        return self.so_far.pop(0)


def chosen(rule: str, *months: tuple[list[int], ...], times: int = 1, **changes: Any) -> list[list[str]]:
    """Which of four categories are chosen after these months, so many months in a row."""
    names = ("b", "a", "c", "d")
    plan = build_city(town()).monthly_theme
    assert plan is not None
    edges = np.array([0.0, 31 * 24, 60 * 24, 91 * 24])
    changes = {"among": np.arange(4), "rest": 12, **changes}
    plan = replace(plan, names=names, rule=rule, edges=edges, **changes)
    desk = monthly_theme._Desk(plan, Counts(*months), 1)  # type: ignore[arg-type]
    for _ in range(len(months) + 1):
        desk.turn()
    found = []
    for month in range(100, 100 + times):
        categories = desk.chosen(Month(month, 0, 0.0, ""))
        desk.rests |= dict.fromkeys(categories, month)
        found.append([names[c] for c in categories])
    return found


NOBODY = [0, 0, 0, 0]


def test_rules_count_the_last_whole_month() -> None:
    first = ([9, 0, 0, 0], [9, 0, 0, 0], [9, 0, 0, 0])
    last = ([5, 5, 8, 0], [1, 3, 2, 0], [0, 2, 2, 0])
    assert chosen("volume", first, last, count=2) == [["c", "a"]], "ties by name"
    assert chosen("repeat", first, last) == [["a"]]
    assert chosen("unsolved", first, last, count=3) == [["a", "c"]], "nothing to solve: not chosen"
    assert chosen("volume", first, last, among=np.array([0, 1])) == [["a"]]
    assert chosen("volume") == [[]], "no whole month yet"
    assert chosen("growth", first) == [[]], "no two"


def test_growth_is_that_of_requests_a_day() -> None:
    january, february = ([310, 100, 31, 0], NOBODY, NOBODY), ([290, 95, 30, 0], NOBODY, NOBODY)
    assert chosen("growth", january, february, count=4) == [["a", "c"]], "fewer in 29 days than in 31 may be more a day"


@pytest.mark.parametrize("rule", ["volume", "growth", "unsolved", "repeat"])
def test_both_engines_count_alike(rule: str) -> None:
    """And as the tables have it: of all categories the one with most in the month before."""
    callback = {"pool": "callers", "work": "1 min", "reach": 0.8, "call_again": {"probability": 0.7, "after": "2 d"}}
    names = ["Leak", "Noise", "Pothole"]
    out = both(
        town(
            {"rule": rule, "among": names, "rest": "1 month", "effort": "0 h", "removes": 0.3},
            time={"start": "2024-01-01", "end": "2024-06-01"},
            pools={"team": {"staff": 2}, "callers": {"staff": 9}},
            categories={
                name: {"total": total, "unit": "Works", "work": "1 h", "resolve": 0.7}
                for name, total in zip(names, ("20 / d", "21 / d", "20.5 / d"), strict=True)
            },
            policies={"callback": callback},
        )
    )
    r, turns = out.requests, [0.0, *(24.0 * day for day in (31, 60, 91, 121))]
    spans = list(itertools.pairwise(turns))
    first = 1 if rule == "growth" else 0
    assert len(out.themes) == len(spans) - first
    for theme, month in zip(out.themes.to_dict("records"), range(first, len(spans)), strict=True):
        begin, until = spans[month]
        arrived = r[(r["arrived"] >= begin) & (r["arrived"] < until)]
        said = r[(r["called_back"] >= begin) & (r["called_back"] < until) & (r["said_resolved"] == False)]  # noqa: E712
        counted = {"unsolved": said, "repeat": arrived[arrived["repeat_of"].notna()]}.get(rule, arrived)
        counts = counted.groupby("category", observed=False).size()[names]
        if rule == "growth":
            days = [(b - a) / 24 for a, b in (spans[month - 1], spans[month])]
            before = r[(r["arrived"] >= spans[month - 1][0]) & (r["arrived"] < begin)]
            counts = counts / days[1] - before.groupby("category", observed=False).size()[names] / days[0]
        assert theme["category"] == counts.idxmax()
    assert out.themes["category"].nunique() > 1


def test_none_again_within_its_rest() -> None:
    month = ([9, 8, 7, 0], NOBODY, NOBODY)
    assert chosen("volume", month, times=4, rest=2) == [["b"], ["a"], ["b"], ["a"]]
    assert chosen("list", month, times=5, rest=1) == [["b"], ["a"], ["c"], ["d"], ["b"]]
    assert chosen("list", month, times=3, rest=12, among=np.array([2, 1])) == [["c"], ["a"], []]


def test_the_first_working_day() -> None:
    """Of a calendar, with its holidays; else from Monday to Friday. January 1st 2024 is a Monday."""
    begins = []
    for calendar in ("office", None):
        late = build_city(town({"calendar": calendar}, time={"start": "2024-01-03", "end": "2024-07-01"}))
        assert late.monthly_theme is not None
        assert late.monthly_theme.months[0].date == "2024-02-01", "January's was before the run began"
        plan = build_city(
            town({"calendar": calendar, "rest": "1 month"}, time={"start": "2024-01-01", "end": "2024-07-01"})
        )
        assert plan.monthly_theme is not None
        begins.append([month.date for month in plan.monthly_theme.months])
    assert begins[0][:4] == ["2024-01-02", "2024-02-01", "2024-03-01", "2024-04-01"]
    assert begins[1] == ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-03"]


# --- the effort -----------------------------------------------------------------------------------------------------


def test_the_effort_is_worked_by_people_and_then_it_takes_effect() -> None:
    """40 h in five pieces: two people have done four of them on the second day and the fifth on the third, at five."""
    out = both(town({"calendar": "office"}, time={"start": "2024-01-01", "end": "2024-02-01"}))
    (theme,) = out.themes.to_dict("records")
    assert (theme["chosen"], theme["category"], theme["effort"]) == (24.0, "Pothole", 40.0)
    assert theme["worked"] == 3 * 24 + 17
    assert theme["begins"] == 4 * 24 + 17
    errands = out.visits[out.visits["kind"] == "errand"]
    assert errands["worked"].tolist() == [8.0] * 5
    assert (errands["pool"] == "team").all()
    effect = 5 * 24  # from the next midnight on
    assert births(out, "Pothole", 0, effect) / 5 == pytest.approx(20, abs=8)
    assert births(out, "Pothole", effect, 744) / 26 == pytest.approx(10, abs=3)


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_people_it_brings_nothing(engine: Any) -> None:
    """A team that is never there: nothing but the table of themes differs from a city without."""
    mondays = [str(date(2024, 1, 1) + timedelta(days=7 * week)) for week in range(13)]
    never = {"open": {"mon": "9:00-10:00"}, "holidays": mondays}
    rest = {"calendars": {"never": never}, "pools": {"team": {"staff": 1, "calendar": "never"}}}
    on, off = (
        sim.simulate(town(policy, **rest), engine=engine)
        for policy in ({"clears": 0.9, "work_factor": 0.5, "give_up": "20 d", "among": ["Leak"]}, {})
    )
    assert on.themes["worked"].isna().all()
    assert len(on.themes) == 1
    for name in ("requests", "problems"):
        assert getattr(on, name).equals(getattr(off, name))
    assert on.visits[on.visits["kind"] != "errand"].reset_index(drop=True).equals(off.visits)
    errands = on.visits[on.visits["kind"] == "errand"]
    assert (errands["worked"] == 0).all()
    assert (errands["ended"] - errands["queued"] == 20 * 24 + 2.0**-30).all(), "given up"


def test_what_is_worked_too_late_brings_nothing() -> None:
    late = both(town({"give_up": "24 h", "clears": 0.5}))
    assert late.themes["worked"].isna().all()
    errands = late.visits[late.visits["kind"] == "errand"]
    assert 0 < errands["worked"].sum() < errands.shape[0] * 8, "those begun are finished, the others not begun"
    just = both(town({"effort": "16 h", "give_up": "17 h", "calendar": "office"}))
    assert just.themes["worked"].iloc[0] == just.themes["chosen"].iloc[0] + 17, "by five o'clock is not too late"


def test_effort_is_divided_at_a_scale_as_staff_is() -> None:
    out = sim.simulate(town({"effort": "80 h"}, scale=10))
    assert out.themes["effort"].iloc[0] == 8.0


# --- open problems --------------------------------------------------------------------------------------------------

STAGES: dict[str, tuple[dict[str, Any], str]] = {
    "waits at the desk": ({"desk": 0}, "merged"),
    "is worked on at the desk": ({"desk_work": "99 d"}, "open"),
    "waits for the owner": ({"staff": 0}, "closed"),
    "is worked on by the owner": ({"work": "40 d"}, "closed late"),
    "is in lead time": ({"lead": "99 d"}, "closed"),
    "is never closed": ({"never_closed": 1}, "closed"),
    "is parked": ({"parking": True}, "closed"),
    "waits for parts of others": ({"part": "99 d", "part_staff": 0}, "closed"),
    "whistled parts are worked on": ({"part": "40 d", "whistle": True}, "closed late"),
}


@pytest.mark.parametrize("name", STAGES)
def test_what_becomes_of_a_request_whose_problem_is_cleared(name: str) -> None:
    """All that come in December are at one place when a theme clears all problems at the beginning of January."""
    how, then = STAGES[name]
    category = {"total": "20 / d", "unit": "Works", "work": how.get("work", "1 h"), "resolve": 0.0}
    category |= {key: how[key] for key in ("lead", "never_closed") if key in how}
    policies: dict[str, Any] = {"callback": {"pool": "callers", "work": "1 min", "resolved": {"if_true": 0.99}}}
    if "part" in how:
        category["parts"] = [{"unit": "Water", "work": how["part"]}]
    if "whistle" in how:
        policies["whistle"] = {}
    if "parking" in how:
        policies["time_limits"] = {"resolve": "9 d", "parking": {"share": 1, "time": "99 d"}}
    nobody = {"staff": 9, "calendar": "never"}
    pools = {
        "team": {"staff": 2},
        "callers": {"staff": 999},
        "desk": nobody if how.get("desk") == 0 else {"staff": 999},
    }
    out = both(
        town(
            {"among": ["Pothole"], "clears": 1, "removes": 1, "effort": "0 h", "lag": "0 h"},
            time={"start": "2023-12-20", "end": "2024-03-01"},
            calendars={"never": {"open": {"mon": "9:00-10:00"}, "holidays": [f"2023-12-{d}" for d in (25,)]}},
            pools=pools,
            units={
                "Works": nobody if how.get("staff") == 0 else {"staff": 999},
                "Water": nobody if how.get("part_staff") == 0 else {"staff": 999},
            }
            if "part" in how
            else {"Works": nobody if how.get("staff") == 0 else {"staff": 999}},
            dispatch={"pool": "desk", "work": how.get("desk_work", "0 min")},
            categories={"Pothole": category},
            policies=policies,
        )
    )
    (theme,) = out.themes.to_dict("records")
    instant = theme["begins"]
    assert instant == 12 * 24
    here = out.requests[out.requests["arrived"] < instant - 2]
    assert len(here) > 150
    assert theme["cleared"] >= len(here)
    problems = out.problems.set_index("problem").loc[here["problem"]]
    assert (problems["fixed_by"] == "theme").all()
    assert (problems["fixed"] == instant).all()
    assert births(out, "Pothole", instant + 24, math.inf) == 0
    if then == "merged":
        assert (here["status"] == "merged").all()
        assert (here["ended"] == instant).all()
        assert here["called_back"].isna().all()
    elif then == "open":
        assert (here["status"] == "open").all()
    else:
        assert (here["status"] == "closed").all()
        assert here["resolved"].all()
        assert (here["closed"] == instant).all() if then == "closed" else (here["closed"] > instant).all()
        assert (here["rounds"] == 1).all()
        assert here["said_resolved"].notna().all(), "and called back"
        assert here["said_resolved"].mean() > 0.95
        assert (here["called_back"] > here["closed"]).all()


def test_explain_tells_of_it() -> None:
    stuck = {"Pothole": {"total": "20 / d", "unit": "Works", "work": "1 h", "lead": "99 d"}}
    run = sim.run(town({"among": ["Pothole"], "clears": 1}, categories=stuck), replications=1)
    requests = run.tables.requests
    assert requests is not None
    told = explain(run, requests["request"].iloc[0])
    assert "a monthly theme has fixed the problem" in told
    until = told.index("has fixed the problem")
    assert told.index("lead time") < until < told.index("closed by Works: truly solved")  # which the theme has ended


def test_a_larger_share_clears_the_same_and_more() -> None:
    stuck = {"Pothole": {"total": "20 / d", "unit": "Works", "work": "1 h", "lead": "99 d"}}
    cleared = []
    for share in (0.3, 0.6):
        out = both(town({"among": ["Pothole"], "clears": share, "removes": 0}, categories=stuck))
        fixed = out.problems[out.problems["fixed_by"] == "theme"]
        assert len(fixed) == out.themes["cleared"].sum()
        there = (out.problems["born"] < out.themes["begins"].iloc[0]).sum()
        assert abs(len(fixed) / there - share) < 4 * math.sqrt(share * (1 - share) / there)
        cleared.append(set(fixed["problem"]))
    assert cleared[0] < cleared[1]


def test_a_cleared_problem_is_reported_no_more() -> None:
    """Nobody has reported some of them: those are fixed, too, and are not unreported."""
    again = {
        "Pothole": {"total": "20 / d", "unit": "Works", "work": "1 h", "reports": {"every": "60 d"}, "lead": "99 d"}
    }
    out = both(town({"among": ["Pothole"], "clears": 1}, categories=again))
    instant = out.themes["begins"].iloc[0]
    fixed = out.problems[out.problems["fixed_by"] == "theme"].set_index("problem")
    assert fixed["first_report"].isna().sum() > 10
    late = out.requests[out.requests["arrived"] > instant]
    assert not set(late["problem"]) & set(fixed.index)


# --- the way of handling ---------------------------------------------------------------------------------------------


def test_work_lead_and_errors_change_when_it_takes_effect() -> None:
    category = {
        **{"total": "20 / d", "unit": "Works", "work": "2 h", "lead": "10 h", "confused_with": "Water"},
    }
    way = {"work_factor": 0.75, "lead_factor": 0.5, "error_factor": 0.25, "removes": 0, "effort": "0 h"}
    out = both(
        town(
            {**way, "among": ["Pothole"], "lag": "14 d"},
            categories={"Pothole": category, "Leak": {**category, "confused_with": "Water"}},
            units={"Works": {"staff": 99}, "Water": {"staff": 99}},
            pools={"desk": {"staff": 99}, "team": {"staff": 1}},
            dispatch={"pool": "desk", "accuracy": 0.6, "work": "0 min"},
        )
    )
    instant = out.themes["begins"].iloc[0]
    requests, visits = out.requests.set_index("request"), out.visits[out.visits["kind"] == "handling"]
    of = requests.loc[visits["request"], "category"].to_numpy()
    done = visits["ended"].notna().to_numpy()
    turned = (of == "Pothole") & (visits["started"] >= instant).to_numpy()
    assert set(visits["worked"][turned & done]) == {1.5}
    assert set(visits["worked"][~turned & done]) == {2.0}
    closed = requests[(requests["closed"].notna()) & (requests["category"] == "Pothole")]
    early, late = closed["closed"] < instant, closed["arrived"] > instant + 24
    assert set(closed["hours_lead_time"][early]) == {10.0}
    assert set(closed["hours_lead_time"][late]) == {5.0}
    direct = [(closed["hops"][which] == 0).mean() for which in (early, late)]
    assert abs(direct[0] - 0.6) < 0.1
    assert abs(direct[1] - 0.9) < 0.05


def test_a_second_choice_removes_of_what_is_left() -> None:
    policy = {"among": ["Pothole"], "rest": "1 month", "effort": "0 h", "lag": "0 h"}
    out = both(town(policy))
    daily = [
        births(out, "Pothole", *(24 * d for d in days)) / (days[1] - days[0]) for days in ((2, 31), (33, 60), (62, 91))
    ]
    assert daily == pytest.approx([10, 5, 2.5], rel=0.35)


def test_without_effect_no_byte_changes() -> None:
    """Named but without effort and effect: the bytes of a city without it."""
    off = {"removes": 0.0, "effort": "0 h"}
    for engine in ("simpy", "compiled"):
        named, bare = (sim.simulate(town(policy), engine=engine) for policy in (off, {}))  # type: ignore[arg-type]
        for name in ("requests", "visits", "levels", "problems"):
            assert getattr(named, name).equals(getattr(bare, name)), name
    assert same_tables(named, sim.simulate(town(off)))


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "changes", "words"),
    [
        ({"among": ["Pothol"]}, {}, "there is no category “Pothol”, did you mean “Pothole”?"),
        ({"among": ["Leak", "Leak"]}, {}, "stands here twice"),
        ({"among": []}, {}, "at least one category is wanted"),
        ({"count": 3}, {}, "“count” is 3, but “among” has only 2"),
        ({"count": 0}, {}, "at least one category a month"),
        ({"pool": "tea"}, {}, "there is no pool or unit “tea”"),
        ({"rule": "largest"}, {}, "volume"),
        ({"rule": "unsolved"}, {}, "it needs callbacks"),
        ({"rule": "repeat"}, {}, "it needs citizens who call again"),
        ({"rule": "volume"}, {"time": {"start": "2024-01-01", "end": "2024-02-01"}}, "after the whole months"),
        ({"rule": "growth"}, {"time": {"start": "2024-01-02", "end": "2024-04-01"}}, "after the whole months"),
        ({"removes": None, "rebound": 0.1}, {}, "it needs births that fall (removes)"),
        ({"lead_factor": 0.5}, {}, "it needs a lead time"),
        ({"error_factor": 0.5}, {}, "it needs a dispatch desk"),
        ({"rest": "30 d"}, {}, "whole calendar months"),
        ({"calendar": "offices"}, {}, "there is no calendar “offices”"),
    ],
)
def test_what_cannot_be_is_said(policy: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match="(?s)" + words.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        town(policy, **changes)


def test_a_theme_needs_problems_and_a_pool_of_the_whole_city() -> None:
    ask = {"Ask": {"kind": "consultation", "total": "1 / d", "unit": "Works", "work": "1 h"}}
    with pytest.raises(ScenarioError, match="a consultation has no problem whose causes"):
        town({"among": ["Ask"]}, categories=ask)
    with pytest.raises(ScenarioError, match="“team” is per district: one for the whole city is wanted"):
        town(pools={"team": {"staff": 2, "per": "district"}})
