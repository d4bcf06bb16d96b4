"""Compiled code that is kept: where, and what is done about all that can be wrong with it."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import TEACHING, environment, finish, program

from sim.model import keeping

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system knows no owners of files")


def places(monkeypatch: pytest.MonkeyPatch, **env: str) -> Path | None:
    """The folder that would be taken with these settings."""
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return keeping.cache_folder.__wrapped__()


@posix
def test_a_folder_is_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (name, below) in enumerate(
        (("NUMBA_CACHE_DIR", "citysim"), ("XDG_CACHE_HOME", "citysim"), ("HOME", ".cache/citysim"))
    ):
        base = tmp_path / str(number)
        open_to_all = base / below
        open_to_all.mkdir(parents=True)
        open_to_all.chmod(0o777)
        folder = places(monkeypatch, **{name: str(base)})
        assert folder is not None
        assert folder.parent == open_to_all.resolve()
        for closed in (folder, folder.parent):
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert stat.S_IMODE(base.stat().st_mode) != 0o700, "what was given may be others' too"


@posix
@pytest.mark.parametrize("wrong", ["link", "file", "another's", "link inside", "another's inside"])
def test_a_folder_of_another_or_none_at_all_is_not_used(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, temporary = tmp_path / "given", tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    used = places(monkeypatch, NUMBA_CACHE_DIR=str(given), HOME=str(tmp_path / "home"))
    assert used is not None
    assert used.parent == given / "citysim"
    spoilt = used if wrong.endswith("inside") else used.parent
    shutil.rmtree(spoilt)
    (tmp_path / "other").mkdir()
    if wrong.startswith("link"):
        spoilt.symlink_to(tmp_path / "other")
    elif wrong == "file":
        spoilt.write_text("")
    else:
        spoilt.mkdir()
        known = keeping.mine
        monkeypatch.setattr(keeping, "mine", lambda status: known(status) and status.st_ino != spoilt.stat().st_ino)
    elsewhere = places(monkeypatch, NUMBA_CACHE_DIR=str(given), HOME=str(tmp_path / "home"))
    assert elsewhere is not None
    assert elsewhere.parent.parent == temporary.resolve() or elsewhere.is_relative_to(temporary)
    assert not list((tmp_path / "other").iterdir())


@posix
def test_code_that_another_user_has_written_is_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.code"
    keeping.write(path, b"f", b"content")
    assert keeping.read(path, b"f") == b"content"
    monkeypatch.setattr(keeping, "mine", lambda status: False)
    assert keeping.read(path, b"f") is None


#: Compiles a small function, or fetches its code; with an argument, what is kept is a command instead.
CALLING = """
import os, pickle, sys
from sim.model import keeping

class Evil:
    def __reduce__(self):
        return os.system, ("touch " + sys.argv[1],)

if len(sys.argv) > 1:
    keeping.dumps = lambda code: pickle.dumps(Evil())
