"""Simulate how a city handles its citizens' requests.

import sim
scenario = sim.load("scenarios/boston-2011.yaml")
outcomes = sim.simulate(scenario, replication=0)
sim.measures(outcomes)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import CitysimError
    from sim.experiment.comparable import IncomparableError
    from sim.experiment.compare import Comparison, compare
    from sim.experiment.parallel import WorkerDiedError
    from sim.experiment.replication import simulate
    from sim.experiment.runs import Run, run
    from sim.experiment.sweeps.sweep import Sweep, sweep
    from sim.measurement import measures
    from sim.model.rows import TooManyVisitsError
    from sim.model.simulation import EngineError
    from sim.outcomes import Outcomes
    from sim.scenario import Scenario, ScenarioError, load

__version__ = "0.1.0"
__all__ = [
    "CitysimError",
    "Comparison",
    "EngineError",
    "IncomparableError",
    "Outcomes",
    "Run",
    "Scenario",
    "ScenarioError",
    "Sweep",
    "TooManyVisitsError",
    "WorkerDiedError",
    "compare",
    "load",
    "measures",
    "run",
    "simulate",
    "sweep",
]

_HOMES = {
    "CitysimError": "sim.errors",
    "EngineError": "sim.model.simulation",
    "IncomparableError": "sim.experiment.comparable",
    "TooManyVisitsError": "sim.model.rows",
    "WorkerDiedError": "sim.experiment.parallel",
    "Comparison": "sim.experiment.compare",
    "compare": "sim.experiment.compare",
    "Run": "sim.experiment.runs",
    "run": "sim.experiment.runs",
    "Sweep": "sim.experiment.sweeps.sweep",
    "sweep": "sim.experiment.sweeps.sweep",
    "measures": "sim.measurement",
    "Outcomes": "sim.outcomes",
    "simulate": "sim.experiment.replication",
    "Scenario": "sim.scenario",
    "ScenarioError": "sim.scenario",
    "load": "sim.scenario",
}


def __getattr__(name: str) -> Any:
    """Fetch a public name when it is first used: who asks for help need not wait for numerical libraries."""
    if name == "scenario":
        return import_module("sim.scenario")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
