"""The last whole month's sheet on the page of a run: who is first, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.inference.sheets import LEVEL, sheet_ranks
from sim.model.policies.ranking import LISTS
from sim.model.policies.sheet import weights_of
from sim.report.blocks import Cell, Table
from sim.report.formats import number
from sim.report.names import Names

if TYPE_CHECKING:
    from sim.experiment.runs import Run

#: Of more units, the first and the last half of so many are shown.
MOST = 40
_ON = dict(zip(LISTS, ("leading", "improving", "to be rectified", "to be governed"), strict=True))


def last_sheet(run: Run, names: Names) -> Table | None:
    """The ranks of the first replication's last whole month with their intervals; None where nobody is ranked."""
    callback, scores = run.scenario.policies.callback, run.tables.scores
    if callback is None or scores is None:
        return None
    ranked = scores[(scores["replication"] == 0) & scores["rank"].notna()]
    if ranked.empty:
        return None
    month = ranked["month"].astype(str).max()
    found = sheet_ranks(ranked[ranked["month"].astype(str) == month], weights_of(callback.score.weights))
    found = found.assign(level=found["level"].astype(object).where(found["level"].notna(), "districts"))
    groups, cut = list[tuple[Cell, list[list[Cell]]]](), False
    for level, of in found.groupby("level", sort=False):
        of = of.sort_values("rank")
        if len(of) > MOST:
            of, cut = pd.concat([of.head(MOST // 2), of.tail(MOST // 2)]), True
        groups.append((str(level), [_line(row, names) for row in of.to_dict("records")]))
    note = (
        f"One month of one replication, as the city would see it. In brackets where the rank may lie: each pair of "
        f"places is compared at {LEVEL:.0%}. Where the brackets of two places overlap, the sheet does not tell who is "
        "better."
    )
    if cut:
        note += f" Of long lists, the first and the last {MOST // 2}."
    heads: list[Cell] = ["unit or district", "answers", "score", "rank", "lists", "pressure"]
    return Table(f"The sheet of {month}", heads, groups, frozenset({0, 4}), note)


def _line(row: Mapping[Hashable, Any], names: Names) -> list[Cell]:
    is_unit = isinstance(row["unit"], str)
    place = names.pool(str(row["unit"])) if is_unit else names.district(str(row["district"]))
    on = ", ".join(word for name, word in _ON.items() if row[name] is True)
    pressure = row["pressure"]
    return [
        place,
        number(float(row["answers"]), ""),
        number(row["score"], "share"),
        f"{row['rank']} ({row['lowest']}–{row['highest']})",
        on or "–",
        f"{pressure:.2f}" if isinstance(pressure, float) and pressure == pressure else "–",
    ]
