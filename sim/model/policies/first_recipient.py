"""First recipient (首接负责): the first unit stays responsible, and finds the right one if it is not."""

from __future__ import annotations

from dataclasses import dataclass

from sim.model.draws import purpose
from sim.model.index import Index, Table

COORDINATION_WORK = purpose("coordination work")


@dataclass(frozen=True)
class FirstRecipient:
    """The work of the visit in which the wrong unit finds the right one."""

    coordination: Table


def plan(index: Index) -> FirstRecipient | None:
    """From the scenario."""
    policy = index.policies.first_recipient
    return None if policy is None else FirstRecipient(index.table(policy.coordination))
