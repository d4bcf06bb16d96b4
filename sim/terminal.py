"""The terminal that the program runs in: its signals, and a progress bar on it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.scenario import Scenario

_interrupts: list[int] = []


def listen() -> None:
    """From now on every such signal is an exception, so that workers and half-written folders are cleared away."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, _leave)
    signal.signal(signal.SIGINT, _interrupt)


def check_interrupt() -> None:
    """Python drops a Ctrl-C that meets a finaliser or a callback: ask again at each step."""
    if _interrupts:
        raise KeyboardInterrupt


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _interrupt(number: int, _: object) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt


def tell(word: str) -> None:
    """A word on what takes long."""
    click.echo(word, err=True)


@contextmanager
def progress(what: str, scenario: Scenario, replications: int, scenarios: int = 1) -> Iterator[Progress]:
    """A progress bar on stderr, with the simulated date; plain lines where stderr is no terminal.

    Each replication simulates ``scenarios`` one after the other, all from the start to the end of ``scenario``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console, time = Console(stderr=True), scenario.time
    whole, told = scenario.hours_of(time.end), 0
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[now]}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what[:36], total=replications * scenarios * whole, now="")
        if not console.is_terminal:
            click.echo(f"{what}: {replications} replications …", err=True)

        def tick(done: int, hours: Sequence[float]) -> None:
            nonlocal told
            check_interrupt()
            date = f" {time.start + timedelta(hours=min(hours) % whole):%Y-%m-%d}" if hours else ""
            passed = done * scenarios * whole + sum(hours)
            bar.update(task, completed=passed, now=f"{done}/{replications}{date}")
            if done > told and not console.is_terminal:
                click.echo(f"{what}: {done} of {replications} done", err=True)
            told = done

        yield tick
