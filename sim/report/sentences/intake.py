"""Sentences about the mechanisms that act before a contact is a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.model.load import open_hours
from sim.report.explain import length
from sim.report.sentences.words import count, few, mean, of_100

if TYPE_CHECKING:
    from sim.model.city import City


def one_hotline(city: City) -> Iterator[str]:
    policy = city.scenario.policies.one_hotline
    assert policy is not None
    lines = [(name, line) for c in city.scenario.channels.values() for name, line in (c.lines or {}).items()]
    taken = [(name, line) for name, line in lines if policy.takes is None or name in policy.takes]
    left = sorted({name for name, line in lines if (name, line) not in taken and line.pool != policy.into})
    pools = {line.pool for _, line in taken} | {policy.into}
    names = few([name for name, _ in taken])
    yield f"the calls of {count(len(taken), 'line', 'lines')} ({names}) come to {policy.into}."
    if policy.shifts == "sum":
        yield f"The people of {count(len(pools), 'pool', 'pools')} sit there together."
    elif len(pools) > 1:
        yield f"Its own people take them; those of {few(sorted(pools - {policy.into}))} are gone."
    if policy.talk_factor != 1:
        yield f"They talk {of_100(policy.talk_factor)} % as long, as they know less of each matter."
    if any(channel.wrong_line for channel in city.scenario.channels.values()):
        yield f"Wrong calls go to {few(left)} as before, or come from there." if left else "No call is wrong any more."


def enterprise_line(city: City) -> Iterator[str]:
    policy, plan = city.scenario.policies.enterprise_line, city.enterprise_line
    assert policy is not None
    assert plan is not None
    firms = mean(city, lambda c: (1.0, c.firms.share))
    duty = open_hours(city, plan.family.first)
    yield f"of 100 who call, {of_100(firms)} are firms; they call {policy.pool}, which is open {duty:.3g} h a day."
    when = [] if policy.overflow_after is None else [f"after {length(policy.overflow_after)}"]
    when += ["when it is closed"] if duty < 24 else []
    if when:
        yield f"A call that nobody answers goes on to the general line {' or '.join(when)}."
    helpers = [pool.family for pool in city.pools if plan.family.first in pool.helps]
    if helpers:
        yield f"{few(list(dict.fromkeys(helpers)))} help there when they are free."


def online(city: City) -> Iterator[str]:
    plan, policy = city.online, city.scenario.policies.online
    assert plan is not None
    assert policy is not None
    if policy.move is not None:
        moved = mean(city, lambda c: (1.0, c.moves.share))
        yield f"of 100 who would call, {of_100(moved)} come online."
    if (bot := policy.chatbot) is not None:
        where = {"phone": "on the phone", "online": "online", "both": "on the phone and online"}[bot.at]
        whom = {"easy": "what an agent would answer at once", "consultations": "consultations", "all": "everybody"}
        yield (
            f"A chatbot {where} takes {whom[bot.takes]}: it answers {of_100(bot.deflects)} of 100, of whom "
            f"{of_100(bot.fails)} of 100 call an agent after all."
        )
        if bot.takes == "all":
            yield "A problem whose report it answers is known to nobody."
    if policy.talk_factor != 1:
        yield f"Agents talk {of_100(policy.talk_factor)} % as long on the phone."
    if (desk := policy.dispatch) is not None:
        found = mean(city, lambda c: (c.dispatched, c.accuracy.at_first))
        yield (
            f"A machine proposes units to the dispatch desk: it needs {of_100(desk.work_factor)} % of its time and "
            f"finds the right one at once in {of_100(found)} of 100 cases."
        )


def council(city: City) -> Iterator[str]:
    policy = city.scenario.policies.council
    assert policy is not None
    yield (
        f"every {length(policy.every)} a table of {policy.unit} opens for {length(policy.hours)} at each place, with "
        f"{count(policy.seats, 'officer', 'officers')} from the office."
    )
    told = [f"{of_100(share)} of {name}" for name, share in policy.share.items()]
    yield f"Of 100 first reports are brought there: {', '.join(told)}; {of_100(policy.settles)} of 100 are settled."
    wait = "until they have one" if policy.wait is None else f"up to {length(policy.wait)}, then they call"
    yield f"A matter takes {length(policy.work.mean)} on average; for a seat citizens wait {wait}."


def instant_answer(city: City) -> Iterator[str]:
    answered = mean(city, lambda c: None if c.is_report else (1.0, c.instant_answer.answered))
    yield f"of 100 consultations {of_100(answered)} are answered on the spot and need no unit."
