"""Whistle and report (吹哨报到): parts of other units beside each other, each a task of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model import purposes, rules
from sim.model.compiled.basics import at, book, chance, end_wait, is_idle, lasts, later_by, matter_of, spend, wait
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import BY_ANOTHER, CLOSE, JOIN, MERGE, PART_DONE, PART_OVER, WAITS
from sim.model.compiled.machine.memory import free_part, new_part
from sim.model.compiled.machine.tasks import MAIN, part_task, slot_of, task_of
from sim.model.compiled.pools import give_up, visit
from sim.model.compiling import inlined, not_inlined, outlined
from sim.model.facts import LEAD_TIME, OTHER_UNITS, PART
from sim.model.policies import whistle


@outlined
def blow(w: Any, i: Any, r: Any, after_own: Any) -> Any:
    """The owner may blow the whistle, before or after its own work: then all parts that are needed begin, in their
    order. Says whether it has.
    """
    not_inlined()
    first, beyond = state.joint_part_edge(w, r.category), state.joint_part_edge(w, r.category + 1)
    if not w.whistle.on or w.whistle.after_own != after_own or first == beyond:
        return False
    needed = np.int64(0)
    for n in range(beyond - first):
        needed += is_needed(w, r, state.joint_part(w, first + n), n)
    of_class = state.whistle_of_class(w, r.urgency)
    owner, month = np.int64(r.owner_unit), rules.count_at_most(state.month_turns(w), w.now)
    blown, budget = state.blown(w), state.whistle_budget(w)[owner, month]
    at_least, from_round = w.whistle.at_least, w.whistle.from_round
    if not whistle.blows(at_least, from_round, of_class.whistles != 0, needed, r.rounds, blown[owner, month], budget):
        return False
    blown[owner, month] += 1
    r.whistles += 1
    cover_parts(r)
    due = later_by(w, w.whistle.working_time, state.report_workdays(w), w.now, of_class.report_by)
    for n in range(beyond - first):
        if is_needed(w, r, state.joint_part(w, first + n), n):
            slot = new_part(w, i, r, n)
            state.part(w, slot).report_due = due
            do_part(w, part_task(slot), r, n)
    return True


@inlined
def is_needed(w: Any, r: Any, x: Any, n: Any) -> Any:
    """Whether this matter has the part."""
    return chance(w, x.probability, purposes.PART_NEEDED, matter_of(r), n)


@inlined
def cover_parts(r: Any) -> Any:
    """Other units work on it from now on."""
    if r.cover < 0 or (r.owner_unit != r.right and r.rounds == 1):
        r.cover = OTHER_UNITS


@outlined
def do_part(w: Any, task: Any, r: Any, n: Any) -> Any:
    """A part of another unit: its work …"""
    not_inlined()
    x = state.joint_part(w, state.joint_part_edge(w, r.category) + n)
    work = lasts(w, x.work, purposes.PART_WORK, r.key, r.rounds * purposes.PER_ROUND + n)
    return visit(w, task, r, at(w, x.family, r), PART, work, PART_DONE)


@outlined
def do_part_done(w: Any, task: Any, r: Any, n: Any) -> Any:
    """… and its lead time."""
    not_inlined()
    x = state.joint_part(w, state.joint_part_edge(w, r.category) + n)
    if x.lead < 0:
        return PART_OVER
    hours = lasts(w, x.lead, purposes.PART_LEAD, r.key, r.rounds * purposes.PER_ROUND + n)
    return wait(w, task, r, hours, LEAD_TIME, PART_OVER)


@inlined
def whistled_part_done(w: Any, i: Any, task: Any) -> Any:
    """The work of a whistled part is done, or its lead time. Says whether the main course goes on."""
    r, x = state.request(w, i), state.task(w, task)
    if x.number != 0:
        book(w, task, r, w.now)
        if not r.overtaken and do_part_done(w, task, r, np.int64(state.part(w, slot_of(task)).n)) != PART_OVER:
            return False
    else:
        end_wait(w, x, r)
    end_part(w, r, task)
    return r.parts < 0 and is_idle(w, state.task(w, task_of(i, MAIN)))


@outlined
def end_part(w: Any, r: Any, task: Any) -> Any:
    """The part is over; after the last one the owner is alone with it again."""
    not_inlined()
    free_part(w, r, slot_of(task))
    if r.parts < 0 and r.cover == OTHER_UNITS and r.owner_unit == r.right:
        spend(w, r, OTHER_UNITS, w.now)
        r.cover = -1


@inlined
def give_up_parts(w: Any, r: Any) -> Any:
    """Parts that wait are over."""
    slot = np.int64(r.parts)
    while slot >= 0:
        following = np.int64(state.part(w, slot).next)
        if give_up(w, part_task(slot), r):
            end_part(w, r, part_task(slot))
        slot = following


@inlined
def wait_for_parts(w: Any, i: Any, r: Any) -> Any:
    """The main course has nothing to do until the last whistled part is over."""
    if r.parts < 0:
        return MERGE if r.overtaken == BY_ANOTHER else CLOSE
    state.task(w, task_of(i, MAIN)).stage = JOIN
    return WAITS
