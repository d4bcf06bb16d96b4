"""Enterprise line (企业专线): who calls which line, how calls go on, and what dedication costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact import agrees
from scenario_texts import town as small_town
from scenario_texts import wrongs
from test_mechanism_sizes import REPLICATIONS
from towns import both, same_tables

import sim
from sim.experiment.runs import run as run_replications
from sim.model.city import build_city
from sim.model.load import offered_loads
from sim.model.policies import enterprise_line
from sim.report.explain import explain
from sim.report.mechanisms import in_words
from sim.scenario import Scenario, from_dict

Data = dict[str, Any]
MINUTE = 1 / 60
DAY = [{"days": "mon-sun", "hours": "6:00-24:00", "staff": 1}]


def city(line: Data | None, firms: Any = 1, hotline: Any = 100_000, total: str = "4000 / d", **parts: Any) -> Scenario:
    """Questions by phone, half of them of firms; people are `staff` or shifts."""

    def people(of: Any) -> Data:
        return {"staff": of} if isinstance(of, int) else {"shifts": of} if isinstance(of, list) else of

    data: Data = {
        "name": "firms and others",
        "time": {"start": "2024-01-01", "count_until": "2024-01-04", "end": "2024-01-05"},
        "districts": {"Town": {}},
        "channels": {
            "phone": {"share": 1, "kind": "phone", "pool": "hotline", "talk": "5 min", **parts.pop("phone", {})}
        },
        "pools": {"hotline": people(hotline), "firms": people(firms), **parts.pop("pools", {})},
        "categories": {
            "Question": {"kind": "consultation", "total": total, "from_firms": 0.5, **parts.pop("category", {})}
        },
        "policies": {"instant_answer": {"answered": 1}, **parts.pop("policies", {})},
        **parts,
    }
    if line is not None:
        data["policies"]["enterprise_line"] = {"pool": "firms", **line}
    return from_dict(data)


def run(scenario: Scenario, replication: int = 0, engine: Any = "compiled") -> sim.Outcomes:
    return sim.simulate(scenario, replication, engine=engine)


def calls(out: sim.Outcomes) -> pd.DataFrame:
    """Visits with whether a firm called."""
    return out.visits.merge(out.requests[["request", "from_firm", "arrived", "answered_wait", "status"]], on="request")


# --- one citizen, worked out by hand ---------------------------------------------------------------------------------


def way(out: sim.Outcomes, request: str) -> list[tuple[str, str, float, float]]:
    """Kind, pool, and minutes since the contact arrived of joining and leaving the queue, of each visit."""
    own = out.visits[out.visits["request"] == request]
    came = out.requests.set_index("request").loc[request, "arrived"]
    return [
        (
            v.kind,
            v.pool,
            round((v.queued - came) / MINUTE, 4),
            round((np.nanmin([v.started, v.ended]) - came) / MINUTE, 4),
        )
        for v in own.itertuples()
    ]


def test_the_path_of_one_citizen() -> None:
    """A call that nobody answers goes on after two minutes; its patience of three runs on."""
    for line, hotline, patience, path, status in (
        ({}, 9999, None, [("intake", "firms", 0, 0)], "answered"),
        (
            {"overflow_after": "2 min"},
            9999,
            None,
            [("overflow", "firms", 0, 2), ("intake", "hotline", 2, 2)],
            "answered",
        ),
        (
            {"overflow_after": "2 min"},
            {"staff": 1, "calendar": "never"},
            "3 min",
            [("overflow", "firms", 0, 2), ("intake", "hotline", 2, 3)],
            "lost",
        ),
        ({"overflow_after": "5 min"}, 9999, "3 min", [("intake", "firms", 0, 3)], "lost"),
        (
            {"overflow_after": "0 min"},
            9999,
            "3 min",
            [("overflow", "firms", 0, 0), ("intake", "hotline", 0, 0)],
            "answered",
        ),
    ):
        phone = {"patience": patience} if patience else {}
        calendars = {"never": {"open": {"sun": "23:58-24:00"}}}
        out = both(city(line, hotline=hotline, phone=phone, calendars=calendars, category={"from_firms": 1}))
        table = out.visits.groupby("request")["kind"].agg(list)
        first = out.visits.groupby("request").head(1).set_index("request")
        begins = first["started"] == first["queued"] if not line else first["started"].isna()
        found = table[begins & (table.str.len() == len(path))].index[0]
        assert way(out, found) == path
        row = out.requests.set_index("request").loc[found]
        assert row["status"] == status
        assert row["hours_intake"] == row["ended"] - row["arrived"]
        if status == "answered":
            assert row["answered_wait"] == pytest.approx(path[-1][3] * MINUTE, abs=1e-6)
        else:
            assert pd.isna(row["answered_wait"])
        measured = sim.measures(out).set_index(["measure", "group_by"])["value"]
        assert measured[("calls", "")] == len(out.counted), "one call each, wherever it is answered"


def test_a_call_that_waits_when_the_line_closes_goes_on_at_once() -> None:
    out = both(city({}, firms=DAY))
    moved = calls(out)[calls(out)["kind"] == "overflow"]
    assert len(moved) > 100
    assert (moved["ended"] % 24 == 0).all(), "the line closes at midnight, and nothing else moves them"
    night = calls(out)[calls(out)["from_firm"] & (calls(out)["arrived"] % 24 < 6)]
    assert set(night["pool"]) == {"hotline"}, "before 6:00 it is closed"
    assert (night["kind"] == "intake").all()
    assert not (calls(out)["pool"].eq("firms") & ~calls(out)["from_firm"]).any()


def test_shifts_that_follow_each_other_do_not_close_the_line() -> None:
    shifts = [
        {"days": "mon-sun", "hours": "6:00-14:00", "staff": 1},
        {"days": "mon-sun", "hours": "14:00-24:00", "staff": 2},
    ]
    out = run(city({}, firms=shifts, total="2000 / d"))
    moved = out.visits[out.visits["kind"] == "overflow"]
    assert (moved["ended"] % 24 == 0).all()


def test_when_a_call_goes_on() -> None:
    opens, closes, today = np.array([6.0, 14.0, 30.0]), np.array([14.0, 24.0, 48.0]), np.array([-1, 1, 2])
    for at, there in ((5.0, False), (6.0, True), (13.0, True), (14.0, True), (24.0, False), (31.0, True)):
        assert enterprise_line.is_open(opens, closes, today, at) is there
    for at, after, moves in (
        (7.0, 1.0, 8.0),
        (13.5, 1.0, 14.5),
        (13.5, np.inf, 24.0),
        (23.0, 5.0, 24.0),
        (31.0, 99.0, 48.0),
    ):
        assert enterprise_line.goes_on(opens, closes, today, at, after) == moves


def test_general_agents_may_help() -> None:
    alone = run(city({}, firms=1, hotline=3, total="900 / d"))
    pools = {"hotline": {"staff": 3, "also_serves": ["firms"]}}
    helped = both(city({}, firms=1, total="900 / d", pools=pools))
    mean = [sim.measures(out).set_index(["measure", "group_by", "group"])["value"] for out in (alone, helped)]
    waits = [value[("phone_wait_mean", "caller", '["firm"]')] for value in mean]
    assert waits[1] < waits[0] / 4
    taken = calls(helped)
    assert (taken["from_firm"] & (taken["pool"] == "hotline")).any()


def test_on_a_wrong_line_there_are_no_firms_that_have_their_own() -> None:
    lines = {"a": {"pool": "hotline", "categories": ["Question"]}, "b": {"pool": "other"}}
    phone = {"pool": None, "lines": lines, "wrong_line": {"share": 0.5, "talk": "1 min"}}
    phone = {key: value for key, value in phone.items() if value is not None}
    more = {"Other": {"kind": "consultation", "total": "10 / d"}}
    data = city({"overflow_after": "0 min"}, pools={"other": {"staff": 999}}).resolved()
    data["channels"]["phone"] = {"share": 1, "kind": "phone", "talk": "5 min", **phone}
    data["categories"] |= more
    out = calls(both(from_dict(data)))
    assert (out["kind"] == "wrong_line").any()
    assert not (out["from_firm"] & (out["kind"] == "wrong_line")).any()
    assert (out["from_firm"] & (out["kind"] == "overflow")).any()


# --- off is off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_without_firms_the_line_changes_no_byte(engine: Any) -> None:
    category = {"from_firms": 0}
    off, on = (run(city(line, total="500 / d", category=category), engine=engine) for line in (None, {}))
    assert same_tables(off, on)


def test_who_is_a_firm_is_the_same_with_and_without_the_line() -> None:
    off, on = (run(city(line, total="500 / d")) for line in (None, {}))
    assert off.requests["from_firm"].equals(on.requests["from_firm"])
    more = run(city(None, total="500 / d", category={"from_firms": 0.7}))
    assert (more.requests["from_firm"] | ~off.requests["from_firm"]).all(), "a larger share contains the smaller one"


def test_reports_of_one_place_are_all_from_firms_or_none() -> None:
    data = city(None).resolved()
    data["units"] = {"Desk": {"staff": 1}}
    data["categories"]["Leak"] = {
        "total": "30 / d", "unit": "Desk", "work": "9 h", "reports": {"every": "5 h"}, "from_firms": 0.5
    }  # fmt: skip
    r = run(from_dict(data)).requests
    by_problem = r[r["problem"].notna()].groupby("problem")["from_firm"].agg(["nunique", "size"])
    assert by_problem["size"].max() > 2
    assert (by_problem["nunique"] == 1).all()


# --- how many, and measures by caller --------------------------------------------------------------------------------


def test_the_share_of_firms() -> None:
    found = [
        float(run(city({}, category={"from_firms": 0.2}), k).counted["from_firm"].mean()) for k in range(REPLICATIONS)
    ]
    assert agrees(np.array(found), 0.2)
    assert not agrees(np.array(found), 0.22)


def test_measures_by_caller() -> None:
    """Worked out from the visits; streamed rows give the same."""
    phone = {
        "patience": {"distribution": "exponential", "mean": "3 min"},
        "redial": {"probability": 0.5, "after": "5 min"},
    }
    scenario = city({"overflow_after": "1 min"}, firms=3, hotline=6, total="2400 / d", phone=phone)
    out = run(scenario)
    table = calls(out)[calls(out)["request"].isin(out.counted["request"])].sort_values(["request", "visit"])
    began = table["queued"].where(table["kind"].shift() != "overflow", table["queued"].shift())
    table = table.assign(wait=table["started"].fillna(table["ended"]) - began)[table["kind"] == "intake"]
    value = sim.measures(out).set_index(["measure", "group_by", "group"])["value"]
    for caller, own in (("firm", table[table["from_firm"]]), ("other", table[~table["from_firm"]])):
        at = ("caller", f'["{caller}"]')
        assert value[("calls", *at)] == len(own) > 1000
        assert value[("phone_wait_mean", *at)] == pytest.approx(own["wait"].mean())
        assert value[("answered_within_20s", *at)] == pytest.approx(
            (own["started"].notna() & (own["wait"] <= 20 / 3600)).mean()
        )
        assert value[("abandonment_share", *at)] == pytest.approx(own["started"].isna().mean())
    assert (table["status"] == "lost").any()
    rows = sim.run(scenario, 1, keep="measures").measures.set_index(["measure", "group_by", "group"])["value"]
    pd.testing.assert_series_equal(rows[value.index], value, check_exact=True)


def test_without_firms_nothing_is_grouped_by_caller() -> None:
    data = city(None, total="100 / d").resolved()
    del data["categories"]["Question"]["from_firms"]
    measured = sim.measures(run(from_dict(data)))
    assert "caller" not in set(measured["group_by"])


@pytest.mark.long
def test_dedication_helps_whom_it_is_for_and_costs_the_rest() -> None:
    """The same fourteen people: generous seats for firms; Erlang's exact values are in the theory tests."""
    talk = {"phone": {"talk": {"distribution": "exponential", "mean": "5 min"}}, "category": {"from_firms": 0.2}}
    on = sim.run(city({}, firms=5, hotline=9, total="120 / h", **talk), 4, keep="measures").measures
    off = sim.run(city(None, firms=0, hotline=14, total="120 / h", **talk), 4, keep="measures").measures

    def wait(table: pd.DataFrame, group_by: str = "", group: str = "[]") -> float:
        rows = table[
            (table["measure"] == "phone_wait_mean") & (table["group_by"] == group_by) & (table["group"] == group)
        ]
        return float(rows["value"].mean())

    firm, other = (wait(on, "caller", f'["{name}"]') for name in ("firm", "other"))
    assert firm < wait(off) < wait(on) < other


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_load_knows_who_calls_when_the_line_is_open(share: float) -> None:
    """Where nobody waits, so that nothing goes on."""
    hours = [1] * 6 + [3] * 18
    firms = [{"days": "mon-fri", "hours": "6:00-24:00", "staff": 9000}]
    scenario = city(
        {"talk": "10 min"},
        firms=firms,
        category={"from_firms": share, "hours": hours},
        time={"start": "2024-01-01", "count_until": "2024-01-08", "end": "2024-01-09"},
    )
    out = run(scenario)
    counted = out.visits[out.visits["request"].isin(out.counted["request"])]
    for load in offered_loads(build_city(scenario)):
        there = counted[counted["pool"] == load.pools[0]]
        assert load.visits == pytest.approx(len(there) / 7, rel=0.03)
        assert load.work == pytest.approx(there["worked"].sum() / 7, rel=0.03)


