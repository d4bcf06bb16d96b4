"""Surge staffing: exact values, paths by hand, lending, and what it may not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from exact import agrees
from towns import both, station

import sim
from sim.scenario import Scenario, ScenarioError, from_dict

HOUR = {"distribution": "exponential", "mean": "1 h"}


def replications(scenario: Scenario, of: Callable[[sim.Outcomes], list[float]], n: int) -> np.ndarray:
    """Numbers of each replication, [replication, number]."""
    return np.array([of(sim.simulate(scenario, k, engine="compiled")) for k in range(n)])


# --- a backlog drains (truths 11.drain: Kolmogorov's equations for the queue, Wald's identity for the drain time) ----

SHOCK, END_OF_SHOCK = 120.0, 132.0


def shocked(rate: str = "8 / h", **surge: Any) -> Scenario:
    """Ten officers in steady state; twelve hours of five times the demand; then, perhaps, fifteen people more."""
    trigger = {"pool": "Desk", "when": "waiting > 60", "check": "4 h"}
    policy = {"triggers": [trigger], "adds": 15, "after": "2 h", "at_least": "30 d", **surge}
    storm = {"from": "2024-01-06", "until": "2024-01-06 12:00", "factor": 5}
    return station(rate, HOUR, 10, 18, demand={"shocks": {"storm": storm}}, policies={"surge": policy})


def drained(out: sim.Outcomes) -> list[float]:
    """Waiting when the people come, and when the shock is over; hours from then until nobody waits."""
    queued = np.sort(out.visits["queued"].to_numpy())
    started = np.sort(out.visits["started"].dropna().to_numpy())

    def waiting(at: float) -> int:
        return int(np.searchsorted(queued, at) - np.searchsorted(started, at))

    ends = started[started >= END_OF_SHOCK]
    after = np.searchsorted(queued, ends, side="right") - np.searchsorted(started, ends, side="right")
    return [waiting(SHOCK + 6.0), waiting(END_OF_SHOCK), ends[np.argmax(after == 0)] - END_OF_SHOCK]


@pytest.mark.theory
def test_a_backlog_drains_at_the_capacity_that_is_left() -> None:
    """Waiting over (capacity − arrivals): 254.8/17, where it would be 359.8/2 without the people."""
    found = replications(shocked(), drained, 200)
    exact = [179.81803, 254.81803, 14.989296]
    assert all(agrees(values, value) for values, value in zip(found.T, exact, strict=True))
    assert not agrees(found[:, 2], 1.1 * exact[2])
    for wrong in (shocked("8.8 / h"), shocked(adds=0), shocked(adds=13), shocked(after="4 h")):
        assert abs(replications(wrong, drained, 30)[:, 2].mean() - exact[2]) > 1.5


@pytest.mark.theory
def test_staff_that_stays_is_a_larger_desk() -> None:
    """Truth 11.erlang: Erlang's formula with ten agents instead of eight, from before the window on."""

    def late(out: sim.Outcomes) -> list[float]:
        waits = out.counted["answered_wait"].dropna().to_numpy() * 3600
        return [float((waits > 20).mean()), float(waits.mean())]

    def hotline(**surge: Any) -> Scenario:
        policy = {"triggers": [{"pool": "hotline", "when": "waiting > 0", "check": "1 h"}], "adds": 2, **surge}
        return from_dict(
            {
                "name": "hotline",
                "time": {"start": "2024-01-01", "count_from": "2024-01-11", "end": "2024-06-01"},
                "districts": {"Town": {}},
                "channels": {
                    "phone": {
                        "share": 1,
                        "pool": "hotline",
                        "talk": {"distribution": "exponential", "mean": "5 min"},
                    }
                },
                "pools": {"hotline": {"staff": 8}},
                "categories": {"Question": {"kind": "consultation", "total": "90 / h"}},
                "policies": {"instant_answer": {"answered": 1}, "surge": policy},
            }
        )

    found = replications(hotline(at_least="1000 d"), late, 8)
    assert agrees(found[:, 0], 0.2595407776)
    assert abs(found[:, 1].mean() - 36.7933) <= 4 * found[:, 1].std(ddof=1) / np.sqrt(8)
    assert not agrees(found[:, 0], 0.7807876594), "without them"


def test_with_as_many_as_are_needed_nobody_waits_longer_than_a_check() -> None:
    """… and with fewer than are needed some do."""
    for check, hours in (("1 h", 1.0), ("15 min", 0.25)):
        trigger = {"pool": "Desk", "when": "waiting > 0", "check": check}
        policy = {"triggers": [trigger], "adds": "needed"}
        out = sim.simulate(station("30 / h", HOUR, 20, 20, policies={"surge": policy}))
        waits = (out.visits["started"] - out.visits["queued"]).dropna()
        assert hours / 2 < waits.max() <= hours
        few = sim.simulate(station("30 / h", HOUR, 20, 20, policies={"surge": {**policy, "adds": 2}}))
        assert (few.visits["started"] - few.visits["queued"]).max() > 2 * hours


