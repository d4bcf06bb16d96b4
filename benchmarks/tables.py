"""What make bench found, as tables for the terminal (80 columns) and for a page, and as a figure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import law
from programs import Program

Grown = dict[str, dict[str, Any]]


@dataclass
class Block:
    """A table with a heading and a sentence below it."""

    title: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""

    def text(self) -> str:
        """For the terminal: the first column takes the rest of the line."""
        lines = [self.title, "-" * len(self.title)] if self.title else []
        widths = [max((len(r[i]) for r in [self.head, *self.rows]), default=0) for i in range(len(self.head))]
        for row in [self.head, *self.rows] if self.head else []:
            cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join([*lines, *textwrap.wrap(self.note, 80), ""])

    def markdown(self) -> str:
        """For a page."""
        parts = [f"### {self.title}"] if self.title else []
        if self.head:
            rule = ["---"] + ["---:"] * (len(self.head) - 1)
            parts.append("\n".join("| " + " | ".join(row) + " |" for row in [self.head, rule, *self.rows]))
        return "\n\n".join([*parts, *([self.note] if self.note else [])])


def agreement(found: list[Program]) -> Block:
    """Every program beside queueing theory."""
    rows = [["in theory", *(f"{v:.4f}" for v in law.theory().values())]]
    for p in found:
        if not p.absent:
            rows.append([p.name, *(f"{m:.3f} ± {w:.3f}" for m, w in map(p.interval, law.FIGURES))])
    note = (
        f"Hours from arrival to end, and hotline agents at work; mean of the runs ± 99.9 % half-width. {_absent(found)}"
    )
    return Block("All obey the same law", ["program", "urgent", "ordinary", "utilisation"], rows, note.strip())


def _absent(found: list[Program]) -> str:
    return " ".join(f"{p.name} could not be run: {p.absent}." for p in found if p.absent)


def speeds(found: list[Program]) -> Block:
    """Requests a second and ratios."""
    by = {p.name: p for p in found}
    peers = [by["plain SimPy loop"], by["cimba"], by["plain C, binary heap"]]
    rows = []
    for p in found:
        if p.absent:
            rows.append([p.name, "absent", *["–"] * 4])
            continue
        ratios = ["–" if q.absent else f"{p.speed / q.speed:.3g}" for q in peers]
        rows.append([p.name, f"{p.speed:,.0f}", f"{1e-6 * law.EVENTS * p.speed:.2f}", *ratios])
    note = (
        "Per second of processor time on one core. citysim: demand, engine, tables of outcomes in memory and measures; "
        "the others: the bare simulation and three means."
    )
    head = ["three stations", "requests/s", "M events/s", "× SimPy", "× cimba", "× C"]
    return Block("Speed", head, rows, note)


def where(compiled: Program) -> Block:
    """Where the time of the compiled engine goes."""
    rows = []
    if not compiled.absent and "engine" in compiled.runs[0]:
        requests = compiled.median("requests")
        for name in ("demand", "engine", "measures", "tables"):
            seconds = compiled.median(name)
            rows.append([name, f"{1e6 * seconds / requests:.2f}", f"{requests / seconds:,.0f}"])
        both = compiled.median("streamed")
        rows.append(["a whole run, measures only", f"{1e6 * both / requests:.2f}", f"{requests / both:,.0f}"])
    note = (
        "Tables are made when somebody asks for them; the speed above is without."
        if rows
        else "This version does not let its parts be timed one by one."
    )
    return Block("Where citysim's time goes", ["part", "µs a request", "requests/s"], rows, note)


def growth(grown: Grown) -> Block:
    """µs a request by size."""
    rows = []
    for name, what in (("requests", "requests"), ("units", "departments"), ("waiting", "waiting on average")):
        for size, seconds in grown[name].items():
            number = f"{int(size):,}" if size.isdigit() else size
            rows.append([what, number, f"{seconds:.2f}" if isinstance(seconds, float) else seconds])
    return Block(
        "Cost of a request as cities grow",
        ["", "size", "µs a request"],
        rows,
        "Demand and engine; rows are not kept.",
    )


def cities(found: list[Program], grown: Grown) -> Block:
    """The goals and where they stand."""
    by = {p.name: p for p in found}
    mine = by["citysim, compiled engine"]

    def ratio(name: str) -> float:
        return float("nan") if by[name].absent or mine.absent else mine.speed / by[name].speed

    rows = [
        ["three stations, all included", "≥ 2 M/s", "absent" if mine.absent else f"{mine.speed / 1e6:.3f} M/s"],
        ["… × plain SimPy", "≥ 45", f"{ratio('plain SimPy loop'):.1f}"],
        ["… × cimba", "≥ 3", f"{ratio('cimba'):.2f}"],
        ["… share of C", "≥ 33 %", f"{100 * ratio('plain C, binary heap'):.1f} %"],
    ]
    rows.append(_one("Beijing 2024, a year at 1:100", "", grown["beijing"]))
    if "beijing-full" in grown:
        rows.append(_one("Beijing 2024, a year at 1:1", "≤ 30 s, 2 GB", grown["beijing-full"]))
    rows.append(_one("Boston, half a year", "≤ 0.5 s", grown["boston"]))
    if "absent" not in grown["cores"]:
        part = grown["cores"]
        clock, own = (2 * part[f"one{x}"] / part[f"two{x}"] for x in ("", ", processor"))
        rows.append(["two replications on two cores", "≥ 1.9 ×", f"{clock:.2f} × ({own:.2f} × of processor)"])
    if "absent" not in grown["waiting"]:
        few, *_, many = grown["waiting"].values()
        rows.append(["cost with 10,000 waiting / with few", "≤ 1.3", f"{many / few:.2f}"])
    if "absent" not in grown["cold"]:
        for name, what, goal in (
            ("first", "first use, compiling", "≤ 25 s"),
            ("later", "later uses until the first outcome", "≤ 1.5 s"),
        ):
            clock, own = (grown["cold"][f"{name}{x}"] for x in ("", ", processor"))
            rows.append([what, goal, f"{clock:.2f} s ({own:.2f} s of processor)"])
    lacking = " ".join(f"{name}: {part['absent']}" for name, part in grown.items() if "absent" in part)
    return Block("Goals", ["figure", "goal", "measured"], rows, lacking)


def _one(name: str, goal: str, part: dict[str, Any]) -> list[str]:
    if "absent" in part:
        return [name, goal, "did not run"]
    measured = f"{part['seconds']:.2f} s ({part['processor']:.2f} s of processor), {part['memory'] / 1e9:.2f} GB"
    return [name, goal, measured]


def draw(grown: Grown, path: Path) -> None:
    """µs a request by size, three small panels."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "citysim"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
    for axis, (name, label) in zip(
        axes, (("requests", "requests"), ("units", "departments"), ("waiting", "waiting on average")), strict=True
    ):
        axis.set(xscale="log", xlabel=label)
        if "absent" not in grown[name]:
            sizes = [max(int(size), 1) for size in grown[name]]
            axis.plot(sizes, list(grown[name].values()), marker="o", color="#1f5f8b")
            axis.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
            axis.set_xticks([], minor=True)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylim(bottom=0.0)  # of all three
    axes[0].set_ylabel("µs a request")
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
