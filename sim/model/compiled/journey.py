"""The second telling of ``journey``, stage by stage in the same order.

The ``stage`` of a task says what it goes on with when what it waits for is over. ``life`` is the journey: each stage is
a function that returns the next one, or how the request waits: at a pool (``VISITS``), away from any (``WAITS``), or
no more (``ENDS``). What is random is drawn by name, what is decided is decided by ``rules``, as in the reference
engine; here it is only added, compared and routed, and both engines agree to the last bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.basics import (
    at,
    book,
    chance,
    choose,
    end_wait,
    hours_of,
    is_waiting,
    lasts,
    later,
    matter_of,
    spend,
    wait,
)
from sim.model.compiled.callbacks import put_on_sheet, review_exclusion_done
from sim.model.compiled.closing import ask, asked, close, merge
from sim.model.compiled.contacts import end, is_known
from sim.model.compiled.council import sit_down, sit_down_done
from sim.model.compiled.errands import keep_list, update_list, update_list_done
from sim.model.compiled.gaming import watch_gaming
from sim.model.compiled.limits import move_due, start_limits
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import (
    ASK,
    ASKED,
    CALL,
    CALL_DONE,
    CALL_GENERAL,
    CALL_LATER_DONE,
    CLOSE,
    CLOSE_ROUND,
    COORDINATE,
    DESK,
    DESK_DONE,
    DUE,
    EFFORT_WORKED,
    ENDS,
    HAND_OVER,
    HANDLE,
    HANGS_UP,
    JOIN,
    KEEP_LIST,
    KEEP_PATROLLING,
    LEAD,
    LEAD_DONE,
    LEAD_END,
    LIST_UPDATED,
    MEET_CHATBOT,
    MERGE,
    MERGED_CALL_OVER,
    NO_CITIZEN,
    OVERFLOWS,
    PARK,
    PART_DONE,
    PART_OVER,
    PARTS,
    PATROLLED,
    REACHED,
    REDIAL,
    REDIALS,
    REVIEW_DONE,
    ROUND,
    ROUTE,
    SAT,
    SEND_OUT,
    SIT_DOWN,
    UPDATE_LIST,
    VISITS,
    WAITS,
    WHISTLE,
)
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiled.patrol import have_citizen, keep_patrolling, patrol_done, send_out
from sim.model.compiled.pools import visit, wait_since
from sim.model.compiled.supervision import attached, goes_up, repeated, send_up
from sim.model.compiled.theme import work_effort_done
from sim.model.compiled.whistle import blow, cover_parts, do_part, do_part_done, is_needed, wait_for_parts
from sim.model.compiling import inlined, not_inlined, outlined
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
    IN_CALLBACK,
    IN_INTAKE,
    INTAKE,
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


@inlined
def life(w: Any, i: Any) -> Any:
    """One contact, or errands, from what it waited for until it waits again."""
    r, x = state.request(w, i), state.task(w, task_of(i, MAIN))
    if x.number != 0:
        book(w, task_of(i, MAIN), r, w.now)
    elif is_waiting(w, x):
        end_wait(w, x, r)
    stage: Any = np.int64(x.stage)
    if r.status == OPEN and r.overtaken:
        stage = JOIN
    while stage < VISITS:
        if stage == CALL:
            stage = call(w, i, r)
        elif stage == CALL_GENERAL:
            stage = call_general(w, i, r)
        elif stage == CALL_DONE:
            stage = call_done(w, i, r)
        elif stage == CALL_LATER_DONE:
            spend(w, r, IN_INTAKE, w.now)
            stage = CALL
        elif stage == REACHED:
            stage = reached(w, i, r)
        elif stage == ROUTE:
            stage = route(w, i, r)
        elif stage == DESK:
            stage = desk(w, i, r)
        elif stage == DESK_DONE:
            stage = desk_done(w, i, r)
        elif stage == HAND_OVER:
            stage = hand_over(w, i, r)
        elif stage == REVIEW_DONE:
            stage = review_done(w, r)
        elif stage == ROUND:
            stage = begin_round(w, i, r)
        elif stage == COORDINATE:
            stage = coordinate(w, i, r)
        elif stage == PARK:
            stage = park(w, i, r)
        elif stage == WHISTLE:
            r.whistled = blow(w, i, r, False)
            stage = HANDLE
        elif stage == HANDLE:
            stage = handle(w, i, r)
        elif stage == LEAD:
            stage = lead(w, i, r)
        elif stage == LEAD_DONE:
            stage = lead_done(w, i, r)
        elif stage == PARTS:
            stage = parts(w, i, r)
        elif stage == PART_DONE:
            stage = do_part_done(w, task_of(i, MAIN), r, np.int64(r.part))
        elif stage == PART_OVER:
            r.part += 1
            stage = PARTS
        elif stage == JOIN:
            stage = wait_for_parts(w, i, r)
        elif stage == CLOSE:
            stage = CLOSE_ROUND if r.overtaken else contact_citizen(w, i, r, CLOSE_ROUND)
        elif stage == CLOSE_ROUND:
            stage = close(w, i, r)
        elif stage == ASK:
            stage = ask(w, i, r)
        elif stage == ASKED:
            stage = asked(w, i, r)
        elif stage == MERGE:
            stage = merge(w, i, r)
        elif stage == MEET_CHATBOT:
            stage = meet_chatbot(w, i, r)
        elif stage == MERGED_CALL_OVER:
            spend(w, r, IN_CALLBACK, w.now)
            stage = ENDS
        elif stage == KEEP_LIST:
            stage = keep_list(w, i, r)
        elif stage == UPDATE_LIST:
            stage = update_list(w, i, r)
        elif stage == LIST_UPDATED:
            stage = update_list_done(w, r)
        elif stage == EFFORT_WORKED:
            stage = work_effort_done(w, i, r)
        elif stage == SIT_DOWN:
            stage = sit_down(w, i, r)
        elif stage == KEEP_PATROLLING:
            stage = keep_patrolling(w, i, r)
        elif stage == SEND_OUT:
            stage = send_out(w, r)
        elif stage == PATROLLED:
            stage = patrol_done(w, i, r)
        elif stage == SAT:
            stage = sit_down_done(w, i, r)
        else:  # REVIEWED
            stage = review_exclusion_done(w, r)
    if stage == ENDS:
        end(w, i, r)


@outlined
def meet_chatbot(w: Any, i: Any, r: Any) -> Any:
    """A chatbot answers some of those whom it takes; whom it fails calls the hotline after all."""
    not_inlined()
    bot, by_phone = w.online.chatbot, state.channel(w, r.channel).is_phone
    if not (bot.on_the_phone if by_phone else bot.online):
        return CALL
    if not online.takes(bot.takes, state.category(w, r.category).is_report, is_easy(w, r)):
        return CALL
    if not chance(w, bot.deflects, online.DEFLECTED, r.key, 0):
        return CALL
    if not chance(w, bot.fails, online.BOT_FAILS, r.key, 0):
        r.status = DEFLECTED
        return ENDS
    if not by_phone:
        r.channel = w.online.phone
    gap = lasts(w, bot.after, online.BOT_GAP, r.key, 0)
    return call_later(w, i, r, gap) if gap > 0.0 else CALL


@inlined
def patience(w: Any, i: Any, r: Any, own: Any) -> Any:
    """A caller who is not answered at once hangs up some time after the call began."""
    table, x = state.phone_line(w, own).patience, state.task(w, task_of(i, MAIN))
    if table >= 0:
        if x.kind == INTAKE:
            hours = lasts(w, table, purposes.PATIENCE, r.key, r.tries)
        else:
            hours = lasts(w, table, one_hotline.WRONG_PATIENCE, r.key, r.calls)
        schedule(w, r.mark + hours, DUE, r.key, x.number, HANGS_UP, task_of(i, MAIN))


@inlined
def line_for_firms(w: Any, r: Any) -> Any:
    """Whether a firm calls, and the line for firms is open."""
    if not w.enterprise_line.on or not r.from_firm:
        return False
    opens, closes, _, today = hours_of(w, state.pool(w, at(w, w.enterprise_line.family, r)).roster)
    return enterprise_line.is_open(opens, closes, today, w.now)


@inlined
def overflow(w: Any, i: Any, r: Any) -> Any:
    """A firm's call that nobody answers goes on to the general line some time, or when its own line closes."""
    x = state.task(w, task_of(i, MAIN))
    opens, closes, _, today = hours_of(w, state.pool(w, x.home).roster)
    time = enterprise_line.goes_on(opens, closes, today, w.now, w.enterprise_line.overflow_after)
    if time < math.inf:
        schedule(w, time, LEAD_END, r.key, x.number, OVERFLOWS, task_of(i, MAIN))


