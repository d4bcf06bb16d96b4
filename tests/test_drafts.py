"""What processes leave when they are killed or told to end: nothing, after the next run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from processes import TEACHING, program, start

from sim.experiment.drafts import draft
from sim.experiment.signals import held
from sim.model import owners
from sim.model.owners import own_file, own_folder, sweep

pytestmark = [
    pytest.mark.hostile,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process so"),
]

#: Makes a file and a folder, says their names, and waits.
OWNER = """
import sys
from pathlib import Path
from sim.model.owners import own_file, own_folder
place = Path(sys.argv[1])
print(own_file(place), own_folder(place), flush=True)
(place / "go on").write_text("")
sys.stdin.read()
"""


def owner(place: Path) -> tuple[subprocess.Popen[str], list[Path]]:
    """A process that owns a file and a folder with something in it, both in ``place``."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    owned = [Path(name) for name in process.stdout.readline().split()]
    (owned[1] / "below").mkdir()
    (owned[1] / "below" / "table").write_text("rows")
    return process, owned


def test_what_a_killed_process_owned_goes_and_what_a_living_one_owns_stays(tmp_path: Path) -> None:
    killed, lost = owner(tmp_path)
    living, kept = owner(tmp_path)
    mine = own_file(tmp_path)
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # it is dead a moment later, and not yet asked
    for _ in range(2):  # as long as nobody has asked for its exit code, and afterwards
        sweep(tmp_path)
        assert not [path for path in lost if path.exists()]
        assert all(path.exists() for path in (*kept, mine))
        killed.wait()
    living.communicate("")
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, "go on"}


def test_what_another_host_another_user_or_somebody_unknown_left_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, lost = owner(tmp_path)
    process.kill()
    process.wait()
    (tmp_path / ".citysim-what-is-this").write_text("")
    (tmp_path / ".page.html-abcdefgh").write_text("")
    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "elsewhere")
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == before
    with monkeypatch.context() as patch:
        patch.setattr(owners, "mine", lambda status: False)
        sweep(tmp_path)
        assert sorted(tmp_path.iterdir()) == before
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == [path for path in before if path not in lost]


def test_a_process_that_got_the_number_of_a_dead_one_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = own_folder(tmp_path)
    began = owners._began
    if not began(os.getpid()):
        pytest.skip("this system does not tell when a process began")
    monkeypatch.setattr(owners, "_began", lambda process: began(process) + "0")
    sweep(tmp_path)
    assert not old.exists()


def test_where_the_system_does_not_tell_when_a_process_began_its_number_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owners, "_began", lambda process: "")
    mine = own_file(tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lost = tmp_path / mine.name.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
    lost.write_text("")
    sweep(tmp_path)
    assert mine.exists()
    assert not lost.exists()


def test_a_folder_into_which_somebody_still_writes_goes_too(tmp_path: Path) -> None:
    folder, stop = tmp_path / "draft", threading.Event()
    folder.mkdir()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                (folder / str(number)).write_text("")
            except OSError:
                return

    writers = [threading.Thread(target=write) for _ in range(3)]
    for one in writers:
        one.start()
    owners.remove(folder)
    stop.set()
    for one in writers:
        one.join()
    assert not folder.exists()


# --- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_wait_while_something_is_made_or_cleared_away(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    before = signal.signal(number, lambda number, _: seen.append(number))
    try:
        with held():
            with held():
                signal.raise_signal(number)
                signal.raise_signal(number)
            seen.append("inside")
        assert seen == ["inside", number]
        signal.raise_signal(number)
        assert seen == ["inside", number, number]
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_draft_goes_whatever_comes_while_it_is_cleared_away(
    kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = owners.remove

    def interrupted(path: Path) -> None:
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        remove(path)

    monkeypatch.setattr("sim.experiment.drafts.remove", interrupted)

    def interrupt() -> None:
        with draft(tmp_path / "new" / "wanted", kind, "refuse") as place:
            assert place.beside.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert not list(tmp_path.iterdir())


#: A run that has a few seconds' work for two processes, and writes tables while it works.
LONG = ("run", TEACHING, "-n", "4", "--processes", "2", "--engine", "simpy", "--out", "runs/here", "--keep", "all")
BIG = ("--set", "districts.Riverside.population=400000")


def left(place: Path, tmp: Path) -> list[str]:
    """What stands where drafts and temporary files are."""
    return [path.name for folder in (place, tmp) if folder.exists() for path in folder.iterdir()]


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, Any]:
    """Where the runs of a test take place."""
    for name in ("work", "tmp"):
        (tmp_path / name).mkdir()
    return {"cwd": tmp_path / "work", "env": {"TMPDIR": str(tmp_path / "tmp")}, "start_new_session": True}


def test_the_next_run_clears_away_what_killed_ones_left(tmp_path: Path, elsewhere: dict[str, Any]) -> None:
    script, runs, tmp = program(tmp_path), tmp_path / "work" / "runs", tmp_path / "tmp"
    draw, found = random.Random(), 0
    for _ in range(4):
        process = start(script, *LONG, *BIG, **elsewhere)
        for _ in range(600):
            if left(runs, tmp):
                break
            time.sleep(0.05)
        time.sleep(draw.uniform(0.0, 3.0))
        process.kill()  # its workers are not
        process.communicate()
        found += len(left(runs, tmp))
        shutil.rmtree(runs / "here", ignore_errors=True)  # one that was done before
    assert found
    process = start(script, *LONG, **elsewhere)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert left(runs, tmp) == ["here"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_again_and_again_leave_nothing(number: int, tmp_path: Path, elsewhere: dict[str, Any]) -> None:
    script, runs, tmp = program(tmp_path), tmp_path / "work" / "runs", tmp_path / "tmp"
    draw = random.Random()
    for _ in range(3):
        process = start(script, *LONG, *BIG, **elsewhere)
        for _ in range(600):
            if left(runs, tmp):
                break
            time.sleep(0.05)
        time.sleep(draw.uniform(0.0, 2.0))
        for _ in range(20):
            if process.poll() is None:
                process.send_signal(number)
            time.sleep(draw.uniform(0.0, 0.02))
        _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err, err.decode()
        assert process.returncode == (130 if number == signal.SIGINT else 143)
        assert not left(runs, tmp)
