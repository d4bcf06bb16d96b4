"""Several stations, and offices that close at night."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from theory_method import TRUTHS, Case, counted, exponential, levels, one_station, town, waits

import sim
from sim.scenario import Scenario

# --- office hours ----------------------------------------------------------------------------------------------------


def office(out: sim.Outcomes) -> dict[str, float]:
    """Waits without the pauses of work; how many are there at 8:00, and at work just before 18:00."""
    visits = counted(out, kind="handling")
    stay = visits["ended"] - visits["queued"]
    every = out.visits[out.visits["kind"] == "handling"]
    queued, started, ended = (every[name].to_numpy() for name in ("queued", "started", "ended"))
    days = np.arange(out.count_from, out.count_until, 24)
    # nulls compare as false: not yet started, not yet ended
    there = [((queued < day + 8) & ~(ended < day + 8)).sum() for day in days]
    at_work = [((started < day + 18) & ~(ended < day + 18)).sum() for day in days]
    return {
        "Wq": float((stay - visits["worked"]).mean()),
        "W": float(stay.mean()),
        "busy": levels(out, "Desk")["busy"],
        "queue_at_open": float(np.mean(there)),
        "in_service_at_close": float(np.mean(at_work)),
    }


def eight_officers(kind: str, name: str, **unit: object) -> Case:
    truths = TRUTHS["G5"][kind]
    return Case(
        f"G5: M/M/8, 8:00-18:00, {name}",
        one_station(1.0, exponential(2.0), unit, calendars={"office": {"open": {"mon-sun": "8:00-18:00"}}}),
        office,
        means={key: truths[key] for key in ("Wq", "W", "busy", "queue_at_open", "in_service_at_close")},
        moved=("busy", "queue_at_open"),  # how long one waits till the morning hardly depends on the rate
        warm_up=3,
        short=80,
        twin=20,
        long=150,
    )


# --- networks --------------------------------------------------------------------------------------------------------


def feedback(warm_up: int, days: int, factor: float) -> Scenario:
    """One officer; 30 % of what is closed comes back at once, for as often as it takes."""
    return town(
        warm_up,
        days,
        units={"Desk": {"staff": 1}},
        pools={"clerks": {"staff": 20}},
        categories={
            "Matter": {"total": f"{10 * factor!r} / h", "unit": "Desk", "work": exponential(0.05), "resolve": 0.7}
        },
        policies={"callback": {"pool": "clerks", "work": "0 min", "reopen": {"to": "owner", "at_most": 100}}},
    )


def passes(out: sim.Outcomes) -> dict[str, float]:
    visits, unit = counted(out, kind="handling"), 0.1
    requests = out.counted
    return {
        "lam_eff": len(visits) * unit / (out.count_until - out.count_from),
        "L": levels(out, "Desk")["L"],
        "total_W": float((requests["ended"] - requests["arrived"]).mean()) / unit,
        "Wq_per_pass": float(waits(visits).mean()) / unit,
    }


I2 = TRUTHS["I2"]
LIGHT = ("hotline", "dispatch", "roads", "callback")
HEAVY = ("water", "parks")  # the queues there take long to settle
STATIONS = (*LIGHT, *HEAVY)


def city(warm_up: int, days: int, factor: float) -> Scenario:
    """Hotline, dispatch, three departments, callback; 15 % are not resolved and go through dispatch again."""
    departments = {"roads": (0.4, 6, 3), "water": (0.35, 6, 2.5), "parks": (0.25, 7, 1.5)}
    return town(
        warm_up,
        days,
        channels={"phone": {"share": 1, "pool": "hotline", "talk": exponential(1 / 12)}},
        pools={"hotline": {"staff": 4}, "dispatch": {"staff": 1}, "callback": {"staff": 3}},
        dispatch={"pool": "dispatch", "work": exponential(1 / 60)},
        units={name: {"staff": staff} for name, (_, staff, _) in departments.items()},
        categories={
            name: {
                "total": f"{30 * share * factor!r} / h",
                "unit": name,
                "work": exponential(1 / speed),
                "resolve": 0.85,
            }
            for name, (share, _, speed) in departments.items()
        },
        policies={
            "callback": {
                "pool": "callback",
                "work": exponential(1 / 20),
                "reopen": {"to": "dispatch", "at_most": 100},
            }
        },
    )


def through(out: sim.Outcomes) -> Mapping[str, float]:
    requests = out.counted
    inside = {name: levels(out, name) for name in STATIONS}
    seen = {}
    for name in STATIONS:
        visits = counted(out, pool=name)
        wait = waits(visits)
        seen |= {
            f"{name} L": inside[name]["L"],
            f"{name} lam": len(visits) / (out.count_until - out.count_from),
            f"{name} P_wait": float((wait > 0).mean()),
            f"{name} Wq": float(wait.mean()),
        }
    return {
        "total_L": sum(level["L"] for level in inside.values()),
        "mean_sojourn_h": float((requests["ended"] - requests["arrived"]).mean()),
        "dispatch_visits": len(counted(out, kind="dispatch")) / len(requests),
        **seen,
    }


def of_stations(stations: tuple[str, ...], *names: str) -> Mapping[str, float]:
    return {f"{station} {name}": I2[station][name] for station in stations for name in names}


NETWORKS = [
    eight_officers("preempt", "work pauses at night", staff=8, calendar="office"),
    eight_officers(
        "finish", "work is finished after hours", shifts=[dict(days="mon-sun", hours="8:00-18:00", staff=8)]
    ),
    Case(
        "I3: M/M/1 with feedback",
        feedback,
        passes,
        means=TRUTHS["I3"],
        warm_up=1,
        short=46,
        twin=4,
        long=113,
    ),
    Case(
        "I2: hotline, dispatch, departments, callback, reopened",
        city,
        through,
        means={"dispatch_visits": I2["dispatch_visits"], **of_stations(STATIONS, "lam"), **of_stations(LIGHT, "L")},
        slow={**{name: I2[name] for name in ("total_L", "mean_sojourn_h")}, **of_stations(HEAVY, "L")},
        tails=of_stations(STATIONS, "P_wait", "Wq"),
        moved=tuple(of_stations(LIGHT, "L")),
        warm_up=1,
        short=16,
        twin=2,
        long=68,
    ),
]