@inlined
def dial(w: Any, r: Any, own: Any) -> Any:
    """The line that is called: another one than the own now and then, until somebody has told which is right. Firms
    that have a line of their own are put through.
    """
    wrong = state.channel(w, r.channel).wrong_line
    if not wrong.on or r.told or (r.from_firm and w.enterprise_line.on):
        return own
    if not chance(w, wrong.share, one_hotline.WRONG, r.key, r.calls):
        return own
    weights, names, but = state.number_weights(w)[r.channel], state.number_names(w)[r.channel], state.phone_line(w, own)
    number = choose(w, weights, names, but.number, one_hotline.WHICH, r.key, r.calls)
    return own if number < 0 else state.answered_by(w)[r.channel, number]


@inlined
def call(w: Any, i: Any, r: Any) -> Any:
    """The hotline or the online desk: firms may have a line of their own."""
    own = state.line_of(w)[r.channel, r.category]
    if own < 0:
        return REACHED
    if not line_for_firms(w, r):
        return CALL_GENERAL
    talks = w.enterprise_line.talk if w.enterprise_line.talk >= 0 else state.phone_line(w, own).talk
    talk = lasts(w, talks, purposes.TALK, r.key, r.tries)
    visit(w, task_of(i, MAIN), r, at(w, w.enterprise_line.family, r), INTAKE, talk, CALL_DONE)
    if math.isnan(state.task(w, task_of(i, MAIN)).started):
        patience(w, i, r, own)
        overflow(w, i, r)
    return VISITS


