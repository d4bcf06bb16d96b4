"""The way of a contact through the city, as a SimPy process one can read aloud.

Read ``life`` first; each stage is a function below it, in the order in which it happens. A stage yields the event it
waits for: the end of a visit, or a moment. What is random is drawn by name (``sim.model.purposes`` and the mechanisms),
what is decided is decided by ``sim.model.rules`` and the mechanisms; the engine only adds, compares and routes.
"""

from __future__ import annotations

import math
from collections.abc import Generator

from simpy import Event

from sim.model import purposes, rules
from sim.model.clockwork import DUE, LEAD_END, REDIAL, Course, Moment, order_of
from sim.model.draws import on_grid
from sim.model.facts import (
    ANSWERED,
    BOUNCED,
    CONTACT,
    COORDINATION,
    DEFLECTED,
    DISPATCH,
    DISTRICT_DESK,
    HANDLING,
    IN_INTAKE,
    INTAKE,
    INTAKE_OPEN,
    LEAD_TIME,
    LOST,
    OPEN,
    OTHER_UNITS,
    OUT_OF_SCOPE,
    OVERFLOW,
    PARKED,
    REVIEW,
    SUBTASK,
    WRONG_LINE,
)
from sim.model.policies import (
    act_before,
    classified_handling,
    enterprise_line,
    first_recipient,
    instant_answer,
    one_hotline,
    online,
    precise_dispatch,
    sheet,
    time_limits,
)
from sim.model.policies.monthly_theme import ERROR_FACTOR, LEAD_FACTOR, REQUESTS
from sim.model.reference.basics import (
    Cleared,
    Merged,
    Stage,
    at,
    book,
    chance,
    check_merged,
    choose,
    lasts,
    later,
    spend,
    wait,
)
from sim.model.reference.callbacks import put_on_sheet
from sim.model.reference.closing import ask, asked, close, merge
from sim.model.reference.contacts import end, is_known
from sim.model.reference.council import sit_down
from sim.model.reference.gaming import watch_gaming
from sim.model.reference.limits import move_due, start_limits
from sim.model.reference.patrol import have_citizen
from sim.model.reference.pools import Pool, Visit, visit
from sim.model.reference.supervision import attached, goes_up, repeated, send_up
from sim.model.reference.whistle import blow, cover_parts, do_part, is_needed, wait_for_parts
from sim.model.reference.world import Request, World


def life(w: World, r: Request) -> Course:
    """One contact from its arrival to its end: its main course."""
    try:
        if r.status == INTAKE_OPEN:  # what inspectors have found is a request already
            yield from sit_down(w, r)
        if r.status == INTAKE_OPEN:
            yield from meet_chatbot(w, r)
        if r.status == INTAKE_OPEN:
            yield from call(w, r)
        if r.status == INTAKE_OPEN:
            reached(w, r)
        if r.status == OPEN:
            if r.first_unit < 0:  # what is open at the start is at its unit already
                yield from route(w, r)
            yield from begin_round(w, r)
            while True:
                yield from ask(w, r)
                if not asked(w, r, life):
                    break
                if w.city.callback is not None and w.city.callback.reopen_to_dispatch:
                    yield from route(w, r)
                yield from begin_round(w, r)
    except Merged:
        yield from merge(w, r)
    end(w, r)


# --- intake ----------------------------------------------------------------------------------------------------------


def meet_chatbot(w: World, r: Request) -> Stage:
    """A chatbot answers some of those whom it takes; whom it fails calls the hotline after all."""
    plan, by_phone = w.city.online, w.city.channels[r.channel].is_phone
    bot = None if plan is None else plan.chatbot
    if plan is None or bot is None or not (bot.on_the_phone if by_phone else bot.online):
        return
    if not online.takes(bot.takes, w.city.categories[r.category].is_report, is_easy(w, r)):
        return
    if not chance(w, bot.deflects, online.DEFLECTED, r.key):
        return
    if not chance(w, bot.fails, online.BOT_FAILS, r.key):
        r.status = DEFLECTED
        return
    if not by_phone:
        r.channel = plan.phone
    gap = lasts(w, bot.after, online.BOT_GAP, r.key)
    if gap > 0.0:
        yield from call_later(w, r, gap)


