"""One scenario, many replications, on as many processes as there are cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sim.experiment.frames import below, packed, unpacked
from sim.experiment.parallel import Progress, each, expected_seconds, unseen, workers
from sim.experiment.parts import join_parts, spooled, write_part
from sim.experiment.tables import SMALL_TABLES, Tables
from sim.model.facts import CONTACT_TABLES
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.memory import Kept
    from sim.model.city import Built
    from sim.model.control import Policy
    from sim.model.simulation import Engine, Watch

Keep = Literal["auto", "measures", "all"]

#: Up to so many contacts in all, everything is kept unless one says otherwise.
KEEP_ALL_UP_TO = 1_000_000


@dataclass(frozen=True, eq=False)
class Run:
    """A scenario and what came of it; the tables of all replications stand below each other."""

    scenario: Scenario
    seed: int
    replications: int
    engine: str
    policies: tuple[str, ...]  # names of the caller's own
    seconds: float
    pools: pd.DataFrame
    tables: Tables
    in_any_case: pd.DataFrame | None = None  # what is late where nobody waits for staff, see ``experiment.ample``

    @property
    def measures(self) -> pd.DataFrame:
        """All measures of all replications, tidy."""
        return self.tables.measures

    def summary(self) -> pd.DataFrame:
        """Mean and 95 % interval of each measure over the replications."""
        from sim.inference import gaps, summary
        from sim.inference.gaps import places_of

        return summary(self.measures, apart=gaps(self.measures, places_of(self.scenario)))

    def _repr_html_(self) -> str:
        city = self.summary()
        return str(city[city["group_by"] == ""].to_html(index=False))


def _replicate(
    built: Built,
    seed: int,
    engine: Engine,
    policies: Sequence[Policy],
    keep_all: bool,
    folder: Path | None,
    replication: int,
    watch: Watch,
) -> tuple[Tables, pd.DataFrame]:
    """One replication, and what each pool is; where there is a folder, all but the measures stands there in parts."""
    city = built.city
    if keep_all and folder is None:
        from sim.experiment.replication import simulate_city
        from sim.measurement import measures

        out = simulate_city(city, replication, seed=seed, engine=engine, policies=policies, watch=watch)
        found = measures(out)  # before the tables of contacts are made
        return Tables(packed(found), {name: getattr(out, name) for name in (*SMALL_TABLES, *CONTACT_TABLES)}), out.pools

    from sim.experiment.streaming import stream_measures
    from sim.outcomes.tables import pools_table

    kept = dict[str, "pd.DataFrame | Path"]()
    if keep_all and folder is not None:
        with spooled(folder, replication, city) as spool:
            found, small = stream_measures(city, seed, replication, engine, policies, spool.add, watch)
    else:
        found, small = stream_measures(city, seed, replication, engine, policies, watch=watch)
    if folder is None:
        kept.update(small)
    else:
        for name, table in small.items():
            write_part(table, folder, name, replication)
    return Tables(packed(found), kept), pools_table(city)


def run(
    scenario: Scenario,
    replications: int = 5,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    policies: Sequence[Policy] = (),
    keep: Keep = "auto",
    folder: Path | None = None,
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> Run:
    """Simulate a scenario several times.

    ``scenario``, ``seed``, ``engine`` and ``policies`` as in ``sim.simulate``; replication k is the same however many
    ``replications`` there are, on as many ``processes`` as one likes (by default as many as it pays). ``keep``:
    ``measures`` and levels alone, ``all`` tables, or all up to a million contacts (``auto``). Where only measures are
    kept, or a ``folder`` is given that takes the other tables as Parquet files while they come, memory follows what is
    open at once, not what has passed; with a folder it is that of one replication. ``progress`` is called with the
    number of finished replications and the simulated hours of those under way, ``tell`` with a word on what takes long.

    Returns the run, with the tables of all replications below each other. Raises what ``sim.simulate`` does,
    ``WorkerDiedError`` where a process is killed, and ``ValueError`` for less than one replication.
    """
    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.model.city import Built
    from sim.model.control import policy_name
    from sim.model.simulation import choose

    if replications < 1:
        raise ValueError("at least one replication is wanted")
    check_counts(scenario, replications)
    expected = expected_contacts(scenario) * replications
    engine = choose(scenario, engine, replications)
    count = workers(replications, processes, expected_seconds(expected, engine))
    keep_all = keep == "all" or (keep == "auto" and expected <= KEEP_ALL_UP_TO)
    kept: Kept = "tables" if keep_all and folder is None else "nothing"
    check_memory(scenario, count, kept, replications, in_files=folder is not None)
    begin = time.perf_counter()
    prepare(engine, tell)  # before the processes part
    arguments = (Built(scenario), seed, engine, tuple(policies), keep_all, folder)
    found = each(_replicate, arguments, replications, count, progress)
    parts = [tables for tables, _ in found]
    names = (*SMALL_TABLES, *CONTACT_TABLES) if keep_all else SMALL_TABLES
    tables: dict[str, pd.DataFrame | Path] = {}
    if folder is not None:
        tables.update(join_parts(folder, names, lambda: progress(replications, [])))
    else:
        tables.update({name: below([part.kept[name] for part in parts]) for name in names})
    return Run(
        scenario=scenario,
        seed=seed,
        replications=replications,
        engine=engine,
        policies=tuple(policy_name(policy) for policy in policies),
        seconds=time.perf_counter() - begin,
        pools=found[0][1],
        tables=Tables(unpacked([part.measures for part in parts]), tables),
    )
