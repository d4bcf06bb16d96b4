"""Every command under conditions that the system or somebody's habits may bring: no traceback, the right exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import TEACHING, environment, finish, finish_many, program, start

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")
posix = pytest.mark.skipif(os.name != "posix", reason="only a POSIX shell closes streams so")

pytestmark = pytest.mark.hostile

#: A name that would turn text around, and is markup for a progress bar; scenarios refuse control characters.
NAME = "\u202eturned\u202c \u061c\u2066 [red] [/] [/nothing] 中文"
#: An argument that would colour the terminal red, too, and ring its bell.
NASTY = f"Red \x1b[31m \x07\x9b2J \x7f {NAME}"
RAW = [chr(code) for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F)]
RAW += [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program, a scenario with nasty names, and a run of it in ``done``."""
    folder = tmp_path_factory.mktemp("place")
    text = Path(TEACHING).read_text(encoding="utf-8")
    for name in ("base.yaml", "sources.yaml"):
        (folder / name).write_bytes((Path(TEACHING).parent / name).read_bytes())
    name = next(line for line in text.splitlines() if line.startswith("name:"))
    nasty = text.replace(name, f"name: {json.dumps(NAME)}").replace("Riverside", json.dumps(f"District {NAME}"))
    (folder / "nasty.yaml").write_text(nasty, encoding="utf-8")
    code, _, err = finish(program(folder), "run", "nasty.yaml", "-n", "1", "--out", "done", cwd=folder)
    assert code == 0, err
    return folder


#: Each command as it goes well, and as it does not; ``{new}`` is a name that is free.
COMMANDS: tuple[tuple[int, str], ...] = (
    (0, "run nasty.yaml -n 1 --keep measures --out {new}"),
    (0, "run nasty.yaml -n 1 --json --out {new}"),
    (0, "compare nasty.yaml nasty.yaml -n 1 --out {new}.html"),
    (0, "compare nasty.yaml nasty.yaml -n 1 --json --out {new}.html"),
    (0, "report done --out {new}.html"),
    (0, "explain done"),
    (0, "show nasty.yaml"),
    (0, "show nasty.yaml --json"),
    (0, "validate nasty.yaml"),
    (0, "scenarios"),
    (0, "scenarios --json"),
    (0, "schema"),
    (0, "--help"),
    (0, "run --help"),
    (0, "--version"),
    (2, "dance"),
    (2, "run nasty.yaml -n 1 --engine {nasty}"),
    (2, "run nasty.yaml --{nasty}"),
    (3, "run {nasty}.yaml"),
    (3, "show nasty.yaml {nasty}"),
    (3, "validate {nasty} --set {nasty}=1"),
    (3, "run nasty.yaml --set districts.{nasty}.population=1"),
    (3, "report {nasty}"),
    (3, "explain done {nasty}"),
    (3, "run nasty.yaml --out done"),
)
#: What prints most, and an error.
FEW = (COMMANDS[1], COMMANDS[12], COMMANDS[16])


def words_of(line: str, new: str) -> list[str]:
    """The arguments of a command."""
    return [word.format(new=new, nasty=NASTY) for word in line.split()]


@forks
@pytest.mark.parametrize(
    "env",
    [
        {},
        *({"PYTHONIOENCODING": encoding} for encoding in ("cp1252", "latin-1:strict", "gbk", "utf-16")),
        {"NUMBA_DISABLE_JIT": "1"},
    ],
    ids=lambda env: "-".join(env.values()).replace(":", "-") or "plain",
)
def test_every_command_says_what_it_has_to_say_and_nothing_raw(
    env: dict[str, str], place: Path, tmp_path: Path
) -> None:
    encoding = env.get("PYTHONIOENCODING", "utf-8").split(":")[0]
    commands = [words_of(line, str(tmp_path / str(number))) for number, (_, line) in enumerate(COMMANDS)]
    found = finish_many(tmp_path / "said", commands, cwd=place, env={"PYTHONIOENCODING": "utf-8", **env})
    for (code, line), (left, *said) in zip(COMMANDS, found, strict=True):
        out, err = (text.decode(encoding) for text in said)
        assert left == code, (line, err)
        for text in (out, err):
            assert "Traceback" not in text, (line, text)
            assert not [letter for letter in RAW if letter in text], (line, text)
        assert (err if code else out).strip(), line
        if "--json" in line:
            json.loads(out)


