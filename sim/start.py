"""Where the program begins: a Ctrl-C is understood before anything that takes long is imported."""

from __future__ import annotations

import signal

from sim.terminal import leave


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, leave)
    from sim.cli import main as run

    run()
