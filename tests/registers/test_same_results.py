"""The same people in every format, and with every fault, give the same results; the account equals the ledger."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import cli
from pipeline.simulation import Simulated, simulate, write_extracts
from pipeline.simulation.faults import LEDGER, Entry, counted, read_ledger
from pipeline.simulation.files import DATABASE, WRITERS

ROOT = Path(__file__).parents[2]
PEOPLE, FEW = "1200", 300
# What the account tells of values, by the fault of the ledger; the other faults are rules.
VALUES = ("sentinel_date", "unknown_code", "renamed_column")
FORMS = ("packed_date", "time_of_day", "partial_date", "padded", "lost_zeros", "label")


def light_settings() -> dict[str, Any]:
    """One outcome, three covariates and no subgroups, so that an evaluation takes seconds."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    covariates = ["woman", "age", {"name": "education", "reference": "compulsory"}]
    settings |= {"models": {"covariates": covariates}, "report": {"at": [183, 365], "horizon": 365}, "subgroups": {}}
    settings["outcomes"] = {"work_or_studies": settings["outcomes"]["work_or_studies"]}
    settings["matching"]["variables"].pop("start_month")
    return settings


def estimated(folder: Path, settings: dict[str, Any], *simulated: str) -> Path:
    """Run an evaluation up to its estimates; its working files. With `simulated`, extracts are simulated first."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        if simulated:
            assert cli.run(["simulate", "--seed", "2", *simulated]) == 0
        assert cli.run(["estimate"]) == 0
    return folder / "data" / "interim" / "jobb"


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return estimated(tmp_path_factory.mktemp("sound"), light_settings(), "--people", PEOPLE)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Entry]]:
    folder = tmp_path_factory.mktemp("faulty")
    interim = estimated(folder, light_settings(), "--people", PEOPLE, "--faults")
    return interim, read_ledger(folder / "data" / "raw" / LEDGER)


def rules(interim: Path) -> Counter[tuple[str, str]]:
    account = read(interim / "account.json")
    return Counter({(rule["source"], rule["rule"]): rule["rows"] for rule in account["rules"]})


def test_every_rule_of_the_ledger_is_counted_exactly_and_no_other(
    sound: Path, faulty: tuple[Path, list[Entry]]
) -> None:
    """People who are not at AF, or not in LISA every year, are there without faults too."""
    interim, ledger = faulty
    met, before = rules(interim), rules(sound)
    wanted = counted(entry for entry in ledger if entry.fault not in (*VALUES, *FORMS))
    assert {key: met[key] - before[key] for key in met if met[key] != before[key]} == wanted
    assert {rule for _, rule in wanted} >= {"code_not_in_force", "no_background_year", "after_death", "no_usable_start"}
    assert set(before) == set(met)


def test_every_value_of_the_ledger_is_counted_exactly_and_no_other(faulty: tuple[Path, list[Entry]]) -> None:
    """By file and column: forms of values, dates that stand for none, unknown codes."""
    interim, ledger = faulty
    wanted: Counter[tuple[str, str, str]] = Counter()
    for entry in ledger:
        if entry.fault in (*FORMS, *VALUES[:2]):
            wanted[entry.fault, entry.file, entry.column] += entry.values
    found: Counter[tuple[str, str, str]] = Counter()
    for file in read(interim / "account.json")["files"]:
        told = {VALUES[0]: file["sentinels"], VALUES[1]: file["unknown"]}
        for column, forms in file["forms"].items():
            for form, number in forms.items():
                told.setdefault(form, {})[column] = number
        found.update({(what, Path(file["file"]).stem, c): n for what, of in told.items() for c, n in of.items()})
    assert found == wanted
    assert {what for what, _, _ in wanted} == {*FORMS, *VALUES[:2]}


def test_every_renamed_column_is_found(sound: Path, faulty: tuple[Path, list[Entry]]) -> None:
    interim, ledger = faulty
    usual = {file["source"]: file["columns"] for file in read(sound / "account.json")["files"] if file["year"] != 2018}
    other = {
        (Path(file["file"]).stem, ours)
        for file in read(interim / "account.json")["files"]
        for ours, delivered in file["columns"].items()
        if delivered != usual[file["source"]].get(ours, delivered)
    }
    wanted = {(entry.file, entry.column) for entry in ledger if entry.fault == "renamed_column"}
    assert {place for place in other if place != ("lisa_2018", "education")} == wanted


def in_short(value: Any) -> Any:
    """Numbers to nine decimals: people stand in another order, in which sums differ by the last bits of a number."""
    if isinstance(value, dict):
        return {key: in_short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_short(item) for item in value]
    return round(value, 9) + 0.0 if isinstance(value, float) else value


def test_faults_change_results_through_people_set_aside_only(sound: Path, faulty: tuple[Path, list[Entry]]) -> None:
    interim, ledger = faulty
    clean, spoilt = read(sound / "results.json"), read(interim / "results.json")
    different = {name for name in clean if in_short(clean[name]) != in_short(spoilt[name])}
    assert different == {"flow", "description"}
    before, after = ({step["step"]: step for step in results["flow"]} for results in (clean, spoilt))
    people = Counter(entry.fault for entry in ledger if entry.person and not entry.row and entry.source)
    lost = {e.person for e in ledger if e.source == "participants" and e.person and e.row}
    reused = {entry.person for entry in ledger if entry.fault == "reused_number"}
    left = len(lost) + people["outside_intake"] + people["age_out_of_range"] + people["not_in_af_register"]
    assert after["delivered"]["participants"] == before["in_extract"]["participants"] + left
    gone = {
        "in_extract": len(lost),
        "started_in_intake": people["outside_intake"],
        "age_in_range": people["age_out_of_range"],
        "in_programme_at_start": people["not_in_af_register"],
    }
    assert all(gone.values())
    for step, number in gone.items():
        left -= number
        assert after[step]["participants"] == before[step]["participants"] + left, step
    others = len(reused) + people["death"]
    assert after["delivered"]["controls"] == before["in_extract"]["controls"] + others
    for step in list(before)[list(before).index("in_programme_at_start") :]:
        assert after[step] == before[step], step


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    return simulate(FEW, seed=2)


@pytest.fixture(scope="module")
def as_text(simulated: Simulated, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A project with extracts as text, and the results of it."""
    folder = tmp_path_factory.mktemp("formats")
    write_extracts(simulated, folder / "data" / "raw")
    return folder, (estimated(folder, light_settings()) / "results.json").read_bytes()


@pytest.mark.parametrize("file_format", ["spss", "stata", "xlsx", "parquet", "sqlite"])
def test_every_format_gives_the_same_results_byte_for_byte(
    simulated: Simulated, as_text: tuple[Path, bytes], file_format: str
) -> None:
    """The record of sources is no part of results.json: it is in the account and in the manifest."""
    folder, expected = as_text
    settings = light_settings()
    for source in settings["sources"].values():
        pattern = source["files"].replace("data/raw", f"data/{file_format}")
        if file_format == "sqlite":
            source["table"], source["files"] = Path(pattern).stem, f"data/{file_format}/{DATABASE}"
        else:
            source["files"] = pattern.replace(".csv", WRITERS[file_format][0])
    write_extracts(simulated, folder / "data" / file_format, file_format)
    interim = estimated(folder, settings)
    assert {file["format"] for file in read(interim / "account.json")["files"]} == {
        file_format.replace("xlsx", "excel")
    }
    assert (interim / "results.json").read_bytes() == expected
