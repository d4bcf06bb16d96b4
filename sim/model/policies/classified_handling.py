"""Classified handling (分类处置): what is out of scope is turned away; urgency orders queues (see ``rules.rank``)."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import Index

SCOPE = purpose("out of scope")


@dataclass(frozen=True)
class ClassifiedHandling:
    """The probability that a contact is out of scope."""

    out_of_scope: float


def of_category(index: Index, name: str) -> ClassifiedHandling:
    """From the scenario."""
    policy = index.policies.classified_handling
    return ClassifiedHandling(0.0 if policy is None else policy.by_category.get(name, policy.out_of_scope))
