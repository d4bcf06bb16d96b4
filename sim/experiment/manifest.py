"""The manifest of a run folder: what was run and the checksum of every file, its own included."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

from sim.errors import CitysimError

FORMAT = 2
NAME = "manifest.json"
#: The page is remade from the tables, never read.
REMADE = "report.html"

_KINDS: dict[str, type | tuple[type, ...]] = {
    "scenario_digest": str,
    "seed": int,
    "replications": int,
    "engine": str,
    "policies": list,
    "seconds": (int, float),
    "sha256": dict,
    "own_sha256": str,
}


class RunFolderError(CitysimError):
    """A run folder that is none, or is not as it was written, in one line."""


def sha256(path: Path) -> str:
    """The checksum of an ordinary file. Raises ``OSError`` where something else, such as a device, stands there."""
    if path.exists() and not path.is_file():
        raise OSError(None, "no ordinary file", str(path))
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """Of every file in a folder but the manifest, by its path from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def _text(content: dict[str, Any]) -> str:
    """What stands in the file."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _own(content: dict[str, Any]) -> str:
    """The checksum of the manifest itself: of its canonical JSON without that field."""
    others = {key: value for key, value in content.items() if key != "own_sha256"}
    text = json.dumps(others, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write(content: dict[str, Any], path: Path) -> None:
    """Write a manifest with its own checksum, and see it on the disk."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(_text({**content, "own_sha256": _own(content)}))
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a run folder, whose files are all there as they were written, but for the page.

    Raises ``RunFolderError``, which names the file that is not.
    """
    content = parsed(folder)
    for name, wanted in content["sha256"].items():
        if name == REMADE:
            continue
        try:
            found = sha256(folder / name)
        except FileNotFoundError:
            raise RunFolderError(f"{folder} is not whole: {name} is missing") from None
        except OSError as wrong:
            raise RunFolderError(f"{folder} cannot be read: {name}: {wrong.strerror or wrong}") from wrong
        if found != wanted:
            raise RunFolderError(f"{folder} is not as it was written: {name} has another checksum than in {NAME}")
    return content


def parsed(folder: Path) -> dict[str, Any]:
    """What the file says, if it is as it was written."""
    try:
        text = (folder / NAME).read_bytes().decode("utf-8")
        content = json.loads(text, parse_constant=_no_number)
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is not a run folder: {NAME} is missing") from None
    except OSError as wrong:
        raise RunFolderError(f"{folder} is not a run folder: {NAME}: {wrong.strerror or wrong}") from wrong
    except (ValueError, RecursionError):  # no JSON, no UTF-8, no end
        raise RunFolderError(f"{folder} cannot be read as a run: {NAME} is damaged") from None
    if not isinstance(content, dict) or "format" not in content:
        raise RunFolderError(f"{folder} cannot be read as a run: {NAME} is not that of a run")
    if type(content["format"]) is not int or content["format"] != FORMAT:
        raise RunFolderError(_other_format(folder, content))
    altered = RunFolderError(f"{folder} is not as it was written: {NAME} was altered")
    try:
        if content.get("own_sha256") != _own(content) or text != _text(content):
            raise altered
    except (ValueError, RecursionError):  # a lone surrogate
        raise altered from None
    if not _is_sound(content):
        raise RunFolderError(f"{folder} cannot be read as a run: {NAME} says what no run says")
    return content


def _no_number(word: str) -> None:
    raise ValueError(word)


def _other_format(folder: Path, content: dict[str, Any]) -> str:
    """What to do with a folder of another format."""
    wrote = content.get("citysim")
    by = f", written by citysim {wrote[:40]}" if isinstance(wrote, str) else ""
    found = json.dumps(content["format"])[:40] if isinstance(content["format"], (int, float, str)) else "another"
    return (
        f"{folder}: {NAME} has the format {found}{by}; this version reads the format {FORMAT}: run the scenario again"
    )


def _is_sound(content: dict[str, Any]) -> bool:
    """Whether what is read has the right types; a checksum can be made anew, nonsense stays nonsense."""
    if any(not isinstance(content.get(key), kind) or isinstance(content[key], bool) for key, kind in _KINDS.items()):
        return False
    names = content["sha256"]
    return (
        0 <= content["seed"] < 2**63
        and content["replications"] >= 1
        and content["engine"] in ("simpy", "compiled")
        and 0 <= content["seconds"] < 1e12
        and all(isinstance(policy, str) for policy in content["policies"])
        and all(isinstance(wanted, str) and _is_inside(name) for name, wanted in names.items())
    )


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name
