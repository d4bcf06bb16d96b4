"""Fit ``scenarios/boston-2011.yaml`` to Boston's row file and write it: ``python experiments/boston-2011/fit.py``.

Arrivals come from all six months. Handling comes from requests opened July–September only; nothing here reads the
closings of requests opened later. What the data do not hold, staff and work per request, stands below as assumptions.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from arrivals import HOLIDAYS, Arrivals, categorise, fit_arrivals
from handling import DEADLINES, lead_times, limit_of, nearest_limit, never_closed, pooled, recency
from rows import COUNT_FROM, COUNT_UNTIL, DEFAULT_ROWS, DEPARTMENTS, END, LARGE, PROJECT, START, Table, fitting, load
from sources import DESCRIPTION, SOURCES

import sim

SCENARIO = PROJECT / "scenarios/boston-2011.yaml"

#: Assumptions. Officers on duty and mean work per request by department. Load decides, not its two factors: it is as
#: high as keeps officers busy 0.70–0.95 of October–December and short cases of July–September about as fast as they
#: were, and high enough that a tenth fewer officers would be felt.
STAFF = {"PWDx": 32, "ISD": 19, "PARK": 7, "BTDT": 10, "INFO": 5, "PROP": 6}
WORK = {"PWDx": "90 min", "ISD": "150 min", "PARK": "180 min", "BTDT": "120 min", "INFO": "80 min", "PROP": "240 min"}
#: One officer and half an hour for the departments that hardly occur.
SMALL_STAFF, SMALL_WORK, SMALL_OFFICE, SMALL_HOURS = 1, "30 min", "other offices", "9:00-17:00"
#: The one type whose work is unlike its department's: 1,100 trees down in three days of August were cleared in a week.
OWN_WORK = {"Tree Emergencies": "20 min"}
WORK_CV = 1.0
#: Types due within two (working) days go first. July–September is fitted better so than with one day, or with none: the
#: other way round, the medians of short types cannot be as short as they were.
URGENT = ("1 workdays", "1 d", "2 workdays", "2 d")
#: Offices are open on weekdays, in the shortest run of hours with this share of the department's weekday closings.
OPEN_SHARE = 0.9
#: Legal holidays on which offices are closed, also after the data end.
LATER_HOLIDAYS = (
    "2012-01-02", "2012-01-16", "2012-02-20", "2012-04-16", "2012-05-28", "2012-07-04", "2012-09-03", "2012-10-08",
    "2012-11-12", "2012-11-22", "2012-12-25", "2013-01-01", "2013-01-21", "2013-02-18", "2013-04-15", "2013-05-27",
)  # fmt: skip
REPLICATIONS = 10
#: Districts of the data that are no places: they take no part in the gap between districts.
NO_PLACES = ("Boston, no neighborhood", "Not stated")


class Flow(dict[Any, Any]):
    """A map written on one line."""


class Line(list[Any]):
    """A list written on one line."""


#: Written once, then referred to.
CLOSED = Line(
    [*(f"{day:%Y-%m-%d}" for name, day in HOLIDAYS.items() if name != "Day after Thanksgiving"), *LATER_HOLIDAYS]
)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return data is not CLOSED


_Dumper.add_representer(Flow, lambda d, x: d.represent_mapping("tag:yaml.org,2002:map", x.items(), flow_style=True))
_Dumper.add_representer(Line, lambda d, x: d.represent_sequence("tag:yaml.org,2002:seq", x, flow_style=True))


def opening_hours(rows: Table) -> dict[str, str]:
    """By department code: the shortest run of whole hours with OPEN_SHARE of the weekday closings."""
    closed = START + pd.to_timedelta(rows.closed, unit="h")
    weekday = closed.dt.day_of_week < 5
    hours = {}
    for code in LARGE:
        at = closed[weekday & (rows.department == code)].dt.hour.astype(int)
        share = np.concatenate([[0.0], np.cumsum(np.bincount(at, minlength=24)) / len(at)])
        runs = [
            (last - first, first)
            for first in range(24)
            for last in range(25)
            if share[last] - share[first] >= OPEN_SHARE
        ]
        length, first = min(runs)
        hours[code] = f"{first}:00-{first + length}:00"
    return hours


def worked_weekends(rows: Table) -> dict[str, list[str]]:
    """By department code: the weekend days on which it closed more than on its average weekday."""
    closed = (START + pd.to_timedelta(rows.closed, unit="h")).dt.normalize()
    days = {}
    for code in LARGE:
        on = closed[(rows.department == code) & (closed < COUNT_FROM)].value_counts()
        weekday = on.index.day_of_week < 5
        busy = on[~weekday & (on > on[weekday].mean())]
        days[code] = [f"{day:%Y-%m-%d}" for day in sorted(busy.index)]
    return days


def calendars(rows: Table) -> dict[str, Any]:
    """Office hours by department, and the calendar of deadlines."""
    hours, weekends = opening_hours(rows), worked_weekends(rows)
    offices = {
        name: {"open": Flow({"mon-fri": hours[code]}), "holidays": CLOSED}
        | ({"workdays": Line(weekends[code])} if weekends.get(code) else {})
        for code, name in DEPARTMENTS.items()
        if code in LARGE
    }
    small = {"open": Flow({"mon-fri": SMALL_HOURS}), "holidays": CLOSED}
    return offices | {SMALL_OFFICE: small, "deadlines": {"open": Flow(DEADLINES["open"])}}


def units() -> dict[str, Any]:
    """The departments with their officers."""
    return {
        name: {
            "level": "department",
            "staff": STAFF.get(code, SMALL_STAFF),
            "calendar": name if code in LARGE else SMALL_OFFICE,
            "discipline": "class",
        }
        for code, name in DEPARTMENTS.items()
    }


def limits(rows: Table) -> dict[str, str]:
    """Deadlines by category: the commonest allowance; for pooled categories the one that explains their lateness."""
    found = {}
    for category, part in rows.groupby("category"):
        limit = nearest_limit(part) if str(category).startswith("Other (") else limit_of(part)
        if limit is not None:
            found[str(category)] = limit
    return found


def handling(rows: Table, handled: Table) -> dict[str, dict[str, Any]]:
    """Lead time and never-closed share by category. ``handled``: see ``simulate_handled``."""
    names = pooled(rows)
    until = (COUNT_FROM - START) / pd.Timedelta(hours=1)
    result: dict[str, dict[str, Any]] = {}
    for category, simulated in handled.groupby("category", observed=True):
        own = names[rows.category == category]
        part = rows[names == (own.iloc[0] if len(own) else "small")]
        weights = recency(part.arrived.to_numpy(), until)
        closed = np.isfinite(part.hours).to_numpy()
        at, lead = lead_times(
            part.hours.to_numpy()[closed],
            weights[closed],
            simulated.handled.to_numpy(),
            recency(simulated.arrived.to_numpy(), until),
        )
        quantiles = Flow({float(f"{p:.4g}"): f"{h:.4g} h" for p, h in zip(at, lead, strict=True)})
        never = never_closed(part, weights)
        result[str(category)] = {"lead": Flow(quantiles=quantiles)} | ({"never_closed": never} if never else {})
    return result


def assemble(arrivals: Arrivals, rows: Table, leads: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The scenario as plain data; without ``leads``, requests close when the officer's work is done."""
    early = fitting(rows)
    due = limits(early)
    districts = sorted(rows.district.unique())
    code = {name: code for code, name in DEPARTMENTS.items()}
    categories: dict[str, Any] = {}
    for name in sorted(arrivals.totals, key=lambda c: -arrivals.counts[c].sum()):
        unit = arrivals.units[name]
        work = OWN_WORK.get(name, WORK.get(code[unit], SMALL_WORK))
        categories[name] = {
            "total": f"{arrivals.totals[name]} / d",
            "by_district": Flow({d: arrivals.districts[name].get(d, 0) for d in districts}),
            "group": arrivals.groups[name],
            "urgency": "urgent" if due.get(name) in URGENT else "ordinary",
            "unit": unit,
            "work": Flow(distribution="lognormal", mean=work, cv=WORK_CV),
        } | (leads or {}).get(name, {})
    shocks = {
        name: Flow({k: Line(v) if isinstance(v, list) else v for k, v in s.items()})
        for name, s in arrivals.shocks.items()
    }
    return {
        "format": 2,
        "name": "Boston 311, July–December 2011",
        "description": DESCRIPTION,
        "time": {
            "start": f"{START:%Y-%m-%d}",
            "count_from": f"{COUNT_FROM:%Y-%m-%d}",
            "count_until": f"{COUNT_UNTIL:%Y-%m-%d}",
            "end": f"{END:%Y-%m-%d}",
        },
        "calendars": calendars(early),
        "classes": Line(["urgent", "ordinary"]),
        "districts": {d: Flow({"place": False} if d in NO_PLACES else {}) for d in districts},
        "demand": {
            "hours": Line(arrivals.hours),
            "weekdays": Flow(arrivals.weekdays),
            "months": Flow(arrivals.months),
            "day_factor": Flow(arrivals.day_factor),
            "shocks": shocks,
        },
        "units": units(),
        "categories": categories,
        "policies": {"time_limits": {"from": "arrival", "calendar": "deadlines", "by_category": due}},
        "sources": {path: Flow(source) if isinstance(source, dict) else source for path, source in SOURCES.items()},
    }


