"""Where the tasks of a request lie: its main course and its callback beside each other, whistled parts by themselves.

Nothing else knows how they are numbered. Main courses and callbacks are found by arithmetic, so that the schedule can
fetch a request ahead of its event without another load. Parts count down from −2: their records lie before those of the
others in memory, and a table beside them says whose they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model.compiled.machine import state
from sim.model.compiling import inlined

MAIN, CALLING, A_PART = range(3)
#: Tasks for which each request has room.
TASKS_PER_REQUEST = 2
#: No task.
NONE = -1


@inlined
def task_of(i: Any, which: Any) -> Any:
    """The main course (``MAIN``) or the callback (``CALLING``) of a request."""
    return TASKS_PER_REQUEST * i + which


@inlined
def part_task(slot: Any) -> Any:
    """The task of the whistled part in a slot of the table of parts."""
    return -2 - slot


@inlined
def slot_of(task: Any) -> Any:
    """The slot of the task of a whistled part."""
    return -2 - task


@inlined
def request_of(w: Any, task: Any) -> Any:
    """The request whose task it is."""
    return task >> 1 if task >= 0 else np.int64(state.part(w, slot_of(task)).request)


@inlined
def which_of(task: Any) -> Any:
    """``MAIN``, ``CALLING`` or ``A_PART``."""
    return task & 1 if task >= 0 else A_PART
