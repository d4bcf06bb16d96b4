"""Whether a run came out the same again: as text, and as JSON for machines."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from sim.report.formats import times
from sim.report.names import clean

if TYPE_CHECKING:
    from pathlib import Path

    from sim.experiment.reproduce import Difference, Reproduction

_WIDTH = 79
_MOST = 20


def reproduction_text(found: Reproduction, folder: Path) -> str:
    """A sentence where all is the same; else which measures and tables differ, by how much, and what may be why."""
    run, name = found.stored, clean(str(folder))
    what = f"{times(run.replications)} of {clean(run.scenario.name)}, seed {run.seed}, engine {run.engine}"
    if found.identical:
        tables = ", ".join(("measures", "pools", *run.tables.kept))
        return _wrapped(f"{name} is reproduced: {what}. Identical: {tables}.")
    lines = [_wrapped(f"{name} is not reproduced: {what}."), ""]
    if found.last_digits:
        why = "as another processor or other versions of the programs round them"
        lines += [_wrapped(f"All differences are of the last digits, {why}."), ""]
    if found.measures:
        lines += [f"{'measure':44}{'values':>8}  largest relative difference", "─" * _WIDTH]
        lines += [f"{d.name:44}{d.rows:>8}  {_size(d)}" for d in found.measures[:_MOST]]
        if len(found.measures) > _MOST:
            lines.append(f"… and {len(found.measures) - _MOST} more measures (--json lists all)")
        lines.append("")
    lines += [f"{'table':44}{'rows':>8}  largest relative difference", "─" * _WIDTH]
    lines += [f"{d.name:44}{d.rows:>8}  {_size(d)}" for d in found.tables]
    others = [f"{program} {_version(a)}, now {_version(b)}" for program, (a, b) in found.versions.items()]
    lines += [
        "",
        _wrapped(f"Others than then: {clean('; '.join(others))}." if others else "The programs are the same."),
    ]
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH)


def _size(difference: Difference) -> str:
    return "more than numbers" if difference.relative is None else f"{difference.relative:.2g}"


def _version(found: object) -> str:
    return "none" if found is None else str(found)[:60]


def reproduction_json(found: Reproduction, folder: Path) -> str:
    """The same for machines."""

    def rows(differences: tuple[Difference, ...]) -> list[dict[str, Any]]:
        return [{"name": d.name, "rows": d.rows, "relative": d.relative} for d in differences]

    document = {
        "folder": str(folder),
        "scenario": found.stored.scenario.name,
        "digest": found.stored.scenario.digest,
        "seed": found.stored.seed,
        "replications": found.stored.replications,
        "engine": found.stored.engine,
        "identical": found.identical,
        "last_digits": found.last_digits,
        "measures": rows(found.measures),
        "tables": rows(found.tables),
        "versions": {name: {"stored": a, "now": b} for name, (a, b) in found.versions.items()},
    }
    return json.dumps(document, ensure_ascii=False, indent=1)