def simulate_handled(scenario: dict[str, Any], replications: int) -> Table:
    """Simulated requests that arrive before the window: category, arrived, handled (hours from arrival to the end of
    the officer's work)."""
    time = {"start": scenario["time"]["start"], "end": f"{COUNT_UNTIL:%Y-%m-%d}"}
    loaded = sim.scenario.from_dict(scenario | {"time": time, "sources": {}})
    until = (COUNT_FROM - START) / pd.Timedelta(hours=1)
    parts = []
    for k in range(replications):
        requests = sim.simulate(loaded, replication=k).requests
        parts.append(requests.loc[requests.arrived < until, ["category", "arrived", "first_closed"]])
    table = pd.concat(parts)
    return table.assign(handled=table.first_closed - table.arrived).dropna()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="?", default=DEFAULT_ROWS, help="Boston's row file (csv.gz)")
    parser.add_argument("--out", type=Path, default=SCENARIO)
    options = parser.parse_args()
    rows = load(options.rows)
    rows["category"] = categorise(rows)
    arrivals = fit_arrivals(rows)
    handled = simulate_handled(assemble(arrivals, rows), REPLICATIONS)
    scenario = assemble(arrivals, rows, handling(fitting(rows), handled))
    text = yaml.dump(scenario, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=150)
    options.out.write_text(
        "# Written by experiments/boston-2011/fit.py: change the script, not this file.\n" + text, "utf-8"
    )
    print(f"{options.out}: {len(scenario['categories'])} categories, {len(arrivals.shocks)} shocks")


if __name__ == "__main__":
    main()
