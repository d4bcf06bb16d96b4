"""The cities of the pictures in which people wait for people: hotlines, a line for firms, a chatbot, a storm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from small_cities import Data, exponential

from sim.scenario import Scenario, from_dict


def hotline(data: Data) -> Scenario:
    """A month of questions by phone, after a day in which the lines fill; all are answered at once."""
    time = {"start": "2024-01-01", "count_from": "2024-01-02", "end": "2024-02-01"}
    policies = {"instant_answer": {"answered": 1}, **data.pop("policies", {})}
    return from_dict({"name": "a hotline", "time": time, "districts": {"Town": {}}, "policies": policies, **data})


def lines(calls: float, merged: bool) -> Scenario:
    """Three lines of six people, so many calls an hour to each, four minutes of talk; or all eighteen at one number."""
    names = ("a", "b", "c")
    own = {name: {"pool": name, "categories": [f"about {name}"]} for name in names}
    return hotline(
        {
            "channels": {"phone": {"share": 1, "kind": "phone", "talk": exponential("4 min"), "lines": own}},
            "pools": {name: {"staff": 6} for name in names},
            "categories": {f"about {name}": {"kind": "consultation", "total": f"{calls} / h"} for name in names},
            "policies": {"one_hotline": {"into": "a"}} if merged else {},
        }
    )


def firms(seats: int, helping: Sequence[str] = ()) -> Scenario:
    """Fourteen people answer 24 calls of firms an hour and 96 of others, five minutes each; so many sit at a line for
    firms. Those of a pool that is helping take calls of the other when nobody waits for themselves.
    """
    pools: Data = {"hotline": {"staff": 14 - seats}, **({"firms": {"staff": seats}} if seats else {})}
    for name, other in (("hotline", "firms"), ("firms", "hotline")):
        if name in helping:
            pools[name]["also_serves"] = [other]
    phone: Data = {"share": 1, "kind": "phone", "pool": "hotline", "talk": exponential("5 min")}
    return hotline(
        {
            "channels": {"phone": phone},
            "pools": pools,
            "categories": {"Question": {"kind": "consultation", "total": "120 / h", "from_firms": 0.2}},
            "policies": {"enterprise_line": {"pool": "firms"}} if seats else {},
        }
    )


def bot(at: str | None, fails: float) -> Scenario:
    """Of 100 contacts 80 call and 20 write; a bot deflects four of ten of those it meets, and fails a share of these,
    who call ten minutes later.
    """
    people = {"staff": 100_000}
    chatbot = {"at": at, "deflects": 0.4, "fails": fails, "after": "10 min", "takes": "all"}
    return from_dict(
        {
            "name": "phone and online",
            "time": {"start": "2024-01-01", "count_until": "2024-01-04", "end": "2024-01-05"},
            "districts": {"Town": {}},
            "channels": {
                "phone": {"share": 0.8, "kind": "phone", "pool": "hotline", "talk": "4 min"},
                "web": {"share": 0.2, "pool": "web desk", "talk": "6 min"},
            },
            "pools": {"hotline": people, "web desk": people},
            "categories": {"Matter": {"kind": "consultation", "total": "5000 / d"}},
            "policies": {"instant_answer": {"answered": 1}, **({"online": {"chatbot": chatbot}} if at else {})},
        }
    )


def storm(called_in: int) -> Scenario:
    """Ten officers at a load of 0.8 meet twelve hours of five times the demand on the sixth day; perhaps so many more
    are called where 60 wait, and come two hours later.
    """
    trigger = {"pool": "Desk", "when": "waiting > 60", "check": "4 h", "until": "waiting < 5"}
    surge: dict[str, Any] = {"triggers": [trigger], "adds": called_in, "after": "2 h", "at_least": "8 h"}
    shock = {"from": "2024-01-06", "until": "2024-01-06 12:00", "factor": 5}
    return from_dict(
        {
            "name": "a storm",
            "time": {"start": "2024-01-01", "end": "2024-01-19"},
            "districts": {"Town": {}},
            "units": {"Desk": {"staff": 10}},
            "categories": {"Matter": {"total": "8 / h", "unit": "Desk", "work": exponential("1 h")}},
            "demand": {"shocks": {"storm": shock}},
            "policies": {"surge": surge} if called_in else {},
        }
    )
