"""Small tables of outcomes, made by hand or at random, for the tests of measures and inference."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sim.model.facts import CAUSES
from sim.scenario import Scenario, from_text

CITY = """
name: Two districts
currency: CNY
time: {start: 2024-03-30, count_until: 2024-04-04, end: 2024-04-09}
classes: [urgent, ordinary]
districts: {甲: {}, 乙: {}}
channels:
  phone: {share: 0.5, pool: hotline, talk: 5 min, patience: 3 min}
  web: {share: 0.5}
pools: {hotline: {staff: 2, wage: 30 / h, overtime: 1.5}, callers: {staff: 1}}
units: {Roads: {staff: 1}, Streets: {level: street, staff: 1}}
contact: {work: 5 min}
categories:
  Pothole: {rate: 1 / year, unit: Roads, work: 1 h, urgency: {urgent: 0.5, ordinary: 0.5}}
  Noise: {rate: 1 / year, unit: Streets, work: 1 h, urgency: {urgent: 0.5, ordinary: 0.5}}
  Question: {kind: consultation, rate: 1 / year, unit: Streets, work: 1 h}
policies:
  instant_answer: {answered: 0.5}
  time_limits: {contact: 1 d, resolve: {urgent: 1 d, ordinary: 7 d}}
  callback: {pool: callers, work: 3 min, satisfied: {intercept: 0}, reopen: {to: owner}}
