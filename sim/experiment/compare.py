"""Scenarios side by side over the same citizens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment.comparable import check_comparable, remarks, same_citizens
from sim.experiment.frames import packed, unpacked
from sim.experiment.parallel import each, expected_seconds, later, unseen, workers
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.parallel import Progress
    from sim.experiment.recovery import Recovery
    from sim.inference import Relevance
    from sim.model.city import Built
    from sim.model.control import Policy
    from sim.model.simulation import Engine, Watch


SAME_CITIZENS = "on the same citizens"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the variants do differently from the baseline, the first scenario.

    ``differences``: every measure, variant minus baseline, paired by replication (``sim.inference.differences``).
    ``requests``: the same requests in both (``sim.inference.Pairwise``), for the city, each district and category.
    ``open``: requests that are open at each midnight (scenario, replication, hour, open). ``recovered``: when a variant
    with shocks of its own is back as the baseline is, by its name. ``remarks``: what must be said before any number.
    ``policies``: the names of the caller's own, of each scenario. ``relevance``: which differences matter.
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
    policies: tuple[tuple[str, ...], ...]
    relevance: Relevance

    def paired(self, variant: str) -> str:
        """How a variant is paired with the baseline, for “20 replications …”."""
        scenario = self.scenarios[self.names.index(variant)]
        return SAME_CITIZENS if same_citizens(scenario, self.scenarios[0]) else "paired by seed"

    def _repr_html_(self) -> str:
        city = self.differences[(self.differences["group_by"] == "") & self.differences["p_holm"].notna()]
        return str(city.to_html(index=False))


def unique_names(scenarios: Sequence[Scenario], turned: Sequence[str] = ()) -> tuple[str, ...]:
    """The scenarios' names. Where one is that of an earlier scenario, with what was ``turned`` in it, or numbered."""
    names: list[str] = []
    for scenario, own in zip(scenarios, turned or [""] * len(scenarios), strict=True):
        name, number = scenario.name, 2
        if name in names and own:
            name = f"{name}, {own}"
        told = name
        while name in names:
            name, number = f"{told} ({number})", number + 1
        names.append(name)
    return tuple(names)


