"""Where the runs of a sweep are made: in this process or several of this machine, or on a cluster."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.parallel import WorkerDiedError, as_done
from sim.experiment.preparing import prepare
from sim.experiment.signals import held
from sim.experiment.sweeps.making import Order, Task, Told, make
from sim.experiment.sweeps.run_store import RunStore
from sim.model.owners import own_file

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.experiment.sweeps.planning import Work
    from sim.model.simulation import Watch

#: Makes runs and keeps them, and tells of each; ``Progress`` is told the simulated hours of what is under way.
Executor = Callable[["Work", RunStore, "Progress"], Generator[Told, None, None]]

#: After so many deaths one after the other that brought no run, it is no accident.
_IN_VAIN = 3


def processes(tell: Callable[[str], None]) -> Executor:
    """Processes of this machine; this one alone where one is enough.

    Where one of them dies all are started again, as long as that brings any run. Raises ``WorkerDiedError`` where they
    died in vain so many times.
    """

    def run(work: Work, store: RunStore, progress: Progress) -> Generator[Told, None, None]:
        prepare("compiled" if work.compiled else "simpy", tell)  # before the processes part
        ahead, vain = dict(enumerate(work.tasks)), 0
        while ahead:
            try:
                for number, told in _done(ahead, store, work.order, work.processes, progress):
                    del ahead[number]
                    vain = 0
                    yield from told
            except WorkerDiedError as wrong:
                found = list(_found(ahead, store, work.order))
                vain = 0 if found else vain + 1
                if vain == _IN_VAIN:
                    raise
                tell(f"{wrong}: what is finished is kept, the rest goes on …")
                yield from found

    return run


def _found(ahead: dict[int, Task], store: RunStore, order: Order) -> Iterator[Told]:
    """The runs that were kept by tasks which did not end, and are no longer ahead."""
    kept = store.kept()
    for number, task in list(ahead.items()):
        left = tuple((k, name) for k, name in task.runs if not kept.has(name, order.asked))
        yield from (Told(run[1], 0.0) for run in task.runs if run not in left)
        ahead[number] = replace(task, runs=left)
        if not left:
            del ahead[number]


def _done(
    ahead: dict[int, Task], store: RunStore, order: Order, count: int, progress: Progress
) -> Iterator[tuple[int, list[Told]]]:
    """The tasks that are ahead, each when it is done."""
    numbers = list(ahead)
    with listed(list(ahead.values()), store.folder) as file:
        for k, told in as_done(_run, (file, store, order), len(numbers), min(count, len(numbers)), progress):
            yield numbers[k], told


@contextmanager
def listed(tasks: list[Task], folder: Path) -> Iterator[Path]:
    """A file with all tasks, for the workers."""
    with held():
        file = own_file(folder)
    try:
        file.write_bytes(pickle.dumps(tasks))
        yield file
    finally:
        with held():
            file.unlink(missing_ok=True)


@cache
def listed_tasks(file: Path) -> list[Task]:
    """Those in such a file."""
    tasks: list[Task] = pickle.loads(file.read_bytes())
    return tasks


def _run(file: Path, store: RunStore, order: Order, number: int, watch: Watch) -> list[Told]:
    """Make the runs of a task, and keep each when it is made."""
    task = listed_tasks(file)[number]
    found = []
    for told, made in make(task, store.base(task.base), order, watch):
        if made is not None:
            store.add(made)
        found.append(told)
    return found
