"""Where the tasks of a request lie: its main course and its callback, beside each other in the array of visits.

Nothing else knows how they are numbered. That a task is found by arithmetic lets the schedule fetch a request ahead of
its event without another load.
"""

from __future__ import annotations

from typing import Any

from sim.model.compiling import part

MAIN, CALLING = range(2)
#: Tasks for which each request has room.
EACH = 2


@part
def task_of(i: Any, which: Any) -> Any:
    """The main course (``MAIN``) or the callback (``CALLING``) of a request."""
    return EACH * i + which


@part
def request_of(task: Any) -> Any:
    """The request whose task it is."""
    return task >> 1


@part
def which_of(task: Any) -> Any:
    """``MAIN`` or ``CALLING``."""
    return task & 1
