"""Where the runs of a sweep are made: in this process or several of this machine, or on a cluster."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.making import Order, Task, Told, make
from sim.experiment.parallel import WorkerDiedError, as_done
from sim.experiment.preparing import prepare
from sim.experiment.run_store import RunStore
from sim.experiment.signals import held
from sim.model.owners import own_file

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.experiment.planning import Work
    from sim.model.simulation import Watch

#: Makes runs and keeps them, and tells of each; ``Progress`` is told the simulated hours of what is under way.
Executor = Callable[["Work", RunStore, "Progress"], Iterable[Told]]


def processes(tell: Callable[[str], None]) -> Executor:
    """Processes of this machine; this one alone where one is enough.

    Where one of them dies they are started again, as long as that brings anything. Raises ``WorkerDiedError`` where it
    does not.
    """

    def run(work: Work, store: RunStore, progress: Progress) -> Iterator[Told]:
        prepare("compiled" if work.compiled else "simpy", tell)  # before the processes part
        ahead = dict(enumerate(work.tasks))
        while ahead:
            left = len(ahead)
            try:
                for number, told in _done(ahead, store, work.order, work.processes, progress):
                    del ahead[number]
                    yield from told
            except WorkerDiedError as wrong:
                if len(ahead) == left:
                    raise
                tell(f"{wrong}: what is finished is kept, the rest goes on …")

    return run


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
