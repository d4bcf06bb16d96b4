"""The laws that hold in every run, whatever the scenario (MODEL.md, section 7), in random small cities.

The default run draws the same few dozen cities every time. `CITYSIM_CITIES=5000 pytest tests/test_laws.py` draws that
many others.
"""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cities import cities
from hypothesis import HealthCheck, Phase, given, note, settings
from laws import LAWS, broken_laws
from ledger import Ledger
from test_act_before import EVERYTHING
from test_sent_up import city as with_department
from test_supervision import queues
from towns import FULL, full

import sim
from sim.scenario import from_dict
from sim.scenario.staff_side import TABLE

CITIES = int(os.environ.get("CITYSIM_CITIES", "0"))
TABLES = ("requests", "visits", "levels", "problems")

some_cities = settings(
    max_examples=CITIES or 50,  # others each time
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
fewer_cities = settings(some_cities, max_examples=CITIES or 20)


@some_cities
@given(cities())
def test_every_law_holds_in_every_city(city: dict[str, Any]) -> None:
    broken = broken_laws(Ledger(sim.simulate(from_dict(city))))
    for name, what in broken.items():
        note(f"{name}: {what}")
    assert not broken, ", ".join(broken)


@pytest.fixture(scope="module")
def full_run() -> sim.Outcomes:
    """The full town, with a total of officers for the streets."""
    street = {**FULL["units"]["Street"], "staff": {"total": 7}}
    return sim.simulate(full(units={**FULL["units"], "Street": street}))


@pytest.fixture(scope="module", params=[{}, {"first_recipient": {"coordination": "1 h"}}], ids=["bounced", "first"])
def full_town(request: pytest.FixtureRequest) -> Ledger:
    """The full town, where requests bounce or stay where they came first."""
    return Ledger(sim.simulate(full(policies=request.param)))


@pytest.mark.parametrize("name", LAWS)
def test_each_law_holds_in_the_full_town(name: str, full_town: Ledger) -> None:
    LAWS[name](full_town)


def test_every_law_holds_where_officers_work_overtime() -> None:
    """Under pressure so many more come to a unit as the longer work takes, beside those who are planned."""
    asked = {"pool": "callback", "work": "5 min", "satisfied": {"intercept": 0.5}}
    effort = {"share": 0.7, "overtime": "80 / h"}
    out = sim.simulate(
        from_dict(
            {
                "name": "one month, and some days",
                "time": {"start": "2024-02-01", "end": "2024-03-05"},
                "districts": {"Town": {}},
                "pools": {"callback": {"staff": 1}},
                "contact": {"work": "5 min"},
                "units": {"Works": {"staff": 1}},
                "categories": {"Pothole": {"total": "6 / d", "unit": "Works", "work": "30 min"}},
                "policies": {"callback": asked, "ranking": {"gain": 0.5, "decay": 0, "target": 0.9, "effort": effort}},
            }
        )
    )
    assert out.levels["overtime"].sum() == 96.0  # one more from the first of March on
    assert not broken_laws(Ledger(out))


@cache
def usual() -> sim.Outcomes:
    """The full town as it is."""
    return sim.simulate(full())


# --- laws about cities that one has to make --------------------------------------------------------------------------


@fewer_cities
@given(cities())
def test_without_demand_the_tables_are_empty_and_the_same(city: dict[str, Any]) -> None:
    for category in city["categories"].values():
        category.pop("rate", None)
        category["total"] = "0 / d"
    city.pop("initial", None)
    out, like = sim.simulate(from_dict(city)), usual()
    for name in TABLES:
        table, other = getattr(out, name), getattr(like, name)
        assert list(table.columns) == list(other.columns)
        for column in table.columns:
            kinds = (str(table[column].dtype), str(other[column].dtype))
            assert kinds[0] == kinds[1], f"{name}.{column} is {kinds}"
        assert name in ("levels", "visits") or table.empty
    assert (out.visits["kind"] == "errand").all()
    if out.visits.empty:
        assert (out.levels[["arrivals", "queue", "busy"]] == 0).all(axis=None)
    assert not broken_laws(Ledger(out))
    measures = sim.measures(out)
    assert (measures.loc[measures["measure"] == "contacts", "value"] == 0).all()


@fewer_cities
@given(cities())
def test_with_ample_staff_nobody_waits(city: dict[str, Any]) -> None:
    """… but for the office to open."""
    for pool in [*city.get("pools", {}).values(), *city["units"].values()]:
        pool.pop("also_serves", None)
        if "staff" in pool:
            pool["staff"] = 5000
        else:
            pool["shifts"] = [{**shift, "staff": 5000} for shift in pool["shifts"]]
    run = Ledger(sim.simulate(from_dict({**city, "scale": 1})))
    for pool, visits in run.visits.groupby("pool"):
        if run.family(pool) == TABLE:
            continue  # a table has its seats, and opens for a session
        hours = run.hours[pool]
        served = visits.dropna(subset="started")
        queued, started = np.maximum(served["queued"].to_numpy(), 0.0), served["started"].to_numpy()
        there = hours.at(queued) > 0
        assert (started == queued)[there].all()
        opens = hours.times[hours.counts > 0]
        assert (started[~there] == opens[np.searchsorted(opens, queued[~there], side="right")]).all()
        left = visits[visits["started"].isna()]
        assert (hours.at(np.maximum(left["queued"].to_numpy(), 0.0)) == 0).all()
        if (hours.counts > 0).all() or hours.pauses:
            units = run.requests[run.requests["owner_unit"] == pool]
            assert (units["hours_unit_queue"] == np.maximum(-units["arrived"], 0.0)).all()  # before the start


# --- small cases that broke a law once -------------------------------------------------------------------------------


def small(**parts: Any) -> sim.Outcomes:
    """Two days of one district; no law is broken."""
    time = {"start": "2024-03-04", "end": "2024-03-06"}
    out = sim.simulate(from_dict({"name": "small", "time": time, "districts": {"Town": {}}, **parts}))
    assert not broken_laws(Ledger(out))
    return out


def test_who_waits_at_the_wrong_unit_has_not_left_it() -> None:
    out = small(
        dispatch={"pool": "desk", "work": "6 min", "accuracy": 0},
        pools={"desk": {"staff": 1}},
        units={"Right": {"staff": 1}, "Wrong": {"staff": 0}},
        categories={"Matter": {"total": "2 / d", "unit": "Right", "work": "1 h", "confused_with": "Wrong"}},
    )
    assert (out.visits["kind"] == "review").sum() == len(out.requests) > 2
    assert (out.requests["hops"] == 0).all()


def test_who_was_contacted_while_another_fixed_it_was_contacted() -> None:
    matter = {"total": "3 / d", "unit": "Desk", "work": "1 h", "reports": {"every": "2 h"}}
    out = small(contact={"work": "1 h"}, units={"Desk": {"staff": 3}}, categories={"Matter": matter})
    merged = out.requests[out.requests["status"] == "merged"]
    assert (merged["contacted"] == merged["ended"]).any()


def test_whose_request_was_merged_is_not_called_back() -> None:
    matter = {"total": "3 / d", "unit": "Desk", "work": "4 h", "reports": {"every": "2 h"}}
    out = small(
        units={"Desk": {"staff": 1}},
        calendars={"late": {"open": {"mon-sun": "20:00-24:00"}}},
        pools={"callback": {"staff": 1, "calendar": "late"}},
        categories={"Matter": matter},
        policies={
            "time_limits": {"resolve": "1 h"},
            "callback": {"pool": "callback", "work": "6 min", "after": "due"},
        },
    )
    calls = out.visits[out.visits["kind"] == "callback"]
    ended = calls["request"].map(out.requests.set_index("request")["ended"])
    assert (calls["started"].isna() & (calls["ended"] == ended)).any()


@pytest.mark.parametrize("total", ["0 / d", "24 / d"])
def test_a_total_of_officers_is_split_also_without_demand(total: str) -> None:
    out = small(
        districts={"North": {"population": 2}, "South": {"population": 1}},
        units={"Street": {"staff": {"total": 9}, "per": "district"}},
        categories={"Matter": {"total": total, "unit": "Street", "work": "30 min"}},
    )
    assert out.levels.groupby("hour")["on_duty"].sum().unique().tolist() == [9]


# --- the laws see ----------------------------------------------------------------------------------------------------


def changed(out: sim.Outcomes, table: str, rows: Any, **values: Any) -> sim.Outcomes:
    """The run with other values in some rows of a table."""
    frame = getattr(out, table).copy()
    for name, value in values.items():
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(object)
        frame.loc[rows, name] = value(frame.loc[rows, name]) if callable(value) else value
    return replace(out, **{table: frame})


def first(condition: pd.Series) -> list[int]:
    """The first row where it holds."""
    return [int(np.flatnonzero(condition)[0])]


def forgeries(out: sim.Outcomes) -> dict[str, sim.Outcomes]:
    """For each law the same run with one number that breaks it."""
    r, v, p = out.requests, out.visits, out.problems
    closed = first((r["status"] == "closed") & (r["rounds"] == 1) & (r["hops"] == 0) & r["ended"].notna())
    merged = first(r["status"] == "merged")
    waiting = first((v["started"] > v["queued"] + 1) & (v["kind"] == "handling"))
    fixed = first(p["fixed"].notna())
    hotline = first((v["kind"] == "intake") & (v["pool"] == "hotline") & v["started"].isna())
    overtaken = first((v["pool"] == "dispatch") & (v["started"] > v["queued"]))
    deadline = first(r["due"].notna() & (r["urgency"] == "urgent"))
    done = first((v["kind"] == "handling") & v["ended"].notna())
    return {
        "causes_add_up_to_age": changed(out, "requests", closed, hours_work=lambda hours: hours + 2.0**-30),
        "no_time_is_negative": changed(out, "visits", waiting, started=lambda t: t - 100),
        "things_happen_in_order": changed(out, "requests", closed, contacted=lambda t: t + 1000),
        "due_dates_follow_from_the_limits": changed(out, "requests", deadline, due=lambda t: t - 24),
        "hours_by_cause_are_those_of_the_visits": changed(
            out, "requests", closed, hours_work=lambda h: h - 2.0**-30, hours_unit_queue=lambda h: h + 2.0**-30
        ),
        "every_contact_has_one_end": changed(out, "requests", closed, ended=np.nan, status="answered"),
        "intake_ends_as_its_visits_say": changed(out, "requests", first(r["status"] == "lost"), ended=lambda t: t + 1),
        "firms_are_put_through": changed(out, "requests", first(r["channel"] == "web"), from_firm=True),
        "a_wrong_line_is_another_one": changed(out, "visits", done, kind="wrong_line"),
        "deflected_is_what_a_chatbot_takes": changed(out, "requests", closed, status="deflected"),
        "merged_is_only_what_was_fixed_or_a_duplicate": changed(out, "requests", merged, problem=None),
        "a_fix_is_a_closing_that_resolved": changed(out, "problems", fixed, fixed=lambda t: t - 0.5),
        "excluded_is_only_what_was_disputed": changed(out, "requests", closed, excluded=lambda _: True),
        "a_request_is_in_one_place": changed(out, "visits", done, ended=lambda t: t + 1000),
        "hops_and_rounds_are_those_of_the_visits": changed(out, "requests", closed, hops=1),
        "visits_stay_in_their_district": changed(
            out, "visits", first(v["pool"] == "Street · North 1"), pool="Street · South 1"
        ),
        "contacted_is_the_end_of_the_contact_visit": changed(out, "requests", closed, contacted=lambda t: t + 2.0**-30),
        "work_is_the_open_time_of_a_visit": changed(out, "visits", done, worked=lambda hours: hours + 2.0**-30),
        "no_more_are_busy_than_on_duty": changed(out, "visits", waiting, started=lambda t: t - 0.5),
        "nobody_of_a_total_is_forgotten": changed(out, "levels", out.levels["pool"] == "Street · North 1", on_duty=0),
        "nobody_is_idle_while_somebody_waits": changed(out, "visits", overtaken, started=lambda t: t + 2.0**-30),
        "nobody_overtakes": changed(out, "visits", hotline, ended=lambda t: t + 3),
        "who_is_called_in_comes_from_somewhere": changed(out, "levels", out.levels["hour"] == 30, called_in=1.0),
        "littles_law": changed(out, "levels", first(out.levels["queue"] > 0), queue=lambda q: q + 2.0**-30),
        **forged_patrols(),
        **forged_backlog(),
        "what_is_escalated_goes_first": forged_escalation(),
        "what_is_sent_up_has_been_escalated_and_is_a_sub_task": forged_sent_up(),
        "five_levels_are_a_view_of_one_answer": changed(
            out, "requests", first(r["said_satisfied"].fillna(False)), said_level="satisfied"
        ),
        "what_is_late_is_escalated_and_nothing_else": changed(
            out, "requests", closed, escalated=lambda t: r["arrived"]
        ),
    }


@cache
def forged_patrols() -> dict[str, sim.Outcomes]:
    """The same of a town with inspectors."""
    out = sim.simulate(from_dict(EVERYTHING))
    r, v, p = out.requests, out.visits, out.problems
    found = r["channel"] == "patrol"
    in_hand = r[~found & (r["status"] == "closed") & (r["first_closed"] > r["dispatched"] + 9)].iloc[0]
    there = in_hand["dispatched"] + 1
    return {
        "only_who_is_out_finds": changed(out, "problems", first(p["found"].notna()), found=lambda t: t - 1),
        "what_is_found_is_a_request_at_once": changed(out, "requests", first(found), dispatched=lambda t: t + 1),
        "nothing_is_found_that_is_in_hand": changed(
            out, "requests", first(found), problem=in_hand["problem"], arrived=there
        ),
        "patrols_last_an_hour_at_most": changed(out, "visits", first(v["kind"] == "errand"), worked=2.0),
    }


@cache
def forged_escalation() -> sim.Outcomes:
    """The same of an office that has more to do than it can."""
    out = sim.simulate(queues(), engine="compiled")
    v = out.visits.merge(out.requests[["request", "escalated"]], on="request", how="left")
    moved = first((v["kind"] == "handling") & (v["started"] > v["escalated"]))
    return changed(out, "visits", moved, started=lambda t: t + 9, ended=lambda t: t + 9)


@cache
def forged_backlog() -> dict[str, sim.Outcomes]:
    """The same of a town that begins with a backlog."""
    out = sim.simulate(full(initial={"Works": {"Pothole": 9, "Leak": 4}}), engine="compiled")
    stood = first(out.requests["arrived"] < 0)
    return {
        "what_is_open_at_the_start_is_what_was_given": changed(out, "requests", stood, category="Noise"),
        "it_stands_at_its_unit": changed(out, "requests", stood, dispatched=lambda t: t + 1),
    }


@cache
def forged_sent_up() -> sim.Outcomes:
    """The same of an office in which nobody works, of which a sub-task stayed at the office."""
    out = sim.simulate(with_department(), engine="compiled")
    return changed(out, "visits", first(out.visits["kind"] == "subtask"), pool="Office")


@pytest.mark.parametrize("name", LAWS)
def test_each_law_sees_when_it_is_broken(name: str, full_run: sim.Outcomes) -> None:
    before = copy.copy(full_run)
    with pytest.raises(AssertionError):
        LAWS[name](Ledger(forgeries(before)[name]))
