"""Scenarios side by side over the same citizens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment.comparable import check_comparable, remarks, same_citizens
from sim.experiment.parallel import each, unseen, workers
from sim.scenario import Scenario

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from sim.experiment.parallel import Progress
    from sim.experiment.recovery import Recovery
    from sim.model.simulation import Engine, Watch


SAME_CITIZENS = "on the same citizens"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the variants do differently from the baseline, the first scenario.

    ``differences``: every measure, variant less baseline, paired by replication (``sim.inference.differences``).
    ``requests``: the same requests in both (``sim.inference.Pairwise``), for the city, each district and category.
    ``open``: requests that are open at each midnight (scenario, replication, hour, open). ``recovered``: when a variant
    with shocks of its own is back as the baseline is, by its name. ``remarks``: what must be said before any number.
    """

    names: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    seed: int
    replications: int
    measures: pd.DataFrame
    summary: pd.DataFrame
    differences: pd.DataFrame
    requests: pd.DataFrame
    open: pd.DataFrame
    recovered: Mapping[str, Recovery]
    remarks: tuple[str, ...]

    def paired(self, variant: str) -> str:
        """How a variant is paired with the baseline, for “20 replications …”."""
        scenario = self.scenarios[self.names.index(variant)]
        return SAME_CITIZENS if same_citizens(scenario, self.scenarios[0]) else "paired by seed"

    def _repr_html_(self) -> str:
        city = self.differences[(self.differences["group_by"] == "") & self.differences["p_holm"].notna()]
        return str(city.to_html(index=False))


