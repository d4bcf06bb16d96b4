"""One replication of a scenario, with all that happened in it."""

from __future__ import annotations

from collections.abc import Sequence

from sim.experiment.memory import check_memory
from sim.model.city import City
from sim.model.control import Policy
from sim.model.simulation import Engine, Watch, replicate, unwatched
from sim.outcomes import Outcomes
from sim.scenario import Scenario


def simulate(
    scenario: Scenario,
    replication: int = 0,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    watch: Watch = unwatched,
) -> Outcomes:
    """Simulate one replication of a scenario: a pure function of (``scenario``, ``seed``, ``replication``).

    Replication 0, 1, 2 … are as many runs with luck of their own; the same ``seed`` brings the same ones. ``engine``:
    ``simpy``, to be read, ``compiled``, or what is likely to be done first (``auto``); they give the same to the last
    bit. ``policies`` are SimPy processes ``policy(env, city)`` that watch the city and move its staff, see
    ``sim.model.control``; ``watch`` is told now and then how many hours have been simulated.

    Returns the tables of what happened, docs/tables.md. Raises ``ScenarioError`` where the scenario needs more memory
    than there is, ``EngineError`` where the engine cannot run, ``TooManyVisitsError`` where a request goes round in
    circles.
    """
    city = check_memory(scenario)
    return simulate_city(city, replication, seed=seed, engine=engine, policies=policies, watch=watch)


def simulate_city(
    city: City,
    replication: int,
    *,
    seed: int,
    engine: Engine,
    policies: Sequence[Policy],
    watch: Watch,
) -> Outcomes:
    """The same where somebody has seen to it that there is memory."""
    return Outcomes.of(city, replicate(city, seed, replication, engine, policies, watch), seed, replication)