@posix
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed_are_none_to_write_to(place: Path, closed: tuple[int, ...], tmp_path: Path) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    two = (0, "run nasty.yaml -n 2 --processes 2 --out {new}")
    for number, (code, line) in enumerate((*FEW, two)):
        new = tmp_path / str(number)
        process = start(place / "bin" / "citysim", *words_of(line, str(new)), cwd=place, preexec_fn=close)
        out, err = (text.decode() for text in process.communicate(timeout=120))
        assert process.returncode == code, (line, err)
        assert "Traceback" not in out + err
        assert bool(out) == (1 not in closed and code == 0)
        if new.is_dir():  # what was meant for a stream is in no file
            assert not [
                path for path in new.rglob("*") if path.is_file() and b"replications \xe2" in path.read_bytes()[:1000]
            ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_output_is_said_and_fails(place: Path) -> None:
    with open("/dev/full", "wb") as full:
        code, _, err = finish(place / "bin" / "citysim", "scenarios", stdout=full, cwd=place)
    assert code == 1
    assert "Traceback" not in err
    assert "No space left" in err
    with open("/dev/full", "wb") as full:
        assert finish(place / "bin" / "citysim", "dance", stderr=full, cwd=place)[0] == 2


@pytest.mark.parametrize("home", [None, "", "/dev/null", "relative"])
def test_a_home_is_not_needed(place: Path, home: str | None, tmp_path: Path) -> None:
    env = {"HOME": home, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "TMPDIR": str(tmp_path)}
    for line in ("run nasty.yaml -n 1 --out {new}", "explain {new}"):
        code, out, err = finish(place / "bin" / "citysim", *words_of(line, str(tmp_path / "here")), cwd=place, env=env)
        assert code == 0, err
        assert out
        assert "Traceback" not in err


def test_without_a_compiler_measures_are_the_same_and_the_compiled_engine_is_refused(
    place: Path, tmp_path: Path
) -> None:
    script, off = place / "bin" / "citysim", {"NUMBA_DISABLE_JIT": "1"}
    for line in ("run nasty.yaml --engine compiled", "compare nasty.yaml nasty.yaml --engine compiled"):
        code, _, err = finish(script, *line.split(), cwd=place, env=off)
        assert code == 2
        assert "NUMBA_DISABLE_JIT" in err
    slow, fast = (
        json.loads(finish(script, "run", TEACHING, "-n", "1", "--json", "--out", str(tmp_path / out), env=env)[1])
        for out, env in (("without", off), ("with", {}))
    )
    assert slow["measures"] == fast["measures"]


#: Of any length; a path to the value of an option, a word, a pattern, a step.
LONG = {"name": "x" * 300, "path": "x/" * 3000, "word": "x" * 50_000, "number": "9" * 5000, "dots": "a." * 5000}


@forks
@pytest.mark.parametrize("kind", LONG)
def test_arguments_may_have_any_length(place: Path, kind: str, tmp_path: Path) -> None:
    long = LONG[kind]
    commands = (
        ((1, 3), ("run", "nasty.yaml", "-n", "1", "--out", long)),
        ((1, 3), ("compare", "nasty.yaml", "nasty.yaml", "-n", "1", "--out", long)),
        ((3,), ("run", long)),
        ((3,), ("run", long + ".yaml")),
        ((3,), ("validate", long, "--set", f"{long}=1")),
        ((3,), ("run", "nasty.yaml", "--set", f"{long}=1")),
        ((3,), ("run", "nasty.yaml", "--set", f"districts={long}")),
        ((3,), ("show", "nasty.yaml", long)),
        ((1, 3), ("report", long)),
        ((1, 3), ("report", "done", "--out", long)),
        ((1, 3), ("explain", long)),
        ((3,), ("explain", "done", long)),
        ((2, 3), ("explain", "done", "--replication", long)),
        ((2,), ("run", "nasty.yaml", "--seed", long)),
        ((2,), ("run", "nasty.yaml", "-n", long)),
        ((2,), (long,)),
    )
    found = finish_many(tmp_path / "said", [arguments for _, arguments in commands], cwd=place, env={})
    for (codes, arguments), (code, out, err) in zip(commands, found, strict=True):
        shown = [argument[:40] for argument in arguments]
        assert b"Traceback" not in out + err, (shown, err[-2000:])
        assert code in codes, (shown, code, err[:300])
        assert err, shown


@forks
def test_a_byte_that_is_no_text_is_refused_or_shown_as_an_escape(place: Path, tmp_path: Path) -> None:
    byte = b"x\xff\x9by"
    commands: tuple[tuple[tuple[int, ...], tuple[str | bytes, ...]], ...] = (
        ((2,), ("run", "nasty.yaml", "-n", "1", "--out", byte)),
        ((2,), ("compare", "nasty.yaml", "nasty.yaml", "--out", byte)),
        ((2,), ("report", byte)),
        ((2,), ("report", "done", "--out", byte)),
        ((2,), ("explain", byte)),
        ((2,), ("explain", "done", byte)),
        ((3,), ("run", byte)),
        ((3,), ("show", "nasty.yaml", byte)),
        ((3,), ("validate", "nasty.yaml", "--set", byte + b"=1")),
        ((2,), (byte,)),
        ((2,), ("run", "nasty.yaml", b"--" + byte)),
    )
    found = finish_many(tmp_path / "said", [arguments for _, arguments in commands], cwd=place, env={})
    for (codes, arguments), (code, _, err) in zip(commands, found, strict=True):
        assert code in codes, (arguments, code, err)
        assert b"Traceback" not in err
        assert b"\\udcff" in err, (arguments, err)
    folder = os.fsencode(tmp_path) + b"/" + byte
    os.mkdir(folder)  # to work in such a folder, or to have scenarios there, is no mistake
    code, _, err = finish(place / "bin" / "citysim", "run", TEACHING, "-n", "1", "--out", "here", cwd=folder)
    assert code == 0, err


# --- processes --------------------------------------------------------------------------------------------------------

INSIDE = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
import sim

def digest(seed):
    run = sim.run(sim.load(sys.argv[1]), 2, seed=seed, processes=2, keep="measures")
    return float(run.measures["value"].fillna(0).sum())

if __name__ == "__main__":
    with ThreadPoolExecutor(1) as pool:
        expected = list(pool.map(digest, [1]))
    with multiprocessing.get_context(sys.argv[2]).Pool(1) as pool:
        assert pool.map(digest, [1]) == expected
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(sys.argv[2])) as pool:
        assert list(pool.map(digest, [1])) == expected
