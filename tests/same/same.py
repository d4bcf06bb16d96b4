"""``make same BASE=commit``: whether this working tree has the results of a commit, to the last bit.

Both versions simulate, on this machine, what shipped with that commit and the cities of ``cities.yaml``. Values are
compared: rows by key, columns by name. What the commit does not have, tables or columns, is listed and does no harm.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

KEYS = {
    "requests": ["request"],
    "visits": ["request", "visit"],
    "problems": ["problem"],
    "levels": ["pool", "hour"],
    "pools": ["pool"],
    "measures": ["measure", "group_by", "group"],
}
#: What scenarios are made of; nobody runs it.
FRAGMENTS = ("base", "sources")


def scenarios_of(tree: Path, folder: Path) -> None:
    """What ships with a version, and the frozen cities, beside each other in ``folder``."""
    for path in sorted((tree / "scenarios").glob("*.yaml")):
        (folder / path.name).write_bytes(path.read_bytes())
    for number, text in enumerate((HERE / "cities.yaml").read_text(encoding="utf-8").split("\n---\n")):
        (folder / f"city-{number:03}.yaml").write_text(text, encoding="utf-8")


def simulate(tree: Path, scenarios: Path, kept: Path) -> None:
    """Let the version in ``tree`` simulate all scenarios, in a process of its own. Raises ``CalledProcessError``."""
    kept.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(kept.parent / f"code-{kept.name}")}
    command = [sys.executable, str(HERE / "tables.py"), str(scenarios), str(kept)]
    subprocess.run(command, cwd=tree, env=environment, check=True)


def by_key(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Names as text, one row a key; errands, which are of no request, by their order in time."""
    plain = table.astype({name: "object" for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)})
    if "request" in key and table["request"].isna().any():
        plain = plain.sort_values([*key, "pool", "queued", "started", "ended"])
        plain["visit"] = plain["visit"].where(
            plain["request"].notna(), plain.groupby(plain["request"].isna()).cumcount()
        )
    table = plain.set_index(key).sort_index()
    assert table.index.is_unique, key
    return table


def differ(a: pd.Series[Any], b: pd.Series[Any]) -> NDArray[np.bool_]:
    """Which values are not the same; what is missing in both is."""
    other = np.array(a.isna() != b.isna())
    both = np.array(a.notna() & b.notna())
    plain = a.dtype == b.dtype and isinstance(a.dtype, np.dtype)
    other[both] = np.not_equal(*(c[both].to_numpy(None if plain else object) for c in (a, b)))
    return other


def differences(base: pd.DataFrame, now: pd.DataFrame, key: list[str]) -> Iterator[tuple[str, str]]:
    """Each column of ``base`` that has other values now, with an example."""
    base, now = by_key(base, key), by_key(now, key)
    if not base.index.equals(now.index):
        lost, new = base.index.difference(now.index), now.index.difference(base.index)
        yield "rows", f"{len(lost)} are missing, {len(new)} are new: {[*lost[:1], *new[:1]]}"
        return
    for name in base:
        if name not in now:
            yield str(name), "is missing"
            continue
        a, b = base[name], now[name]
        other = differ(a, b)
        if other.any():
            first = int(np.argmax(other))
            place = dict(zip(key, np.atleast_1d(np.array(base.index[first], object)), strict=True))
            yield (
                str(name),
                f"{other.sum()} of {len(a)} differ, as at {place}: {a.iloc[first]!r}, now {b.iloc[first]!r}",
            )


def compare(base: dict[str, Any], now: dict[str, Any], added: Counter[str]) -> Iterator[str]:
    """What differs between the tables of one scenario, a line each; what is new is counted in ``added``."""
    before, after = base.get("error"), now.get("error")
    if before is not None or after is not None:
        if before is None:
            yield f"refused now: {after}"
        elif after is None:
            yield f"no longer refused: {before}"
        elif before != after:
            yield f"refused otherwise: {before}, now {after}"
        return
    for name, table in base.items():
        if name not in now:
            yield f"{name}: is missing"
            continue
        added.update(f"{name}.{column}" for column in now[name] if column not in table)
        there = now[name]
        if name == "measures":  # one that the other version does not know is new, one more row of a known one is not
            unknown = ~there["measure"].isin(table["measure"])
            added.update(f"measures: {measure}" for measure in there.loc[unknown, "measure"].unique())
            there = there[~unknown]
        yield from (f"{name}.{column}: {what}" for column, what in differences(table, there, KEYS[name]))
    added.update(name for name in now if name not in base)


def main(commit: str) -> int:
    """Say what differs; 1 where something does."""
    found, added, rows, refused = list[str](), Counter[str](), 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        tree, scenarios = place / "base", place / "scenarios"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), commit], cwd=ROOT, check=True)
        try:
            scenarios.mkdir()
            scenarios_of(tree, scenarios)
            simulate(tree, scenarios, place / "before")
            simulate(ROOT, scenarios, place / "after")
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)
        kept = sorted((place / "before").iterdir())
        for path in kept:
            base, now = (pickle.loads((place / side / path.name).read_bytes()) for side in ("before", "after"))
            rows += sum(len(table) for name, table in base.items() if name != "error")
            refused += "error" in base and path.stem not in FRAGMENTS
            found += [f"{path.stem}: {line}" for line in compare(base, now, added)]
    print(f"{len(kept)} scenarios, {refused} of them refused, {rows:,} rows of tables.")
    for name, times in sorted(added.items()):
        print(f"new: {name} (in {times})")
    print("\n".join(found) if found else f"The same as {commit}, to the last bit.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
