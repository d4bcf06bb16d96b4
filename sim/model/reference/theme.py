"""What a monthly theme does in the city: its effort is worked, and open problems are fixed. See ``journey``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sim.model.clockwork import TURNED, Course, Moment, order_of, start
from sim.model.facts import BY_THEME, DISPATCH, DISTRICT_DESK, OPEN, REVIEW
from sim.model.policies import monthly_theme
from sim.model.reference.basics import chance
from sim.model.reference.beats import end_watch
from sim.model.reference.closing import let_go
from sim.model.reference.errands import errand
from sim.model.reference.world import Problem, Request, World


def ask_effort(w: World, number: int, pool: int, keys: Sequence[int], hours: Sequence[float]) -> None:
    """The pieces of the effort for a theme join the queue of a pool."""
    w.efforts[number].keys += keys
    for key, work in zip(keys, hours, strict=True):
        start(work_effort(w, number, pool, key, work))


def work_effort(w: World, number: int, pool: int, key: int, hours: float) -> Course:
    """One piece of it, which joins after the changes of staff at this instant."""
    joins = Moment(w.env, order_of(TURNED, key))
    joins.at(w.env.now)
    yield joins
    if (yield from errand(w, key, pool, hours)):
        w.efforts[number].done += 1
        w.efforts[number].last = w.env.now


def give_up_effort(w: World, number: int) -> None:
    """The pieces that nobody has begun leave the queue."""
    for key in w.efforts[number].keys:
        if key in w.errands and (visit := w.errands[key].task.queueing) is not None:
            visit.leave()


def clear(w: World, category: int, share: float, mark: int) -> int:
    """Fix this share of the open problems of a category that the city may still hear of; says how many they were."""
    cleared = [
        problem
        for problem in w.problems
        if problem.category == category
        and problem.users
        and not problem.fixed_by
        and chance(w, share, monthly_theme.CLEARS, problem.key, mark)
    ]
    for problem in cleared:
        clear_problem(w, problem)
    return len(cleared)


def clear_problem(w: World, problem: Problem) -> None:
    """The problem is gone; its requests go on after the changes of staff at this instant."""
    problem.fixed, problem.fixed_by = w.env.now, BY_THEME
    for r in problem.requests.values():
        goes_on = Moment(w.env, order_of(TURNED, r.key))
        goes_on.callbacks.append(partial(is_cleared, r))
        goes_on.at(w.env.now)
    end_watch(w, problem)


def is_cleared(r: Request, _: object) -> None:
    """A request whose owner has it is closed, as soon as nobody works on it; elsewhere it is merged."""
    visit = r.main.visit
    r.cleared = r.status == OPEN and (visit is None or visit.kind not in (DISPATCH, DISTRICT_DESK, REVIEW))
    let_go(r)
