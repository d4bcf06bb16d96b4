"""The files of a run as they were given: the scenario's own, those it extends, their tables, the sources they name, and
policies.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.scenario import Scenario
from sim.scenario.errors import ReadError
from sim.scenario.files import inside, read_file
from sim.scenario.loading import SOURCES_FILE

if TYPE_CHECKING:
    from sim.experiment.own_policies import OwnPolicy

_NO_FILES = ("<data>", "<text>")
_LONGEST_NAME = 100


def keep_originals(scenario: Scenario, folder: Path, policies: Sequence[OwnPolicy] = ()) -> None:
    """Copy them into a new folder, each under a name of its own. Data that came from no file leaves nothing."""
    paths: list[Path] = []
    for name in scenario.files:
        if name not in _NO_FILES:
            paths += [Path(name), *_shelf(Path(name))]
    paths += map(Path, scenario.tables)
    texts: dict[Path, str] = {}
    for path in paths:
        try:
            texts.setdefault(path.resolve(), read_file(path))
        except ReadError:  # gone since it was loaded, or never there
            continue
    for policy in policies:
        texts.setdefault(Path(policy.path).resolve(), policy.text)
    taken: set[str] = set()
    for path, text in texts.items():
        folder.mkdir(exist_ok=True)
        (folder / _free(path, taken)).write_text(text, encoding="utf-8", newline="")


def _shelf(path: Path) -> list[Path]:
    """The file of sources beside a scenario, where the loader would look for it."""
    try:
        return [inside(path.resolve().parent, SOURCES_FILE)]
    except ReadError:
        return []


def _free(path: Path, taken: set[str]) -> str:
    """A name that is not taken, also where capitals do not count."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    stem, suffix = os.path.splitext(name)
    stem, suffix, number = stem[:_LONGEST_NAME], suffix[:10], 2
    name = f"{stem}{suffix}"
    while name.casefold() in taken:
        name, number = f"{stem}-{number}{suffix}", number + 1
    taken.add(name.casefold())
    return name
