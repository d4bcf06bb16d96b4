"""The command line: parse, call, print.

Results go to stdout, progress and errors to stderr. Exit codes: 0 ok, 1 internal failure, 2 usage, 3 bad scenario or
data, 4 some runs of a sweep failed, 5 a reproduction that differs, 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import traceback

import click

from sim import __version__
from sim.commands import describing, reading, repeating, running, sweeping
from sim.errors import CitysimError
from sim.terminal import (
    BAD_DATA,
    FAILED,
    INTERRUPTED,
    OK,
    USAGE,
    deafen,
    interrupted,
    leave,
    listen,
    open_streams,
    say,
)

#: The exit code of each error, by the name of its class, as some of them are defined beside heavy libraries. A class
#: that is not listed has the code of its nearest base that is.
EXIT_CODES = {
    "ClusterError": FAILED,
    "EngineError": USAGE,
    "IncomparableError": BAD_DATA,
    "NoSuchTableError": BAD_DATA,
    "OwnPoliciesError": BAD_DATA,
    "OwnPolicyError": BAD_DATA,
    "RunFolderError": BAD_DATA,
    "ScenarioError": BAD_DATA,
    "TakenError": BAD_DATA,
    "TooManyVisitsError": BAD_DATA,
    "UnknownPathError": BAD_DATA,
    "UnknownRequestError": BAD_DATA,
    "WorkerDiedError": FAILED,
    "WriteError": FAILED,
}


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(100_000)  # the libraries make a million objects that stay; looking through them takes long
    try:
        code = _left_with()
        signal.signal(signal.SIGINT, leave)
    except KeyboardInterrupt:
        leave()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as wrong:
        code = code or FAILED
        say(f"citysim: output: {wrong.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what it could not take is not tried again
    if code < INTERRUPTED and "loky" in sys.modules:
        sys.exit(code)  # workers end in their own order
    if code < INTERRUPTED:
        atexit._run_exitfuncs()
    os._exit(code)  # nothing is left that is worth taking apart


def _left_with() -> int:
    """The exit code of the command in ``sys.argv``, also where it is told to end."""
    try:
        listen()
        open_streams()
        return run_command(sys.argv[1:])
    except KeyboardInterrupt:
        leave()
    except SystemExit as told:
        deafen()
        return told.code if isinstance(told.code, int) else FAILED
    except Exception:
        say(traceback.format_exc(), err=True)
        return FAILED


def run_command(arguments: list[str]) -> int:
    """The exit code of one command; what is wrong is said in words on stderr."""
    from sim.scenario import ScenarioError

    try:
        code = cli.main(arguments, prog_name="citysim", standalone_mode=False)
        return code if isinstance(code, int) else OK
    except click.ClickException as wrong:
        said = io.StringIO()
        wrong.show(said)
        say(said.getvalue().rstrip("\n"), err=True)
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted", err=True)
        return INTERRUPTED
    except ScenarioError as wrong:
        say(str(wrong), err=True)
        return exit_code(wrong)
    except OSError as wrong:
        say(f"citysim: {wrong.filename or 'output'}: {wrong.strerror or wrong}", err=True)
        return FAILED
    except MemoryError:
        say("citysim: out of memory", err=True)
        return FAILED
    except Exception as wrong:
        if interrupted():  # a library made something else of it
            say("interrupted", err=True)
            return INTERRUPTED
        if not isinstance(wrong, CitysimError):
            raise
        say(f"citysim: {wrong}", err=True)
        return exit_code(wrong)


def exit_code(wrong: CitysimError) -> int:
    """The code with which the program ends after an error."""
    return next((EXIT_CODES[base.__name__] for base in type(wrong).__mro__ if base.__name__ in EXIT_CODES), FAILED)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="citysim")
def cli() -> None:
    """Simulate how a city handles its citizens' requests (接诉即办, 12345, 311)."""


for room in (describing, running, repeating, sweeping, reading):
    for command in room.COMMANDS:
        cli.add_command(command)
