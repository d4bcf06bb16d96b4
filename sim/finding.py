"""Scenario files by path, or by the name of one that ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario import Problem, Scenario


def known_scenarios() -> list[Path]:
    """Scenario files of ./scenarios and of the checkout that the program runs from, by name."""
    folders = [Path("scenarios"), Path(__file__).resolve().parent.parent / "scenarios"]
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            if path.stem not in ("base", "sources"):
                found.setdefault(path.stem, path)
    return list(found.values())


def find_scenario(name: str) -> Path:
    """A scenario by its path, or by the name of one that ships."""
    path = Path(name)
    if path.is_file() or path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return path
    for known in known_scenarios():
        if known.stem == name:
            return known
    return path


def load_scenario(path: Path, overrides: tuple[str, ...]) -> Scenario:
    """The scenario of a file."""
    from sim.scenario import load

    return load(path, overrides)


def load_all(names: tuple[str, ...], overrides: tuple[str, ...]) -> list[Scenario]:
    """Several scenarios; the errors of all are reported together."""
    from sim.scenario import ScenarioError

    loaded: list[Scenario] = []
    problems: list[Problem] = []
    for name in names:
        try:
            loaded.append(load_scenario(find_scenario(name), overrides))
        except ScenarioError as wrong:
            problems += wrong.problems
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return loaded
