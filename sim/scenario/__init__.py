"""What a user may write: the scenario, loaded, checked and complete."""

from sim.scenario.calendars import Calendar, open_days, open_intervals
from sim.scenario.distributions import Distribution
from sim.scenario.editors import json_schema
from sim.scenario.errors import Finding, ScenarioError
from sim.scenario.holidays import headcount_by_date
from sim.scenario.loading import from_dict, from_text, load, load_all
from sim.scenario.policies import Limit
from sim.scenario.schema import Scenario
from sim.scenario.sources import Became, Source, Value

__all__ = [
    "Became",
    "Calendar",
    "Distribution",
    "Finding",
    "Limit",
    "Scenario",
    "ScenarioError",
    "Source",
    "Value",
    "from_dict",
    "from_text",
    "headcount_by_date",
    "json_schema",
    "load",
    "load_all",
    "open_days",
    "open_intervals",
]
