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
    "contacts": 1363,
    "visits": 6640,
    "statuses": {
        "answered": 304,
        "closed": 737,
        "intake_open": 11,
        "lost": 15,
        "merged": 186,
        "open": 70,
        "out_of_scope": 40,
    },
    "hours": {
        "rework": 2130.6614747801796,
        "bounced": 5234.8494885433465,
        "other_units": 2087.3295307448134,
        "parked": 2026.8351534102112,
        "unit_closed": 10685.218517757952,
        "unit_queue": 4963.799938279204,
        "work": 880.7638348760083,
        "lead_time": 3663.414296817966,
        "dispatch": 1897.5212077228352,
        "intake": 1979.719086506404,
        "callback": 1397.8294508745894,
    },
    "sum_of_squared_waits": 1033758.3533366976,
    "requests_sha256": "a8219d675270ebb96c11d78fad059d2812e601e80615ef8d11998300ba7b542b",
    "visits_sha256": "3a4f7236a48fe48723cc60d14064c8ea88cbaa982093e287be665daf062fb493",
    "problems_sha256": "f7ede05c25ea492cc1dc2cc6ecb5c4ae2fad996ca88cdb5843d740495aad79b1",
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
    [
        ("NUMBA_DISABLE_JIT", "simpy"),
        pytest.param("NUMBA_BOUNDSCHECK", "simpy", marks=pytest.mark.long),
        pytest.param("NUMBA_BOUNDSCHECK", "compiled", marks=pytest.mark.long),
    ],
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
