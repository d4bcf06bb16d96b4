"""Neighbourhood council (议事厅): some first reports are brought to a table before the call, and perhaps settled."""

from __future__ import annotations

import math

from sim.model.clockwork import DUE, Moment, order_of
from sim.model.facts import BY_COUNCIL, COUNCIL, SETTLED
from sim.model.policies import council
from sim.model.reference.basics import Stage, at, book, chance, lasts
from sim.model.reference.closing import fix
from sim.model.reference.world import Request, World


def sit_down(w: World, r: Request) -> Stage:
    """A matter that no session is long enough for goes on at once, one that finds no seat in time goes on then."""
    plan, problem = w.city.council, r.problem
    if plan is None or problem is None or r.repeat_of or problem.reports > 1:
        return
    if not chance(w, w.city.categories[r.category].council.share, council.BROUGHT, r.key):
        return
    work = lasts(w, plan.work, council.TABLE_WORK, r.key)
    if work > plan.hours:
        return
    r.main.visit = seat = w.pools[at(w, plan.family, r)].join(r, COUNCIL, work)
    if math.isnan(seat.started):
        too_long = Moment(w.env, order_of(DUE, r.key))
        too_long.callbacks.append(seat.lose_patience)
        too_long.at(w.env.now + plan.wait)
    yield seat
    book(w, r.main, r)
    r.turned = w.env.now
    if not math.isnan(seat.started) and chance(w, plan.settles, council.SETTLED, r.key):
        r.status = SETTLED
        if not problem.fixed_by:
            fix(w, problem, BY_COUNCIL)
