"""Sentences about the mechanisms that act while a request is on its way and at units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.model import rules
from sim.model.load import mean_hours
from sim.report.explain import length
from sim.report.sentences.words import by_class, count, limit_text, mean, of_100

if TYPE_CHECKING:
    from sim.model.city import City


_ORDERS = {
    "fcfs": "first come, first served",
    "class": "by urgency class",
    "due": "by due date",
    "aged": "by arrival with a head start for urgent classes",
}


def classified_handling(city: City) -> Iterator[str]:
    units = city.scenario.units
    orders = Counter(units[name].discipline for name in sorted(units))
    said = "; ".join(f"{count(n, 'unit serves', 'units serve')} {_ORDERS[order]}" for order, n in orders.items())
    yield f"{said}."
    out_of_scope = mean(city, lambda c: (1.0, c.classified_handling.out_of_scope))
    if out_of_scope > 0:
        yield f"Of 100 contacts {of_100(out_of_scope)} are out of scope and turned away."


def precise_dispatch(city: City) -> Iterator[str]:
    spec, policy = city.scenario.dispatch, city.scenario.policies.precise_dispatch
    assert spec is not None
    assert policy is not None
    usual = {n: spec.accuracy if c.accuracy is None else c.accuracy for n, c in city.scenario.categories.items()}
    found = mean(city, lambda c: (c.dispatched, c.accuracy.at_first))
    before = mean(city, lambda c: (c.dispatched, usual[c.name]))
    now, was = of_100(found), of_100(before)
    yield f"dispatch finds the right unit at once in {now}{'' if now == was else f' instead of {was}'} of 100 cases."
    if spec.district_desk is not None and policy.direct_to_street:
        yield "What goes to a street does not pass the district's desk."
    if policy.duplicates > 0:
        yield f"Of 100 reports of a problem that is known already, {of_100(policy.duplicates)} are recognised."
    if (lists := policy.duty_list) is not None:
        yield f"Of 100 right entries of the duty list {of_100(lists.drift)} are wrong a month later;"
        if lists.upkeep is None:
            yield "nobody keeps it up to date."
        else:
            every = "every month" if lists.upkeep.every == 1 else f"every {lists.upkeep.every} months"
            hours = length(lists.upkeep.work.divided(city.scenario.scale).mean)
            yield f"{every} the desk brings it up to date, in {hours} of work on average that come after all else."


def first_recipient(city: City) -> Iterator[str]:
    plan = city.first_recipient
    assert plan is not None
    yield (
        "the unit that gets a request first stays responsible; if it is the wrong one, it finds the right one "
        f"in one visit of {length(mean_hours(city, plan.coordination))} on average, and nothing goes back to the desk."
    )


def time_limits(city: City) -> Iterator[str]:
    policy = city.scenario.policies.time_limits
    assert policy is not None
    begin = "arrival" if policy.from_ == "arrival" else "the first unit"
    limits = [("contact the citizen", policy.contact), ("resolve", policy.resolve)]
    told = [f"{what} within {by_class(city, of)}" for what, of in limits if of]
    if policy.by_category:
        told.append(f"{count(len(policy.by_category), 'category has', 'categories have')} a limit of their own")
    yield f"counted from {begin}: {'; '.join(told)}."
    if (more := policy.extension) is not None:
        yield (
            f"A unit asks for {limit_text(more.length)} more when {limit_text(more.ask_before)} are left; "
            f"{of_100(more.probability)} of 100 are granted."
        )
    if policy.parking is not None:
        parked = mean(city, lambda c: (c.dispatched, c.parking.probability))
        yield f"Of 100 requests {of_100(parked)} are parked."


def whistle(city: City) -> Iterator[str]:
    policy = city.scenario.policies.whistle
    assert policy is not None
    when = "after its own work" if policy.blown == "after_own" else "before its own work"
    whom = f"at least {policy.when.parts} parts" if policy.when.parts > 1 else "parts"
    told = [f"the owner of a matter with {whom} for other units calls them all, {when}"]
    if policy.when.urgency:
        told.append(f"if its class is {' or '.join(policy.when.urgency)}")
    if policy.when.round > 1:
        told.append(f"from round {policy.when.round} on")
    if policy.budget is not None:
        told.append(f"at most {policy.budget} times in a calendar month")
    yield "; ".join(told) + "."
    if not policy.report_by:
        yield "No time to begin is set."
        return
    yield f"A part is to be begun within {by_class(city, policy.report_by)}."
    yield from _cannot_report(city)


def _cannot_report(city: City) -> Iterator[str]:
    """Units that are closed for longer than the shortest time on the clock within which they are to begin."""
    plan = city.whistle
    assert plan is not None
    for pool, unit in enumerate(city.pools):
        within = [
            of_class.report_by.amount
            for category in city.categories
            if any(part.family.first == pool for part in category.parts)
            for of_class, weight in zip(plan.classes, category.urgency, strict=True)
            if weight > 0 and of_class.whistles and of_class.report_by.kind == rules.ON_THE_CLOCK
        ]
        opens, closes, *_ = city.rosters[unit.roster].hours
        inside = opens < city.end
        closed = opens[inside][1:] - closes[inside][:-1]
        shortest = min(within, default=np.inf)
        if closed.size and closed.max() > shortest:
            yield (
                f"{unit.family}: closed for up to {length(float(closed.max()))}; what is whistled for then does not "
                f"begin within {length(float(shortest))}."
            )