def test_a_fixed_number_is_called_at_most_once_while_people_come_or_are_there() -> None:
    """Calls ≤ 1 + T/(after + at_least)."""
    trigger = {"pool": "Desk", "when": "waiting > 8", "check": "30 min"}
    policy = {"triggers": [trigger, {**trigger, "when": "oldest > 1 h"}], "adds": 2, "after": "3 h", "at_least": "9 h"}
    out = sim.simulate(station("8 / h", HOUR, 7, 60, policies={"surge": policy}))
    assert 20 < len(out.calls) <= 1 + 60 * 24 / 12
    assert set(out.calls["trigger"]) == {1, 2}
    assert (out.calls["comes"].iloc[1:].to_numpy() > out.calls["left"].iloc[:-1].to_numpy()).all()


# --- by hand ---------------------------------------------------------------------------------------------------------


def crowd(**policy: Any) -> Scenario:
    """One officer, jobs of four hours; a crowd comes in the first hour of the run, and then hardly anybody."""
    day = {"from": "2024-01-01", "until": "2024-01-01 01:00", "factor": 8000}
    return from_dict(
        {
            "name": "a crowd",
            "time": {"start": "2024-01-01", "end": "2024-01-03"},
            "districts": {"Town": {}},
            "demand": {"shocks": {"crowd": day}},
            "units": {"Desk": {"staff": 1, "wage": "10 / h"}, "Back": {"staff": 3, "wage": "7 / h"}},
            "categories": {
                "Matter": {"total": "0.001 / h", "unit": "Desk", "work": "4 h"},
                "Other": {"total": "0.0003 / h", "unit": "Back", "work": "3 h"},
            },
            "policies": {"surge": {"triggers": [{"pool": "Desk", "when": "waiting > 2", "check": "90 min"}], **policy}},
        }
    )


def by_pool(out: sim.Outcomes, column: str, pool: str) -> list[float]:
    return list(out.levels.loc[out.levels["pool"] == pool, column])


def test_the_path_of_a_call() -> None:
    """Called at the first check, 1:30; there from 3:30 for 5 hours; at the first check after that with two or fewer
    waiting they go. Whoever is first in the queue is taken by them at 3:30.
    """
    plain = both(crowd(adds=0))
    assert plain.calls.empty
    out = both(crowd(adds=2, after="2 h", at_least="5 h", wage="30 / h"))
    [call] = out.calls.to_dict("records")
    visits = out.visits[out.visits["pool"] == "Desk"]
    waiting = int((visits["queued"] < 1.5).sum()) - 1
    assert waiting == call["waiting"] > 2
    queued = np.sort(visits["queued"])
    assert call["oldest"] == 1.5 - queued[1]
    assert [call[name] for name in ("called", "trigger", "asked", "comes", "people")] == [1.5, 1, 2, 3.5, 2]
    assert call["left"] == 9.0, "8:30 is no check"
    started = np.sort(visits["started"].dropna())
    assert started[0] == queued[0]
    assert list(started[1:3]) == [3.5, 3.5], "the next in line, four hours of one officer's work earlier or more"
    without = plain.visits.loc[plain.visits["pool"] == "Desk", "started"]
    assert np.sort(without.dropna())[1] == queued[0] + 4.0
    assert by_pool(out, "called_in", "Desk")[2:10] == [0, 1, 2, 2, 2, 2, 2, 0]
    assert by_pool(out, "on_duty", "Desk")[2:10] == [1, 2, 3, 3, 3, 3, 3, 1]
    cost = sim.measures(out).set_index(["measure", "group"])["value"]
    overtime = np.maximum(np.array(by_pool(out, "busy", "Desk")) - by_pool(out, "on_duty", "Desk"), 0).sum()
    assert cost["cost", '["Desk"]'] == pytest.approx(48 * 10 + 5.5 * 2 * 30 + overtime * 10)
    assert cost["cost", "[]"] == pytest.approx(cost["cost", '["Desk"]'] + 48 * 3 * 7)


