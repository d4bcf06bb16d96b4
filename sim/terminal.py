"""The terminal that the program runs in: what is said on it, its signals, and a progress bar."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from sim.experiment.signals import ENDING
from sim.report.visible import visible, visible_json

if TYPE_CHECKING:
    from sim.experiment.parallel import Progress
    from sim.scenario import Scenario

#: Exit codes, see ``sim.cli``.
OK, FAILED, USAGE, BAD_DATA, CHECK_FAILED, DIFFERENT = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130  #: the exit code

#: After so long a progress bar tells when it will be full.
_TELLING = timedelta(seconds=10)

_interrupts: list[int] = []


def open_streams() -> None:
    """Have standard input, output and errors, whether somebody has closed them or not.

    Else the next file that is opened would be standard output. What their encoding lacks is written as escapes.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
        if getattr(sys, name) is None:
            file = os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False)
            setattr(sys, name, file)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, err: bool = False) -> None:
    """Print for people, on stdout or stderr. All that the program says goes through here.

    Raises ``OSError`` where a result cannot be written; an error that nobody hears is still that error.
    """
    try:
        print(visible(text), file=sys.stderr if err else sys.stdout, flush=True)
    except OSError:
        if not err:
            raise


def say_json(document: str) -> None:
    """Print JSON on stdout: in ASCII where its encoding is none of Unicode."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    print(visible_json(document, ascii_only=not unicode), flush=True)


def say_lines(lines: Iterable[str]) -> None:
    """Print lines of data on stdout, in UTF-8 as they are; on a terminal as all else is printed there."""
    if sys.stdout.isatty():
        for line in lines:
            say(line)
        return
    sys.stdout.flush()
    for line in lines:
        sys.stdout.buffer.write(f"{line}\n".encode())


def tell(word: str) -> None:
    """A word on what takes long."""
    say(word, err=True)


def tell_notes(scenarios: Iterable[Scenario]) -> None:
    """What is no error but should be known before a scenario runs, each once."""
    for note in dict.fromkeys(str(note) for scenario in scenarios for note in scenario.notes):
        say(f"note: {note}", err=True)


def tell_became(scenarios: Sequence[Scenario], names: Sequence[str] = ()) -> None:
    """What relative values and wildcards made of values, once for all scenarios or, by name, for each."""
    from sim.report.became import became_lines

    if len({scenario.became for scenario in scenarios}) == 1:
        scenarios, names = scenarios[:1], ()
    for number, scenario in enumerate(scenarios):
        if scenario.became and names:
            say(f"{names[number]}:", err=True)
        for line in became_lines(scenario.became):
            say(line, err=True)


# --- signals ----------------------------------------------------------------------------------------------------------


def listen() -> None:
    """From now on every such signal is an exception, so that workers and half-written folders are cleared away."""
    signal.signal(signal.SIGINT, _interrupt)
    for number in ENDING:
        if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _leave)
    report = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if lost.exc_type in (KeyboardInterrupt, SystemExit) else report(lost)


def check_interrupt() -> None:
    """Python drops a Ctrl-C that meets a finaliser or a callback: ask again at each step."""
    if _interrupts:
        raise KeyboardInterrupt


def interrupted() -> bool:
    """Whether somebody has pressed Ctrl-C."""
    return bool(_interrupts)


def deafen() -> None:
    """From now on such signals are nothing: the program ends already."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def leave(*_: object) -> NoReturn:
    """End at once: nothing has been made yet, or all that was has been cleared away."""
    deafen()
    with suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def _interrupt(number: int, _: object) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt


# --- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def progress(what: str, scenario: Scenario, replications: int, scenarios: int = 1) -> Iterator[Progress]:
    """A progress bar on stderr, with the simulated date; plain lines where stderr is no terminal.

    Each replication simulates ``scenarios`` one after the other, all from the start to the end of ``scenario``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console, time = Console(stderr=True), scenario.time
    whole, told, began = scenario.hours_of(time.end), 0, datetime.now()
    step = max(1, replications // 20)  # of a thousand replications not each has a line
    name = TextColumn("{task.description}", markup=False)  # else "[red]" in it would be an order
    columns = (name, BarColumn(), TextColumn("{task.fields[now]}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(visible(" ".join(what.split()))[:36], total=replications * scenarios * whole, now="")
        if not console.is_terminal:
            tell(f"{what}: {replications} replications …")

        def tick(done: int, hours: Sequence[float]) -> None:
            nonlocal told
            check_interrupt()
            date = f" {time.start + timedelta(hours=min(hours) % whole):%Y-%m-%d}" if hours else ""
            passed = done * scenarios * whole + sum(hours)
            until = _until(began, passed / (replications * scenarios * whole or 1.0))
            bar.update(task, completed=passed, now=f"{done}/{replications}{date}{until}")
            if (done - told >= step or done == replications > told) and not console.is_terminal:
                tell(f"{what}: {done} of {replications} done{until}")
                told = done

        yield tick


def _until(began: datetime, share: float) -> str:
    """When all will be done, where this share of it has taken long enough to tell."""
    passed = datetime.now() - began
    if passed < _TELLING or not 0.0 < share < 1.0:
        return ""
    return f", until about {began + passed / share:%H:%M}"
