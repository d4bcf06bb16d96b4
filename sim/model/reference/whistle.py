"""Whistle and report (吹哨报到): parts of other units beside each other, each a task of its own."""

from __future__ import annotations

import contextlib
import math

from sim.model import purposes, rules
from sim.model.city import Part
from sim.model.clockwork import DUE, Course, Moment, order_of, start
from sim.model.facts import LEAD_TIME, OTHER_UNITS, PART
from sim.model.policies import whistle
from sim.model.reference.basics import Merged, Stage, at, chance, lasts, later_by, spend, wait
from sim.model.reference.pools import visit
from sim.model.reference.world import Request, Task, World


def blow(w: World, r: Request, after_own: bool) -> bool:
    """The owner may blow the whistle, before or after its own work: then all parts that are needed begin, in their
    order. Says whether it has.
    """
    plan, parts = w.city.whistle, w.city.categories[r.category].parts
    if plan is None or w.blown is None or plan.after_own != after_own or not parts:
        return False
    needed = [n for n, part in enumerate(parts) if is_needed(w, r, part, n)]
    of_class, month = plan.classes[r.urgency], rules.count_at_most(w.city.turns, w.env.now)
    blown, budget = w.blown[r.owner_unit, month], plan.budget[r.owner_unit, month]
    if not whistle.blows(plan.at_least, plan.from_round, of_class.whistles, len(needed), r.rounds, blown, budget):
        return False
    w.blown[r.owner_unit, month] += 1
    r.whistles += 1
    cover_parts(r)
    due = later_by(w, plan.working_time, w.env.now, of_class.report_by)
    tasks = [Task() for _ in needed]
    r.parts += tasks
    for task, n in zip(tasks, needed, strict=True):
        start(whistled_part(w, r, task, n, due))
    return True


def is_needed(w: World, r: Request, part: Part, n: int) -> bool:
    """Whether this matter has the part."""
    return chance(w, part.probability, purposes.PART_NEEDED, r.matter, n)


def cover_parts(r: Request) -> None:
    """Other units work on it from now on."""
    if r.cover < 0 or (r.owner_unit != r.right and r.rounds == 1):
        r.cover = OTHER_UNITS


def whistled_part(w: World, r: Request, task: Task, n: int, due: float) -> Course:
    """The task of a part, from the whistle to its end."""
    with contextlib.suppress(Merged):
        yield from do_part(w, task, r, n, due)
    end_part(w, r, task)


def do_part(w: World, task: Task, r: Request, n: int, due: float = math.nan) -> Stage:
    """A part of another unit: work and lead time. ``due``: until when it is to be begun, if it is whistled."""
    part, index = w.city.categories[r.category].parts[n], r.rounds * purposes.PER_ROUND + n
    work = lasts(w, part.work, purposes.PART_WORK, r.key, index)
    yield from visit(w, task, r, at(w, part.family, r), PART, work, due)
    if part.lead >= 0:
        yield from wait(w, task, r, lasts(w, part.lead, purposes.PART_LEAD, r.key, index), LEAD_TIME)


def end_part(w: World, r: Request, task: Task) -> None:
    """The part is over; after the last one the owner is alone with it again, and goes on if it has waited for that."""
    r.parts.remove(task)
    if r.parts:
        return
    if r.cover == OTHER_UNITS and r.owner_unit == r.right:
        spend(r, OTHER_UNITS, w.env.now)
        r.cover = -1
    if r.join is not None:
        r.join.now()


def wait_for_parts(w: World, r: Request) -> Stage:
    """The main course has nothing to do until the last whistled part is over."""
    if r.parts:
        r.join = Moment(w.env, order_of(DUE, r.key))
        yield r.join
        r.join = None