def call(w: World, r: Request) -> Stage:
    """The hotline or the online desk; callers may call a wrong line, or lose patience and call again."""
    channel, own, tries = w.city.channels[r.channel], int(w.city.lines.of[r.channel, r.category]), 0
    if own < 0:
        return
    enterprise = line_for_firms(w, r)
    while True:
        line = dial(w, r, own)
        kind, family, talks = INTAKE, w.city.lines.plans[line].family, w.city.lines.plans[own].talk
        if enterprise is not None:
            family, talks = enterprise.family, enterprise.talk if enterprise.talk >= 0 else talks
        if line == own:
            work = lasts(w, talks, purposes.TALK, r.key, tries)
        else:
            assert channel.wrong_line is not None
            kind, work = WRONG_LINE, lasts(w, channel.wrong_line.talk, one_hotline.WRONG_TALK, r.key, r.calls)
        pool = w.pools[at(w, family, r)]
        r.main.visit = talk = pool.join(r, kind, work)
        if math.isnan(talk.started):
            patience(w, r, talk, own, tries)
            if enterprise is not None:
                overflow(w, r, talk, pool, enterprise)
        yield talk
        book(w, r.main, r)
        if talk.kind == OVERFLOW:
            enterprise = None
            continue
        if not math.isnan(talk.started):
            if channel.wrong_line is None or kind == INTAKE:
                return
            r.told = not channel.wrong_line.again
            gap = lasts(w, channel.wrong_line.after, one_hotline.WRONG_GAP, r.key, r.calls)
            if gap > 0.0:
                yield from call_later(w, r, gap)
            continue
        redial = channel.redial
        if tries >= redial.at_most or not chance(w, redial.probability, purposes.REDIALS, r.key, tries):
            r.status = LOST
            return
        gap = lasts(w, redial.after, purposes.REDIAL_GAP, r.key, tries)
        tries += 1
        yield from call_later(w, r, gap)
        enterprise = line_for_firms(w, r)


def line_for_firms(w: World, r: Request) -> enterprise_line.EnterpriseLine | None:
    """The line that a firm calls, while it is open."""
    plan = w.city.enterprise_line
    if plan is None or not r.from_firm:
        return None
    opens, closes, _, today = w.pools[at(w, plan.family, r)].open_hours
    return plan if enterprise_line.is_open(opens, closes, today, w.env.now) else None


def overflow(w: World, r: Request, talk: Visit, pool: Pool, plan: enterprise_line.EnterpriseLine) -> None:
    """A firm's call that nobody answers goes on to the general line some time, or when its own line closes."""
    opens, closes, _, today = pool.open_hours
    time = enterprise_line.goes_on(opens, closes, today, w.env.now, plan.overflow_after)
    if time < math.inf:
        goes_on = Moment(w.env, order_of(LEAD_END, r.key))
        goes_on.callbacks.append(talk.overflow)
        goes_on.at(time)


def dial(w: World, r: Request, own: int) -> int:
    """The line that is called: another one than the own now and then, until somebody has told which is right. Firms
    that have a line of their own are put through.
    """
    wrong, lines = w.city.channels[r.channel].wrong_line, w.city.lines
    if wrong is None or r.told or (r.from_firm and w.city.enterprise_line is not None):
        return own
    if not chance(w, wrong.share, one_hotline.WRONG, r.key, r.calls):
        return own
    weights, names, but = lines.weights[r.channel], lines.names[r.channel], lines.plans[own].number
    number = choose(w, weights, names, one_hotline.WHICH, r.key, r.calls, but)
    return own if number < 0 else int(lines.answered_by[r.channel, number])


