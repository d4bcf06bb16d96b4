"""How the pictures of docs/mechanisms are drawn: text stays text, white ground, the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from sim.inference import interval
from sim.report.svg import BLUE, GREEN, INK, PURPLE, VERMILLION

PAGES = Path(__file__).resolve().parents[2] / "docs/mechanisms"
#: Colour, marker and line of each series, so that nothing is told by colour alone.
LOOKS = ((BLUE, "o", "-"), (VERMILLION, "D", "--"), (GREEN, "s", ":"), (PURPLE, "^", "-."))

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a96a0",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#e3e8ec",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "citysim",
    "text.parse_math": False,
    "savefig.facecolor": "white",
}


@contextmanager
def picture(name: str, message: str, panels: int = 1) -> Iterator[list[Axes]]:
    """The axes of a picture of 7.2 by 3.5 inches, saved as docs/mechanisms/NAME.svg with its message above."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 3.5), layout="constrained")
        figure.suptitle(message, x=0.012, ha="left", fontsize=10.5, color=INK, fontweight="bold")
        axes = np.ravel(figure.subplots(1, panels)).tolist()
        yield axes
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    # Verdana has the same widths, where a reader lacks DejaVu
    told = written.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    (PAGES / f"{name}.svg").write_text(told, encoding="utf-8")


def line(ax: Axes, x: ArrayLike, runs: ArrayLike, look: int, label: str, bars: bool = True) -> np.ndarray:
    """The means of replications [replication, place on the axis] with 95 % intervals: as bars, or as a band."""
    table = np.asarray(runs, dtype=float)
    colour, marker, style = LOOKS[look]
    found = [interval(column) for column in table.T]
    middle = np.array([f.mean for f in found])
    half = np.array([f.upper - f.mean for f in found])
    if bars:
        ax.errorbar(x, middle, half, color=colour, marker=marker, ls=style, ms=4.5, lw=1.5, elinewidth=1, label=label)
    else:
        ax.plot(x, middle, color=colour, ls=style, lw=1.8, label=label)
        ax.fill_between(x, middle - half, middle + half, color=colour, alpha=0.2, lw=0)
    return middle


def say(name: str, **numbers: float | Sequence[float]) -> None:
    """What the page quotes."""
    told = (f"{key} {np.array2string(np.asarray(value), precision=3)}" for key, value in numbers.items())
    print(f"{name}: {'; '.join(told)}")
