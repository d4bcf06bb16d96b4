"""Instant answer (即问即答): some consultations are over when the citizen hangs up."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import Index
from sim.scenario.demand_side import Category

ANSWERS = purpose("instant answer")


@dataclass(frozen=True)
class InstantAnswer:
    """The probability that a request is answered on the spot."""

    answered: float


def of_category(index: Index, name: str, category: Category) -> InstantAnswer:
    """From the scenario; reports are never answered on the spot."""
    policy = index.policies.instant_answer
    if policy is None or category.kind != "consultation":
        return InstantAnswer(0.0)
    return InstantAnswer(policy.by_category.get(name, policy.answered))