def patience(w: World, r: Request, talk: Visit, own: int, tries: int) -> None:
    """A caller who is not answered at once hangs up some time after the call began."""
    table = w.city.lines.plans[own].patience
    if table >= 0:
        hang_up = Moment(w.env, order_of(DUE, r.key))
        hang_up.callbacks.append(talk.lose_patience)
        right = talk.kind == INTAKE
        purpose = purposes.PATIENCE if right else one_hotline.WRONG_PATIENCE
        hang_up.at(r.mark + lasts(w, table, purpose, r.key, tries if right else r.calls))


def call_later(w: World, r: Request, hours: float) -> Stage:
    """The next call comes after some time."""
    again = Moment(w.env, order_of(REDIAL, r.key))
    again.at(w.env.now + hours)
    yield again
    spend(r, IN_INTAKE, w.env.now)


def is_easy(w: World, r: Request) -> bool:
    """Whether an agent would answer it at once."""
    category = w.city.categories[r.category]
    return not chance(w, category.classified_handling.out_of_scope, classified_handling.SCOPE, r.key) and chance(
        w, category.instant_answer.answered, instant_answer.ANSWERS, r.key
    )


def reached(w: World, r: Request) -> None:
    """After intake: what needs no unit is over."""
    category = w.city.categories[r.category]
    if r.problem is not None and math.isnan(r.problem.first_report):
        r.problem.first_report = w.env.now
    if chance(w, category.classified_handling.out_of_scope, classified_handling.SCOPE, r.key):
        r.status = OUT_OF_SCOPE
        if w.city.sheet is not None and w.city.sheet.out_of_scope:
            find_right(w, r)
            count_request(w, r, r.right)
    elif chance(w, category.instant_answer.answered, instant_answer.ANSWERS, r.key):
        r.status = ANSWERED
    else:
        r.status = OPEN
        w.seen_by_category[REQUESTS, r.category] += 1
        check_merged(r)
        repeated(w, r)
        if w.limits_from_arrival:
            start_limits(w, r, r.turned)


# --- dispatch --------------------------------------------------------------------------------------------------------


def route(w: World, r: Request) -> Stage:
    """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
    city = w.city
    if r.right < 0:
        find_right(w, r)
    elif r.to_go_up:
        r.right = at(w, city.unit_families[r.right_family], r)  # it may have gone up in the round before
    r.wrongs = 0
    if city.dispatch is None or r.alone:
        hand_over(w, r, r.right)
        return
    while True:
        unit = yield from desk(w, r, city.dispatch)
        hand_over(w, r, unit)
        if r.cover == BOUNCED:
            r.cover = -1
        if unit == r.right or city.first_recipient is not None or goes_up(w, r):
            return
        yield from review(w, r, city.dispatch, unit)
        if goes_up(w, r):
            return
        r.hops += 1


def find_right(w: World, r: Request) -> None:
    """The unit that should have it."""
    weights = w.city.categories[r.category].right_unit
    r.right_family = choose(w, weights, w.city.unit_names, purposes.RIGHT_UNIT, r.matter)
    r.right = at(w, w.city.unit_families[r.right_family], r)


def count_request(w: World, r: Request, unit: int) -> None:
    """A request more for a unit on its sheet, where there are sheets."""
    plan = w.city.sheet
    if plan is not None and (plan.repeats or r.repeat_of == 0):
        put_on_sheet(w, r, unit, w.env.now, sheet.REQUESTS, 1)


def desk(w: World, r: Request, plan: precise_dispatch.Dispatch) -> Generator[Event, Event, int]:
    """A visit to the dispatch desk; returns the unit that it has chosen."""
    category, n = w.city.categories[r.category], r.dispatches
    r.dispatches += 1
    work = lasts(w, plan.work, precise_dispatch.DESK_WORK, r.key, n)
    yield from visit(w, r.main, r, at(w, plan.family, r), DISPATCH, work)
    if n == 0 and chance(w, plan.duplicates, precise_dispatch.DUPLICATE, r.key) and is_known(r):
        have_citizen(w, r)
        attached(w, r)
        raise Merged
    unit = r.right
    if r.wrongs >= plan.max_hops:
        if plan.backstop >= 0:
            r.right_family, r.right = plan.backstop, at(w, w.city.unit_families[plan.backstop], r)
            unit = r.right
    else:
        accuracy = category.accuracy.again if r.wrongs else finds_at_first(w, r, plan)
        if not chance(w, accuracy, precise_dispatch.ACCURACY, r.key, n):
            unit = wrong_unit(w, r, n)
    if (district := plan.district_desk) is not None and w.pools[unit].plan.level == "street":
        work = lasts(w, district.work, precise_dispatch.DISTRICT_WORK, r.key, n)
        yield from visit(w, r.main, r, at(w, district.family, r), DISTRICT_DESK, work)
    return unit


def finds_at_first(w: World, r: Request, plan: precise_dispatch.Dispatch) -> float:
    """The accuracy of the desk's first look, by the list that it has now."""
    level, at_least = w.city.categories[r.category].accuracy.level, w.city.categories[r.category].accuracy.at_least
    drift, months = 0.0, 0
    if plan.duty_list is not None:
        drift = plan.duty_list.drift
        months = rules.count_at_most(w.city.turns, w.env.now) - w.upkept[at(w, plan.family, r)]
    error_factor = w.handling[ERROR_FACTOR, r.category]
    return precise_dispatch.accuracy(level, drift, months, error_factor, at_least)  # type: ignore[no-any-return]