@inlined
def call_general(w: Any, i: Any, r: Any) -> Any:
    """The line of the matter; callers may call a wrong one."""
    own = state.line_of(w)[r.channel, r.category]
    line, kind = dial(w, r, own), INTAKE
    if line == own:
        work = lasts(w, state.phone_line(w, own).talk, purposes.TALK, r.key, r.tries)
    else:
        kind = WRONG_LINE
        work = lasts(w, state.channel(w, r.channel).wrong_line.talk, one_hotline.WRONG_TALK, r.key, r.calls)
    visit(w, task_of(i, MAIN), r, at(w, state.phone_line(w, line).family, r), kind, work, CALL_DONE)
    if math.isnan(state.task(w, task_of(i, MAIN)).started):
        patience(w, i, r, own)
    return VISITS


@inlined
def call_done(w: Any, i: Any, r: Any) -> Any:
    """Whom a wrong line has told the right one calls that; who lost patience may call again."""
    channel, x = state.channel(w, r.channel), state.task(w, task_of(i, MAIN))
    if not math.isnan(x.started):
        if x.kind == INTAKE:
            return REACHED
        r.told = not channel.wrong_line.again
        gap = lasts(w, channel.wrong_line.after, one_hotline.WRONG_GAP, r.key, r.calls)
        return call_later(w, i, r, gap) if gap > 0.0 else CALL
    if x.kind == OVERFLOW:
        return CALL_GENERAL
    if r.tries >= channel.redial.at_most or not chance(w, channel.redial.probability, purposes.REDIALS, r.key, r.tries):
        r.status = LOST
        return ENDS
    gap = lasts(w, channel.redial.after, purposes.REDIAL_GAP, r.key, r.tries)
    r.tries += 1
    return call_later(w, i, r, gap)


@inlined
def call_later(w: Any, i: Any, r: Any, hours: Any) -> Any:
    """The next call comes after some time."""
    schedule(w, w.now + hours, REDIAL, r.key, 0, REDIALS, task_of(i, MAIN))
    state.task(w, task_of(i, MAIN)).stage = CALL_LATER_DONE
    return WAITS


