"""How far a sweep is: what its folder says, whoever works in it."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.experiment.sweeps.journal import Entry, Read, read_journals
from sim.experiment.sweeps.making import run_name
from sim.experiment.sweeps.plan import read_plan
from sim.experiment.sweeps.run_store import RunStore
from sim.model.owners import gone

#: Who works on another machine and was not heard of for so many seconds, and for so many times as long as a run of its
#: takes, is taken to have ended.
_SILENT, _TIMES = 120.0, 5.0
#: The rate is that of so many runs.
_LATEST = 200


@dataclass(frozen=True)
class Worker:
    """A command that makes runs now: since when, in seconds since 1970; how many it wants to make, and has; when it
    will be done, None as long as that is not known.
    """

    began: float
    runs: int
    over: int
    until: float | None


@dataclass(frozen=True)
class Status:
    """Of the runs that are wanted. ``whole``: points with all of their runs; ``failed``: what went wrong last, by point
    and replication, where it was not made since.
    """

    name: str
    question: str
    points: int
    whole: int
    wanted: int
    done: int
    failed: dict[tuple[str, int], str]
    damaged: tuple[Path, ...]
    workers: tuple[Worker, ...]

    @property
    def left(self) -> int:
        """Runs that are neither there nor failed."""
        return self.wanted - self.done - len(self.failed)

    @property
    def until(self) -> float | None:
        """When all that are at work will be done, in seconds since 1970; None where nobody is, or it is not known."""
        known = [worker.until for worker in self.workers]
        return max(until for until in known if until is not None) if known and None not in known else None


def status(folder: Path) -> Status:
    """How far the sweep in a folder is. Raises ``RunFolderError`` where it is none."""
    plan = read_plan(folder)
    kept, journals = RunStore(folder).kept(), read_journals(folder)
    failed: dict[tuple[str, int], str] = {}
    done: dict[str, int] = {}
    wrong = journals.failed
    for (point, _, _, digest), k in itertools.product(plan.points, range(plan.replications)):
        name = run_name(digest, plan.seed, k, plan.programs)
        if kept.has(name, plan.asked):
            done[point] = done.get(point, 0) + 1
        elif name in wrong:
            failed[point, k] = wrong[name]
    return Status(
        name=plan.name,
        question=plan.question,
        points=len(plan.points),
        whole=sum(1 for count in done.values() if count == plan.replications),
        wanted=len(plan.points) * plan.replications,
        done=sum(done.values()),
        failed=failed,
        damaged=kept.damaged,
        workers=tuple(_at_work(journals)),
    )


def _at_work(journals: Read) -> list[Worker]:
    """The commands that have not ended, as far as one can tell."""
    now, found = time.time(), []
    entries: dict[str, list[Entry]] = {name: [] for name in journals.heads}
    for entry in journals.entries:
        entries[entry.journal].append(entry)
    for name, head in journals.heads.items():
        own = entries[name]
        if "ended" in head or gone(head["owner"]):
            continue
        last = own[-1].at if own else head["began"]
        slowest = max((entry.told.seconds for entry in own), default=0.0)
        if now - last > max(_SILENT, _TIMES * slowest):
            continue
        found.append(Worker(head["began"], head["runs"], len(own), _until(head, own)))
    return found


def _until(head: dict[str, Any], own: list[Entry]) -> float | None:
    """When a command will be done, at the rate of its latest runs."""
    some = own[-_LATEST:]
    first = head["began"] if len(some) == len(own) else some[0].at
    if len(some) < 2 or some[-1].at <= first:
        return None
    return float(some[-1].at + (head["runs"] - len(own)) * (some[-1].at - first) / len(some))