def test_explain_tells_how_a_call_goes_on() -> None:
    kept = run_replications(city({"overflow_after": "2 min"}, total="900 / d"), 1, keep="all")
    requests = kept.tables.query("SELECT request FROM visits WHERE kind = 'overflow' LIMIT 1")["request"]
    text = explain(kept, str(requests.iloc[0]))
    assert "by phone from a firm" in text
    assert "the line for firms (firms): goes on to the general line after 2 min" in " ".join(text.split())


def test_show_tells_who_calls_and_when_calls_go_on() -> None:
    line = {"overflow_after": "2 min"}
    pools = {"hotline": {"staff": 9, "also_serves": ["firms"]}}
    said = in_words(build_city(city(line, firms=DAY, pools=pools)))["enterprise_line"]
    assert "of 100 who call, 50 are firms; they call firms, which is open 18 h a day." in said
    assert "goes on to the general line after 2 min or when it is closed. hotline help there when" in said
    alone = in_words(build_city(city({})))["enterprise_line"]
    assert alone.endswith("which is open 24 h a day.")


# --- what a scenario may say -----------------------------------------------------------------------------------------

ERRORS = [
    ("", "{pool: desk}", "policies.enterprise_line: has nothing to act on: it needs firms"),
    (", from_firms: 0", "{pool: nowhere}", "policies.enterprise_line.pool: there is no pool “nowhere”"),
    (", from_firms: 0", "{}", "policies.enterprise_line.pool: is missing"),
    (", from_firms: 0", "{pool: desk, overflow_after: 2}", "policies.enterprise_line.overflow_after: "),
    (", from_firms: 2", "{pool: desk}", "categories.Question.from_firms: "),
]


@pytest.mark.parametrize(("firms", "policy", "message"), ERRORS)
def test_errors(firms: str, policy: str, message: str) -> None:
    text = small_town(("kind: consultation", f"kind: consultation{firms}"))
    found = wrongs(text + f"policies: {{enterprise_line: {policy}}}\n")
    assert any(line.partition(": ")[2].startswith(message) for line in found), found


def test_firms_need_a_phone() -> None:
    web = "  phone: {share: 0.9, pool: hotline, talk: 5 min, patience: 3 min, redial: {probability: 0.4, after: 1 h}}\n"
    text = small_town(
        (f"channels:\n{web}  web: {{share: 0.1}}\n", ""), ("kind: consultation", "from_firms: 0, kind: consultation")
    )
    [found] = wrongs(text)
    assert "categories.Question.from_firms: has nothing to act on: it needs a channel by phone" in found
