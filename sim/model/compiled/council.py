"""Neighbourhood council (议事厅): some first reports are brought to a table before the call, and perhaps settled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.model.compiled.basics import at, chance, lasts
from sim.model.compiled.closing import fix
from sim.model.compiled.machine import state
from sim.model.compiled.machine.codes import DUE, ENDS, HANGS_UP, MEET_CHATBOT, SAT, VISITS
from sim.model.compiled.machine.schedule import schedule
from sim.model.compiled.machine.tasks import MAIN, task_of
from sim.model.compiled.pools import visit
from sim.model.compiling import not_inlined, outlined
from sim.model.facts import BY_COUNCIL, COUNCIL, SETTLED
from sim.model.policies import council


@outlined
def sit_down(w: Any, i: Any, r: Any) -> Any:
    """A matter that no session is long enough for goes on at once, one that finds no seat in time goes on then."""
    not_inlined()
    if r.problem < 0 or r.repeat_of != np.uint64(0) or state.problem(w, r.problem).reported > 1:
        return MEET_CHATBOT
    if not chance(w, state.category(w, r.category).council.share, council.BROUGHT, r.key, 0):
        return MEET_CHATBOT
    work = lasts(w, w.council.work, council.TABLE_WORK, r.key, 0)
    if work > w.council.hours:
        return MEET_CHATBOT
    visit(w, task_of(i, MAIN), r, at(w, w.council.family, r), COUNCIL, work, SAT)
    x = state.task(w, task_of(i, MAIN))
    if math.isnan(x.started):
        schedule(w, w.now + w.council.wait, DUE, r.key, x.number, HANGS_UP, task_of(i, MAIN))
    return VISITS


@outlined
def sit_down_done(w: Any, i: Any, r: Any) -> Any:
    """The matter is settled, or goes on to the hotline."""
    not_inlined()
    r.turned = w.now
    sat = not math.isnan(state.task(w, task_of(i, MAIN)).started)
    if not sat or not chance(w, w.council.settles, council.SETTLED, r.key, 0):
        return MEET_CHATBOT
    r.status = SETTLED
    if state.problem(w, r.problem).fixed_by == np.uint64(0):
        fix(w, np.int64(r.problem), np.uint64(BY_COUNCIL))
    return ENDS
