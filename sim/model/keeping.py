"""Where compiled code is kept between runs, and that it is read back only as it was written.

It is kept in the user's cache, in a folder named after the sources of the rooms that compile: numba looks at the file
of a function alone, and would go on using a function whose callee in another file has changed. Reading code back is
executing it. So a folder is used only where nobody else can write, and each file begins with a checksum of the rest,
then of what it is the code of: one that is damaged, or another's, is thrown away, and what it held is compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from sim.model.owners import mine, own_file, remove, sweep

nb: Any = numba  # much of it has no types

_OLD = 30 * 86_400.0  # seconds after which the code of other sources is thrown away
_LARGEST = 1 << 27  # bytes of a file of code; they have some hundred thousand
_READY = "ready"


@cache
def cache_folder() -> Path | None:
    """The folder of compiled code, made if need be; None where there is no folder that only this user can write."""
    digest = hashlib.sha256(f"{nb.__version__} {sys.implementation.cache_tag}".encode())
    digest.update(llvmlite.binding.get_host_cpu_name().encode())
    rooms = (Path(__file__).parents[1] / room for room in ("model", "outcomes", "measurement"))
    for path in sorted(path for room in rooms for path in room.rglob("*.py")):
        digest.update(path.read_bytes())
    for base in _bases():
        folder = base / digest.hexdigest()[:16]
        new = not os.path.lexists(folder)
        if private(base) and private(folder):
            if new:
                _throw_away_others(folder)
            sweep(folder)
            return folder
    return None


def _bases() -> list[Path]:
    """Folders that may hold that of compiled code, the best first."""
    given, cached, home = os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME"), os.path.expanduser("~")
    user = os.geteuid() if hasattr(os, "geteuid") else "cache"
    found = [Path(given).absolute() / "citysim"] if given else []  # the folder itself may be others' too
    if cached and os.path.isabs(cached):
        found.append(Path(cached) / "citysim")
    elif os.path.isabs(home) and os.path.isdir(home):
        found.append(Path(home) / ".cache" / "citysim")
    with suppress(OSError):  # no folder for temporary files
        found.append(Path(tempfile.gettempdir()).absolute() / f"citysim-{user}")
    return found


def private(folder: Path) -> bool:
    """Whether it is a real folder of this user, writable, and closed to others: made so, if need be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or not mine(status):
            return False
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            folder.chmod(0o700)
        return os.access(folder, os.W_OK | os.X_OK)
    except (OSError, ValueError):
        return False


def _throw_away_others(folder: Path) -> None:
    with suppress(OSError):
        for sibling in folder.parent.iterdir():
            if sibling != folder and re.fullmatch("[0-9a-f]{16}", sibling.name):
                with suppress(OSError):
                    if sibling.lstat().st_mtime < time.time() - _OLD:
                        remove(sibling)


# --- files that are whole, or none ------------------------------------------------------------------------------------


def read(path: Path, key: bytes) -> bytes | None:
    """What was written there under this key. Anything else that stands there is thrown away."""
    whole, mark = _whole(path), hashlib.sha256(key).digest()
    if whole is not None and whole.startswith(mark):
        return whole[len(mark) :]
    remove(path)
    return None


def write(path: Path, key: bytes, content: bytes) -> None:
    """Write it whole, over what stands there, or, where the disk is full, not at all."""
    with suppress(OSError):
        draft = own_file(path.parent)
        try:
            whole = hashlib.sha256(key).digest() + content
            draft.write_bytes(hashlib.sha256(whole).digest() + whole)
            if path.is_dir():
                remove(path)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _whole(path: Path) -> bytes | None:
    """The key's mark and the content of a file that is as it was written."""
    found = _content(path)
    return found[32:] if found is not None and found[:32] == hashlib.sha256(found[32:]).digest() else None


def _content(path: Path) -> bytes | None:
    """Of an ordinary file that this user wrote."""
    flags = (getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | sum(flags))
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode) and mine(status) and status.st_size <= _LARGEST:
                with open(handle, "rb", closefd=False) as file:
                    return file.read()
        finally:
            os.close(handle)
    return None


# --- the code of functions --------------------------------------------------------------------------------------------


@cache
def _stamp(file: str) -> str:
    """What stands in the file of a function."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except (OSError, ValueError):  # typed in somewhere
        return file


class Kept(FunctionCache):
    """The compiled code of a function: numba asks here before it compiles, and brings here what it has compiled."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._py_func, self._name, self._cache_path, self._folder = function, repr(function), str(folder), folder
        self.enable()  # type: ignore[no-untyped-call]

    def flush(self) -> None:
        """Nothing that is whole has to be forgotten."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for these types; None where it has to be compiled."""
        target_context.refresh()
        path, key = self._file(sig, target_context.codegen())
        content = read(path, key)
        if content is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(content))  # type: ignore[no-untyped-call]
        except Exception:  # written by libraries that are other ones now
            remove(path)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the code for these types."""
        if data.library.has_dynamic_globals or not all(lifted.can_cache for lifted in data.lifted):
            return
        path, key = self._file(sig, data.codegen)
        write(path, key, dumps(data._reduce()))  # type: ignore[no-untyped-call]

    def _file(self, sig: Any, codegen: Any) -> tuple[Path, bytes]:
        """Where the code for these types stands, and all that makes it this code."""
        code = self._py_func.__code__
        named = f"{_stamp(code.co_filename)} {self._py_func.__qualname__}:{code.co_firstlineno}"
        key = f"{named} {self._index_key(sig, codegen)}".encode()  # type: ignore[no-untyped-call]
        name = re.sub(r"\W", "", self._py_func.__name__)
        return self._folder / f"{name}-{hashlib.sha256(key).hexdigest()[:16]}.code", key


# --- whether all of it is there ---------------------------------------------------------------------------------------


def ready(folder: Path) -> bool:
    """Whether all code stands there that stood there when it was marked as ready. What is damaged is thrown away."""
    marked = read(folder / _READY, _READY.encode())
    return marked is not None and {*marked.splitlines()} <= {*_inventory(folder)}


def mark_ready(folder: Path) -> None:
    """Mark the code that stands there as all that is needed."""
    write(folder / _READY, _READY.encode(), b"\n".join(_inventory(folder)))


def _inventory(folder: Path) -> list[bytes]:
    """What stands there, and what it is the code of."""
    found = []
    for path in sorted(folder.glob("*.code")):
        if (whole := _whole(path)) is None:
            remove(path)
        else:
            found.append(f"{path.name} {whole[:32].hex()}".encode())
    return found
