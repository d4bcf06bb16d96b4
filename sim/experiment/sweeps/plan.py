"""What is wanted of a sweep, kept in its folder: its points, each with its base and what is set in it.

It tells how far a sweep is, and what a scenario is that was read before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.drafts import draft
from sim.experiment.manifest import RunFolderError
from sim.experiment.sweeps.making import Order, programs

if TYPE_CHECKING:
    from sim.experiment.sweeps.designs import Design
    from sim.experiment.sweeps.variants import Known

_NAME = "plan.json"


@dataclass(frozen=True)
class Plan:
    """``points``: the name of each, the name of its base, what is set in it, and the digest of what that is."""

    name: str
    question: str
    points: Sequence[tuple[str, str, Sequence[str], str]]
    replications: int
    seed: int
    asked: Sequence[str]
    programs: str

    @property
    def checksum(self) -> str:
        """Of all that it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def write_plan(design: Design, order: Order, folder: Path) -> None:
    """Keep what is wanted. Raises ``WriteError``."""
    plan = Plan(
        design.name,
        design.experiment.question,
        [(point.name, point.variant.base.name, point.variant.sets, point.variant.digest) for point in design.points],
        design.experiment.replications,
        order.seed,
        order.asked,
        order.programs,
    )
    text = json.dumps({**asdict(plan), "sha256": plan.checksum}, ensure_ascii=False, indent=1)
    with draft(folder / _NAME, "file", "replace") as file:
        file.beside.write_text(f"{text}\n", encoding="utf-8", newline="\n")
        file.keep()


def read_plan(folder: Path) -> Plan:
    """What is wanted there. Raises ``RunFolderError`` where that is not said, or not as it was written."""
    try:
        said = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        checksum = said.pop("sha256")
        plan = Plan(**said)
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is no folder of a sweep: {_NAME} is missing") from None
    except OSError as wrong:
        raise RunFolderError(f"{folder} cannot be read as a sweep: {_NAME}: {wrong.strerror or wrong}") from wrong
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RunFolderError(f"{folder} cannot be read as a sweep: {_NAME} is damaged") from None
    if plan.checksum != checksum:
        raise RunFolderError(f"{folder} cannot be read as a sweep: {_NAME} is not as it was written")
    return plan


def known_points(folder: Path) -> Known:
    """The digests of all points that were read for a sweep there, by these programs."""
    try:
        plan = read_plan(folder)
    except RunFolderError:
        return {}
    if plan.programs != programs():
        return {}
    return {(base, tuple(sets)): digest for _, base, sets, digest in plan.points}
