"""Laws of MODEL.md, section 7, about each pool: who is at work, who waits, who comes first. None has a tolerance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lawbook import law, none
from ledger import NEVER, Ledger, number

from sim.scenario.staff_side import TABLE


@law
def work_is_the_open_time_of_a_visit(run: Ledger) -> None:
    """Work begins when its officer is on duty, pauses when the office is closed, and else goes on."""
    for pool, v in run.visits[run.visits["started"].notna()].groupby("pool"):
        if run.lends(pool) and run.scenario.scale != 1:
            continue  # the ledger reads who is planned from who is there
        hours = run.hours[pool]
        begun = v["started"].to_numpy()
        none(hours.at(begun) < 1, v)
        until = np.minimum(v["over"].to_numpy(), run.out.end)
        none(hours.open_time(until) - hours.open_time(begun) != v["worked"], v)
        if hours.pauses:
            # what is done exactly at closing time ends then, not in the morning
            opens = np.diff(hours.opens, prepend=hours.opens[0]) > 0  # who is called in changes the headcount alone
            late = np.isin(until, hours.times[opens]) & (until > begun) & (v["over"] < NEVER)
            none(late.to_numpy(), v)
    none(run.visits["started"].isna() & (run.visits["worked"] != 0), run.visits)


@law
def no_more_are_busy_than_on_duty(run: Ledger) -> None:
    """… or finishing: no work begins while as many or more are at work than are on duty."""
    for pool, v in run.visits[run.visits["started"].notna()].groupby("pool"):
        if run.lends(pool):
            continue
        hours, begun = run.hours[pool], v["started"].to_numpy()
        busy = number(begun, v["over"].to_numpy(), begun)
        none(busy > hours.at(begun), v)


@law
def who_is_called_in_comes_from_somewhere(run: Ledger) -> None:
    """Nobody is called in without surge staffing, nobody comes uncalled, and no more are lent than there are."""
    levels, surge = run.out.levels, run.scenario.policies.surge
    if surge is None:
        assert (levels["called_in"] == 0).all()
        assert run.out.calls.empty
        return
    assert (levels["called_in"] <= levels["on_duty"] + 1e-9).all()
    assert ((run.out.calls["people"] >= 0) & (run.out.calls["people"] <= run.out.calls["asked"])).all()
    if surge.from_ is not None and run.scenario.scale == 1:
        moved = [pool for pool in run.pools if run.lends(pool)]
        at_work = levels[levels["pool"].isin(moved)].groupby("hour")["called_in"].sum()
        planned = sum(_planned(run, pool) for pool in moved if run.family(pool) == surge.from_)
        assert (at_work.to_numpy() <= planned + 1e-9).all()


def _planned(run: Ledger, pool: str) -> float:
    """The most people who are planned at a pool at any time."""
    spec = run.spec(run.family(pool))
    if spec.shifts is not None:
        return float(max(shift.staff for shift in spec.shifts))
    assert spec.staff is not None
    return float(spec.staff.total if spec.staff.each is None else spec.staff.each)


@law
def nobody_of_a_total_is_forgotten(run: Ledger) -> None:
    """A total is split over its pools whole; a pool that would get nobody has one officer all the same."""
    if run.scenario.scale != 1:
        return
    for family, spec in {**run.scenario.pools, **run.scenario.units}.items():
        if spec.staff and spec.staff.total is not None:
            counts = [run.planned(pool).counts.max() for pool in run.pools if run.family(pool) == family]
            assert spec.staff.total <= sum(counts) < spec.staff.total + len(counts), f"{family}: {counts}"


@law
def nobody_is_idle_while_somebody_waits(run: Ledger) -> None:
    v = run.visits
    waiting = {home: (q["queued"].to_numpy(), q["out"].to_numpy()) for home, q in v[v["home"] != ""].groupby("home")}
    at_work = {
        pool: (q["started"].to_numpy(), q["over"].to_numpy()) for pool, q in v.dropna(subset="started").groupby("pool")
    }
    nothing = (np.zeros(0), np.zeros(0))
    for pool in run.pools:
        if run.lends(pool):
            continue
        hours, work = run.hours[pool], at_work.get(pool, nothing)
        for queue in run.served_by(pool):
            line = waiting.get(queue, nothing)
            moments = np.unique(np.concatenate([hours.times, *work, *line]))
            moments = moments[(moments >= 0.0) & (moments < run.out.end)]  # between two of them nothing changes
            if run.family(queue) == TABLE:
                continue  # a seat stands empty when time is too short for the next matter
            idle = (number(*work, moments) < hours.at(moments)) & (number(*line, moments) > 0)
            assert not idle.any(), f"{pool} is idle at {moments[idle][:5]} while somebody waits for {queue}"


@law
def nobody_overtakes(run: Ledger) -> None:
    """Who starts was the first of the queue: contacts, whistled parts, the rest, errands, by the queue's discipline."""
    v = run.visits[run.visits["home"] != ""]
    if (whistle := run.scenario.policies.whistle) and set(whistle.report_by) < set(run.scenario.classes):
        return  # tables do not tell who was whistled for
    ordinary = np.where(brought_forward(v) & (v["escalated"] <= v["queued"]), 2, 3)
    level = np.where(v["kind"] == "contact", 0, np.where(v["report_due"].notna(), 1, ordinary))
    v = v.assign(level=np.where(v["kind"] == "errand", 4, level))
    v = v[
        ~(brought_forward(v) & (v["escalated"] > v["queued"]) & (v["escalated"] <= v["out"]))
    ]  # moved while it waited
    for home, queue in v.groupby("home"):
        rank = ranks(run, run.family(home), queue)
        if rank is None:
            continue
        order = np.lexsort((queue["request"].to_numpy().astype(str), queue["queued"], rank, queue["level"]))
        ordered = queue.iloc[order]
        queued, out, started = (ordered[name].to_numpy() for name in ("queued", "out", "started"))
        # row i is ahead of column j, joined before j began and was still waiting when it did
        overtaken = np.triu((queued[:, None] < started) & (out[:, None] > started), 1)
        none(overtaken.any(axis=1), ordered)


