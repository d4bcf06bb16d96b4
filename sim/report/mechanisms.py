"""What the mechanisms that are on do with the numbers of a scenario, in sentences, and what they cannot do there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.model import rules
from sim.model.load import mean_hours, offered_loads, open_hours
from sim.model.policies import ranking
from sim.report.explain import length

if TYPE_CHECKING:
    from sim.model.city import CategoryPlan, City
    from sim.scenario.in_time import Condition
    from sim.scenario.policies import Limit


class Mechanism(NamedTuple):
    """Its names, what it is in a sentence, and the sentences about a city in which it is on."""

    english: str
    chinese: str
    what: str
    sentences: Callable[[City], Iterator[str]]


def sentences(city: City) -> dict[str, list[str]]:
    """Of each mechanism that is on, by its key under ``policies``."""
    policies = city.scenario.policies
    return {key: list(what.sentences(city)) for key, what in MECHANISMS.items() if getattr(policies, key) is not None}


def in_words(city: City) -> dict[str, str]:
    """A paragraph for each mechanism that is on, by its key under ``policies``."""
    return {key: paragraph(key, told) for key, told in sentences(city).items()}


def paragraph(key: str, told: list[str]) -> str:
    """Sentences about a mechanism after its name."""
    return f"{MECHANISMS[key].english} ({MECHANISMS[key].chinese}): {' '.join(told)}"


def _one_hotline(city: City) -> Iterator[str]:
    policy = city.scenario.policies.one_hotline
    assert policy is not None
    lines = [(name, line) for c in city.scenario.channels.values() for name, line in (c.lines or {}).items()]
    taken = [(name, line) for name, line in lines if policy.takes is None or name in policy.takes]
    left = sorted({name for name, line in lines if (name, line) not in taken and line.pool != policy.into})
    pools = {line.pool for _, line in taken} | {policy.into}
    names = _few([name for name, _ in taken])
    yield f"the calls of {_count(len(taken), 'line', 'lines')} ({names}) come to {policy.into}."
    if policy.shifts == "sum":
        yield f"The people of {_count(len(pools), 'pool', 'pools')} sit there together."
    elif len(pools) > 1:
        yield f"Its own people take them; those of {_few(sorted(pools - {policy.into}))} are gone."
    if policy.talk_factor != 1:
        yield f"They talk {_of_100(policy.talk_factor)} % as long, as they know less of each matter."
    if any(channel.wrong_line for channel in city.scenario.channels.values()):
        yield f"Wrong calls go to {_few(left)} as before, or come from there." if left else "No call is wrong any more."


def _enterprise_line(city: City) -> Iterator[str]:
    policy, plan = city.scenario.policies.enterprise_line, city.enterprise_line
    assert policy is not None
    assert plan is not None
    firms = _mean(city, lambda c: (1.0, c.firms.share))
    duty = open_hours(city, plan.family.first)
    yield f"of 100 who call, {_of_100(firms)} are firms; they call {policy.pool}, which is open {duty:.3g} h a day."
    when = [] if policy.overflow_after is None else [f"after {length(policy.overflow_after)}"]
    when += ["when it is closed"] if duty < 24 else []
    if when:
        yield f"A call that nobody answers goes on to the general line {' or '.join(when)}."
    helpers = [pool.family for pool in city.pools if plan.family.first in pool.helps]
    if helpers:
        yield f"{_few(list(dict.fromkeys(helpers)))} help there when they are free."


def _few(names: list[str]) -> str:
    """The first names of several."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _online(city: City) -> Iterator[str]:
    plan, policy = city.online, city.scenario.policies.online
    assert plan is not None
    assert policy is not None
    if policy.move is not None:
        moved = _mean(city, lambda c: (1.0, c.moves.share))
        yield f"of 100 who would call, {_of_100(moved)} come online."
    if (bot := policy.chatbot) is not None:
        where = {"phone": "on the phone", "online": "online", "both": "on the phone and online"}[bot.at]
        whom = {"easy": "what an agent would answer at once", "consultations": "consultations", "all": "everybody"}
        yield (
            f"A chatbot {where} takes {whom[bot.takes]}: it answers {_of_100(bot.deflects)} of 100, of whom "
            f"{_of_100(bot.fails)} of 100 call an agent after all."
        )
        if bot.takes == "all":
            yield "A problem whose report it answers is known to nobody."
    if policy.talk_factor != 1:
        yield f"Agents talk {_of_100(policy.talk_factor)} % as long on the phone."
    if (desk := policy.dispatch) is not None:
        found = _mean(city, lambda c: (c.dispatched, c.accuracy.at_first))
        yield (
            f"A machine proposes units to the dispatch desk: it needs {_of_100(desk.work_factor)} % of its time and "
            f"finds the right one at once in {_of_100(found)} of 100 cases."
        )


