"""The laws of MODEL.md, section 7: each takes a run and fails if it breaks the law. None has a tolerance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from ledger import NEVER, Ledger, number

TICK = 2.0**-30
Law = Callable[[Ledger], None]
LAWS: dict[str, Law] = {}

STATUSES = ("answered", "deflected", "settled", "out_of_scope", "lost", "merged", "closed", "intake_open", "open")
OVER = ("answered", "deflected", "settled", "out_of_scope", "lost", "merged")
BEFORE_UNITS = ("answered", "deflected", "settled", "out_of_scope", "lost", "intake_open")


def law(check: Law) -> Law:
    LAWS[check.__name__] = check
    return check


def none(broken: pd.Series | np.ndarray, table: pd.DataFrame) -> None:
    """No row is broken; says which are."""
    assert not np.any(broken), "\n" + table[np.asarray(broken)].head(5).dropna(axis=1, how="all").to_string()


def one_round(r: pd.DataFrame) -> pd.Series:
    """Whether a request was never reopened; on its way to the second round it still has one."""
    return (r["rounds"] < 2) & (r["closed"].isna() | (r["status"] == "closed"))


# --- time ------------------------------------------------------------------------------------------------------------


@law
def causes_add_up_to_age(run: Ledger) -> None:
    r = run.requests
    hours = r[[name for name in r.columns if name.startswith("hours_")]]
    assert len(hours.columns) == 11
    age = np.minimum(r["ended"].fillna(NEVER), run.out.end) - r["arrived"]
    none((hours < 0).any(axis=1) | hours.isna().any(axis=1), r)
    none(hours.sum(axis=1) != age, r)


@law
def no_time_is_negative(run: Ledger) -> None:
    """Neither a wait nor a stay; nothing lies before the start, nothing that has happened after the end."""
    v, end = run.visits, run.out.end
    none((v["queued"] < v["arrived"]) | (v["started"] < v["queued"]) | (v["ended"] < v["queued"]), v)
    none((v["ended"] < v["started"]) | (v["worked"] < 0) | v["worked"].isna() | v["queued"].isna(), v)
    none((v["queued"] >= end) | (v["started"] >= end) | (v["ended"] >= end), v)
    r = run.requests
    none((r["arrived"] < 0) | (r["arrived"] >= end) | (r["answered_wait"] < 0), r)
    for table in (v, r, run.out.problems):
        for name, column in table.select_dtypes("float64").items():
            finite = column[np.isfinite(column)]
            assert (finite / TICK == np.round(finite / TICK)).all(), f"{name} is not a multiple of 2⁻³⁰ h"


@law
def things_happen_in_order(run: Ledger) -> None:
    """Arrived, dispatched, contacted, closed, called back, ended; and due after the clock began."""
    r = run.requests
    chain = ["arrived", "dispatched", "contacted", "first_closed", "closed", "ended"]
    for i, earlier in enumerate(chain):
        for later in chain[i + 1 :]:
            none(r[later] < r[earlier], r)
    none(r["first_closed"].isna() != r["closed"].isna(), r)
    none((r["called_back"] < r["arrived"]) | (r["called_back"] > r["ended"].fillna(NEVER)), r)
    none((r["due"] < r["arrived"]) | (r["contact_due"] < r["arrived"]), r)
    limits = run.scenario.policies.time_limits
    if limits is None or limits.from_ == "dispatch":
        none((r["due"] < r["dispatched"]) | (r["contact_due"] < r["dispatched"]), r)
        none((r["due"].notna() | r["contact_due"].notna()) & r["dispatched"].isna(), r)


@law
def due_dates_follow_from_the_limits(run: Ledger) -> None:
    """Those in hours of the clock; nothing but an extension or parking moves them."""
    limits, r = run.scenario.policies.time_limits, run.requests
    if limits is None:
        none(r["due"].notna() | r["contact_due"].notna(), r)
        return
    begin = r["dispatched"] if limits.from_ == "dispatch" else r["arrived"]
    ran = r[(r["dispatched"] if limits.from_ == "dispatch" else r["due"]).notna()]
    for row, start in zip(ran.itertuples(), begin[ran.index], strict=True):
        wanted = limits.by_category.get(row.category, limits.resolve.get(row.urgency))
        if wanted is None:
            assert np.isnan(row.due), row
        elif wanted.hours is not None:
            assert (
                row.due >= start + wanted.hours
                if limits.extension or limits.parking
                else row.due == start + wanted.hours
            )
        answer = limits.contact.get(row.urgency)
        if answer is None:
            assert np.isnan(row.contact_due), row
        elif answer.hours is not None:
            assert row.contact_due == start + answer.hours, row


@law
def hours_by_cause_are_those_of_the_visits(run: Ledger) -> None:
    """For requests that took the straight way: to the right unit at once, and in one round."""
    r, v, end = run.requests.set_index("request"), run.visits, run.out.end
    stay = np.minimum(v["over"], end) - v["queued"]
    table = v[["request", "kind", "worked", "queued", "over"]].assign(stay=stay, wait=stay - v["worked"])

    def total(column: str, *kinds: str) -> pd.Series:
        return table[table["kind"].isin(kinds)].groupby("request")[column].sum().reindex(r.index, fill_value=0.0)

    callback = run.scenario.policies.callback
    past = r["dispatched"].notna()
    intake = table[table["kind"] == "intake"].groupby("request")["over"].max().reindex(r.index).fillna(r["arrived"])
    none(past & (r["hours_intake"] != intake - r["arrived"]), r)
    none((r["status"] == "intake_open") & (r["hours_intake"] != end - r["arrived"]), r)
    once = one_round(r)
    none(past & (r["hours_dispatch"] != r["dispatched"] - intake) & once, r)
    asked_late = bool(callback and callback.after == "due")
    after = r["ended"].fillna(end) - r["closed"]
    none(once & r["closed"].notna() & (r["hours_callback"] != after), r)
    none(once & (r["hours_rework"] != 0), r)
    wrong = r.index.isin(v.loc[v["kind"].isin(("review", "coordination")), "request"])
    if run.scenario.policies.first_recipient:  # till the coordination nothing tells who is the wrong one
        wrong = wrong | r["first_closed"].isna()
    none((r["hops"] == 0) & ~wrong & once & (r["hours_bounced"] != 0), r)
    straight = past & once & (r["hops"] == 0) & ~wrong
    none(straight & (r["hours_work"] != total("worked", "contact", "handling")), r)
    waited = r["hours_unit_queue"] + r["hours_unit_closed"]
    none(straight & (waited != total("wait", "contact", "handling")), r)
    none(straight & (r["hours_other_units"] < total("stay", "part")), r)
    assert asked_late or callback is None or not (v["kind"] == "callback")[v["request"].map(r["closed"]).isna()].any()


# --- ends ------------------------------------------------------------------------------------------------------------


@law
def every_contact_has_one_end(run: Ledger) -> None:
    r = run.requests
    assert r["request"].is_unique
    assert set(r["status"].astype(str)) <= set(STATUSES)
    assert r["status"].value_counts().sum() == len(r)
    status = r["status"].astype(str)
    none(status.isin(OVER) & r["ended"].isna(), r)
    none(status.isin(("open", "intake_open")) & r["ended"].notna(), r)
    none((status == "closed") & r["closed"].isna(), r)
    none(status.isin(BEFORE_UNITS) & (r["dispatched"].notna() | r["first_unit"].notna() | (r["hops"] > 0)), r)
    none((status == "closed") & (r["dispatched"].isna() | r["owner_unit"].isna() | r["resolved"].isna()), r)
    none(r["dispatched"].isna() != r["first_unit"].isna(), r)
    none(r["closed"].isna() != r["resolved"].isna(), r)
    policies = run.scenario.policies
    kinds = r["category"].astype(str).map({name: c.kind for name, c in run.scenario.categories.items()})
    none((status == "answered") & (kinds != "consultation"), r)
    assert policies.instant_answer or not (status == "answered").any()
    assert policies.classified_handling or not (status == "out_of_scope").any()
    patient = {name: channel.patience is not None for name, channel in run.scenario.channels.items()}
    none((status == "lost") & ~r["channel"].astype(str).map(patient).astype(bool), r)
    if policies.callback is None:
        none((status == "closed") & (r["ended"] != r["closed"]), r)
        none(r["called_back"].notna(), r)


@law
def intake_ends_as_its_visits_say(run: Ledger) -> None:
    v = run.visits[run.visits["kind"] == "intake"]
    last = v.drop_duplicates("request", keep="last").set_index("request")
    r = run.requests.set_index("request").reindex(last.index)
    status = r["status"].astype(str)
    lost = last["started"].isna() & last["ended"].notna()
    none((status == "lost") & (~lost | (last["ended"] != r["ended"])), r)
    none(status.isin(("answered", "out_of_scope")) & (last["ended"] != r["ended"]), r)
    # between two calls somebody is still at intake
    none((status == "intake_open") & last["started"].notna() & last["ended"].notna(), r)
    none(~status.isin(("lost", "intake_open", "merged")) & (last["started"].isna() | last["ended"].isna()), r)
    none((r["answered_wait"] != last["started"] - last["queued"]) & last["ended"].notna() & ~lost, r)
    at_most = {name: c.redial.at_most if c.redial else 0 for name, c in run.scenario.channels.items()}
    calls = v.groupby("request").size()
    none(calls.reindex(r.index) > 1 + r["channel"].astype(str).map(at_most).astype(int), r)
    served = v["started"].notna() & v["request"].duplicated(keep="last")
    none(served, v)


@law
def merged_is_only_what_was_fixed_or_a_duplicate(run: Ledger) -> None:
    r = run.requests
    merged = r[r["status"] == "merged"].merge(
        run.out.problems[["problem", "fixed", "fixed_by"]], on="problem", how="left", validate="many_to_one"
    )
    none(merged["problem"].isna() | (merged["fixed_by"] == merged["request"]), merged)
    by_fix = merged["fixed"] <= merged["ended"]
    precise = run.scenario.policies.precise_dispatch
    if not precise or precise.duplicates == 0:
        none(~by_fix, merged)
        return
    # a duplicate is recognised at the end of a dispatch visit, while another request about the problem is open
    rest = merged[~by_fix]
    for row in rest.itertuples():
        dispatch = run.visits[(run.visits["request"] == row.request) & (run.visits["kind"] == "dispatch")]
        others = r[(r["problem"] == row.problem) & (r["request"] != row.request) & (r["arrived"] <= row.ended)]
        assert row.ended in set(dispatch["ended"]), row
        assert (others["closed"].isna() | (others["closed"] >= row.ended) | ~one_round(others)).any(), row


@law
def a_fix_is_a_closing_that_resolved(run: Ledger) -> None:
    """And no report of the problem comes after it."""
    p, r = run.out.problems, run.requests
    assert p["problem"].is_unique
    none(p["fixed"].isna() != p["fixed_by"].isna(), p)
    none((p["first_report"] < p["born"]) | (p["fixed"] < p["born"]), p)
    fixed = p[p["fixed"].notna()].merge(r, left_on="fixed_by", right_on="request", how="left", suffixes=("", "_of"))
    none(fixed["request"].isna() | (fixed["problem_of"] != fixed["problem"]), fixed)
    none((fixed["fixed"] < fixed["first_closed"]) | (fixed["fixed"] > fixed["closed"]), fixed)
    none((fixed["rounds"] == 1) & ((fixed["closed"] != fixed["fixed"]) | ~fixed["resolved"].fillna(False)), fixed)
    about = r[r["problem"].notna()].merge(p, on="problem", how="left", suffixes=("", "_of"))
    none(about["born"].isna() | (about["born"] > about["arrived"]) | (about["arrived"] >= about["fixed"]), about)
    none((about["district"].astype(str) != about["district_of"].astype(str)), about)
    none((about["category"].astype(str) != about["category_of"].astype(str)), about)
    none((about["resolved"] == True) & about["fixed"].isna(), about)  # noqa: E712
    kinds = r["category"].astype(str).map({name: c.kind for name, c in run.scenario.categories.items()})
    none((kinds == "consultation") != r["problem"].isna(), r)
    unique = about.groupby("problem")["urgency"].nunique()
    assert (unique == 1).all(), "all reports of a problem share its urgency class"


# --- visits of a request ---------------------------------------------------------------------------------------------


@law
def a_request_is_in_one_place(run: Ledger) -> None:
    """Its visits do not overlap, but for a callback at the due date; and none is after its end."""
    v = run.visits.sort_values(["request", "visit"])
    ended = v["request"].map(run.requests.set_index("request")["ended"])
    none((v["over"] > ended) & ended.notna(), v)
    callback = run.scenario.policies.callback
    if callback and callback.after == "due":
        asked = v["kind"] == "callback"
        parts = [v[asked], v[~asked]]
    else:
        parts = [v]
    for part in parts:
        same = part["request"].to_numpy()[1:] == part["request"].to_numpy()[:-1]
        none(same & (part["queued"].to_numpy()[1:] < part["over"].to_numpy()[:-1]), part[1:])
    numbers = v.groupby("request")["visit"]
    assert (numbers.max() == numbers.size()).all()
    assert (numbers.min() == 1).all()
    assert v["arrived"].notna().all(), "a visit of nobody"


@law
def hops_and_rounds_are_those_of_the_visits(run: Ledger) -> None:
    r, v = run.requests.set_index("request"), run.visits
    done = v["started"].notna() & v["ended"].notna()
    reviews = v[done & (v["kind"] == "review")].groupby("request").size()
    rounds = v[v["kind"].isin(("contact", "handling", "coordination"))].groupby("request")["round"].max()
    reviews, rounds = (counts.reindex(r.index, fill_value=0) for counts in (reviews, rounds))
    # what was fixed meanwhile, and so merged after its review, left for no other unit
    none((r["hops"] > reviews) | (r["hops"] < reviews - (r["status"] == "merged")), r)
    none(r["rounds"] < rounds, r)
    callback = run.scenario.policies.callback
    most = 1 + (callback.reopen.at_most if callback and callback.reopen else 0)
    none((r["rounds"] > most) | (r["rounds"] < 0), r)
    none((r["rounds"] > 1) & r["first_closed"].isna(), r)
    dispatch, policies = run.scenario.dispatch, run.scenario.policies
    most = 0 if policies.first_recipient or not dispatch else dispatch.max_hops
    none((r["hops"] > most) & one_round(r), r)
    for kind, policy in (("coordination", "first_recipient"), ("subtask", "first_recipient"), ("callback", "callback")):
        assert getattr(policies, policy) or not (v["kind"] == kind).any()
    for kind in ("contact", "coordination", "subtask", "handling"):
        once = v[v["kind"] == kind]
        none(once.duplicated("request" if kind == "contact" else ["request", "round"]), once)


@law
def visits_stay_in_their_district(run: Ledger) -> None:
    v = run.visits.merge(run.requests[["request", "district"]], on="request")
    place = v["pool"].map(run.out.pools.set_index("pool")["district"])
    none((place != "") & (place != v["district"]), v)


@law
def contacted_is_the_end_of_the_contact_visit(run: Ledger) -> None:
    v, r = run.visits, run.requests.set_index("request")
    ended = v[(v["kind"] == "contact") & v["started"].notna()].groupby("request")["ended"].min().reindex(r.index)
    if run.scenario.contact:
        none(r["contacted"].fillna(-1) != ended.fillna(-1), r)


# --- officers --------------------------------------------------------------------------------------------------------


@law
def work_is_the_open_time_of_a_visit(run: Ledger) -> None:
    """Work begins when its officer is on duty, pauses when the office is closed, and else goes on."""
    for pool, v in run.visits[run.visits["started"].notna()].groupby("pool"):
        hours = run.hours[pool]
        begun = v["started"].to_numpy()
        none(hours.at(begun) < 1, v)
        until = np.minimum(v["over"].to_numpy(), run.out.end)
        none(hours.open_time(until) - hours.open_time(begun) != v["worked"], v)
        if hours.pauses:
            # what is done exactly at closing time ends then, not in the morning
            late = (hours.at(until) > 0) & np.isin(until, hours.times) & (until > begun) & (v["over"] < NEVER)
            none(late.to_numpy(), v)
    none(run.visits["started"].isna() & (run.visits["worked"] != 0), run.visits)


@law
def no_more_are_busy_than_on_duty(run: Ledger) -> None:
    """… or finishing: no work begins while as many or more are at work than are on duty."""
    for pool, v in run.visits[run.visits["started"].notna()].groupby("pool"):
        hours, begun = run.hours[pool], v["started"].to_numpy()
        busy = number(begun, v["over"].to_numpy(), begun)
        none(busy > hours.at(begun), v)


@law
def nobody_of_a_total_is_forgotten(run: Ledger) -> None:
    """A total is split over its pools whole; a pool that would get nobody has one officer all the same."""
    if run.scenario.scale != 1:
        return
    for family, spec in {**run.scenario.pools, **run.scenario.units}.items():
        if spec.staff and spec.staff.total is not None:
            counts = [run.hours[pool].counts.max() for pool in run.pools if run.family(pool) == family]
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
        hours, work = run.hours[pool], at_work.get(pool, nothing)
        for queue in run.served_by(pool):
            line = waiting.get(queue, nothing)
            moments = np.unique(np.concatenate([hours.times, *work, *line]))
            moments = moments[moments < run.out.end]  # between two of them nothing changes
            idle = (number(*work, moments) < hours.at(moments)) & (number(*line, moments) > 0)
            assert not idle.any(), f"{pool} is idle at {moments[idle][:5]} while somebody waits for {queue}"


@law
def nobody_overtakes(run: Ledger) -> None:
    """Who starts was the first of the queue: contacts before the rest, then by the queue's discipline."""
    v = run.visits[run.visits["home"] != ""]
    for home, queue in v.groupby("home"):
        rank = ranks(run, run.family(home), queue)
        if rank is None:
            continue
        order = np.lexsort((queue["request"].to_numpy().astype(str), queue["queued"], rank, queue["kind"] != "contact"))
        ordered = queue.iloc[order]
        queued, out, started = (ordered[name].to_numpy() for name in ("queued", "out", "started"))
        # row i is ahead of column j, joined before j began and was still waiting when it did
        overtaken = np.triu((queued[:, None] < started) & (out[:, None] > started), 1)
        none(overtaken.any(axis=1), ordered)


