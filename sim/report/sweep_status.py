"""How far a sweep is, as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sim.report.comparison_text import WIDTH
from sim.report.names import clean

if TYPE_CHECKING:
    from sim.experiment.sweeps.status import Status

#: So many failed runs are told one by one.
_FAILED = 12


def status_text(status: Status) -> str:
    """What is done, what is left, what failed, and when the rest will be done."""
    return "\n".join(_lines(status))


def _lines(status: Status) -> Iterator[str]:
    yield textwrap.fill(clean(status.question), WIDTH)
    yield ""
    yield f"{status.done:,} of {status.wanted:,} runs are done; {status.whole:,} of {status.points:,} points are whole."
    if status.damaged:
        files = "one file is" if len(status.damaged) == 1 else f"{len(status.damaged)} files are"
        yield f"{files} damaged: the next citysim sweep makes its runs anew.".capitalize()
    if status.failed:
        yield f"{len(status.failed):,} failed; the next citysim sweep tries them again:"
        for (point, k), word in list(status.failed.items())[:_FAILED]:
            said = f"{clean(point)}, replication {k}: {clean(word)}"
            yield textwrap.fill(said, WIDTH, initial_indent="  ", subsequent_indent="      ")
        if len(status.failed) > _FAILED:
            yield f"  … and {len(status.failed) - _FAILED:,} more (--json has all)"
    for worker in status.workers:
        until = f"will be done at about {clock(worker.until)}" if worker.until else "has just begun"
        over = f"{worker.over:,} of its {worker.runs:,} runs are over"
        yield f"One is at work since {clock(worker.began)}: {over}; it {until}."
    if status.left and not status.workers:
        yield f"Nobody is at work on the {status.left:,} runs that are left; citysim sweep goes on with them."


def status_json(status: Status) -> dict[str, Any]:
    """The same for machines; moments are in ISO 8601."""
    return {
        "name": status.name,
        "question": status.question,
        "points": status.points,
        "points_whole": status.whole,
        "runs": status.wanted,
        "done": status.done,
        "left": status.left,
        "failed": [{"point": name, "replication": k, "error": word} for (name, k), word in status.failed.items()],
        "damaged": [str(path) for path in status.damaged],
        "at_work": [
            {"began": _iso(one.began), "runs": one.runs, "over": one.over, "until": _iso(one.until)}
            for one in status.workers
        ],
        "until": _iso(status.until),
    }


def clock(moment: float) -> str:
    """A moment near now, as one says it."""
    then = datetime.fromtimestamp(moment)
    return f"{then:%H:%M}" if then.date() == datetime.now().date() else f"{then:%Y-%m-%d %H:%M}"


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment).astimezone().isoformat(timespec="seconds")