def _replicate(
    built: Sequence[Built],
    names: Sequence[str],
    seed: int,
    engines: Sequence[Engine],
    policies: Sequence[Sequence[Policy]],
    relevance: Relevance,
    replication: int,
    watch: Watch,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Measures of all scenarios in one replication, the requests of each variant against the baseline's, and what is
    open day by day.
    """
    import numpy as np
    import pandas as pd

    from sim.experiment.closings import closings, pairs
    from sim.experiment.recovery import own_shocks

    scenarios = [one.scenario for one in built]
    disturbed = any(own_shocks(scenarios[0], scenario) for scenario in scenarios[1:])
    base, rows, paired, opened = None, list[pd.DataFrame](), list[dict[str, Any]](), list[pd.DataFrame]()
    for number, (one, name, engine, own) in enumerate(zip(built, names, engines, policies, strict=True)):
        earlier = number * one.city.end
        found, closed, open_ = closings(one.city, seed, engine, own, replication, later(watch, earlier))
        rows.append(found.assign(scenario=name))
        for unit, counts in (open_ if disturbed else {"": open_[""]}).items():
            days = {"unit": unit, "hour": 24.0 * np.arange(len(counts)), "open": counts}
            opened.append(pd.DataFrame({"scenario": name, "replication": replication, **days}))
        if base is None:
            base = closed
        else:
            told = pairs(base, closed, one.city.end, relevance)
            paired += [{"scenario": name, "replication": replication, **pair} for pair in told]
    return packed(pd.concat(rows, ignore_index=True)), pd.DataFrame(paired), pd.concat(opened, ignore_index=True)


def compare(
    scenarios: Sequence[Scenario],
    replications: int = 5,
    *,
    seed: int = 1,
    engine: Engine = "auto",
    policies: Sequence[Sequence[Policy]] = (),
    relevance: Relevance | None = None,
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
    said: Sequence[str] = (),
    turned: Sequence[str] = (),
) -> Comparison:
    """Run all ``scenarios`` on the same citizens and compare each with the first.

    ``replications``, ``seed``, ``engine``, ``processes``, ``progress`` and ``tell`` as in ``sim.run``. ``policies``: of
    each scenario a list of one's own, such as ``[[], [help_where_it_queues]]`` for the second only. ``relevance``: the
    smallest differences that matter (``sim.inference.Relevance``). What is ``said`` goes before all other remarks;
    what was ``turned`` in each scenario is added to names that are the same.

    Returns the differences, with what they come from. Raises what ``sim.run`` does, ``IncomparableError`` for
    scenarios that differ in time, scale or currency, and ``ValueError`` for fewer than two, or other than one list of
    policies for each.
    """
    import pandas as pd

    from sim.experiment.closings import EXACT
    from sim.experiment.expected import expected_contacts
    from sim.experiment.memory import check_counts, check_memory
    from sim.experiment.preparing import prepare
    from sim.experiment.recovery import recovery
    from sim.inference import Relevance, differences, gaps, summary
    from sim.inference.gaps import places_of
    from sim.model.city import Built
    from sim.model.control import policy_name
    from sim.model.simulation import choose

    if len(scenarios) < 2:
        raise ValueError("at least two scenarios are compared")
    own = _by_scenario(policies, len(scenarios))
    relevance = Relevance() if relevance is None else relevance
    names = unique_names(scenarios, turned)
    check_comparable(scenarios, names)
    for scenario in scenarios:
        check_counts(scenario, replications * len(scenarios))
    engines = [choose(scenario, engine, replications) for scenario in scenarios]
    seconds = sum(map(expected_seconds, map(expected_contacts, scenarios), engines))
    count = workers(replications, processes, seconds * replications)
    for scenario in scenarios:
        # closings of the baseline and the variant that runs, measures of all
        check_memory(scenario, count, "closings", replications * len(scenarios), in_files=True)
    prepare("compiled" if "compiled" in engines else "simpy", tell)  # before the processes part
    built = tuple(map(Built, scenarios))
    found = each(_replicate, (built, names, seed, engines, own, relevance), replications, count, progress)
    measures, *others = zip(*found, strict=True)
    table = unpacked(measures)
    requests, opened = (pd.concat(tables, ignore_index=True) for tables in others)
    recovered = {
        name: back
        for scenario, name in zip(scenarios[1:], names[1:], strict=True)
        if (back := recovery(scenarios[0], scenario, opened, (names[0], name))) is not None
    }
    told = tuple(tuple(policy_name(policy) for policy in of_one) for of_one in own)
    apart = [gaps(table[table["scenario"] == n], places_of(s)) for n, s in zip(names, scenarios, strict=True)]
    return Comparison(
        names=names,
        scenarios=tuple(scenarios),
        seed=seed,
        replications=replications,
        measures=table,
        summary=summary(table, apart=pd.concat(apart, ignore_index=True), exact=tuple(EXACT)),
        differences=differences(table, names[0], relevance=relevance, exact=tuple(EXACT)),
        requests=requests,
        open=opened.loc[opened["unit"] == "", ["scenario", "replication", "hour", "open"]],
        recovered=recovered,
        remarks=(*said, *remarks(scenarios, names, told)),
        policies=told,
        relevance=relevance,
    )


def _by_scenario(policies: Sequence[Sequence[Policy]], scenarios: int) -> tuple[tuple[Policy, ...], ...]:
    """The policies of each scenario."""
    if not policies:
        return ((),) * scenarios
    if len(policies) != scenarios or any(callable(own) for own in policies):
        raise ValueError(
            f"“policies” has one list for each of the {scenarios} scenarios, an empty one where there are none: "
            "[[], [my_policy]]"
        )
    return tuple(tuple(own) for own in policies)
