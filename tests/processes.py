"""Real processes of the command line, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
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
