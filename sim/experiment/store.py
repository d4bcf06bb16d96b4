"""Run folders: complete or absent, never overwritten.

A folder is written beside its final place and renamed when everything is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.runs import Run, Tables

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.scenario import Scenario

FORMAT = 1
PACKAGES = ("simpy", "numpy", "scipy", "numba", "pandas", "duckdb")


class RunFolderError(Exception):
    """A run folder that is none, or stands where another should go, in one line."""

    exit_code = 3


class WriteError(Exception):
    """A run or report that cannot be written (a full disk, no permission), in one line."""

    exit_code = 1


def place_for(scenario: Scenario, seed: int, replications: int, out: Path | None, results: Path) -> Path:
    """Where a run goes: ``out``, or a new folder in ``results`` named after the scenario."""
    if out is None:
        return _new(results / f"{_slug(scenario.name)}-{scenario.digest[:8]}-seed{seed}-n{replications}")
    if out.exists():
        raise RunFolderError(f"{out} exists already: a run folder is never overwritten")
    return out


def comparison_place(comparison: Comparison, results: Path) -> Path:
    """A new file in ``results`` for the report of a comparison."""
    first = comparison.scenarios[0]
    return _new(results / f"compare-{_slug(first.name)}-{first.digest[:8]}-n{comparison.replications}.html")


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")[:60] or "run"


def _new(path: Path) -> Path:
    """The path, numbered where it exists already."""
    found, number = path, 2
    while found.exists():
        found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return found


def write_page(page: str, path: Path) -> Path:
    """Write a page to a new file, whole or not at all."""
    if path.exists():
        raise RunFolderError(f"{path} exists already")
    return replace_page(page, path)


def replace_page(page: str, path: Path) -> Path:
    """Write a page, whole or not at all, over an older one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as wrong:
        raise WriteError(f"cannot write {path}: {wrong.strerror}") from wrong
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException as wrong:
        os.unlink(beside)
        if isinstance(wrong, OSError):
            raise WriteError(f"cannot write {path}: {wrong.strerror}") from wrong
        raise
    return path


def write(run: Run, given: Path | None, folder: Path, report: str, numbered: bool = False) -> Path:
    """Write a run folder with its report, and say where; ``given`` is the scenario file as it was given.

    Where ``folder`` exists by now, a ``numbered`` one takes the next number.

    Raises ``WriteError``; then nothing of the folder is left.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as wrong:
        raise WriteError(f"cannot write to {folder.parent}: {wrong.strerror}") from wrong
    try:
        _fill(run, given, beside, report)
        beside.chmod(0o755)
        while numbered and folder.exists():
            folder = _new(folder)
        beside.rename(folder)
        return folder
    except OSError as wrong:
        shutil.rmtree(beside, ignore_errors=True)
        raise WriteError(f"cannot write the run to {folder}: {wrong.strerror or wrong}") from wrong
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _fill(run: Run, given: Path | None, folder: Path, report: str) -> None:
    import duckdb

    try:
        for name in Tables.__dataclass_fields__:
            table = getattr(run.tables, name)
            if table is not None:
                _write_table(table, folder / f"{name}.parquet")
        _write_table(run.pools, folder / "pools.parquet")
    except duckdb.Error as wrong:
        full = "No space left on device" in str(wrong)
        raise OSError(None, "No space left on device" if full else str(wrong).splitlines()[0]) from wrong
    if given is not None:
        shutil.copyfile(given, folder / "scenario.yaml")
    (folder / "report.html").write_text(report, encoding="utf-8")
    text = json.dumps(_manifest(run, folder), indent=1, ensure_ascii=False, allow_nan=False)
    with open(folder / "manifest.json", "w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _write_table(table: pd.DataFrame, path: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("written", table)
        target = str(path).replace("'", "''")
        connection.execute(f"COPY written TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def read_table(path: Path) -> pd.DataFrame:
    """A stored table."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).df()


def _manifest(run: Run, folder: Path) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "citysim": _version("citysim"),
        "scenario": run.scenario.resolved(),
        "scenario_digest": run.scenario.digest,
        "seed": run.seed,
        "replications": run.replications,
        "engine": run.engine,
        "seconds": round(run.seconds, 3),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "git_commit": _commit(),
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the code that ran, where it runs from a checkout."""
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def read(folder: Path) -> Run:
    """A stored run. Raises ``RunFolderError`` where the folder is not one."""
    import duckdb

    from sim.scenario import ScenarioError, from_dict

    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise RunFolderError(f"{folder} has the format {manifest['format']}, not {FORMAT}")
        scenario = from_dict(manifest["scenario"])
        tables = Tables(
            **{  # type: ignore[arg-type]
                name: read_table(folder / f"{name}.parquet") if (folder / f"{name}.parquet").exists() else None
                for name in Tables.__dataclass_fields__
            }
        )
        return Run(
            scenario=scenario,
            seed=manifest["seed"],
            replications=manifest["replications"],
            engine=manifest["engine"],
            seconds=manifest["seconds"],
            pools=read_table(folder / "pools.parquet"),
            tables=tables,
        )
    except FileNotFoundError as wrong:
        raise RunFolderError(f"{folder} is not a run folder: {wrong.filename} is missing") from wrong
    except (OSError, ValueError, KeyError, TypeError, ScenarioError, duckdb.Error) as wrong:
        raise RunFolderError(f"{folder} cannot be read as a run: {str(wrong).splitlines()[0]}") from wrong