def _instant_answer(city: City) -> Iterator[str]:
    answered = _mean(city, lambda c: None if c.is_report else (1.0, c.instant_answer.answered))
    yield f"of 100 consultations {_of_100(answered)} are answered on the spot and need no unit."


def _first_recipient(city: City) -> Iterator[str]:
    plan = city.first_recipient
    assert plan is not None
    yield (
        "the unit that gets a request first stays responsible; if it is the wrong one, it finds the right one "
        f"in one visit of {length(mean_hours(city, plan.coordination))} on average, and nothing goes back to the desk."
    )


def _time_limits(city: City) -> Iterator[str]:
    policy = city.scenario.policies.time_limits
    assert policy is not None
    begin = "arrival" if policy.from_ == "arrival" else "the first unit"
    limits = [("contact the citizen", policy.contact), ("resolve", policy.resolve)]
    told = [f"{what} within {_by_class(city, of)}" for what, of in limits if of]
    if policy.by_category:
        told.append(f"{_count(len(policy.by_category), 'category has', 'categories have')} a limit of their own")
    yield f"counted from {begin}: {'; '.join(told)}."
    if (more := policy.extension) is not None:
        yield (
            f"A unit asks for {_limit(more.length)} more when {_limit(more.ask_before)} are left; "
            f"{_of_100(more.probability)} of 100 are granted."
        )
    if policy.parking is not None:
        parked = _mean(city, lambda c: (c.dispatched, c.parking.probability))
        yield f"Of 100 requests {_of_100(parked)} are parked."


def _classified_handling(city: City) -> Iterator[str]:
    units = city.scenario.units
    orders = Counter(units[name].discipline for name in sorted(units))
    said = "; ".join(f"{_count(n, 'unit serves', 'units serve')} {_ORDERS[order]}" for order, n in orders.items())
    yield f"{said}."
    out_of_scope = _mean(city, lambda c: (1.0, c.classified_handling.out_of_scope))
    if out_of_scope > 0:
        yield f"Of 100 contacts {_of_100(out_of_scope)} are out of scope and turned away."


_ORDERS = {
    "fcfs": "first come, first served",
    "class": "by urgency class",
    "due": "by due date",
    "aged": "by arrival with a head start for urgent classes",
}


def _precise_dispatch(city: City) -> Iterator[str]:
    spec, policy = city.scenario.dispatch, city.scenario.policies.precise_dispatch
    assert spec is not None
    assert policy is not None
    usual = {n: spec.accuracy if c.accuracy is None else c.accuracy for n, c in city.scenario.categories.items()}
    found = _mean(city, lambda c: (c.dispatched, c.accuracy.at_first))
    before = _mean(city, lambda c: (c.dispatched, usual[c.name]))
    now, was = _of_100(found), _of_100(before)
    yield f"dispatch finds the right unit at once in {now}{'' if now == was else f' instead of {was}'} of 100 cases."
    if spec.district_desk is not None and policy.direct_to_street:
        yield "What goes to a street does not pass the district's desk."
    if policy.duplicates > 0:
        yield f"Of 100 reports of a problem that is known already, {_of_100(policy.duplicates)} are recognised."
    if (lists := policy.duty_list) is not None:
        yield f"Of 100 right entries of the duty list {_of_100(lists.drift)} are wrong a month later;"
        if lists.upkeep is None:
            yield "nobody keeps it up to date."
        else:
            every = "every month" if lists.upkeep.every == 1 else f"every {lists.upkeep.every} months"
            hours = length(lists.upkeep.work.divided(city.scenario.scale).mean)
            yield f"{every} the desk brings it up to date, in {hours} of work on average that come after all else."


