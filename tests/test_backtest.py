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
    "contacts": 862,
    "visits": 4054,
    "statuses": {
        "answered": 208,
        "closed": 450,
        "intake_open": 10,
        "lost": 4,
        "merged": 109,
        "open": 54,
        "out_of_scope": 27,
    },
    "hours": {
        "rework": 963.3920399239287,
        "bounced": 996.2848856160417,
        "other_units": 889.7167708603665,
        "parked": 992.1253874273971,
        "unit_closed": 5121.602442418225,
        "unit_queue": 1328.1792575744912,
        "work": 531.4858843721449,
        "lead_time": 2451.7130074556917,
        "dispatch": 1089.4885598337278,
        "intake": 1226.9426535973325,
        "callback": 948.3305330872536,
    },
    "sum_of_squared_waits": 209434.68638703867,
    "requests_sha256": "a467a7a2ef6ceb4f28626726b35fbe0d3b45427b5b3d4d0625f38731302c4fe1",
    "visits_sha256": "685c6693310f1dc9e116c70d7cb5ddeb0b454d7e7c4e9f5e832366e32204da95",
    "problems_sha256": "cd2c8f109901767ab464a6f97d8c7383ad07920d8a304bced8ccdcb6f65d9130",
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


@pytest.mark.parametrize("switch", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_python_and_checked_code_give_the_same(switch: str, tmp_path: Path) -> None:
    """The rules as plain Python, and compiled with every index checked."""
    tests = Path(__file__).parent
    program = "import json, test_backtest as b; print(json.dumps(b.summary(b.sim.simulate(b.full(**b.DAYS)))))"
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
