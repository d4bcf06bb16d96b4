"""Runs of a sweep, wherever they are made: what a process is told to make, and what it tells."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import CitysimError
from sim.experiment.parallel import later
from sim.experiment.sweeps.packs import ROWS
from sim.experiment.sweeps.run_store import Made
from sim.experiment.sweeps.variants import read_variant
from sim.experiment.versions import packages
from sim.measurement import REGISTRY

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.sweeps.experiments import Experiment
    from sim.model.city import City
    from sim.model.simulation import Engine, Watch
    from sim.scenario import Scenario

#: The rooms whose code makes the numbers of a run.
_ROOMS = ("scenario", "model", "outcomes", "measurement")
#: What every run is asked for: how many were counted.
_ALWAYS = "requests"


@cache
def programs() -> str:
    """What makes the numbers: the sources, and the versions of the packages."""
    rooms = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256(json.dumps(packages(), sort_keys=True).encode())
    for path in sorted(path for room in _ROOMS for path in (rooms / room).rglob("*.py")):
        digest.update(path.relative_to(rooms).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """Replications of one point, made by one process one after the other: a base, by the checksum of its text, what is
    set in it, the digest that the scenario has, and each replication with the name of its run.
    """

    base: str
    sets: tuple[str, ...]
    digest: str
    runs: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Order:
    """What holds for all runs of a sweep. ``asked``: the measures that are kept of each; ``programs``: by which they
    are named, and which must make them.
    """

    seed: int
    engine: Engine
    asked: tuple[str, ...]
    programs: str = field(default_factory=programs)


@dataclass(frozen=True)
class Told:
    """What is said of a run beside its numbers: how long it took, 0 where nobody knows, or what went wrong."""

    name: str
    seconds: float
    failed: str = ""


def asked_for(experiment: Experiment) -> tuple[str, ...]:
    """What is kept of a run: the measures that are listed, also “breach_share by unit” where they are told by unit."""
    city = dict.fromkeys([*experiment.measures, _ALWAYS])
    groups = [f"{m} by {experiment.by}" for m in city if experiment.by in REGISTRY[m].groups]
    return *city, *groups


def rows_asked(table: pd.DataFrame, asked: Sequence[str]) -> pd.DataFrame:
    """The rows of a table of measures that are asked for."""
    city = (table["group_by"] == "") & table["measure"].isin(asked)
    if not any(" by " in name for name in asked):
        return table[city]
    return table[city | (table["measure"] + " by " + table["group_by"]).isin(asked)]


def run_name(digest: str, seed: int, replication: int, by: str = "") -> str:
    """The name of a run: the hash of its scenario, seed, replication and the programs that make it (these)."""
    told = f"{digest} {seed} {replication} {by or programs()}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def make(task: Task, base: str, order: Order, watch: Watch) -> Iterator[tuple[Told, Made | None]]:
    """The runs of a task, as they are made; ``base``: the text. What goes wrong in a run is told, the others go on."""
    from sim.experiment.memory import check_memory
    from sim.experiment.streaming import stream_measures

    city: City | None = None
    for number, (replication, name) in enumerate(task.runs):
        began, made, failed = time.perf_counter(), None, ""
        try:
            city = city or check_memory(_checked(task, base, order), 1, "nothing", in_files=True)
            watch_all = later(watch, number * city.end)
            table, _ = stream_measures(city, order.seed, replication, order.engine, watch=watch_all)
            made = Made(name, _about(task, order, replication), order.asked, _rows(table, order.asked))
        except CitysimError as wrong:
            failed = str(wrong)
        except Exception as wrong:  # a fault in one run is no reason to lose the others
            failed = f"{type(wrong).__name__}: {wrong}"
        yield Told(name, time.perf_counter() - began, failed), made


def _checked(task: Task, base: str, order: Order) -> Scenario:
    if programs() != order.programs:
        raise CitysimError("the sources or packages have changed since the sweep began: sweep again")
    scenario = read_variant(base, task.sets)
    if scenario.digest != task.digest:
        raise CitysimError("its base and what is set in it do not give the scenario that was read at first")
    return scenario


def _about(task: Task, order: Order, replication: int) -> dict[str, Any]:
    return {
        "base": task.base,
        "set": list(task.sets),
        "scenario": task.digest,
        "seed": order.seed,
        "replication": replication,
        "programs": programs()[:32],
    }


def _rows(table: pd.DataFrame, asked: Sequence[str]) -> list[list[Any]]:
    """What is kept of a table of measures."""
    rows = rows_asked(table, asked)[list(ROWS)].astype(object)
    told: list[list[Any]] = rows.where(rows.notna(), None).to_numpy().tolist()
    return told
