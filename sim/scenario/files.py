"""Reading scenario files, and nothing that is none: no devices, no giants, no paths out of the scenario's
folder.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sim.scenario.errors import ReadError, quoted

LARGEST_FILE = 5_000_000  # bytes


def read_file(path: Path, shown: str = "the file") -> str:
    """The text of an ordinary UTF-8 file of at most 5 MB. Raises `ReadError`, which calls the file what
    `shown` says.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ReadError(f"{shown} is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise ReadError(f"{shown} is no ordinary file")
        if status.st_size > LARGEST_FILE:
            raise ReadError(f"{shown} is larger than {LARGEST_FILE // 1_000_000} MB")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ReadError(f"{shown} does not exist") from None
    except UnicodeDecodeError as error:
        raise ReadError(f"{shown} is not UTF-8 text (byte {error.start + 1})") from None
    except OSError as error:
        raise ReadError(f"{shown} cannot be read: {error.strerror}") from None
    except ReadError:
        raise
    except ValueError:  # a NUL in the name
        raise ReadError(f"{shown} cannot be the name of a file") from None


def inside(folder: Path, relative: str) -> Path:
    """The file at this relative path of a folder, links followed. Raises `ReadError` if it is not inside
    the folder.
    """
    if os.path.isabs(relative):
        raise ReadError(f"a relative path is wanted, not {quoted(relative)}")
    try:
        target = (folder / relative).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        raise ReadError(f"{quoted(relative)} cannot be read") from None
    if not target.is_relative_to(folder.resolve()):
        raise ReadError(f"{quoted(relative)} is outside the folder of this file")
    return target
