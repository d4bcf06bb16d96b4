"""Replications on as many processes as there are cores; the result does not depend on how many."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

Result = TypeVar("Result")
Progress = Callable[[int], None]


#: Below so many contacts in all, a second process costs more than it saves (it imports everything anew).
WORTH_A_PROCESS = 30_000


def workers(replications: int, processes: int | None, contacts: float) -> int:
    """How many processes are used for so many contacts in all: as many as asked for, else as it pays."""
    if processes is None:
        processes = (os.cpu_count() or 1) if contacts > WORTH_A_PROCESS else 1
    return max(1, min(processes, replications))


def each(
    work: Callable[..., Result],
    arguments: tuple[Any, ...],
    replications: int,
    processes: int,
    progress: Progress,
) -> list[Result]:
    """``work(*arguments, replication)`` for every replication, in their order.

    ``progress`` is called with the number done. When interrupted, no process is left behind.
    """
    found: dict[int, Result] = {}
    if processes == 1:
        for k in range(replications):
            found[k] = work(*arguments, k)
            progress(len(found))
        return [found[k] for k in range(replications)]
    # fresh interpreters: nothing of this one (threads, open files) is carried over
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_quiet) as pool:
        futures = {pool.submit(work, *arguments, k): k for k in range(replications)}
        try:
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                progress(len(found))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise
    return [found[k] for k in range(replications)]


def _quiet() -> None:
    """A worker leaves Ctrl-C to the process that started it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
