"""Act before the complaint (主动治理): when a problem is found, what becomes of it, where people are sent, and what is
refused.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from towns import both, same_tables

import sim
from sim.model.city import build_city
from sim.model.draws import child, stream, uniform
from sim.model.load import offered_loads
from sim.model.policies import act_before
from sim.report.explain import explain as sim_explain
from sim.report.mechanisms import in_words
from sim.scenario import Scenario, ScenarioError, from_dict

SHIFT = {"shifts": [{"days": "mon-sun", "hours": "8:00-16:00", "staff": 1}]}
NEVER: dict[str, Any] = {"reported": 0}


def town(act: dict[str, Any] | None = None, reports: Any = NEVER, **more: Any) -> Scenario:
    """Problems that nobody reports, an office that solves them in an hour, and somebody who looks for them."""
    policy = {"pool": "inspectors", "hours": "8 h", "rate": "0.1 / h", "visible": {"Hole": 1}, **(act or {})}
    matter = {"total": "6 / d", "reports": reports, "unit": "Office", "work": "1 h", **more.pop("matter", {})}
    return from_dict(
        {
            "name": "a town with inspectors",
            "time": {"start": "2024-01-01", "end": "2024-03-01"},
            "districts": {"Town": {}},
            "pools": {"inspectors": SHIFT, **more.pop("pools", {})},
            "units": {"Office": {"staff": 99}},
            "categories": {"Hole": matter},
            "policies": {**({} if act is None else {"act_before": policy}), **more.pop("policies", {})},
            **more,
        }
    )


def errands(out: sim.Outcomes) -> pd.DataFrame:
    return out.visits[out.visits["kind"] == "errand"]


def found(out: sim.Outcomes) -> pd.DataFrame:
    return out.requests[out.requests["channel"].astype(str) == "patrol"]


def measure(out: sim.Outcomes, name: str, group_by: str = "") -> Any:
    table = sim.measures(out)
    return table.loc[(table["measure"] == name) & (table["group_by"] == group_by), "value"].item()


# --- when ------------------------------------------------------------------------------------------------------------


def walked(t: float) -> float:
    """Hours of patrol from the start until t: 8:00–16:00 every day."""
    day, hour = divmod(t, 24.0)
    return 8.0 * day + min(max(hour - 8.0, 0.0), 8.0)


def test_each_problem_is_found_when_the_hours_since_its_birth_pass_its_mark() -> None:
    """Worked out by hand from the marks: those of a shift's inspector, and of three who share an office with pauses."""
    out = both(town({}))
    assert len(out.problems) > 200
    for row in out.problems.itertuples():
        mark = -math.log(uniform(stream(1, 0), act_before.MARK, int(row.problem, 16), 0))
        hours = walked(row.born) + mark / 0.1
        day, rest = divmod(hours, 8.0)
        when = 24.0 * day + 8.0 + rest
        if when >= out.end:
            assert math.isnan(row.found)
        else:
            assert row.found == pytest.approx(when, abs=1e-8)
    assert errands(out)["worked"].sum() == 60 * 8