@inlined
def is_easy(w: Any, r: Any) -> Any:
    """Whether an agent would answer it at once."""
    category = state.category(w, r.category)
    return not chance(w, category.classified_handling.out_of_scope, classified_handling.SCOPE, r.key, 0) and chance(
        w, category.instant_answer.answered, instant_answer.ANSWERS, r.key, 0
    )


@inlined
def reached(w: Any, i: Any, r: Any) -> Any:
    """After intake: what needs no unit is over."""
    category = state.category(w, r.category)
    if r.problem >= 0 and math.isnan(state.problem(w, r.problem).first_report):
        state.problem(w, r.problem).first_report = w.now
    if chance(w, category.classified_handling.out_of_scope, classified_handling.SCOPE, r.key, 0):
        r.status = OUT_OF_SCOPE
        if w.sheet.out_of_scope:
            find_right(w, r)
            count_request(w, r, r.right)
        return ENDS
    if chance(w, category.instant_answer.answered, instant_answer.ANSWERS, r.key, 0):
        r.status = ANSWERED
        return ENDS
    turned = r.turned
    r.status, r.right, r.unit = OPEN, -1, -1
    if w.monthly_theme.on:
        state.seen(w)[REQUESTS, r.category] += 1
    if r.overtaken:
        return MERGE
    if w.supervision.on:
        repeated(w, i, r)
    if w.time_limits.from_arrival:
        start_limits(w, i, r, turned)
    return ROUTE


@inlined
def route(w: Any, i: Any, r: Any) -> Any:
    """The desk finds the unit; a wrong one sends the request back, or stays responsible for it."""
    if r.right < 0:
        find_right(w, r)
    elif w.supervision.sent_up.on and r.to_go_up:
        r.right = at(w, state.unit_family(w, r.right_family), r)  # it may have gone up in the round before
    r.wrongs = 0
    if w.dispatch.on and r.asking != NO_CITIZEN:
        return DESK
    r.unit = r.right
    return HAND_OVER


@outlined
def find_right(w: Any, r: Any) -> Any:
    """The unit that should have it."""
    not_inlined()
    r.right_family = state.category(w, r.category).only_family
    if r.right_family < 0:
        weights = state.right_unit(w)[r.category]
        r.right_family = choose(w, weights, state.unit_names(w), -1, purposes.RIGHT_UNIT, matter_of(r), 0)
    r.right = at(w, state.unit_family(w, r.right_family), r)


@inlined
def count_request(w: Any, r: Any, unit: Any) -> Any:
    """A request more for a unit on its sheet, where there are sheets."""
    if w.sheet.on and (w.sheet.repeats or r.repeat_of == np.uint64(0)):
        put_on_sheet(w, r, unit, w.now, sheet.REQUESTS, 1)


@inlined
def desk(w: Any, i: Any, r: Any) -> Any:
    """A visit to the dispatch desk."""
    n = r.dispatches
    r.dispatches += 1
    work = lasts(w, w.dispatch.work, precise_dispatch.DESK_WORK, r.key, n)
    return visit(w, task_of(i, MAIN), r, at(w, w.dispatch.family, r), DISPATCH, work, DESK_DONE)


@inlined
def desk_done(w: Any, i: Any, r: Any) -> Any:
    """The desk has chosen a unit."""
    n = r.dispatches - 1
    if n == 0 and chance(w, w.dispatch.duplicates, precise_dispatch.DUPLICATE, r.key, 0) and is_known(w, i, r):
        if w.act_before.on:
            have_citizen(w, r)
        if w.supervision.on:
            attached(w, i, r)
        return MERGE
    r.unit = r.right
    if r.wrongs >= w.dispatch.max_hops:
        if w.dispatch.backstop >= 0:
            r.right_family = w.dispatch.backstop
            r.right = r.unit = at(w, state.unit_family(w, w.dispatch.backstop), r)
    else:
        accuracy = state.category(w, r.category).accuracy.again if r.wrongs else finds_at_first(w, r)
        if not chance(w, accuracy, precise_dispatch.ACCURACY, r.key, n):
            r.unit = wrong_unit(w, r, n)
    if not w.dispatch.district_desk.on or not state.pool(w, r.unit).is_street:
        return HAND_OVER
    work = lasts(w, w.dispatch.district_desk.work, precise_dispatch.DISTRICT_WORK, r.key, n)
    return visit(w, task_of(i, MAIN), r, at(w, w.dispatch.district_desk.family, r), DISTRICT_DESK, work, HAND_OVER)


