"""Small scenarios for tests, as text one can read."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
import re
from typing import Any

import sim
from sim.model import policies, purposes
from sim.scenario import Scenario, from_dict


def station(rate: str, work: Any, staff: int, days: int, warm_up: int = 0, **more: Any) -> Scenario:
    """One unit, one category, always open: a single queue."""
    from datetime import date, timedelta

    start = date(2024, 1, 1)
    unit = {"staff": staff, **more.pop("unit", {})}
    category = {"total": rate, "unit": "Desk", "work": work, **more.pop("category", {})}
    return from_dict(
        {
            "name": "one station",
            "time": {
                "start": str(start),
                "count_from": str(start + timedelta(days=warm_up)),
                "end": str(start + timedelta(days=days)),
            },
            "districts": {"Town": {}},
            "units": {"Desk": unit},
            "categories": {"Matter": category},
            **more,
        }
    )


#: Everything the journey knows, in one small town: phone and web, redials, two desks, hops, contact, parking,
#: extension, lead time, parts, repeated reports, callbacks, reopening and calling again.
FULL: dict[str, Any] = {
    "name": "everything at once",
    "time": {"start": "2024-03-04", "end": "2024-03-25"},
    "classes": ["urgent", "ordinary"],
    "calendars": {
        "office": {"open": {"mon-fri": "9:00-17:00"}, "holidays": ["2024-03-08"], "workdays": ["2024-03-10"]},
        "long": {"open": {"mon-sat": "8:30-18:30"}},
    },
    "districts": {
        "North": {"population": 9000, "streets": 2},
        "South": {"population": 6000, "reporting": 2.0, "streets": 1},
    },
    "demand": {
        "hours": [1] * 8 + [4] * 10 + [2] * 6,
        "weekdays": {"sat": 0.5, "sun": 0.4},
        "day_factor": {"city": 0.2, "group": 0.3},
        "shocks": {"storm": {"from": "2024-03-13 06:00", "until": "2024-03-14", "factor": 3, "districts": ["North"]}},
    },
    "channels": {
        "phone": {
            "share": 0.7,
            "pool": "hotline",
            "talk": {"distribution": "lognormal", "mean": "4 min", "cv": 0.8},
            "patience": {"distribution": "exponential", "mean": "90 s"},
            "redial": {"probability": 0.6, "after": {"distribution": "exponential", "mean": "15 min"}, "at_most": 2},
        },
        "web": {"share": 0.3, "pool": "web desk", "talk": "3 min"},
    },
    "pools": {
        "hotline": {
            "shifts": [
                {"days": "mon-sun", "hours": "8:00-20:00", "staff": 2},
                {"days": "mon-sun", "hours": "20:00-8:00", "staff": 1},
            ],
            "also_serves": ["callback"],
            "wage": "20 / h",
            "overtime": 1.5,
        },
        "web desk": {"staff": 1, "calendar": "long"},
        "dispatch": {"staff": 1},
        "district desk": {"staff": 1, "calendar": "long", "per": "district"},
        "callback": {"staff": 1, "calendar": "office"},
    },
    "units": {
        "Street": {"level": "street", "per": "street", "staff": 2, "calendar": "office"},
        "Works": {"staff": 2, "calendar": "long", "discipline": "due"},
        "Water": {"level": "utility", "staff": 1, "discipline": "aged", "head_start": {"urgent": "3 h"}},
    },
    "dispatch": {
        "pool": "dispatch",
        "work": {"distribution": "exponential", "mean": "5 min"},
        "accuracy": 0.8,
        "redispatch_accuracy": 0.7,
        "review": {"distribution": "exponential", "mean": "20 min"},
        "max_hops": 1,
        "district_desk": {"pool": "district desk", "work": "4 min"},
    },
    "contact": {"work": "5 min"},
    "categories": {
        "Question": {"kind": "consultation", "rate": "0.6 / year", "unit": "Street", "work": "10 min"},
        "Pothole": {
            "rate": "0.12 / year",
            "unit": {"Works": 0.8, "Street": 0.2},
            "urgency": {"urgent": 0.3, "ordinary": 0.7},
            "work": {"distribution": "lognormal", "mean": "90 min", "cv": 1},
            "lead": {"distribution": "exponential", "mean": "10 h"},
            "resolve": [0.7, 0.9],
            "reports": {"every": "30 h", "give_up": "12 d"},
        },
        "Leak": {
            "rate": "0.1 / year",
            "unit": "Water",
            "urgency": "urgent",
            "work": {"quantiles": {0: "10 min", 0.5: "1 h", 1: "9 h"}},
            "resolve": 0.8,
            "parts": [
                {"unit": "Works", "work": "1 h", "lead": "3 h", "probability": 0.5},
                {"unit": "Street", "work": "20 min"},
            ],
        },
        "Noise": {
            "rate": "0.3 / year",
            "unit": "Street",
            "work": {"distribution": "gamma", "mean": "40 min", "cv": 0.7},
            "never_closed": 0.05,
            "resolve": 0.5,
            "confused_with": {"Water": 0.5, "Works": 0.5},
        },
    },
    "policies": {
        "instant_answer": {"answered": 0.6},
        "time_limits": {
            "contact": "8 workhours",
            "resolve": {"urgent": "24 h", "ordinary": "3 workdays"},
            "calendar": "office",
            "extension": {"ask_before": "4 h", "probability": 0.4, "length": "24 h"},
            "parking": {"share": 0.05, "time": {"distribution": "exponential", "mean": "2 d"}},
        },
        "classified_handling": {"discipline": "class", "out_of_scope": 0.03},
        "precise_dispatch": {"duplicates": 0.5},
        "callback": {
            "pool": "callback",
            "coverage": 0.9,
            "reach": 0.6,
            "retries": 2,
            "retry_after": "3 h",
            "work": {"distribution": "exponential", "mean": "3 min"},
            "ring": "30 s",
            "contacted": {"if_true": 0.97, "if_false": 0.1},
            "resolved": {"if_true": 0.9, "if_false": 0.2},
            "satisfied": {"intercept": -0.5, "said_resolved": 2.5, "late": -0.7, "log_days": -0.2, "hops": -0.3},
            "reopen": {"to": "owner", "at_most": 1, "probability": 0.7},
            "call_again": {"probability": 0.5, "after": "1 d"},
        },
    },
}


def _random(mean: str) -> dict[str, Any]:
    return {"distribution": "exponential", "mean": mean}


def _other_ways() -> dict[str, Any]:
    town = copy.deepcopy(FULL) | {"name": "everything another way"}
    town["calendars"]["seldom"] = {"open": {"wed": "10:00-12:00"}}
    del town["pools"]["hotline"]["also_serves"]
    town["pools"]["callback"]["calendar"] = "seldom"
    town["dispatch"]["district_desk"]["work"] = _random("4 min")
    town["contact"]["work"] = _random("5 min")
    for name in ("Leak", "Pothole"):
        town["categories"][name]["reports"] = {"every": "12 h", "give_up": "12 d"}
    for part in town["categories"]["Leak"]["parts"]:
        part |= {"work": _random("30 min"), "lead": _random("2 h"), "probability": 1}
    policies = town["policies"]
    phone = town["channels"]["phone"]
    del phone["pool"]
    phone["lines"] = {
        "water": {"pool": "water line", "categories": ["Leak"], "talk": _random("6 min")},
        "streets": {"pool": "street line", "categories": ["Noise", "Pothole"]},
        "city": {"pool": "hotline"},
    }
    phone["wrong_line"] = {"share": 0.4, "talk": _random("3 min"), "again": True, "after": _random("5 min")}
    for line in ("water line", "street line"):
        town["pools"][line] = {"shifts": [{"days": "mon-sun", "hours": "7:00-21:00", "staff": 1}]}
    for category in town["categories"].values():
        category["from_firms"] = 0.3
    town["pools"]["firms"] = {"shifts": [{"days": "mon-fri", "hours": "6:00-24:00", "staff": 1}]}
    policies["enterprise_line"] = {"pool": "firms", "overflow_after": "40 s", "talk": _random("8 min")}
    policies["online"] = {
        "move": {"share": 0.2, "by_category": {"Noise": 0.6}},
        "chatbot": {"at": "both", "deflects": 0.5, "fails": 0.4, "after": _random("10 min")},
        "talk_factor": 0.7,
        "dispatch": {"at_least": 0.85, "work_factor": 0.8},
    }
    policies["first_recipient"] = {"coordination": _random("30 min")}
    policies["time_limits"]["resolve"] = {"urgent": "8 h", "ordinary": "1 workday"}
    policies["callback"] |= {"after": "due", "reach": 0.3, "retry_after": _random("2 h"), "ring": _random("30 s")}
    policies["callback"]["call_again"]["after"] = _random("1 d")
    policies["council"] = {
        "unit": "Street",
        "share": {"Pothole": 0.4, "Noise": 0.5},
        "settles": 0.5,
        "first": "2024-02-27 10:00",
        "every": "36 h",
        "hours": "4 h",
        "seats": 1,
        "work": _random("40 min"),
        "wait": "3 d",
    }
    review = {"pool": "web desk", "work": _random("1 h")}
    policies["callback"]["exclusion"] = {"asks": 0.6, "granted": 0.5, "review": review}
    town["time"] = {"start": "2024-02-26", "end": "2024-03-18"}
    policies["precise_dispatch"]["duty_list"] = {"drift": 0.4, "upkeep": {"work": _random("3 h")}}
    policies["trust"] = {"gain": 1.5, "decay": 0.2, "neutral": 0.4, "step": "week", "lo": 0.2, "hi": 3}
    policies["monthly_theme"] = {
        **{"among": ["Noise", "Pothole"], "pool": "web desk", "effort": "9 h", "rule": "list", "rest": "1 month"},
        **{"calendar": "office", "give_up": "10 d", "lag": "1 d", "removes": 0.5, "rebound": 0.1, "clears": 0.4},
        **{"work_factor": 0.8, "lead_factor": 0.7, "error_factor": 0.5},
    }
    policies["ranking"] = {"gain": 2, "decay": 0.1, "effort": {"share": 0.5, "most": 1.4, "overtime": "30 / h"}}
    policies["ranking"] |= {"gaming": {"share": 0.3, "window": "2 h", "persuaded": 0.6}, "exclusion": {"share": 0.2}}
    policies["supervision"] = {"pool": "web desk", "work": _random("30 min"), "overdue_by": "3 h"}
    policies["supervision"] |= {"repeats": True, "duplicates": True, "sent_up": {"share": 0.5, "to": "Works"}}
    policies["callback"]["satisfied"]["levels"] = {"very_satisfied": 2, "satisfied": 0.5, "very_dissatisfied": -1}
    policies["callback"]["resolved"] = {**policies["callback"]["resolved"], "while_open": 0.3}
    town["categories"]["Noise"]["reports"] = {"reported": 0.6}
    policies["surge"] = {
        "triggers": [
            {"pool": "Works", "when": "wait_p90 > 4 h", "check": "3 h", "until": "oldest < 1 h"},
            {"pool": "hotline", "when": "waiting > 1", "check": "20 min"},
        ],
        "adds": 2,
        "after": "1 h",
        "at_least": "4 h",
        "from": "Water",
    }
    return town


#: The full town another way: nothing takes a fixed time, the first recipient keeps what it gets, the same problem is
#: reported often, citizens are asked at the due date, by a pool that is seldom open and seldom reaches them, the month
#: turns, and one unit lends people to others.
OTHER_WAYS: dict[str, Any] = _other_ways()


def full(**changes: Any) -> Scenario:
    """The full town; a change replaces a top-level key, or updates the policies."""
    data = {**FULL, **changes}
    if "policies" in changes:
        merged = {**FULL["policies"], **changes["policies"]}
        data["policies"] = {name: policy for name, policy in merged.items() if policy is not None}
    return from_dict(data)


def same_tables(a: sim.Outcomes, b: sim.Outcomes) -> bool:
    """Whether two replications have exactly the same tables and, of one count window, the same measures."""
    tables = ("requests", "visits", "levels", "problems", "calls", "trust", "themes", "scores", "pools")
    same = all(getattr(a, name).equals(getattr(b, name)) for name in tables)
    return same and (a.scenario.time != b.scenario.time or sim.measures(a).equals(sim.measures(b)))


def both(scenario: Scenario) -> sim.Outcomes:
    """A replication, on both engines the same."""
    one, other = (sim.simulate(scenario, engine=engine) for engine in ("simpy", "compiled"))  # type: ignore[arg-type]
    assert same_tables(one, other)
    return other


def all_purposes() -> dict[str, int]:
    """The purposes of drawing by name: those of the journey, and those of each mechanism."""
    mechanisms = [
        importlib.import_module(m.name) for m in pkgutil.iter_modules(policies.__path__, "sim.model.policies.")
    ]
    named = {
        name: getattr(module, name)
        for module in (purposes, *mechanisms)
        for name in re.findall(r"^([A-Z_]+) = purpose\(", inspect.getsource(module), re.MULTILINE)
    }
    assert len(named) > 40
    return named
