"""Trust (认可度、依赖性): satisfied citizens turn to the city more readily, dissatisfied ones less.

Each district has a trust, 1 in the beginning, that is turned step by step by what its citizens have said. Births of
consultations and reports of problems follow it from the next midnight on.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event

from sim.model.compiling import rule
from sim.model.draws import purpose
from sim.model.index import Index, next_month
from sim.model.rules import count_at_most

REPORT_KEPT = purpose("report kept")
SURPLUS_REPORT = purpose("surplus report")
SURPLUS_GAP = purpose("gap before a surplus report")
SURPLUS_RELEASED = purpose("surplus report released")


@dataclass(frozen=True, eq=False)
class Trust:
    """How trust moves, and when."""

    gain: float
    decay: float
    neutral: float
    lowest: float
    highest: float
    turns: NDArray[np.float64]  # when a step ends, hours
    consultations: NDArray[np.bool_]  # by category


@dataclass
class Turn:
    """Trust of a district after a step: what is known of it afterwards (``facts.TURN``)."""

    turned: float
    district: int
    answered: int
    satisfied: int
    trust: float


def plan(index: Index) -> Trust | None:
    """From the scenario."""
    spec, time = index.policies.trust, index.scenario.time
    if spec is None:
        return None
    ends, end = [], _next(time.start, spec.step)
    while end < time.end:
        ends.append(index.scenario.hours_of(end))
        end = _next(end, spec.step)
    consultations = [category.kind == "consultation" for category in index.scenario.categories.values()]
    return Trust(
        gain=spec.gain,
        decay=spec.decay,
        neutral=spec.neutral,
        lowest=spec.lo,
        highest=spec.hi,
        turns=np.array(ends, float),
        consultations=np.array(consultations),
    )


def _next(moment: datetime, step: str) -> datetime:
    """The first midnight after a moment at which a step ends: of a Monday, or of the first of a month."""
    if step == "month":
        return next_month(moment)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=7 - midnight.weekday() if step == "week" else 1)


@rule("float64(float64, int64, int64, float64, float64, float64, float64, float64)")
def moved(
    trust: Any, satisfied: Any, answered: Any, gain: Any, decay: Any, neutral: Any, lowest: Any, highest: Any
) -> Any:
    """Trust after a step in which so many of those who answered were satisfied; without answers it decays to 1."""
    more = gain * (satisfied / answered - neutral) if answered > 0 else 0.0
    return min(max(trust + more - decay * (trust - 1.0), lowest), highest)


@rule("float64(float64, float64)")
def reported(share: Any, trust: Any) -> Any:
    """The share of problems that are reported at all, where they are reported once."""
    return min(1.0, share * trust)


@rule("float64(float64, float64)")
def released(trust: Any, highest: Any) -> Any:
    """The share of the reports that there would be beyond the usual ones at the highest trust."""
    return max(trust - 1.0, 0.0) / (highest - 1.0)


@rule("boolean(float64[::1], float64, float64)")
def same_step(turns: Any, answered: Any, now: Any) -> Any:
    """Whether an answer still counts: no step has ended since it was given."""
    return count_at_most(turns, answered) == count_at_most(turns, now)


class City(Protocol):
    """What is asked of the city (``sim.model.control.View``)."""

    turns: list[Turn]

    def answers(self) -> NDArray[np.int64]: ...
    def turn_demand(self, births: NDArray[np.float64], trust: NDArray[np.float64]) -> None: ...


def act(trust: Trust, env: Environment, city: City) -> Generator[Event, Any, None]:
    """The policy: at the end of each step, every district's trust moves by what was said in the step."""
    before = city.answers()
    now = np.ones(len(before))
    for time in trust.turns:
        yield env.timeout(time - env.now)
        said = city.answers()
        limits = trust.gain, trust.decay, trust.neutral, trust.lowest, trust.highest
        for district, (answered, satisfied) in enumerate((said - before).tolist()):
            now[district] = moved(now[district], satisfied, answered, *limits)
            city.turns.append(Turn(env.now, district, answered, satisfied, float(now[district])))
        city.turn_demand(np.where(trust.consultations, now[:, None], 1.0), now.copy())
        before = said
