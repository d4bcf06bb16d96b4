"""Sentences about the mechanisms that act when requests are closed, and from day to day."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.model.load import mean_hours, offered_loads
from sim.model.policies import ranking as pressure
from sim.report.explain import length
from sim.report.sentences.words import count, few, of_100

if TYPE_CHECKING:
    from sim.model.city import City
    from sim.scenario.in_time import Condition


def callback(city: City) -> Iterator[str]:
    plan, policy = city.callback, city.scenario.policies.callback
    assert plan is not None
    assert policy is not None
    when = "when they are due" if plan.after_due else "after closing"
    reached = plan.coverage * (1.0 - (1.0 - plan.reach) ** (1 + plan.retries))
    calls = count(1 + plan.retries, "call", "calls")
    yield f"{when}, the citizens of {of_100(reached)} of 100 requests are reached, with at most {calls} to each."
    yield (
        f"“Resolved” say {of_100(plan.resolved.if_true)} of 100 where it is true, and "
        f"{of_100(plan.resolved.if_false)} of 100 where it is not."
    )
    if plan.levels is not None:
        yield "How satisfied they are is told in five levels, of which the upper three are the satisfied."
    if plan.reopen_at_most:
        to = "the dispatch desk" if plan.reopen_to_dispatch else "their owner"
        yield (
            f"Of 100 that are said to be unresolved {of_100(plan.reopen_probability)} go back to {to}, "
            f"{'once' if plan.reopen_at_most == 1 else f'up to {plan.reopen_at_most} times'}."
        )
    if plan.call_again > 0:
        yield f"Of 100 other citizens with an unsolved matter {of_100(plan.call_again)} call again."
    if (excluded := policy.exclusion) is not None:
        yield (
            f"Of 100 requests whose citizen says “not {excluded.on}” units ask to leave "
            f"{of_100(excluded.asks)} out of the rates; {of_100(excluded.granted)} of 100 askings are granted, "
            f"after a review of {length(excluded.review.work.mean)} on average at {excluded.review.pool}."
        )


def surge(city: City) -> Iterator[str]:
    policy = city.scenario.policies.surge
    assert policy is not None
    if policy.adds == "needed":
        whom = "as many people as it takes for nobody to wait"
    else:
        whom = count(policy.adds, "person", "people")
    whence = "are called in" if policy.from_ is None else f"are lent by {policy.from_}, as they are free there,"
    told = []
    for trigger in policy.triggers:
        until = f", until {_seen(trigger.until)}" if trigger.until is not None else ""
        told.append(f"{trigger.pool} ({_seen(trigger.when)}, looked at every {_span(trigger.check)}{until})")
    when = f" {_span(policy.after)} later" if policy.after > 0 else " at once"
    stay = f" and stay for at least {_span(policy.at_least)}" if policy.at_least > 0 else ""
    yield f"{whom} {whence} where a queue is too long, come{when}{stay}: {'; '.join(told)}."
    if city.scenario.scale != 1:
        yield f"At the scale 1:{city.scenario.scale:g} thresholds and people are divided as staff is."


def _seen(condition: Condition) -> str:
    """A condition in words."""
    if condition.what == "waiting":
        return f"{'more' if condition.above else 'fewer'} than {condition.amount:.0f} wait"
    span = f"{'more' if condition.above else 'less'} than {_span(condition.amount)}"
    if condition.what == "oldest":
        return f"somebody has waited {span}" if condition.above else f"everybody has waited {span}"
    share = "more than one in ten of those taken since" if condition.above else "nine in ten of those taken since"
    return f"{share} waited {span}"


def _span(hours: float) -> str:
    """In the largest unit of which it is a whole number."""
    for unit, size in (("d", 24.0), ("h", 1.0), ("min", 1 / 60), ("s", 1 / 3600)):
        number = round(hours / size)
        if number > (1 if unit == "d" else 0) and abs(hours / size - number) < 1e-5:
            return f"{number} {unit}"
    return length(hours)


def trust(city: City) -> Iterator[str]:
    plan, policy = city.trust, city.scenario.policies.trust
    assert plan is not None
    assert policy is not None
    yield (
        f"each {policy.step} a district's trust, 1 in the beginning, moves by {plan.gain:g} × (share of the satisfied "
        f"− {plan.neutral:g}) and comes back by {of_100(plan.decay)} % to 1, within {plan.lowest:g} and "
        f"{plan.highest:g}."
    )
    yield "Consultations, reports and calls about unsolved matters follow it from the next midnight on."
    if city.scenario.scale != 1:
        yield (
            f"At the scale 1:{city.scenario.scale:g} fewer answer in each step, and what they say varies "
            f"{city.scenario.scale**0.5:.1f} times as much."
        )


def ranking(city: City) -> Iterator[str]:
    plan, policy = city.ranking, city.scenario.policies.ranking
    assert plan is not None
    assert policy is not None
    presses = "its rank (0 for the first, 1 for the last)" if plan.by_rank else f"what it lacks to {plan.target:g}"
    yield (
        f"each month's sheet moves the pressure P of a unit by {plan.gain:g} × {presses} − {plan.decay:g} × P; always "
        f"last, it has {_highest(city):.2f} at the end."
    )
    if plan.effort is not None and policy.effort is not None:
        paid = " by officers who come for it" if plan.effort.overtime else ""
        yield (
            f"Under pressure work is 1 + {plan.effort.share:g} × P times as long, at most {plan.effort.most:g} times, "
            f"and solves more{paid}."
        )
        if not plan.effort.overtime:
            yield from _overrun(city, pressure.effort(_highest(city), plan.effort.share, plan.effort.most))
    if plan.gaming is not None:
        yield (
            f"Of 100 requests that nobody works on {length(plan.gaming.window)} before they are due, "
            f"{plan.gaming.share:g} × 100 × P are closed then, unsolved; of 100 of their citizens "
            f"{of_100(plan.gaming.persuaded)} call them resolved."
        )
    if plan.exclusion is not None:
        yield f"Units ask for exclusions with {plan.exclusion.share:g} × 100 × P of 100 more."
    if city.scenario.scale != 1:
        yield (
            f"Scores, ranks and pressure are to be studied at 1:1: at the scale 1:{city.scenario.scale:g} a unit has "
            f"fewer answers, and they vary {city.scenario.scale**0.5:.1f} times as much."
        )


def _highest(city: City) -> float:
    """The pressure of who is always last, or always without any score, at the end."""
    plan, found = city.ranking, 0.0
    assert plan is not None
    for _ in plan.acts:
        found = pressure.pressed(found, 1.0 if plan.by_rank else plan.target, plan.gain, plan.decay)
    return found


def _overrun(city: City, most: float) -> Iterator[str]:
    """A warning where units could not do so much more."""
    units = {pool.name for pool in city.pools if pool.level}
    over = [load for load in offered_loads(city) if load.offered * most >= 1 and units.intersection(load.pools)]
    if over:
        names = few([" + ".join(load.pools) for load in sorted(over, key=lambda load: -load.offered)])
        yield (
            f"With {most:.2f} times the work {count(len(over), 'pool has', 'pools have')} more to do than they can "
            f"({names}): without overtime their queues grow as long as the pressure lasts."
        )


def supervision(city: City) -> Iterator[str]:
    plan, policy = city.supervision, city.scenario.policies.supervision
    assert plan is not None
    assert policy is not None
    late = "at once when it is late" if plan.overdue_by == 0 else f"when it is late by {length(plan.overdue_by)}"
    when = [late] if plan.overdue_by < math.inf else []
    when += ["if its citizen has called before"] if plan.repeats else []
    when += ["when a duplicate is recognised"] if plan.duplicates else []
    yield (
        f"a request is escalated {', or '.join(when)}: units take it before all that is not, and people of "
        f"{policy.pool} have work with it, {length(mean_hours(city, plan.work))} on average."
    )
    if policy.sent_up is not None:
        whose = f" of {few([*policy.sent_up.from_])}" if policy.sent_up.from_ else ""
        yield (
            f"Of 100 escalations{whose} {of_100(policy.sent_up.share)} send up what is left of the handling to "
            f"{policy.sent_up.to}; the owner stays, and so does whose score it is."
        )
    yield "How many will be is not known beforehand: that work is in no load told here."


def monthly_theme(city: City) -> Iterator[str]:
    plan, policy = city.monthly_theme, city.scenario.policies.monthly_theme
    assert plan is not None
    assert policy is not None
    by = {
        "volume": "most requests",
        "growth": "the largest growth of requests",
        "unsolved": "most answers “not resolved”",
        "repeat": "most calls about the same matter",
    }
    most = count(plan.count, "category", "categories")
    if plan.rule == "list":
        chosen = f"{most} of {len(plan.among)} in their order"
    else:
        chosen = f"{most} of {len(plan.among)}: those with {by[plan.rule]} in the month before"
    yield f"each month chooses {chosen}, none again within {count(plan.rest, 'month', 'months')}."
    effort = plan.pieces.sum()
    when = "takes effect at once" if plan.lag == 0 else f"takes effect {length(plan.lag)} later"
    yield f"Each takes {effort:,.4g} h of the work of {policy.pool} and, when that has been done, {when}."
    if plan.removes > 0:
        back = f", of which {of_100(plan.rebound)} % come back each month" if plan.rebound else ", for good"
        yield f"Then {of_100(plan.removes)} of 100 of its problems are born no more{back}."
    if plan.clears > 0:
        yield f"{of_100(plan.clears)} of 100 open ones are fixed at once."
    names = ("work", "lead times", "errors of dispatch")
    turned = [f"{of_100(f)} % of the {name}" for f, name in zip(plan.handling, names, strict=True) if f != 1]
    if turned:
        yield f"What still comes takes {' and '.join(turned)}."


def act_before(city: City) -> Iterator[str]:
    plan, policy = city.act_before, city.scenario.policies.act_before
    assert policy is not None
    if plan is None:
        yield "nobody goes on patrol, as there are no hours for it."
        return
    spread = {
        "even": "evenly over its districts",
        "problems": "over its districts by the problems that are there",
        "complaints": "over its districts by the complaints of this month and the last",
    }[plan.by]
    days = len(set(plan.dates.tolist()))
    yield f"people of {policy.pool} patrol {policy.hours:,.4g} h a day in the whole city, spread {spread},"
    yield "hour by hour while they are on duty and nobody else needs them."
    if policy.while_ is not None:
        yield f"They are sent out only while fewer than {policy.while_.amount:.0f} others wait in their queue."
    a_day = plan.hours * days / (city.end / 24.0) / len(city.districts)
    found = [(c.name, 24.0 / (c.sight.rate * a_day)) for c in city.categories if c.sight.rate > 0.0]
    if not found:
        yield "They find nothing, as there is nothing that they can see."
        return
    told = [f"{length(hours)} ({name})" for name, hours in found[:3]]
    more = f" and those of {len(found) - 3} more" if len(found) > 3 else ""
    yield f"If nobody reports them, they find problems after {', '.join(told)}{more} on average, where hours are even."
    if plan.work_factor != 1:
        yield f"What they find takes {of_100(plan.work_factor)} % of the work."