def _whistle(city: City) -> Iterator[str]:
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
    yield f"A part is to be begun within {_by_class(city, policy.report_by)}."
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


def _callback(city: City) -> Iterator[str]:
    plan, policy = city.callback, city.scenario.policies.callback
    assert plan is not None
    assert policy is not None
    when = "when they are due" if plan.after_due else "after closing"
    reached = plan.coverage * (1.0 - (1.0 - plan.reach) ** (1 + plan.retries))
    calls = _count(1 + plan.retries, "call", "calls")
    yield f"{when}, the citizens of {_of_100(reached)} of 100 requests are reached, with at most {calls} to each."
    yield (
        f"“Resolved” say {_of_100(plan.resolved.if_true)} of 100 where it is true, and "
        f"{_of_100(plan.resolved.if_false)} of 100 where it is not."
    )
    if plan.reopen_at_most:
        to = "the dispatch desk" if plan.reopen_to_dispatch else "their owner"
        yield (
            f"Of 100 that are said to be unresolved {_of_100(plan.reopen_probability)} go back to {to}, "
            f"{'once' if plan.reopen_at_most == 1 else f'up to {plan.reopen_at_most} times'}."
        )
    if plan.call_again > 0:
        yield f"Of 100 other citizens with an unsolved matter {_of_100(plan.call_again)} call again."
    if (excluded := policy.exclusion) is not None:
        yield (
            f"Of 100 requests whose citizen says “not {excluded.on}” units ask to leave "
            f"{_of_100(excluded.asks)} out of the rates; {_of_100(excluded.granted)} of 100 askings are granted, "
            f"after a review of {length(excluded.review.work.mean)} on average at {excluded.review.pool}."
        )


def _surge(city: City) -> Iterator[str]:
    policy = city.scenario.policies.surge
    assert policy is not None
    if policy.adds == "needed":
        whom = "as many people as it takes for nobody to wait"
    else:
        whom = _count(policy.adds, "person", "people")
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


def _council(city: City) -> Iterator[str]:
    policy = city.scenario.policies.council
    assert policy is not None
    yield (
        f"every {length(policy.every)} a table of {policy.unit} opens for {length(policy.hours)} at each place, with "
        f"{_count(policy.seats, 'officer', 'officers')} from the office."
    )
    told = [f"{_of_100(share)} of {name}" for name, share in policy.share.items()]
    yield f"Of 100 first reports are brought there: {', '.join(told)}; {_of_100(policy.settles)} of 100 are settled."
    wait = "until they have one" if policy.wait is None else f"up to {length(policy.wait)}, then they call"
    yield f"A matter takes {length(policy.work.mean)} on average; for a seat citizens wait {wait}."


def _trust(city: City) -> Iterator[str]:
    plan, policy = city.trust, city.scenario.policies.trust
    assert plan is not None
    assert policy is not None
    yield (
        f"each {policy.step} a district's trust, 1 in the beginning, moves by {plan.gain:g} × (share of the satisfied "
        f"− {plan.neutral:g}) and comes back by {_of_100(plan.decay)} % to 1, within {plan.lowest:g} and "
        f"{plan.highest:g}."
    )
    yield "Consultations, reports and calls about unsolved matters follow it from the next midnight on."
    if city.scenario.scale != 1:
        yield (
            f"At the scale 1:{city.scenario.scale:g} fewer answer in each step, and what they say varies "
            f"{city.scenario.scale**0.5:.1f} times as much."
        )


def _act_before(city: City) -> Iterator[str]:
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
        yield f"What they find takes {_of_100(plan.work_factor)} % of the work."


