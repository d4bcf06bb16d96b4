"""Forms of drawings: dots with intervals in rows, curves in panels, shares in cells, stacked bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle, StepPatch
from numpy.typing import NDArray

from sim.report import svg
from sim.report.names import ems, shortened

Floats = NDArray[np.float64]
EM = svg.SIZE / svg.INCH

#: Moments of a logarithmic axis of time, in hours.
_MOMENTS = (
    *((1 / 3600, "1 s"), (1 / 360, "10 s"), (1 / 60, "1 min"), (1 / 20, "3 min"), (1 / 6, "10 min"), (0.5, "30 min")),
    *((1.0, "1 h"), (2.0, "2 h"), (4.0, "4 h"), (8.0, "8 h"), (24.0, "1 d"), (48.0, "2 d"), (96.0, "4 d")),
    *((192.0, "8 d"), (360.0, "15 d"), (720.0, "30 d"), (1440.0, "60 d"), (2880.0, "120 d"), (8766.0, "1 y")),
    *((17532.0, "2 y"), (35064.0, "4 y"), (87660.0, "10 y")),
)


def label_width(labels: Sequence[str], most: float = 22.0) -> float:
    """Inches that labels take beside an axis, of at most so many ems."""
    return EM * (min(max((ems(label) for label in labels), default=0.0), most) + 1.3)


@dataclass(frozen=True)
class Mark:
    """How one series looks: told apart by shape as well as by colour."""

    name: str
    shape: str
    colour: str
    filled: bool = True

    @property
    def look(self) -> dict[str, object]:
        """For matplotlib."""
        face = self.colour if self.filled else "white"
        return {"marker": self.shape, "mfc": face, "mec": self.colour, "mew": 1.3, "ms": 6.0, "ls": "none"}


@dataclass(frozen=True)
class Dot:
    """A point with its interval, NaN for none."""

    value: float
    lower: float = math.nan
    upper: float = math.nan


def wrapped(label: str, most: float) -> str:
    """A label on two lines where it is wider than so many ems; no word is cut unless it is too long by itself."""
    if ems(label) <= most:
        return label
    words = label.split(" ")
    breaks = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))] or [(label, "")]
    halves = min(breaks, key=lambda both: max(map(ems, both)))
    return "\n".join(shortened(half, most) for half in halves).rstrip()


def rows(ax: Axes, labels: Sequence[str], most: float = 22.0, bold: Sequence[int] = ()) -> None:
    """An axis of rows, the first on top, with a label and a thin line each; no ticks where all labels are empty."""
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.spines["left"].set_visible(False)
    if not any(labels):
        colour, width = mpl.rcParams["grid.color"], mpl.rcParams["grid.linewidth"]
        ax.hlines(range(len(labels)), 0, 1, colour, lw=width, transform=ax.get_yaxis_transform(), zorder=0.5)
        ax.set_yticks([])
        return
    ax.set_yticks(range(len(labels)), [wrapped(label, most) for label in labels], color=svg.INK, linespacing=0.95)
    for row in bold:
        ax.get_yticklabels()[row].set_fontweight("bold")
    ax.grid(axis="y")


class RowGrid:
    """Panels with the same rows, three beside each other in each line; the first of a line has the labels."""

    _BESIDE, _MOST = 3, 16.0  # panels, and ems of a label

    def __init__(self, labels: Sequence[str], panels: int) -> None:
        self._labels = labels
        self._left, self._tall = label_width(labels, self._MOST), 0.27 * len(labels)
        self._lines, self._each = -(-panels // self._BESIDE), self._tall + 0.85
        self.height = self._lines * self._each + 0.25  # inches

    def axes(self, figure: Drawing, place: int) -> Axes:
        """Those of a panel, with its rows."""
        line, column = divmod(place, self._BESIDE)
        width = (svg.WIDTH - self._left) / self._BESIDE
        bottom = (self._lines - 1 - line) * self._each + 0.45
        ax = svg.axes(figure, self._left + column * width + 0.06, bottom, width - 0.16, self._tall)
        rows(ax, self._labels if column == 0 else [""] * len(self._labels), self._MOST)
        return ax


def dots(ax: Axes, mark: Mark, points: Sequence[Dot | None], shift: float = 0.0) -> None:
    """The points of one series, one a row; None leaves a row out. ``shift`` moves them off the middle of the row."""
    placed = [(row + shift, point) for row, point in enumerate(points) if point is not None]
    spans = [(at, point) for at, point in placed if not math.isnan(point.lower)]
    lower, upper = ([getattr(point, end) for _, point in spans] for end in ("lower", "upper"))
    ax.hlines([at for at, _ in spans], lower, upper, mark.colour, lw=1.4, alpha=0.75, zorder=2)
    ax.plot([point.value for _, point in placed], [at for at, _ in placed], **mark.look)  # type: ignore[arg-type]


def legend(figure: Drawing, marks: Sequence[Mark], left: float, columns: int = 9) -> None:
    """The marks with their names, above everything."""
    handles = [Line2D([], [], **mark.look) for mark in marks]  # type: ignore[arg-type]
    keyed(figure, handles, [mark.name for mark in marks], left, columns)


def keyed(figure: Drawing, handles: Sequence[Artist], names: Sequence[str], left: float, columns: int = 9) -> None:
    """A legend in the upper left corner, ``left`` inches from the edge, to be read line by line."""
    columns = min(columns, len(names))
    order = [i for column in range(columns) for i in range(column, len(names), columns)]
    figure.legend(
        [handles[i] for i in order],
        [names[i] for i in order],
        loc="upper left",
        bbox_to_anchor=(left / svg.WIDTH, 1.0),
        borderaxespad=0.0,
        borderpad=0.1,
        ncols=columns,
        handlelength=1.6,
        handletextpad=0.5,
        columnspacing=1.4,
    )


# --- axes --------------------------------------------------------------------------------------------------------


def share_axis(ax: Axes, title: str = "", low: float = 0.0) -> None:
    """An axis of shares up to 100 %, from the round share below ``low``."""
    first = min(math.floor(low * 4) / 4, 0.75)
    step = 0.05 if first == 0.75 else 0.1 if first == 0.5 else 0.25
    ticks = [float(tick) for tick in np.arange(first, 1 + 1e-9, step)]
    ax.set_xlim(first, 1 + 0.02 * (1 - first))
    ax.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    ax.grid(axis="x")
    ax.set_xlabel(title)


def log_hours(values: Sequence[float]) -> Callable[[float], float]:
    """Where hours stand on a logarithmic axis that begins at the least value, one second at most below."""
    least = max(min((v for v in values if v > 0), default=1.0), 1 / 3600)
    return lambda hours: math.log10(max(hours, least))


def time_axis(ax: Axes, low: float, high: float, title: str) -> None:
    """A logarithmic axis of time over these positions (log10 of hours)."""
    inner = [m for m in _MOMENTS if low - 0.05 <= math.log10(m[0]) <= high + 0.05]
    if len(inner) < 2:  # all values close together: the moments around them
        below = [m for m in _MOMENTS if math.log10(m[0]) < low][-1:]
        above = [m for m in _MOMENTS if math.log10(m[0]) > high][:1]
        inner = [*below, *inner, *above]
    inner = inner[:: -(-len(inner) // 8)]
    places = [math.log10(hours) for hours, _ in inner]
    ax.set_xlim(min(low, *places) - 0.06, max(high, *places) + 0.06)
    ax.set_xticks(places, [text for _, text in inner])
    ax.grid(axis="x")
    ax.set_xlabel(title)


# --- panels --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Panel:
    """One of several small drawings beside each other."""

    title: str
    draw: Callable[[Axes], None]


def panel_rows(count: int, wide: bool) -> tuple[int, int]:
    """Rows and columns for so many panels, of which four or, if they must be wide, three fit beside each other."""
    columns = {1: 1, 2: 2, 3: 3, 5: 3, 6: 3, 9: 3, 4: 2 if wide else 4}.get(count, 3 if wide else 4)
    return -(-count // columns), columns


def panels_height(count: int, above: float = 0.0, wide: bool = False) -> float:
    """Inches that panels take."""
    lines, columns = panel_rows(count, wide)
    return above + lines * (1.95 if columns <= 2 else 1.62)


def panels(figure: Drawing, all_panels: Sequence[Panel], above: float = 0.0, wide: bool = False) -> None:
    """Small drawings in rows and columns; ``above`` inches stay free on top."""
    lines, columns = panel_rows(len(all_panels), wide)
    each, tall = svg.WIDTH / columns, (figure.get_figheight() - above) / lines
    for number, panel in enumerate(all_panels):
        line, column = divmod(number, columns)
        bottom = (lines - 1 - line) * tall
        ax = svg.axes(figure, column * each + 0.42, bottom + 0.3, each - 0.62, tall - 0.62)
        ax.set_title(shortened(panel.title, (each - 0.55) / EM), loc="left", fontsize=svg.SIZE, color=svg.INK, x=-0.02)
        panel.draw(ax)


def from_zero(ax: Axes, highest: float) -> None:
    """A vertical axis from 0 with two or three round numbers."""
    top, ticks, texts = _round_ticks(highest, 2.2)
    ax.set_ylim(0, top)
    ax.set_yticks(ticks, texts)
    ax.grid(axis="y")


def from_zero_across(ax: Axes, highest: float) -> None:
    """A horizontal axis from 0 with a few round numbers."""
    top, ticks, texts = _round_ticks(highest, 3.0)
    ax.set_xlim(0, top)
    ax.set_xticks(ticks, texts)
    ax.grid(axis="x")


def _round_ticks(highest: float, parts: float) -> tuple[float, list[float], list[str]]:
    top = highest * 1.08 if highest > 0 else 1.0
    step = round_step(top / parts)
    ticks = [float(tick) for tick in np.arange(0.0, top + 1e-9, step)]
    if ticks[-1] >= 10_000:
        return top, ticks, [f"{tick / 1000:g}k" if tick else "0" for tick in ticks]
    return top, ticks, [f"{tick:,.0f}" if step >= 1 else f"{tick:g}" for tick in ticks]


def round_step(about: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(power * factor for factor in (5, 2, 1) if power * factor <= about * 1.0001)


# --- steps, cells and bars -------------------------------------------------------------------------------------------


def steps(
    ax: Axes, values: Floats, edges: Floats, *, baseline: Floats | float | None = 0.0, fill: bool = False, **look: Any
) -> None:
    """Steps as of ``Axes.stairs``, on axes whose limits are given: finding limits from each step takes long."""
    ax.add_artist(StepPatch(values, edges, baseline=baseline, fill=fill, **look))  # type: ignore[arg-type]


def tops(ax: Axes, values: Floats, edges: Floats, **look: Any) -> None:
    """Steps without what joins them: an hour of pause is a gap, not two bars beside each other."""
    seen = np.nan_to_num(values) > 0
    ax.add_collection(
        LineCollection(
            [[(a, y), (b, y)] for a, b, y in zip(edges[:-1][seen], edges[1:][seen], values[seen], strict=True)],
            colors=look.pop("color"),
            linewidths=look.pop("lw"),
            **look,
        ),
        autolim=False,
    )


def axis_words(figure: Drawing, words: str) -> None:
    """What the vertical axes of all panels count, in the upper left corner."""
    tall = figure.get_figheight()
    figure.text(0.05 / svg.WIDTH, 1 - 0.02 / tall, f"↑ {words}", va="top", fontsize=svg.SIZE - 0.5, color=svg.GREY)


def scale(figure: Drawing, left: float) -> None:
    """What the shades of cells mean, in the upper left corner, ``left`` inches from the edge."""
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    handles = [Patch(fc=shade(share)) for share in shares]
    keyed(figure, handles, [f"{100 * share:.0f} %" for share in shares], left)


def shade(share: float) -> Any:
    """The colour of a share from 0 to 1, the darker the greater."""
    return mpl.colormaps["Blues"](0.04 + 0.86 * min(share, 1.0))


def cells(ax: Axes, values: Floats, few: NDArray[np.bool_]) -> None:
    """Shares in cells, written in percent, those of ``few`` in parentheses; NaN stays empty. Shape [row, column]."""
    boxes, faces = [], []
    for row, column in np.ndindex(*values.shape):
        value = values[row, column]
        if math.isnan(value):
            ax.text(column, row, "–", ha="center", va="center_baseline", color=svg.GREY, fontsize=svg.SIZE - 1)
            continue
        boxes.append(Rectangle((column - 0.48, row - 0.46), 0.96, 0.92))
        faces.append("white" if few[row, column] else shade(float(value)))
        text = f"({100 * value:.0f})" if few[row, column] else f"{100 * value:.0f}"
        ink = svg.GREY if few[row, column] else "white" if value > 0.72 else svg.INK
        ax.text(column, row, text, ha="center", va="center_baseline", color=ink, fontsize=svg.SIZE - 1)
    ax.add_collection(PatchCollection(boxes, facecolors=faces, linewidths=0))


@dataclass(frozen=True)
class Layer:
    """One part of stacked bars: colour and hatch, so that it is told apart without colour, too."""

    name: str
    colour: str
    hatch: str = ""

    @property
    def look(self) -> dict[str, object]:
        """For matplotlib."""
        return {"fc": self.colour, "hatch": self.hatch, "ec": "white" if not self.hatch else svg.INK, "lw": 0.4}


def stacked(ax: Axes, layers: Sequence[Layer], values: Floats) -> None:
    """Horizontal bars, shape [row, layer]."""
    begin = np.zeros(len(values))
    for number, layer in enumerate(layers):
        ax.barh(np.arange(len(values)), values[:, number], 0.66, left=begin, **layer.look)  # type: ignore[arg-type]
        begin = begin + values[:, number]


def layer_legend(figure: Drawing, layers: Sequence[Layer], left: float, columns: int) -> None:
    """What the parts of stacked bars are."""
    handles = [Patch(**layer.look) for layer in layers]  # type: ignore[arg-type]
    keyed(figure, handles, [layer.name for layer in layers], left, columns)