def wrong_unit(w: World, r: Request, n: int) -> int:
    """A unit that the desk takes for the right one."""
    city, category = w.city, w.city.categories[r.category]
    weights = category.confused_with if category.is_confused else city.family_volume[r.district]
    family = choose(w, weights, city.unit_names, precise_dispatch.WRONG_UNIT, r.key, n, but=r.right_family)
    return r.right if family < 0 else at(w, city.unit_families[family], r)


def hand_over(w: World, r: Request, unit: int) -> None:
    """A unit receives the request; with the first one the limits begin to run."""
    r.owner_unit = unit
    if r.first_unit < 0:
        r.first_unit, r.dispatched = unit, w.env.now
        if not r.alone:
            count_request(w, r, unit)
        if not w.limits_from_arrival or r.alone:
            start_limits(w, r, r.dispatched)


def review(w: World, r: Request, plan: precise_dispatch.Dispatch, unit: int) -> Stage:
    """The wrong unit sees that it is wrong, and sends the request back."""
    r.wrongs += 1
    if r.cover < 0:
        r.cover = BOUNCED
    work = lasts(w, plan.review, precise_dispatch.REVIEW_WORK, r.key, r.dispatches - 1)
    yield from visit(w, r.main, r, unit, REVIEW, work)


# --- handling --------------------------------------------------------------------------------------------------------


def begin_round(w: World, r: Request) -> Stage:
    """One round at the owner: contact, work, lead time, the parts of other units; then it is closed."""
    r.rounds += 1
    try:
        yield from in_hand(w, r)
        yield from wait_for_parts(w, r)
        check_merged(r)
        yield from contact_citizen(w, r)
    except Cleared:
        yield from wait_for_parts(w, r)
    close(w, r)


def in_hand(w: World, r: Request) -> Stage:
    """What the owner and other units do in a round."""
    r.in_hands = True
    watch_gaming(w, r)
    if r.owner_unit != r.right and r.rounds == 1:
        r.cover = BOUNCED
    yield from contact_citizen(w, r)
    yield from coordinate(w, r)
    yield from park(w, r)
    whistled = blow(w, r, after_own=False)
    yield from handle(w, r)
    yield from lead(w, r)
    r.in_hands = False
    if not whistled and not blow(w, r, after_own=True):
        yield from parts(w, r)


