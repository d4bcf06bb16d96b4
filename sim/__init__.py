"""Simulate how a city handles its citizens' requests."""

from sim.outcomes import Outcomes, simulate
from sim.scenario import Scenario, ScenarioError, load

__version__ = "0.1.0"
__all__ = ["Outcomes", "Scenario", "ScenarioError", "load", "simulate"]
