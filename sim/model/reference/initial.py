"""What is open at the start: requests that stand at their units before anybody comes to work."""

from __future__ import annotations

from sim.model.clockwork import start
from sim.model.facts import OPEN, UNIT_QUEUE
from sim.model.initial import Standing, standing
from sim.model.reference.basics import spend
from sim.model.reference.beats import begin_watch
from sim.model.reference.contacts import Life, reports
from sim.model.reference.limits import take_up_limits
from sim.model.reference.world import Problem, Request, World


def begin_standing(w: World, life: Life) -> None:
    """All of them, those that came first first."""
    if w.city.initial:
        for values in standing(w.city, w.stream).tolist():
            stand(w, Standing(*values), life)


def stand(w: World, s: Standing, life: Life) -> None:
    """A unit has had it since it arrived: dispatch and contact are behind it, it has waited for an officer. Citizens
    report its problem on from the start.
    """
    problem = None
    if s.problem:
        problem = Problem(s.problem, s.district, s.category, s.arrived)
        problem.first_report, problem.reports = s.arrived, 1
        w.problems.append(problem)
        begin_watch(w, problem)
    r = Request(s.key, w.contacts, problem, 0, s.arrived, s.district, s.category)
    w.contacts += 1
    w.requests[s.key] = r
    if problem is not None:
        problem.requests[s.key] = r
        problem.users += 1
    r.status, r.channel, r.from_firm, r.urgency, r.street = OPEN, s.channel, s.from_firm, s.urgency, s.street
    r.first_unit = r.owner_unit = r.right = s.unit
    r.right_family, r.dispatched = s.family, s.arrived
    if w.city.contact is not None:
        r.contacted = s.arrived
    spend(r, UNIT_QUEUE, w.env.now)
    take_up_limits(w, r, s.contact_due, s.due)
    start(life(w, r))
    if problem is not None and w.city.categories[s.category].report_gap > 0.0:
        start(reports(w, problem, life, False))
        if w.city.trust is not None and w.city.trust.highest > 1.0:
            start(reports(w, problem, life, True))