def contact_citizen(w: World, r: Request) -> Stage:
    """The owner contacts the citizen first of all; or at last, where it has one only since the handling began."""
    if w.city.contact is not None and math.isnan(r.contacted) and not r.alone:
        if r.cover == OTHER_UNITS:  # their parts are done
            spend(r, OTHER_UNITS, w.env.now)
            r.cover = -1
        work = lasts(w, w.city.contact.work, purposes.CONTACT_WORK, r.key)
        yield from visit(w, r.main, r, r.owner_unit, CONTACT, work)


def coordinate(w: World, r: Request) -> Stage:
    """The wrong unit, which stays responsible, finds the right one, unless a higher one takes over."""
    plan = w.city.first_recipient
    if r.owner_unit == r.right or r.rounds > 1 or plan is None or goes_up(w, r):
        return
    work = lasts(w, plan.coordination, first_recipient.COORDINATION_WORK, r.key)
    yield from visit(w, r.main, r, r.owner_unit, COORDINATION, work)


def park(w: World, r: Request) -> Stage:
    """A truly long matter may be parked; its due date moves."""
    category, plan = w.city.categories[r.category], w.city.time_limits
    if r.rounds > 1 or r.arrived < 0.0:  # what arrived before the start has it behind it
        return
    if not chance(w, category.parking.probability, time_limits.PARKS, r.key):
        return
    assert plan is not None
    assert plan.parking is not None
    r.cover = -1
    working_time = plan.parking.working_time
    if working_time.kind != rules.ON_THE_CLOCK:
        parked = later(w, w.env.now, working_time) - w.env.now
        due = later(w, r.due_now, working_time)
    else:
        parked = lasts(w, plan.parking.time, time_limits.PARKING_TIME, r.key)
        due = r.due_now + parked
    move_due(w, r, due)
    yield from wait(w, r.main, r, parked, PARKED)


def handle(w: World, r: Request) -> Stage:
    """The right unit works, or a higher one to which it goes up before anybody has begun."""
    worked = False
    while not worked:
        send_up(w, r)
        if r.owner_unit != r.right and r.rounds == 1:
            r.cover = OTHER_UNITS
        r.in_hands = r.owner_unit == r.right
        kind = HANDLING if r.in_hands else SUBTASK
        work = lasts(w, w.city.categories[r.category].work, purposes.HANDLING_WORK, r.key, r.rounds)
        if r.channel == len(w.city.channels) and w.city.act_before is not None:
            work = act_before.handling_work(work, w.city.act_before.work_factor)
        since = r.arrived if has_stood(w, r, kind) else None
        worked = yield from visit(w, r.main, r, r.right, kind, work, since=since)


def has_stood(w: World, r: Request, kind: int) -> bool:
    """Whether it is at the start, and waits for its handling since it arrived, before that."""
    return r.arrived < 0.0 and w.env.now == 0.0 and r.rounds == 1 and kind == HANDLING


def lead(w: World, r: Request) -> Stage:
    """Lead time, without end for some."""
    category = w.city.categories[r.category]
    if r.rounds == 1 and chance(w, category.never_closed, purposes.NEVER, r.matter):
        yield from wait(w, r.main, r, math.inf, LEAD_TIME)
    elif category.lead >= 0:
        hours = lasts(w, category.lead, purposes.LEAD, r.key, r.rounds)
        yield from wait(w, r.main, r, on_grid(hours * w.handling[LEAD_FACTOR, r.category]), LEAD_TIME)


def parts(w: World, r: Request) -> Stage:
    """Other units' parts of a joint matter, one after the other."""
    for n, part in enumerate(w.city.categories[r.category].parts):
        if is_needed(w, r, part, n):
            cover_parts(r)
            yield from do_part(w, r.main, r, n)
