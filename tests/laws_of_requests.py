"""Laws of MODEL.md, section 7, about each contact: its ends, its times, its visits. None has a tolerance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lawbook import law, none
from ledger import NEVER, Ledger

from sim.scenario.patrol import PATROL

TICK = 2.0**-30
STATUSES = ("answered", "deflected", "settled", "out_of_scope", "lost", "merged", "closed", "intake_open", "open")
OVER = ("answered", "deflected", "settled", "out_of_scope", "lost", "merged")
BEFORE_UNITS = ("answered", "deflected", "settled", "out_of_scope", "lost", "intake_open")


def one_round(r: pd.DataFrame) -> pd.Series:
    """Whether a request was never reopened; on its way to the second round it still has one."""
    return (r["rounds"] < 2) & (r["closed"].isna() | (r["status"] == "closed"))


def may_go_up(run: Ledger, r: pd.DataFrame) -> pd.Series:
    """Whether a request may be one that is sent up."""
    policy = run.scenario.policies.supervision
    return r["escalated"].notna() & (policy is not None and policy.sent_up is not None)


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
    """Neither a wait nor a stay; nothing that has happened lies after the end."""
    v, end = run.visits, run.out.end
    none((v["queued"] < v["arrived"]) | (v["started"] < v["queued"]) | (v["ended"] < v["queued"]), v)
    none((v["ended"] < v["started"]) | (v["worked"] < 0) | v["worked"].isna() | v["queued"].isna(), v)
    none((v["queued"] >= end) | (v["started"] >= end) | (v["ended"] >= end), v)
    r = run.requests
    none((r["arrived"] >= end) | (r["answered_wait"] < 0), r)
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
    tables = run.visits[run.visits["kind"] == "council"].set_index("request")["ended"]
    turned = r["request"].map(tables).fillna(r["arrived"])  # to the hotline
    begin = r["dispatched"] if limits.from_ == "dispatch" else turned
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
        elif row.channel == PATROL:  # from when a citizen has reported it, if one has
            assert np.isnan(row.contact_due) or answer.hours is None or row.contact_due > start + answer.hours, row
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
    intake = (
        table[table["kind"].isin(("intake", "council"))]
        .groupby("request")["over"]
        .max()
        .reindex(r.index)
        .fillna(r["arrived"])
    )
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
        cleared = run.out.problems.loc[run.out.problems["fixed_by"] == "theme", "problem"]
        wrong = wrong | r["first_closed"].isna() | r["problem"].isin(cleared)
    wrong = wrong | may_go_up(run, r)  # nothing tells of a wrong unit either that neither reviews nor coordinates
    none((r["hops"] == 0) & ~wrong & once & (r["hours_bounced"] != 0), r)
    straight = past & once & (r["hops"] == 0) & ~wrong
    alone = straight & (r["whistles"] == 0)  # nobody works beside the owner
    none(alone & (r["hours_work"] != total("worked", "contact", "handling")), r)
    waited = r["hours_unit_queue"] + r["hours_unit_closed"]
    none(alone & (waited != total("wait", "contact", "handling")), r)
    none(alone & (r["hours_other_units"] < total("stay", "part")), r)
    parts = table[table["kind"] == "part"].groupby("request")
    blown_to_end = (np.minimum(parts["over"].max(), end) - parts["queued"].min()).reindex(r.index, fill_value=0.0)
    start = run.scenario.policies.whistle is not None and run.scenario.policies.whistle.blown == "start"
    none(straight & (r["whistles"] > 0) & (r["hours_other_units"] < blown_to_end) & start, r)
    none(straight & (r["hours_work"] > total("worked", "contact", "handling")), r)
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
    patient = {name: channel.hangs_up for name, channel in run.scenario.channels.items()}
    assert policies.council or not (status == "settled").any()
    seats = run.visits[run.visits["kind"] == "council"].drop_duplicates("request").set_index("request")
    sat = r["request"].isin(seats.index[seats["started"].notna()])
    none((status == "settled") & (~sat | (r["ended"] != r["request"].map(seats["ended"]))), r)
    none(r["request"].isin(seats.index) & (r["repeat_of"].notna() | (kinds == "consultation")), r)
    none((status == "lost") & ~r["channel"].astype(str).map(patient).astype(bool), r)
    if policies.callback is None:
        none((status == "closed") & (r["ended"] != r["closed"]), r)
        none(r["called_back"].notna(), r)


@law
def intake_ends_as_its_visits_say(run: Ledger) -> None:
    v = run.visits[run.visits["kind"].isin(("intake", "wrong_line"))]
    last = v.drop_duplicates("request", keep="last").set_index("request")
    r = run.requests.set_index("request").reindex(last.index)
    status, right = r["status"].astype(str), last["kind"] == "intake"
    lost = last["started"].isna() & last["ended"].notna()
    none((status == "lost") & (~lost | (last["ended"] != r["ended"])), r)
    none(status.isin(("answered", "out_of_scope")) & (last["ended"] != r["ended"]), r)
    # between two calls somebody is still at intake
    none((status == "intake_open") & right & last["started"].notna() & last["ended"].notna(), r)
    over = last["started"].notna() & last["ended"].notna() & right
    none(~status.isin(("lost", "intake_open", "merged")) & ~over, r)
    began = run.visits[run.visits["kind"] == "overflow"].drop_duplicates("request", keep="last").set_index("request")
    began = began.reindex(last.index)
    began = began["queued"].where(began["visit"] == last["visit"] - 1, last["queued"])  # before the call went on
    none((r["answered_wait"] != last["started"] - began) & last["ended"].notna() & ~lost & right, r)
    at_most = {name: c.redial.at_most if c.redial else 0 for name, c in run.scenario.channels.items()} | {PATROL: 0}
    redials = v["started"].isna().groupby(v["request"]).sum()
    none(redials.reindex(r.index) > 1 + r["channel"].astype(str).map(at_most).astype(int), r)
    none((v["kind"] == "intake") & v["started"].notna() & v["request"].duplicated(keep="last"), v)


@law
def firms_are_put_through(run: Ledger) -> None:
    """A call goes on in the instant in which it leaves the line for firms, after the time set or when that closes."""
    r, v, policy = run.requests, run.visits, run.scenario.policies.enterprise_line
    phone = r["channel"].astype(str).map({name: c.is_phone for name, c in run.scenario.channels.items()}).astype(bool)
    none(r["from_firm"] & ~phone, r)
    moved = v[v["kind"] == "overflow"]
    if policy is None:
        assert moved.empty
        return
    family = run.out.pools.set_index("pool")["family"]
    here = v["pool"].map(family) == policy.pool
    home = moved["pool"].map(family)
    assert (home == policy.pool).all()
    none(moved["started"].notna() | moved["ended"].isna(), moved)
    limit = np.inf if policy.overflow_after is None else policy.overflow_after
    none(moved["ended"] - moved["queued"] > limit, moved)
    firms = v["request"].isin(r["request"][r["from_firm"]])
    none(v["kind"].isin(("intake", "overflow")) & here & ~firms & _only_for_firms(run), v)
    none((v["kind"] == "wrong_line") & firms, v)
    then = v[v["kind"] != "errand"].set_index(["request", "visit"])["queued"]
    after = then.reindex(pd.MultiIndex.from_arrays([moved["request"], moved["visit"] + 1])).to_numpy()
    assert (after == moved["ended"].to_numpy()).all()


def _only_for_firms(run: Ledger) -> bool:
    """Whether the people of the line for firms answer no other channel by themselves."""
    policy, channels = run.scenario.policies.enterprise_line, run.scenario.channels.values()
    named = {channel.pool for channel in channels} | {line.pool for c in channels for line in (c.lines or {}).values()}
    helps = {*run.scenario.pools[policy.pool].also_serves} if policy else set()
    return policy is None or (policy.pool not in named and not named & helps)


@law
def a_wrong_line_is_another_one(run: Ledger) -> None:
    """Wrong calls come before the right one, of callers who have several numbers to choose from."""
    v = run.visits[run.visits["kind"] == "wrong_line"]
    channels, hotline = run.scenario.channels, run.scenario.policies.one_hotline
    wrong = {name: c.wrong_line is not None for name, c in channels.items()}
    r = run.requests.set_index("request").loc[v["request"]]
    none(~r["channel"].astype(str).map(wrong).astype(bool), r)
    assert hotline is None or hotline.takes is not None or v.empty, "there is one line left"
    again = {name: c.wrong_line is not None and c.wrong_line.again for name, c in channels.items()}
    told = v[v["started"].notna()]
    once = ~told["request"].map(run.requests.set_index("request")["channel"]).astype(str).map(again).astype(bool)
    none(told["request"].duplicated() & once, told)
    first_right = run.visits[~run.visits["kind"].isin(("wrong_line", "council")) & run.visits["started"].notna()]
    begun = v["request"].map(first_right.groupby("request")["started"].min())
    none(v["over"] > begun, v)


@law
def deflected_is_what_a_chatbot_takes(run: Ledger) -> None:
    """Where it stands and of the kind that it takes; at once, and without having met anybody but a table."""
    r = run.requests[run.requests["status"] == "deflected"]
    online, scenario = run.scenario.policies.online, run.scenario
    bot = None if online is None else online.chatbot
    if bot is None:
        assert r.empty
        return
    by_phone = r["channel"].astype(str).map({name: c.is_phone for name, c in scenario.channels.items()}).astype(bool)
    kinds = r["category"].astype(str).map({name: c.kind for name, c in scenario.categories.items()})
    tables = run.visits[run.visits["kind"] == "council"]
    others = run.visits["request"][run.visits["kind"] != "council"]
    begun = np.maximum(r["arrived"], r["request"].map(tables.groupby("request")["ended"].max()).fillna(0.0))
    none((r["ended"] != begun) | r["request"].isin(others), r)
    none((bot.at == "phone") & ~by_phone | (bot.at == "online") & by_phone, r)
    none((kinds == "report") & (bot.takes != "all"), r)
    assert bot.takes != "easy" or scenario.policies.instant_answer is not None or r.empty


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
    # a duplicate is recognised at the end of a dispatch visit, while another request about the problem is open; a
    # callback that is under way then is finished first
    rest = merged[~by_fix]
    for row in rest.itertuples():
        own = run.visits[run.visits["request"] == row.request]
        dispatch, callback = own[own["kind"] == "dispatch"], own[own["kind"] == "callback"]
        under_way = callback[callback["ended"] == row.ended]["started"]
        known = [t for t in dispatch["ended"] if t == row.ended or (under_way <= t).any()]
        assert known, row
        others = r[(r["problem"] == row.problem) & (r["request"] != row.request) & (r["arrived"] <= known[-1])]
        assert (others["closed"].isna() | (others["closed"] >= known[-1]) | ~one_round(others)).any(), row


@law
def a_fix_is_a_closing_that_resolved(run: Ledger) -> None:
    """And no report of the problem comes after it."""
    p, r = run.out.problems, run.requests
    assert p["problem"].is_unique
    none(p["fixed"].isna() != p["fixed_by"].isna(), p)
    none((p["first_report"] < p["born"]) | (p["fixed"] < p["born"]), p)
    by_council = p["fixed_by"] == "council"
    settled = r[r["status"] == "settled"].set_index("problem")["ended"]
    none(by_council & ~(p["fixed"] == p["problem"].map(settled)), p)
    by_theme = p["fixed_by"] == "theme"
    effects = run.out.themes.groupby(["category", "begins"], observed=True)["cleared"].sum()
    of_themes = p[by_theme].groupby(["category", "fixed"], observed=True).size()
    assert of_themes.to_dict() == effects[effects > 0].to_dict(), "a theme fixes when it takes effect"
    fixed = p[p["fixed"].notna() & ~by_council & ~by_theme].merge(
        r, left_on="fixed_by", right_on="request", how="left", suffixes=("", "_of")
    )
    none(fixed["request"].isna() | (fixed["problem_of"] != fixed["problem"]), fixed)
    none((fixed["fixed"] < fixed["first_closed"]) | (fixed["fixed"] > fixed["closed"]), fixed)
    none((fixed["rounds"] == 1) & ((fixed["closed"] != fixed["fixed"]) | ~fixed["resolved"].fillna(False)), fixed)
    about = r[r["problem"].notna()].merge(p, on="problem", how="left", suffixes=("", "_of"))
    by_itself = (about["status"] == "settled") | (about["request"] == about["fixed_by"])
    at_once = by_itself & (about["arrived"] == about["fixed"])  # at the table or by its unit, in no time
    late = (about["arrived"] >= about["fixed"]) & ~at_once
    none(about["born"].isna() | (about["born"] > about["arrived"]) | late, about)
    none((about["district"].astype(str) != about["district_of"].astype(str)), about)
    none((about["category"].astype(str) != about["category_of"].astype(str)), about)
    none((about["resolved"] == True) & about["fixed"].isna(), about)  # noqa: E712
    kinds = r["category"].astype(str).map({name: c.kind for name, c in run.scenario.categories.items()})
    none((kinds == "consultation") != r["problem"].isna(), r)
    unique = about.groupby("problem")["urgency"].nunique()
    assert (unique == 1).all(), "all reports of a problem share its urgency class"


@law
def excluded_is_only_what_was_disputed(run: Ledger) -> None:
    """A scored answer that was negative when it was given, and a review that is over."""
    r, callback = run.requests, run.scenario.policies.callback
    exclusion = callback.exclusion if callback else None
    if callback is None or exclusion is None or exclusion.asks == 0 or exclusion.granted == 0:
        none(r["excluded"], r)
        return
    none(r["excluded"] & r["called_back"].isna(), r)
    if callback.score.round == "first":  # else a later answer has taken its place
        none(r["excluded"] & r[f"said_{exclusion.on}"].ne(False), r)
        says_no = r[f"said_{exclusion.on}"].eq(False)
        if exclusion.asks == exclusion.granted == 1 and exclusion.review.work.mean == 0:
            moments = run.visits.loc[run.visits["kind"] == "errand", ["queued", "ended"]]
            over = set(moments.dropna()["queued"])
            none(says_no & r["called_back"].isin(over) & ~r["excluded"], r)


@law
def five_levels_are_a_view_of_one_answer(run: Ledger) -> None:
    r, callback = run.requests, run.scenario.policies.callback
    if callback is None or callback.satisfied is None or callback.satisfied.levels is None:
        none(r["said_level"].notna(), r)
        return
    none(r["said_level"].isna() != r["said_satisfied"].isna(), r)
    upper = r["said_level"].isin(("basically satisfied", "satisfied", "very satisfied"))
    none(upper != r["said_satisfied"].fillna(False), r)


@law
def what_is_late_is_escalated_and_nothing_else(run: Ledger) -> None:
    """… but for those of citizens who call again, and those to which a duplicate has been attached."""
    r, policy = run.requests, run.scenario.policies.supervision
    if policy is None:
        none(r["escalated"].notna(), r)
        return
    none((r["escalated"] < r["arrived"]) | (r["escalated"] > r["ended"].fillna(NEVER)), r)
    moment = r["due"] + (NEVER if policy.overdue_by is None else policy.overdue_by)
    none((r["first_closed"] > moment) & ~(r["escalated"] <= r["first_closed"]), r)
    limits = run.scenario.policies.time_limits
    if limits is not None and limits.parking is not None:
        return  # it may be parked, and due later, after that
    other = (r["repeat_of"].notna() & policy.repeats) | (r["problem"].notna() & policy.duplicates)
    none(r["escalated"].notna() & one_round(r) & ~(r["escalated"] >= moment) & ~other, r)


@law
def what_is_sent_up_has_been_escalated_and_is_a_sub_task(run: Ledger) -> None:
    """Of the higher unit, which joins its queue then; after that no other unit has the handling of it."""
    r, supervised, v = run.requests, run.scenario.policies.supervision, run.visits
    plan = None if supervised is None else supervised.sent_up
    if plan is None or plan.share == 0:
        none(r["sent_up"].notna(), r)
        return
    none(r["sent_up"].notna() & ~(r["sent_up"] >= r["escalated"]), r)
    moment = v["request"].map(r.set_index("request")["sent_up"])
    higher = v["home"].map({"": plan.to, **{pool: run.family(pool) for pool in run.pools}}) == plan.to
    left = ~higher & v["started"].isna() & (v["ended"] == moment)  # for it
    up = v[~left & (v["kind"] == "subtask") & (v["queued"] == moment)]
    assert sorted(up["request"]) == sorted(r.loc[r["sent_up"].notna(), "request"])
    callback = run.scenario.policies.callback
    if not (callback and callback.reopen and callback.reopen.to == "dispatch"):
        later = ~left & (v["queued"] >= moment) & v["kind"].isin(("review", "coordination", "handling", "subtask"))
        none(later & ~(higher & (v["kind"] == "subtask")), v)


# --- visits of a request ---------------------------------------------------------------------------------------------


@law
def a_request_is_in_one_place(run: Ledger) -> None:
    """Its visits do not overlap, but for a callback at the due date and whistled parts; and none is after its end."""
    v = run.visits.sort_values(["request", "visit"])
    ended = v["request"].map(run.requests.set_index("request")["ended"])
    none((v["over"] > ended) & ended.notna(), v)
    callback = run.scenario.policies.callback
    beside = pd.Series(False, v.index)
    parts = []
    if callback and callback.after == "due":
        beside |= v["kind"] == "callback"
        parts.append(v[beside])
    if run.scenario.policies.whistle:  # the owner's own work is one after the other all the same
        beside |= v["kind"] == "part"
    parts.append(v[~beside])
    for part in parts:
        same = part["request"].to_numpy()[1:] == part["request"].to_numpy()[:-1]
        none(same & (part["queued"].to_numpy()[1:] < part["over"].to_numpy()[:-1]), part[1:])
    numbers = v.groupby("request")["visit"]
    assert (numbers.max() == numbers.size()).all()
    assert (numbers.min() == 1).all()
    none(v["arrived"].isna() != (v["kind"] == "errand"), v)  # only an errand is nobody's
    none(v["request"].isna() != (v["kind"] == "errand"), v)


@law
def hops_and_rounds_are_those_of_the_visits(run: Ledger) -> None:
    r, v = run.requests.set_index("request"), run.visits
    done = v["started"].notna() & v["ended"].notna()
    reviews = v[done & (v["kind"] == "review")].groupby("request").size()
    rounds = v[v["kind"].isin(("contact", "handling", "coordination"))].groupby("request")["round"].max()
    reviews, rounds = (counts.reindex(r.index, fill_value=0) for counts in (reviews, rounds))
    # what was fixed meanwhile, and so merged after its review, or went up, left for no other unit
    none((r["hops"] > reviews) | (r["hops"] < reviews - ((r["status"] == "merged") | may_go_up(run, r))), r)
    none(r["rounds"] < rounds, r)
    callback = run.scenario.policies.callback
    most = 1 + (callback.reopen.at_most if callback and callback.reopen else 0)
    none((r["rounds"] > most) | (r["rounds"] < 0), r)
    none((r["rounds"] > 1) & r["first_closed"].isna(), r)
    dispatch, policies = run.scenario.dispatch, run.scenario.policies
    most = 0 if policies.first_recipient or not dispatch else dispatch.max_hops
    none((r["hops"] > most) & one_round(r), r)
    for kind, policy in (("coordination", "first_recipient"), ("subtask", "first_recipient"), ("callback", "callback")):
        of_kind = v[(v["kind"] == kind) & ~(v["request"].map(r["sent_up"]).notna() & (kind == "subtask"))]
        assert getattr(policies, policy) or of_kind.empty
    went_up = (v["request"].map(r["sent_up"]) == v["ended"]) & v["started"].isna()
    for kind in ("contact", "coordination", "subtask", "handling"):
        once = v[(v["kind"] == kind) & ~went_up]
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
    ended = ended.where(r["arrived"] >= 0.0, r["arrived"])  # before the start: as soon as it arrived
    if run.scenario.contact:
        none(r["contacted"].fillna(NEVER) != ended.fillna(NEVER), r)