def _ranking(city: City) -> Iterator[str]:
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
            yield from _overrun(city, ranking.effort(_highest(city), plan.effort.share, plan.effort.most))
    if plan.gaming is not None:
        yield (
            f"Of 100 requests that nobody works on {length(plan.gaming.window)} before they are due, "
            f"{plan.gaming.share:g} × 100 × P are closed then, unsolved; of 100 of their citizens "
            f"{_of_100(plan.gaming.persuaded)} call them resolved."
        )
    if plan.exclusion is not None:
        yield f"Units ask for exclusions with {plan.exclusion.share:g} × 100 × P of 100 more."
    if city.scenario.scale != 1:
        yield (
            f"Scores, ranks and pressure are to be studied at 1:1: at the scale 1:{city.scenario.scale:g} a unit has "
            f"fewer answers, and they vary {city.scenario.scale**0.5:.1f} times as much."
        )


def _supervision(city: City) -> Iterator[str]:
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
    yield "How many will be is not known beforehand: that work is in no load told here."


def _highest(city: City) -> float:
    """The pressure of who is always last, or always without any score, at the end."""
    plan, found = city.ranking, 0.0
    assert plan is not None
    for _ in plan.acts:
        found = ranking.pressed(found, 1.0 if plan.by_rank else plan.target, plan.gain, plan.decay)
    return found


def _overrun(city: City, most: float) -> Iterator[str]:
    """A warning where units could not do so much more."""
    units = {pool.name for pool in city.pools if pool.level}
    over = [load for load in offered_loads(city) if load.offered * most >= 1 and units.intersection(load.pools)]
    if over:
        names = _few([" + ".join(load.pools) for load in sorted(over, key=lambda load: -load.offered)])
        yield (
            f"With {most:.2f} times the work {_count(len(over), 'pool has', 'pools have')} more to do than they can "
            f"({names}): without overtime their queues grow as long as the pressure lasts."
        )


def _monthly_theme(city: City) -> Iterator[str]:
    plan, policy = city.monthly_theme, city.scenario.policies.monthly_theme
    assert plan is not None
    assert policy is not None
    by = {
        "volume": "most requests",
        "growth": "the largest growth of requests",
        "unsolved": "most answers “not resolved”",
        "repeat": "most calls about the same matter",
    }
    most = _count(plan.count, "category", "categories")
    if plan.rule == "list":
        chosen = f"{most} of {len(plan.among)} in their order"
    else:
        chosen = f"{most} of {len(plan.among)}: those with {by[plan.rule]} in the month before"
    yield f"each month chooses {chosen}, none again within {_count(plan.rest, 'month', 'months')}."
    effort = plan.pieces.sum()
    when = "takes effect at once" if plan.lag == 0 else f"takes effect {length(plan.lag)} later"
    yield f"Each takes {effort:,.4g} h of the work of {policy.pool} and, when that has been done, {when}."
    if plan.removes > 0:
        back = f", of which {_of_100(plan.rebound)} % come back each month" if plan.rebound else ", for good"
        yield f"Then {_of_100(plan.removes)} of 100 of its problems are born no more{back}."
    if plan.clears > 0:
        yield f"{_of_100(plan.clears)} of 100 open ones are fixed at once."
    names = ("work", "lead times", "errors of dispatch")
    turned = [f"{_of_100(f)} % of the {name}" for f, name in zip(plan.handling, names, strict=True) if f != 1]
    if turned:
        yield f"What still comes takes {' and '.join(turned)}."


