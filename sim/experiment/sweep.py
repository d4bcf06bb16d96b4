"""A sweep: all points of a design over the same citizens, each run kept on its own, none made twice."""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import CitysimError
from sim.experiment.designs import Design, Point
from sim.experiment.drafts import draft
from sim.experiment.parallel import each, unseen, workers
from sim.experiment.signals import held
from sim.experiment.versions import packages
from sim.model.owners import own_file
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.parallel import Progress
    from sim.model.simulation import Engine, Watch

#: The rooms whose code makes the numbers of a run.
_ROOMS = ("scenario", "model", "outcomes", "measurement")
_RUNS = "runs"
_NUMBERS = ("value", "numerator", "denominator")


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a design has brought.

    ``measures``: as in ``Comparison``, of the whole city, by ``scenario`` (the name of the point). ``differences``:
    those of each point and the one it is compared with (``sim.inference.differences``), adjusted over the points and
    measures of one baseline. ``made``: how many runs were made now; ``failed``: what went wrong, by point and
    replication.
    """

    design: Design
    measures: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    made: int
    failed: Mapping[tuple[str, int], str]

    @property
    def table(self) -> pd.DataFrame:
        """One row a point, replication and measure, with a column for each factor and, of a sample, one for each value
        that was assumed: tidy, for spreadsheets.
        """
        import pandas as pd

        told = [
            {"point": p.name, **p.settings, **({"sample": p.sample, **p.values} if p.sample else {})}
            for p in self.design.points
        ]
        settings = pd.DataFrame(told)
        wanted = self.measures[self.measures["measure"].isin(self.design.experiment.measures)]
        columns = ["scenario", "replication", "measure", "value", "numerator", "denominator", "unit"]
        return settings.merge(wanted[columns].rename(columns={"scenario": "point"}), on="point")


def sweep(
    design: Design,
    folder: Path,
    *,
    engine: Engine = "auto",
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> Sweep:
    """Simulate what is missing of a design in ``folder``, and read all of it.

    Each run is a file named by the hash of its scenario, seed, replication and the programs that made it, written
    beside and renamed: what stands there is finished, and whoever runs the design again, or a wider one, makes only the
    rest.
    A run that fails is told in ``failed``; the others go on. ``engine`` … ``tell`` as in ``sim.run``.
    """
    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.model.simulation import choose

    kept = _kept(design, folder)
    jobs = [(point, k) for point, k in _runs(design) if (point.name, k) not in kept]
    failed: dict[tuple[str, int], str] = {}
    if jobs:
        points = {point.name: point for point, _ in jobs}.values()
        count = workers(len(jobs), processes, max(expected_contacts(p.scenario) for p in points) * len(jobs))
        for point in points:
            check_counts(point.scenario, design.experiment.replications)
            check_memory(point.scenario, count, "nothing", in_files=True)
        engines = {choose(point.scenario, engine) for point in points}
        prepare("compiled" if "compiled" in engines else "simpy", tell)  # before the processes part
        with _listed(jobs, design, folder) as listed:
            said = each(_run, (listed, folder / _RUNS, design.experiment.seed, engine), len(jobs), count, progress)
        failed = {(p.name, k): word for (p, k), word in zip(jobs, said, strict=True) if word}
        kept |= _kept(design, folder, [(point, k) for point, k in jobs if (point.name, k) not in failed])
    return _judged(design, _measures(design, kept), len(jobs) - len(failed), failed)


def missing(design: Design, folder: Path) -> int:
    """How many runs of a design are not there yet."""
    return sum(1 for _ in _runs(design)) - len(_kept(design, folder))


def _runs(design: Design) -> Iterator[tuple[Point, int]]:
    """Every replication of every point."""
    return itertools.product(design.points, range(design.experiment.replications))


# --- the store --------------------------------------------------------------------------------------------------------


@cache
def _programs() -> str:
    """What makes the numbers: the sources, and the versions of the packages."""
    rooms = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(json.dumps(packages(), sort_keys=True).encode())
    for path in sorted(path for room in _ROOMS for path in (rooms / room).rglob("*.py")):
        digest.update(path.relative_to(rooms).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _name(scenario: Scenario, seed: int, replication: int) -> str:
    told = f"{scenario.digest} {seed} {replication} {_programs()}"
    return f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"


def _content(path: Path) -> list[dict[str, Any]] | None:
    """The measures in a file; None where there is none, or one that is not whole: it is made again."""
    try:
        text, _, digest = path.read_text("utf-8").rstrip("\n").rpartition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        return None
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _kept(
    design: Design, folder: Path, runs: Iterable[tuple[Point, int]] | None = None
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """What stands there of these runs, or of all, by point and replication."""
    kept = {}
    for point, replication in _runs(design) if runs is None else runs:
        rows = _content(folder / _RUNS / _name(point.scenario, design.experiment.seed, replication))
        if rows is not None:
            kept[point.name, replication] = rows
    return kept


@contextmanager
def _listed(jobs: list[tuple[Point, int]], design: Design, folder: Path) -> Iterator[Path]:
    """A file with the scenario and replication of each job, for the workers."""
    folder.mkdir(parents=True, exist_ok=True)
    with held():
        file = own_file(folder)
    try:
        file.write_bytes(pickle.dumps([(point.scenario, k) for point, k in jobs]))
        yield file
    finally:
        with held():
            file.unlink(missing_ok=True)


@cache
def _jobs(file: Path) -> list[tuple[Scenario, int]]:
    jobs: list[tuple[Scenario, int]] = pickle.loads(file.read_bytes())
    return jobs


def _run(listed: Path, folder: Path, seed: int, engine: Engine, number: int, watch: Watch) -> str:
    """Make one run and keep its measures of the whole city; what went wrong, empty if nothing did."""
    from sim.experiment.streaming import stream_measures
    from sim.model.city import build_city

    scenario, replication = _jobs(listed)[number]
    try:
        table, _ = stream_measures(build_city(scenario), seed, replication, engine, watch=watch)
    except CitysimError as wrong:
        return str(wrong)
    columns = ["measure", "value", "numerator", "denominator", "unit"]
    city = table.loc[table["group_by"] == "", columns].astype(object)
    text = json.dumps(city.where(city.notna(), None).to_dict("records"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with draft(folder / _name(scenario, seed, replication), "file", "replace") as file:
        file.beside.write_text(f"{text}\n{digest}\n", encoding="utf-8")
        file.keep()
    return ""


def _measures(design: Design, kept: Mapping[tuple[str, int], list[dict[str, Any]]]) -> pd.DataFrame:
    """The measures of all runs, in the order of the design."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for point, k in _runs(design):
        rows += [{"scenario": point.name, "replication": k, **row} for row in kept.get((point.name, k), ())]
    columns = ["scenario", "replication", "measure", "value", "numerator", "denominator", "unit"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(_NUMBERS, float)).assign(group_by="", group="[]")


def _judged(design: Design, measures: pd.DataFrame, made: int, failed: Mapping[tuple[str, int], str]) -> Sweep:
    import pandas as pd

    from sim.inference import differences, holm, summary

    wanted = measures[measures["measure"].isin({*design.experiment.measures, "requests"})]
    found = []
    for baseline in dict.fromkeys(point.against for point in design.points):
        names = {point.name for point in design.points if point.against == baseline}
        family = wanted[wanted["scenario"].isin(names)]
        if family["scenario"].nunique() > 1:
            table = differences(family, baseline)
            table = table[table["measure"].isin(design.experiment.measures)]
            found.append(table.assign(p_holm=holm(table["p"])))
    compared = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    return Sweep(design, measures, summary(wanted), compared, made, dict(failed))
