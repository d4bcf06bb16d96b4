"""Replications on as many processes as there are cores; the result does not depend on how many."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, as_completed
from typing import Any, TypeVar

Result = TypeVar("Result")
Progress = Callable[[int], None]


class WorkerDiedError(Exception):
    """A process that simulated is gone."""

    exit_code = 1


#: Below so many contacts in all, a second process costs more than it saves (it imports everything anew).
WORTH_A_PROCESS = 30_000

#: A worker without work for so long ends by itself, also where it cannot see that its parent is gone.
_IDLE_SECONDS = 60


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
    from loky import ProcessPoolExecutor

    # fresh interpreters that import nothing of the caller's: works in scripts without a main guard, and in notebooks
    pool = ProcessPoolExecutor(processes, timeout=_IDLE_SECONDS, initializer=_begin_worker)
    try:
        futures = {pool.submit(work, *arguments, k): k for k in range(replications)}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            progress(len(found))
    except BrokenExecutor as wrong:
        raise WorkerDiedError("a worker process was killed, most likely for want of memory") from wrong
    except BaseException:
        # killed, not asked to stop, and not waited for: a worker that is just starting would not answer
        for pid in list(pool._processes or {}):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        pool.shutdown(wait=False, kill_workers=True)
        raise
    pool.shutdown()
    return [found[k] for k in range(replications)]


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that started it, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
