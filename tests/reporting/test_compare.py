"""What changed between two runs: causes, numbers and sentences, from their report folders alone."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from pipeline.cli import run as command
from pipeline.compare import Comparison, compare, read_run
from pipeline.comparetext import written
from pipeline.errors import UserError
from pipeline.quantities import quantities
from pipeline.reporting.words import Words
from pipeline.reporting.words.changes import moved
from pipeline.reporting.words.sentences import Interval, percent_higher, points_more
from pipeline.results import Results, Share, write_results

SV, EN = Words("sv"), Words("en")
SETTINGS = {"seed": 1, "evaluation": {"name": "a"}, "population": {"control_index": "every_month"}, "at": [183, 365]}
MAIN = "work_or_studies"


def publish(folder: Path, results: Results, **changes: object) -> Path:
    """A report folder as compare reads it."""
    folder.mkdir(parents=True)
    write_results(results, folder / "results.json")
    manifest = {
        "configuration": SETTINGS, "inputs": {"registrations: a.csv": "f" * 64}, "versions": {"numpy": "2.1"},
        "code": {"hash": "0" * 64},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    return folder


def with_share(results: Results, day: float, **numbers: float | None) -> Results:
    """The same results with another difference at one day."""
    main = results.outcomes[MAIN]
    at = [share.model_copy(update=numbers) if share.day == day else share for share in main.at]
    outcomes = {**results.outcomes, MAIN: main.model_copy(update={"at": at})}
    return results.model_copy(update={"outcomes": outcomes})


def compared(first: Path, second: Path, words: Words = SV) -> Comparison:
    reports = first.parent
    return compare(read_run(str(first), reports), read_run(str(second), reports), words)


def test_a_run_against_itself_has_no_change(protected: Results, tmp_path: Path) -> None:
    folder = publish(tmp_path / "a", protected)
    found = compared(folder, folder)
    assert found.sentences[0] == "Körningarna har samma inställningar, samma indata och samma program."
    assert found.sentences[1] == f"Inget av {len(found.numbers)} tal har ändrats."
    assert len(found.numbers) > 150
    assert all("oförändrat" in sentence for sentence in found.sentences[2:])
    assert len(written(found, SV, "csv").splitlines()) == 1


def test_causes_and_numbers_are_found(protected: Results, tmp_path: Path) -> None:
    first = publish(tmp_path / "first", protected)
    settings = {**SETTINGS, "evaluation": {"name": "b"}, "population": {"control_index": "random_month"}}
    second = publish(
        tmp_path / "second", with_share(protected, 365, difference=0.01, lower=-0.012, upper=0.031),
        configuration=settings, inputs={"registrations: b.csv": "e" * 64}, code={"hash": "1" * 64},
    )  # fmt: skip
    found = compared(first, second)
    assert [(c.key, c.before, c.after) for c in found.causes["settings"]] == [
        ("population.control_index", "every_month", "random_month")
    ]
    assert [c.key for c in found.causes["inputs"]] == ["registrations: a.csv", "registrations: b.csv"]
    assert [c.key for c in found.causes["software"]] == ["code"]
    assert found.sentences[0] == "Körningarna skiljer sig i inställningar (1), indata (2) och program (1)."
    changed = [number for number in found.numbers if number.changed]
    assert [number.quantity.place for number in changed] == [f"outcomes.{MAIN}.at.365.difference"]
    share = next(share for share in protected.outcomes[MAIN].at if share.day == 365)
    assert share.difference is not None
    assert changed[0].difference == pytest.approx(0.01 - share.difference)
    assert "Skillnaden är inte längre statistiskt säkerställd." in found.sentences[2]
    assert "i first, mellan 1\N{NO-BREAK SPACE}procentenhet färre och 3" in found.sentences[2]


def test_every_format_has_the_change(protected: Results, tmp_path: Path) -> None:
    first = publish(tmp_path / "first", protected)
    second = publish(tmp_path / "second", with_share(protected, 365, difference=0.01, lower=-0.012, upper=0.031))
    found = compared(first, second, EN)
    table = written(found, EN, "table")
    assert "1.0 (−1.2 to 3.1)" in table
    assert "| Work or studies: difference within 12" in written(found, EN, "markdown")
    rows = list(csv.DictReader(io.StringIO(written(found, EN, "csv"))))
    assert [(row["place"], row["after"], row["after_upper"]) for row in rows] == [
        (f"outcomes.{MAIN}.at.365.difference", "0.01", "0.031")
    ]
    data = json.loads(written(found, EN, "json"))
    assert data["numbers"][0]["after"] == {"value": 0.01, "lower": -0.012, "upper": 0.031}
    assert data["sentences"] == list(found.sentences)
    assert len(json.loads(written(found, EN, "json", everything=True))["numbers"]) == len(found.numbers)


def test_what_only_one_run_has_is_said_to_be_missing(protected: Results, tmp_path: Path) -> None:
    main = protected.outcomes[MAIN]
    fewer = {name: group for name, group in main.subgroups.items() if name != "women"}
    outcomes = {MAIN: main.model_copy(update={"subgroups": fewer})}
    first = publish(tmp_path / "first", protected)
    second = publish(tmp_path / "second", protected.model_copy(update={"outcomes": outcomes}))
    found = compared(first, second)
    gone = [number for number in found.numbers if number.after is None]
    assert any("subgroups.women." in number.quantity.place for number in gone)
    assert any(number.quantity.place.startswith("outcomes.return.") for number in gone)
    assert all(number.changed and number.difference is None for number in gone)
    assert "finns inte" in written(found, SV, "table")
    assert not [sentence for sentence in found.sentences if sentence.startswith("Åter inskriven")]


def test_without_a_manifest_the_cause_is_not_guessed(protected: Results, tmp_path: Path) -> None:
    first, second = publish(tmp_path / "first", protected), publish(tmp_path / "second", protected)
    (second / "manifest.json").unlink()
    found = compared(first, second)
    assert found.sentences[0].startswith("Varför de skiljer sig går inte att säga")
    assert not any(found.causes.values())


WIDE, NONE = Interval(0.05, -0.01, 0.11), Interval(None, None, None)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Interval(0.1, 0.05, 0.15), Interval(0.1, 0.05, 0.15), "unchanged"),
        (Interval(0.1, 0.05, 0.15), Interval(0.12, 0.06, 0.17), "intervals overlap"),
        (Interval(0.1, 0.05, 0.15), Interval(0.3, 0.25, 0.35), "do not overlap"),
        (Interval(0.1, 0.05, 0.15), WIDE, "no longer"),
        (WIDE, Interval(-0.1, -0.15, -0.05), "has become"),
        (Interval(0.1, 0.05, 0.15), Interval(-0.1, -0.15, -0.05), "changed direction"),
        (WIDE, Interval(0.04, -0.02, 0.1), "intervals overlap"),
        (WIDE, NONE, "change cannot be shown"),
        (NONE, NONE, "unchanged"),
        (Interval(0.0002, 0.0001, 0.0003), Interval(0.0002, 0.0001, 0.0004), "intervals overlap"),
    ],
)
def test_verdicts(before: Interval, after: Interval, verdict: str) -> None:
    said = moved(EN, "Work", (before, after), points_more, 0, ("a", "b"))
    assert verdict in said
    assert said.startswith("Work: ")
    assert not re.search("no effect", said)


def test_a_ratio_is_compared_with_one() -> None:
    said = moved(SV, "Takt", (Interval(1.1, 0.9, 1.3), Interval(1.4, 1.2, 1.6)), percent_higher, 1, ("a", "b"))
    assert "mellan 20 och 60 procent högre i b. Skillnaden har blivit statistiskt säkerställd." in said


def test_places_are_those_of_results_json(protected: Results) -> None:
    """A reader of results.json finds the number where the comparison says it is."""
    data = json.loads(protected.model_dump_json())
    for place, quantity in quantities(protected, SV).items():
        if match := re.fullmatch(r"outcomes\.(\w+)\.at\.(\d+)\.(\w+)", place):
            share = next(s for s in data["outcomes"][match[1]]["at"] if s["day"] == float(match[2]))
            assert quantity.estimate.value == share[match[3]]
        if match := re.fullmatch(r"flow\.(\w+)\.(\w+)", place):
            assert quantity.estimate.value == next(s for s in data["flow"] if s["step"] == match[1])[match[2]]
    assert Share.model_fields.keys() >= {"participants", "controls", "difference"}


@pytest.mark.parametrize("broken", ["missing", "old"])
def test_a_run_that_cannot_be_read_is_a_user_s_fault(broken: str, protected: Results, tmp_path: Path) -> None:
    publish(tmp_path / "reports/good", protected)
    if broken == "old":
        (tmp_path / "reports/bad").mkdir()
        (tmp_path / "reports/bad/results.json").write_text('{"old": 1}', encoding="utf-8")
    with pytest.raises(UserError, match=r"There are: good\." if broken == "missing" else "cannot be read"):
        read_run("bad", tmp_path / "reports")


def test_the_command(
    protected: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path / "reports/a", protected)
    kept = publish(tmp_path / "kept", protected)
    monkeypatch.chdir(tmp_path)
    assert command(["compare", "a", str(kept / "results.json"), "--language", "en"]) == 0
    assert "The runs have the same settings" in capsys.readouterr().out
    assert command(["compare", "a", "b"]) == 2
    assert capsys.readouterr().err == "b: has no results.json. There are: a.\n"
