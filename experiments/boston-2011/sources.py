"""Where the numbers of the scenario come from: the texts of its ``description`` and ``sources``."""

from __future__ import annotations

DESCRIPTION = (
    "Every Boston 311 request opened July–December 2011, except the 21 % closed within five minutes (logged after the "
    "fact). Types and departments as in the data: pairs that make up 95 % of the requests by name, the others pooled "
    "by department. Handling is fitted on July–September; October–December is counted, after a warm-up from an empty "
    "backlog, and observed for another 540 days. Staff and work per request are assumptions."
)


def _said(kind: str, note: str) -> dict[str, str]:
    return {"kind": kind, "note": note}


SOURCES: dict[str, str | dict[str, str]] = {
    "time.**": _said("data", "the data's six months; 540 days more, so that long cases are seen to close"),
    "calendars.*.open.**": _said("assumption", "eight hours on weekdays: those with most closings, July–September"),
    "calendars.*.holidays.**": _said("literature", "legal holidays of Massachusetts, 2011–2013"),
    "calendars.*.workdays.**": _said("data", "weekend days with more closings than an average weekday"),
    "calendars.deadlines.**": _said(
        "data",
        "due dates keep the clock time, skip weekends, not holidays, and count from 8:30 what comes out of hours",
    ),
    "demand.hours.**": "boston-2011",
    "demand.weekdays.**": "boston-2011",
    "demand.months.**": _said("data", "July–December; all later months 1, an assumption"),
    "demand.day_factor.**": _said("data", "moments of daily counts by group, Irene and holidays left out"),
    "demand.shocks.**": _said(
        "data", "months in which departments or single types part from the city's, holidays, Hurricane Irene"
    ),
    "districts.**": "boston-2011",
    "units.*.staff": _said(
        "assumption", "so many that officers of the large departments are busy 0.70–0.95 of October–December"
    ),
    "categories.*.total": "boston-2011",
    "categories.*.by_district.**": _said("data", "requests in the file, July–December"),
    "categories.*.work.**": _said("assumption", "not in the data; the same for all types of a department"),
    "categories.Tree Emergencies.work.**": _said(
        "assumption", "short, for 1,100 trees down in three days of August were cleared within about a week"
    ),
    "categories.*.lead.**": _said(
        "data", "fitted: the time to close of requests opened July–September, less the simulated wait and work"
    ),
    "categories.*.never_closed": _said("data", "not closed by 2019, of those opened July–September"),
    "policies.time_limits.by_category.*": _said("data", "the commonest allowance, July–September"),
}