"""

Row = dict[str, Any]

SCENARIO = from_text(CITY)
END, COUNT_UNTIL = 240.0, 120.0

_TIMES = ("dispatched", "contact_due", "contacted", "due", "first_closed", "closed", "ended", "called_back")
_ANSWERS = ("resolved", "said_contacted", "said_resolved", "said_satisfied")
_NAMES = {
    "channel": ["phone", "web"],
    "district": ["甲", "乙"],
    "category": ["Pothole", "Noise", "Question"],
    "urgency": ["urgent", "ordinary"],
    "owner_unit": ["hotline", "callers", "Roads", "Streets"],
    "status": [
        "answered",
        "deflected",
        "settled",
        "out_of_scope",
        "lost",
        "merged",
        "closed",
        "intake_open",
        "open",
    ],
}


def requests_table(rows: Sequence[Row]) -> pd.DataFrame:
    """Contacts with the columns and types of the contract; what a row leaves out is null or zero."""
    filled = [
        {"replication": 0, "hops": 0, "rounds": 0, "excluded": False, "problem": None, "repeat_of": None}
        | dict.fromkeys((*_TIMES, "answered_wait"), np.nan)
        | dict.fromkeys((*_ANSWERS, "owner_unit"), None)
        | {f"hours_{cause}": 0.0 for cause in CAUSES}
        | {"request": f"{number:016x}"}
        | row
        for number, row in enumerate(rows)
    ]
    columns = ["replication", "request", "problem", "repeat_of", "arrived", *_NAMES, *_TIMES, *_ANSWERS]
    columns += ["answered_wait", "hops", "rounds", "excluded", *(f"hours_{cause}" for cause in CAUSES)]
    table = pd.DataFrame(filled, columns=columns)
    kinds: dict[str, Any] = dict.fromkeys((*_ANSWERS, "excluded"), "boolean")
    kinds |= dict.fromkeys((*_TIMES, "arrived", "answered_wait"), "float64")
    kinds |= {"hops": "int64", "rounds": "int64"} | {f"hours_{cause}": "float64" for cause in CAUSES}
    kinds |= {name: pd.CategoricalDtype(values) for name, values in _NAMES.items()}
    return table.astype(kinds)


def outcomes(
    requests: Sequence[Row] | pd.DataFrame = (),
    visits: Sequence[Row] = (),
    levels: Sequence[Row] = (),
    problems: Sequence[Row] = (),
    scenario: Scenario = SCENARIO,
    **others: Any,
) -> Any:
    """A stand-in for ``sim.outcomes.Outcomes``."""
    table = requests if isinstance(requests, pd.DataFrame) else requests_table(requests)
    return SimpleNamespace(
        **{"scenario": scenario, "replication": 0, "end": END, "count_from": 0.0, "count_until": COUNT_UNTIL} | others,
        requests=table,
        counted=table[(table["arrived"] >= 0) & (table["arrived"] < COUNT_UNTIL)],
        visits=_frame(visits, "request", "kind", "pool", "queued", "started", "ended", "worked"),
        levels=_frame(
            levels, "replication", "pool", "hour", "arrivals", "queue", "busy", "on_duty", "called_in", "overtime"
        ),
        problems=_frame(problems, "problem", "district", "category", "born", "first_report", "fixed", "fixed_by"),
        pools=pd.DataFrame(
            {
                "pool": ["hotline", "callers", "Roads", "Streets"],
                "kind": ["pool", "pool", "unit", "unit"],
                "level": ["", "", "department", "street"],
                "district": "",
                "wage": [30.0, np.nan, 20.0, np.nan],
                "overtime": [1.5, 1.0, 1.0, 1.0],
            }
        ),
    )


def _frame(rows: Sequence[Row], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns))


def random_requests(seed: int, n: int) -> pd.DataFrame:
    """Contacts of all kinds at random moments; ages add up, times are in order and on the grid of instants."""
    rng = np.random.default_rng(seed)

    def tick(hours: float) -> float:
        return round(hours * 2**30) / 2**30

    rows = []
    for _ in range(n):
        arrived = tick(rng.uniform(0, END))
        row: dict[str, Any] = {"arrived": arrived, "status": rng.choice(_NAMES["status"])}
        row |= {name: rng.choice(values) for name, values in _NAMES.items() if name != "status"}
        end = tick(rng.uniform(arrived, END))
        row["ended"] = np.nan if row["status"] in ("open", "intake_open") else end
        if row["status"] in ("closed", "open", "merged"):
            row["owner_unit"] = rng.choice(["Roads", "Streets"])
            row |= {"dispatched": arrived, "due": arrived + float(rng.choice([24.0, 168.0])), "rounds": 1}
            row |= {"contact_due": arrived + 24, "contacted": float(rng.choice([np.nan, end]))}
            row["hops"] = int(rng.integers(0, 3))
        else:
            row["owner_unit"] = None
        if row["status"] == "closed":
            row |= {"first_closed": end, "closed": end, "resolved": bool(rng.random() < 0.7)}
            if rng.random() < 0.7:
                row |= {"called_back": end} | {name: bool(rng.random() < 0.6) for name in _ANSWERS[1:]}
        age = (end if row["ended"] == end else END) - arrived
        parts = rng.dirichlet(np.ones(len(CAUSES))) * age
        row |= {f"hours_{cause}": tick(part) for cause, part in zip(CAUSES, parts, strict=True)}
        rows.append(row)
    return requests_table(rows)


def value(table: pd.DataFrame, measure: str, group_by: str = "", *group: str, column: str = "value") -> float:
    """The one value of a measure for a group."""
    rows = table[(table["measure"] == measure) & (table["group_by"] == group_by)]
    rows = rows[rows["group"] == json.dumps(list(group), ensure_ascii=False)]
    assert len(rows) == 1, (measure, group_by, group)
    return float(rows[column].iloc[0])


def measure_rows(
    values: list[float], measure: str = "breach_share", scenario: str = "base", **others: Any
) -> pd.DataFrame:
    """A table of one measure, a replication for each value; null with no cases unless told otherwise."""
    return pd.DataFrame(
        {
            "scenario": scenario,
            "replication": range(len(values)),
            "measure": measure,
            "group_by": "",
            "group": "[]",
            "value": values,
            "numerator": math.nan,
            "denominator": [0.0 if math.isnan(value) else 10.0 for value in values],
            "unit": "share",
        }
        | others
    )
