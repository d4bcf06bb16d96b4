"""When what was open at the start is done: the backlog with which a run begins."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from sim.report.formats import number

if TYPE_CHECKING:
    from sim.experiment.runs import Run

_ASKED = """
    SELECT replication, first_closed FROM requests
    WHERE arrived < 0 AND status IN ('open', 'closed')  -- what was merged is done with another
"""


def when_it_is_done(run: Run) -> str:
    """By when half and nine tenths of the given backlog are closed, and the last of it; empty where there is none, or
    the run kept no requests.
    """
    if not run.scenario.open_at_start or not run.tables.has_contacts:
        return ""
    found = run.tables.query(_ASKED)
    if found.empty:
        return ""
    hours = np.sort(found["first_closed"].fillna(math.inf).to_numpy(np.float64))
    half, most = (float(hours[math.ceil(share * len(hours)) - 1]) for share in (0.5, 0.9))
    told = [f"half is closed {_by(run, half)}", f"nine tenths {_by(run, most)}"]
    last = found.groupby("replication")["first_closed"].max().to_numpy(np.float64)
    left = float(np.isinf(hours).sum()) / run.replications
    if left > 0:
        told.append(f"{number(left, '')} of {number(len(hours) / run.replications, '')} are still open at the end")
    else:
        ends = sorted({_date(run, float(last.min())), _date(run, float(last.max()))})
        told.append(f"all of it by {' to '.join(ends)}, by replication" if len(ends) > 1 else f"all by {ends[0]}")
    return f"Of what is open at the start {', '.join(told)}."


def _by(run: Run, hours: float) -> str:
    return "not within the run" if math.isinf(hours) else f"by {_date(run, hours)}"


def _date(run: Run, hours: float) -> str:
    return f"{run.scenario.time.start + timedelta(hours=hours):%Y-%m-%d}"
