"""The order of events at one instant, on SimPy's environment.

Both engines keep one total order, (time, kind, request). SimPy orders its events by (time, priority, insertion), so the
kind and the request are carried in the priority; what SimPy itself schedules (policies, anything of NORMAL priority)
comes before every kind, as control should. This module is the only one that touches SimPy's private names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from heapq import heappush
from typing import Any

from simpy import Environment, Event

#: Kinds of events, in their order at one instant; the bits below ``KIND`` are for the request.
KIND = 80
MIDNIGHT = -1  # before all that SimPy itself schedules: what acts from a midnight on was turned before it
CONTROL_ENDS = 2  # after all that SimPy itself schedules at an instant
STAFF, TURNED, WORK_END, LEAD_END, DUE, REDIAL, ARRIVAL = (kind << KIND for kind in range(1, 8))

#: What a request does: a generator that yields the events it waits for.
Course = Generator[Event, Event, None]


def order_of(kind: int, key: int, number: int = 0) -> int:
    """The rank among events of one instant: by kind, request key (64 bits), and number among the request's own."""
    return kind | (key << 16) | number


class Moment(Event):
    """An event that happens at an absolute time, or whose time is set later by ``at``."""

    def __init__(self, env: Environment, order: int) -> None:
        self.env = env
        self.callbacks: list[Callable[[Event], None]] = []
        self._value, self._ok = None, True
        self.order = order

    def at(self, time: float) -> None:
        """Let it happen at ``time`` (hours); at infinity it never does."""
        if time < math.inf:
            heappush(self.env._queue, (time, self.order, next(self.env._eid), self))  # type: ignore[misc]

    def now(self) -> None:
        """Let everybody who waits go on at once; if it stands in the schedule, it passes there without effect."""
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            callback(self)


class Process:
    """A course under way: a SimPy process without SimPy's two bookkeeping events at its start and end."""

    __slots__ = ("send",)

    def __init__(self, course: Course) -> None:
        self.send = course.send

    def resume(self, event: Any) -> None:
        """Go on until the course waits for its next event, or ends."""
        try:  # noqa: SIM105 (a context manager would cost as much as the step itself)
            self.send(event).callbacks.append(self.resume)
        except StopIteration:
            pass


def start(course: Course) -> None:
    """Run a course from now on."""
    Process(course).resume(None)
