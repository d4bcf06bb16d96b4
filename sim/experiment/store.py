"""Run folders and the pages of reports: what is in them, and how a run is read back."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import manifest
from sim.experiment.drafts import Draft, WriteError, draft
from sim.experiment.given import keep_originals
from sim.experiment.manifest import RunFolderError
from sim.experiment.parquet import connection, pattern, read_table, source, write_table
from sim.experiment.runs import Run
from sim.experiment.tables import SMALL_TABLES, Tables
from sim.experiment.versions import commit, packages, version_of
from sim.model.facts import CONTACT_TABLES
from sim.scenario import Scenario, ScenarioError
from sim.scenario.writing import complete_text, read_complete

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.own_policies import OwnPolicy
    from sim.experiment.sweeps.sweep import Sweep

_RESULTS = Path("results")
_SCENARIO = "scenario.yaml"
_ALWAYS = ("measures", "levels", "pools")
IN_ANY_CASE = "late_in_any_case"


@contextmanager
def run_draft(
    scenario: Scenario, seed: int, replications: int, out: Path | None, policies: Sequence[OwnPolicy] = ()
) -> Iterator[Draft]:
    """A draft of a run folder: ``out``, or a new folder in results/ named after the scenario. The scenario stands in it
    before anything is simulated: complete, and as it was given, with the files of one's own policies.
    """
    name = f"{_slug(scenario.name)}-{scenario.digest[:8]}-seed{seed}-n{replications}"
    if out is not None:
        try:
            pattern(out)
        except OSError as wrong:
            raise WriteError(f"cannot write to {out}: {wrong.strerror}") from wrong
    place = draft(_RESULTS / name, "folder", "number") if out is None else draft(out, "folder", "refuse")
    with place as opened:
        (opened.beside / _SCENARIO).write_text(complete_text(scenario), encoding="utf-8", newline="\n")
        keep_originals(scenario, opened.beside / "given", policies)
        yield opened


def comparison_draft(baseline: Scenario, replications: int, out: Path | None) -> AbstractContextManager[Draft]:
    """A draft of the report of a comparison: ``out``, or a new file in results/ named after the baseline."""
    if out is not None:
        return draft(out, "file", "refuse")
    name = f"compare-{_slug(baseline.name)}-{baseline.digest[:8]}-n{replications}.html"
    return draft(_RESULTS / name, "file", "number")


def figures_draft(out: Path | None) -> AbstractContextManager[Draft | None]:
    """A draft of a folder of figures; None where none is wanted."""
    return nullcontext() if out is None else draft(out, "folder", "refuse")


def sweep_folder(name: str, out: str | PathLike[str] | None) -> Path:
    """Where the runs of a design of this name stand."""
    return _RESULTS / f"sweep-{_slug(name)}" if out is None else Path(out)


def write_sweep(sweep: Sweep, page: str, folder: Path) -> tuple[Path, Path]:
    """Write the table of a sweep and its report beside its runs, in the place of older ones; returns where they are."""
    table = sweep.table.to_csv(index=False, lineterminator="\n")
    for name, text in (("table.csv", table), ("report.html", page)):
        with draft(folder / name, "file", "replace") as file:
            file.beside.write_text(text, encoding="utf-8", newline="\n")
            file.keep()
    return folder / "table.csv", folder / "report.html"


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:60] or "run"


def write_page(page: str, place: Draft) -> Path:
    """Write a page and say where it is."""
    place.beside.write_text(page, encoding="utf-8")
    return place.keep()


def write_new(text: str, path: Path) -> Path:
    """Write a file that is not there yet, and say where it is."""
    with draft(path, "file", "refuse") as place:
        return write_page(text, place)


def replace_page(page: str, path: Path) -> Path:
    """Write a page, whole or not at all, over an older one."""
    with draft(path, "file", "replace") as place:
        return write_page(page, place)


def write(run: Run, place: Draft, report: str) -> Path:
    """Write a run folder with its report, and say where."""
    folder = place.beside
    tables = {"measures": run.measures, "pools": run.pools, IN_ANY_CASE: run.in_any_case, **run.tables.kept}
    for name, table in tables.items():
        if table is not None and not isinstance(table, Path):  # it stands in the folder already
            write_table(table, folder / f"{name}.parquet")
    (folder / manifest.REMADE).write_text(report, encoding="utf-8", newline="\n")
    manifest.write(_content(run, folder), folder / manifest.NAME)
    return place.keep()


def _content(run: Run, folder: Path) -> dict[str, Any]:
    return {
        "format": manifest.FORMAT,
        "citysim": version_of("citysim"),
        "scenario": run.scenario.resolved(),
        "scenario_digest": run.scenario.digest,
        "seed": run.seed,
        "replications": run.replications,
        "engine": run.engine,
        "policies": list(run.policies),
        "seconds": round(run.seconds, 3),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages(),
        "git_commit": commit(),
        "sha256": manifest.checksums(folder),
    }


def renew_page(page: str, folder: Path, out: Path | None) -> Path:
    """Write the page of a run anew, whole or not at all: to ``out``, or in its folder, whose manifest then knows it."""
    own = folder / manifest.REMADE
    if out is not None and out.resolve() != own.resolve():
        return replace_page(page, out)
    replace_page(page, own)
    content = manifest.parsed(folder)
    content["sha256"][manifest.REMADE] = manifest.sha256(own)
    with draft(folder / manifest.NAME, "file", "replace") as place:
        manifest.write(content, place.beside)
        place.keep()
    return out or own


def read(folder: Path) -> Run:
    """A stored run. Raises ``RunFolderError`` where the folder is not one, or not as it was written."""
    return run_of(folder, manifest.read(folder))


def run_of(folder: Path, content: dict[str, Any]) -> Run:
    """The run in a folder with this manifest."""
    files = {name: folder / f"{name}.parquet" for name in (*_ALWAYS, *SMALL_TABLES[1:], *CONTACT_TABLES)}
    kept = {name: path for name, path in files.items() if path.name in content["sha256"]}
    in_any_case = folder / f"{IN_ANY_CASE}.parquet"
    for name in (_SCENARIO, *(files[name].name for name in _ALWAYS)):
        if name not in content["sha256"]:
            raise RunFolderError(f"{folder} is not whole: {manifest.NAME} does not list {name}")
    try:
        scenario = read_complete((folder / _SCENARIO).read_text(encoding="utf-8"), str(folder / _SCENARIO))
    except (OSError, ValueError, ScenarioError) as wrong:
        why = str(wrong).partition("\n")[0]
        raise RunFolderError(f"{folder} cannot be read as a run: {_SCENARIO}: {why}") from wrong
    if scenario.digest != content["scenario_digest"]:
        raise RunFolderError(f"{folder} cannot be read as a run: {_SCENARIO} means another scenario than was run")
    try:
        measures, pools = _measures(kept.pop("measures")), _pools(kept.pop("pools"), scenario)
        stored = measures["replication"].nunique()
    except (OSError, KeyError) as wrong:
        raise RunFolderError(f"{folder} cannot be read as a run: {wrong}") from wrong
    if stored != content["replications"]:
        raise RunFolderError(f"{folder} cannot be read as a run: measures.parquet holds {stored} replications")
    return Run(
        scenario=scenario,
        seed=content["seed"],
        replications=content["replications"],
        engine=content["engine"],
        policies=tuple(content["policies"]),
        seconds=content["seconds"],
        pools=pools,
        tables=Tables(measures, kept),
        in_any_case=read_table(in_any_case) if in_any_case.name in content["sha256"] else None,
    )


def _pools(path: Path, scenario: Scenario) -> pd.DataFrame:
    """What each pool is. Folders of this format that are older lack columns: the scenario tells the same."""
    pools = read_table(path)
    if {"family", "street"} <= set(pools):
        return pools
    from sim.model.city import build_city
    from sim.outcomes.tables import pools_table

    return pools_table(build_city(scenario))


def _measures(path: Path) -> pd.DataFrame:
    """The measures of all replications, read one after the other so that each text is in memory once."""
    from sim.experiment.frames import packed, unpacked

    with connection() as files:
        files.execute(f"CREATE OR REPLACE TEMP VIEW measures AS FROM {source([path])}")
        numbers = files.execute("SELECT DISTINCT replication FROM measures ORDER BY 1").fetchall()
        parts = [packed(files.execute("FROM measures WHERE replication = ?", number).df()) for number in numbers]
        return unpacked(parts) if parts else read_table(path)