@inlined
def finds_at_first(w: Any, r: Any) -> Any:
    """The accuracy of the desk's first look, by the list that it has now."""
    finds, months = state.category(w, r.category).accuracy, np.int64(0)
    if w.dispatch.duty_list.on:
        months = rules.count_at_most(state.month_turns(w), w.now) - state.upkept(w)[at(w, w.dispatch.family, r)]
    error_factor = state.handling(w)[ERROR_FACTOR, r.category] if w.monthly_theme.on else 1.0
    return precise_dispatch.accuracy(finds.level, w.dispatch.duty_list.drift, months, error_factor, finds.at_least)


@inlined
def wrong_unit(w: Any, r: Any, n: Any) -> Any:
    """A unit that the desk takes for the right one."""
    weights = (
        state.confused_with(w)[r.category]
        if state.category(w, r.category).is_confused
        else state.family_volume(w)[r.district]
    )
    family = choose(w, weights, state.unit_names(w), r.right_family, precise_dispatch.WRONG_UNIT, r.key, n)
    return np.int64(r.right) if family < 0 else at(w, state.unit_family(w, family), r)


@inlined
def hand_over(w: Any, i: Any, r: Any) -> Any:
    """A unit receives the request; with the first one the clocks start."""
    r.owner_unit = r.unit
    if r.first_unit < 0:
        r.first_unit, r.dispatched = r.unit, w.now
        if r.asking != NO_CITIZEN:
            count_request(w, r, r.unit)
        if not w.time_limits.from_arrival or r.asking == NO_CITIZEN:
            start_limits(w, i, r, r.dispatched)
    if not w.dispatch.on:
        return ROUND
    if r.cover == BOUNCED:
        r.cover = -1
    if r.unit == r.right or w.first_recipient.on or goes_up(w, r):
        return ROUND
    return review(w, i, r)


@inlined
def review(w: Any, i: Any, r: Any) -> Any:
    """The wrong unit sees that it is wrong, and sends the request back."""
    r.wrongs += 1
    if r.cover < 0:
        r.cover = BOUNCED
    work = lasts(w, w.dispatch.review, precise_dispatch.REVIEW_WORK, r.key, r.dispatches - 1)
    return visit(w, task_of(i, MAIN), r, np.int64(r.unit), REVIEW, work, REVIEW_DONE)


@inlined
def review_done(w: Any, r: Any) -> Any:
    """… or leaves it to a higher one."""
    if goes_up(w, r):
        return ROUND
    r.hops += 1
    return DESK


@inlined
def begin_round(w: Any, i: Any, r: Any) -> Any:
    """One round at the owner: contact, work, lead time, the parts of other units; then it is closed."""
    r.rounds += 1
    if w.ranking.gaming.on:
        r.in_hands = 1
        watch_gaming(w, i, r)
    if r.owner_unit != r.right and r.rounds == 1:
        r.cover = BOUNCED
    return contact_citizen(w, i, r, COORDINATE)


@inlined
def contact_citizen(w: Any, i: Any, r: Any, then: Any) -> Any:
    """The owner contacts the citizen first of all; or at last, where it has one only since the handling began."""
    if not w.contact.on or not math.isnan(r.contacted) or r.asking == NO_CITIZEN:
        return then
    if r.cover == OTHER_UNITS:  # their parts are done
        spend(w, r, OTHER_UNITS, w.now)
        r.cover = -1
    work = lasts(w, w.contact.work, purposes.CONTACT_WORK, r.key, 0)
    return visit(w, task_of(i, MAIN), r, np.int64(r.owner_unit), CONTACT, work, then)


