"""A stored run once more, and what came out differently."""

from __future__ import annotations

import math
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import CitysimError
from sim.experiment import manifest
from sim.experiment.ample import late_in_any_case
from sim.experiment.own_policies import OwnPolicy
from sim.experiment.parallel import Progress, unseen
from sim.experiment.parquet import connection, name_of, read_table, source, write_table
from sim.experiment.runs import Run, run
from sim.experiment.store import IN_ANY_CASE, run_of
from sim.experiment.versions import commit, packages, version_of

#: Up to here a relative difference is one of the last digits: another processor rounds otherwise.
LAST_DIGITS = 1e-9

_MEASURE = ("measure", "group_by", "group", "replication")
_NUMBERS = ("value", "numerator", "denominator")


class OwnPoliciesError(CitysimError):
    """A run whose policies were Python functions, in one line."""


@dataclass(frozen=True)
class Difference:
    """Of a table or a measure: how many rows differ, and the largest relative difference between two numbers in them;
    None where something else than numbers differs, such as a name, or a row that only one of them has.
    """

    name: str
    rows: int
    relative: float | None

    @property
    def last_digits(self) -> bool:
        """Whether it is no more than rounding."""
        return self.relative is not None and self.relative <= LAST_DIGITS


@dataclass(frozen=True)
class Reproduction:
    """A stored run beside the same run made anew. ``versions``: programs that are others now, stored and present."""

    stored: Run
    tables: tuple[Difference, ...]
    measures: tuple[Difference, ...]
    versions: Mapping[str, tuple[str | None, str | None]]

    @property
    def identical(self) -> bool:
        """Whether nothing at all differs."""
        return not self.tables

    @property
    def last_digits(self) -> bool:
        """Whether all that differs is rounding."""
        return all(difference.last_digits for difference in (*self.tables, *self.measures))


def reproducible(folder: Path, policies: Sequence[OwnPolicy] = ()) -> tuple[Run, dict[str, Any]]:
    """The run in a folder and its manifest. Raises ``RunFolderError``, and ``OwnPoliciesError`` where it did not act
    with just these ``policies``: what Python a folder brings along is not run unless somebody says so.
    """
    content = manifest.read(folder)
    stored = run_of(folder, content)
    given = [repr(policy) for policy in policies]
    if [_without_file(name) for name in given] == [_without_file(name) for name in stored.policies]:
        return stored, content
    if not stored.policies:
        raise OwnPoliciesError(f"{folder} ran without policies of your own in Python: reproduce it without --policy")
    names, files = ", ".join(stored.policies), [name.partition("@sha256:")[0] for name in stored.policies]
    again = "run it again with sim.run"
    if all("@sha256:" in name for name in stored.policies):
        said = " ".join(f"--policy {folder / 'given' / file}" for file in files)
        again = f"read {'it' if len(files) == 1 else 'them'} there, then add {said}"
    here = f"; given is {', '.join(given)}" if given else ""
    raise OwnPoliciesError(
        f"{folder} cannot be reproduced as it is: it ran with policies of your own in Python ({names}), and no Python "
        f"of a folder is run unasked{here}: {again}"
    )


def _without_file(name: str) -> str:
    """The function and the checksum of a policy; the file may have been renamed. The whole name where it is of none."""
    function, separator, digest = name.rpartition("@sha256:")
    return f"{function.rpartition(':')[2]}{separator}{digest}" if separator else name


