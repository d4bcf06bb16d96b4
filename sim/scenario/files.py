"""Reading scenario files, and nothing that is none: no devices, no giants, no paths out of the scenario's
folder.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sim.scenario.errors import ReadError, nearest, quoted

LARGEST_FILE = 5_000_000  # bytes
_SIM = Path(__file__).resolve().parents[1]
#: Inside the program where it is installed, beside it in a checkout.
SHIPPED = next((_SIM / "scenarios").glob("base.yaml"), _SIM.parent / "scenarios/base.yaml").parent

#: What `citysim new` writes.
NEW = _SIM / "scenario/new.yaml"


def known_scenarios() -> dict[str, Path]:
    """The files of the scenarios that go by a name alone: those in ./scenarios, then those that ship."""
    files = (path for folder in (SHIPPED, Path("scenarios")) for path in sorted(folder.glob("*.yaml")))
    return {path.stem: path for path in files if path.stem not in ("base", "sources")}


def find_scenario(name: str) -> Path:
    """The file of this path or, where a word alone is no file, of the known scenario of this name."""
    path = Path(name)
    return path if os.path.isfile(path) or not _is_word(name) else known_scenarios().get(name, path)


def _is_word(name: str) -> bool:
    """Whether it is no path, but may be the name of a known scenario."""
    path = Path(name)
    return path.suffix not in (".yaml", ".yml") and len(path.parts) == 1


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
        raise ReadError(f"{shown} does not exist{nearest(path.stem, known_scenarios())}") from None
    except UnicodeDecodeError as error:
        raise ReadError(f"{shown} is not UTF-8 text (byte {error.start + 1})") from None
    except OSError as error:
        raise ReadError(f"{shown} cannot be read: {error.strerror}") from None
    except ReadError:
        raise
    except ValueError:  # a NUL in the name
        raise ReadError(f"{shown} cannot be the name of a file") from None


def read_table(path: Path, shown: str) -> str:
    """The text of a CSV file, as `read_file`, which knows of no spreadsheet."""
    try:
        return read_file(path, shown)
    except ReadError as wrong:
        hint = ": in Excel, save it as “CSV UTF-8”" if "not UTF-8" in str(wrong) else ""
        raise ReadError(f"{wrong}{hint}") from None


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


def find_base(folder: Path | None, name: str) -> tuple[Path, str]:
    """What `extends: name` means to a file of this folder (None: to a text): the file, links followed, and
    its path seen from the folder. A word alone is a file beside, with or without `.yaml`, else a known
    scenario. Raises `ReadError`.
    """
    if _is_word(name) and not (folder and os.path.isfile(folder / name)):
        if folder and os.path.isfile(folder / f"{name}.yaml"):
            name += ".yaml"
        elif name in known_scenarios():
            found = known_scenarios()[name].resolve()
            return found, str(found)
    if folder is None:
        raise ReadError("only a file can extend another: this text has no folder")
    return inside(folder, name), name
