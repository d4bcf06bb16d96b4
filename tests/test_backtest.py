"""One small run, pinned: no change of its results goes unseen, and Python and compiled code give the same.

The full town of `towns.py`, replication 0, seed 1, with the versions of `constraints.txt`. **Whoever changes a value
here needs a line `Results: …` in CHANGELOG.md that says what moved and why.** `python tests/test_backtest.py` prints
the values as they are now.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from towns import full

import sim

PINNED: dict[str, Any] = {
    "contacts": 1139,
    "visits": 5603,
    "statuses": {
        "answered": 259,
        "closed": 631,
        "intake_open": 7,
        "lost": 7,
        "merged": 144,
        "open": 63,
        "out_of_scope": 28,
    },
    "hours": {
        "rework": 1442.1303236540407,
        "bounced": 3095.4589812289923,
        "other_units": 1778.5712984865531,
        "parked": 2020.9234627708793,
        "unit_closed": 8970.356183067895,
        "unit_queue": 3311.649709897116,
        "work": 740.2772479448467,
        "lead_time": 3500.1361660286784,
        "dispatch": 1523.7100671492517,
        "intake": 1424.8621120629832,
        "callback": 1168.1873033652082,
    },
    "sum_of_squared_waits": 656005.1277259588,
    "requests_sha256": "0e5e8de299afd08503817e2dfa937fb364724534f299ec1beec0061a7900a494",
    "visits_sha256": "eec4b0e7f8dc6e70a7aa5d696dcb73db31fc950eae6be08d982de91136df2b53",
    "problems_sha256": "e6a1f14e61aee5d46d0b3d6cf3f4235851a0e3279f0bfc73f2f79515a3b28bf4",
}

#: Five days of the town, for the runs without compiled code.
DAYS = {"time": {"start": "2024-03-04", "end": "2024-03-09"}}


def canonical(table: pd.DataFrame) -> str:
    """A table as text that is the same wherever its values are: floats in hexadecimal, nothing for null."""

    def cell(value: Any) -> str:
        if pd.isna(value):
            return ""
        return value.hex() if isinstance(value, float) else str(value)

    rows = ("\t".join(map(cell, row)) for row in table.astype(object).itertuples(index=False, name=None))
    return "\n".join(["\t".join(table.columns), *rows, ""])


def digest(table: pd.DataFrame) -> str:
    """SHA-256 of the canonical text."""
    return hashlib.sha256(canonical(table).encode()).hexdigest()


def summary(out: sim.Outcomes) -> dict[str, Any]:
    """What is pinned of a run."""
    requests, visits = out.requests, out.visits
    waits = (visits["started"].fillna(visits["ended"]) - visits["queued"]).dropna()
    counts = requests["status"].astype(str).value_counts()
    return {
        "contacts": len(requests),
        "visits": len(visits),
        "statuses": {name: int(counts[name]) for name in sorted(counts.index) if counts[name]},
        "hours": {
            name.removeprefix("hours_"): math.fsum(requests[name]) for name in requests if name.startswith("hours_")
        },
        "sum_of_squared_waits": math.fsum(waits**2),
        "requests_sha256": digest(requests),
        "visits_sha256": digest(visits),
        "problems_sha256": digest(out.problems),
    }


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return summary(sim.simulate(full()))


@pytest.mark.parametrize("name", PINNED)
def test_the_run_is_what_it_was(name: str, found: dict[str, Any]) -> None:
    assert found[name] == PINNED[name], "is a `Results:` line in CHANGELOG.md due?"


def test_everything_is_pinned(found: dict[str, Any]) -> None:
    assert list(PINNED) == list(found)


def test_a_digest_sees_the_smallest_change() -> None:
    table = pd.DataFrame({"a": [1.0, math.nan], "b": pd.array([True, None], "boolean"), "c": ["x", None]})
    assert canonical(table) == "a\tb\tc\n0x1.0000000000000p+0\tTrue\tx\n\t\t\n"
    other = table.assign(a=[math.nextafter(1.0, 2.0), math.nan])
    assert digest(table) != digest(other)
    assert digest(table) == digest(table.copy())


@pytest.mark.parametrize(
    ("switch", "engine"),
    [("NUMBA_DISABLE_JIT", "simpy"), ("NUMBA_BOUNDSCHECK", "simpy"), ("NUMBA_BOUNDSCHECK", "compiled")],
)
def test_python_and_checked_code_give_the_same(switch: str, engine: str, tmp_path: Path) -> None:
    """The rules as plain Python, and both engines with every index of every array checked."""
    tests = Path(__file__).parent
    run = f"b.sim.simulate(b.full(**b.DAYS), engine={engine!r})"
    program = f"import json, test_backtest as b; print(json.dumps(b.summary({run})))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}", "NUMBA_CACHE_DIR": str(tmp_path), switch: "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == summary(sim.simulate(full(**DAYS)))


if __name__ == "__main__":
    print(json.dumps(summary(sim.simulate(full())), indent=4))