@inlined
def coordinate(w: Any, i: Any, r: Any) -> Any:
    """The wrong unit, which stays responsible, finds the right one, unless a higher one takes over."""
    if r.owner_unit == r.right or r.rounds > 1 or not w.first_recipient.on or goes_up(w, r):
        return PARK
    work = lasts(w, w.first_recipient.coordination, first_recipient.COORDINATION_WORK, r.key, 0)
    return visit(w, task_of(i, MAIN), r, np.int64(r.owner_unit), COORDINATION, work, PARK)


@inlined
def park(w: Any, i: Any, r: Any) -> Any:
    """A truly long matter may be parked; its due date moves."""
    if r.rounds > 1 or r.arrived < 0.0:  # what arrived before the start has it behind it
        return WHISTLE
    if not chance(w, state.category(w, r.category).parking.probability, time_limits.PARKS, r.key, 0):
        return WHISTLE
    r.cover = -1
    parking = w.time_limits.parking
    if parking.working_time.kind != rules.ON_THE_CLOCK:
        parked = later(w, w.now, parking.working_time) - w.now
        due = later(w, r.due_now, parking.working_time)
    else:
        parked = lasts(w, parking.time, time_limits.PARKING_TIME, r.key, 0)
        due = r.due_now + parked
    move_due(w, i, r, due)
    return wait(w, task_of(i, MAIN), r, parked, PARKED, WHISTLE)


@inlined
def handle(w: Any, i: Any, r: Any) -> Any:
    """The right unit works, beside the parts that are whistled for now, or a higher one to which it goes up before
    anybody has begun.
    """
    if w.supervision.sent_up.on:
        send_up(w, r)
    if r.owner_unit != r.right and r.rounds == 1:
        r.cover = OTHER_UNITS
    kind = HANDLING if r.owner_unit == r.right else SUBTASK
    if w.ranking.gaming.on:
        r.in_hands = kind == HANDLING
    work = lasts(w, state.category(w, r.category).work, purposes.HANDLING_WORK, r.key, r.rounds)
    if w.act_before.on and r.channel == state.channels(w).shape[0]:
        work = act_before.handling_work(work, w.act_before.work_factor)
    if has_stood(w, r, kind):
        return wait_since(w, task_of(i, MAIN), r, np.int64(r.right), kind, work, r.arrived, LEAD)
    return visit(w, task_of(i, MAIN), r, np.int64(r.right), kind, work, LEAD)


@inlined
def has_stood(w: Any, r: Any, kind: Any) -> Any:
    """Whether it is at the start, and waits for its handling since it arrived, before that."""
    return w.now == 0.0 and r.arrived < 0.0 and r.rounds == 1 and kind == HANDLING


@inlined
def lead(w: Any, i: Any, r: Any) -> Any:
    """Lead time, without end for some; nobody has worked on what goes up."""
    if w.supervision.sent_up.on and math.isnan(state.task(w, task_of(i, MAIN)).started):
        return HANDLE
    category = state.category(w, r.category)
    if r.rounds == 1 and chance(w, category.never_closed, purposes.NEVER, matter_of(r), 0):
        return wait(w, task_of(i, MAIN), r, math.inf, LEAD_TIME, LEAD_DONE)
    if category.lead >= 0:
        hours = lasts(w, category.lead, purposes.LEAD, r.key, r.rounds)
        if w.monthly_theme.on:
            hours = on_grid(hours * state.handling(w)[LEAD_FACTOR, r.category])
        return wait(w, task_of(i, MAIN), r, hours, LEAD_TIME, LEAD_DONE)
    return LEAD_DONE


@inlined
def lead_done(w: Any, i: Any, r: Any) -> Any:
    """The owner's own work is done; now come the parts of other units, if they have not been whistled for."""
    if w.ranking.gaming.on:
        r.in_hands = 0
    if r.whistled or blow(w, i, r, True):
        return JOIN
    r.part = 0
    return PARTS


@inlined
def parts(w: Any, i: Any, r: Any) -> Any:
    """Other units' parts of a joint matter, one after the other."""
    first, beyond = state.joint_part_edge(w, r.category), state.joint_part_edge(w, r.category + 1)
    while r.part < beyond - first:
        if is_needed(w, r, state.joint_part(w, first + r.part), r.part):
            cover_parts(r)
            return do_part(w, task_of(i, MAIN), r, np.int64(r.part))
        r.part += 1
    return CLOSE