def ranks(run: Ledger, family: str, queue: pd.DataFrame) -> np.ndarray | None:
    """The rank by the discipline of the queue; None where the tables do not tell (due dates that moved)."""
    spec, policies = run.spec(family), run.scenario.policies
    discipline, head_start = spec.discipline, spec.head_start
    classes = run.scenario.classes
    if discipline == "class":
        return queue["urgency"].map(classes.index).to_numpy()
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
    for pool in run.pools:
        of_pool, level = v[v["pool"] == pool], levels.loc[pool]
        assert level["arrivals"] == len(of_pool)
        assert level["queue"] == (np.minimum(of_pool["out"], end) - of_pool["queued"]).sum()
        assert level["busy"] == of_pool["worked"].sum()
        hours = run.hours[pool]
        duty = np.diff(np.append(np.minimum(hours.times, end), end)) @ hours.counts
        np.testing.assert_allclose(level["on_duty"], duty, rtol=1e-9, atol=1e-9)
    hour = run.out.levels.groupby("pool", observed=False)["hour"]
    assert (hour.size() == np.ceil(end)).all()


# --- all -------------------------------------------------------------------------------------------------------------


def broken_laws(run: Ledger) -> dict[str, str]:
    """What each broken law has to say."""
    found = {}
    for name, check in LAWS.items():
        try:
            check(run)
        except AssertionError as failure:
            found[name] = str(failure)
    return found
