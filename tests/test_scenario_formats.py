"""Files say in which format they are written; what an older one means otherwise now is said, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_texts import TOWN, file_wrongs, files, place, town, wrongs

from sim.scenario import from_dict, from_text, load

PLAIN = town(
    ("share: 0.9, pool: hotline, talk: 5 min, patience: 3 min, redial: {probability: 0.4, after: 1 h}", "share: 1"),
    ("  web: {share: 0.1}\n", ""),
    ("{Roads: 0.9, Parks: 0.1}", "Roads"),
    ("  hotline: {shifts: [{days: mon-fri, hours: 8:00-20:00, staff: 4}, ", "  hotline: {shifts: ["),
)

# what a file adds to the plain town, and the place and the words of what is said about it
OLD = [
    ("", None, ""),
    ("policies: {time_limits: {resolve: 1 d}}", None, ""),
    (
        "policies: {time_limits: {resolve: 1 workdays, calendar: office}}",
        "resolve",
        "policies.time_limits.resolve: means something else since format 2: workdays end at the same clock time",
    ),
    ("policies: {time_limits: {contact: 1 workhours, calendar: office}}\ncontact: {work: 1 min}", None, ""),
    (
        "policies: {time_limits: {by_category: {Noise: 1 d, Question: 5 workdays}, calendar: office}}",
        "Question",
        "policies.time_limits.by_category.Question: means something else since format 2: workdays end",
    ),
    (
        "demand: {weekdays: {sat: 0.5}}",
        "total",
        "categories.Noise.total: means something else since format 2: factors by weekday and month are divided",
    ),
    ("demand: {weekdays: {sat: 0.5, sun: 1.5}}", None, ""),
    ("demand: {months: {2: 1.2}}", "total", "categories.Noise.total: means something else since format 2: factors"),
    (
        "policies: {precise_dispatch: {by_category: {Noise: 0.97}}}",
        "dispatch: {pool",
        "dispatch: means something else since format 2: without a redispatch_accuracy a second look",
    ),
    ("policies: {precise_dispatch: {by_category: {Noise: 0.97}, redispatch_accuracy: 0.9}}", None, ""),
    (
        "policies: {callback: {pool: desk, work: 1 min}}",
        "callback",
        "policies.callback: means something else since format 2: without “satisfied” there is no satisfaction rate",
    ),
    ("policies: {callback: {pool: desk, work: 1 min, satisfied: {}}}", None, ""),
]


@pytest.mark.parametrize(("added", "part", "sentence"), OLD)
def test_an_older_file_is_told_which_of_its_words_changed(added: str, part: str | None, sentence: str) -> None:
    text = PLAIN + added + "\n"
    notes = [str(note) for note in from_text(text, "town.yaml").notes]
    if part is None:
        assert notes == []
    else:
        assert len(notes) == 1
        assert notes[0].startswith(f"town.yaml:{place(text, part, PLAIN if part in added else '')}: {sentence}")
    assert from_text("format: 2\n" + text).notes == ()
    assert from_text("format: 1\n" + text).digest == from_text("format: 2\n" + text).digest == from_text(text).digest


def test_precise_dispatch_no_longer_lowers_a_category_of_its_own() -> None:
    text = PLAIN.replace("total: 5000", "accuracy: 0.99\n    total: 5000")
    text += "policies: {precise_dispatch: {accuracy: 0.97, redispatch_accuracy: 1}}\n"
    assert "categories that name an accuracy keep it" in str(from_text(text).notes)


def test_choices_among_named_things_are_drawn_otherwise() -> None:
    [note] = from_text(TOWN, "town.yaml").notes
    assert str(note) == (
        f"town.yaml:{place(TOWN, 'channels')}: channels: means something else since format 2: the same seed draws "
        "other citizens' channels, classes and units, so that a new one moves only who goes to it (so does 1 more)"
    )


def test_each_file_has_its_own_format(tmp_path: Path) -> None:
    overlay = "format: 2\nextends: town.yaml\npolicies: {callback: {pool: desk, work: 1 min}}\n"
    assert [note.file for note in load(files(tmp_path, overlay=overlay, town=TOWN)).notes] == [f"{tmp_path}/town.yaml"]
    overlay = overlay.replace("format: 2\n", "")
    [note] = load(files(tmp_path, overlay=overlay, town="format: 2\n" + TOWN)).notes
    assert (note.file, note.path) == (str(tmp_path / "overlay.yaml"), "policies.callback")


@pytest.mark.parametrize("written", ["3", "0", "2.5", "two", "'2'", "[2]"])
def test_another_format_is_refused(written: str) -> None:
    [line] = wrongs(f"format: {written}\n" + TOWN)
    assert line.startswith("town.yaml:1:9: format: “")
    assert line.endswith("is no format of scenario files that is known here: they are 1 and 2")


def test_another_format_of_a_base_is_refused_beside_all_else(tmp_path: Path) -> None:
    overlay = "format: 2\nextends: town.yaml\nunits: {Roads: {stuff: 1}}\n"
    assert file_wrongs(files(tmp_path, overlay=overlay, town="format: 4\n" + TOWN), tmp_path) == [
        "overlay.yaml:3:17: units.Roads.stuff: unknown key, did you mean “staff”?",
        "town.yaml:1:9: format: “4” is no format of scenario files that is known here: they are 1 and 2",
    ]


def test_what_is_resolved_has_the_last_format() -> None:
    resolved = from_text(TOWN).resolved()
    assert resolved["format"] == 2
    assert from_dict(resolved).notes == ()


def test_what_ships_is_written_in_the_last_format() -> None:
    folder = Path(__file__).resolve().parent.parent / "scenarios"
    scenarios = [path for path in folder.glob("*.yaml") if path.stem != "sources"]
    assert len(scenarios) >= 6
    assert [path.name for path in scenarios if "\nformat: 2\n" not in path.read_text(encoding="utf-8")] == []