def test_who_is_lent_comes_when_free_and_goes_back_when_free() -> None:
    """Three stand at Back, some of them at work: those who are idle come at once, the others as they are done."""
    out = both(crowd(adds=3, at_least="5 h", **{"from": "Back"}))
    call = out.calls.iloc[0]
    back = out.visits[out.visits["pool"] == "Back"]
    busy = int(((back["started"] < call["called"]) & (back["ended"] > call["called"])).sum())
    assert (call["called"], call["asked"], call["people"], busy > 0) == (1.5, 3, 3, True)
    lent, left = by_pool(out, "called_in", "Desk"), by_pool(out, "on_duty", "Back")
    assert lent[2] == 3 - busy
    assert left[2:6] == [0, 0, 0, 0]
    assert max(lent) == 3
    assert left[-1] == 3, "all are back in the end"
    together = np.array(lent) + left
    assert together.max() <= 3
    done = back["ended"].dropna()
    first = float(done[done > 1.5].min())
    assert lent[int(first) + 1] >= 3 - busy + 1
    one = sim.measures(out).set_index(["measure", "group"])["value"]["cost", '["Desk"]']
    overtime = np.maximum(np.array(by_pool(out, "busy", "Desk")) - by_pool(out, "on_duty", "Desk"), 0).sum()
    assert one == pytest.approx(48 * 10 + sum(lent) * 7 + overtime * 10), "who is lent has the wage of Back"


def test_people_go_back_when_the_lender_closes_and_nobody_works_there_at_night() -> None:
    """Lent from 10:00 on; at 17:00 the office that lends them closes."""
    scenario = from_dict(
        {
            "name": "lent by an office",
            "time": {"start": "2024-01-01", "end": "2024-01-06"},
            "calendars": {"office": {"open": {"mon-fri": "9:00-17:00"}}},
            "districts": {"Town": {}},
            "units": {"Desk": {"staff": 2}, "Office": {"staff": 4, "calendar": "office"}},
            "categories": {
                "Matter": {"total": "4 / h", "unit": "Desk", "work": "1 h"},
                "Other": {"total": "2 / h", "unit": "Office", "work": "20 min"},
            },
            "policies": {
                "surge": {
                    "triggers": [{"pool": "Desk", "when": "waiting > 3", "check": "5 h"}],
                    "adds": 9,
                    "at_least": "2 d",
                    "from": "Office",
                }
            },
        }
    )
    out = both(scenario)
    day = np.array(by_pool(out, "called_in", "Desk")).reshape(-1, 24)
    assert (day[:, 14:17] == 4).all(), "all four, though nine were asked"
    assert day[:, :9].max() == day[:, 18:].max() == 0
    assert np.array(by_pool(out, "on_duty", "Office")).reshape(-1, 24)[:, 17:].max() == 0
    begun = out.visits.loc[out.visits["pool"] == "Office", "started"].dropna() % 24
    assert begun.between(9, 17, inclusive="left").all()
    night = out.calls[out.calls["comes"] % 24 < 9]
    assert not night.empty
    assert (night["people"] == 0).all()
    assert (night["left"] == night["comes"]).all()


def test_nobody_begins_as_the_office_closes() -> None:
    """A check falls on the closing time, and somebody waits: who is called then begins when the office opens."""
    scenario = from_dict(
        {
            "name": "a check at closing time",
            "time": {"start": "2024-03-04", "end": "2024-03-08"},
            "districts": {"Town": {}},
            "calendars": {"office": {"open": {"mon-fri": "8:00-18:00"}}},
            "units": {"Desk": {"staff": 1, "calendar": "office"}},
            "categories": {"Matter": {"total": "60 / d", "unit": "Desk", "work": "30 min"}},
            "policies": {"surge": {"triggers": [{"pool": "Desk", "when": "waiting > 0", "check": "18 h"}], "adds": 1}},
        }
    )
    out = both(scenario)
    assert (out.calls["called"] % 24 == 18.0).any()
    started = out.visits["started"].dropna() % 24
    assert ((started >= 8.0) & (started < 18.0)).all()


def test_triggers_are_looked_at_as_they_say() -> None:
    """Of visits begun since the last check nine of ten, the ninth in length, is held against the limit."""
    from sim.model.control import PoolState
    from sim.model.policies.surge import Clause, is_met

    def met(text: str, above: bool, amount: float, queue: PoolState, waits: tuple[int, int] = (0, 0)) -> bool:
        return is_met(Clause(text, above, amount), queue, waits)

    queue = PoolState(waiting=3, busy=1, on_duty=1, oldest=2.5)
    assert met("waiting", True, 2, queue)
    assert not met("waiting", True, 3, queue)
    assert met("waiting", False, 4, queue)
    assert met("oldest", True, 2.0, queue)
    assert not met("oldest", True, 2.5, queue)
    assert met("wait_p90", True, 2.0, queue), "nobody has begun: the oldest's age"
    assert not met("wait_p90", True, 2.0, queue, (10, 1))
    assert met("wait_p90", True, 2.0, queue, (10, 2))
    assert met("wait_p90", True, 2.0, queue, (9, 1)), "the ninth of nine is the longest"
    assert met("wait_p90", False, 2.0, queue, (10, 1))
    assert not met("wait_p90", False, 2.0, queue, (10, 2))