def reproduce(
    folder: Path,
    stored: Run,
    content: dict[str, Any],
    *,
    policies: Sequence[OwnPolicy] = (),
    processes: int | None = None,
    progress: Progress = unseen,
    tell: Callable[[str], None] = lambda word: None,
) -> Reproduction:
    """Run what is ``reproducible`` again, with its seed, replications, engine and policies, and compare every table it
    kept.
    """
    with tempfile.TemporaryDirectory(prefix="citysim-again-") as place:
        again = Path(place)
        fresh = run(
            stored.scenario,
            stored.replications,
            seed=stored.seed,
            engine=stored.engine,  # type: ignore[arg-type]  # the manifest was checked
            policies=policies,
            keep="all" if stored.tables.has_contacts else "measures",
            folder=again,
            processes=processes,
            progress=progress,
            tell=tell,
        )
        write_table(fresh.measures, again / "measures.parquet")
        write_table(fresh.pools, again / "pools.parquet")
        names = ["measures", "pools", *stored.tables.kept]
        if stored.in_any_case is not None:
            names.append(IN_ANY_CASE)
            in_any_case = late_in_any_case(fresh, policies, processes=processes, tell=tell).in_any_case
            assert in_any_case is not None  # of the same scenario
            write_table(in_any_case, again / f"{IN_ANY_CASE}.parquet")
        pairs = {name: (folder / f"{name}.parquet", again / f"{name}.parquet") for name in names}
        tables = [_difference(name, *paths) for name, paths in pairs.items()]
        measures = _measures(*pairs["measures"]) if tables[0] else []
    return Reproduction(stored, tuple(filter(None, tables)), tuple(measures), _versions(content))


def _difference(name: str, stored: Path, fresh: Path) -> Difference | None:
    """How two files of a table differ; None where they hold the same."""
    if manifest.sha256(stored) == manifest.sha256(fresh):
        return None
    a, b = source([stored]), source([fresh])
    with connection() as files:
        shape, other = (files.execute(f"DESCRIBE FROM {table}").fetchall() for table in (a, b))
        length, more = (files.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in (a, b))
        if [row[:2] for row in shape] != [row[:2] for row in other] or length != more:
            return Difference(name, max(abs(length - more), 1), None)
        columns = [(name_of(column), kind == "DOUBLE") for column, kind, *_ in shape]
        apart = {column: f"a.{column} IS DISTINCT FROM b.{column}" for column, _ in columns}
        unlike = [apart[column] for column, is_number in columns if not is_number]
        relative = [_RELATIVE.format(column=column) for column, is_number in columns if is_number]
        rows, others, most = files.execute(
            f"""SELECT count(*), count(*) FILTER ({" OR ".join(unlike) or "false"}),
                max(greatest(0.0, {", ".join(relative) or "0.0"}))
            FROM {a} a POSITIONAL JOIN {b} b WHERE {" OR ".join(apart.values())}"""
        ).fetchall()[0]
    return Difference(name, rows, None if others or not math.isfinite(most) else most) if rows else None


#: In SQL, of two numbers; infinite where only one is there.
_RELATIVE = """CASE WHEN a.{column} IS NOT DISTINCT FROM b.{column} THEN 0.0
    ELSE coalesce(abs(a.{column} - b.{column}) / greatest(abs(a.{column}), abs(b.{column})), 'inf'::DOUBLE) END"""


def _measures(stored: Path, fresh: Path) -> list[Difference]:
    """The measures that differ, those with the largest differences first."""
    before, after = (read_table(path).set_index(list(_MEASURE))[list(_NUMBERS)] for path in (stored, fresh))
    a, b = before.align(after)
    known = a.index.isin(before.index) & a.index.isin(after.index)
    same = (a == b) | (a.isna() & b.isna())
    larger = a.abs().where(a.abs() >= b.abs(), b.abs())
    relative = ((a - b).abs() / larger).mask(same, 0.0).fillna(np.inf).max(axis=1)
    relative[~known] = np.inf
    found = []
    for measure, own in relative[relative > 0.0].groupby(level="measure"):
        most = float(own.max())
        found.append(Difference(str(measure), len(own), most if math.isfinite(most) else None))
    return sorted(found, key=lambda d: -math.inf if d.relative is None else -d.relative)


def _versions(content: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """The programs whose versions are others than those in a manifest."""
    packaged = content.get("packages")
    before = {name: content.get(name) for name in ("citysim", "git_commit", "python", "platform")}
    before |= packaged if isinstance(packaged, dict) else {}
    now = {"citysim": version_of("citysim"), "git_commit": commit(), "python": platform.python_version()}
    now |= {"platform": platform.platform(), **packages()}
    return {name: (before.get(name), found) for name, found in now.items() if before.get(name) != found}
