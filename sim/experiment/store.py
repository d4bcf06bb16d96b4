"""Run folders and the pages of reports: what is in them, and how a run is read back."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.drafts import Draft, WriteError, draft
from sim.experiment.parquet import pattern, read_table, write_table
from sim.experiment.runs import Run
from sim.experiment.tables import Tables
from sim.experiment.versions import commit, packages, version_of
from sim.model.records import CONTACT_TABLES

if TYPE_CHECKING:
    from sim.scenario import Scenario

FORMAT = 1
_RESULTS = Path("results")


class RunFolderError(Exception):
    """A run folder that is none, in one line."""

    exit_code = 3


def run_draft(scenario: Scenario, seed: int, replications: int, out: Path | None) -> AbstractContextManager[Draft]:
    """A draft of a run folder: ``out``, or a new folder in results/ named after the scenario."""
    if out is not None:
        try:
            pattern(out)
        except OSError as wrong:
            raise WriteError(f"cannot write to {out}: {wrong.strerror}") from wrong
        return draft(out, "folder", "refuse")
    name = f"{_slug(scenario.name)}-{scenario.digest[:8]}-seed{seed}-n{replications}"
    return draft(_RESULTS / name, "folder", "number")


def comparison_draft(baseline: Scenario, replications: int, out: Path | None) -> AbstractContextManager[Draft]:
    """A draft of the report of a comparison: ``out``, or a new file in results/ named after the baseline."""
    if out is not None:
        return draft(out, "file", "refuse")
    name = f"compare-{_slug(baseline.name)}-{baseline.digest[:8]}-n{replications}.html"
    return draft(_RESULTS / name, "file", "number")


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:60] or "run"


def write_page(page: str, place: Draft) -> Path:
    """Write a page and say where it is."""
    place.beside.write_text(page, encoding="utf-8")
    return place.keep()


def replace_page(page: str, path: Path) -> Path:
    """Write a page, whole or not at all, over an older one."""
    with draft(path, "file", "replace") as place:
        return write_page(page, place)


def write(run: Run, given: Path | None, place: Draft, report: str) -> Path:
    """Write a run folder with its report, and say where; ``given`` is the scenario file as it was given."""
    _fill(run, given, place.beside, report)
    return place.keep()


def _fill(run: Run, given: Path | None, folder: Path, report: str) -> None:
    tables = {"measures": run.measures, "pools": run.pools, **run.tables.kept}
    for name, table in tables.items():
        if not isinstance(table, Path):  # it stands in the folder already
            write_table(table, folder / f"{name}.parquet")
    if given is not None:
        shutil.copyfile(given, folder / "scenario.yaml")
    (folder / "report.html").write_text(report, encoding="utf-8")
    text = json.dumps(_manifest(run, folder), indent=1, ensure_ascii=False, allow_nan=False)
    with open(folder / "manifest.json", "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _manifest(run: Run, folder: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
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
        "sha256": {path.name: _sha256(path) for path in sorted(folder.iterdir())},
    }


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path) -> Run:
    """A stored run. Raises ``RunFolderError`` where the folder is not one."""
    from sim.scenario import ScenarioError, from_dict

    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise RunFolderError(f"{folder} has the format {manifest['format']}, not {FORMAT}")
        scenario = from_dict(manifest["scenario"])
        files = {name: folder / f"{name}.parquet" for name in ("measures", "levels", "pools", *CONTACT_TABLES)}
        tables = Tables(
            read_table(files["measures"]),
            {name: files[name] for name in ("levels", *CONTACT_TABLES) if files[name].exists()},
        )
        return Run(
            scenario=scenario,
            seed=manifest["seed"],
            replications=manifest["replications"],
            engine=manifest["engine"],
            policies=tuple(manifest["policies"]),
            seconds=manifest["seconds"],
            pools=read_table(files["pools"]),
            tables=tables,
        )
    except FileNotFoundError as wrong:
        raise RunFolderError(f"{folder} is not a run folder: {wrong.filename} is missing") from wrong
    except (OSError, ValueError, KeyError, TypeError, ScenarioError) as wrong:
        raise RunFolderError(f"{folder} cannot be read as a run: {str(wrong).splitlines()[0]}") from wrong
