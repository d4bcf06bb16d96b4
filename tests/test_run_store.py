"""The runs of a sweep on disk: one file each, by the thousand in packs, and what becomes of damage."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.experiment.sweeps import run_store
from sim.experiment.sweeps.run_store import Made, RunStore

ASKED = ("breach_share", "requests")


def made(number: int, asked: tuple[str, ...] = ASKED) -> Made:
    """A run whose numbers tell which it is."""
    values: dict[str, list[Any]] = {
        "breach_share": [number / 7.0, float(number), 7.0, "share"],
        "requests": [7.0, None, None, "requests"],
        "hops_mean": [0.1 + number, None, None, "hops"],
    }
    rows = [[measure, "", "[]", *values[measure]] for measure in asked if measure in values]
    return Made(f"{number:032x}", {"set": [f"x={number}"], "replication": number}, asked, rows)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """One that puts ten runs together."""
    monkeypatch.setattr(run_store, "TOGETHER", 10)
    return RunStore(tmp_path / "sweep")


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """In one order, whatever files it comes from."""
    return table.sort_values(["place", "measure"]).reset_index(drop=True)


def read(store: RunStore, count: int = 25) -> pd.DataFrame:
    """All values of so many runs."""
    return ordered(store.read([f"{number:032x}" for number in range(count)]))


def files(store: RunStore) -> list[str]:
    """How their names end."""
    return sorted(path.suffix for path in store.done.iterdir())


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "none")
    assert store.kept().asked == {}
    assert len(store.read(["x"])) == 0
    store.compact()
    assert not (tmp_path / "none").exists()


def test_runs_put_together_are_the_same_runs(store: RunStore) -> None:
    for number in range(25):
        store.add(made(number))
    before, kept = read(store), store.kept()
    assert files(store) == [".json"] * 25
    assert len(before) == 50
    assert before["value"][2] == 1.0 / 7.0
    store.compact()
    assert files(store) == [".json"] * 5 + [".parquet"] * 2
    pd.testing.assert_frame_equal(read(store), before, check_exact=True)
    assert store.kept() == kept
    some = store.read([f"{24:032x}", "not there", f"{3:032x}"])
    assert set(some["place"]) == {0, 2}
    assert set(some.query("measure == 'breach_share'")["numerator"]) == {24.0, 3.0}


def test_a_run_of_which_more_is_asked_keeps_what_it_has(store: RunStore) -> None:
    for number in range(10):
        store.add(made(number))
    store.compact()
    name = f"{4:032x}"
    assert store.kept().has(name, ASKED)
    assert not store.kept().has(name, (*ASKED, "hops_mean"))
    store.add(made(4, ("hops_mean", "requests", "not_modelled")))
    assert store.kept().has(name, (*ASKED, "hops_mean", "not_modelled"))
    table = store.read([name])
    assert sorted(table["measure"]) == ["breach_share", "hops_mean", "requests"]
    assert len(store.read([f"{5:032x}"])) == 2


def test_a_run_without_values_is_there_nevertheless(store: RunStore) -> None:
    for number in range(10):
        store.add(made(number, ("not_modelled",)))
    for _ in range(2):
        assert store.kept().has(f"{3:032x}", ("not_modelled",))
        assert len(store.read([f"{3:032x}"])) == 0
        store.compact()
    assert files(store) == [".parquet"]


def test_a_stop_between_the_pack_and_its_runs_changes_nothing(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        store.add(made(number))
    before, kept = read(store), store.kept()

    def stopped(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".json" and path.name > f"{3:032x}":
            raise KeyboardInterrupt
        os.unlink(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", stopped)
        with pytest.raises(KeyboardInterrupt):
            store.compact()
    assert ".parquet" in files(store)
    assert files(store).count(".json") > 2
    pd.testing.assert_frame_equal(read(store), before, check_exact=True)
    assert store.kept().asked == kept.asked
    store.compact()  # somebody else goes on; what was put together is put together again
    pd.testing.assert_frame_equal(read(store), before, check_exact=True)


def test_who_reads_while_others_put_together_misses_nothing(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        store.add(made(number))
    before = read(store)
    content, calls = run_store._content, []

    def between(path: Path) -> Made | None:
        if len(calls) == 5:  # another process puts them together just now
            calls.append(path)
            RunStore(store.folder).compact()
        calls.append(path)
        return content(path)

    monkeypatch.setattr(run_store, "_content", between)
    pd.testing.assert_frame_equal(read(store), before, check_exact=True)
    assert files(store) == [".parquet"] * 2


def test_two_may_put_together_at_once(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        store.add(made(number))
    before, content, calls = read(store), run_store._content, []

    def between(path: Path) -> Made | None:
        calls.append(path)
        if len(calls) == 5:
            RunStore(store.folder).compact()
        return content(path)

    with monkeypatch.context() as patched:
        patched.setattr(run_store, "_content", between)
        store.compact()
    assert len(files(store)) > 2  # some runs stand in two packs
    pd.testing.assert_frame_equal(read(store), before, check_exact=True)


def test_damage_costs_what_is_damaged(store: RunStore) -> None:
    for number in range(25):
        store.add(made(number))
    store.compact()
    single = sorted(store.done.glob("*.json"))
    pack = sorted(store.done.glob("*.parquet"))[0]
    before = len(store.kept().asked)
    single[0].write_bytes(single[0].read_bytes()[:40])  # cut off
    single[1].write_bytes(single[1].read_bytes().replace(b"7.0", b"8.0", 1))  # altered
    whole = bytearray(pack.read_bytes())
    whole[len(whole) // 2] ^= 1
    pack.write_bytes(whole)
    kept = store.kept()
    assert set(kept.damaged) == {single[0], single[1], pack}
    assert len(kept.asked) == before - 2 - 10
    assert len(read(store)) == 2 * (25 - 2 - 10)
    store.clear(kept.damaged)
    assert store.kept().damaged == ()
    assert not {single[0], single[1], pack} & set(store.done.iterdir())
    assert not [path for path in store.done.iterdir() if path.name.startswith(".")]


def test_who_clears_away_leaves_what_was_made_anew(store: RunStore) -> None:
    store.add(made(1))
    (file,) = store.done.iterdir()
    file.write_text("damaged")
    damaged = store.kept().damaged
    store.add(made(1))  # by somebody else meanwhile
    store.clear(damaged)
    assert store.kept().has(f"{1:032x}", ASKED)


def test_a_base_that_was_altered_is_written_anew(store: RunStore) -> None:
    from sim.experiment.sweeps.variants import Base

    base = Base("town.yaml", "name: Town\n")
    store.add_base(base)
    (file,) = (store.folder / "bases").iterdir()
    assert file.stem == base.name
    file.write_text("name: Another\n")
    store.add_base(base)
    assert file.read_text() == base.text


def test_the_order_in_which_runs_came_changes_no_pack(store: RunStore, tmp_path: Path) -> None:
    other = RunStore(tmp_path / "other")
    numbers = list(range(10))
    for number in numbers:
        store.add(made(number))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        other.add(made(number))
    store.compact()
    other.compact()
    assert [path.name for path in store.done.iterdir()] == [path.name for path in other.done.iterdir()]
