"""Policies of one's own in a Python file: ``help.py:help_where_it_queues``.

What acts is the text of the file as it was read, in every process and replication; its checksum is part of the name
under which manifests list the policy. Each replication begins with the file run anew, so that nothing is left over from
another.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.errors import CitysimError
from sim.model.control import View
from sim.scenario.errors import ReadError, nearest, quoted
from sim.scenario.files import read_file


class OwnPolicyError(CitysimError):
    """A policy in a file that cannot be read, or goes wrong while it acts, in one line."""


@dataclass(frozen=True)
class OwnPolicy:
    """A function of a file: a policy, see ``sim.model.control``."""

    path: str
    function: str
    text: str

    @property
    def sha256(self) -> str:
        """The checksum of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"{Path(self.path).name}:{self.function}@sha256:{self.sha256}"

    def __call__(self, env: Any, city: View) -> Generator[Any, Any, None]:
        """The process. Raises ``OwnPolicyError`` where it is none; so does the process where it goes wrong."""
        try:
            process = self.loaded()(env, city)
        except (Exception, SystemExit) as wrong:
            raise self._error(wrong) from wrong
        if not isinstance(process, Generator):
            raise OwnPolicyError(
                f"{self.path}: {self.function} returned {quoted(repr(process))}, but a policy waits: write “yield "
                "env.timeout(hours)” in it (docs/policies.md)"
            )
        return self._watched(process)

    def loaded(self) -> Any:
        """The function, of the file run anew. Raises what the file raises."""
        module = ModuleType(f"citysim_policy_{self.sha256[:16]}")
        sys.modules[module.__name__] = module  # where dataclasses look for the module that they are in
        exec(compile(self.text.removeprefix("\ufeff"), self.path, "exec"), module.__dict__)
        found = getattr(module, self.function, None)
        if callable(found):
            return found
        here = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise OwnPolicyError(f"{self.path}: there is no function {quoted(self.function)}{nearest(self.function, here)}")

    def _watched(self, process: Generator[Any, Any, None]) -> Generator[Any, Any, None]:
        try:
            yield from process
        except (Exception, SystemExit) as wrong:
            raise self._error(wrong) from wrong

    def _error(self, wrong: BaseException) -> CitysimError:
        """What went wrong, with the line of the file where it did."""
        if isinstance(wrong, CitysimError):
            return wrong
        if isinstance(wrong, SyntaxError) and wrong.filename == self.path:
            return OwnPolicyError(f"{self.path}:{wrong.lineno}: this is no Python: {wrong.msg}")
        frames = [frame for frame in traceback.extract_tb(wrong.__traceback__) if frame.filename == self.path]
        place = f"{self.path}:{frames[-1].lineno}" if frames else self.path
        said = " ".join(str(wrong.args[0] if isinstance(wrong, KeyError) and wrong.args else wrong).split())
        return OwnPolicyError(f"{place}: {type(wrong).__name__}: {said}")


def read_policy(text: str) -> OwnPolicy:
    """The policy that ``file.py:function`` names. Raises ``OwnPolicyError``."""
    path, _, function = text.rpartition(":")
    if not path or not function.isidentifier():
        raise OwnPolicyError(f"{quoted(text)} names no policy: write file.py:function, such as help.py:my_policy")
    try:
        policy = OwnPolicy(path, function, read_file(Path(path)))
    except ReadError as wrong:
        raise OwnPolicyError(f"{path}: {wrong}") from wrong
    try:
        policy.loaded()
    except (Exception, SystemExit) as wrong:
        raise policy._error(wrong) from wrong
    return policy
