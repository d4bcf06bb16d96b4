"""The benchmark's scenario says what the other programs are told. How fast anything is, no test asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sim
from sim.model.city import build_city
from sim.model.load import offered_loads

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def test_the_scenario_obeys_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import law

    loads = {load.pools[0]: load for load in offered_loads(build_city(sim.load(BENCHMARKS / "three-stations.yaml")))}
    a_day = 24 * law.ARRIVALS
    expected = {
        "hotline": (a_day, law.TALK, law.AGENTS),
        "callback": (a_day * law.COVERAGE, law.CALL, law.CALLERS),
        **{f"D{i}": (a_day / law.UNITS, law.WORK, law.OFFICERS) for i in range(1, law.UNITS + 1)},
    }
    assert set(loads) == set(expected)
    for name, (visits, work, staff) in expected.items():
        assert loads[name].visits == pytest.approx(visits)
        assert loads[name].work == pytest.approx(visits * work, rel=1e-3)
        assert loads[name].duty == pytest.approx(24 * staff)


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_citysim_answers_as_the_others_do(engine: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "city.py"), "3000", "1", engine], capture_output=True, text=True, check=True
    )
    for word in ("seconds", "requests", "urgent", "ordinary", "utilisation"):
        assert f'"{word}"' in done.stdout