"""


@pytest.mark.parametrize("method", ["fork", "spawn"] if hasattr(os, "fork") else ["spawn"])
def test_a_run_works_inside_the_processes_and_threads_of_others(method: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(INSIDE)
    command = [sys.executable, str(tmp_path / "script.py"), TEACHING, method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@posix
def test_ctrl_c_at_any_moment_is_said_in_one_word(place: Path) -> None:
    """From when the program's own code begins; before that it is Python that is interrupted."""
    script = place / "bin" / "early"
    script.write_text("import os, sys\nfrom sim.start import main\nos.write(3, b'.')\nmain()\n")
    ended = 0
    for moment in range(12):
        read, write = os.pipe()

        def third(write: int = write) -> None:
            os.dup2(write, 3)

        arguments = ("run", "nasty.yaml", "-n", "3", "--out", f"interrupted-{moment}")
        process = start(script, *arguments, cwd=place, preexec_fn=third, pass_fds=(3,), start_new_session=True)
        os.close(write)
        os.read(read, 1)
        os.close(read)
        time.sleep(0.02 + moment * 0.06)
        process.send_signal(signal.SIGINT)
        out, err = (text.decode() for text in process.communicate(timeout=60))
        assert "Traceback" not in out + err, err
        if process.returncode == 0:
            continue
        ended += 1
        assert process.returncode == 130, err
        assert err.splitlines()[-1] == "interrupted"
        assert not (place / arguments[-1]).exists()
    assert ended


def test_importing_sim_imports_nothing_heavy_and_gives_every_public_name() -> None:
    program = (
        "import sys, sim\n"
        "heavy = {'click', 'yaml', 'pydantic', 'numpy', 'pandas', 'simpy', 'numba', 'rich'} & {*sys.modules}\n"
        "assert not heavy, heavy\n"
        "assert set(sim.__all__) <= set(dir(sim))\n"
        "assert all(getattr(sim, name).__module__.startswith('sim.') for name in sim.__all__)\n"
        "assert sim.scenario.load is sim.load\n"
        "assert not hasattr(sim, 'nothing')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=environment())
