"""The documentation's commands and programs do what it says they do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(p for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] if "```" in p.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language; those that begin with `make` are run by people and by .ci/run."""
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for block in found if not block.startswith(("make", "git clone"))]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.long] if page.stem == "lessons" else []) for page in PAGES],
    ids=lambda page: page.stem,
)
def test_commands_and_programs_run(page: Path, tmp_path: Path) -> None:
    for path in (ROOT / "scenarios").glob("*.yaml"):
        shutil.copy(path, tmp_path)
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    script = tmp_path / "citysim"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from sim.cli import main; main()" "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for command in blocks(page, "sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    for program in blocks(page, "python"):
        done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{program}\n{done.stderr}"
    for text in blocks(page, "yaml"):
        subprocess.run(
            [sys.executable, "-c", "import sys, yaml; yaml.safe_load(sys.stdin)"], input=text, text=True, check=True
        )


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "page", sorted(p for p in (ROOT / "docs/mechanisms").glob("*.md") if p.stem != "README"), ids=lambda p: p.stem
)
def test_each_mechanism_has_a_picture_told_in_words(page: Path) -> None:
    """A drawing of its own, told with its numbers to who cannot see it; small, and the same bytes each time."""
    (words,) = re.findall(rf"!\[([^\]]+)\]\({page.stem}\.svg\)", page.read_text(encoding="utf-8"))
    assert len(words) > 80
    assert re.search(r"\d", words)
    drawing = page.with_suffix(".svg").read_text(encoding="utf-8")
    assert len(drawing) < 60_000
    assert "<dc:date>" not in drawing
