"""From sums to measures: what is divided by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.measurement import quantities
from sim.measurement.catalogue import GAPS, REGISTRY
from sim.measurement.fold import Fold, named
from sim.measurement.grouping import Axes, Axis, Floats, group_text
from sim.measurement.table import Ratio, Table, divide
from sim.model.facts import CAUSES
from sim.model.policies import sheet

if TYPE_CHECKING:
    from sim.measurement.histogram import Histograms
    from sim.scenario import Scenario

_PERCENTS = (50, 90, 95, 99)


def finish(fold: Fold, levels: pd.DataFrame, pools: pd.DataFrame, replication: int) -> pd.DataFrame:
    """The measures of all that a fold has been given, and of the tables of levels and pools; see ``measures``."""
    scenario, table = fold.scenario, Table(fold.scenario.currency)
    contacts = named(fold.contact_sums, quantities.CONTACTS)
    answers = named(fold.answer_sums, quantities.RATES)
    problems = named(fold.problem_sums, quantities.PROBLEMS)

    table.add_ratios(fold.contacts, contact_ratios(contacts, scenario))
    table.add_ratios(fold.contacts, rates(contacts, scenario))
    table.add_ratios(fold.answers, rates(answers, scenario))  # with the month of the answer
    closed = contacts.own, contacts.closed, contacts.hours
    add_durations(table, fold.contacts, "time_to_close", *closed, fold.hours_to_close)
    add_theil(table, fold.contacts, contacts)
    add_causes(table, fold.contacts, contacts)
    add_reports(table, fold)
    add_pool_measures(table, levels, pools, fold)

    ratios = {
        "problems": Ratio(problems.problems),
        "fixed_share": Ratio(problems.fixed, problems.problems),
        "unreported_share": Ratio(problems.unreported, problems.observed),
        "found_share": Ratio(problems.found_first, problems.noticed * (scenario.policies.act_before is not None)),
    }
    table.add_ratios(fold.problems, ratios)
    fixed = problems.problems, problems.fixed, problems.hours
    add_durations(table, fold.problems, "birth_to_fix", *fixed, fold.hours_to_fix)
    add_gaps(table, scenario)
    return table.frame(scenario.name, replication)


def rates(c: Any, scenario: Scenario) -> dict[str, Ratio]:
    """What the callback says of the scored; ``c`` has the sums of ``quantities.RATES``."""
    callback = scenario.policies.callback
    asks_satisfaction = callback is not None and callback.satisfied is not None
    nothing = Ratio(np.zeros_like(c.scored), np.zeros_like(c.scored))
    response = Ratio(c.responded, c.scored) if scenario.contact is not None else nothing
    satisfaction = Ratio(c.said_satisfied, c.scored) if asks_satisfaction else nothing
    score = nothing
    if callback is not None:
        weights, three = sheet.weights_of(callback.score.weights), (response, Ratio(c.said_resolved), satisfaction)
        if all(rate is not nothing for weight, rate in zip(weights, three, strict=True) if weight > 0):
            score = Ratio(sheet.points(weights, [rate.numerator for rate in three]), c.scored)
    return {
        "score": score,
        "response_rate": response,
        "resolution_rate": Ratio(c.said_resolved, c.scored),
        "satisfaction_rate": satisfaction,
        "said_contacted_rate": Ratio(c.said_contacted, c.scored),
    }


def contact_ratios(c: Any, scenario: Scenario) -> dict[str, Ratio]:
    """All measures that are a sum, or one sum over another; ``c`` has those of ``quantities.CONTACTS``."""
    callback, has_contact = scenario.policies.callback, scenario.contact is not None
    has_exclusion = callback is not None and callback.exclusion is not None
    supervision = scenario.policies.supervision
    has_levels = callback is not None and callback.satisfied is not None and callback.satisfied.levels is not None
    return {
        "callback_answered_share": Ratio(c.answered_callback, c.own * (callback is not None)),
        "excluded_share": Ratio(c.excluded, c.answered_callback * has_exclusion),
        **{f"{name}_share": Ratio(c[name], c.scored * has_levels) for name in quantities.LEVELS},
        # truth
        "resolution_gap": Ratio(c.said_resolved - c.scored_and_resolved, c.scored),
        "false_resolution_share": Ratio(c.falsely_resolved, c.said_resolved),
        "true_resolution_share": Ratio(c.truly_resolved, c.own),
        "true_resolution_share_among_closed": Ratio(c.truly_resolved, c.closed),
        "closed_share": Ratio(c.closed, c.own),
        "street_level_share": Ratio(c.resolved_by_street, c.truly_resolved),
        # breaches
        "breach_share": Ratio(c.late, c.due_passed),
        "contact_breach_share": Ratio(c.contact_late * has_contact, c.contact_due_passed * has_contact),
        "lateness_mean": Ratio(c.lateness, c.late),
        "lateness_mean_among_closed": Ratio(c.lateness_stopped, c.late_stopped),
        # flow
        "contacts": Ratio(c.contacts),
        "requests": Ratio(c.requests),
        "found_requests": Ratio(c.found),
        "request_share": Ratio(c.requests - c.found, c.contacts),
        "instant_answer_share": Ratio(c.answered, c.asked),
        "deflected_share": Ratio(c.deflected, c.contacts),
        "settled_share": Ratio(c.settled, c.contacts),
        "out_of_scope_share": Ratio(c.out_of_scope, c.contacts),
        "merged_share": Ratio(c.merged, c.contacts),
        "lost_share": Ratio(c.lost, c.by_phone),
        "repeat_share": Ratio(c.repeats, c.contacts),
        "backlog_end": Ratio(c.open),
        "backlog_end_counted": Ratio(c.open_counted),
        "hops_mean": Ratio(c.hops, c.requests),
        "bounced_share": Ratio(c.bounced, c.requests),
        "rounds_mean": Ratio(c.rounds, c.requests),
        "reopened_share": Ratio(c.reopened, c.closed),
        "whistles": Ratio(c.whistles),
        "escalated_share": Ratio(c.escalated, c.requests * (supervision is not None)),
        "sent_up_share": Ratio(c.sent_up, c.requests * (supervision is not None and supervision.sent_up is not None)),
        # phone
        "calls": Ratio(c.calls),
        "answered_within_15s": Ratio(c.within_15s, c.calls),
        "answered_within_20s": Ratio(c.within_20s, c.calls),
        "phone_wait_mean": Ratio(c.wait, c.calls),
        "phone_wait_mean_answered": Ratio(c.wait_picked_up, c.picked_up),
        "abandonment_share": Ratio(c.abandoned, c.calls),
        "wrong_line_share": Ratio(c.wrong_line, c.calls),
    }


def add_durations(
    table: Table, axes: Axes, stem: str, cases: Floats, over: Floats, hours: Floats, all_of: Histograms
) -> None:
    """Report the mean and the quantiles of a duration, of all ``cases`` and of those that are ``over``.

    ``hours`` are those of the latter, the histograms are ``all_of`` them. The names begin with ``stem``; those in the
    registry are reported: ``<stem>_mean``, ``<stem>_mean_among_closed`` (or ``_fixed``), ``<stem>_p50`` …
    """
    twin = next(suffix for suffix in ("_among_closed", "_among_fixed") if f"{stem}_mean{suffix}" in REGISTRY)
    for group_by in REGISTRY[f"{stem}_mean"].groups:
        axis = axes[group_by]
        n, n_over, total = axis.sum(cases), axis.sum(over), axis.sum(hours)
        whole = np.where(n == n_over, total, np.nan)
        table.add(f"{stem}_mean", group_by, axis.groups, divide(whole, n), whole, n)
        table.add(f"{stem}_mean{twin}", group_by, axis.groups, divide(total, n_over), total, n_over)
        found = all_of.quantiles(axis.codes, len(axis.groups), _PERCENTS)
        for suffix, quantiles, size in zip(("", twin), found, (n, n_over), strict=True):
            for percent, value in zip(_PERCENTS, quantiles, strict=True):
                if f"{stem}_p{percent}{suffix}" in REGISTRY:
                    table.add(f"{stem}_p{percent}{suffix}", group_by, axis.groups, value, denominator=size)


def add_theil(table: Table, axes: Axes, sums: Any) -> None:
    """Report the Theil index T of time to closing, and its part between districts, from the sums of contacts.

    T = mean of (x/μ)·ln(x/μ) = Σ x ln x / Σ x − ln μ; Theil, Economics and Information Theory (1967).
    """
    for group_by in REGISTRY["theil"].groups:
        axis = axes[group_by]
        n, n_closed = axis.sum(sums.own), axis.sum(sums.closed)
        index = _theil(axis.sum(sums.x_ln_x), axis.sum(sums.hours), n_closed)
        table.add("theil", group_by, axis.groups, np.where(n == n_closed, index, np.nan), denominator=n)
        table.add("theil_among_closed", group_by, axis.groups, index, denominator=n_closed)

    districts = axes["district"]
    n_closed, total = districts.sum(sums.closed), districts.sum(sums.hours)
    mean = divide(total, n_closed)
    if_alike = total * np.log(np.where(mean > 0, mean, 1.0))
    size = np.array([n_closed.sum()])
    between = _theil(np.array([if_alike.sum()]), np.array([total.sum()]), size)
    table.add("theil_between_districts_among_closed", "", axes[""].groups, between, denominator=size)


def _theil(x_ln_x: Floats, total: Floats, n: Floats) -> Floats:
    """T from the sums of x ln x and of x over n cases; 0 where all x are 0, NaN of no cases.

    What is less than the rounding of the sums (half of 2⁻³⁶ h a case) is 0: all wait alike.
    """
    mean = divide(total, n)
    spread = divide(x_ln_x, total) - np.log(np.where(total > 0, mean, 1.0))
    least = divide(np.full(mean.shape, 2.0**-37), mean) + 1e-14
    return np.where(n > 0, np.where((total > 0) & (spread > least), spread, 0.0), np.nan)


def add_gaps(table: Table, scenario: Scenario) -> None:
    """Report the largest less the smallest value among the districts that are places, of what the table has."""
    no_places = {group_text([name]) for name, district in scenario.districts.items() if not district.place}
    gaps, districts = np.full(len(GAPS), np.nan), np.zeros(len(GAPS))
    for i, measure in enumerate(GAPS):
        block = table.blocks[measure, "district"]
        values = block.value[(block.denominator > 0) & [group not in no_places for group in block.groups]]
        districts[i] = len(values)
        if len(values) > 1:
            gaps[i] = np.max(values) - np.min(values)  # NaN, not reached, if one of them is
    units = [REGISTRY[measure].unit for measure in GAPS]
    groups = [group_text([measure]) for measure in GAPS]
    table.add("equity_gap", "measure", groups, gaps, denominator=districts, units=units)
    table.add("equity_gap", "", [group_text([])], gaps[:1], denominator=districts[:1], units=units[:1])


def add_causes(table: Table, axes: Axes, sums: Any) -> None:
    """Report hours by cause and breaches by their largest cause, from the sums of contacts."""
    for measure, stem in (("hours_by_cause", "hours"), ("breaches_by_largest_cause", "blamed")):
        for group_by in REGISTRY[measure].groups:
            axis = axes["" if group_by == "cause" else group_by.removesuffix("+cause")]
            by_group = np.stack([axis.sum(sums[f"{stem}_{cause}"]) for cause in CAUSES], axis=1)  # groups × causes
            groups = [group_text([*value, cause]) for value in axis.values for cause in CAUSES]
            total = by_group.ravel()
            of = np.repeat(by_group.sum(axis=1), len(CAUSES))
            table.add(measure, group_by, groups, total, total)
            table.add(f"{measure}_share", group_by, groups, divide(total, of), total, of)


def add_reports(table: Table, fold: Fold) -> None:
    """Report how often units that were whistled for have begun in time."""
    number = {name: owner for owner, name in enumerate(fold.names.owners)}
    units = list(fold.names.units)
    in_time, judged = fold.reports[:, [number[name] for name in units]]
    table.add("report_rate", "unit", [group_text([name]) for name in units], divide(in_time, judged), in_time, judged)
    whole = in_time.sum(keepdims=True), judged.sum(keepdims=True)
    table.add("report_rate", "", [group_text([])], divide(*whole), *whole)


def add_pool_measures(table: Table, levels: pd.DataFrame, pools: pd.DataFrame, fold: Fold) -> None:
    """Report how busy people are, how long queues are, and what the people cost.

    An hour belongs to the window if all of it does. The number of requests must be in the table already.
    """
    first, last = np.ceil(fold.count_from), np.floor(fold.count_until)
    hour = levels["hour"].to_numpy()
    inside = (hour >= first) & (hour < last)
    names = list(dict.fromkeys(pools["pool"]))
    pool = levels["pool"].astype("category")
    if list(pool.cat.categories) != names:
        names += sorted(set(pool[inside].dropna().unique()) - set(names))
        pool = pool.cat.set_categories(names)
    codes = pool.cat.codes.to_numpy()[inside].astype(np.int64)
    by_pool = Axis(codes, [(name,) for name in names])
    axes = {"": Axis(np.zeros_like(codes), [()]), "pool": by_pool}
    arrivals, queue, busy, on_duty, called_in, longer = (
        levels[column].to_numpy(dtype=np.float64)[inside]
        for column in ("arrivals", "queue", "busy", "on_duty", "called_in", "overtime")
    )
    table.add_ratios(axes, {"utilisation": Ratio(busy, on_duty), "wait_mean": Ratio(queue, arrivals)})
    hours = max(last - first, 0.0)
    for group_by, axis in axes.items():
        waited, window = axis.sum(queue), np.full(len(axis.groups), hours)
        table.add("queue_mean", group_by, axis.groups, divide(waited, window), waited, window)

    rate = pools.set_index("pool").reindex(names)
    wage = rate["wage"].to_numpy(dtype=np.float64)
    overtime = np.maximum(busy - on_duty, 0.0)
    factor = rate["overtime"].to_numpy(dtype=np.float64)
    called = by_pool.sum(called_in)
    for_effort = by_pool.sum(longer)
    cost = wage * (by_pool.sum(on_duty) - called - for_effort + by_pool.sum(overtime) * factor)
    paid = called * np.nan_to_num(_wage_of_called(fold.scenario, wage)) + for_effort * _wage_of_overtime(fold.scenario)
    cost = np.where(paid > 0, np.nan_to_num(cost) + paid, cost)
    total = np.array([np.nan if np.all(np.isnan(cost)) else np.nansum(cost)])
    table.add("cost", "pool", by_pool.groups, cost, cost)
    table.add("cost", "", [group_text([])], total, total)
    requests = table.blocks["requests", ""].value
    table.add("cost_per_request", "", [group_text([])], divide(total, requests), total, requests)


def _wage_of_overtime(scenario: Scenario) -> float:
    """Of those who come for the effort of units under pressure."""
    effort = None if scenario.policies.ranking is None else scenario.policies.ranking.effort
    return 0.0 if effort is None or effort.overtime is None else effort.overtime


def _wage_of_called(scenario: Scenario, wage: Floats) -> Floats:
    """Of those who are called in, by pool: their own wage, that of the pool which lends them, or that of this pool."""
    surge = scenario.policies.surge
    if surge is None:
        return wage
    lender = {**scenario.pools, **scenario.units}[surge.from_].wage if surge.from_ is not None else None
    own = surge.wage if surge.from_ is None else (np.nan if lender is None else lender)
    return wage if own is None else np.full_like(wage, own)