#: By the key under ``policies``, in the order of a request's life.
MECHANISMS: Mapping[str, Mechanism] = {
    "act_before": Mechanism(
        "Act before the complaint",
        "主动治理、未诉先办",
        "Inspectors patrol the districts and find problems that nobody has reported yet.",
        _act_before,
    ),
    "one_hotline": Mechanism(
        "One hotline",
        "整合热线",
        "The calls of many lines come to one number, and their people sit together.",
        _one_hotline,
    ),
    "enterprise_line": Mechanism(
        "Enterprise line",
        "企业专线",
        "Firms call a line with people of its own; what it cannot take goes on to the general line.",
        _enterprise_line,
    ),
    "online": Mechanism(
        "Online and assistants",
        "向互联网延伸、人工智能",
        "Calls move online, a chatbot answers some, and machines help agents and the dispatch desk.",
        _online,
    ),
    "council": Mechanism(
        "Neighbourhood council",
        "邻里议事厅",
        "Local officers sit at a table and settle some matters before anybody calls the hotline.",
        _council,
    ),
    "classified_handling": Mechanism(
        "Classified handling",
        "分类处置",
        "Urgency orders the queues of units, and what is out of scope is turned away at once.",
        _classified_handling,
    ),
    "instant_answer": Mechanism(
        "Instant answer",
        "即时答复",
        "Agents with a knowledge base answer some consultations while the citizen is on the line.",
        _instant_answer,
    ),
    "precise_dispatch": Mechanism(
        "Precise dispatch",
        "精准派单",
        "The desk finds the right unit more often, by a list that is kept, and recognises duplicates.",
        _precise_dispatch,
    ),
    "first_recipient": Mechanism(
        "First recipient",
        "首接负责",
        "The first unit that gets a request stays responsible, also if it is the wrong one.",
        _first_recipient,
    ),
    "time_limits": Mechanism(
        "Time limits",
        "限时办理",
        "Citizens are to be contacted and requests resolved by a due date, by urgency class.",
        _time_limits,
    ),
    "whistle": Mechanism(
        "Whistle and report",
        "吹哨报到",
        "The owner of a joint matter calls the other units, which then work at one time.",
        _whistle,
    ),
    "callback": Mechanism(
        "Callback and scoring",
        "回访考评",
        "The hotline asks citizens how it went; their answers reopen requests and are scored.",
        _callback,
    ),
    "ranking": Mechanism(
        "Ranking and supervision",
        "月度点评、考核监督",
        "Units are scored and ranked each month; who is behind feels pressure, and works more, or only looks better.",
        _ranking,
    ),
    "supervision": Mechanism(
        "Escalation",
        "督办",
        "Requests that are late, come back or are reported by several go before others, and supervisors urge them.",
        _supervision,
    ),
    "surge": Mechanism(
        "Surge staffing",
        "应急处置",
        "Where a queue grows too long, people are called in, or lent by another pool, for a while.",
        _surge,
    ),
    "trust": Mechanism(
        "Trust",
        "认可度、依赖性",
        "Satisfied citizens turn to the city more readily, dissatisfied ones less: demand follows success.",
        _trust,
    ),
    "monthly_theme": Mechanism(
        "Monthly theme",
        "每月一题",
        "Each month a class of problems is chosen and people work on its causes, so that fewer are born.",
        _monthly_theme,
    ),
}


def _mean(city: City, of: Callable[[CategoryPlan], tuple[float, float] | None]) -> float:
    """The mean of what a category has (a weight and a value), by expected births; 0 where nothing has weight."""
    births = city.births.sum(axis=0)
    pairs = [(n * found[0], found[1]) for n, c in zip(births, city.categories, strict=True) if (found := of(c))]
    total = sum(weight for weight, _ in pairs)
    return float(sum(weight * value for weight, value in pairs) / total) if total > 0 else 0.0


def _of_100(share: float) -> str:
    """97.25 % as “97.2”; what is not quite none or all does not become it."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    if text in ("0", "100") and share not in (0.0, 1.0):
        return "fewer than 0.1" if share < 0.5 else "more than 99.9"
    return text


def _count(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


def _by_class(city: City, limits: Mapping[str, Limit]) -> str:
    """Limits of the urgency classes, said once where they are the same, and without names where it is that of all."""
    of: dict[str, list[str]] = {}
    for name, limit in limits.items():
        of.setdefault(_limit(limit), []).append(name)
    if len(of) == 1 and set(limits) >= set(city.scenario.classes):
        return next(iter(of))
    return ", ".join(f"{text} ({', '.join(names)})" for text, names in of.items())


def _limit(limit: Limit) -> str:
    """Exact, in the unit in which people would say it."""
    if limit.hours is None:
        return limit.written()
    if limit.hours >= 48 and limit.hours % 24 == 0:
        return f"{limit.hours / 24:.0f} d"
    minutes = limit.hours * 60
    return f"{minutes:.0f} min" if limit.hours < 1 and minutes % 1 == 0 else limit.written()