@law
def what_is_escalated_goes_first(run: Ledger) -> None:
    """Nobody who is not escalated starts while an escalated one waits in the queue, but contacts and whistled parts."""
    v = run.visits[run.visits["home"] != ""]
    if (whistle := run.scenario.policies.whistle) and set(whistle.report_by) < set(run.scenario.classes):
        return  # tables do not tell who was whistled for
    for _, queue in v.groupby("home"):
        urged = brought_forward(queue)
        begun = queue[queue["started"].notna() & (queue["kind"] != "contact") & queue["report_due"].isna()]
        begun = begun[~(brought_forward(begun) & (begun["escalated"] <= begun["started"]))]["started"].to_numpy()
        since = np.maximum(queue["queued"], queue["escalated"]).to_numpy()[:, None]
        passed = (since < begun) & (queue["out"].to_numpy()[:, None] > begun)
        none(passed.any(axis=1) & urged.to_numpy(), queue)


def brought_forward(visits: pd.DataFrame) -> pd.Series:
    """Visits whose place escalation moves, of requests that were escalated."""
    kinds = ("review", "coordination", "handling", "subtask", "part")
    return visits["kind"].isin(kinds) & visits["report_due"].isna() & visits["escalated"].notna()


def ranks(run: Ledger, family: str, queue: pd.DataFrame) -> np.ndarray | None:
    """The rank by the discipline of the queue; None where the tables do not tell (due dates that moved)."""
    spec, policies = run.spec(family), run.scenario.policies
    discipline, head_start = spec.discipline, spec.head_start
    classes = run.scenario.classes
    if discipline == "class":
        order = {name: number for number, name in enumerate(classes)}
        return queue["urgency"].map(lambda name: order.get(name, 0)).to_numpy()  # an errand has none
    if discipline == "aged":
        return (queue["queued"] - queue["urgency"].map(lambda name: head_start.get(name, 0.0))).to_numpy()
    if discipline == "due":
        limits = policies.time_limits
        moved = (limits and (limits.extension or limits.parking)) or (queue["rounds"] > 1).any()
        return None if moved or family not in run.scenario.units else queue["due"].fillna(NEVER).to_numpy()
    return np.zeros(len(queue))


@law
def littles_law(run: Ledger) -> None:
    """Hours of waiting and of work in the levels are those of the visits, exactly; so are the arrivals."""
    v, end = run.visits, run.out.end
    levels = run.out.levels.groupby("pool", observed=False)[["arrivals", "queue", "busy", "on_duty"]].sum()
    assert set(levels.index) == set(run.pools)
    unclear = {queue for pool in v.loc[v["home"] == "", "pool"].unique() for queue in run.served_by(pool)}
    waited = np.minimum(v["out"], end) - np.maximum(v["queued"], 0.0)
    came = v["queued"] >= 0.0  # who has stood there since before the start does not come
    assert levels["arrivals"].sum() == came.sum()
    assert levels["queue"].sum() == waited.sum()
    for pool in run.pools:
        level, home = levels.loc[pool], v["home"] == pool
        if pool not in unclear:
            assert level["arrivals"] == (home & came).sum()
            assert level["queue"] == waited[home].sum()
        assert level["busy"] == v.loc[v["pool"] == pool, "worked"].sum()
        hours = run.hours[pool]
        duty = np.diff(np.append(np.minimum(hours.times, end), end)) @ hours.counts
        if not run.lends(pool):
            np.testing.assert_allclose(level["on_duty"], duty, rtol=1e-9, atol=1e-9)
    hour = run.out.levels.groupby("pool", observed=False)["hour"]
    assert (hour.size() == np.ceil(end)).all()