def test_the_same_visits_are_counted_as_the_tables_tell() -> None:
    """Calls by wait_p90 come at just those checks at which the visits say so."""
    trigger = {"pool": "Desk", "when": "wait_p90 > 1 h", "check": "2 h"}
    out = both(station("8 / h", HOUR, 8, 20, policies={"surge": {"triggers": [trigger], "adds": 0}}))
    assert out.calls.empty, "nobody is called"
    out = both(station("8 / h", HOUR, 8, 20, policies={"surge": {"triggers": [trigger], "adds": 1, "at_least": "1 d"}}))
    visits, expected, free = out.visits, [], 0.0
    for check in np.arange(2.0, 480.0, 2.0):
        begun = visits[(visits["started"] >= check - 2) & (visits["started"] < check)]
        waits = np.sort((begun["started"] - begun["queued"]).to_numpy())
        waiting = visits[(visits["queued"] < check) & ~(visits["started"] < check)]
        p90 = waits[int(np.ceil(0.9 * len(waits))) - 1] if len(waits) else check - waiting["queued"].min()
        if check >= free and p90 > 1.0:
            expected.append(check)
            left = out.calls.loc[out.calls["called"] == check, "left"].fillna(480.0)
            assert len(left) == 1
            free = float(left.iloc[0]) + 2.0 if left.iloc[0] < 480 else 480.0
    assert list(out.calls["called"]) == expected
    assert len(expected) > 4


# --- what is refused -------------------------------------------------------------------------------------------------


def trigger(**changes: Any) -> dict[str, Any]:
    return {"pool": "Desk", "when": "waiting > 3", "check": "1 h", **changes}


WRONG = [
    ({"triggers": []}, "at least one trigger"),
    ({"triggers": [trigger(when="waiting >= 3")]}, "“>” is wanted here, not “>=”"),
    ({"triggers": [trigger(when="waiting < 3")]}, "“>” is wanted here, not “<”"),
    ({"triggers": [trigger(when="queue > 3")]}, "“queue” is not watched: waiting, oldest, wait_p90 are"),
    ({"triggers": [trigger(when="waiting")]}, "a condition such as “waiting > 60”"),
    ({"triggers": [trigger(when="waiting > 3 h")]}, "a number is wanted"),
    ({"triggers": [trigger(when="oldest > 3")]}, "a duration needs its unit"),
    ({"triggers": [trigger(until="waiting < 0")]}, "can never be"),
    ({"triggers": [trigger(until="waiting < 9")]}, "would come and go at once"),
    ({"triggers": [trigger(check="0 h")]}, "must be longer than 0"),
    ({"triggers": [trigger(pool="Dsek")]}, "there is no pool or unit “Dsek”, did you mean “Desk”"),
    ({"from": "Dsek"}, "there is no pool or unit “Dsek”, did you mean “Desk”"),
    ({"from": "Desk"}, "cannot lend to itself"),
    ({"from": "Street"}, "“Street” is per street, “Desk” per city"),
    ({"from": "Back", "wage": "3 / h"}, "it needs people from outside"),
    ({"adds": "some"}, "a number is wanted"),
    ({"adds": -1}, "must not be negative"),
]


@pytest.mark.parametrize(("policy", "said"), WRONG, ids=str)
def test_what_cannot_be_is_refused(policy: dict[str, Any], said: str) -> None:
    units = {"Desk": {"staff": 1}, "Back": {"staff": 1}, "Street": {"staff": 1, "per": "street"}}
    with pytest.raises(ScenarioError) as wrong:
        from_dict(
            {
                "name": "town",
                "time": {"start": "2024-01-01", "end": "2024-01-03"},
                "districts": {"Town": {}},
                "units": units,
                "categories": {name: {"total": "1 / d", "unit": name, "work": "1 h"} for name in units},
                "policies": {"surge": {"triggers": [trigger()], "adds": 1, **policy}},
            }
        )
    assert said in str(wrong.value)


def test_thresholds_and_people_are_divided_as_staff_is() -> None:
    from sim.model.city import build_city

    surge = {"triggers": [trigger(when="waiting > 60", until="waiting < 20")], "adds": 15}
    whole, tenth = (
        build_city(station("8 / h", HOUR, 10, 3, policies={"surge": surge}, **more)).surge
        for more in ({}, {"scale": "1:10"})
    )
    assert whole is not None
    assert tenth is not None
    (one,), (other,) = whole.posts, tenth.posts
    assert one.until is not None
    assert other.until is not None
    assert (one.when.amount, one.until.amount, one.adds) == (60, 20, 15)
    assert (other.when.amount, other.until.amount, other.adds) == (6, 2, 2)