def test_pauses_and_several_at_once_add_up() -> None:
    """Three people of an office that is closed at noon, on weekends and at night: 21 hours a day of duty."""
    office = {"open": {"mon-fri": ["9:00-12:00", "13:00-17:00"]}}
    out = both(
        town({"hours": "21 h"}, calendars={"office": office}, pools={"inspectors": {"staff": 3, "calendar": "office"}})
    )
    times = np.arange(0.0, out.end, 1 / 64)
    weekday, hour = (times // 24) % 7, times % 24
    is_open = (weekday < 5) & (((hour >= 9) & (hour < 12)) | ((hour >= 13) & (hour < 17)))
    hours = np.concatenate([[0.0], np.cumsum(3 * is_open / 64)])
    for row in out.problems.dropna(subset="found").itertuples():
        mark = -math.log(uniform(stream(1, 0), act_before.MARK, int(row.problem, 16), 0)) / 0.1
        grid = np.append(times, out.end)
        gone = np.interp(row.found, grid, hours) - np.interp(row.born, grid, hours)
        assert gone == pytest.approx(mark, abs=1e-6)
    assert len(out.problems.dropna(subset="found")) > 100


def test_one_problem_found_in_vain_and_again() -> None:
    """Solved in the second round of looking: the new mark runs from the closing, and each finding is a request."""
    out = both(town({}, matter={"resolve": [0.3], "total": "2 / d"}))
    several = found(out).groupby("problem").filter(lambda r: len(r) > 1).sort_values("arrived")
    assert several["problem"].nunique() > 5
    for problem, rows in several.groupby("problem"):
        for n, (before, after) in enumerate(itertools.pairwise(rows.itertuples()), 1):
            assert not before.resolved
            mark = -math.log(uniform(stream(1, 0), act_before.MARK, int(str(problem), 16), n)) / 0.1
            assert walked(after.arrived) - walked(before.closed) == pytest.approx(mark, abs=1e-7)
            assert after.request == f"{int(child(int(str(problem), 16), act_before.FOUND, n)):016x}"


def test_who_works_for_others_finds_nothing_meanwhile() -> None:
    """Officers of a unit patrol when nobody needs them: hours worked, not hours planned, find."""
    busy = town({"pool": "Office", "hours": "24 h"}, units={"Office": {"staff": 1}}, matter={"total": "23 / d"})
    out = both(busy)
    worked = errands(out)["worked"].sum()
    assert 0 < worked < 24 * 40
    waited = errands(out)
    assert ((waited["started"] - waited["queued"]) > 0).any()
    open_ = (errands(out)["started"].isna()).sum()
    assert open_ <= 1, "who still waits when the next hour comes is not asked for again"


# --- off, starved, flooded -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("reports", [NEVER, {"every": "40 h"}, {"reported": 0.5}], ids=str)
def test_without_hours_no_byte_changes(engine: Any, reports: Any) -> None:
    off, on = town(None, reports), town({"hours": "0 h"}, reports)
    outs = [sim.simulate(scenario, engine=engine) for scenario in (off, on)]
    tables = ("requests", "visits", "levels", "problems", "calls", "trust", "pools")
    assert all(getattr(outs[0], name).equals(getattr(outs[1], name)) for name in tables)


def test_who_sees_nothing_or_never_comes_finds_nothing() -> None:
    """Errands stand in the tables, and all else is as without."""
    off = both(town(None, {"every": "40 h"}))
    blind = both(town({"rate": "0 / h"}, {"every": "40 h"}))
    starved = both(town({}, {"every": "40 h"}, pools={"inspectors": {"staff": 0}}))
    assert errands(blind)["worked"].sum() == 480
    assert errands(starved)["worked"].sum() == 0
    for other in (blind, starved):
        for name in ("requests", "problems"):
            left, right = (getattr(out, name).astype(str) for out in (off, other))
            assert left.equals(right)
        assert found(other).empty
    assert measure(starved, "found_share") == 0


def test_flooded_everything_is_found_as_the_shift_begins() -> None:
    """At a rate without end a problem born by night is found at 8:00, one born in the shift at once."""
    out = both(town({"rate": "100000 / h"}, {"every": "1000 h"}))
    night = ~out.problems["born"].mod(24).between(8, 16)
    wait = out.problems["found"] - out.problems["born"]
    seen = out.problems["found"].notna()
    at_eight = (out.problems["found"] % 24 - 8).abs() < 0.01
    reported = out.problems["first_report"] <= out.problems["found"].fillna(math.inf)
    assert (at_eight | reported)[night & seen].all()
    assert (wait[~night & seen] < 0.01).mean() > 0.98
    assert measure(out, "found_share") > 0.95


def test_hours_in_are_findings_times_what_each_takes() -> None:
    """Where nothing is fixed, findings follow the hours: rate × problems there × hours worked."""
    scenario = town({"rate": "0.02 / h"}, matter={"resolve": 0, "work": "1 s", "total": "3 / d"})
    counts, expected = [], []
    for k in range(20):
        out = sim.simulate(scenario, k, engine="compiled")
        born = out.problems["born"].to_numpy()
        counts.append(len(found(out)))
        expected.append(sum(0.02 * (walked(out.end) - walked(t)) for t in born))
    gap = np.array(counts) - np.array(expected)
    assert abs(gap.mean()) <= 4 * gap.std(ddof=1) / math.sqrt(len(gap))
    assert np.mean(counts) > 200


# --- what becomes of it ----------------------------------------------------------------------------------------------

DESK: dict[str, Any] = {
    "pools": {"desk": {"staff": 9}, "callers": {"staff": 9}},
    "dispatch": {"pool": "desk", "work": "10 min", "accuracy": 1},
    "contact": {"work": "15 min"},
}


def test_the_path_of_what_was_found() -> None:
    """To its unit at once: an hour of work × 0.5, no desk, no contact, no callback; its clock runs from the finding."""
    policies = {
        "callback": {"pool": "callers", "work": "3 min"},
        "time_limits": {"contact": "1 h", "resolve": "5 h"},
    }
    out = both(town({"work_factor": 0.5}, policies=policies, **DESK))
    row = found(out).iloc[0]
    visits = out.visits[out.visits["request"] == row["request"]]
    assert visits["kind"].tolist() == ["handling"]
    assert row["closed"] - row["arrived"] == 0.5 == row["hours_work"] == visits["worked"].item()
    assert row["due"] == row["arrived"] + 5
    assert pd.isna(row["contact_due"])
    assert (row["status"], row["rounds"], row["hops"]) == ("closed", 1, 0)
    assert row["ended"] == row["closed"]
    problem = out.problems.set_index("problem").loc[row["problem"]]
    assert (problem["found"], problem["fixed"], problem["fixed_by"]) == (row["arrived"], row["closed"], row["request"])
    assert pd.isna(problem["first_report"])
    assert measure(out, "contacts") == 0 < measure(out, "requests") == measure(out, "found_requests")
    assert pd.isna(measure(out, "request_share"))
    assert measure(out, "found_share") == 1
    off = both(town(None, policies=policies, **DESK))
    assert off.requests.empty


def test_a_citizen_who_reports_it_meanwhile_gives_it_one() -> None:
    """The report is recognised at the desk; then the unit contacts the citizen at last, and the hotline asks."""
    policies = {
        "precise_dispatch": {"duplicates": 1},
        "callback": {"pool": "callers", "work": "3 min", "reopen": {"at_most": 1}},
        "time_limits": {"contact": "3 h", "resolve": "90 h"},
    }
    out = both(town({"rate": "0.3 / h"}, {"every": "20 h"}, matter={"work": "30 h"}, policies=policies, **DESK))
    r = found(out)
    joined = out.requests[(out.requests["status"] == "merged") & out.requests["dispatched"].isna()]
    first = joined.groupby("problem")["ended"].min()
    heard = r["problem"].map(first)
    has = heard.notna() & (heard < r["closed"].fillna(math.inf)) & (r["arrived"] < heard)
    assert 20 < has.sum() < len(r) - 20
    assert r.loc[has & r["ended"].notna(), "called_back"].notna().all()
    assert (r.loc[has, "contact_due"] == heard[has] + 3).all()
    closed = r[has & r["first_closed"].notna()]
    assert (closed["contacted"] == closed["first_closed"]).all(), "the last thing before it is closed"
    assert r.loc[~has, ["contacted", "called_back", "contact_due"]].isna().all().all()


def test_found_and_reported_is_not_unreported() -> None:
    scenario = town({}, time={"start": "2024-01-01", "end": "2024-08-01"})
    assert measure(sim.simulate(scenario, engine="compiled"), "unreported_share") < 0.01
    blind = town({"rate": "0 / h"}, time={"start": "2024-01-01", "end": "2024-08-01"})
    assert measure(sim.simulate(blind, engine="compiled"), "unreported_share") == 1


def test_a_found_request_has_its_own_channel_and_no_contact() -> None:
    out = both(town({}, {"every": "40 h"}))
    table = sim.measures(out).set_index(["measure", "group_by", "group"])["value"]
    assert (
        table["contacts", "channel", '["patrol"]'] == 0 < table["requests", "channel", '["patrol"]'] == len(found(out))
    )
    assert (
        table["contacts", "channel", '["direct"]'] == table["contacts", "", "[]"] == len(out.requests) - len(found(out))
    )


# --- where -----------------------------------------------------------------------------------------------------------


def districts(by: str, **more: Any) -> sim.Outcomes:
    """Three times as many problems in North, three times as many reports in South; each finding's district."""
    return both(
        town(
            {"by": by, "hours": "12 h", "rate": "0.001 / h", **more},
            {"every": "300 h", "give_up": "300 h"},
            districts={"North": {"population": 3, "reporting": 0.1}, "South": {"population": 1, "reporting": 9}},
            pools={"inspectors": {"staff": 9, "per": "district"}},
            matter={"total": "20 / d"},
        )
    )


def hours_in(out: sim.Outcomes, place: str) -> float:
    return float(errands(out).loc[errands(out)["pool"] == f"inspectors · {place}", "worked"].sum())


def test_hours_are_spread_over_districts() -> None:
    even, problems, complaints = (districts(by) for by in ("even", "problems", "complaints"))
    assert hours_in(even, "North") == hours_in(even, "South") == 6 * 60
    for out in (even, problems, complaints):
        assert errands(out)["worked"].sum() == pytest.approx(12 * 60, abs=0.01)
    assert hours_in(problems, "North") > 0.7 * 12 * 60
    assert hours_in(complaints, "South") > 0.5 * 12 * 60, "where more is said, not where more is wrong"


def test_by_complaints_counts_this_month_and_the_last() -> None:
    """The share of each hour in a district is what of the complaints was heard there."""
    out = districts("complaints")
    r = out.requests[out.requests["channel"] != "patrol"]
    since = 31 * 24.0  # 1 February: what was heard in January still counts
    for hour in (since + 3.0, since + 240.0):
        sent = errands(out)[errands(out)["queued"] == hour]
        heard = r[r["arrived"] < hour].groupby("district", observed=False).size()
        for place in ("North", "South"):
            share = sent.loc[sent["pool"] == f"inspectors · {place}", "worked"].sum() / 0.5
            assert share == pytest.approx(heard[place] / heard.sum(), abs=1e-6)


def test_nobody_is_sent_while_others_wait() -> None:
    """Officers of a unit with a queue: with `while` nobody is asked to go in an hour in which others wait."""

    def sent_in_vain(**more: Any) -> int:
        act = {"pool": "Office", "hours": "12 h", "rate": "1 / h", **more}
        out = both(town(act, {"every": "5 h"}, units={"Office": {"staff": 1}}, matter={"total": "16 / d"}))
        visits = out.visits[out.visits["kind"] == "handling"]
        left = visits["started"].fillna(visits["ended"]).fillna(math.inf)
        return sum(int(((visits["queued"] < t) & (left > t)).any()) for t in errands(out)["queued"])

    assert sent_in_vain() > 50
    assert sent_in_vain(**{"while": "waiting < 1"}) == 0


def test_a_scale_keeps_the_hazard_and_divides_the_hours() -> None:
    outs = [
        both(town({}, {"every": "24 h"}, matter={"total": f"{n} / d", "work": "1 s"}, scale=scale))
        for n, scale in ((40, 1), (400, 10))
    ]
    shares = [measure(out, "found_share") for out in outs]
    assert errands(outs[0])["worked"].sum() == pytest.approx(10 * errands(outs[1])["worked"].sum())
    n = len(outs[0].problems)
    assert abs(shares[0] - shares[1]) < 4 * math.sqrt(2 * 0.25 / n)


# --- rules, words, load ----------------------------------------------------------------------------------------------


def test_the_rules() -> None:
    assert act_before.hours_until_found(math.exp(-2.0), 0.5) == pytest.approx(4.0, abs=1e-9)
    assert act_before.hours_until_found(0.5, 0.0) == math.inf
    assert act_before.time_until_found(3.0, 2) == 1.5
    assert act_before.time_until_found(-1.0, 2) == 0.0
    assert act_before.hours_wanted(24.0, 0.125, 1.0, 1, 3, 3) == pytest.approx(1.0)
    assert act_before.hours_wanted(24.0, 0.125, 0.5, 0, 0, 3) == pytest.approx(0.5), "nobody has any: all alike"
    assert [act_before.people_wanted(x, 1.0) for x in (0.0, 0.3, 1.0, 1.0 + 1e-12, 1.5)] == [0, 1, 1, 1, 2]
    assert act_before.work_of_each(1.5, 2) == 0.75
    assert act_before.handling_work(3.0, 0.5) == 1.5


def test_words_and_load() -> None:
    city = build_city(town({"work_factor": 0.4, "while": "waiting < 3"}))
    said = in_words(city)["act_before"]
    for part in ("8 h a day", "evenly", "fewer than 3 others", "30.0 h (Hole)", "40 % of the work"):
        assert part in said, said
    (load,) = [load for load in offered_loads(city) if load.pools == ("inspectors",)]
    assert load.work == pytest.approx(8.0)
    too_many = build_city(town({"hours": "80 h"}))
    (load,) = [load for load in offered_loads(too_many) if load.pools == ("inspectors",)]
    assert load.offered == pytest.approx(1.0), "what nobody has time for is not made up for"


def test_the_run_is_the_same_from_another_start_of_the_city() -> None:
    """Keys of patrols go by the date: a run that begins a week earlier has the same problems, found by like marks."""
    late, early = (town({}, time={"start": f"2024-01-{d:02}", "end": "2024-03-01"}) for d in (8, 1))
    a, b = (sim.simulate(s, engine="compiled").problems.set_index("problem") for s in (late, early))
    common = a.index.intersection(b.index)
    assert len(common) == len(a)
    assert (a["found"] + 168 - b.loc[common, "found"]).abs().max() < 1e-6


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"reports": "once"}, "act_before.visible.Hole: has nothing to act on: it needs a category of the kind report"),
    ({"reports": {"reported": 1}}, "act_before.visible.Hole: has nothing to act on"),
    ({"act": {"visible": {}}}, "act_before: has nothing to act on: it needs a category whose problems can be found"),
    ({"act": {"visible": {"Hola": 1}}}, "there is no category “Hola”"),
    ({"act": {"pool": "nobody"}}, "there is no pool or unit “nobody”"),
    ({"act": {"by": "problems"}}, "act_before.by: has nothing to act on: it needs two districts"),
    ({"act": {"by": "chance"}}, "act_before.by"),
    ({"act": {"while": "oldest < 2 h"}}, "looks at the queue alone: write “waiting < 5”"),
    ({"act": {"hours": "-1 h"}}, "must not be negative"),
    ({"act": {"rate": 0.1}}, "a rate such as"),
    ({"channels": {"patrol": {"share": 1}}}, "is called like the way of what policies.act_before finds"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=str)
