"""Real processes of the command line, for tests; many of one condition are copies of one that has imported all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TEACHING = str(ROOT / "scenarios" / "teaching.yaml")

#: The start of the program as installers write it: in a file, whose folder is the first in which modules are sought.
_START = 'import re\nimport sys\nfrom sim.start import main\nif __name__ == "__main__":\n    sys.exit(main())\n'


def program(folder: Path) -> Path:
    """The program as a script, in a folder of its own."""
    script = folder / "bin" / "citysim"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_START, encoding="utf-8")
    return script


def environment(**changes: str | None) -> dict[str, str]:
    """That of the tests, with these variables; None for none."""
    return {name: value for name, value in {**os.environ, **changes}.items() if value is not None}


def start(script: Path, *arguments: str | bytes, env: Mapping[str, str | None] | None = None, **how: Any) -> Any:
    """The program, started; ``env`` changes that of the tests."""
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen([sys.executable, script, *arguments], env=environment(**(env or {})), **how)


def finish(script: Path, *arguments: str | bytes, **how: Any) -> tuple[int, str, str]:
    """The exit code, and what came on stdout and stderr."""
    process = start(script, *arguments, **how)
    out, err = process.communicate(timeout=300)
    return process.returncode, *(text.decode("utf-8", "backslashreplace") if text else "" for text in (out, err))


_MANY = """
import json, os, sys
import click, sim.start, sim.cli
import sim.report.page, sim.report.text, sim.report.explain, sim.report.show, sim.experiment.compare, sim.inference
import sim.experiment.streaming, sim.experiment.store

folder, commands = sys.argv[1], json.load(sys.stdin.buffer)
codes = []
for number, arguments in enumerate(commands):
    child = os.fork()
    if child == 0:
        for stream in (1, 2):
            os.dup2(os.open(f"{folder}/{number}.{stream}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv[1:] = arguments
        sim.start.main()
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""


def finish_many(
    folder: Path, commands: Sequence[Sequence[str | bytes]], *, env: Mapping[str, str | None], **how: Any
) -> list[tuple[int, bytes, bytes]]:
    """For each command its exit code, and what came on stdout and stderr; ``folder`` takes that meanwhile."""
    folder.mkdir()
    script = folder / "many"
    script.write_text(_MANY, encoding="utf-8")
    process = start(script, str(folder), env=env, stdin=subprocess.PIPE, **how)
    given = json.dumps([[os.fsdecode(argument) for argument in arguments] for arguments in commands])
    out, err = process.communicate(given.encode("ascii"), timeout=300)
    assert process.returncode == 0, err
    codes = json.loads(out.decode((env.get("PYTHONIOENCODING") or "utf-8").split(":")[0]))
    return [
        (code, (folder / f"{number}.1").read_bytes(), (folder / f"{number}.2").read_bytes())
        for number, code in enumerate(codes)
    ]
