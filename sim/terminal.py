"""The terminal that the program runs in: its signals, and a progress bar on it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

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
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; plain lines where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what[:40], total=total)
        if not console.is_terminal:
            click.echo(f"{what}: {total} replications …", err=True)

        def tick(done: int) -> None:
            check_interrupt()
            bar.update(task, completed=done)
            if not console.is_terminal:
                click.echo(f"{what}: {done} of {total} done", err=True)

        yield tick
