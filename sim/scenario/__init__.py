"""What a user may write: the scenario, loaded, checked and complete."""

from sim.scenario.errors import Problem, ScenarioError
from sim.scenario.loading import from_dict, from_text, load
from sim.scenario.schema import Scenario

__all__ = ["Problem", "Scenario", "ScenarioError", "from_dict", "from_text", "load"]
