"""Ranks and their intervals against an independent simulation, at full length: `make theory`.

[value, standard error] of all units and months, the true first and last tenth, and the mean width, by the standard
deviation of quality in points: 20 units with 300 answers a month, 343 with 1,400, and 343 of which every other has 100.
"""

from __future__ import annotations

import numpy as np
import pytest
from exact import agrees
from sheets_by_chance import agree, coverage, qualities
from test_gaming import POLICY, matters, town

import sim

pytestmark = pytest.mark.theory

TWENTY = {
    0.2: ((0.99372, 0.00014), (0.97583, 0.00078), (0.97598, 0.00077), (19.81361, 0.002)),
    0.5: ((0.99617, 0.0001), (0.98545, 0.0006), (0.98635, 0.00058), (19.76679, 0.0023)),
    1.0: ((0.99799, 7e-05), (0.99408, 0.00038), (0.9928, 0.00042), (19.56664, 0.00327)),
    3.0: ((0.99937, 4e-05), (0.9995, 0.00012), (0.99875, 0.00019), (16.44868, 0.00711)),
}
MANY = {
    0.2: ((0.99568, 0.0001), (0.98271, 0.0006), (0.98267, 0.00059), (338.92178, 0.03281)),
    0.5: ((0.99837, 6e-05), (0.99435, 0.00034), (0.99414, 0.00034), (333.91194, 0.05347)),
    1.0: ((0.99933, 4e-05), (0.99849, 0.00017), (0.99833, 0.00018), (309.48496, 0.09568)),
    3.0: ((0.99966, 3e-05), (0.99971, 8e-05), (0.99922, 0.00012), (174.20319, 0.06274)),
}
UNEQUAL = {
    0.2: ((0.99365, 0.00018), (0.97551, 0.00095), (0.98379, 0.00078), (339.40584, 0.05244)),
    0.5: ((0.99586, 0.00013), (0.98864, 0.00068), (0.98967, 0.0006), (337.8223, 0.05638)),
    1.0: ((0.99739, 0.0001), (0.99588, 0.00039), (0.99221, 0.00053), (330.62434, 0.07456)),
    3.0: ((0.99876, 7e-05), (0.99982, 8e-05), (0.9975, 0.00031), (276.35664, 0.11837)),
}
CASES = [
    *((np.full(20, 300), spread, exact, 20_000) for spread, exact in TWENTY.items()),
    *((np.full(343, 1400), spread, exact, 1500) for spread, exact in MANY.items()),
    *((np.where(np.arange(343) % 2, 1400, 100), spread, exact, 1500) for spread, exact in UNEQUAL.items()),
]


@pytest.mark.parametrize(("answers", "spread", "exact", "months"), CASES)
def test_coverage_is_that_of_another_simulation(answers, spread, exact, months) -> None:  # type: ignore[no-untyped-def]
    found = coverage(answers, qualities(len(answers), spread), months)
    assert agree(found, exact)
    assert (found[:, :3].mean(axis=0) >= 0.93).all()
    assert not agree(coverage(answers, qualities(len(answers), spread), months // 4, level=0.95), exact)


def test_a_gamed_request_moves_the_report_by_the_exact_amount() -> None:
    """persuaded − [p·if_true + (1 − p)·if_false]: −0.095 with 0.6, −0.595 by default; a tenth gamed: 0.6855."""
    default, tenth = {**POLICY, "gaming": {"share": 1, "window": "12 h"}}, {**POLICY, "gain": 0.1}
    ways = {"off": None, "gamed": POLICY, "default": default, "tenth": tenth}
    said = {name: np.zeros(30) for name in ways}
    for k in range(30):
        for name, policy in ways.items():
            rows = matters(sim.simulate(town(policy, a_day=500), k, engine="compiled"))
            said[name][k] = (rows["said_resolved"] == 1).mean()
    change = said["off"] - said["gamed"]
    assert agrees(said["off"], 0.695)
    assert agrees(said["tenth"], 0.6855)
    assert agrees(change, 0.095)
    assert agrees(said["off"] - said["default"], 0.595)
    assert not agrees(change, 0.595), "who is persuaded is not as usual"
    assert not agrees(change, 0.095 * 1.1)
