"""A sweep on a Dask cluster of two workers: the same numbers, and what happens when it is another's, or goes away."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from processes import program, start
from test_faults import runs, text_of, written

import sim
from sim.cli import cli
from sim.experiment.sweeps import cluster as clusters
from sim.experiment.sweeps.cluster import ClusterError, connected, fingerprint
from sim.experiment.sweeps.designs import load_design
from sim.experiment.sweeps.planning import missing
from sim.experiment.versions import packages

#: A cluster in a process of its own, as others start it; it ends with its input.
_CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


class Running:
    """A cluster that runs, by its address."""

    def __init__(self, folder: Path) -> None:
        script = folder / "cluster.py"
        script.write_text(_CLUSTER)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([sys.executable, str(script)], text=True, **pipes)
        self.address = self.process.stdout.readline().strip()  # type: ignore[union-attr]

    def end(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(tmp_path_factory.mktemp("cluster"))
    yield found
    found.end()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "done").iterdir()}


@pytest.mark.hostile
def test_a_cluster_gives_the_same_to_the_last_byte(running: Running, tmp_path: Path) -> None:
    written(tmp_path)
    found = sim.sweep(tmp_path, tmp_path / "there", cluster=running.address)
    assert found.made == 20
    here = sim.sweep(tmp_path, tmp_path / "here", processes=1)
    assert text_of(found) == text_of(here)
    assert files(tmp_path / "there") == files(tmp_path / "here")
    assert sim.sweep(tmp_path, tmp_path / "there", cluster=running.address).made == 0


@pytest.mark.hostile
def test_a_run_that_fails_on_a_cluster_is_told(running: Running, tmp_path: Path, monkeypatch: Any) -> None:
    """Here: as the base is not what was read at first."""
    written(tmp_path)
    other = (tmp_path / "town.yaml").read_text().replace("40 / d", "41 / d")
    monkeypatch.setattr("sim.experiment.sweeps.run_store.RunStore.base", lambda store, name: other)
    found = sim.sweep(tmp_path, tmp_path / "there", cluster=running.address)
    assert found.made == 0
    assert len(found.failed) == 20
    assert "do not give the scenario" in next(iter(found.failed.values()))


@pytest.mark.hostile
def test_a_worker_that_has_something_else_is_refused(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    own = fingerprint()
    monkeypatch.setattr(clusters, "packages", lambda: {**packages(), "numba": "0.1"})
    with pytest.raises(ClusterError, match=f"its numba is {own['numba']}, here it is 0.1"), connected(running.address):
        pass


@pytest.mark.hostile
def test_a_cluster_that_loses_its_scheduler(tmp_path: Path) -> None:
    """Is said in words; what is finished is kept, and the rest can be made elsewhere."""
    written(tmp_path)
    few = (tmp_path / "experiment.yaml").read_text()
    (tmp_path / "experiment.yaml").write_text(few.replace("replications: 5", "replications: 400"))
    lost = Running(tmp_path)
    command = ("sweep", str(tmp_path), "--out", str(tmp_path / "out"), "--cluster", lost.address)
    process = start(program(tmp_path), *command, text=True)
    while runs(tmp_path / "out") < 5 and process.poll() is None:
        time.sleep(0.05)
    lost.process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert f"the cluster at {lost.address} is gone" in err
    assert "Traceback" not in err
    many = load_design(tmp_path / "experiment.yaml")
    assert missing(many, tmp_path / "out") == len(many.points) * 400 - runs(tmp_path / "out") < len(many.points) * 400
    (tmp_path / "experiment.yaml").write_text(few)
    resumed = sim.sweep(tmp_path, tmp_path / "out", processes=1)
    assert text_of(resumed) == text_of(sim.sweep(tmp_path, tmp_path / "undisturbed", processes=1))


def test_without_distributed_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"citysim\[cluster\]"), connected("tcp://127.0.0.1:1"):
        pass


def test_nobody_at_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_PATIENCE", 0.2)
    for address in ("tcp://127.0.0.1:1", "nowhere"):
        with pytest.raises(ClusterError, match=f"there is no cluster at {address}"), connected(address):
            pass


def test_processes_of_a_cluster_are_its_own(tmp_path: Path) -> None:
    written(tmp_path)
    result = CliRunner().invoke(cli, ["sweep", str(tmp_path), "--cluster", "tcp://x:1", "--processes", "2"])
    assert result.exit_code == 2
    assert "as many as it has workers" in result.output