def test_what_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    change = dict(change)
    with pytest.raises(ScenarioError) as refused:
        town(change.pop("act", {}), change.pop("reports", NEVER), **change)
    assert said in str(refused.value)


def test_a_consultation_cannot_be_found() -> None:
    with pytest.raises(ScenarioError, match=r"visible\.Question: has nothing to act on"):
        town(
            {"visible": {"Hole": 1, "Question": 1}},
            categories={
                "Hole": {"total": "6 / d", "reports": NEVER, "unit": "Office", "work": "1 h"},
                "Question": {"kind": "consultation", "total": "6 / d", "unit": "Office", "work": "1 h"},
            },
        )


# --- broken twins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_both_engines_agree_in_a_town_with_everything(engine: Any) -> None:
    scenario = from_dict(EVERYTHING)
    out = both(scenario)
    r = found(out)
    assert same_tables(out, sim.simulate(scenario, engine=engine))
    assert r["called_back"].notna().sum() > 10
    assert r["contacted"].notna().sum() > 10
    assert (r["rounds"] > 1).any()


EVERYTHING: dict[str, Any] = {
    "name": "inspectors in a busy town",
    "time": {"start": "2024-01-01", "end": "2024-02-15"},
    "calendars": {"office": {"open": {"mon": ["9:00-12:00", "13:00-17:30"], "tue-fri": "9:00-17:00"}}},
    "districts": {"A": {"streets": 3}, "B": {"reporting": 2}},
    "pools": {"inspectors": {"staff": 2, "calendar": "office"}, "desk": {"staff": 3}, "callers": {"staff": 2}},
    "units": {
        "Office": {"staff": 4, "per": "street", "level": "street", "calendar": "office"},
        "Other": {"staff": 30, "also_serves": []},
    },
    "contact": {"work": "10 min"},
    "dispatch": {"pool": "desk", "work": "10 min", "accuracy": 0.8, "max_hops": 3},
    "categories": {
        "Hole": {
            **{"total": "12 / d", "reports": {"every": "40 h", "give_up": "20 d"}, "unit": "Office"},
            **{"confused_with": "Other", "work": "2 h", "lead": "30 h", "resolve": [0.5, 0.8]},
            "parts": [{"unit": "Other", "work": "1 h"}],
        }
    },
    "policies": {
        "act_before": {
            **{"pool": "inspectors", "hours": "24 h", "rate": "0.3 / h", "visible": {"Hole": 1}},
            **{"work_factor": 0.5, "by": "complaints", "while": "waiting < 3"},
        },
        "precise_dispatch": {"duplicates": 0.8},
        "time_limits": {"resolve": "24 h", "contact": "2 h"},
        "callback": {
            **{"pool": "callers", "work": "3 min", "reopen": {"at_most": 2, "to": "dispatch"}},
            **{"call_again": {"probability": 0.5, "after": "1 d"}, "satisfied": {"intercept": 0.2, "late": -1}},
        },
    },
}


def test_explain_tells_that_inspectors_found_it(tmp_path: Any) -> None:
    run = sim.run(town({}), 1, engine="compiled", keep="all", folder=tmp_path)
    key = run.tables.query("SELECT request FROM requests ORDER BY arrived LIMIT 1")["request"].item()
    told = sim_explain(run, key)
    assert "inspectors find it on patrol" in told
    assert "by patrol" in told
    assert "the citizen" not in told