from sim.model.draws import on_grid
assert on_grid(1.0) == 1.0
"""


@posix
@pytest.mark.hostile
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("variable", ["TMPDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_what_another_user_has_planted_is_not_executed(variable: str, tmp_path: Path) -> None:
    planted, mark = tmp_path / "planted", tmp_path / "executed"
    (tmp_path / "tmp").mkdir()
    planted.mkdir()
    changes = {"NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": None, "HOME": "/nowhere", "TMPDIR": str(tmp_path / "tmp")}
    env = environment(**{**changes, variable: str(planted)})

    def call(*arguments: str) -> None:
        subprocess.run([sys.executable, "-c", CALLING, *arguments], env=env, check=True, timeout=120)

    call(str(mark))
    assert list(planted.rglob("*.code"))
    for path in planted.iterdir():
        _give_away(path)
    call()
    assert not mark.exists()
    for path in (planted, *planted.rglob("*")):  # it is the owner that matters
        os.chown(path, 0, 0)
    call()
    assert mark.exists()


def _give_away(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)
        path.chmod(0o777)


@pytest.mark.parametrize(
    "env", [{"HOME": None}, {"HOME": ""}, {"HOME": "/nonexistent"}, {"HOME": "relative"}, {"HOME": "/dev/null"}]
)
def test_without_a_home_there_is_another_place(
    env: dict[str, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", *(name for name, value in env.items() if value is None)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: env["HOME"] or "~")  # no such user is known
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    folder = keeping.cache_folder.__wrapped__()
    assert folder is not None
    assert folder.is_relative_to(tmp_path / "tmp")


@pytest.mark.hostile
def test_without_any_place_code_is_not_kept_and_that_is_said(tmp_path: Path) -> None:
    nowhere = "/dev/null/nowhere"
    env = {"NUMBA_CACHE_DIR": nowhere, "XDG_CACHE_HOME": nowhere}
    script = tmp_path / "without.py"
    script.write_text(
        "import sim.model.keeping as k\nk.private = lambda folder: False\n"
        "import sys, sim.cli\nsys.exit(sim.cli.main())\n"
    )
    code, _, err = finish(
        script, "compare", TEACHING, TEACHING, "--engine", "compiled", "-n", "1", cwd=tmp_path, env=env
    )
    assert code == 0, err
    assert err.count("no folder is closed to others") == 1


# --- damage -----------------------------------------------------------------------------------------------------------


def flipped(content: bytes, draw: random.Random) -> bytes:
    """One bit of it is another one."""
    at = draw.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :]


def as_folder(path: Path) -> None:
    """A folder with something in it stands in the place of a file."""
    path.unlink()
    (path / "in").mkdir(parents=True)


Damage = Callable[[Path, random.Random], Any]
DAMAGES: dict[str, Damage] = {
    "empty": lambda path, draw: path.write_bytes(b""),
    "cut": lambda path, draw: path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)]),
    "flipped": lambda path, draw: path.write_bytes(flipped(path.read_bytes(), draw)),
    "longer": lambda path, draw: path.write_bytes(path.read_bytes() + b"\0"),
    "another's": lambda path, draw: shutil.copy(_other(path, draw), path),
    "text": lambda path, draw: path.write_text("not this"),
    "folder": lambda path, draw: as_folder(path),
    "gone": lambda path, draw: path.unlink(),
    "link": lambda path, draw: (path.rename(path.with_suffix(".moved")), path.symlink_to(path.with_suffix(".moved"))),
}


def _other(path: Path, draw: random.Random) -> Path:
    return draw.choice([other for other in sorted(path.parent.iterdir()) if other.is_file() and other != path])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with whole files in it, marked as ready."""
    for name in "abc":
        keeping.write(tmp_path / f"{name}.code", name.encode(), bytes(range(200)))
    keeping.mark_ready(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_found_thrown_away_and_mended(kind: str, kept: Path) -> None:
    draw = random.Random(kind)
    for name in ("a.code", "b.code", "c.code", "ready"):
        for _ in range(30):
            assert keeping.ready(kept)
            DAMAGES[kind](kept / name, draw)
            if draw.random() < 0.5:  # else it is found when it is read
                assert not keeping.ready(kept)
            if name != "ready":
                assert keeping.read(kept / name, name[:1].encode()) is None
                assert not os.path.lexists(kept / name)
                assert not keeping.ready(kept)
                keeping.write(kept / name, name[:1].encode(), bytes(range(200)))
            keeping.mark_ready(kept)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache with the whole engine in it, and the measures it gave."""
    cache = tmp_path_factory.mktemp("cache")
    return cache, _measures(cache, cache / "first")


def _measures(cache: Path, out: Path) -> str:
    script = program(cache.parent)
    arguments = ("run", TEACHING, "--engine", "compiled", "-n", "1", "--json", "--out", str(out))
    code, found, err = finish(script, *arguments, env={"NUMBA_CACHE_DIR": str(cache)})
    assert code == 0, err
    assert "Traceback" not in err
    return found.replace(str(out), "")


@pytest.mark.hostile
@pytest.mark.xdist_group("a damaged cache")
@pytest.mark.parametrize("kind", ["empty", "flipped", "another's", "folder"])
def test_a_run_mends_a_damaged_cache_and_gives_the_same(kind: str, compiled: tuple[Path, str], tmp_path: Path) -> None:
    """A few files at once, machine code among them; the kinds that take another way through the program."""
    cache, expected = compiled
    (ready,) = cache.glob("citysim/*/ready")
    draw = random.Random(kind)
    names = ("_few", "_sort", "begin" if kind == "flipped" else "_count")
    broken = [path for name in names for path in ready.parent.glob(f"{name}-*.code")]
    assert len(broken) == 3
    for path in (*broken, *([ready] if kind in ("empty", "folder") else [])):
        DAMAGES[kind](path, draw)
    assert _measures(cache, tmp_path / "out") == expected
    assert keeping.ready(ready.parent)
    assert not [path for path in (*broken, ready) if not path.is_file()]


def test_those_who_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    writing = (
        "import sys; from pathlib import Path; from sim.model.keeping import read, write\n"
        "path, mine = Path(sys.argv[1]), sys.argv[2].encode() * 100_000\n"
        "for _ in range(200):\n"
        "    write(path, b'key', mine)\n"
        "    found = read(path, b'key')\n"
        "    assert found in (b'a' * 100_000, b'b' * 100_000), found and len(found)\n"
    )
    path = tmp_path / "f.code"
    both = [subprocess.Popen([sys.executable, "-c", writing, str(path), letter]) for letter in "ab"]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert [one.name for one in tmp_path.iterdir()] == ["f.code"]


def test_code_of_a_file_that_has_changed_is_compiled_anew(tmp_path: Path) -> None:
    for added in ("1.0", "2.0", "2.0"):
        (tmp_path / "own.py").write_text(
            "from sim.model.compiling import rule\n\n\n"
            f"@rule('float64(float64)')\ndef more(x):\n    return x + {added}\n\n\nprint(more(1.0))\n"
        )
        env = environment(NUMBA_CACHE_DIR=str(tmp_path / "cache"))
        done = subprocess.run([sys.executable, str(tmp_path / "own.py")], env=env, capture_output=True, text=True)
        assert float(done.stdout) == 1.0 + float(added), done.stderr
    assert len(list((tmp_path / "cache").rglob("*.code"))) == 2


def test_a_full_disk_keeps_nothing_and_harms_nobody(tmp_path: Path) -> None:
    keeping.write(tmp_path / "no such folder" / "f.code", b"f", b"content")
    assert not list(tmp_path.iterdir())
