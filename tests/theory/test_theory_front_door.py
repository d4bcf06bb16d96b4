"""One hotline (整合热线) and enterprise line (企业专线) against Erlang's waits, at full length: `make theory`.

Each number is a mean over replications of other citizens: it must lie within four standard errors of the exact value,
and its 95 % interval must be narrow. The twins must fail: what is merged taken for what is not, a rate that is wrong.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from exact import agrees
from theory_erlang import mean_wait, waits_longer
from theory_method import START

import sim
from sim.scenario import Scenario, from_dict

pytestmark = pytest.mark.theory

Data = dict[str, Any]
REPLICATIONS, WIDTH, SECOND = 20, 0.03, 1 / 3600
TALK = {"distribution": "exponential", "mean": "4 min"}
RATE = 15.0  # calls an hour that one person answers


def three_lines(calls: float, days: int, **phone: Any) -> Data:
    """Three lines of six people, so many calls an hour to each; a day of warm-up."""
    names = ("a", "b", "c")
    first = START + timedelta(days=1)
    time = {"start": START, "count_from": first, "end": first + timedelta(days=days)}
    return {
        "name": "three lines",
        "time": {name: str(day) for name, day in time.items()},
        "districts": {"Town": {}},
        "channels": {
            "phone": {
                "share": 1,
                "kind": "phone",
                "talk": TALK,
                "lines": {name: {"pool": name, "categories": [f"about {name}"]} for name in names},
                **phone,
            }
        },
        "pools": {name: {"staff": 6} for name in names},
        "categories": {f"about {name}": {"kind": "consultation", "total": f"{calls} / h"} for name in names},
        "policies": {"instant_answer": {"answered": 1}},
    }


def measured(scenario: Scenario) -> dict[str, np.ndarray]:
    """Measures of the whole city, by replication."""
    table = sim.run(scenario, REPLICATIONS, seed=crc32(scenario.name.encode()), keep="measures").measures
    table = table[table["group_by"] == ""]
    return {str(name): rows["value"].to_numpy(float) for name, rows in table.groupby("measure", observed=True)}


def is_seen_to_differ(values: np.ndarray, wrong: float) -> bool:
    """Whether a value that is not the exact one is rejected."""
    return bool(abs(values.mean() - wrong) > 4 * values.std(ddof=1) / np.sqrt(len(values)))


@pytest.mark.parametrize("merged", [False, True], ids=["three lines", "one hotline"])
def test_waits_are_erlangs(merged: bool) -> None:
    data = three_lines(75, 95)
    if merged:
        data["policies"]["one_hotline"] = {"into": "b"}
    found = measured(from_dict(data))
    ways = {False: (6, 75.0), True: (18, 225.0)}
    own, other = ways[merged], ways[not merged]
    assert agrees(found["phone_wait_mean"], mean_wait(*own, RATE))
    assert agrees(found["answered_within_20s"], 1 - waits_longer(*own, RATE, 20 * SECOND))
    assert is_seen_to_differ(found["phone_wait_mean"], mean_wait(*other, RATE))
    assert is_seen_to_differ(found["answered_within_20s"], 1 - waits_longer(*other, RATE, 20 * SECOND))
    assert is_seen_to_differ(found["phone_wait_mean"], mean_wait(*own, 1.02 * RATE)), "people who are 2 % faster"


@pytest.mark.parametrize(("again", "w", "calls"), [(False, 0.25, 58.0), (True, 0.3, 50.0)])
def test_with_wrong_calls_each_line_is_a_queue_of_its_own(again: bool, w: float, calls: float) -> None:
    """Product form (Kelly 1979): as the wrong talk has the law of the right one, and the next call follows at once."""
    wrong = {"wrong_line": {"share": w, "talk": TALK, "again": again}}
    found = measured(from_dict(three_lines(calls, 95, **wrong)))
    per_contact = 1 / (1 - w) if again else 1 + w
    assert agrees(found["calls"] / found["contacts"], per_contact)
    assert agrees(found["phone_wait_mean"], mean_wait(6, calls * per_contact, RATE))
    assert agrees(found["answered_within_20s"], 1 - waits_longer(6, calls * per_contact, RATE, 20 * SECOND))
    assert is_seen_to_differ(found["phone_wait_mean"], mean_wait(6, calls, RATE)), "wrong calls ignored"
    assert is_seen_to_differ(found["calls"] / found["contacts"], 1 + w if again else 1 / (1 - w))


@pytest.mark.parametrize(("seats", "general"), [(5, 9), (3, 10)], ids=["generous", "scant"])
def test_dedication_against_pooling(seats: int, general: int) -> None:
    """Enterprise line: Erlang's formula three times, as a part of a Poisson stream is one. With as many people in all,
    pooling wins in the mean; the line wins for firms where its seats are generous.
    """
    rate, firms, others = 12.0, 24.0, 96.0
    first = START + timedelta(days=1)
    data: Data = {
        "name": f"{seats} seats for firms",
        "time": {"start": str(START), "count_from": str(first), "end": str(first + timedelta(days=210))},
        "districts": {"Town": {}},
        "channels": {
            "phone": {
                "share": 1,
                "kind": "phone",
                "pool": "hotline",
                "talk": {"distribution": "exponential", "mean": "5 min"},
            }
        },
        "pools": {"firms": {"staff": seats}, "hotline": {"staff": general}},
        "categories": {"Question": {"kind": "consultation", "total": f"{firms + others} / h", "from_firms": 0.2}},
        "policies": {"instant_answer": {"answered": 1}, "enterprise_line": {"pool": "firms"}},
    }
    table = sim.run(from_dict(data), REPLICATIONS, keep="measures").measures
    own, rest = (mean_wait(c, calls, rate) for c, calls in ((seats, firms), (general, others)))
    for caller, c, calls, wait in (("firm", seats, firms, own), ("other", general, others, rest)):
        found = table[table["group"] == f'["{caller}"]'].pivot(index="replication", columns="measure", values="value")
        assert agrees(found["phone_wait_mean"].to_numpy(float), wait)
        late = waits_longer(c, calls, rate, 20 * SECOND)
        assert agrees(found["answered_within_20s"].to_numpy(float), 1 - late)
        assert is_seen_to_differ(found["phone_wait_mean"].to_numpy(float), mean_wait(c, 1.1 * calls, rate))
    del data["policies"]["enterprise_line"]
    data["pools"] = {"hotline": {"staff": seats + general}}
    pooled = measured(from_dict(data))["phone_wait_mean"]
    exact = mean_wait(seats + general, firms + others, rate)
    assert agrees(pooled, exact)
    assert is_seen_to_differ(pooled, rest)
    assert exact < (firms * own + others * rest) / (firms + others)
    assert (own < exact) is (seats == 5)
