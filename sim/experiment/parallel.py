"""Replications on as many processes as there are cores; the result does not depend on how many."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.errors import CitysimError
from sim.experiment.signals import held
from sim.model.owners import own_file, sweep

if TYPE_CHECKING:
    from sim.model.simulation import Engine, Watch

Result = TypeVar("Result")

#: How many replications are done, and how many hours of each of those under way have been simulated.
Progress = Callable[[int, Sequence[float]], None]

#: Seconds between two looks at the workers.
_LOOK = 0.2

_SAFE_PATH = "PYTHONSAFEPATH"


def unseen(done: int, hours: Sequence[float]) -> None:
    """The progress that nobody looks at."""


def later(watch: Watch, earlier: float) -> Watch:
    """The watch of what comes after so many simulated hours of something else."""
    return lambda hours: watch(earlier + hours)


class WorkerDiedError(CitysimError):
    """A process that simulated is gone."""


#: Contacts that a process simulates and measures in a second, roughly, by the engine.
CONTACTS_A_SECOND: dict[Engine, float] = {"compiled": 500_000, "simpy": 20_000}

#: Below so many seconds of one process, a second one costs more than it saves (it imports everything anew).
WORTH_A_PROCESS = 3.0

#: A worker without work for so long ends by itself, also where it cannot see that its parent is gone.
_IDLE_SECONDS = 60


def workers(replications: int, processes: int | None, seconds: float) -> int:
    """How many processes are used for what one would do in so many seconds: as many as asked for, else as it pays.

    One in a worker of ``multiprocessing.Pool``, which may not start any.
    """
    if multiprocessing.current_process().daemon:
        return 1
    if processes is None:
        processes = (os.cpu_count() or 1) if seconds > WORTH_A_PROCESS else 1
    return max(1, min(processes, replications))


def expected_seconds(contacts: float, engine: Engine) -> float:
    """What one process takes for so many contacts, roughly."""
    return contacts / CONTACTS_A_SECOND[engine]


def each(
    work: Callable[..., Result],
    arguments: tuple[Any, ...],
    replications: int,
    processes: int,
    progress: Progress,
) -> list[Result]:
    """``work(*arguments, replication, watch)`` for every replication, in their order; see ``as_done``."""
    found = dict(as_done(work, arguments, replications, processes, progress))
    return [found[k] for k in range(replications)]


def as_done(
    work: Callable[..., Result],
    arguments: tuple[Any, ...],
    replications: int,
    processes: int,
    progress: Progress,
) -> Iterator[tuple[int, Result]]:
    """Each replication with its ``work(*arguments, replication, watch)``, as soon as it is done.

    What it tells its watch, the hours it has simulated, goes on to ``progress``. When interrupted, no process is left
    behind.
    """
    if processes == 1:
        for k in range(replications):

            def watch(hours: float, done: int = k) -> None:
                progress(done, [hours])

            yield k, work(*arguments, k, watch)
            progress(k + 1, [])
        return
    from loky import ProcessPoolExecutor

    # fresh interpreters that import nothing of the caller's: works in scripts without a main guard, and in notebooks
    with _isolated():
        pool = ProcessPoolExecutor(processes, timeout=_IDLE_SECONDS, initializer=_begin_worker, initargs=(os.getpid(),))
        yield from _on(pool, work, arguments, replications, progress)


def _on(
    pool: Any, work: Callable[..., Result], arguments: tuple[Any, ...], replications: int, progress: Progress
) -> Iterator[tuple[int, Result]]:
    import cloudpickle

    found: set[int] = set()
    try:
        with _watches(replications) as watches:
            task = cloudpickle.dumps((work, arguments))  # once for all: a worker unpacks it once, too
            futures = {pool.submit(_watched, task, k, watches): k for k in range(replications)}
            running = set(futures)
            while running:
                done, running = wait(running, _LOOK, FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    found.add(futures[future])
                    yield futures.pop(future), result
                hours = array("d", watches.read_bytes())
                progress(len(found), [hours[k] for k in range(replications) if hours[k] > 0 and k not in found])
    except BrokenExecutor as wrong:
        raise WorkerDiedError("a worker process was killed, most likely for want of memory") from wrong
    finally:
        # killed, not asked to stop, and not waited for: a worker that is just starting would not answer, and one that
        # has nothing left to do would take half a second
        with held():
            for pid in list(pool._processes or {}):
                with suppress(OSError):
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            pool.shutdown(wait=False, kill_workers=True)


@contextmanager
def _isolated() -> Iterator[None]:
    """Python does not look for modules in the working directory in processes that are started meanwhile.

    They would begin with a ``random.py`` that somebody has there. Later a worker looks where its parent does.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_SAFE_PATH, None)
        else:
            os.environ[_SAFE_PATH] = before


@contextmanager
def _watches(replications: int) -> Iterator[Path]:
    """A file for the simulated hours of each replication: the workers write it, their parent reads it."""
    folder, file = Path(tempfile.gettempdir()), None
    try:
        with held():
            sweep(folder)
            file = own_file(folder)
        file.write_bytes(bytes(8 * replications))
        yield file
    finally:
        with held():
            if file is not None:
                file.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _unpacked(task: bytes) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The work of a task and its arguments, for all replications the same."""
    found: tuple[Callable[..., Any], tuple[Any, ...]] = pickle.loads(task)
    return found


def _watched(task: bytes, replication: int, watches: Path) -> Any:
    """Work of one replication in a worker, with a watch that its parent sees."""
    work, arguments = _unpacked(task)
    with open(watches, "r+b", buffering=0) as file:

        def watch(hours: float) -> None:
            file.seek(8 * replication)
            file.write(array("d", [hours]).tobytes())

        return work(*arguments, replication, watch)


def _begin_worker(parent: int) -> None:
    """A worker leaves Ctrl-C to the process that started it, and ends when that is gone, be it before it has begun."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
