"""The runs of a sweep on a cluster of Dask distributed, an engine that others keep: `citysim[cluster]`.

The client alone writes. A worker must have what the client has: the sources and packages that make the numbers.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from sim.errors import CitysimError
from sim.experiment.sweeps.executors import Executor, processes
from sim.experiment.sweeps.making import Order, Task, Told, make, programs
from sim.experiment.versions import packages, version_of

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.experiment.sweeps.planning import Work
    from sim.experiment.sweeps.run_store import Made, RunStore

#: Seconds until a scheduler must have answered.
_PATIENCE = 10
#: So many tasks are given out for each worker, so that none has to wait for the next.
_AHEAD = 4

_one_at_a_time = threading.Lock()


class ClusterError(CitysimError):
    """A cluster that cannot be reached, is gone, or would not make the same numbers."""


@contextmanager
def executor(address: str | None, tell: Callable[[str], None]) -> Iterator[tuple[Executor, int]]:
    """Who makes runs: the cluster at this address with the number of its workers, else processes of this machine."""
    if address is None:
        yield processes(tell), 0
        return
    with connected(address) as client:
        yield cluster(client, address), workers(client)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of a cluster whose workers all have what this process has. Raises ``ClusterError``."""
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError:
        raise ClusterError("a cluster needs Dask distributed: pip install 'citysim[cluster]'") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it has to say is said here
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as wrong:
        raise ClusterError(f"there is no cluster at {address}: {wrong}") from wrong
    try:
        _check(client, address)
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_PATIENCE)


def fingerprint() -> dict[str, str | None]:
    """What the numbers of a process depend on."""
    return {"citysim": version_of("citysim"), **packages(), "sources": programs()[:12]}


def _check(client: Any, address: str) -> None:
    own = fingerprint()
    try:
        found = client.run(fingerprint, on_error="return")
    except OSError as wrong:
        raise _lost(address, wrong) from wrong
    if not found:
        raise ClusterError(f"the cluster at {address} has no workers")
    for worker, its in found.items():
        if isinstance(its, BaseException):
            raise ClusterError(f"the worker {worker} cannot make runs: {its or type(its).__name__}")
        for name in own:
            if own[name] != its.get(name):
                raise ClusterError(
                    f"the worker {worker} would not make the same numbers: its {name} is {its.get(name)}, here it is "
                    f"{own[name]}"
                )


def workers(client: Any) -> int:
    """How many runs a cluster makes at once."""
    return len(client.nthreads())


def cluster(client: Any, address: str) -> Executor:
    """Make runs on a cluster. Raises ``ClusterError`` where it goes away."""

    def run(work: Work, store: RunStore, progress: Progress) -> Generator[Told, None, None]:
        distributed: Any = import_module("distributed")
        texts = {task.base: zlib.compress(store.base(task.base).encode()) for task in work.tasks}
        tasks, of = iter(work.tasks), dict[Any, Task]()

        def submitted(count: int) -> list[Any]:
            some = [
                (client.submit(_there, task, texts[task.base], work.order, pure=False), task)
                for task in islice(tasks, count)
            ]
            of.update(some)
            return [future for future, _ in some]

        try:
            if work.compiled:
                client.run(_compile)
            running = distributed.as_completed(submitted(_AHEAD * workers(client)), loop=client.loop)
            for future in running:
                task = of.pop(future)
                try:
                    made = future.result()
                except distributed.KilledWorker as wrong:
                    yield from (Told(name, 0.0, f"its worker was killed: {wrong}") for _, name in task.runs)
                    made = []
                for told, result in made:
                    if result is not None:
                        store.add(result)
                    yield told
                running.update(submitted(1))
                progress(0, [])
        except (OSError, CancelledError) as wrong:
            raise _lost(address, wrong) from wrong
        except ImportError as wrong:
            raise ClusterError(f"a worker that came later cannot make runs: {wrong}") from wrong

    return run


def _lost(address: str, wrong: BaseException) -> ClusterError:
    said = "" if isinstance(wrong, CancelledError) else f" ({' '.join(str(wrong).split())})"
    return ClusterError(f"the cluster at {address} is gone{said}: what is finished is kept, sweep again for the rest")


def _compile() -> None:
    """On a worker: have the engine ready."""
    from sim.experiment.preparing import prepare

    prepare("compiled", lambda word: None)


def _there(task: Task, base: bytes, order: Order) -> list[tuple[Told, Made | None]]:
    """On a worker: make the runs of a task. One at a time, as a process does nothing else meanwhile."""
    if programs() != order.programs:
        raise ClusterError("a worker that came later has other sources or packages")
    with _one_at_a_time:
        return list(make(task, zlib.decompress(base).decode(), order, lambda hours: None))