def unique_names(scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    """The scenarios' names, numbered where two are the same."""
    names: list[str] = []
    for scenario in scenarios:
        name, number = scenario.name, 2
        while name in names:
            name, number = f"{scenario.name} ({number})", number + 1
        names.append(name)
    return tuple(names)


def _replicate(
    scenarios: Sequence[Scenario], names: Sequence[str], seed: int, engine: Engine, replication: int, watch: Watch
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Measures of all scenarios in one replication, the requests of each variant against the baseline's, and what is
    open day by day.
    """
    import numpy as np
    import pandas as pd

    base, rows, pairs, opened = None, list[pd.DataFrame](), list[dict[str, Any]](), list[pd.DataFrame]()
    for number, (scenario, name) in enumerate(zip(scenarios, names, strict=True)):
        earlier = number * scenario.hours_of(scenario.time.end)
        found, closings, open_ = _closings(scenario, seed, engine, replication, _after(earlier, watch))
        rows.append(found.assign(scenario=name))
        days = {"hour": 24.0 * np.arange(len(open_)), "open": open_}
        opened.append(pd.DataFrame({"scenario": name, "replication": replication, **days}))
        if base is None:
            base = closings
        else:
            end = scenario.hours_of(scenario.time.end)
            pairs += [{"scenario": name, "replication": replication, **pair} for pair in _pairs(base, closings, end)]
    return pd.concat(rows, ignore_index=True), pd.DataFrame(pairs), pd.concat(opened, ignore_index=True)


def _after(earlier: float, watch: Watch) -> Watch:
    """The watch of a scenario whose forerunners took so many hours."""
    return lambda hours: watch(earlier + hours)


def _closings(
    scenario: Scenario, seed: int, engine: Engine, replication: int, watch: Watch
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.float64]]:
    """The measures of a replication, of its counted contacts no more than what tells how they fare, and how many
    requests are open at each midnight.
    """
    import numpy as np
    import pandas as pd

    from sim.experiment.recovery import OpenByDay
    from sim.experiment.streaming import stream_measures
    from sim.model.city import build_city
    from sim.model.facts import REQUEST
    from sim.model.rows import Rows
    from sim.outcomes.tables import named, names_of

    city = build_city(scenario)
    begin, until = scenario.hours_of(scenario.time.count_from), scenario.hours_of(scenario.time.count_until)
    columns = (
        *("request", "arrived", "contact_due", "contacted", "due", "first_closed", "status", "district", "category"),
        *("resolved", "said_resolved", "said_satisfied", "excluded"),
    )
    fields = [field for field in REQUEST if field.column in columns]
    kept: dict[str, list[Any]] = {field.name: [] for field in fields}

    opened = OpenByDay(city, seed, replication)

    def keep(rows: Rows) -> None:
        opened.add(rows)
        arrived = rows.requests["arrived"]
        counted = (arrived >= begin) & (arrived < until)
        for name, pieces in kept.items():
            pieces.append(rows.requests[name][counted])

    found, _ = stream_measures(city, seed, replication, engine, also=keep, watch=watch)
    names, closings = names_of(city), dict[str, Any](replication=replication)
    for field in fields:
        values = np.concatenate(kept[field.name])
        closings[field.column] = named(values, names[field.of]) if field.of in names else values
    return found, pd.DataFrame(closings), opened.counts()


def _pairs(before: pd.DataFrame, after: pd.DataFrame, end: float) -> Iterator[dict[str, Any]]:
    """The counted requests against the baseline's: all of them, by district, by category."""
    from sim.inference import pairwise_requests

    yield {"group_by": "", "group": "[]", **asdict(pairwise_requests(before, after, end))}
    for dimension in ("district", "category"):
        for group in before[dimension].cat.categories:
            one, other = (table[table[dimension] == group] for table in (before, after))
            pair = pairwise_requests(one, other, end)
            yield {"group_by": dimension, "group": json.dumps([group], ensure_ascii=False), **asdict(pair)}


def compare(
    scenarios: Sequence[Scenario],
    replications: int = 5,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
    said: Sequence[str] = (),
) -> Comparison:
    """Run all ``scenarios`` on the same citizens and compare each with the first.

    ``replications``, ``seed``, ``engine``, ``processes``, ``progress`` and ``tell`` as in ``sim.run``. What is ``said``
    goes before all other remarks.

    Returns the differences, with what they come from. Raises what ``sim.run`` does, ``IncomparableError`` for
    scenarios that differ in time, scale or currency, and ``ValueError`` for fewer than two.
    """
    import pandas as pd

    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.experiment.recovery import recovery
    from sim.inference import differences, gaps, summary
    from sim.inference.gaps import places_of
    from sim.model.simulation import choose

    if len(scenarios) < 2:
        raise ValueError("at least two scenarios are compared")
    names = unique_names(scenarios)
    check_comparable(scenarios, names)
    for scenario in scenarios:
        check_counts(scenario, replications * len(scenarios))
    count = workers(replications, processes, sum(expected_contacts(s) for s in scenarios) * replications)
    for scenario in scenarios:
        # closings of the baseline and the variant that runs, measures of all
        check_memory(scenario, count, "closings", replications * len(scenarios), in_files=True)
    engines = {choose(scenario, engine) for scenario in scenarios}
    prepare("compiled" if "compiled" in engines else "simpy", tell)  # before the processes part
    found = each(_replicate, (tuple(scenarios), names, seed, engine), replications, count, progress)
    table, requests, opened = (pd.concat(tables, ignore_index=True) for tables in zip(*found, strict=True))
    recovered = {
        name: back
        for scenario, name in zip(scenarios[1:], names[1:], strict=True)
        if (back := recovery(scenarios[0], scenario, opened, (names[0], name))) is not None
    }
    apart = [gaps(table[table["scenario"] == n], places_of(s)) for n, s in zip(names, scenarios, strict=True)]
    return Comparison(
        names=names,
        scenarios=tuple(scenarios),
        seed=seed,
        replications=replications,
        measures=table,
        summary=summary(table, apart=pd.concat(apart, ignore_index=True)),
        differences=differences(table, names[0]),
        requests=requests,
        open=opened,
        recovered=recovered,
        remarks=(*said, *remarks(scenarios, names)),
    )
