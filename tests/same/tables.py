"""Simulate scenarios with whatever `sim` is on the path, and keep their tables: run by `same.py`, once a version."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import sim

TABLES = ("requests", "visits", "problems", "levels", "pools")


def tables_of(path: Path) -> dict[str, Any]:
    """Every table of one replication, by name; the error's text where the scenario is refused."""
    try:
        out = sim.simulate(sim.load(str(path)), 0, seed=1, engine="compiled")
    except Exception as wrong:  # both versions have to refuse it in the same way
        return {"error": f"{type(wrong).__name__}: {str(wrong).replace(str(path), path.name)}"}
    return {name: getattr(out, name) for name in TABLES} | {"measures": sim.measures(out)}


def main(scenarios: Path, kept: Path) -> None:
    """A file in ``kept`` for every scenario in ``scenarios``."""
    for path in sorted(scenarios.glob("*.yaml")):
        with open(kept / f"{path.stem}.pickle", "wb") as file:
            pickle.dump(tables_of(path), file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
