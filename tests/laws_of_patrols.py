"""Laws about what inspectors find: who is out, what becomes of it, and who hears of it. None has a tolerance."""

from __future__ import annotations

import numpy as np
from lawbook import law, none
from ledger import NEVER, Ledger

from sim.scenario.patrol import PATROL


@law
def only_who_is_out_finds(run: Ledger) -> None:
    """What is found is of a kind that can be seen, and somebody is on an errand in that instant."""
    policy, r, p = run.scenario.policies.act_before, run.requests, run.out.problems
    found = r[r["channel"] == PATROL]
    first = found.groupby("problem")["arrived"].min()
    none(p["found"].fillna(NEVER) != p["problem"].map(first).fillna(NEVER), p)
    none(p["found"] < p["born"], p)
    if policy is None:
        assert found.empty
        return
    none(found["category"].astype(str).map(policy.visible).fillna(0.0) == 0.0, found)
    out = run.visits[(run.visits["kind"] == "errand") & run.visits["started"].notna()]
    begun, over = np.sort(out["started"]), np.sort(out["over"])
    when = found["arrived"].to_numpy()
    under_way = np.searchsorted(begun, when, "right") - np.searchsorted(over, when, "left")
    none(under_way < 1, found)


@law
def what_is_found_is_a_request_at_once(run: Ledger) -> None:
    """It goes straight to its unit, which begins to work; it has a citizen only where one has reported it since."""
    r = run.requests
    found = r[r["channel"] == PATROL]
    none((found["dispatched"] != found["arrived"]) | found["repeat_of"].notna(), found)
    visits = run.visits[run.visits["request"].isin(found["request"])].sort_values("visit")
    first = visits.drop_duplicates("request")
    none(~first["kind"].isin(("handling", "part")), first)
    none(visits["kind"].isin(("intake", "wrong_line", "council", "overflow")), visits)
    attached = r[(r["status"] == "merged") & r["dispatched"].isna()].groupby("problem")["arrived"].min()
    heard = found["problem"].map(attached).fillna(NEVER)
    none((found["contacted"] < heard) | (found["called_back"] < heard), found)
    asked = visits[visits["kind"] == "callback"]
    none(asked["queued"] < asked["request"].map(dict(zip(found["request"], heard, strict=True))), asked)


@law
def nothing_is_found_that_is_in_hand(run: Ledger) -> None:
    """No request of the problem that was dispatched before is open, but for one that waits for its second round."""
    r = run.requests
    found = r[r["channel"] == PATROL]
    others = r[r["problem"].isin(found["problem"]) & r["dispatched"].notna() & (r["rounds"] < 2)]
    pairs = found.merge(others, on="problem", suffixes=("", "_of"))
    over = np.minimum(pairs["first_closed_of"].fillna(NEVER), pairs["ended_of"].fillna(NEVER))
    none((pairs["dispatched_of"] < pairs["arrived"]) & (pairs["arrived"] < over), pairs)


@law
def patrols_last_an_hour_at_most(run: Ledger) -> None:
    """… of the whole city's hours, and where only they are errands, no more are worked than were asked for."""
    policy = run.scenario.policies.act_before
    others = run.scenario.policies
    precise, callback = others.precise_dispatch, others.callback
    if (
        policy is None
        or others.monthly_theme
        or others.supervision
        or (precise and precise.duty_list)
        or (callback and callback.exclusion)
    ):
        return
    patrols = run.visits[run.visits["kind"] == "errand"]
    none(patrols["worked"] > 1.0, patrols)
    days = np.ceil(run.out.end / 24.0)
    assert patrols["worked"].sum() <= policy.hours / run.scenario.scale * days + 1e-6
