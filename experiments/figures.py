"""The figures of an experiment, beside its file, from its runs; what is missing of these is made first.

python experiments/figures.py NAME
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import sim
from sim.report.page import sweep_page
from sim.report.svg import as_files


def main(name: str) -> None:
    """Draw all figures of the report."""
    place = Path(__file__).resolve().parent / name
    found = sim.sweep(place, tell=print)
    with tempfile.TemporaryDirectory() as folder, as_files(Path(folder)) as (written, _):
        sweep_page(found)
        for path in (path for path in written if path.suffix == ".svg"):
            (place / path.name).write_text(path.read_text("utf-8"), encoding="utf-8", newline="\n")
            print(place / path.name)


if __name__ == "__main__":
    main(sys.argv[1])
